import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import * as CircuitBreaker from "../../src/kernel/CircuitBreaker.ts"
import { CircuitMachine } from "../../src/kernel/CircuitMachine.ts"
import * as CircuitRegistry from "../../src/kernel/CircuitRegistry.ts"
import * as Fault from "../../src/kernel/Fault.ts"

const fault = (kind: Fault.Kind, more: Partial<Fault.Options> = {}): Fault.Fault =>
  Fault.make({ kind, system: "test", operation: "Test.call", detail: kind, ...more })

/** A machine without chance, so that times are exact. */
const machineOf = (
  thresholds: CircuitBreaker.Thresholds = {},
  onTransition?: (transition: CircuitBreaker.Transition) => void
): CircuitMachine => new CircuitMachine({ openJitter: 0, ...thresholds }, { random: () => 0, onTransition })

const call = (machine: CircuitMachine, ok: boolean, now: number, durationMillis = 1): boolean => {
  const permit = machine.tryAcquire(now)
  if (permit === 0) return false
  machine.record(permit, ok, durationMillis, now)
  return true
}

const fail = (machine: CircuitMachine, times: number, now: number): void => {
  for (let time = 0; time < times; time++) call(machine, false, now)
}

const rejectionOf = (exit: Exit.Exit<unknown, unknown>): Fault.Fault => {
  const failure = Exit.isFailure(exit) ? Exit.causeOption(exit).pipe(Option.map((cause) => cause)) : Option.none()
  const error = Option.isSome(failure) && failure.value._tag === "Fail" ? failure.value.error : undefined
  if (!Fault.isFault(error)) throw new Error("not a fault")
  return error
}

/** Opened at 500 for 10 seconds, exported at 2,500. */
const opened = () => {
  const machine = machineOf({ consecutiveFailures: 1, openFor: 10_000 })
  fail(machine, 1, 500)
  return machine.export(2_500, 1_000_000)
}
const restored = (snapshot: CircuitBreaker.Snapshot, wall: number) => {
  const machine = machineOf({ consecutiveFailures: 1, openFor: 10_000 })
  machine.restore(snapshot, 77, wall)
  return machine
}

describe("CircuitMachine", () => {
  describe("results of another state", () => {
    it("lets a call that began while closed neither close nor open the half-open state", () => {
      const machine = machineOf({ consecutiveFailures: 3, openFor: 1_000, probes: 2 })
      const late = [1, 2, 3, 4].map(() => machine.tryAcquire(0))
      fail(machine, 3, 10)
      expect(machine.state(10)).toBe("open")
      const probe = machine.tryAcquire(1_010)
      expect(machine.state(1_010)).toBe("half-open")
      for (const [index, permit] of late.entries()) machine.record(permit, index % 2 === 0, 1_000, 1_020)
      expect(machine.state(1_020)).toBe("half-open")
      expect(machine.counts.stale).toBe(4)
      machine.record(probe, true, 5, 1_030)
      expect(machine.state(1_030)).toBe("half-open")
      machine.record(machine.tryAcquire(1_030), true, 5, 1_040)
      expect(machine.state(1_040)).toBe("closed")
    })

    it("lets the failure of a probe of an earlier half-open state not open the next closed one", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, probes: 2 })
      fail(machine, 1, 0)
      const first = machine.tryAcquire(1_000)
      const second = machine.tryAcquire(1_000)
      machine.record(first, false, 1, 1_001)
      expect(machine.state(1_001)).toBe("open")
      machine.reset(1_002)
      machine.record(second, false, 1, 1_003)
      expect(machine.state(1_003)).toBe("closed")
      expect(machine.counts.failures).toBe(2)
    })
  })

  describe("half-open", () => {
    it("lets exactly the permitted probes through, however many ask", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, probes: 3 })
      fail(machine, 1, 0)
      const permits = Array.from({ length: 1_000 }, () => machine.tryAcquire(1_000))
      expect(permits.filter((permit) => permit > 0)).toHaveLength(3)
      expect(machine.retryAfter(1_000)).toBeGreaterThan(0)
    })

    it("gives the place of a probe that never settles to another call after the maximum wait", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, probeMaxWait: 5_000 })
      fail(machine, 1, 0)
      const lost = machine.tryAcquire(1_000)
      expect(machine.tryAcquire(5_999)).toBe(0)
      const next = machine.tryAcquire(6_000)
      expect(next).toBeGreaterThan(0)
      expect(machine.tryAcquire(6_000)).toBe(0)
      machine.record(lost, false, 6_000, 6_500)
      expect(machine.state(6_500)).toBe("half-open")
      machine.record(next, true, 1, 6_501)
      expect(machine.state(6_501)).toBe("closed")
    })

    it("counts a late probe whose place nobody wanted", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, probeMaxWait: 5_000 })
      fail(machine, 1, 0)
      machine.record(machine.tryAcquire(1_000), true, 60_000, 61_000)
      expect(machine.state(61_000)).toBe("closed")
    })

    it("gives the place of a dropped probe to the next call", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000 })
      fail(machine, 1, 0)
      machine.drop(machine.tryAcquire(1_000), 1_001)
      expect(machine.state(1_001)).toBe("half-open")
      expect(call(machine, true, 1_002)).toBe(true)
      expect(machine.state(1_002)).toBe("closed")
    })

    it("asks for more successes than probes at once where told so", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, probes: 1, successesToClose: 3 })
      fail(machine, 1, 0)
      expect([1, 2, 3].map(() => call(machine, true, 1_000))).toEqual([true, true, true])
      expect(machine.state(1_000)).toBe("closed")
    })

    it("begins every half-open state with all its places and no successes", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, openFactor: 1, probes: 3 })
      fail(machine, 1, 0)
      const [first, second] = [machine.tryAcquire(1_000), machine.tryAcquire(1_000), machine.tryAcquire(1_000)]
      machine.record(first ?? 0, true, 1, 1_001)
      machine.record(second ?? 0, false, 1, 1_002)
      const permits = [1, 2, 3, 4].map(() => machine.tryAcquire(2_002))
      expect(permits.map((permit) => permit > 0)).toEqual([true, true, true, false])
      machine.record(permits[0] ?? 0, true, 1, 2_003)
      machine.record(permits[1] ?? 0, true, 1, 2_003)
      expect(machine.state(2_003)).toBe("half-open")
      machine.record(permits[2] ?? 0, true, 1, 2_003)
      expect(machine.state(2_003)).toBe("closed")
    })

    it("counts a slow probe as failed where slow calls count", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, slowCallRate: 1, slowCallAfter: 500 })
      fail(machine, 1, 0)
      machine.record(machine.tryAcquire(1_000), true, 500, 1_500)
      expect(machine.state(1_500)).toBe("open")
    })
  })

  describe("opening", () => {
    it("opens on failures in a row, and a success in between starts the row again", () => {
      const machine = machineOf({ consecutiveFailures: 3 })
      fail(machine, 2, 0)
      call(machine, true, 0)
      fail(machine, 2, 0)
      expect(machine.state(0)).toBe("closed")
      fail(machine, 1, 0)
      expect(machine.state(0)).toBe("open")
    })

    it("opens on the failure rate over the last calls, not before the minimum", () => {
      const machine = machineOf({
        consecutiveFailures: Infinity,
        failureRate: 0.5,
        window: { calls: 10 },
        minimumCalls: 6
      })
      for (const ok of [false, true, false, true, false]) call(machine, ok, 0)
      expect(machine.state(0)).toBe("closed")
      call(machine, true, 0)
      expect(machine.state(0)).toBe("open")
    })

    it("forgets the calls that left the count window", () => {
      const machine = machineOf({
        consecutiveFailures: Infinity,
        failureRate: 0.5,
        window: { calls: 4 },
        minimumCalls: 4
      })
      call(machine, false, 0)
      for (let time = 0; time < 4; time++) call(machine, true, 0)
      call(machine, false, 0)
      expect(machine.state(0)).toBe("closed")
      call(machine, false, 0)
      expect(machine.state(0)).toBe("open")
    })

    it("forgets the calls that left the time window", () => {
      const thresholds = { consecutiveFailures: Infinity, failureRate: 0.5, window: { time: 1_000 }, minimumCalls: 4 }
      const machine = machineOf(thresholds)
      fail(machine, 3, 0)
      call(machine, false, 1_100)
      expect(machine.state(1_100)).toBe("closed")
      fail(machine, 3, 1_500)
      expect(machine.state(1_500)).toBe("open")
    })

    it("opens on the rate of slow calls although all succeed", () => {
      const machine = machineOf({ slowCallRate: 0.5, slowCallAfter: 100, window: { calls: 10 }, minimumCalls: 4 })
      for (const duration of [10, 100, 10, 150]) call(machine, true, 0, duration)
      expect(machine.state(0)).toBe("open")
    })

    it("grows the open time to the cap, by any number of failed probes, and starts again once it closed", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, openFactor: 2, openCap: 5_000 })
      let now = 0
      const waits: Array<number> = []
      for (let time = 0; time < 2_000; time++) {
        fail(machine, 1, now)
        waits.push(machine.retryAfter(now))
        now += machine.retryAfter(now)
      }
      expect(waits.slice(0, 4)).toEqual([1_000, 2_000, 4_000, 5_000])
      expect(waits.slice(4).every((wait) => wait === 5_000)).toBe(true)
      call(machine, true, now)
      fail(machine, 1, now)
      expect(machine.retryAfter(now)).toBe(1_000)
    })

    it("takes the jitter off the open time, so that it is over by then at the latest", () => {
      const waits = [0, 0.5].map((chance) => {
        const thresholds = { consecutiveFailures: 1, openFor: 1_000, openJitter: 0.2 }
        const machine = new CircuitMachine(thresholds, { random: () => chance })
        fail(machine, 1, 0)
        return machine.retryAfter(0)
      })
      expect(waits).toEqual([1_000, 900])
    })

    it("opens for as long as the server asks, capped, without making the next open time grow", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, tripCap: 60_000 })
      machine.trip(0, 7_000)
      expect([machine.state(6_999), machine.state(7_000)]).toEqual(["open", "half-open"])
      machine.trip(1, 1_000)
      expect(machine.state(6_999)).toBe("open")
      machine.trip(0, 10 * 365 * 86_400_000)
      expect(machine.retryAfter(0)).toBe(60_000)
      fail(machine, 1, 60_000)
      expect(machine.retryAfter(60_000)).toBe(1_000)
      for (const nonsense of [Number.NaN, 0, -5]) {
        const closed = machineOf()
        closed.trip(0, nonsense)
        expect(closed.state(0)).toBe("closed")
      }
    })
  })

  describe("by hand", () => {
    it("isolates until reset, whatever ends in between", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000 })
      const permit = machine.tryAcquire(0)
      machine.isolate(1)
      machine.record(permit, true, 1, 2)
      machine.trip(2, 10)
      expect(machine.tryAcquire(1e9)).toBe(0)
      expect(machine.retryAfter(1e9)).toBe(Infinity)
      machine.reset(1e9)
      expect(call(machine, true, 1e9)).toBe(true)
    })

    it("only counts where told so", () => {
      const machine = machineOf({ consecutiveFailures: 2, openFor: 1_000 })
      fail(machine, 2, 0)
      machine.metricsOnly(1)
      fail(machine, 7, 2)
      machine.trip(2, 1_000)
      expect(machine.state(2)).toBe("closed")
      expect(machine.counts).toMatchObject({ failures: 9, wouldHaveOpened: 3, openings: 1, rejected: 0 })
      machine.reset(3)
      fail(machine, 2, 4)
      expect(machine.state(4)).toBe("open")
    })
  })

  describe("configure", () => {
    it("keeps the failures in a row and the window", () => {
      const machine = machineOf({ consecutiveFailures: 5 })
      fail(machine, 3, 0)
      machine.configure({ consecutiveFailures: 4 }, 0)
      fail(machine, 1, 0)
      expect(machine.state(0)).toBe("open")

      const rates = machineOf({
        consecutiveFailures: Infinity,
        failureRate: 0.9,
        window: { calls: 20 },
        minimumCalls: 8
      })
      for (const ok of [false, true, false, false, true, false]) call(rates, ok, 0)
      rates.configure({ consecutiveFailures: Infinity, failureRate: 0.6, window: { time: 1_000 }, minimumCalls: 8 }, 0)
      call(rates, false, 0)
      expect(rates.state(0)).toBe("closed")
      call(rates, true, 0)
      expect(rates.state(0)).toBe("open")
    })

    it("keeps probes in flight, and cuts an open time to the new cap", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000, probes: 2 })
      fail(machine, 1, 0)
      const probe = machine.tryAcquire(1_000)
      machine.configure({ consecutiveFailures: 1, openFor: 1_000, probes: 1 }, 1_000)
      expect(machine.tryAcquire(1_000)).toBe(0)
      machine.record(probe, true, 1, 1_001)
      expect(machine.state(1_001)).toBe("closed")

      const long = machineOf({ consecutiveFailures: 1, openFor: 60_000, openCap: 60_000, tripCap: 60_000 })
      fail(long, 1, 0)
      long.configure({ openFor: 2_000, openCap: 2_000, tripCap: 2_000, openJitter: 0 }, 100)
      expect(long.retryAfter(100)).toBe(1_900)
    })

    it("refuses thresholds that make no sense, and stays as it was", () => {
      for (
        const bad of [
          { consecutiveFailures: 0 },
          { failureRate: 0 },
          { failureRate: 1.5 },
          { slowCallRate: Number.NaN },
          { window: { calls: 1.5 } },
          { openFor: 0 },
          { openFor: 10, openCap: 5 },
          { openFactor: 0.5 },
          { probes: 0 },
          { openJitter: 1 }
        ]
      ) expect(() => machineOf(bad)).toThrow(RangeError)
      const machine = machineOf({ consecutiveFailures: 2 })
      expect(() => machine.configure({ probes: -1 }, 0)).toThrow("probes")
      fail(machine, 2, 0)
      expect(machine.state(0)).toBe("open")
    })
  })

  describe("export and restore", () => {
    it("goes on with what is left of the open time", () => {
      const snapshot = Schema.decodeUnknownSync(CircuitBreaker.Snapshot)(JSON.parse(JSON.stringify(opened())))
      expect(snapshot.remainingMillis).toBe(8_000)
      const machine = restored(snapshot, 1_003_000)
      expect(machine.retryAfter(77)).toBe(5_000)
      fail(machine, 1, 5_077)
      expect(machine.retryAfter(5_077)).toBe(20_000)
    })

    it("is not held open by a wall clock that was set back or forward", () => {
      expect(restored(opened(), 1_000_000 - 3_600_000).state(77)).toBe("half-open")
      expect(restored(opened(), 1_000_000 + 3_600_000).state(77)).toBe("half-open")
      const absurd = restored({ ...opened(), remainingMillis: 1e15 }, 1_000_000)
      expect(absurd.retryAfter(77)).toBeLessThanOrEqual(3_600_000)
    })

    it("takes half-open up as due, isolation as it is, and failures while they are fresh", () => {
      const machine = machineOf({ consecutiveFailures: 1, openFor: 1_000 })
      fail(machine, 1, 0)
      machine.tryAcquire(1_000)
      const probing = restored(machine.export(1_000, 0), 1)
      expect(probing.tryAcquire(77)).toBeGreaterThan(0)
      machine.isolate(1_001)
      expect(restored(machine.export(1_001, 0), 1).state(77)).toBe("isolated")

      const counting = machineOf({ consecutiveFailures: 3 })
      fail(counting, 2, 0)
      const snapshot = counting.export(0, 0)
      const later = (away: number) => {
        const next = machineOf({ consecutiveFailures: 3 })
        next.restore(snapshot, 0, away)
        fail(next, 1, 0)
        return next.state(0)
      }
      expect([later(1_000), later(86_400_000)]).toEqual(["open", "closed"])
    })
  })

  it("keeps its promises under any order of events", () => {
    const event = FastCheck.oneof(
      FastCheck.record({ kind: FastCheck.constant("ask" as const), after: FastCheck.nat(400) }),
      FastCheck.record({
        kind: FastCheck.constantFrom("ok" as const, "bad" as const, "drop" as const),
        which: FastCheck.nat(20),
        after: FastCheck.nat(400)
      }),
      FastCheck.record({ kind: FastCheck.constantFrom("trip" as const, "reset" as const), after: FastCheck.nat(400) })
    )
    FastCheck.assert(
      FastCheck.property(FastCheck.array(event, { maxLength: 200 }), FastCheck.nat(3), (events, extra) => {
        const probes = extra + 1
        const changes: Array<CircuitBreaker.Transition> = []
        const thresholds = { consecutiveFailures: 2, openFor: 500, openCap: 2_000, probes, probeMaxWait: 1e9 }
        const machine = machineOf(thresholds, (transition) => changes.push(transition))
        const inFlight: Array<{ readonly permit: number; readonly changes: number }> = []
        let now = 0
        let last = 0
        for (const event of events) {
          now += event.after
          const before = machine.state(now)
          if (event.kind === "ask") {
            const wait = machine.retryAfter(now)
            const permit = machine.tryAcquire(now)
            if (permit === 0) {
              expect(before).not.toBe("closed")
              expect(wait).toBeGreaterThan(0)
            } else {
              expect(wait).toBe(0)
              expect(permit).toBeGreaterThan(last)
              last = permit
              inFlight.push({ permit, changes: changes.length })
            }
          } else if (!("which" in event)) {
            if (event.kind === "trip") machine.trip(now, 700)
            else machine.reset(now)
          } else {
            const [settled] = inFlight.splice(event.which % Math.max(1, inFlight.length), 1)
            if (settled === undefined) continue
            const known = changes.length
            if (event.kind === "drop") machine.drop(settled.permit, now)
            else machine.record(settled.permit, event.kind === "ok", 1, now)
            // A result moves the machine only if nothing else has moved it since the call began.
            if (settled.changes !== known) expect(changes).toHaveLength(known)
          }
          expect(machine.probesInFlight).toBeLessThanOrEqual(probes)
          expect(machine.retryAfter(now)).toBeLessThanOrEqual(2_000)
        }
      })
    )
  })
})

describe("CircuitBreaker", () => {
  const trippingKinds: ReadonlyArray<Fault.Kind> = ["transient", "timed-out", "unknown"]

  it.effect("admits exactly the permitted probes among 1,000 concurrent callers", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "s", consecutiveFailures: 1, openFor: "1 second", probes: 4 })
      yield* Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
      yield* TestClock.adjust("1 second")
      const gate = yield* Deferred.make<void>()
      let ran = 0
      const work = Effect.zipRight(Effect.sync(() => ran++), Deferred.await(gate))
      const callers = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 1_000 }), () => Effect.exit(breaker.protect(work)), { concurrency: 1_000 })
      )
      yield* TestClock.adjust("1 millis")
      expect(ran).toBe(4)
      expect(yield* breaker.state).toBe("half-open")
      yield* Deferred.succeed(gate, undefined)
      const exits = yield* Fiber.join(callers)
      expect(exits.filter(Exit.isSuccess)).toHaveLength(4)
      const codes = new Set(exits.filter(Exit.isFailure).map((exit) => rejectionOf(exit).code))
      expect([...codes]).toEqual(["circuit-open"])
      expect(yield* breaker.state).toBe("closed")
    }))

  it.effect("counts what is the service's fault and nothing else", () =>
    Effect.gen(function*() {
      for (const kind of Fault.Kind.literals) {
        const breaker = yield* CircuitBreaker.make({ name: kind, consecutiveFailures: 2 })
        for (let time = 0; time < 2; time++) yield* Effect.exit(breaker.protect(Effect.fail(fault(kind))))
        expect([kind, yield* breaker.state]).toEqual([kind, trippingKinds.includes(kind) ? "open" : "closed"])
      }
      const breaker = yield* CircuitBreaker.make({ name: "others", consecutiveFailures: 1 })
      yield* Effect.exit(breaker.protect(Effect.fail("not a fault")))
      yield* Effect.exit(breaker.protect(Effect.fail(undefined)))
      yield* Effect.exit(breaker.protect(Effect.die(new Error("a bug"))))
      yield* Effect.exit(breaker.protect(Effect.interrupt))
      expect(breaker.machine.counts).toMatchObject({ dropped: 4, failures: 0, successes: 0 })
      expect(yield* breaker.state).toBe("closed")
    }))

  it.effect("is closed by a probe that the service refused, and probed again after one that was throttled", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "s", consecutiveFailures: 1, openFor: "1 second" })
      yield* Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
      yield* TestClock.adjust("1 second")
      yield* Effect.exit(breaker.protect(Effect.fail(fault("throttled"))))
      expect(yield* breaker.state).toBe("half-open")
      yield* Effect.exit(breaker.protect(Effect.fail(fault("invalid", { sent: "no" }))))
      expect(yield* breaker.state).toBe("half-open")
      yield* Effect.exit(breaker.protect(Effect.fail(fault("not-found"))))
      expect(yield* breaker.state).toBe("closed")
    }))

  it.effect("gives the place of an interrupted probe back", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "s", consecutiveFailures: 1, openFor: "1 second" })
      yield* Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
      yield* TestClock.adjust("1 second")
      const probe = yield* Effect.fork(breaker.protect(Effect.never))
      yield* TestClock.adjust("1 millis")
      expect(breaker.machine.probesInFlight).toBe(1)
      yield* Fiber.interrupt(probe)
      expect(breaker.machine.probesInFlight).toBe(0)
      expect(yield* breaker.protect(Effect.succeed("works"))).toBe("works")
      expect(yield* breaker.state).toBe("closed")
    }))

  it.effect("rejects with the name, the code and when to try again", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({
        name: "pve",
        system: "proxmox",
        consecutiveFailures: 1,
        openFor: "10 seconds",
        openJitter: 0
      })
      yield* Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
      yield* TestClock.adjust("4 seconds")
      const rejection = rejectionOf(yield* Effect.exit(breaker.protect(Effect.void)))
      expect(rejection).toMatchObject({ kind: "rejected", code: "circuit-open", system: "proxmox", sent: "no" })
      expect(rejection.retryAfterMillis).toBe(6_000)
      expect(rejection.message).toBe(
        "the circuit breaker \"pve\" is open: opened after too many failures in a row. Try again in 6s"
      )
      yield* breaker.isolate
      const isolated = rejectionOf(yield* Effect.exit(breaker.protect(Effect.void)))
      expect(isolated).toMatchObject({ kind: "rejected", code: "isolated" })
      expect(isolated.retryAfterMillis).toBeUndefined()
      expect(isolated.message).toContain("\"pve\" is isolated")
    }))

  it.effect("opens on a server's Retry-After where told so", () =>
    Effect.gen(function*() {
      const limited = fault("throttled", { retryAfterMillis: 5_000 })
      const deaf = yield* CircuitBreaker.make({ name: "deaf" })
      yield* Effect.exit(deaf.protect(Effect.fail(limited)))
      expect(yield* deaf.state).toBe("closed")
      const obedient = yield* CircuitBreaker.make({ name: "obedient", openOnRetryAfter: true })
      yield* Effect.exit(obedient.protect(Effect.fail(limited)))
      expect(yield* obedient.state).toBe("open")
      yield* TestClock.adjust("4999 millis")
      expect(yield* obedient.state).toBe("open")
      yield* TestClock.adjust("501 millis")
      expect(yield* obedient.state).toBe("half-open")
    }))

  it.effect("tells the status now and every change of it", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "s", consecutiveFailures: 1, openFor: "1 second" })
      const subscribed = yield* Deferred.make<void>()
      const reader = yield* breaker.changes.pipe(
        Stream.tap(() => Deferred.succeed(subscribed, undefined)),
        Stream.map((status) => [status.state, status.reason] as const),
        Stream.take(5),
        Stream.runCollect,
        Effect.fork
      )
      yield* Deferred.await(subscribed)
      yield* Effect.exit(breaker.protect(Effect.fail(fault("timed-out"))))
      yield* TestClock.adjust("1 second")
      yield* breaker.protect(Effect.void)
      yield* breaker.isolate
      expect([...(yield* Fiber.join(reader))]).toEqual([
        ["closed", undefined],
        ["open", "consecutive-failures"],
        ["half-open", "due"],
        ["closed", "probes-succeeded"],
        ["isolated", "isolated"]
      ])
    }))

  it.effect("writes changes and rejections on the span of the call", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({ name: "s", consecutiveFailures: 1 })
      const events = yield* Effect.gen(function*() {
        yield* Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
        yield* Effect.exit(breaker.protect(Effect.void))
        const span = yield* Effect.currentSpan
        return span._tag === "Span" && "events" in span ? span.events : []
      }).pipe(Effect.withSpan("test"))
      expect(Array.isArray(events) ? events.map((event: ReadonlyArray<unknown>) => event[0]) : []).toEqual([
        "circuit.open",
        "circuit.rejected"
      ])
    }))

  it.effect("changes some thresholds while running and keeps the others", () =>
    Effect.gen(function*() {
      const breaker = yield* CircuitBreaker.make({
        name: "s",
        consecutiveFailures: 3,
        openFor: "2 seconds",
        openJitter: 0
      })
      const failing = Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
      yield* failing
      yield* breaker.configure({ consecutiveFailures: 2 })
      yield* failing
      expect(rejectionOf(yield* Effect.exit(breaker.protect(Effect.void))).retryAfterMillis).toBe(2_000)
    }))

  it.effect("restores what another process exported", () =>
    Effect.gen(function*() {
      const options = { name: "s", consecutiveFailures: 1, openFor: "30 seconds" } as const
      const first = yield* CircuitBreaker.make(options)
      yield* Effect.exit(first.protect(Effect.fail(fault("transient"))))
      const snapshot = yield* first.export
      yield* TestClock.adjust("10 seconds")
      const second = yield* CircuitBreaker.make(options)
      yield* second.restore(snapshot)
      expect(yield* second.state).toBe("open")
      yield* TestClock.adjust("20 seconds")
      expect(yield* second.state).toBe("half-open")
    }))

  it.effect("has the presets of the services", () =>
    Effect.gen(function*() {
      const expected = [
        [CircuitBreaker.ec2, 3, "30 seconds", 5],
        [CircuitBreaker.s3, 5, "10 seconds", 10],
        [CircuitBreaker.ssm, 3, "45 seconds", 3],
        [CircuitBreaker.dynamodb, 5, "20 seconds", 8]
      ] as const
      for (const [preset, failures, recovery, concurrency] of expected) {
        const breaker = yield* CircuitBreaker.make({ name: "preset", ...preset })
        const failing = Effect.exit(breaker.protect(Effect.fail(fault("transient"))))
        for (let time = 1; time < failures; time++) yield* failing
        expect(yield* breaker.state).toBe("closed")
        yield* failing
        expect(yield* breaker.state).toBe("open")
        yield* TestClock.adjust(recovery)
        expect(yield* breaker.state).toBe("half-open")
        expect(preset.concurrency).toBe(concurrency)
      }
    }))
})

describe("CircuitRegistry", () => {
  const broken = Effect.fail(fault("transient"))

  it.effect("keeps the keys apart and gives everybody the same breaker of a key", () =>
    Effect.gen(function*() {
      const registry = yield* CircuitRegistry.make({
        name: "ec2",
        consecutiveFailures: 3,
        forKey: (key) => key === "fragile" ? { consecutiveFailures: 1 } : {}
      })
      yield* Effect.exit(registry.protect("fragile", broken))
      yield* Effect.exit(registry.protect("solid", broken))
      const rejection = rejectionOf(yield* Effect.exit(registry.protect("fragile", Effect.void)))
      expect(rejection.message).toContain("\"ec2/fragile\"")
      yield* registry.protect("solid", Effect.void)
      expect(yield* registry.get("solid")).toBe(yield* registry.get("solid"))
    }))

  it.effect("gives concurrent first callers of a key the same breaker", () =>
    Effect.gen(function*() {
      const registry = yield* CircuitRegistry.make({ name: "s" })
      const random = Random.fixed([0])
      const nextInt = Effect.zipRight(Effect.yieldNow(), random.nextInt)
      const slow: Random.Random = {
        [Random.RandomTypeId]: Random.RandomTypeId,
        next: random.next,
        nextBoolean: random.nextBoolean,
        nextInt,
        nextRange: () => random.next,
        nextIntBetween: () => nextInt,
        shuffle: random.shuffle
      }
      const breakers = yield* Effect.forEach([1, 2, 3], () => registry.get("key"), { concurrency: 3 }).pipe(
        Effect.withRandom(slow)
      )
      expect(new Set(breakers).size).toBe(1)
    }))

  it.effect("is bounded, and lets the least recently used closed breaker go", () =>
    Effect.gen(function*() {
      const registry = yield* CircuitRegistry.make({ name: "s", consecutiveFailures: 1, capacity: 3 })
      yield* Effect.exit(registry.protect("open", broken))
      for (const key of ["a", "b"]) yield* registry.get(key)
      yield* registry.get("a")
      yield* registry.get("c")
      expect([...(yield* registry.all).keys()]).toEqual(["open", "a", "c"])
      for (const key of ["a", "c", "d"]) yield* Effect.exit(registry.protect(key, broken))
      yield* registry.get("e")
      expect((yield* registry.all).size).toBe(3)
    }))

  it.effect("lets idle closed breakers go", () =>
    Effect.gen(function*() {
      const registry = yield* CircuitRegistry.make({
        name: "s",
        consecutiveFailures: 1,
        openFor: "3 hours",
        idleTimeToLive: "1 minute"
      })
      yield* Effect.exit(registry.protect("open", broken))
      yield* registry.get("idle")
      yield* TestClock.adjust("1 minute")
      yield* registry.get("new")
      expect([...(yield* registry.all).keys()]).toEqual(["open", "new"])
    }))
})
