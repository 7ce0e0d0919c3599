/**
 * A commit of a few named files and nothing else: what the user has staged stays staged and uncommitted.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as Blobs from "./Blobs.ts"
import * as GitProcess from "./GitProcess.ts"
import * as Locks from "./Locks.ts"
import type { Merge } from "./Replay.ts"
import * as Repository from "./Repository.ts"
import * as Scratch from "./Scratch.ts"

/**
 * In whose name commits are made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  /** Empty where git knows by itself. */
  readonly environment: Readonly<Record<string, string>>
  /** `name <email> seconds zone` */
  readonly committer: string
  /** Whether the user has commits signed. Only `git commit` looks at `commit.gpgSign` by itself. */
  readonly signing: boolean
}

/**
 * The identity that is set for git, else the given one. What git would guess from the name of the machine is not one.
 *
 * @since 0.1.0
 * @category getters
 */
export const identityOf = (
  repository: Repository.Repository,
  fallback: { readonly name: string; readonly email: string }
): Effect.Effect<Identity, Fault.Fault, Repository.Needs> =>
  Effect.gen(function*() {
    const ask = (name: string) => GitProcess.outcome(repository, ["-c", "user.useConfigOnly=true", "var", name])
    const asked = yield* Effect.all([ask("GIT_AUTHOR_IDENT"), ask("GIT_COMMITTER_IDENT")])
    const { email, name } = fallback
    const known = asked.every(({ exitCode }) => exitCode === 0)
    const seconds = Math.floor((yield* Clock.currentTimeMillis) / 1000)
    return {
      signing: repository.signs,
      committer: known ? asked[1].stdout.trim() : `${name} <${email}> ${seconds} +0000`,
      environment: known ? {} : {
        GIT_AUTHOR_NAME: name,
        GIT_AUTHOR_EMAIL: email,
        GIT_COMMITTER_NAME: name,
        GIT_COMMITTER_EMAIL: email
      }
    }
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<R> {
  /** The names from the top of the work tree, and those of the caller. */
  readonly names: ReadonlyMap<string, string>
  readonly message: string
  readonly identity: Effect.Effect<Identity, Fault.Fault, Repository.Needs>
  /** A file that does not merge with itself cannot be read, and is not committed. */
  readonly merge: Merge<R>
}

const literal = "--literal-pathspecs"

/** Of the named files those that are on the disk or in the commit: git refuses to add what it cannot find. */
const present = (
  repository: Repository.Repository,
  names: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const [gone, there] = yield* Effect.partition(names, (name) =>
      Effect.flatMap(
        Effect.orElseSucceed(files.exists(Path.join(repository.directory, name)), () => false),
        (exists) => exists ? Effect.succeed(name) : Effect.fail(name)
      ))
    if (gone.length === 0) return there
    const listed = yield* GitProcess.run(repository, [literal, "ls-files", "-z", "--", ...gone], { environment })
    return [...there, ...GitProcess.fields(listed)]
  })

/** The named files whose content on the disk is not that of the commit. Their new content is in the index given. */
const stage = (
  repository: Repository.Repository,
  head: string | undefined,
  names: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
) =>
  Effect.gen(function*() {
    const paths = yield* present(repository, names, environment)
    if (paths.length === 0) return []
    yield* GitProcess.run(repository, [literal, "add", "-A", "--", ...paths], { environment })
    const differs = head === undefined
      ? yield* GitProcess.run(repository, ["ls-files", "-z"], { environment })
      : yield* GitProcess.run(repository, ["diff-index", "--cached", "--name-only", "-z", head], { environment })
    return GitProcess.fields(differs)
  })

/**
 * The named files whose content on the disk is not committed, from the top of the work tree.
 *
 * @since 0.1.0
 * @category getters
 */
export const uncommitted = (
  repository: Repository.Repository,
  head: string | undefined,
  names: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>, Fault.Fault, Repository.Needs> =>
  Effect.scoped(Effect.flatMap(
    Scratch.index(repository, head),
    (environment) => stage(repository, head, names, environment)
  ))

const check = <R>(
  repository: Repository.Repository,
  options: Options<R>,
  paths: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
) =>
  Effect.gen(function*() {
    const contents = yield* Blobs.read(repository, paths.map((path) => `:${path}`), environment)
    for (const [at, path] of paths.entries()) {
      const bytes = contents[at]
      // A file that is gone from the disk has nothing to be read.
      if (bytes !== undefined) yield* options.merge(options.names.get(path) ?? path, bytes, bytes, bytes)
    }
  })

/**
 * What the index of the user says of the named files follows the commit, as after any `git commit`: a process that died
 * in between leaves it behind.
 *
 * @since 0.1.0
 * @category constructors
 */
export const align = (
  repository: Repository.Repository,
  head: string,
  names: ReadonlyArray<string>
): Effect.Effect<void, Fault.Fault, Repository.Needs> =>
  Effect.gen(function*() {
    if (names.length === 0) return
    const asked = [literal, "diff-index", "--cached", "--quiet", head, "--", ...names] as const
    const differs = yield* GitProcess.run(repository, asked, { accept: [0, 1] })
    if (differs.exitCode !== 0) yield* follow(repository, names)
  }).pipe(Locks.around(repository), Effect.uninterruptible)

/** It gives 1 where something else is not staged. */
const follow = (repository: Repository.Repository, names: ReadonlyArray<string>) =>
  GitProcess.run(repository, [literal, "reset", "-q", "--", ...names], { accept: [0, 1] })

/**
 * Commits what differs of the named files, and gives the commit; `undefined` where nothing differs. Hooks run and
 * signatures are made as the user has set them up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commit = <R>(
  repository: Repository.Repository,
  head: string | undefined,
  options: Options<R>
): Effect.Effect<string | undefined, Fault.Fault, R | Repository.Needs> =>
  Effect.gen(function*() {
    const environment = yield* Scratch.index(repository, head)
    const names = [...options.names.keys()]
    const paths = yield* stage(repository, head, names, environment)
    if (paths.length === 0) {
      if (head !== undefined) yield* align(repository, head, names)
      return undefined
    }
    const identity = yield* options.identity
    yield* check(repository, options, paths, environment)
    const args = ["commit", "--quiet", "--no-edit", "-F", "-"] as const
    yield* GitProcess.run(repository, args, {
      environment: { ...environment, ...identity.environment },
      input: options.message
    }).pipe(
      Effect.catchIf((fault) => fault.code === "git-failed", (fault) => Effect.fail(refused(fault))),
      Locks.around(repository)
    )
    const made = yield* Repository.resolve(repository, "HEAD")
    if (made === undefined || made === head) return yield* noCommit(repository)
    yield* follow(repository, names).pipe(Locks.around(repository), Effect.uninterruptible)
    return made
  }).pipe(Effect.scoped)

/** Git itself has nothing to object to such a commit: what remains is a hook, and it has said why. */
const refused = (fault: Fault.Fault): Fault.Fault =>
  fault.with({
    kind: "denied",
    code: "hook-declined",
    remote: "nothing was committed",
    hint: "A hook of this clone (pre-commit, commit-msg) or the signing said no: see what it says"
  })

const noCommit = (repository: Repository.Repository): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "git",
    operation: repository.operation,
    subject: repository.subject,
    sent: "no",
    code: "no-commit",
    detail: "git reports a commit, and there is none",
    hint: "Look at the hooks of this clone"
  })
