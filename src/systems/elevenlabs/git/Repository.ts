/**
 * A clone as it is found: where it lives, what is checked out, which branch of which remote it follows, and whether it
 * is in a state in which somebody else's hands are at work.
 *
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as FileFault from "../../../store/FileFault.ts"
import * as GitFault from "./GitFault.ts"
import * as GitProcess from "./GitProcess.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Needs = CommandExecutor.CommandExecutor | FileSystem.FileSystem

/**
 * @since 0.1.0
 * @category models
 */
export interface Repository extends GitProcess.Place {
  /** Of this work tree: its index and its HEAD. */
  readonly gitFolder: string
  /** Of all work trees of the clone: its branches and objects. */
  readonly commonFolder: string
  /** What is checked out, as `refs/heads/main`; `undefined` when HEAD is detached. */
  readonly checkedOut: string | undefined
  readonly remote: string
  /** The branch on the remote: `refs/heads/main`. */
  readonly target: string
  /** Where this clone keeps what it last saw of it. */
  readonly tracking: string
  /** Whether the user has git sign commits. */
  readonly signs: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly operation: string
  readonly directory: string
  readonly environment: Readonly<Record<string, string>>
  readonly timeout: number
  readonly branch: string | undefined
  readonly branchWhenDetached: string | undefined
  readonly remote: string | undefined
}

const line = (output: GitProcess.Output): string => output.stdout.replace(/\n$/, "")

/** A short name for the eyes. */
const short = (ref: string): string => ref.replace(/^refs\/heads\//, "")

const refuse = (
  { operation, subject }: GitFault.Context,
  said: Pick<Fault.Options, "code" | "detail" | "hint"> & { readonly kind?: Fault.Kind }
): Fault.Fault => Fault.make({ system: "git", operation, subject, kind: "rejected", sent: "no", ...said })

/**
 * Finds the clone around a folder and the branch that it follows. Nothing is changed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (options: Options): Effect.Effect<Repository, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const asked: GitProcess.Place = { ...options, subject: options.directory }
    const found = yield* GitProcess.run(asked, [
      "rev-parse",
      "--show-toplevel",
      "--absolute-git-dir",
      "--git-common-dir"
    ])
    const [root = "", gitFolder = "", common = ""] = found.stdout.split("\n")
    const commonFolder = yield* Effect.mapError(
      files.realPath(Path.resolve(options.directory, common)),
      (error) => FileFault.make({ operation: options.operation, path: common }, error)
    )
    const place: GitProcess.Place = { ...asked, directory: root, subject: root }
    const head = yield* GitProcess.run(place, ["symbolic-ref", "-q", "HEAD"], { accept: [0, 1] })
    const checkedOut = head.exitCode === 0 ? line(head) : undefined
    const config = yield* settings(place)
    const follows = yield* upstream(place, checkedOut, config, options)
    const subject = `${short(follows.target)} on ${follows.remote} (${root})`
    if (!config.has(`remote.${follows.remote}.url`)) {
      return yield* refuse({ operation: options.operation, subject }, {
        kind: "not-found",
        code: "no-remote",
        detail: `the clone has no remote named ${GitFault.redact(follows.remote)}`,
        hint: "Add it with `git remote add`, or name another"
      })
    }
    const signs = /^(?:true|yes|on|1|)$/i.test(config.get("commit.gpgsign") ?? "false")
    return { ...place, ...follows, subject, gitFolder, commonFolder, checkedOut, signs }
  })

/** The settings that matter here; the last one said is in force. Source: git-config(1), `-z` of `--get-regexp`. */
const settings = (place: GitProcess.Place) =>
  Effect.map(
    GitProcess.run(
      place,
      ["config", "-z", "--get-regexp", "^(branch\\..*\\.(remote|merge)|remote\\..*\\.url|commit\\.gpgsign)$"],
      { accept: [0, 1] }
    ),
    (output): ReadonlyMap<string, string> =>
      new Map(
        GitProcess.fields(output).map((field) => {
          const end = field.indexOf("\n")
          return end < 0 ? [field, ""] as const : [field.slice(0, end), field.slice(end + 1)] as const
        })
      )
  )

const upstream = (
  place: GitProcess.Place,
  checkedOut: string | undefined,
  config: ReadonlyMap<string, string>,
  options: Options
) =>
  Effect.gen(function*() {
    const asked = options.branch ?? (checkedOut === undefined ? options.branchWhenDetached : undefined)
    const named = asked === undefined ? undefined : `refs/heads/${short(asked)}`
    const name = options.remote ?? "origin"
    const at = (remote: string, target: string) => ({
      remote,
      target,
      tracking: `refs/remotes/${remote}/${short(target)}`
    })
    if (checkedOut === undefined) {
      if (named !== undefined) return at(name, named)
      return yield* refuse(place, {
        code: "detached-head",
        detail: "no branch is checked out (detached HEAD)",
        hint: "Check out a branch, or name the branch to work on"
      })
    }
    const key = `branch.${short(checkedOut)}`
    const remote = config.get(`${key}.remote`) ?? ""
    const target = config.get(`${key}.merge`) ?? ""
    // A branch may follow a URL or another branch of the same clone: neither has a place to be tracked in.
    const follows = /^\w[\w./-]*$/.test(remote) && target !== "" ? at(options.remote ?? remote, target) : undefined
    const wanted = named === undefined || named === checkedOut || named === follows?.target
    if (wanted && follows !== undefined) return follows
    if (named === checkedOut) return at(name, checkedOut)
    if (named === undefined) {
      return yield* refuse(place, {
        code: "no-upstream",
        detail: `the branch ${short(checkedOut)} follows no branch of a remote`,
        hint: `Set one with \`git push -u ${name} ${short(checkedOut)}\`, or name the branch`
      })
    }
    return yield* refuse(place, {
      code: "other-branch",
      detail: `${short(checkedOut)} is checked out, not ${short(named)}`,
      hint: `Check out ${short(named)}, or name no branch`
    })
  })

/** What git leaves in its folder while somebody is in the middle of something. Source: gitrepository-layout(5), wt-status.c. */
const marks: ReadonlyArray<readonly [file: string, what: string, hint: string]> = [
  ["rebase-merge", "a rebase", "`git rebase --continue` or `git rebase --abort`"],
  ["rebase-apply", "a rebase", "`git rebase --continue`, `git rebase --abort` or `git am --abort`"],
  ["MERGE_HEAD", "a merge", "`git merge --continue` or `git merge --abort`"],
  ["CHERRY_PICK_HEAD", "a cherry-pick", "`git cherry-pick --continue` or `git cherry-pick --abort`"],
  ["REVERT_HEAD", "a revert", "`git revert --continue` or `git revert --abort`"],
  ["BISECT_LOG", "a bisection", "`git bisect reset`"]
]

/**
 * Fails where somebody is in the middle of a rebase, a merge or the like, or has left a conflict in the index.
 *
 * @since 0.1.0
 * @category predicates
 */
export const demandCalm = (repository: Repository): Effect.Effect<void, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    for (const [file, what, hint] of marks) {
      const path = Path.join(repository.gitFolder, file)
      const there = yield* Effect.mapError(
        files.exists(path),
        (error) => FileFault.make({ operation: repository.operation, path }, error)
      )
      if (there) {
        return yield* refuse(repository, {
          kind: "conflict",
          code: "in-progress",
          detail: `${what} is in progress`,
          hint: `End it with ${hint}, then run it again`
        })
      }
    }
    const unmerged = yield* GitProcess.run(repository, ["ls-files", "-u", "-z"])
    if (unmerged.stdout === "") return
    return yield* refuse(repository, {
      kind: "conflict",
      code: "unmerged",
      detail: "the index has files with conflicts that nobody has resolved",
      hint: "Resolve them with `git status`, then run it again"
    })
  })

/**
 * The commit that a name means; `undefined` where there is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const resolve = (
  place: GitProcess.Place,
  name: string
): Effect.Effect<string | undefined, Fault.Fault, CommandExecutor.CommandExecutor> =>
  Effect.map(
    GitProcess.run(place, ["rev-parse", "-q", "--verify", `${name}^{commit}`], { accept: [0, 1] }),
    (output) => output.exitCode === 0 ? line(output) : undefined
  )

/**
 * The names of files as git knows them, from the top of the work tree, with the names that the caller gave them.
 *
 * @since 0.1.0
 * @category getters
 */
export const tracked = (
  repository: Repository,
  directory: string,
  paths: ReadonlyArray<string>
): Effect.Effect<ReadonlyMap<string, string>, Fault.Fault, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const context = { operation: repository.operation, path: directory }
    const real = yield* Effect.mapError(files.realPath(directory), (error) => FileFault.make(context, error))
    const root = yield* Effect.mapError(files.realPath(repository.directory), (error) => FileFault.make(context, error))
    const names = new Map<string, string>()
    for (const path of paths) {
      const absolute = Path.isAbsolute(path) ? path.replace(Path.resolve(directory), real) : Path.resolve(real, path)
      const name = Path.relative(root, absolute).split(Path.sep).join("/")
      const kind = yield* Effect.option(files.stat(absolute))
      const bad = name === "" || name.startsWith("../") || Path.isAbsolute(name)
        ? "lies outside the work tree"
        : kind._tag === "Some" && kind.value.type === "Directory"
        ? "is a folder, and only files are committed"
        : /[\n\0]/.test(name)
        ? "has a line break in its name"
        : undefined
      if (bad !== undefined) {
        return yield* refuse(repository, {
          kind: "invalid",
          code: "bad-path",
          detail: `${path} ${bad}`,
          hint: "Name the state files one by one"
        })
      }
      names.set(name, path)
    }
    return names
  })
