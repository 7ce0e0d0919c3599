import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as Fault from "../../src/kernel/Fault.ts"
import * as RetryBudget from "../../src/kernel/RetryBudget.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"

const transient = (more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind: "transient", system: "test", operation: "Test.read", detail: "it broke", ...more })

const chance = FastCheck.double({ min: 0, max: 1, noNaN: true, maxExcluded: true })

const delays = (policy: RetryPolicy.RetryPolicy, random: () => number, fault = transient()): Array<number> => {
  const found: Array<number> = []
  let state = RetryPolicy.begin(0)
  for (;;) {
    const verdict = RetryPolicy.next(policy, state, fault, 0, random())
    if (verdict._tag === "Stop") return found
    found.push(verdict.delay)
    state = verdict.state
  }
}

const shape = (policy: RetryPolicy.RetryPolicy) => [policy.maxAttempts - 1, policy.base, policy.cap, policy.factor]

describe("RetryPolicy", () => {
  it("doubles from the base to the cap without jitter", () => {
    const policy = RetryPolicy.make({ maxAttempts: 8, base: 1000, cap: 30_000, jitter: "none" })
    expect(delays(policy, () => 0.5)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000])
  })

  it("has the presets of the seeds", () => {
    expect(shape(RetryPolicy.default)).toEqual([3, 1000, 30_000, 2])
    expect(shape(RetryPolicy.aws)).toEqual([5, 500, 64_000, 2])
    expect(shape(RetryPolicy.critical)).toEqual([7, 2000, 120_000, 2])
    expect(RetryPolicy.critical.maxElapsed).toBe(20 * 60_000)
    for (const policy of [RetryPolicy.default, RetryPolicy.aws, RetryPolicy.critical]) {
      expect(policy.jitter).toBe("full")
      expect(policy.maxElapsed).toBeLessThan(Number.POSITIVE_INFINITY)
    }
  })

  it("keeps every delay finite, and at the cap, five thousand attempts in", () => {
    const policy = RetryPolicy.make({ maxAttempts: 5001, maxElapsed: 1e9, base: 1000, cap: 30_000, jitter: "none" })
    const found = delays(policy, () => 0)
    expect(found).toHaveLength(5000)
    expect(found.slice(5)).toEqual(Array.from({ length: 4995 }, () => 30_000))
  })

  it.prop(
    "bounds a jittered delay on both sides",
    {
      jitter: FastCheck.constantFrom("full" as const, "decorrelated" as const),
      factor: FastCheck.double({ min: 1, max: 1e9, noNaN: true }),
      base: FastCheck.integer({ min: 1, max: 10_000 }),
      more: FastCheck.integer({ min: 0, max: 100_000 }),
      attempts: FastCheck.integer({ min: 1, max: 6000 }),
      previous: FastCheck.double({ min: 0, max: 110_000, noNaN: true }),
      random: chance
    },
    ({ attempts, base, factor, jitter, more, previous, random }) => {
      const policy = RetryPolicy.make({ maxAttempts: 10_000, maxElapsed: 1e9, base, cap: base + more, factor, jitter })
      const state = { attempts, startedAt: 0, delay: previous }
      const verdict = RetryPolicy.next(policy, state, transient(), 0, random)
      if (verdict._tag === "Stop") throw new Error(`stopped: ${verdict.reason}`)
      expect(verdict.delay).toBeLessThanOrEqual(base + more)
      expect(verdict.delay).toBeGreaterThanOrEqual(jitter === "decorrelated" ? base : 0)
      if (random > 0) expect(verdict.delay).toBeGreaterThan(0)
    }
  )

  it("spreads full jitter over the whole backoff, and decorrelated jitter up to three times the last wait", () => {
    const full = RetryPolicy.make({ maxAttempts: 4, base: 1000, cap: 30_000 })
    expect(delays(full, () => 0)).toEqual([0, 0, 0])
    expect(delays(full, () => 0.5)).toEqual([500, 1000, 2000])
    const decorrelated = RetryPolicy.make({ maxAttempts: 5, base: 1000, cap: 10_000, jitter: "decorrelated" })
    expect(delays(decorrelated, () => 0)).toEqual([1000, 1000, 1000, 1000])
    expect(delays(decorrelated, () => 0.5)).toEqual([2000, 3500, 5750, 9125])
  })

  it.prop(
    "takes the server's wait as a floor with the jitter above it",
    { asked: FastCheck.integer({ min: 0, max: 60_000 }), random: chance },
    ({ asked, random }) => {
      const policy = RetryPolicy.make({ base: 1000, cap: 30_000 })
      const verdict = RetryPolicy.next(
        policy,
        RetryPolicy.begin(0),
        transient({ retryAfterMillis: asked }),
        0,
        random
      )
      expect(verdict).toMatchObject({ _tag: "Retry", delay: asked + random * 1000 })
    }
  )

  it("ignores a server's wait that is no number", () => {
    const policy = RetryPolicy.make({ base: 1000, jitter: "none" })
    for (const retryAfterMillis of [Number.NaN, -5]) {
      expect(RetryPolicy.next(policy, RetryPolicy.begin(0), transient({ retryAfterMillis }), 0, 0))
        .toMatchObject({ _tag: "Retry", delay: 1000 })
    }
  })

  it("stops rather than sleep past the deadline", () => {
    const policy = RetryPolicy.make({ base: 1000, jitter: "none" })
    const state = RetryPolicy.begin(0)
    const verdict = (retryAfterMillis: number, deadlineAt: number) =>
      RetryPolicy.next(policy, state, transient({ retryAfterMillis }), 500, 0, { deadlineAt })
    expect(verdict(4000, 4500)).toEqual({ _tag: "Stop", reason: "deadline" })
    expect(verdict(4000, 4501)).toMatchObject({ _tag: "Retry", delay: 4000 })
  })

  it("stops at its attempts and at its elapsed time, whichever comes first", () => {
    const policy = RetryPolicy.make({ maxAttempts: 3, maxElapsed: 5000, base: 1000, jitter: "none" })
    const at = (attempts: number, now: number) =>
      RetryPolicy.next(policy, { attempts, startedAt: 0, delay: 0 }, transient(), now, 0)
    expect(at(2, 3000)).toMatchObject({ _tag: "Retry", delay: 2000 })
    expect(at(2, 3001)).toEqual({ _tag: "Stop", reason: "elapsed" })
    expect(at(3, 0)).toEqual({ _tag: "Stop", reason: "attempts" })
  })

  it("stops when the server asks for longer than a timer can wait", () => {
    const policy = RetryPolicy.make({ maxElapsed: "1000 days" })
    expect(RetryPolicy.next(policy, RetryPolicy.begin(0), transient({ retryAfterMillis: 2 ** 31 }), 0, 0))
      .toEqual({ _tag: "Stop", reason: "elapsed" })
  })

  it("retries what the table of faults says, or what the caller says", () => {
    const policy = RetryPolicy.make()
    const invalid = transient({ kind: "invalid" })
    const state = RetryPolicy.begin(0)
    expect(RetryPolicy.next(policy, state, invalid, 0, 0)).toEqual({ _tag: "Stop", reason: "not-retryable" })
    expect(RetryPolicy.next(policy, state, invalid, 0, 0, { retryWhen: () => true })._tag).toBe("Retry")
    expect(RetryPolicy.next(policy, state, transient({ sent: "maybe" }), 0, 0, { retryWhen: Fault.mayResend }))
      .toEqual({ _tag: "Stop", reason: "not-retryable" })
  })

  it("asks the budget last, so that a retry that is not made costs nothing", () => {
    const budget = new RetryBudget.RetryBudget({ capacity: 1, perSecond: 0 })
    const policy = RetryPolicy.make({ maxAttempts: 2, budget })
    RetryPolicy.next(policy, { attempts: 2, startedAt: 0, delay: 0 }, transient(), 0, 0)
    RetryPolicy.next(policy, RetryPolicy.begin(0), transient({ retryAfterMillis: 9000 }), 0, 0, { deadlineAt: 10 })
    expect(budget.available(0)).toBe(1)
    expect(RetryPolicy.next(policy, RetryPolicy.begin(0), transient(), 0, 0)._tag).toBe("Retry")
    expect(RetryPolicy.next(policy, RetryPolicy.begin(0), transient(), 0, 0)).toEqual({
      _tag: "Stop",
      reason: "budget"
    })
  })

  it("refuses options that make no sense", () => {
    for (
      const options of [
        { maxAttempts: 0 },
        { maxAttempts: Number.POSITIVE_INFINITY },
        { maxAttempts: Number.NaN },
        { factor: 0.5 },
        { base: 0 },
        { base: "1 minute", cap: "1 second" }
      ] as const
    ) expect(() => RetryPolicy.make(options)).toThrow(RangeError)
  })

  it.effect("is a schedule that others compose with", () =>
    Effect.gen(function*() {
      const policy = RetryPolicy.make({ maxAttempts: 10, base: 1000, cap: 30_000, jitter: "none" })
      const schedule = RetryPolicy.schedule(policy).pipe(Schedule.intersect(Schedule.recurs(2)))
      let calls = 0
      const fiber = yield* Effect.fork(Effect.exit(Effect.retry(
        Effect.suspend(() => {
          calls += 1
          return Effect.fail(transient())
        }),
        schedule
      )))
      yield* TestClock.adjust(999)
      expect(calls).toBe(1)
      yield* TestClock.adjust(1)
      expect(calls).toBe(2)
      yield* TestClock.adjust(2000)
      expect(calls).toBe(3)
      yield* TestClock.adjust("1 minute")
      yield* Fiber.join(fiber)
      expect(calls).toBe(3)
    }))

  it.effect("ends as a schedule where the policy ends, and honours the server's wait", () =>
    Effect.gen(function*() {
      const policy = RetryPolicy.make({ maxAttempts: 3, base: 1000, jitter: "none" })
      let calls = 0
      const fiber = yield* Effect.fork(Effect.exit(Effect.retry(
        Effect.suspend(() => {
          calls += 1
          return Effect.fail(transient({ retryAfterMillis: 5000 }))
        }),
        RetryPolicy.schedule(policy)
      )))
      yield* TestClock.adjust(4999)
      expect(calls).toBe(1)
      yield* TestClock.adjust(1)
      expect(calls).toBe(2)
      yield* TestClock.adjust("1 minute")
      expect(calls).toBe(3)
      expect((yield* Fiber.join(fiber))._tag).toBe("Failure")
    }))
})
