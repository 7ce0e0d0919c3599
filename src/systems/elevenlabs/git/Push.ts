/**
 * Brings commits to the remote: fetch, replay on top of what is there, push; and again when somebody else was first.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Fault from "../../../kernel/Fault.ts"
import * as RetryPolicy from "../../../kernel/RetryPolicy.ts"
import * as GitFault from "./GitFault.ts"
import * as GitProcess from "./GitProcess.ts"
import * as Locks from "./Locks.ts"
import * as Replay from "./Replay.ts"
import * as Repository from "./Repository.ts"

/**
 * Twelve tries, up to half a second and at last up to fifteen apart, full jitter, ten minutes in all. Where a try itself
 * takes long, they are further apart.
 *
 * @since 0.1.0
 * @category presets
 */
export const policy: RetryPolicy.RetryPolicy = RetryPolicy.make({
  maxAttempts: 12,
  base: "500 millis",
  cap: "15 seconds",
  jitter: "full",
  maxElapsed: "10 minutes"
})

/**
 * Looks what the remote has. `undefined` where it has no such branch and this clone never saw one.
 *
 * @since 0.1.0
 * @category getters
 */
export const fetch = (
  repository: Repository.Repository
): Effect.Effect<string | undefined, Fault.Fault, Repository.Needs> =>
  Effect.gen(function*() {
    const { remote, target, tracking } = repository
    const result = yield* GitProcess.outcome(
      repository,
      ["fetch", "--quiet", "--no-tags", "--recurse-submodules=no", remote, `+${target}:${tracking}`]
    )
    if (result.exitCode === 0) return yield* Repository.resolve(repository, tracking)
    if (!/couldn't find remote ref/i.test(result.stderr)) {
      return yield* GitFault.fromOutput(repository, "fetch", result.exitCode, result.stderr)
    }
    if ((yield* Repository.resolve(repository, tracking)) === undefined) return undefined
    return yield* Fault.make({
      kind: "not-found",
      system: "git",
      operation: repository.operation,
      subject: repository.subject,
      code: "upstream-gone",
      detail: "the branch was on the remote and is there no more",
      hint: "Follow another branch, or push it anew by hand if it was removed by mistake"
    })
  }).pipe(Locks.around(repository))

/**
 * @since 0.1.0
 * @category models
 */
export interface Published extends Replay.Replayed {
  /** How often it was tried; 1 where nobody was in the way. */
  readonly tries: number
}

const isAncestor = (repository: Repository.Repository, commit: string, of: string) =>
  Effect.map(
    GitProcess.outcome(repository, ["merge-base", "--is-ancestor", commit, of]),
    ({ exitCode }) => exitCode === 0
  )

const kept = "the commits are kept in this clone and go with the next run"

/** The reply was lost: what the remote has now tells whether it took the commits. */
const settle = (repository: Repository.Repository, tip: string, fault: Fault.Fault) =>
  Effect.gen(function*() {
    const upstream = yield* Effect.option(fetch(repository))
    if (upstream._tag === "None") {
      return yield* fault.with({ remote: `it is not known whether the remote took them; ${kept}` })
    }
    if (upstream.value !== undefined && (yield* isAncestor(repository, tip, upstream.value))) return
    return yield* fault.with({ remote: `the remote does not have them; ${kept}` })
  })

const send = (repository: Repository.Repository, tip: string) =>
  Effect.flatMap(
    GitProcess.outcome(repository, [
      "push",
      "--porcelain",
      "--no-follow-tags",
      "--recurse-submodules=no",
      repository.remote,
      `${tip}:${repository.target}`
    ]),
    ({ exitCode, stderr, stdout }) =>
      exitCode === 0 ? Effect.void : GitFault.fromPush(repository, exitCode, stdout, stderr)
  ).pipe(Effect.catchIf(({ sent }) => sent === "maybe", (fault) => settle(repository, tip, fault)))

/** The first push to an empty remote. */
const everything = (repository: Repository.Repository, head: string) =>
  Effect.map(Replay.count(repository, head), (ahead): Replay.Replayed => ({ tip: head, ahead, merged: [] }))

const isLost = (fault: Fault.Fault): boolean => fault.code === "non-fast-forward"

const exhausted = (fault: Fault.Fault, tries: number): Fault.Fault =>
  Fault.make({
    ...fault.options,
    code: "push-exhausted",
    detail: `others were first each time, ${tries} times (${fault.detail})`,
    remote: kept,
    hint: "Run it again when fewer push to this branch"
  })

/**
 * Whoever lost against one loses against the next as well, unless they are further apart than a try takes: with a remote
 * far away, or a machine with much to do, that is longer than any fixed wait. Longer the more often it was lost.
 */
const apart = (tries: Ref.Ref<number>, lasted: Ref.Ref<Duration.Duration>): Effect.Effect<Duration.Duration> =>
  Effect.gen(function*() {
    const share = yield* Random.next
    return Duration.times(yield* Ref.get(lasted), share * Math.min(yield* Ref.get(tries), 5))
  })

/**
 * Brings a commit and what it stands on to the remote. Tries again only where somebody else was first; every other
 * refusal fails at once. Neither branch nor work tree of the clone change.
 *
 * Fails with the codes `push-exhausted`, `protected-branch`, `hook-declined`, `remote-refused`, `remote-storage`,
 * `git-authentication`, `git-denied`, `git-network`, `git-timeout`, `upstream-gone`, and those of
 * {@link Replay.make}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const publish = <R>(
  repository: Repository.Repository,
  head: string,
  options: Replay.Options<R> & { readonly retry: RetryPolicy.RetryPolicy }
): Effect.Effect<Published, Fault.Fault, R | Repository.Needs> =>
  Effect.gen(function*() {
    const tries = yield* Ref.make(0)
    const lasted = yield* Ref.make(Duration.zero)
    const replay = yield* Replay.make(repository, head, options)
    // Once through: what is there, ours on top of it, and off.
    const attempt = Effect.gen(function*() {
      yield* Ref.update(tries, (count) => count + 1)
      const upstream = yield* fetch(repository)
      const replayed = yield* (upstream === undefined ? everything(repository, head) : replay(upstream))
      if (replayed.tip !== upstream) yield* send(repository, replayed.tip)
      return replayed
    })
    const timed = Effect.flatMap(Effect.timed(Effect.either(attempt)), ([duration, result]) =>
      Effect.zipRight(Ref.set(lasted, duration), result))
    const schedule = RetryPolicy.schedule(options.retry, { retryWhen: isLost }).pipe(
      Schedule.modifyDelayEffect((_, wait) =>
        Effect.map(apart(tries, lasted), (more) => Duration.sum(wait, more))
      )
    )
    return yield* timed.pipe(
      Effect.retry(schedule),
      Effect.catchAll((fault) =>
        Effect.flatMap(Ref.get(tries), (count) =>
          isLost(fault)
            ? exhausted(fault, count)
            : fault.remote === undefined
            ? fault.with({ remote: kept })
            : fault)
      ),
      Effect.flatMap((replayed) => Effect.map(Ref.get(tries), (count) => ({ ...replayed, tries: count })))
    )
  })
