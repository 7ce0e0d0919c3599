import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Parallel from "../../src/kernel/Parallel.ts"

const range = (size: number): ReadonlyArray<number> => Array.from({ length: size }, (_, index) => index)

/** Counts what is pulled, and whether it was told that nobody reads on. */
const source = (size: number) => {
  const told = { pulled: 0, closed: false }
  const items = function*() {
    try {
      for (let item = 0; item < size; item++) {
        told.pulled += 1
        yield item
      }
    } finally {
      told.closed = true
    }
  }
  return { told, items }
}

const broken = function*(): Generator<number> {
  yield 0
  yield 1
  throw new Error("listing broke")
}

describe("Parallel", () => {
  it.effect("returns partial failure whole: errors, defects and interrupted items in their places", () =>
    Effect.gen(function*() {
      const bug = new Error("a bug")
      const report = yield* Parallel.forEach(range(6), (item): Effect.Effect<number, string> => {
        if (item === 1) return Effect.fail("refused")
        if (item === 2) return Effect.die(bug)
        if (item === 3) throw bug
        return item === 4 ? Effect.interrupt : Effect.delay(Effect.succeed(item * 10), 0)
      }, { concurrency: 3 })
      expect(report).toMatchObject({ succeeded: 2, failed: 4, notStarted: 0, stopped: false })
      expect(Parallel.successes(report)).toEqual([[0, 0], [5, 50]])
      const causes = Parallel.failures(report)
      expect(causes.map(([index]) => index)).toEqual([1, 2, 3, 4])
      expect(causes.map(([, cause]) => [Cause.isFailure(cause), Cause.isDie(cause), Cause.isInterrupted(cause)]))
        .toEqual([
          [true, false, false],
          [false, true, false],
          [false, true, false],
          [false, false, true]
        ])
    }))

  it.effect("interrupts every item at work, waits for their finalizers and begins no other", () =>
    Effect.gen(function*() {
      const { items, told } = source(1_000)
      let finalized = 0
      const started = yield* Deferred.make<void>()
      const work = (item: number) =>
        Effect.onInterrupt(
          Effect.zipRight(item === 7 ? Deferred.succeed(started, undefined) : Effect.void, Effect.never),
          () => Effect.map(Effect.sleep("1 second"), () => finalized++)
        )
      const fiber = yield* Effect.fork(Parallel.forEach(items(), work, { concurrency: 8 }))
      yield* Deferred.await(started)
      const interrupting = yield* Effect.fork(Fiber.interrupt(fiber))
      yield* TestClock.adjust("1 second")
      const exit = yield* Fiber.join(interrupting)
      expect(Exit.isInterrupted(exit)).toBe(true)
      expect(finalized).toBe(8)
      expect(told).toEqual({ pulled: 8, closed: true })
    }))

  it.effect("never has more at work than allowed, and takes items only when a worker is free", () =>
    Effect.gen(function*() {
      const { items, told } = source(50)
      let running = 0
      let most = 0
      let ahead = 0
      const report = yield* Effect.fork(Parallel.forEach(items(), (item) =>
        Effect.gen(function*() {
          running += 1
          most = Math.max(most, running)
          ahead = Math.max(ahead, told.pulled - item)
          yield* Effect.sleep(`${10 + item % 7} millis`)
          running -= 1
          return item
        }), { concurrency: 4 }))
      yield* TestClock.adjust("1 millis")
      expect(told.pulled).toBe(4)
      yield* TestClock.adjust("1 second")
      expect(Parallel.successes(yield* Fiber.join(report)).map(([, item]) => item)).toEqual(range(50))
      expect(most).toBe(4)
      expect(ahead).toBe(1)
    }))

  it.effect("stops early, finishes what is at work and says what was not begun", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.fork(Parallel.forEach(
        range(10),
        (item) => Effect.delay(item === 1 ? Effect.fail("full") : Effect.succeed(item), item === 1 ? 5 : 10),
        { concurrency: 3, stopWhen: Exit.isFailure }
      ))
      yield* TestClock.adjust("10 millis")
      const report = yield* Fiber.join(fiber)
      expect(report.outcomes.map((outcome) => outcome._tag)).toEqual([
        "Success",
        "Failure",
        "Success",
        ...range(7).map(() => "NotStarted")
      ])
      expect(report).toMatchObject({ succeeded: 2, failed: 1, notStarted: 7, stopped: true })
      expect(report.outcomes.slice(3).every(Parallel.isNotStarted)).toBe(true)
    }))

  it.effect("stops an endless source and lets it close", () =>
    Effect.gen(function*() {
      const { items, told } = source(Infinity)
      const report = yield* Parallel.forEach(items(), Effect.succeed, {
        concurrency: 2,
        stopWhen: (_, index) => index === 99
      })
      expect(report.stopped).toBe(true)
      expect(report.succeeded).toBeGreaterThanOrEqual(100)
      expect(report.succeeded).toBeLessThanOrEqual(101)
      expect(told).toEqual({ pulled: report.succeeded, closed: true })
    }))

  it.effect("tells the progress after every item", () =>
    Effect.gen(function*() {
      const told: Array<Parallel.Progress<number, string>> = []
      yield* Parallel.forEach(
        new Set([5, 6, 7]),
        (item) => item === 6 ? Effect.fail("no") : Effect.succeed(item),
        { concurrency: 1, onProgress: (progress) => told.push(progress) }
      )
      expect(told.map(({ done, failed, index, total }) => [index, done, failed, total])).toEqual([
        [0, 1, 0, 3],
        [1, 2, 1, 3],
        [2, 3, 1, 3]
      ])
      expect(told[1]?.exit).toEqual(Exit.fail("no"))
    }))

  it.effect("ends with a defect of the source or of a hook, and interrupts the rest", () =>
    Effect.gen(function*() {
      let interrupted = 0
      const work = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
      const bySource = yield* Effect.exit(Parallel.forEach(broken(), () => work, { concurrency: 3 }))
      expect(Exit.isFailure(bySource) && Cause.pretty(bySource.cause)).toContain("listing broke")
      expect(interrupted).toBe(2)

      const byHook = yield* Effect.exit(Parallel.forEach(range(3), (item) => item === 0 ? Effect.void : work, {
        concurrency: 3,
        onProgress: () => {
          throw new Error("hook broke")
        }
      }))
      expect(Exit.isFailure(byHook) && Cause.pretty(byHook.cause)).toContain("hook broke")
      const byOptions = yield* Effect.exit(Parallel.forEach(range(3), Effect.succeed, { concurrency: 0 }))
      expect(Exit.isFailure(byOptions) && Cause.pretty(byOptions.cause)).toContain("concurrency")
    }))

  it.effect("is cheap in fibers: no more workers than items, none for one at a time", () =>
    Effect.gen(function*() {
      const ids = new Set<string>()
      const note = Effect.map(Effect.fiberId, (id) => ids.add(JSON.stringify(id)))
      yield* Parallel.forEach(range(3), () => Effect.zipRight(note, Effect.yieldNow()), { concurrency: 1_000 })
      expect(ids.size).toBe(3)
      ids.clear()
      yield* note
      yield* Parallel.forEach(range(3), () => note, { concurrency: 1 })
      expect(ids.size).toBe(1)
      expect(yield* Parallel.forEach([], () => note, { concurrency: 5 })).toMatchObject({ outcomes: [], succeeded: 0 })
    }))

  it.effect("writes on the span why it stopped", () =>
    Effect.gen(function*() {
      const events = yield* Effect.gen(function*() {
        yield* Parallel.forEach(range(3), Effect.fail, { concurrency: 1, stopWhen: Exit.isFailure })
        const span = yield* Effect.currentSpan
        return "events" in span && Array.isArray(span.events) ? span.events : []
      }).pipe(Effect.withSpan("test"))
      expect(events.map((event: ReadonlyArray<unknown>) => [event[0], event[2]])).toEqual([
        ["parallel.stopped", { "holdfast.index": 0, "holdfast.done": 1, "holdfast.total": 3 }]
      ])
    }))

  it.effect.prop(
    "gives every item its own outcome, whatever the order of ending",
    {
      plan: FastCheck.array(FastCheck.record({ fails: FastCheck.boolean(), yields: FastCheck.nat(4) }), {
        maxLength: 60
      }),
      concurrency: FastCheck.integer({ min: 1, max: 9 }),
      stopAt: FastCheck.option(FastCheck.nat(60), { nil: undefined })
    },
    ({ concurrency, plan, stopAt }) =>
      Effect.gen(function*() {
        const ran = new Set<number>()
        const report = yield* Parallel.forEach(plan, ({ fails, yields }, index) =>
          Effect.gen(function*() {
            expect(ran.has(index)).toBe(false)
            ran.add(index)
            for (let time = 0; time < yields; time++) yield* Effect.yieldNow()
            return yield* fails ? Effect.fail(index) : Effect.succeed(index)
          }), { concurrency, stopWhen: (_, index) => index === stopAt })
        expect(report.outcomes).toHaveLength(plan.length)
        for (const [index, outcome] of report.outcomes.entries()) {
          if (Parallel.isNotStarted(outcome)) {
            expect(ran.has(index)).toBe(false)
            expect(report.stopped).toBe(true)
          } else expect(outcome).toEqual(plan[index]?.fails === true ? Exit.fail(index) : Exit.succeed(index))
        }
        expect(report.succeeded + report.failed + report.notStarted).toBe(plan.length)
        expect(report.stopped).toBe(stopAt !== undefined && stopAt < plan.length)
      })
  )
})
