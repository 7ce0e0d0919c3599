/**
 * Everything a call to a service needs, in one fixed order:
 *
 *     deadline › retry( circuit breaker › bulkhead › rate limit › attempt timeout )
 *
 * No permit is held while waiting to retry. The pieces are machines that are asked and told synchronously, so that a
 * composed call costs one suspended fiber and not one operator each.
 *
 * One owner of retries: below a policy that retries, the retries of other policies rest, so that layers never
 * multiply their attempts.
 *
 * A call that simply succeeds leaves no trace but a count. Anything else is an event on the current span:
 * `policy.attempt` (one that failed), `policy.wait` (for `retry`, `permit` or `rate`), `policy.timeout`,
 * `policy.rejected`; and each retry is a line in the log, at level info.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Schedule from "effect/Schedule"
import type * as Bulkhead from "./Bulkhead.ts"
import type * as CircuitBreaker from "./CircuitBreaker.ts"
import { Deadline } from "./Deadline.ts"
import * as Fault from "./Fault.ts"
import { listFor } from "./internal/Alarm.ts"
import type { Call, CallOptions, Rate, Setup } from "./internal/Call.ts"
import { EffectAttempt } from "./internal/EffectAttempt.ts"
import { begin, PromiseCall } from "./internal/PromiseCall.ts"
import { RetryOwner } from "./internal/RetryOwner.ts"
import * as Metrics from "./Metrics.ts"
import * as RetryPolicy from "./RetryPolicy.ts"

export type {
  /**
   * What a caller may say about one call.
   *
   * @since 0.1.0
   * @category models
   */
  CallOptions,
  /**
   * A retry that is about to be waited for.
   *
   * @since 0.1.0
   * @category models
   */
  Retry
} from "./internal/Call.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What messages, events and metrics call the policy: usually the service, never an id. */
  readonly name: string
  /** The system that the faults of the policy name. Defaults to `holdfast`. */
  readonly system?: string | undefined
  /** Defaults to no retries. A plain `Schedule` serves as well; it should end. */
  readonly retry?: RetryPolicy.RetryPolicy | Schedule.Schedule<unknown, Fault.Fault> | undefined
  /** Defaults to none. With its `openOnRetryAfter`, the wait one call is told holds back all of them. */
  readonly breaker?: CircuitBreaker.CircuitBreaker | undefined
  /** Defaults to none. */
  readonly bulkhead?: Bulkhead.Bulkhead | undefined
  /** Defaults to none. */
  readonly rateLimit?: Rate | undefined
  /** How long one attempt may take once it was sent. Defaults to no limit. */
  readonly attemptTimeout?: Duration.DurationInput | undefined
  /** How long a call may take with all its attempts and waits. Defaults to the inherited deadline, if there is one. */
  readonly deadline?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface PromiseOptions extends CallOptions {
  /**
   * Classifies what the promise rejects with. Defaults to passing faults on and making everything else a fault of
   * kind `unknown`, which is not retried.
   */
  readonly catch?: ((thrown: unknown) => Fault.Fault) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Policy {
  readonly name: string
  /**
   * Runs an effect under the policy. With a time limit the effect runs in a child fiber: when the limit is reached
   * it is interrupted and the caller gets its answer at once, while a part that cannot be interrupted runs on in the
   * background and keeps its permit of the bulkhead until it ends.
   *
   * Retried are faults only. Errors that are no faults end the call, and so do defects and interruption.
   */
  readonly run: <A, E, R>(
    effect: Effect.Effect<A, E, R>,
    options?: CallOptions
  ) => Effect.Effect<A, E | Fault.Fault, R>
  /**
   * Runs a promise under the policy, without a fiber for the time limit. The signal aborts when the attempt times out
   * or the caller is interrupted; as with `Effect.tryPromise` it is made only for a function that declares the
   * parameter, and any other gets one that never aborts. Work that ignores its signal keeps its permit until it ends.
   */
  readonly call: <A>(
    evaluate: (signal: AbortSignal) => PromiseLike<A>,
    options?: PromiseOptions
  ) => Effect.Effect<A, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Bulkhead from "holdfast/kernel/Bulkhead"
 * import * as Policy from "holdfast/kernel/Policy"
 * import * as RetryPolicy from "holdfast/kernel/RetryPolicy"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const policy = yield* Policy.make({
 *     name: "inventory",
 *     retry: RetryPolicy.default,
 *     bulkhead: yield* Bulkhead.make({ permits: 8 }),
 *     attemptTimeout: "10 seconds",
 *     deadline: "1 minute"
 *   })
 *   return yield* policy.call((signal) => fetch("https://example.org", { signal }))
 * })
 */
export const make = (options: Options): Effect.Effect<Policy> =>
  Effect.sync(() => {
    const setup = setupOf(options)
    return {
      name: setup.name,
      run: (effect, callOptions = noOptions) => run(setup, effect, callOptions),
      call: (evaluate, callOptions = noOptions) => call(setup, evaluate, callOptions)
    }
  })

/**
 * Runs an effect as if no policy and no deadline stood above it: for what is started from within an operation and
 * outlives it, such as a shared connection, a watcher, a cache.
 *
 * @since 0.1.0
 * @category combinators
 */
export const detached = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provide(effect, detachedContext)

const detachedContext = Context.make(RetryOwner, undefined).pipe(Context.add(Deadline, Number.POSITIVE_INFINITY))

const noOptions: CallOptions = {}

const setupOf = (options: Options): Setup => {
  const attemptTimeout = millisOf("attemptTimeout", options.attemptTimeout)
  return {
    name: options.name,
    system: options.system ?? "holdfast",
    retry: options.retry,
    breaker: options.breaker,
    bulkhead: options.bulkhead,
    rateLimit: options.rateLimit,
    attemptTimeout,
    attemptAlarms: attemptTimeout === Number.POSITIVE_INFINITY ? undefined : listFor(attemptTimeout),
    deadline: millisOf("deadline", options.deadline),
    series: Metrics.forPolicy(options.name)
  }
}

const millisOf = (name: string, duration: Duration.DurationInput | undefined): number => {
  if (duration === undefined) return Number.POSITIVE_INFINITY
  const millis = Duration.toMillis(duration)
  if (millis > 0) return millis
  throw new RangeError(`Policy: ${name} must be longer than nothing, not ${millis} ms`)
}

const run = <A, E, R>(
  setup: Setup,
  effect: Effect.Effect<A, E, R>,
  options: CallOptions
): Effect.Effect<A, E | Fault.Fault, R> => {
  const inherits = options.leaf !== true &&
    (setup.retry !== undefined || setup.deadline !== Number.POSITIVE_INFINITY)
  return begin(setup, options, (call) => {
    const below = inherits ? (context: Context.Context<R>) => inheritedBelow(call, context) : undefined
    return new EffectAttempt<A, E, R>(call, 1, {}, effect, below).run()
  })
}

/** What everything below a call finds: who retries, and until when. */
const inheritedBelow = <R>(call: Call, context: Context.Context<R>): Context.Context<R> => {
  const owned = call.setup.retry === undefined ? context : Context.add(context, RetryOwner, call.setup.name)
  return call.setup.deadline === Number.POSITIVE_INFINITY ? owned : Context.add(owned, Deadline, call.deadlineAt)
}

const call = <A>(
  setup: Setup,
  evaluate: (signal: AbortSignal) => PromiseLike<A>,
  options: PromiseOptions
): Effect.Effect<A, Fault.Fault> =>
  new PromiseCall(setup, options, { evaluate, toFault: options.catch ?? unclassified(setup, options) })

const unclassified = (setup: Setup, options: CallOptions) => (thrown: unknown): Fault.Fault =>
  Fault.isFault(thrown) ? thrown : Fault.make({
    kind: "unknown",
    system: setup.system,
    operation: options.operation ?? setup.name,
    detail: thrown instanceof Error ? thrown.message : String(thrown),
    sent: "maybe",
    cause: thrown,
    ...(options.subject === undefined ? {} : { subject: options.subject })
  })
