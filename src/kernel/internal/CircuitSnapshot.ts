/**
 * What a circuit breaker is, in a form that outlives its process. Times are what is left of them and not when they
 * end, because a monotonic clock means nothing to another process and a wall clock may be set in between.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const Amount = Schema.Number.pipe(Schema.finite(), Schema.nonNegative())

const Calls = Schema.NonNegativeInt

/**
 * @since 0.1.0
 * @category models
 */
export const Snapshot = Schema.Struct({
  version: Schema.Literal(1),
  state: Schema.Literal("closed", "open", "half-open", "isolated"),
  metricsOnly: Schema.Boolean,
  /** When it was taken, in milliseconds since 1970 on the wall clock. Used to tell how long ago that is. */
  takenAt: Schema.Number.pipe(Schema.finite()),
  /** What was left of the open time then, in milliseconds. */
  remainingMillis: Amount,
  /** How often it opened without closing in between: the open time grows with it. */
  openings: Calls,
  consecutiveFailures: Calls,
  window: Schema.Struct({ calls: Calls, failures: Calls, slow: Calls })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Snapshot = typeof Snapshot.Type
