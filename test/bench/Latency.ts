/**
 * Sleep that is as long as it is told, on the average. A timer fires late, by up to a millisecond of its own and by
 * whatever else the process has to do: 20 ms are 20.8 ms in a server with little to do, and 21.7 ms in one with much.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/** How much of what one sleep was off by is made up for in the next. */
const gain = 0.02

/** Timers know whole milliseconds only: for what is in between, some are longer and some are shorter. */
const whole = (millis: number): number => Math.max(0, Math.floor(millis + Math.random()))

const clock = (): Clock.Clock => {
  let late = 0
  return {
    ...Clock.make(),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const millis = Duration.toMillis(duration)
        const since = performance.now()
        const timer = setTimeout(() => {
          late += gain * (performance.now() - since - millis)
          resume(Effect.void)
        }, whole(millis - late))
        return Effect.sync(() => clearTimeout(timer))
      })
  }
}

/** Runs a server whose answers take as long as they are said to. */
export const exact = <A, E, R>(server: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.suspend(() => Effect.withClock(server, clock()))
