import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Logger from "effect/Logger"
import * as Bulkhead from "../../src/kernel/Bulkhead.ts"
import * as CircuitBreaker from "../../src/kernel/CircuitBreaker.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Parallel from "../../src/kernel/Parallel.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"

const range = (count: number) => Array.from({ length: count }, (_, index) => index)

const broken = (more?: Partial<Fault.Options>): Fault.Fault =>
  Fault.make({ kind: "transient", system: "test", operation: "Test.read", detail: "it broke", ...more })

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** The promise calls of a policy follow each other without waking their worker; nothing else may tell the difference. */
describe("Parallel over calls of a policy, on the machine's own clock", () => {
  it.live("keeps outcomes in their places: successes, retried successes, failures, rejections and defects", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({
        name: "test",
        retry: RetryPolicy.make({ maxAttempts: 3, base: 1, cap: 1, maxElapsed: "10 seconds" }),
        bulkhead: yield* Bulkhead.make({ permits: 3 }),
        attemptTimeout: "10 seconds"
      })
      const tried = new Map<number, number>()
      const report = yield* Parallel.forEach(range(60), (item) => {
        if (item === 7) throw new Error("a mistake in making the effect")
        if (item % 10 === 5) return Effect.succeed(item)
        return policy.call(() => {
          const count = (tried.get(item) ?? 0) + 1
          tried.set(item, count)
          if (item % 10 === 1 && count < 3) return Promise.reject(broken())
          if (item % 10 === 2) return Promise.reject(broken({ kind: "denied" }))
          if (item % 10 === 3) throw broken({ kind: "invalid" })
          return turn().then(() => item)
        })
      }, { concurrency: 8 })
      expect(report.outcomes).toHaveLength(60)
      for (const [item, outcome] of report.outcomes.entries()) {
        if (item === 7) {
          expect(outcome._tag === "Failure" && Cause.isDie(outcome.cause)).toBe(true)
        } else if (item % 10 === 2 || item % 10 === 3) {
          expect(outcome).toMatchObject({
            _tag: "Failure",
            cause: { error: { kind: item % 10 === 2 ? "denied" : "invalid" } }
          })
        } else expect(outcome).toEqual(Exit.succeed(item))
      }
      expect(tried.get(11)).toBe(3)
      expect(tried.get(12)).toBe(1)
    }).pipe(Effect.provide(Logger.remove(Logger.defaultLogger))))

  it.live("interrupted, it aborts the calls under way, begins no other and gives every permit back", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 4 })
      const policy = yield* Policy.make({ name: "test", bulkhead, attemptTimeout: "1 minute" })
      const seen = { begun: 0, aborted: 0 }
      const call = policy.call((signal) =>
        new Promise<never>((_, reject) => {
          seen.begun += 1
          signal.addEventListener("abort", () => {
            seen.aborted += 1
            reject(new Error("aborted"))
          })
        })
      )
      const fiber = yield* Effect.fork(Parallel.forEach(range(100), () => call, { concurrency: 4 }))
      while (seen.begun < 4) yield* Effect.promise(turn)
      const exit = yield* Fiber.interrupt(fiber)
      expect(Exit.isInterrupted(exit)).toBe(true)
      yield* Effect.promise(turn)
      expect(seen).toEqual({ begun: 4, aborted: 4 })
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, waiting: 0, abandoned: 0 })
    }))

  it.live("times out a call that does not settle, and goes on", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", attemptTimeout: "5 millis" })
      const report = yield* Parallel.forEach(
        range(10),
        (item) => policy.call(() => item === 4 ? new Promise<number>(() => {}) : Promise.resolve(item)),
        { concurrency: 2 }
      )
      expect([report.succeeded, report.failed]).toEqual([9, 1])
      expect(report.outcomes[4]).toMatchObject({ cause: { error: { kind: "timed-out", code: "attempt-timeout" } } })
    }))

  it.live("nests nothing, however fast calls settle, and lets timers have their turn", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test" })
      const atOnce = (item: number): PromiseLike<number> => ({
        // oxlint-disable-next-line unicorn/no-thenable -- a promise of another library that settles at once
        then: (fulfilled) => {
          fulfilled?.(item)
          return atOnce(item) as never
        }
      })
      let ticks = 0
      const timer = setInterval(() => ticks++, 0)
      const report = yield* Parallel.forEach(
        range(50_000),
        (item) => policy.call(() => item % 2 === 0 ? atOnce(item) : Promise.resolve(item)),
        { concurrency: 2 }
      )
      clearInterval(timer)
      expect(report.succeeded).toBe(50_000)
      expect(ticks).toBeGreaterThan(2)
    }))

  it.live("stops early, and ends with the defect of a hook", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test" })
      const call = (item: number) => policy.call(() => turn().then(() => item))
      const stopped = yield* Parallel.forEach(range(50), call, {
        concurrency: 2,
        stopWhen: (exit) => Exit.isSuccess(exit) && exit.value === 9
      })
      expect(stopped.stopped).toBe(true)
      expect(stopped.succeeded).toBeLessThan(13)
      expect(stopped.succeeded + stopped.notStarted).toBe(50)
      const exit = yield* Effect.exit(Parallel.forEach(range(5), call, {
        concurrency: 2,
        onProgress: ({ index }) => {
          if (index === 3) throw new Error("hook broke")
        }
      }))
      expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("hook broke")
    }))

  it.live("rejects by an open circuit, once for each call", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "test", consecutiveFailures: 2, openFor: "1 minute" })
      const policy = yield* Policy.make({ name: "test", breaker })
      let calls = 0
      const report = yield* Parallel.forEach(range(20), () =>
        policy.call(() => {
          calls += 1
          return Promise.reject(broken())
        }), { concurrency: 1 })
      expect([calls, report.failed]).toEqual([2, 20])
      expect(report.outcomes[19]).toMatchObject({ cause: { error: { kind: "rejected", code: "circuit-open" } } })
      expect(breaker.machine.counts.rejected).toBe(18)
    }))
})
