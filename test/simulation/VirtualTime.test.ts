import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"
import * as VirtualTime from "../../src/simulation/VirtualTime.ts"

const start = Date.UTC(2026, 5, 1)

describe("VirtualTime", () => {
  it.effect("runs the given number of times faster than the clock", () =>
    Effect.gen(function*() {
      const time = yield* VirtualTime.make({ speed: 60, startMillis: start })
      yield* TestClock.adjust("1 second")
      expect(yield* time.now).toBe(start + 60_000)
    }))

  it.effect("wakes a sleeper when the world's time has come, and not before", () =>
    Effect.gen(function*() {
      const time = yield* VirtualTime.make({ speed: 100, startMillis: start })
      const awake = yield* Deferred.make<number>()
      yield* Effect.fork(time.sleep("10 minutes").pipe(Effect.zipRight(time.now), Effect.intoDeferred(awake)))
      yield* TestClock.adjust("5999 millis")
      expect(yield* Deferred.isDone(awake)).toBe(false)
      yield* TestClock.adjust("1 millis")
      expect(yield* Deferred.await(awake)).toBe(start + 600_000)
    }))

  it.effect("does not stand still where milliseconds since the epoch cannot be told apart", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const time = yield* VirtualTime.make({ speed: 3 })
      const fiber = yield* Effect.fork(Effect.repeatN(time.sleep(1), 9))
      yield* TestClock.adjust("4 millis")
      yield* Fiber.join(fiber)
      expect(yield* time.now).toBeGreaterThanOrEqual(start + 10)
    }))

  it.effect("does not sleep for a time that has passed, and sleeps for ever until infinity", () =>
    Effect.gen(function*() {
      const time = yield* VirtualTime.make({ startMillis: start })
      yield* time.sleepUntil(start - 1)
      yield* time.sleep(0)
      const fiber = yield* Effect.fork(time.sleep(Infinity))
      yield* TestClock.adjust("10000 days")
      expect(yield* Fiber.poll(fiber)).toEqual(expect.objectContaining({ _tag: "None" }))
      yield* Fiber.interrupt(fiber)
    }))

  it.effect("starts at the clock's own time", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(start)
      const time = yield* VirtualTime.make()
      expect(yield* time.now).toBe(start)
    }))

  it.live("never wakes early, at any speed, however the milliseconds round", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.double({ min: 0.01, max: 5000, noNaN: true }),
          FastCheck.array(FastCheck.double({ min: 0, max: 1e7, noNaN: true }), { maxLength: 8 }),
          (speed, sleeps) =>
            Effect.runPromise(VirtualClock.run(Effect.gen(function*() {
              const time = yield* VirtualTime.make({ speed })
              const clock = yield* Clock.currentTimeMillis
              for (const millis of sleeps) {
                const before = yield* time.now
                yield* time.sleep(millis)
                const slept = (yield* time.now) - before
                // Milliseconds since the epoch are exact to a quarter of a microsecond.
                expect(slept).toBeGreaterThanOrEqual(millis - 0.001)
                expect(slept).toBeLessThanOrEqual(millis + 0.01 * Math.max(1, speed))
              }
              expect(yield* Clock.currentTimeMillis).toBeGreaterThanOrEqual(clock)
            })))
        ),
        { numRuns: 50 }
      )
    ))

  it.effect("dies of a speed that is none", () =>
    Effect.gen(function*() {
      for (const speed of [0, -1, Number.NaN, Infinity]) {
        expect(Exit.isFailure(yield* Effect.exit(VirtualTime.make({ speed })))).toBe(true)
      }
    }))
})
