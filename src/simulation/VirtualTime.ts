/**
 * The time of a simulated world: it runs a number of times faster than the fiber's clock, so that a clone of ten
 * minutes takes six seconds at a speed of 100. On a test clock or a virtual clock it is as exact as they are.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export interface VirtualTime {
  readonly speed: number
  /** Milliseconds since the epoch, in the world. Never goes back, even when the clock of the machine is set. */
  readonly now: Effect.Effect<number>
  /** Sleeps for so long in the world; when it ends, `now` has advanced by at least that much. */
  readonly sleep: (duration: Duration.DurationInput) => Effect.Effect<void>
  /** Sleeps until `now` is at least so many milliseconds since the epoch. */
  readonly sleepUntil: (millis: number) => Effect.Effect<void>
}

const nanosPerMilli = 1_000_000

/** The shortest sleep. Less is lost in the rounding of milliseconds since the epoch, and time would stand still. */
const leastNanos = 1_000

/**
 * @param options.speed How many times faster than the fiber's clock. Above 0. Defaults to 1.
 * @param options.startMillis Milliseconds since the epoch at which the world starts. Defaults to the fiber's clock.
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: {
  readonly speed?: number | undefined
  readonly startMillis?: number | undefined
}): Effect.Effect<VirtualTime> =>
  Effect.gen(function*() {
    const speed = options?.speed ?? 1
    if (!(speed > 0 && speed < Infinity)) {
      return yield* Effect.dieMessage(`the speed of a world is a positive number, not ${speed}`)
    }
    const startMillis = options?.startMillis ?? (yield* Clock.currentTimeMillis)
    const origin = yield* Clock.currentTimeNanos
    // The difference is taken before it becomes a number: nanoseconds since the epoch are beyond 2^53.
    const now = Effect.map(
      Clock.currentTimeNanos,
      (nanos) => startMillis + (Number(nanos - origin) / nanosPerMilli) * speed
    )
    const sleepUntil = (millis: number): Effect.Effect<void> =>
      Effect.flatMap(now, (current) => {
        if (current >= millis) return Effect.void
        if (millis === Infinity) return Effect.never
        // Timers of the platform may fire a fraction of a millisecond early, hence the second look.
        const nanos = Math.max(leastNanos, Math.ceil(((millis - current) / speed) * nanosPerMilli))
        return Effect.zipRight(Effect.sleep(Duration.nanos(BigInt(nanos))), sleepUntil(millis))
      })
    return {
      speed,
      now,
      sleepUntil,
      sleep: (duration) => Effect.flatMap(now, (current) => sleepUntil(current + Duration.toMillis(duration)))
    }
  })
