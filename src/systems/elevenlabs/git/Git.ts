/**
 * Keeps state files in step with the remote of the clone they lie in: `pull` before the work, `push` after it.
 *
 * Only the named files are committed. What else the user has changed or staged stays as it is, for nothing is stashed,
 * and no rebase ever begins in the work tree: commits are replayed beside it, pushed, and then the work tree moves in one
 * step. A process that dies at any moment leaves a clone from which the next run goes on by itself.
 *
 * Two processes on one clone take turns. Git 2.25 or newer is needed.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as RetryPolicy from "../../../kernel/RetryPolicy.ts"
import * as FileLock from "../../../store/FileLock.ts"
import * as Commit from "./Commit.ts"
import * as Landing from "./Landing.ts"
import * as Locks from "./Locks.ts"
import * as Push from "./Push.ts"
import * as Replay from "./Replay.ts"
import * as Repository from "./Repository.ts"
import * as Scratch from "./Scratch.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface PullOptions<R = never> {
  /** The state files, relative to the folder or absolute. Name all of them, changed or not: only these are ever merged. */
  readonly paths: ReadonlyArray<string>
  /**
   * Merges a state file that was changed here and on the remote. A file is also merged with itself before it is
   * committed, so that one that cannot be read is never published.
   */
  readonly merge: Replay.Merge<R>
  /** A folder in the clone. Defaults to the current one. */
  readonly directory?: string | undefined
  /** The branch, where none is checked out or the one that is follows none. Defaults to the one that is followed. */
  readonly branch?: string | undefined
  /**
   * The branch, where none is checked out. Unlike `branch` it says nothing where one is: for what a system of continuous
   * integration tells of its checkout. Defaults to none: a detached HEAD is refused.
   */
  readonly branchWhenDetached?: string | undefined
  /** The name of the remote. Defaults to the one that the branch follows, else `origin`. */
  readonly remote?: string | undefined
  /** In whose name commits are made where git has no `user.name` and `user.email`. Defaults to `holdfast`. */
  readonly identity?: { readonly name: string; readonly email: string } | undefined
  /** The longest that one git command may take. Defaults to 2 minutes. */
  readonly commandTimeout?: Duration.DurationInput | undefined
  /** How long to wait for another holdfast on the same clone. Defaults to 10 minutes. */
  readonly lockTimeout?: Duration.DurationInput | undefined
  /** Added to the environment of git: `GIT_SSH_COMMAND`, say. Defaults to nothing. */
  readonly environment?: Readonly<Record<string, string>> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PushOptions<R = never> extends PullOptions<R> {
  /** Of the commit. */
  readonly message: string
  /** Those of the paths that are committed; the others may be merged. Defaults to all of them. */
  readonly commit?: ReadonlyArray<string> | undefined
  /** When others were first. Defaults to {@link Push.policy}: 12 tries, full jitter. */
  readonly retry?: RetryPolicy.RetryPolicy | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Pulled {
  readonly outcome: "up-to-date" | "fast-forward" | "replayed"
  /** What is checked out now; `undefined` where there is no commit yet. */
  readonly commit: string | undefined
  /** Commits that the remote does not have yet. */
  readonly ahead: number
  /** State files that were changed on both sides and merged. */
  readonly merged: ReadonlyArray<string>
  /** What a killed process had left and was put right. */
  readonly recovered: ReadonlyArray<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Pushed {
  /** The tip of the branch on the remote; `undefined` where neither side has a commit. */
  readonly commit: string | undefined
  /** Whether this call made a commit. */
  readonly committed: boolean
  /** How many commits went to the remote. */
  readonly pushed: number
  /** How often it was tried. */
  readonly tries: number
  /** State files that were changed on both sides and merged. */
  readonly merged: ReadonlyArray<string>
  /**
   * Files of the user that keep the work tree from following the remote; everything is pushed all the same, and the
   * next pull says so too. Empty where the work tree followed.
   */
  readonly blocked: ReadonlyArray<string>
  /** What a killed process had left and was put right. */
  readonly recovered: ReadonlyArray<string>
}

interface Session<R> {
  readonly repository: Repository.Repository
  readonly options: Replay.Options<R>
  readonly recovered: ReadonlyArray<string>
}

/** The clone, calm and whole, and nobody else of us in it. */
const session = <R, A, R2>(
  operation: string,
  options: PullOptions<R>,
  use: (session: Session<R>) => Effect.Effect<A, Fault.Fault, R2>
): Effect.Effect<A, Fault.Fault, R2 | Repository.Needs> =>
  Effect.gen(function*() {
    const directory = options.directory ?? "."
    const repository = yield* Repository.open({
      operation,
      directory,
      environment: options.environment ?? {},
      timeout: Duration.toMillis(options.commandTimeout ?? "2 minutes"),
      branch: options.branch,
      branchWhenDetached: options.branchWhenDetached,
      remote: options.remote
    })
    const names = yield* Repository.tracked(repository, directory, options.paths)
    yield* Repository.demandCalm(repository)
    yield* Scratch.prepare(repository)
    return yield* Effect.gen(function*() {
      const locks = yield* Locks.settle(repository)
      yield* Scratch.sweep(repository)
      const moved = yield* Landing.recover(repository)
      const fallback = options.identity ?? { name: "holdfast", email: "holdfast@localhost" }
      const identity = yield* Effect.cached(Commit.identityOf(repository, fallback))
      return yield* use({
        repository,
        options: { merge: options.merge, names, identity },
        recovered: [...locks, ...(moved ? ["work tree"] : [])]
      })
    }).pipe(FileLock.withLock(Scratch.lockName(repository), {
      purpose: operation,
      timeout: options.lockTimeout ?? "10 minutes"
    }))
  })

/**
 * State files that a dead run has changed and not committed, where the remote has changed the same ones: they become a
 * commit, and are merged like any other. All else that is not committed stays so.
 */
const rescue = <R>({ options, repository }: Session<R>, head: string, upstream: string) =>
  Effect.gen(function*() {
    const base = yield* Replay.parting(repository, head, upstream)
    const incoming = new Set((yield* Replay.changes(repository, base, upstream)).map(({ path }) => path))
    const asked = [...options.names.keys()].filter((name) => incoming.has(name))
    if (asked.length === 0) return head
    const paths = new Set(yield* Commit.uncommitted(repository, head, asked))
    yield* Commit.align(repository, head, asked.filter((name) => !paths.has(name)))
    if (paths.size === 0) return head
    const names = new Map([...options.names].filter(([name]) => paths.has(name)))
    const message = "Keep the state that an interrupted run has left"
    return (yield* Commit.commit(repository, head, { ...options, names, message })) ?? head
  })

const blockedBy = (repository: Repository.Repository, paths: ReadonlyArray<string>): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "git",
    operation: repository.operation,
    subject: repository.subject,
    sent: "no",
    code: "local-changes",
    detail: `the remote has changed ${paths.join(", ")}, and so has this work tree`,
    remote: "nothing was changed here",
    hint: "Commit those changes or take them back, then run it again"
  })

/**
 * Brings what the remote has into the clone, and fails where it cannot be sure to have it: no network, no access, a
 * conflict, a rebase or merge in progress, no branch. Nothing to bring is a success. Changes of the user stay, and where
 * one is in the way the pull is refused.
 *
 * Fails with the codes `detached-head`, `no-upstream`, `other-branch`, `in-progress`, `unmerged`, `local-changes`,
 * `merge-conflict`, `local-merges`, `unrelated`, `upstream-gone`, `git-authentication`, `git-denied`, `git-network`,
 * `git-timeout`, `git-locked`, `unsafe-directory`, `not-a-repository`, `git-missing`, and as the merge function and
 * `FileLock` fail.
 *
 * @since 0.1.0
 * @category operations
 */
export const pull = <R = never>(
  options: PullOptions<R>
): Effect.Effect<Pulled, Fault.Fault, R | Repository.Needs> =>
  session("Git.pull", options, (current) =>
    Effect.gen(function*() {
      const { recovered, repository } = current
      const head = yield* Repository.resolve(repository, "HEAD")
      const upstream = yield* Push.fetch(repository)
      if (upstream === undefined || upstream === head) {
        return { outcome: "up-to-date" as const, commit: head, ahead: 0, merged: [], recovered }
      }
      const start = head === undefined ? undefined : yield* rescue(current, head, upstream)
      const replayed = start === undefined
        ? { tip: upstream, ahead: 0, merged: [] }
        : yield* Effect.flatMap(Replay.make(repository, start, current.options), (replay) => replay(upstream))
      const landed = yield* Landing.land(repository, start, replayed.tip)
      if (landed._tag === "Blocked") return yield* blockedBy(repository, landed.paths)
      const outcome = replayed.tip === start
        ? "up-to-date" as const
        : replayed.ahead === 0
        ? "fast-forward" as const
        : "replayed" as const
      return { outcome, commit: replayed.tip, ahead: replayed.ahead, merged: replayed.merged, recovered }
    })).pipe(Effect.withSpan("Git.pull"))

/**
 * Commits the named files, and brings this and every earlier commit of the branch to the remote. Nothing to commit is a
 * success, and what an earlier run could not push is pushed. Where somebody else was first it is tried again, with
 * growing and scattered waits; everything else fails at once. What was committed and could not be pushed stays for the
 * next run.
 *
 * Fails as {@link pull} and {@link Push.publish} do, and with the codes `hook-declined`, `ignored-path`, `bad-path`.
 *
 * @since 0.1.0
 * @category operations
 */
export const push = <R = never>(
  options: PushOptions<R>
): Effect.Effect<Pushed, Fault.Fault, R | Repository.Needs> =>
  session("Git.push", options, (current) =>
    Effect.gen(function*() {
      const { recovered, repository } = current
      const before = yield* Repository.resolve(repository, "HEAD")
      const names = new Map(
        [...current.options.names].filter(([, name]) => options.commit?.includes(name) ?? true)
      )
      const made = yield* Commit.commit(repository, before, { ...current.options, names, message: options.message })
      const head = made ?? before
      const committed = made !== undefined
      if (head === undefined) {
        return { commit: undefined, committed, pushed: 0, tries: 0, merged: [], blocked: [], recovered }
      }
      const retry = options.retry ?? Push.policy
      const published = yield* Push.publish(repository, head, { ...current.options, retry })
      const landed = yield* Landing.land(repository, head, published.tip)
      return {
        commit: published.tip,
        committed,
        pushed: published.ahead,
        tries: published.tries,
        merged: published.merged,
        blocked: landed._tag === "Blocked" ? landed.paths : [],
        recovered
      }
    })).pipe(Effect.withSpan("Git.push"))
