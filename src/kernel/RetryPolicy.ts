/**
 * When to try again, how long to wait, and when to stop. A policy is data; {@link next} is the machine that reads
 * it, a pure function with the clock and the chance passed in; {@link schedule} is the same thing as an Effect
 * `Schedule`, to compose with others.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Random from "effect/Random"
import * as Schedule from "effect/Schedule"
import * as Decision from "effect/ScheduleDecision"
import * as Interval from "effect/ScheduleInterval"
import * as Fault from "./Fault.ts"
import { longestTimer } from "./internal/Time.ts"
import type { RetryBudget } from "./RetryBudget.ts"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~holdfast/RetryPolicy"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~holdfast/RetryPolicy"

/**
 * How chance spreads the waits of callers that failed together.
 *
 * - `none`: everybody waits the same.
 * - `full`: between zero and the backoff.
 * - `decorrelated`: between the base and three times the wait before; `factor` plays no part.
 *
 * The latter two as in "Exponential Backoff And Jitter" of the AWS Architecture Blog.
 *
 * @since 0.1.0
 * @category models
 */
export type Jitter = "none" | "full" | "decorrelated"

/**
 * A retry policy. All times are milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface RetryPolicy {
  readonly [TypeId]: TypeId
  /** All runs, the first one included. */
  readonly maxAttempts: number
  /** From the first attempt to the start of the last one. `Infinity` for no bound. */
  readonly maxElapsed: number
  /** The first backoff. */
  readonly base: number
  /** The longest backoff. What a server asks for may be longer. */
  readonly cap: number
  /** Growth from one backoff to the next. */
  readonly factor: number
  readonly jitter: Jitter
  /** The allowance shared with all other calls to the service. */
  readonly budget?: RetryBudget
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** All runs, the first one included. Defaults to `4`. */
  readonly maxAttempts?: number | undefined
  /** From the first attempt to the start of the last one. Defaults to 5 minutes. */
  readonly maxElapsed?: Duration.DurationInput | undefined
  /** The first backoff. Defaults to 1 second. */
  readonly base?: Duration.DurationInput | undefined
  /** The longest backoff. Defaults to 30 seconds. */
  readonly cap?: Duration.DurationInput | undefined
  /** Growth from one backoff to the next. Defaults to `2`. */
  readonly factor?: number | undefined
  /** Defaults to `full`. */
  readonly jitter?: Jitter | undefined
  /** Defaults to none: every retry that the other bounds allow is made. */
  readonly budget?: RetryBudget | undefined
}

/**
 * A policy from its options. Options that make no sense (no attempt, a shrinking factor, `NaN`) are a mistake of
 * the program and throw a `RangeError`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): RetryPolicy => {
  const policy = {
    [TypeId]: TypeId,
    maxAttempts: options.maxAttempts ?? 4,
    maxElapsed: Duration.toMillis(options.maxElapsed ?? "5 minutes"),
    base: Duration.toMillis(options.base ?? "1 second"),
    cap: Math.min(Duration.toMillis(options.cap ?? "30 seconds"), longestTimer),
    factor: options.factor ?? 2,
    jitter: options.jitter ?? "full"
  } as const
  demand(policy.maxAttempts >= 1 && Number.isFinite(policy.maxAttempts), "maxAttempts", "1 or more", policy.maxAttempts)
  demand(policy.maxElapsed >= 0, "maxElapsed", "at least 0", policy.maxElapsed)
  demand(policy.factor >= 1, "factor", "at least 1", policy.factor)
  demand(policy.base > 0 && policy.base <= policy.cap, "base", "above 0 and at most the cap", policy.base)
  return options.budget === undefined ? policy : { ...policy, budget: options.budget }
}

const demand = (holds: boolean, name: string, wanted: string, value: number): void => {
  if (!holds) throw new RangeError(`RetryPolicy: ${name} must be ${wanted}, not ${value}`)
}

const default_: RetryPolicy = make()
export {
  /**
   * For ordinary calls: 3 retries, 1 s to 30 s, doubled, full jitter, 5 minutes in all.
   *
   * @since 0.1.0
   * @category presets
   */
  default_ as default
}

/**
 * For AWS: 5 retries, 0.5 s to 64 s, doubled, full jitter, 5 minutes in all.
 *
 * @since 0.1.0
 * @category presets
 */
export const aws: RetryPolicy = make({ maxAttempts: 6, base: 500, cap: "64 seconds" })

/**
 * For what must not fail lightly: 7 retries, 2 s to 2 minutes, doubled, full jitter, 20 minutes in all.
 *
 * @since 0.1.0
 * @category presets
 */
export const critical: RetryPolicy = make({
  maxAttempts: 8,
  base: "2 seconds",
  cap: "2 minutes",
  maxElapsed: "20 minutes"
})

/**
 * The same policy under the budget of a service.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withBudget = (policy: RetryPolicy, budget: RetryBudget): RetryPolicy => ({ ...policy, budget })

/**
 * @since 0.1.0
 * @category guards
 */
export const isRetryPolicy = (u: unknown): u is RetryPolicy => Predicate.hasProperty(u, TypeId)

/**
 * Where a call stands.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  /** Attempts made so far. */
  readonly attempts: number
  /** When the first one began, in milliseconds on the scale of `now`. */
  readonly startedAt: number
  /** The last wait, in milliseconds; 0 before the first. */
  readonly delay: number
}

/**
 * Before the first attempt.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = (now: number): State => ({ attempts: 1, startedAt: now, delay: 0 })

/**
 * Why there is no further attempt.
 *
 * @since 0.1.0
 * @category models
 */
export type StopReason = "attempts" | "elapsed" | "deadline" | "budget" | "not-retryable"

/**
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | { readonly _tag: "Retry"; readonly delay: number; readonly state: State }
  | { readonly _tag: "Stop"; readonly reason: StopReason }

/**
 * What bounds one call from outside its policy.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bounds {
  /** The absolute end, in milliseconds on the scale of `now`. Defaults to `Infinity`. */
  readonly deadlineAt?: number | undefined
  /** Which faults are worth another attempt. Defaults to `Fault.isRetryable`. */
  readonly retryWhen?: ((fault: Fault.Fault) => boolean) | undefined
}

/**
 * Decides after a failed attempt. `random` is a number from 0 (inclusive) to 1 (exclusive).
 *
 * What the server asks to wait is a floor: the jittered backoff comes on top of it, so that callers told the same
 * moment do not come back together. Nobody sleeps past the deadline: where the wait would end after it, there is
 * no wait. The budget is asked last, when nothing else speaks against the retry.
 *
 * @since 0.1.0
 * @category machine
 */
export const next = (
  policy: RetryPolicy,
  state: State,
  fault: Fault.Fault,
  now: number,
  random: number,
  bounds: Bounds = {}
): Verdict => {
  if (!(bounds.retryWhen ?? Fault.isRetryable)(fault)) return { _tag: "Stop", reason: "not-retryable" }
  if (state.attempts >= policy.maxAttempts) return { _tag: "Stop", reason: "attempts" }
  const backoff = jittered(policy, state, random)
  const delay = fault.retryAfterMillis === undefined ? backoff : above(policy, fault.retryAfterMillis, backoff)
  if (now + delay >= (bounds.deadlineAt ?? Number.POSITIVE_INFINITY)) return { _tag: "Stop", reason: "deadline" }
  if (delay > longestTimer || now + delay - state.startedAt > policy.maxElapsed) {
    return { _tag: "Stop", reason: "elapsed" }
  }
  if (policy.budget !== undefined && !policy.budget.tryWithdraw(now)) return { _tag: "Stop", reason: "budget" }
  return {
    _tag: "Retry",
    delay,
    state: { attempts: state.attempts + 1, startedAt: state.startedAt, delay: backoff }
  }
}

/** A server may ask for nonsense: what is no number of at least zero is no request. */
const above = (policy: RetryPolicy, retryAfter: number, backoff: number): number => {
  if (!(retryAfter >= 0)) return backoff
  return policy.jitter === "none" ? Math.max(retryAfter, backoff) : retryAfter + backoff
}

const jittered = (policy: RetryPolicy, state: State, random: number): number => {
  if (policy.jitter === "decorrelated") {
    const previous = state.delay > 0 ? state.delay : policy.base
    return Math.min(policy.cap, policy.base + random * Math.max(0, previous * 3 - policy.base))
  }
  // The power overflows to Infinity after a thousand attempts; the base is above zero, so the product is never NaN
  // and the minimum is the cap.
  const raw = Math.min(policy.cap, policy.base * policy.factor ** (state.attempts - 1))
  return policy.jitter === "full" ? random * raw : raw
}

/**
 * The policy as a `Schedule` over faults: it puts out the wait, and ends when the policy stops.
 *
 * @since 0.1.0
 * @category conversions
 * @example
 * import * as RetryPolicy from "holdfast/kernel/RetryPolicy"
 * import * as Schedule from "effect/Schedule"
 *
 * // the default policy, but never more than three seconds apart
 * const schedule = RetryPolicy.schedule(RetryPolicy.default).pipe(Schedule.union(Schedule.spaced("3 seconds")))
 */
export const schedule = (
  policy: RetryPolicy,
  bounds?: Pick<Bounds, "retryWhen">
): Schedule.Schedule<Duration.Duration, Fault.Fault> =>
  Schedule.makeWithState<State | undefined, Fault.Fault, Duration.Duration>(
    undefined,
    (now, fault, state) =>
      Effect.map(Effect.all([Random.next, Clock.currentTimeNanos]), ([random, nanos]) => {
        const monotonic = Number(nanos) / 1e6
        const verdict = next(policy, state ?? begin(monotonic), fault, monotonic, random, bounds)
        return verdict._tag === "Stop"
          ? [state, Duration.zero, Decision.done] as const
          : [verdict.state, Duration.millis(verdict.delay), Decision.continueWith(Interval.after(now + verdict.delay))]
      })
  )
