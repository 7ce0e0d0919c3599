/**
 * The clock of a simulated world that can be stopped and set forward: between the death of a process and the first
 * call of the next one the world stands still, or an hour goes by.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface WorldClock {
  /** Runs an effect of the world on this clock. */
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly stop: () => void
  /** Goes on, after so many milliseconds that nobody saw go by. */
  readonly resume: (skippedMillis?: number) => void
}

interface Sleeper {
  readonly until: number
  readonly wake: () => void
  timer: NodeJS.Timeout | undefined
}

export const make = (): WorldClock => {
  const epoch = Date.now() - performance.now()
  const sleepers = new Set<Sleeper>()
  let skipped = 0
  let stoppedAt: number | undefined

  const now = (): number => stoppedAt ?? performance.now() + skipped

  const arm = (sleeper: Sleeper): void => {
    clearTimeout(sleeper.timer)
    if (stoppedAt !== undefined) return
    sleeper.timer = setTimeout(() => {
      sleepers.delete(sleeper)
      sleeper.wake()
    }, Math.max(0, sleeper.until - now()))
  }

  const stop = (): void => {
    stoppedAt ??= now()
    for (const { timer } of sleepers) clearTimeout(timer)
  }

  const resume = (skippedMillis = 0): void => {
    if (stoppedAt === undefined) return
    skipped = stoppedAt + skippedMillis - performance.now()
    stoppedAt = undefined
    sleepers.forEach(arm)
  }

  const millis = (): number => Math.floor(epoch + now())
  const nanos = (): bigint => BigInt(Math.round((epoch + now()) * 1000)) * 1000n

  const clock: Clock.Clock = {
    ...Clock.make(),
    unsafeCurrentTimeMillis: millis,
    unsafeCurrentTimeNanos: nanos,
    currentTimeMillis: Effect.sync(millis),
    currentTimeNanos: Effect.sync(nanos),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const until = now() + Duration.toMillis(duration)
        if (until === Infinity) return
        const sleeper: Sleeper = { until, wake: () => resume(Effect.void), timer: undefined }
        sleepers.add(sleeper)
        arm(sleeper)
        return Effect.sync(() => {
          clearTimeout(sleeper.timer)
          sleepers.delete(sleeper)
        })
      })
  }

  return { within: Effect.withClock(clock), stop, resume }
}
