/**
 * How the operations meet failures of Proxmox VE, by what is being done: reading, polling a task, changing something,
 * waiting for a lock.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Deadline from "../../../kernel/Deadline.ts"
import * as Fault from "../../../kernel/Fault.ts"
import * as Policy from "../../../kernel/Policy.ts"
import * as RetryPolicy from "../../../kernel/RetryPolicy.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Policies {
  /** Reads: up to 8 attempts within 2 minutes, 0.25 s to 5 s apart. An attempt may take 35 s: the server's own hop takes 30. */
  readonly read: Policy.Policy
  /** One status poll. Not retried, because the next poll is the retry. */
  readonly poll: Policy.Policy
  /** Changes: up to 6 attempts, 0.5 s to 15 s apart, only where the server did nothing. */
  readonly mutate: Policy.Policy
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Policies> = Effect.all({
  read: Policy.make({
    name: "proxmox-read",
    system: "proxmox",
    retry: RetryPolicy.make({ maxAttempts: 8, maxElapsed: "2 minutes", base: 250, cap: "5 seconds" }),
    attemptTimeout: "35 seconds"
  }),
  poll: Policy.make({ name: "proxmox-poll", system: "proxmox", attemptTimeout: "10 seconds" }),
  mutate: Policy.make({
    name: "proxmox-mutate",
    system: "proxmox",
    retry: RetryPolicy.make({ maxAttempts: 6, maxElapsed: "5 minutes", base: 500, cap: "15 seconds" }),
    attemptTimeout: "60 seconds"
  })
})

/**
 * How work waits for what holds it up: full jitter from 1 s to 15 s, for as long as the deadline allows and at most
 * 12 hours.
 *
 * @since 0.1.0
 * @category policies
 */
const lock: RetryPolicy.RetryPolicy = RetryPolicy.make({
  maxAttempts: 5000,
  maxElapsed: "12 hours",
  base: "1 second",
  cap: "15 seconds"
})

/** Volumes just written to network storage are seen late; this passes, or it does not. */
const lag: RetryPolicy.RetryPolicy = RetryPolicy.make({
  maxAttempts: 8,
  maxElapsed: "2 minutes",
  base: "1 second",
  cap: "15 seconds"
})

/**
 * Something else holds the object, too few nodes are up, or no worker could be started. It passes by itself and nothing
 * was done, be it said as an HTTP error or as the exit status of a task.
 *
 * @since 0.1.0
 * @category predicates
 */
const isHeldUp = (fault: Fault.Fault): boolean =>
  fault.kind === "locked" || fault.kind === "throttled" ||
  fault.code === "no-quorum" || fault.code === "no-worker" || fault.code === "storage-lock-timeout"

/**
 * The machine, or a volume of it, is not seen yet where it has just been made.
 *
 * @since 0.1.0
 * @category predicates
 */
const isLagging = (fault: Fault.Fault): boolean => fault.code === "volume-missing"

/**
 * Does a whole step (look, send, wait for its task) again while something else holds it up. The step looks at the world
 * first, so doing it again is safe.
 *
 * @param onWait Told before each wait.
 * @since 0.1.0
 * @category combinators
 */
export const patiently =
  (onWait: (fault: Fault.Fault, millis: number) => Effect.Effect<void>) =>
  <A, R>(step: Effect.Effect<A, Fault.Fault, R>): Effect.Effect<A, Fault.Fault, R> =>
    Effect.flatMap(monotonic, (start) => again(step, onWait, RetryPolicy.begin(start), RetryPolicy.begin(start)))

const monotonic: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

const again = <A, R>(
  step: Effect.Effect<A, Fault.Fault, R>,
  onWait: (fault: Fault.Fault, millis: number) => Effect.Effect<void>,
  held: RetryPolicy.State,
  lagged: RetryPolicy.State
): Effect.Effect<A, Fault.Fault, R> =>
  Effect.catchAll(step, (fault) =>
    Effect.gen(function*() {
      const now = yield* monotonic
      const bounds = { deadlineAt: now + (yield* Deadline.remaining) }
      const lagging = isLagging(fault)
      const verdict = lagging
        ? RetryPolicy.next(lag, lagged, fault, now, yield* Random.next, { ...bounds, retryWhen: isLagging })
        : RetryPolicy.next(lock, held, fault, now, yield* Random.next, { ...bounds, retryWhen: isHeldUp })
      if (verdict._tag === "Stop") return yield* fault
      yield* onWait(fault, verdict.delay)
      yield* Effect.sleep(verdict.delay)
      return yield* lagging
        ? again(step, onWait, held, verdict.state)
        : again(step, onWait, verdict.state, lagged)
    }))
