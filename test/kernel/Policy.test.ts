import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as Bulkhead from "../../src/kernel/Bulkhead.ts"
import * as CircuitBreaker from "../../src/kernel/CircuitBreaker.ts"
import * as Deadline from "../../src/kernel/Deadline.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RetryBudget from "../../src/kernel/RetryBudget.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"
import { ManualClock } from "./ManualClock.ts"

const transient = (more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind: "transient", system: "test", operation: "Test.read", detail: "it broke", ...more })

const everySecond = (maxAttempts: number, budget?: RetryBudget.RetryBudget) =>
  RetryPolicy.make({ maxAttempts, base: 1000, cap: 1000, jitter: "none", budget })

/** Work that counts its runs and fails until it has run so often. */
const failing = (times: number, fault = transient()) => {
  const seen = { runs: 0 }
  const effect = Effect.suspend(() => ++seen.runs <= times ? Effect.fail(fault) : Effect.succeed(seen.runs))
  return { seen, effect }
}

const failureOf = <E>(exit: Exit.Exit<unknown, E>): Fault.Fault => {
  if (Exit.isSuccess(exit) || exit.cause._tag !== "Fail" || !Fault.isFault(exit.cause.error)) {
    throw new Error(`not a fault: ${String(exit)}`)
  }
  return exit.cause.error
}

const run = <A, E>(effect: Effect.Effect<A, E>, time: number) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.exit(effect))
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

const settle = Effect.forEach(Array.from({ length: 30 }), () => Effect.yieldNow(), { discard: true })

/** A promise that only the test settles, and that ignores its signal. */
const stubborn = () => {
  const work = { running: 0, most: 0, ends: [] as Array<() => void> }
  const evaluate = (_signal: AbortSignal) => {
    work.running += 1
    work.most = Math.max(work.most, work.running)
    return new Promise<string>((resolve) => {
      work.ends.push(() => {
        work.running -= 1
        resolve("late")
      })
    })
  }
  return { work, evaluate }
}

describe("the production failures a policy must not have", () => {
  it.effect("keeps its limit when timeouts fire and the work ignores its signal", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 2 })
      const policy = yield* Policy.make({ name: "stubborn", bulkhead, attemptTimeout: 20 })
      const { evaluate, work } = stubborn()
      const fibers = yield* Effect.forEach(Array.from({ length: 10 }), () =>
        Effect.fork(Effect.exit(policy.call(evaluate))))
      for (let round = 0; round < 5; round++) {
        yield* TestClock.adjust(20)
        expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 2, abandoned: 2, waiting: 8 - round * 2 })
        for (const end of work.ends.splice(0)) {
          end()
        }
        yield* settle
      }
      expect(work.most).toBe(2)
      for (const fiber of fibers) {
        expect(failureOf(yield* Fiber.join(fiber)).code).toBe("attempt-timeout")
      }
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, abandoned: 0, waiting: 0 })
    }))

  it.effect("does not multiply attempts: three nested policies of four attempts make four calls", () =>
    Effect.gen(function*() {
      const layers = yield* Effect.forEach(["a", "b", "c"], (name) => Policy.make({ name, retry: everySecond(4) }))
      const { effect, seen } = failing(100)
      const nested = layers.reduce<Effect.Effect<number, Fault.Fault>>((inner, policy) => policy.run(inner), effect)
      const exit = yield* run(nested, 100_000)
      expect(seen.runs).toBe(4)
      expect(failureOf(exit).kind).toBe("transient")
      const promised = { calls: 0 }
      const innermost = layers[0]
      const outer = layers[1]
      if (innermost === undefined || outer === undefined) throw new Error("no layers")
      const call = innermost.call(() => {
        promised.calls += 1
        return Promise.reject(transient())
      })
      yield* run(outer.run(call), 100_000)
      expect(promised.calls).toBe(4)
    }))

  const action = FastCheck.oneof(
    FastCheck.record({ do: FastCheck.constant("interrupt" as const), at: FastCheck.nat(7) }),
    FastCheck.record({ do: FastCheck.constant("settle" as const), at: FastCheck.nat(7) }),
    FastCheck.record({ do: FastCheck.constant("yield" as const), at: FastCheck.integer({ min: 1, max: 6 }) }),
    FastCheck.record({ do: FastCheck.constant("pass" as const), at: FastCheck.integer({ min: 1, max: 15 }) })
  )

  it.effect.prop(
    "leaks no permit under any interleaving of acquiring, timing out, being interrupted and ending",
    {
      budget: FastCheck.integer({ min: 10, max: 40 }),
      promises: FastCheck.boolean(),
      actions: FastCheck.array(action, { maxLength: 50 })
    },
    ({ actions, budget, promises }) =>
      Effect.gen(function*() {
        const clock = new ManualClock()
        const bulkhead = yield* Bulkhead.make({ permits: 2, queue: 5 })
        const breaker = yield* CircuitBreaker.make({ name: "leak", consecutiveFailures: 3, openFor: 10 })
        const policy = yield* Policy.make({
          name: "leak",
          bulkhead,
          breaker,
          retry: RetryPolicy.make({ maxAttempts: 2, base: 3, cap: 3, jitter: "none" }),
          attemptTimeout: 10,
          deadline: 40
        })
        const ends: Array<() => void> = []
        const workers = yield* Effect.forEach(Array.from({ length: 8 }), () =>
          Effect.gen(function*() {
            const latch = yield* Deferred.make<void>()
            const work = promises
              ? policy.call((_signal) => new Promise<void>((resolve) => ends.push(resolve)))
              : policy.run(Effect.onInterrupt(Deferred.await(latch), () => Effect.yieldNow()))
            const fiber = yield* Effect.exit(work).pipe(
              Effect.withClock(clock),
              Effect.withMaxOpsBeforeYield(budget),
              Effect.forkDaemon
            )
            return { fiber, latch }
          }))
        for (const each of actions) {
          const worker = workers[each.at]
          if (each.do === "yield") yield* Effect.forEach(Array.from({ length: each.at }), () => Effect.yieldNow())
          else if (each.do === "pass") clock.pass(each.at)
          else if (each.do === "interrupt" && worker !== undefined) yield* Fiber.interruptFork(worker.fiber)
          else if (promises) { for (const end of ends.splice(0, 1)) end() }
          else if (worker !== undefined) yield* Deferred.succeed(worker.latch, undefined)
          expect(bulkhead.machine.inUse).toBeLessThanOrEqual(2)
        }
        for (const worker of workers) yield* Deferred.succeed(worker.latch, undefined)
        while (workers.some(({ fiber }) => fiber.unsafePoll() === null)) {
          for (const end of ends.splice(0)) end()
          clock.pass(5)
          yield* Effect.yieldNow()
        }
        for (const end of ends.splice(0)) end()
        while (bulkhead.machine.abandoned > 0 || clock.sleeping > 0) yield* Effect.yieldNow()
        expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, waiting: 0, abandoned: 0 })
        expect(breaker.machine.probesInFlight).toBe(0)
      }),
    { fastCheck: { numRuns: 200 } }
  )
})

describe("retries", () => {
  it.effect("retries a fault until it works, and waits in between on the clock", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(4) })
      const { effect, seen } = failing(2)
      const fiber = yield* Effect.fork(policy.run(effect))
      yield* TestClock.adjust(999)
      expect(seen.runs).toBe(1)
      yield* TestClock.adjust(1001)
      expect(seen.runs).toBe(3)
      expect(yield* Fiber.join(fiber)).toBe(3)
    }))

  it.effect("gives back the last fault, and how often and how long it tried", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(3) })
      const fault = failureOf(yield* run(policy.run(failing(9, transient({ hint: "Look at the node." })).effect), 9000))
      expect(fault).toMatchObject({
        kind: "transient",
        detail: "it broke (tried 3 times in 2s)",
        hint: "Look at the node."
      })
    }))

  it.effect("never retries a defect, an error that is no fault, or a fault that does not pass", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(4) })
      const failures: ReadonlyArray<Effect.Effect<never, string | Fault.Fault>> = [
        Effect.die("bug"),
        Effect.fail("text"),
        Effect.fail(transient({ kind: "invalid" })),
        Effect.failCause(Cause.parallel(Cause.fail(transient()), Cause.die("bug")))
      ]
      for (const failure of failures) {
        let runs = 0
        const exit = yield* run(
          policy.run(Effect.suspend(() => {
            runs += 1
            return failure
          })),
          10_000
        )
        expect(runs).toBe(1)
        expect(exit).toStrictEqual(yield* Effect.exit(failure))
      }
    }))

  it.effect("lets a mutation say which faults leave no doubt", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(4) })
      const doubtful = failing(1, transient({ sent: "maybe" }))
      expect(failureOf(yield* run(policy.run(doubtful.effect, { retryWhen: Fault.mayResend }), 9000)).sent).toBe(
        "maybe"
      )
      expect(doubtful.seen.runs).toBe(1)
      const refused = failing(1, transient({ sent: "no" }))
      expect(yield* run(policy.run(refused.effect, { retryWhen: Fault.mayResend }), 9000)).toStrictEqual(
        Exit.succeed(2)
      )
    }))

  it.effect("ends a backoff at once when it is interrupted, without another run", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(4) })
      const { effect, seen } = failing(9)
      const fiber = yield* Effect.fork(policy.run(effect))
      yield* TestClock.adjust(500)
      const exit = yield* Fiber.interrupt(fiber)
      expect(Exit.isInterrupted(exit)).toBe(true)
      yield* TestClock.adjust(10_000)
      expect(seen.runs).toBe(1)
    }))

  it.effect("holds no permit while it waits to retry", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const policy = yield* Policy.make({ name: "test", retry: everySecond(2), bulkhead })
      const fiber = yield* Effect.fork(policy.run(failing(1).effect))
      yield* TestClock.adjust(500)
      expect((yield* bulkhead.snapshot).inUse).toBe(0)
      expect(yield* policy.run(Effect.succeed("other"))).toBe("other")
      yield* TestClock.adjust(500)
      expect(yield* Fiber.join(fiber)).toBe(2)
    }))

  it.effect("stops at once when the server's wait ends after the deadline", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(4), deadline: "5 seconds" })
      const { effect, seen } = failing(9, transient({ kind: "throttled", retryAfterMillis: 5000 }))
      const fault = failureOf(yield* run(policy.run(effect), 0))
      expect(seen.runs).toBe(1)
      expect(fault).toMatchObject({ kind: "throttled", retryAfterMillis: 5000 })
      expect(fault.detail).toContain("the next try would come after the deadline")
    }))

  it.effect("refuses by the budget of the service with an outcome of its own", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ capacity: 3, ratio: 0, perSecond: 0 })
      const policies = yield* Effect.forEach(
        ["a", "b"],
        (name) => Policy.make({ name, retry: everySecond(4, budget) })
      )
      const faults: Array<Fault.Fault> = []
      const works = [failing(9, transient({ status: 503, sent: "no" })), failing(9, transient({ sent: "no" }))]
      for (const [index, policy] of policies.entries()) {
        const work = works[index]
        if (work !== undefined) faults.push(failureOf(yield* run(policy.run(work.effect), 10_000)))
      }
      expect(works.map((work) => work.seen.runs)).toEqual([4, 1])
      expect(faults[0]).toMatchObject({ kind: "transient" })
      expect(faults[1]).toMatchObject({ kind: "rejected", code: "budget-exhausted", detail: "it broke" })
      expect(budget.refusals).toBe(1)
    }))

  it.effect("keeps the doubt about a request when the budget refuses to repeat it", () =>
    Effect.gen(function*() {
      const budget = yield* RetryBudget.make({ capacity: 0 })
      const policy = yield* Policy.make({ name: "test", retry: everySecond(4, budget) })
      const fault = failureOf(yield* run(policy.run(failing(9, transient({ sent: "maybe" })).effect), 0))
      expect(Fault.isOutcomeUnknown(fault)).toBe(true)
      expect(fault.hint).toContain("too many retries")
    }))

  it.effect("takes a plain Schedule, with the server's wait as a floor and the deadline as an end", () =>
    Effect.gen(function*() {
      const schedule = Schedule.intersect(Schedule.spaced("1 second"), Schedule.recurs(2))
      const policy = yield* Policy.make({ name: "test", retry: schedule })
      const plain = failing(9)
      yield* run(policy.run(plain.effect), 10_000)
      expect(plain.seen.runs).toBe(3)
      const asked = failing(9, transient({ retryAfterMillis: 3000 }))
      const fiber = yield* Effect.fork(Effect.exit(policy.run(asked.effect)))
      yield* TestClock.adjust(2999)
      expect(asked.seen.runs).toBe(1)
      yield* TestClock.adjust(1)
      expect(asked.seen.runs).toBe(2)
      yield* TestClock.adjust(10_000)
      yield* Fiber.join(fiber)
      const late = failing(9, transient({ retryAfterMillis: 3000 }))
      yield* run(Deadline.within(3000)(policy.run(late.effect)), 0)
      expect(late.seen.runs).toBe(1)
    }))

  it.effect("tells its caller before each wait", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "test", retry: everySecond(3) })
      const told: Array<Policy.Retry> = []
      yield* run(policy.run(failing(2).effect, { onRetry: (retry) => Effect.sync(() => told.push(retry)) }), 9000)
      expect(told.map(({ attempt, delayMillis }) => [attempt, delayMillis])).toEqual([[1, 1000], [2, 1000]])
    }))

  it.effect("lets work that outlives the operation retry for itself", () =>
    Effect.gen(function*() {
      const outer = yield* Policy.make({ name: "outer", retry: everySecond(2), deadline: "1 second" })
      const inner = yield* Policy.make({ name: "inner", retry: everySecond(3) })
      const { effect, seen } = failing(2)
      yield* outer.run(Effect.forkDaemon(Policy.detached(inner.run(effect))))
      yield* TestClock.adjust(5000)
      expect(seen.runs).toBe(3)
    }))
})
