import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as Fault from "../../src/kernel/Fault.ts"
import { TokenBucket } from "../../src/kernel/internal/TokenBucket.ts"
import * as RateHints from "../../src/kernel/RateHints.ts"
import * as RateLimit from "../../src/kernel/RateLimit.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

const faultOf = (exit: Exit.Exit<unknown, unknown>): Fault.Fault => {
  const failure = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.failureOption(exit.cause)) : undefined
  if (!Fault.isFault(failure)) throw new Error("not a fault")
  return failure
}

/** Calls that go by `until` when everybody waits in line and timers are late by what `lateness` says. */
const drain = (bucket: TokenBucket, until: number, lateness: () => number): number => {
  bucket.waiting = 1
  let calls = 0
  let now = 0
  while (now <= until) {
    if (bucket.take(now, 1)) calls += 1
    else now += bucket.delay(now, 1) + lateness()
  }
  return calls
}

describe("RateLimit", () => {
  it.live("delivers the rate asked for, to the thousandth, to 20,000 callers at once", () =>
    VirtualClock.run(Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 2_000, queue: 20_000 })
      const start = yield* Clock.currentTimeMillis
      const times = yield* Effect.forEach(
        Array.from({ length: 20_000 }),
        () => Effect.zipRight(limit.wait, Clock.currentTimeMillis),
        { concurrency: 20_000 }
      )
      const elapsed = (times[times.length - 1] ?? 0) - start
      expect(elapsed).toBeGreaterThan(9_990)
      expect(elapsed).toBeLessThan(10_010)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      const perSecond = new Map<number, number>()
      for (const time of times) {
        const second = Math.floor((time - start) / 1_000)
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1)
      }
      expect(Math.max(...perSecond.values())).toBeLessThanOrEqual(2_002)
    })))

  it.effect("passes the turn on when whoever keeps the timer is interrupted, and gives no slot to the aborted", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 1, interval: "1 second" })
      yield* limit.wait
      const went: Array<string> = []
      const caller = (name: string) => Effect.fork(Effect.map(limit.wait, () => went.push(name)))
      const first = yield* caller("first")
      const second = yield* caller("second")
      const third = yield* caller("third")
      const fourth = yield* caller("fourth")
      yield* TestClock.adjust("500 millis")
      expect(yield* limit.waiting).toBe(4)
      yield* Fiber.interrupt(first)
      yield* Fiber.interrupt(third)
      expect(yield* limit.waiting).toBe(2)
      yield* TestClock.adjust("500 millis")
      expect(went).toEqual(["second"])
      yield* TestClock.adjust("1 second")
      expect(went).toEqual(["second", "fourth"])
      expect(yield* limit.waiting).toBe(0)
      yield* Fiber.join(second)
      yield* Fiber.join(fourth)
    }))

  it.effect("loses no turn when callers are interrupted at any moment", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 100, interval: "1 second" })
      let went = 0
      const fibers = yield* Effect.forEach(Array.from({ length: 300 }), () =>
        Effect.fork(Effect.map(limit.wait, () => went++)))
      for (const [index, fiber] of fibers.entries()) {
        if (index % 3 === 0) {
          yield* Effect.fork(Fiber.interrupt(fiber))
        }
        if (index % 10 === 0) {
          yield* TestClock.adjust("5 millis")
        }
      }
      yield* TestClock.adjust("4 seconds")
      expect(yield* limit.waiting).toBe(0)
      const exits = yield* Effect.forEach(fibers, (fiber) =>
        Fiber.await(fiber))
      expect(exits.filter(Exit.isSuccess)).toHaveLength(went)
      expect(went).toBeGreaterThanOrEqual(200)
      const next = yield* Effect.fork(limit.wait)
      yield* TestClock.adjust("10 millis")
      expect(Exit.isSuccess(yield* Fiber.await(next))).toBe(true)
    }))

  it.effect("finds newcomers after the last in line is gone", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 1, interval: "1 second" })
      yield* limit.wait
      const [first, second, last] = [
        yield* Effect.fork(limit.wait),
        yield* Effect.fork(limit.wait),
        yield* Effect.fork(limit.wait)
      ]
      yield* TestClock.adjust("1 millis")
      yield* Fiber.interrupt(last)
      const newcomer = yield* Effect.fork(limit.wait)
      yield* TestClock.adjust("3 seconds")
      for (const fiber of [first, second, newcomer]) expect(Option.isSome(yield* Fiber.poll(fiber))).toBe(true)
    }))

  it.effect("lets nobody pass those in line", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 1, interval: "1 second", burst: 5 })
      for (let time = 0; time < 5; time++) yield* limit.wait
      const heavy = yield* Effect.fork(limit.waitFor(3))
      yield* TestClock.adjust("1 second")
      const light = yield* Effect.fork(limit.wait)
      yield* TestClock.adjust("1 second")
      expect(Option.isNone(yield* Fiber.poll(light))).toBe(true)
      expect(limit.machine.tryAcquire(2_000, 1)).toBe(false)
      yield* TestClock.adjust("1 second")
      expect(Option.isSome(yield* Fiber.poll(heavy))).toBe(true)
      yield* TestClock.adjust("1 second")
      expect(Option.isSome(yield* Fiber.poll(light))).toBe(true)
    }))

  it.effect("bounds the line and the wait, with when to try again", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({
        permits: 1,
        interval: "1 second",
        queue: 2,
        name: "crm",
        system: "genesys"
      })
      yield* limit.wait
      const waiting = [yield* Effect.fork(limit.wait), yield* Effect.fork(limit.wait)]
      yield* TestClock.adjust("1 millis")
      const full = faultOf(yield* Effect.exit(limit.wait))
      expect(full).toMatchObject({ kind: "rejected", code: "queue-full", system: "genesys", retryAfterMillis: 2_999 })
      expect(full.message).toContain("the line of \"crm\" is full with 2 callers")
      yield* Effect.forEach(waiting, (fiber) => Fiber.interrupt(fiber))

      const hasty = yield* RateLimit.make({ permits: 1, interval: "10 seconds", maxWait: "5 seconds" })
      yield* hasty.wait
      expect(faultOf(yield* Effect.exit(hasty.wait))).toMatchObject({
        code: "rate-wait-too-long",
        retryAfterMillis: 10_000
      })
    }))

  it.effect("is silent for as long as the server asks, and goes on at its rate", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 10, interval: "1 second", burst: 10 })
      yield* limit.observe({ retryAfterMillis: 30_000 })
      let went = 0
      const callers = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 11 }), () => Effect.map(limit.wait, () => went++), { concurrency: 11 })
      )
      yield* TestClock.adjust("29999 millis")
      expect(went).toBe(0)
      yield* TestClock.adjust("1 millis")
      expect(went).toBe(1)
      yield* TestClock.adjust("1 second")
      expect(went).toBe(11)
      yield* Fiber.join(callers)
    }))

  it.effect("stops at the end of the server's window, and begins again with the next", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 100, interval: "1 second", burst: 100 })
      yield* limit.observe({ limit: 180, remaining: 2, resetMillis: 61_000 })
      yield* limit.observe({ limit: 180, remaining: 7, resetMillis: 60_500 })
      yield* limit.wait
      yield* limit.wait
      const third = yield* Effect.fork(limit.wait)
      yield* TestClock.adjust("60999 millis")
      expect(Option.isNone(yield* Fiber.poll(third))).toBe(true)
      yield* TestClock.adjust("1 millis")
      expect(Option.isSome(yield* Fiber.poll(third))).toBe(true)
    }))

  it.effect("is not held by a window that slides", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 1_000, interval: "1 second" })
      for (let time = 0; time < 100; time++) {
        yield* limit.wait
        yield* limit.observe({ remaining: 50, resetMillis: 60_000 })
        yield* TestClock.adjust("2 seconds")
      }
      expect(limit.machine.delay(yield* Clock.currentTimeMillis, 1)).toBe(1)
    }))

  it.effect("pauses when the server works on as many calls as it takes", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 1_000, interval: "1 second" })
      yield* limit.observe({ concurrent: 4, maximumConcurrent: 5 })
      yield* limit.wait
      yield* limit.observe({ concurrent: 5, maximumConcurrent: 5 })
      const next = yield* Effect.fork(limit.wait)
      yield* TestClock.adjust("249 millis")
      expect(Option.isNone(yield* Fiber.poll(next))).toBe(true)
      yield* TestClock.adjust("2 millis")
      expect(Option.isSome(yield* Fiber.poll(next))).toBe(true)
    }))

  it.effect("writes waits, pauses and rejections on the span", () =>
    Effect.gen(function*() {
      const limit = yield* RateLimit.make({ permits: 1, interval: "1 second", queue: 1 })
      const traced = yield* Effect.fork(
        Effect.gen(function*() {
          yield* limit.wait
          yield* limit.observe({ retryAfterMillis: 2_000 })
          yield* limit.wait
          yield* limit.observe({ remaining: 100, resetMillis: 1 })
          const span = yield* Effect.currentSpan
          return "events" in span && Array.isArray(span.events) ? span.events : []
        }).pipe(Effect.withSpan("test"))
      )
      yield* TestClock.adjust("1 second")
      yield* TestClock.adjust("2 seconds")
      const events: ReadonlyArray<ReadonlyArray<unknown>> = yield* Fiber.join(traced)
      expect(events.map((event) => event[0])).toEqual(["rate.paused", "rate.waited"])
      expect(events[1]?.[2]).toMatchObject({ "holdfast.wait_ms": 2_000 })
    }))

  it.effect("refuses options that make no sense", () =>
    Effect.gen(function*() {
      for (
        const bad of [{ permits: 0 }, { permits: Number.NaN }, { permits: 1, interval: 0 }, { permits: 1, burst: 0 }]
      ) expect(Exit.isFailure(yield* Effect.exit(RateLimit.make(bad)))).toBe(true)
    }))
})

describe("TokenBucket", () => {
  it("keeps the rate with timers that are late by less than 50 ms", () => {
    const rates = FastCheck.record({ permits: FastCheck.integer({ min: 1, max: 5_000 }), seed: FastCheck.nat(45) })
    FastCheck.assert(
      FastCheck.property(rates, ({ permits, seed }) => {
        let turn = seed
        const calls = drain(new TokenBucket(permits / 1_000, 1), 20_000, () => turn = (turn * 7 + 11) % 46)
        expect(Math.abs(calls - permits * 20)).toBeLessThanOrEqual(Math.max(2, permits * 0.1))
      }),
      { numRuns: 40 }
    )
  })

  it("never lets more go in any time than the rate, the burst and the lateness allow", () => {
    const step = FastCheck.record({
      after: FastCheck.nat(2_000),
      asks: FastCheck.nat(30),
      weight: FastCheck.integer({ min: 1, max: 9 })
    })
    FastCheck.assert(FastCheck.property(
      FastCheck.array(step, { maxLength: 60 }),
      FastCheck.integer({ min: 1, max: 20 }),
      FastCheck.boolean(),
      (steps, burst, queued) => {
        const bucket = new TokenBucket(0.01, burst)
        const taken: Array<readonly [number, number]> = []
        let now = 0
        for (const { after, asks, weight } of steps) {
          now += after
          bucket.waiting = queued ? 1 : 0
          for (let ask = 0; ask < asks; ask++) if (bucket.take(now, weight)) taken.push([now, weight])
        }
        for (const [start] of taken) {
          let sum = 0
          for (const [time, weight] of taken) {
            if (time < start) continue
            sum += weight
            // One call may go on credit: it is paid back before the next goes.
            expect(sum).toBeLessThanOrEqual(burst + 0.01 * (time - start + 50) + 9 + 1e-3)
          }
        }
      }
    ))
  })

  it("says how long to wait so that it is neither too early nor more than a millisecond too late", () => {
    FastCheck.assert(FastCheck.property(
      FastCheck.integer({ min: 1, max: 3_000 }),
      FastCheck.integer({ min: 1, max: 5 }),
      FastCheck.option(FastCheck.integer({ min: 1, max: 9_000 }), { nil: undefined }),
      (permits, weight, retryAfterMillis) => {
        const bucket = new TokenBucket(permits / 1_000, 5)
        for (let time = 0; time < 5; time++) bucket.take(0, 1)
        bucket.observe({ retryAfterMillis }, 0)
        const delay = bucket.delay(0, weight)
        if (delay > 1) expect(bucket.take(delay - 1 - 1e-3, weight)).toBe(false)
        expect(bucket.take(delay, weight)).toBe(true)
      }
    ))
  })

  it("does not make up for a long stall with a burst", () => {
    const bucket = new TokenBucket(1, 1)
    bucket.waiting = 1
    bucket.take(0, 1)
    let calls = 0
    while (bucket.take(60_000, 1)) calls += 1
    expect(calls).toBeLessThanOrEqual(51)
  })
})

describe("RateHints", () => {
  const wall = Date.parse("2026-03-01T12:00:00Z")

  it("reads every family of headers, in any case", () => {
    const cases: ReadonlyArray<readonly [Record<string, string | undefined>, RateHints.RateHints]> = [
      [{ "Retry-After": "120" }, { retryAfterMillis: 120_000 }],
      [{ "retry-after": " 1.5 " }, { retryAfterMillis: 1_500 }],
      [{ "retry-after-ms": "250", "retry-after": "1" }, { retryAfterMillis: 250 }],
      [{ "retry-after": "Sun, 01 Mar 2026 12:00:30 GMT" }, { retryAfterMillis: 30_000 }],
      [
        { "retry-after": "Sun, 01 Mar 2026 09:00:30 GMT", date: "Sun, 01 Mar 2026 09:00:00 GMT" },
        { retryAfterMillis: 30_000 }
      ],
      [{ "retry-after": "Sun, 01 Mar 2020 12:00:30 GMT" }, { retryAfterMillis: 0 }],
      [
        { "inin-ratelimit-count": "1", "inin-ratelimit-allowed": "180", "inin-ratelimit-reset": "61" },
        { limit: 180, remaining: 179, resetMillis: 61_000 }
      ],
      [
        { "inin-ratelimit-count": "190", "inin-ratelimit-allowed": "180", "inin-ratelimit-reset": "3" },
        { limit: 180, remaining: 0, resetMillis: 3_000 }
      ],
      [{ "current-concurrent-requests": "3", "maximum-concurrent-requests": "5" }, {
        concurrent: 3,
        maximumConcurrent: 5
      }],
      [
        { "X-RateLimit-Limit": "60", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "30" },
        { limit: 60, remaining: 0, resetMillis: 30_000 }
      ],
      [{ "x-ratelimit-remaining": "5", "x-ratelimit-reset": String(wall / 1_000 + 90) }, {
        remaining: 5,
        resetMillis: 90_000
      }],
      [{ "x-ratelimit-remaining": "5", "x-ratelimit-reset": String(wall + 90) }, { remaining: 5, resetMillis: 90 }],
      [{ "ratelimit-limit": "100, 100;w=60", "ratelimit-remaining": "7", "ratelimit-reset": "9" }, {
        limit: 100,
        remaining: 7,
        resetMillis: 9_000
      }],
      [{ ratelimit: "\"default\";r=50;t=30" }, { remaining: 50, resetMillis: 30_000 }]
    ]
    for (const [headers, hints] of cases) expect(RateHints.parse(headers, wall)).toEqual(hints)
  })

  it("takes what is malformed as not said", () => {
    for (const text of ["", "soon", "-5", "1e9", "NaN", "Infinity", "12abc", "99999999999999999999", "Sun, 99 Foo"]) {
      const headers = { "retry-after": text, "x-ratelimit-remaining": text, "maximum-concurrent-requests": text }
      expect(RateHints.parse(headers, wall)).toEqual({})
    }
    expect(RateHints.parse({ "retry-after": undefined }, wall)).toEqual({})
  })

  it("gives finite times that are not negative, whatever the headers hold", () => {
    const name = FastCheck.constantFrom(
      "retry-after",
      "date",
      "x-ratelimit-remaining",
      "x-ratelimit-reset",
      "ratelimit"
    )
    const text = FastCheck.oneof(FastCheck.string(), FastCheck.nat().map(String), FastCheck.date().map(String))
    FastCheck.assert(FastCheck.property(FastCheck.dictionary(name, text), (headers) => {
      for (const value of Object.values(RateHints.parse(headers, wall))) {
        expect(Number.isFinite(value)).toBe(true)
        expect(value).toBeGreaterThanOrEqual(0)
      }
    }))
  })
})
