import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Metric from "effect/Metric"
import * as MetricState from "effect/MetricState"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import * as Bulkhead from "../../src/kernel/Bulkhead.ts"
import * as CircuitBreaker from "../../src/kernel/CircuitBreaker.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RateLimit from "../../src/kernel/RateLimit.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"

const faultOf = (kind: Fault.Kind, more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind, system: "test", operation: "Test.read", detail: "it broke", ...more })

const failureOf = <E>(exit: Exit.Exit<unknown, E>): Fault.Fault => {
  if (Exit.isSuccess(exit) || exit.cause._tag !== "Fail" || !Fault.isFault(exit.cause.error)) {
    throw new Error(`not a fault: ${String(exit)}`)
  }
  return exit.cause.error
}

const settle = Effect.forEach(Array.from({ length: 30 }), () => Effect.yieldNow(), { discard: true })

const guarded = (options: Omit<Policy.Options, "name" | "breaker"> = {}) =>
  Effect.gen(function*() {
    const breaker = yield* CircuitBreaker.make({ name: "pieces", consecutiveFailures: 2, openFor: "30 seconds" })
    return { breaker, policy: yield* Policy.make({ ...options, name: "pieces", breaker }) }
  })

describe("a policy with a breaker", () => {
  it.effect("opens on what trips, and rejects without running or retrying", () =>
    Effect.gen(function*() {
      const { policy } = yield* guarded({ retry: RetryPolicy.default })
      const failing = policy.run(Effect.fail(faultOf("transient")), { retryWhen: () => false })
      yield* Effect.exit(failing)
      yield* Effect.exit(policy.call(() => Promise.reject(faultOf("transient")), { retryWhen: () => false }))
      let runs = 0
      const fault = failureOf(yield* Effect.exit(policy.run(Effect.sync(() => ++runs), { operation: "Test.write" })))
      expect(runs).toBe(0)
      expect(fault).toMatchObject({ kind: "rejected", code: "circuit-open", sent: "no", operation: "Test.write" })
      expect(fault.retryAfterMillis).toBeGreaterThan(20_000)
    }))

  it.effect("does not open on throttles, mistakes of the caller, errors that are no faults, defects, interruption", () =>
    Effect.gen(function*() {
      const { breaker, policy } = yield* guarded()
      for (let round = 0; round < 3; round++) {
        for (const kind of ["throttled", "not-found", "denied", "invalid", "conflict", "locked"] as const) {
          yield* Effect.exit(policy.run(Effect.fail(faultOf(kind))))
        }
        yield* Effect.exit(policy.run(Effect.fail("text")))
        yield* Effect.exit(policy.run(Effect.die("bug")))
        const fiber = yield* Effect.fork(policy.call(() => new Promise<never>(() => {})))
        yield* settle
        yield* Fiber.interrupt(fiber)
      }
      expect(yield* breaker.state).toBe("closed")
    }))

  it.effect("counts timeouts, but not those of a deadline that left less than an attempt", () =>
    Effect.gen(function*() {
      const { breaker, policy } = yield* guarded({ attemptTimeout: 100, deadline: 150 })
      const hang = Effect.gen(function*() {
        const fiber = yield* Effect.fork(Effect.exit(policy.call(() => new Promise<never>(() => {}))))
        yield* TestClock.adjust(150)
        return yield* Fiber.join(fiber)
      })
      yield* hang
      expect(breaker.machine.counts.failures).toBe(1)
      const short = yield* guarded({ attemptTimeout: 100, deadline: 50 })
      const fiber = yield* Effect.fork(Effect.exit(short.policy.call(() => new Promise<never>(() => {}))))
      yield* TestClock.adjust(50)
      yield* Fiber.join(fiber)
      expect(short.breaker.machine.counts.failures).toBe(0)
    }))

  it.effect("gives the breaker's permit back when the bulkhead turns the call away", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1, queue: 0 })
      const { breaker, policy } = yield* guarded({ bulkhead })
      const holder = yield* Effect.fork(bulkhead.withPermits(1)(Effect.never))
      yield* settle
      expect(failureOf(yield* Effect.exit(policy.run(Effect.void))).code).toBe("queue-full")
      expect(breaker.machine.counts).toMatchObject({ dropped: 1, failures: 0, successes: 0 })
      yield* Fiber.interrupt(holder)
    }))

  it.effect("holds everybody back when one call is told to wait and the breaker opens on that", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "told", openOnRetryAfter: true })
      const policy = yield* Policy.make({ name: "told", breaker })
      yield* Effect.exit(policy.run(Effect.fail(faultOf("throttled", { retryAfterMillis: 4000 }))))
      const fault = failureOf(yield* Effect.exit(policy.run(Effect.void)))
      expect(fault.code).toBe("circuit-open")
      expect(fault.retryAfterMillis).toBeGreaterThanOrEqual(4000)
    }))
})

describe("a policy with a bulkhead and a rate limit", () => {
  it.effect("takes the weight it is told, and refuses one that is none", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 3 })
      const policy = yield* Policy.make({ name: "pieces", bulkhead })
      yield* policy.run(Effect.sync(() => expect(bulkhead.machine.inUse).toBe(3)), { weight: 3 })
      expect(Exit.isFailure(yield* Effect.exit(policy.run(Effect.void, { weight: 0 })))).toBe(true)
      expect(bulkhead.machine.inUse).toBe(0)
    }))

  it.effect("lowers an adaptive limit when attempts time out for ever", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 4, adaptive: {} })
      const policy = yield* Policy.make({ name: "pieces", bulkhead, attemptTimeout: 10 })
      for (let round = 0; round < 8; round++) {
        const fiber = yield* Effect.fork(Effect.exit(policy.run(Effect.never)))
        yield* TestClock.adjust(10)
        yield* Fiber.join(fiber)
      }
      expect(yield* bulkhead.snapshot).toMatchObject({ limit: 1, inUse: 0 })
    }))

  it.effect("waits for the rate and keeps to it, and gives its permit back when interrupted there", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const rateLimit = yield* RateLimit.make({ permits: 1, interval: "1 second", burst: 1 })
      const policy = yield* Policy.make({ name: "pieces", bulkhead, rateLimit })
      yield* policy.run(Effect.void)
      const waiting = yield* Effect.fork(policy.run(Effect.succeed("second")))
      yield* settle
      expect(bulkhead.machine.inUse).toBe(1)
      yield* Fiber.interrupt(waiting)
      expect(bulkhead.machine.inUse).toBe(0)
      const again = yield* Effect.fork(policy.run(Effect.succeed("third")))
      yield* TestClock.adjust("1 second")
      expect(yield* Fiber.join(again)).toBe("third")
      const late = yield* Effect.fork(Effect.exit(
        (yield* Policy.make({ name: "pieces", bulkhead, rateLimit, deadline: 100 })).run(Effect.void)
      ))
      yield* TestClock.adjust(100)
      expect(failureOf(yield* Fiber.join(late))).toMatchObject({ code: "deadline", sent: "no" })
      expect(bulkhead.machine.inUse).toBe(0)
    }))
})

const rejecting = () => Promise.reject(new Error("socket hang up"))

describe("what a promise rejects with", () => {
  it.effect("is classified by the caller, or unknown", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "pieces", system: "aws" })
      const unknown = failureOf(yield* Effect.exit(policy.call(rejecting, { operation: "Aws.put", subject: "key" })))
      expect(unknown).toMatchObject({
        kind: "unknown",
        system: "aws",
        operation: "Aws.put",
        subject: "key",
        sent: "maybe",
        detail: "socket hang up"
      })
      const classified = policy.call(rejecting, { catch: () => faultOf("locked") })
      expect(failureOf(yield* Effect.exit(classified)).kind).toBe("locked")
      const thrown = policy.call(() => {
        throw faultOf("denied")
      })
      expect(failureOf(yield* Effect.exit(thrown)).kind).toBe("denied")
    }))

  it.effect("is a defect when the classification itself throws, and no permit stays taken", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const policy = yield* Policy.make({ name: "pieces", bulkhead, retry: RetryPolicy.default })
      const exit = yield* Effect.exit(policy.call(() => Promise.reject(new Error("no")), {
        catch: () => {
          throw new TypeError("bug")
        }
      }))
      if (Exit.isSuccess(exit)) throw new Error("it worked")
      expect(exit.cause).toMatchObject({ _tag: "Die", defect: new TypeError("bug") })
      expect(bulkhead.machine.inUse).toBe(0)
    }))
})

const events = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.gen(function*() {
    const found: Array<readonly [string, Record<string, unknown>]> = []
    yield* Effect.exit(Effect.useSpan("operation", (span) => {
      const recording: Tracer.Span = Object.assign(Object.create(Object.getPrototypeOf(span)), span, {
        event: (name: string, _time: bigint, attributes?: Record<string, unknown>) => {
          if (name.startsWith("policy.")) found.push([name, attributes ?? {}])
        }
      })
      return Effect.withParentSpan(effect, recording)
    }))
    return found
  })

describe("what a policy tells", () => {
  it.effect("nothing on the span when all goes well", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "told", attemptTimeout: 100, retry: RetryPolicy.default })
      expect(yield* events(Effect.zip(policy.run(Effect.void), policy.call(() => Promise.resolve(1))))).toEqual([])
    }))

  it.effect("attempts and waits on the span when it retries", () =>
    Effect.gen(function*() {
      const retry = RetryPolicy.make({ maxAttempts: 2, base: 1000, jitter: "none" })
      const policy = yield* Policy.make({ name: "told", retry })
      const fiber = yield* Effect.fork(events(policy.run(Effect.fail(faultOf("locked", { code: "vm-locked" })))))
      yield* TestClock.adjust(1000)
      expect(yield* Fiber.join(fiber)).toEqual([
        ["policy.attempt", {
          "holdfast.policy": "told",
          "holdfast.attempt": 1,
          "holdfast.duration_ms": 0,
          "holdfast.kind": "locked",
          "holdfast.code": "vm-locked"
        }],
        ["policy.wait", {
          "holdfast.policy": "told",
          "holdfast.attempt": 1,
          "holdfast.wait_for": "retry",
          "holdfast.wait_ms": 1000
        }],
        ["policy.attempt", expect.objectContaining({ "holdfast.attempt": 2 })]
      ])
    }))

  it.effect("timeouts, rejections and waits for a permit on the span", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1, queue: 1 })
      const policy = yield* Policy.make({ name: "told", bulkhead, attemptTimeout: 100 })
      const latch = yield* Deferred.make<void>()
      const holder = yield* Effect.fork(bulkhead.withPermits(1)(Deferred.await(latch)))
      yield* settle
      const waiting = yield* Effect.fork(events(policy.call(() => new Promise<never>(() => {}))))
      yield* settle
      expect((yield* events(policy.run(Effect.void))).map(([name]) => name)).toEqual(["policy.rejected"])
      yield* TestClock.adjust(50)
      yield* Deferred.succeed(latch, undefined)
      yield* Fiber.join(holder)
      yield* settle
      yield* TestClock.adjust(100)
      const [wait, timeout] = yield* Fiber.join(waiting)
      expect(wait).toMatchObject(["policy.wait", { "holdfast.wait_for": "permit", "holdfast.wait_ms": 50 }])
      expect(timeout).toMatchObject(["policy.timeout", { "holdfast.duration_ms": 100 }])
    }))

  it.effect("its counts under the name of the policy and nothing else", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1, queue: 0 })
      const retry = RetryPolicy.make({ maxAttempts: 2, base: 1, cap: 1, jitter: "none" })
      const name = "counted once"
      const policy = yield* Policy.make({ name, bulkhead, retry, attemptTimeout: 10 })
      yield* policy.call(() => Promise.resolve(1))
      const fiber = yield* Effect.fork(Effect.exit(policy.run(Effect.never)))
      yield* TestClock.adjust(21)
      yield* Fiber.join(fiber)
      const holder = yield* Effect.fork(bulkhead.withPermits(1)(Effect.never))
      yield* settle
      yield* Effect.exit(policy.run(Effect.void))
      yield* Fiber.interrupt(holder)
      const counts: Record<string, number> = {}
      for (const { metricKey, metricState } of yield* Metric.snapshot) {
        const labels = metricKey.tags.map((tag) => `${tag.key}=${tag.value}`)
        if (!labels.includes(`policy=${name}`)) continue
        expect(labels).toEqual([`policy=${name}`])
        if (MetricState.isCounterState(metricState)) counts[metricKey.name] = Number(metricState.count)
        if (MetricState.isGaugeState(metricState)) counts[metricKey.name] = Number(metricState.value)
      }
      expect(counts).toEqual({
        holdfast_policy_attempts: 3,
        holdfast_policy_retries: 1,
        holdfast_policy_timeouts: 2,
        holdfast_policy_rejections: 1,
        holdfast_policy_abandoned: 0
      })
    }))
})
