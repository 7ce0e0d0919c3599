import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as TestClock from "effect/TestClock"
import * as Bulkhead from "../../src/kernel/Bulkhead.ts"
import * as Deadline from "../../src/kernel/Deadline.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"

const failureOf = <E>(exit: Exit.Exit<unknown, E>): Fault.Fault => {
  if (Exit.isSuccess(exit) || exit.cause._tag !== "Fail" || !Fault.isFault(exit.cause.error)) {
    throw new Error(`not a fault: ${String(exit)}`)
  }
  return exit.cause.error
}

const settle = Effect.forEach(Array.from({ length: 30 }), () => Effect.yieldNow(), { discard: true })

const never = (_signal: AbortSignal) => new Promise<never>(() => {})

const run = <A, E>(effect: Effect.Effect<A, E>, time: number) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.fork(Effect.exit(effect))
    yield* TestClock.adjust(time)
    return yield* Fiber.join(fiber)
  })

const pending = <A, E>(fiber: Fiber.RuntimeFiber<A, E>) => Effect.map(Fiber.poll(fiber), (exit) => exit._tag === "None")

describe("the attempt timeout", () => {
  it.effect("is named, says that the request may have been sent, and comes neither early nor late", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", system: "proxmox", attemptTimeout: "5 seconds" })
      for (
        const work of [
          policy.call(never, { operation: "Proxmox.clone", subject: "VM 401" }),
          policy.run(Effect.never, { operation: "Proxmox.clone", subject: "VM 401" })
        ]
      ) {
        const fiber = yield* Effect.fork(Effect.exit(work))
        yield* TestClock.adjust(4999)
        expect(yield* pending(fiber)).toBe(true)
        yield* TestClock.adjust(1)
        const fault = failureOf(yield* Fiber.join(fiber))
        expect(fault).toMatchObject({
          kind: "timed-out",
          code: "attempt-timeout",
          sent: "maybe",
          system: "proxmox",
          operation: "Proxmox.clone"
        })
        expect(fault.message).toBe("VM 401: no answer within 5s")
      }
    }))

  it.effect("is per attempt, and aborts the signal of the attempt that ran out", () =>
    Effect.gen(function*() {
      const retry = RetryPolicy.make({ maxAttempts: 3, base: 100, jitter: "none" })
      const policy = yield* Policy.make({ name: "slow", retry, attemptTimeout: 1000 })
      const signals: Array<AbortSignal> = []
      const fiber = yield* Effect.fork(policy.call((signal) => {
        signals.push(signal)
        return signals.length < 3 ? never(signal) : Promise.resolve("third")
      }))
      yield* TestClock.adjust(1000)
      expect(signals.map((signal) => signal.aborted)).toEqual([true])
      yield* TestClock.adjust(100)
      expect(signals.map((signal) => signal.aborted)).toEqual([true, false])
      yield* TestClock.adjust(1200)
      expect(yield* Fiber.join(fiber)).toBe("third")
      expect(signals.map((signal) => signal.aborted)).toEqual([true, true, false])
    }))

  it.effect("aborts the signal when the caller is interrupted, and answers at once", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const policy = yield* Policy.make({ name: "slow", bulkhead, attemptTimeout: 1000 })
      const seen = { aborted: false, end: () => {} }
      const fiber = yield* Effect.fork(policy.call((signal) =>
        new Promise<void>((resolve) => {
          seen.end = resolve
          signal.addEventListener("abort", () => {
            seen.aborted = true
          })
        })
      ))
      yield* settle
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      expect(seen.aborted).toBe(true)
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 1, abandoned: 1 })
      seen.end()
      yield* settle
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, abandoned: 0 })
    }))

  it.effect("gives a function without a parameter a signal that never aborts", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", attemptTimeout: 1000 })
      const seen: Array<unknown> = []
      const fiber = yield* Effect.fork(Effect.exit(policy.call((...given: ReadonlyArray<AbortSignal>) => {
        seen.push(...given)
        return new Promise<never>(() => {})
      })))
      yield* TestClock.adjust(1000)
      expect(failureOf(yield* Fiber.join(fiber)).code).toBe("attempt-timeout")
      expect(seen).toHaveLength(1)
      expect(seen[0]).toMatchObject({ aborted: false })
    }))

  it.effect("does not let an uninterruptible part hold the caller, and keeps its permit until it ends", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const policy = yield* Policy.make({ name: "slow", bulkhead, attemptTimeout: 100 })
      const exit = yield* run(policy.run(Effect.uninterruptible(Effect.sleep(1000))), 100)
      expect(failureOf(exit).code).toBe("attempt-timeout")
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 1, abandoned: 1 })
      yield* TestClock.adjust(900)
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, abandoned: 0 })
    }))

  it.effect("waits for the finalizers of an effect whose caller is interrupted", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", attemptTimeout: 1000 })
      const latch = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(policy.run(Effect.onInterrupt(Effect.never, () => Deferred.await(latch))))
      yield* settle
      yield* Fiber.interruptFork(fiber)
      yield* settle
      expect(yield* pending(fiber)).toBe(true)
      yield* Deferred.succeed(latch, undefined)
      expect(Exit.isInterrupted(yield* Fiber.await(fiber))).toBe(true)
    }))

  it.effect("still limits work inside a region where interruption is masked", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", attemptTimeout: 100 })
      for (const work of [policy.run(Effect.never), policy.call(never)]) {
        expect(failureOf(yield* run(Effect.uninterruptible(work), 100)).code).toBe("attempt-timeout")
      }
    }))

  it.scoped("gives back what the work changed in its fiber", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", attemptTimeout: 100 })
      const ref = yield* FiberRef.make(0)
      expect(yield* policy.run(Effect.as(FiberRef.set(ref, 7), "done"))).toBe("done")
      expect(yield* FiberRef.get(ref)).toBe(7)
    }))

  it.effect("leaves no timer behind on any clock", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", attemptTimeout: 100, deadline: 1000 })
      yield* policy.call(() => Promise.resolve(1))
      yield* policy.run(Effect.succeed(1))
      yield* settle
      const clock = yield* TestClock.testClock()
      // A sleeping fiber that was interrupted leaves its entry in the test clock; waking it must do nothing.
      yield* TestClock.adjust(2000)
      expect((yield* clock.sleeps).length).toBe(0)
    }))
})

describe("the deadline", () => {
  it.effect("bounds all attempts together, and names itself", () =>
    Effect.gen(function*() {
      const retry = RetryPolicy.make({ maxAttempts: 9, base: 100, cap: 100, jitter: "none" })
      const policy = yield* Policy.make({ name: "slow", retry, attemptTimeout: 1000, deadline: 2500 })
      for (const work of [policy.call(never), policy.run(Effect.never)]) {
        const fiber = yield* Effect.fork(Effect.exit(work))
        yield* TestClock.adjust(2499)
        expect(yield* pending(fiber)).toBe(true)
        yield* TestClock.adjust(1)
        const fault = failureOf(yield* Fiber.join(fiber))
        expect(fault).toMatchObject({ kind: "timed-out", code: "deadline", sent: "maybe" })
        expect(fault.detail).toBe("the deadline passed after 2s 500ms")
      }
    }))

  it.effect("ends the wait in line, where nothing was sent", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const policy = yield* Policy.make({ name: "slow", bulkhead, deadline: 100 })
      const holder = yield* Effect.fork(bulkhead.withPermits(1)(Effect.never))
      yield* settle
      const fault = failureOf(yield* run(policy.call(never), 100))
      expect(fault).toMatchObject({ code: "deadline", sent: "no" })
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 1, waiting: 0 })
      yield* Fiber.interrupt(holder)
    }))

  it.effect("is inherited, and the earlier one wins", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow", deadline: "1 minute" })
      expect(yield* Deadline.remaining).toBe(Number.POSITIVE_INFINITY)
      const seen = yield* Deadline.within("10 seconds")(policy.run(
        Deadline.within("1 hour")(Deadline.remaining)
      ))
      expect(seen).toBe(10_000)
      expect(yield* policy.run(Deadline.remaining)).toBe(60_000)
      expect(yield* Deadline.within(1000)(Deadline.without(Deadline.remaining))).toBe(Number.POSITIVE_INFINITY)
      const fault = failureOf(yield* run(Deadline.within("10 seconds")(policy.call(never)), 10_000))
      expect(fault.code).toBe("deadline")
    }))

  it.effect("begins no attempt when it has passed", () =>
    Effect.gen(function*() {
      const policy = yield* Policy.make({ name: "slow" })
      let runs = 0
      const late = Effect.provideService(policy.run(Effect.sync(() => ++runs)), Deadline.Deadline, -1)
      expect(failureOf(yield* Effect.exit(late))).toMatchObject({ code: "deadline", sent: "no" })
      expect(runs).toBe(0)
    }))

  it.effect("lets go of arbitrary effects at once, uninterruptible ones too", () =>
    Effect.gen(function*() {
      const exit = yield* run(Deadline.within(50)(Effect.uninterruptible(Effect.sleep(9000))), 50)
      expect(failureOf(exit)).toMatchObject({ kind: "timed-out", code: "deadline", operation: "Deadline.within" })
      expect(yield* Deadline.within(50)(Effect.succeed(1))).toBe(1)
      expect(yield* Effect.flip(Deadline.within(50)(Effect.fail("mine")))).toBe("mine")
      const interrupted = yield* Effect.fork(Deadline.within(50)(Effect.never))
      yield* settle
      expect(Exit.isInterrupted(yield* Fiber.interrupt(interrupted))).toBe(true)
    }))
})

describe("on the machine's own clock", () => {
  it.live("times out, retries and ends in time order without a fiber for the clock", () =>
    Effect.gen(function*() {
      const retry = RetryPolicy.make({ maxAttempts: 2, base: 1, cap: 1, jitter: "none" })
      const policy = yield* Policy.make({ name: "live", retry, attemptTimeout: 5, deadline: 1000 })
      const order: Array<string> = []
      const labelled = (name: string, work: Effect.Effect<unknown, Fault.Fault>) =>
        Effect.map(Effect.exit(work), (exit) => {
          order.push(name)
          return exit
        })
      const short = yield* Policy.make({ name: "live", attemptTimeout: 2 })
      const [slow, fast, effect, fine] = yield* Effect.all([
        labelled("two attempts of 5 ms", policy.call(never)),
        labelled("one attempt of 2 ms", short.call(never)),
        labelled("one effect of 2 ms", short.run(Effect.never)),
        labelled("none", policy.call(() => Promise.resolve(1)))
      ], { concurrency: 4 })
      for (const exit of [slow, fast, effect]) expect(failureOf(exit).code).toBe("attempt-timeout")
      expect(fine).toStrictEqual(Exit.succeed(1))
      expect(order[0]).toBe("none")
      expect(order[3]).toBe("two attempts of 5 ms")
    }).pipe(Logger.withMinimumLogLevel(LogLevel.None)))
})
