/**
 * The clock of a simulated world. It goes while the server is at work and for a moment after each call, so that a busy
 * machine, on which a process comes late with its next call, finds the world as an idle one does. It can be stopped and
 * set forward: between the death of a process and the first call of the next one the world stands still, or an hour
 * goes by.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

export interface WorldClock {
  /** Runs an effect of the world on this clock. */
  readonly within: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  /** Likewise, for what the server does; the clock goes meanwhile and for a moment after. */
  readonly serving: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
  readonly stop: () => void
  /** Goes on, after so many milliseconds that nobody saw go by. */
  readonly resume: (skippedMillis?: number) => void
}

interface Sleeper {
  readonly until: number
  readonly wake: () => void
  timer: NodeJS.Timeout | undefined
}

/**
 * @param idleMillis How long it goes after the end of a call.
 */
export const make = (idleMillis: number): WorldClock => {
  const epoch = Date.now() - performance.now()
  const sleepers = new Set<Sleeper>()
  let offset = 0
  let serving = 0
  /** Where it stands. */
  let limit = Infinity
  let stopped = false

  const now = (): number => Math.min(performance.now() + offset, limit)

  const arm = (sleeper: Sleeper): void => {
    clearTimeout(sleeper.timer)
    if (sleeper.until > limit) return
    sleeper.timer = setTimeout(() => {
      // Timers of the platform may fire a fraction of a millisecond early.
      if (now() < sleeper.until) return arm(sleeper)
      sleepers.delete(sleeper)
      sleeper.wake()
    }, Math.max(1, sleeper.until - now()))
  }

  /** From here to there, and not beyond. */
  const go = (from: number, to: number): void => {
    offset = from - performance.now()
    limit = to
    sleepers.forEach(arm)
  }

  const release = (from: number): void => go(from, serving > 0 ? Infinity : from + idleMillis)

  const stop = (): void => {
    stopped = true
    const at = now()
    go(at, at)
  }

  const resume = (skippedMillis = 0): void => {
    stopped = false
    release(now() + skippedMillis)
  }

  const change = (by: 1 | -1): void => {
    serving += by
    if (!stopped) release(now())
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

  const within = Effect.withClock(clock)
  return {
    within,
    serving: (effect) =>
      Effect.acquireUseRelease(
        Effect.sync(() => change(1)),
        () => within(effect),
        () => Effect.sync(() => change(-1))
      ),
    stop,
    resume
  }
}
