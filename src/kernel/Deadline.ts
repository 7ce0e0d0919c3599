/**
 * The moment by which an operation must be over, inherited by everything below it: a child may shorten it and never
 * lengthen it. Policies read it: no attempt begins after it, no backoff sleeps past it, and the timeout of an attempt
 * is never longer than what remains.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fault from "./Fault.ts"
import { bounded } from "./internal/Bounded.ts"
import { clockOf, now } from "./internal/Time.ts"

/**
 * The end, in milliseconds on the monotonic scale of the fiber's clock. Defaults to `Infinity`: none.
 *
 * @since 0.1.0
 * @category references
 */
export class Deadline extends Context.Reference<Deadline>()("holdfast/kernel/Deadline", {
  defaultValue: (): number => Number.POSITIVE_INFINITY
}) {}

/**
 * Milliseconds until the deadline: 0 when it is over, `Infinity` if there is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const remaining: Effect.Effect<number> = Effect.withFiberRuntime((fiber) =>
  Effect.succeed(Math.max(0, Context.get(fiber.currentContext, Deadline) - now(clockOf(fiber))))
)

/**
 * Runs an effect under a deadline and lets it go when the time is over: it is interrupted, and the caller gets its
 * answer at once, a fault of kind `timed-out` and code `deadline`. What cannot be interrupted runs on in the
 * background to the end of its uninterruptible part; the caller does not wait for that. An earlier deadline from
 * above stays in force.
 *
 * Costs one fiber.
 *
 * @since 0.1.0
 * @category combinators
 */
export const within =
  (duration: Duration.DurationInput, options?: { readonly operation?: string | undefined }) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Fault.Fault, R> =>
    Effect.withFiberRuntime<A, E | Fault.Fault, R>((fiber) => {
      const current = now(clockOf(fiber))
      const given = Duration.toMillis(duration)
      const end = Math.min(Context.get(fiber.currentContext, Deadline), current + given)
      if (end === Number.POSITIVE_INFINITY) return effect
      return bounded(Effect.provideService(effect, Deadline, end), {
        millis: end - current,
        onTimeout: () => fault(options?.operation ?? "Deadline.within", Math.max(0, end - current), "maybe")
      })
    })

/**
 * Runs an effect without the deadline of its surroundings, for work that outlives the operation that started it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const without = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.provideService(effect, Deadline, Number.POSITIVE_INFINITY)

/**
 * @since 0.1.0
 * @category errors
 */
export const fault = (operation: string, millis: number, sent: Fault.Sent): Fault.Fault =>
  Fault.make({
    kind: "timed-out",
    system: "holdfast",
    operation,
    code: "deadline",
    sent,
    detail: `the deadline passed after ${Duration.format(Duration.millis(Math.round(millis)))}`
  })
