import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Bulkhead from "../../src/kernel/Bulkhead.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import { Permits, type Waiter } from "../../src/kernel/internal/Permits.ts"

const permitsOf = (options: { permits: number; queue?: number; maxAbandoned?: number; adaptive?: object }) =>
  new Permits({
    permits: options.permits,
    queue: options.queue ?? 100,
    maxAbandoned: options.maxAbandoned ?? Number.POSITIVE_INFINITY,
    adaptive: options.adaptive
  })

const waiterOf = (weight: number, grant: () => void = () => {}): Waiter => ({
  weight,
  state: "new",
  previous: undefined,
  next: undefined,
  grant
})

const codeOf = (exit: Exit.Exit<unknown, unknown>): string | undefined =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" && Fault.isFault(exit.cause.error)
    ? exit.cause.error.code
    : undefined

/** Lets every fiber go as far as it can. */
const settle = Effect.forEach(Array.from({ length: 20 }), () => Effect.yieldNow(), { discard: true })

describe("the machine of the bulkhead", () => {
  it("hands over in the order of asking, also past a heavy one that is first", () => {
    const permits = permitsOf({ permits: 3 })
    const order: Array<string> = []
    expect(permits.tryAcquire(3)).toBe(true)
    for (const [name, weight] of [["heavy", 2], ["light", 1], ["last", 1]] as const) {
      permits.enqueue(waiterOf(weight, () => order.push(name)))
    }
    permits.release(1)
    expect(order).toEqual([])
    expect(permits.tryAcquire(1)).toBe(false)
    permits.release(1)
    expect(order).toEqual(["heavy"])
    permits.release(1)
    expect(order).toEqual(["heavy", "light"])
  })

  it("grants those behind a heavy one that gives up", () => {
    const permits = permitsOf({ permits: 2 })
    const heavy = waiterOf(2)
    const light = waiterOf(1)
    permits.tryAcquire(1)
    permits.enqueue(heavy)
    permits.enqueue(light)
    permits.leave(heavy)
    expect(light.state).toBe("granted")
    expect(permits.inUse).toBe(2)
  })

  it("runs what is heavier than the limit alone instead of letting it wait for ever", () => {
    const permits = permitsOf({ permits: 2 })
    expect(permits.tryAcquire(5)).toBe(true)
    expect(permits.tryAcquire(1)).toBe(false)
    const waiter = waiterOf(5)
    permits.enqueue(waiter)
    permits.release(5)
    expect(waiter.state).toBe("granted")
  })

  it("never rejects what it accepted, whoever comes between the release and the hand-over", () => {
    const permits = permitsOf({ permits: 1, queue: 1 })
    const accepted = waiterOf(1)
    permits.tryAcquire(1)
    expect(permits.enqueue(accepted)).toBeUndefined()
    expect(permits.enqueue(waiterOf(1))).toBe("queue-full")
    permits.release(1)
    expect(accepted.state).toBe("granted")
    expect(permits.tryAcquire(1)).toBe(false)
    const next = waiterOf(1)
    expect(permits.enqueue(next)).toBeUndefined()
    permits.resizeQueue(0)
    permits.release(1)
    expect(next.state).toBe("granted")
  })

  it("counts abandoned work, keeps its permits, and turns newcomers away at the cap", () => {
    const permits = permitsOf({ permits: 2, maxAbandoned: 2 })
    permits.tryAcquire(1)
    permits.tryAcquire(1)
    permits.abandon(1)
    expect([permits.abandoned, permits.inUse]).toEqual([1, 2])
    const accepted = waiterOf(1)
    expect(permits.enqueue(accepted)).toBeUndefined()
    permits.abandon(1)
    expect(permits.enqueue(waiterOf(1))).toBe("work-abandoned")
    permits.reclaim(1)
    expect(accepted.state).toBe("granted")
    expect([permits.abandoned, permits.inUse]).toEqual([1, 2])
  })

  it("is resized while in use: up grants at once, down waits for what runs, zero starts nothing", () => {
    const permits = permitsOf({ permits: 1 })
    const waiters = [waiterOf(1), waiterOf(1), waiterOf(1)]
    permits.tryAcquire(1)
    for (const waiter of waiters) permits.enqueue(waiter)
    permits.resize(3)
    expect(waiters.map((waiter) => waiter.state)).toEqual(["granted", "granted", "queued"])
    permits.resize(1)
    permits.release(1)
    permits.release(1)
    expect(waiters[2]?.state).toBe("queued")
    permits.resize(0)
    permits.release(1)
    expect([permits.inUse, waiters[2]?.state]).toEqual([0, "queued"])
    permits.resize(1)
    expect(waiters[2]?.state).toBe("granted")
  })

  it("cuts an adaptive limit once for a burst of timeouts, and down to its minimum for those that never end", () => {
    const permits = permitsOf({ permits: 16, adaptive: { min: 2 } })
    for (let call = 0; call < 16; call++) permits.overloaded(0, 100)
    expect(permits.limit).toBe(12)
    for (let round = 1; round < 40; round++) permits.overloaded(round * 100, round * 100 + 50)
    expect(permits.limit).toBe(2)
  })

  it("raises an adaptive limit only while it is in use, and not above its maximum", () => {
    const permits = permitsOf({ permits: 2, adaptive: { max: 4 } })
    for (let call = 0; call < 100; call++) permits.fine()
    expect(permits.limit).toBe(2)
    permits.tryAcquire(2)
    permits.tryAcquire(2)
    for (let call = 0; call < 100; call++) permits.fine()
    expect(permits.limit).toBe(4)
  })

  it("refuses options and weights that would corrupt the count", () => {
    for (
      const options of [
        { permits: -1 },
        { permits: 1.5 },
        { permits: Number.NaN },
        { permits: 1, queue: -1 },
        {
          permits: 1,
          maxAbandoned: 0
        },
        { permits: 4, adaptive: { min: 5 } },
        { permits: 4, adaptive: { backoff: 1 } }
      ]
    ) expect(() => permitsOf(options)).toThrow(RangeError)
    for (const weight of [0, -1, 0.5, Number.NaN]) {
      expect(() => Effect.runSync(Bulkhead.make({ permits: 1 })).withPermits(weight)).toThrow(RangeError)
    }
  })

  type Step =
    | { readonly do: "acquire"; readonly weight: number }
    | { readonly do: "release" | "leave" | "abandon" | "reclaim"; readonly at: number }
    | { readonly do: "resize"; readonly to: number }

  const step: FastCheck.Arbitrary<Step> = FastCheck.oneof(
    FastCheck.record({ do: FastCheck.constant("acquire" as const), weight: FastCheck.integer({ min: 1, max: 4 }) }),
    FastCheck.record({
      do: FastCheck.constantFrom("release" as const, "leave" as const, "abandon" as const, "reclaim" as const),
      at: FastCheck.nat(20)
    }),
    FastCheck.record({ do: FastCheck.constant("resize" as const), to: FastCheck.integer({ min: 0, max: 6 }) })
  )

  it.prop(
    "holds its limit, keeps its order and loses no permit, whatever happens in whatever order",
    { steps: FastCheck.array(step, { maxLength: 150 }), start: FastCheck.integer({ min: 1, max: 4 }) },
    ({ start, steps }) => {
      const permits = permitsOf({ permits: start, queue: 5 })
      const line: Array<Waiter> = []
      const granted: Array<Waiter> = []
      const running: Array<number> = []
      const abandoned: Array<number> = []
      const ceiling = { limit: start }
      for (const each of steps) {
        if (each.do === "acquire") {
          if (permits.tryAcquire(each.weight)) running.push(each.weight)
          else {
            const waiter: Waiter = waiterOf(each.weight, () => {
              granted.push(waiter)
              running.push(waiter.weight)
            })
            const before = permits.waiting
            const refusal = permits.enqueue(waiter)
            expect(refusal).toBe(before >= 5 ? "queue-full" : undefined)
            if (refusal === undefined) line.push(waiter)
          }
        } else if (each.do === "resize") {
          permits.resize(each.to)
          ceiling.limit = Math.max(ceiling.limit, each.to)
        } else if (each.do === "leave") {
          const waiter = line.filter((waiter) => waiter.state === "queued")[each.at]
          if (waiter !== undefined) permits.leave(waiter)
        } else if (each.do === "reclaim") {
          const [weight] = abandoned.splice(each.at % Math.max(1, abandoned.length), 1)
          if (weight !== undefined) permits.reclaim(weight)
        } else {
          const [weight] = running.splice(each.at % Math.max(1, running.length), 1)
          if (weight !== undefined && each.do === "release") permits.release(weight)
          if (weight !== undefined && each.do === "abandon") {
            abandoned.push(weight)
            permits.abandon(weight)
          }
        }
        const held = [...running, ...abandoned]
        const total = held.reduce((sum, weight) => sum + weight, 0)
        expect(permits.inUse).toBe(total)
        expect(permits.abandoned).toBe(abandoned.reduce((sum, weight) => sum + weight, 0))
        expect(permits.waiting).toBe(line.filter((waiter) => waiter.state === "queued").length)
        expect(total <= ceiling.limit || held.length === 1).toBe(true)
        if (permits.waiting > 0 && permits.limit > 0) expect(total).toBeGreaterThan(0)
      }
      expect(granted).toEqual(line.filter((waiter) => waiter.state === "granted"))
      permits.resize(4)
      while (running.length + abandoned.length > 0) {
        const weight = running.pop()
        const orphan = weight === undefined ? abandoned.pop() : undefined
        if (weight !== undefined) permits.release(weight)
        if (orphan !== undefined) permits.reclaim(orphan)
      }
      expect([permits.inUse, permits.waiting, permits.abandoned]).toEqual([0, 0, 0])
    }
  )
})

describe("Bulkhead", () => {
  it.effect("runs no more than its permits, queues no more than its queue, and rejects the rest by type", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 2, queue: 3, name: "clones" })
      const latch = yield* Deferred.make<void>()
      let running = 0
      const work = bulkhead.withPermits(1)(Effect.suspend(() => {
        running += 1
        return Effect.zipRight(Deferred.await(latch), Effect.sync(() => running--))
      }))
      const fibers = yield* Effect.forEach(Array.from({ length: 7 }), () => Effect.fork(work))
      yield* settle
      expect(running).toBe(2)
      expect(yield* bulkhead.snapshot).toEqual({ limit: 2, inUse: 2, waiting: 3, abandoned: 0, rejections: 2 })
      yield* Deferred.succeed(latch, undefined)
      const exits = yield* Effect.forEach(fibers, Fiber.await)
      expect(exits.map(codeOf)).toEqual([...Array.from({ length: 5 }, () => undefined), "queue-full", "queue-full"])
      const rejected = exits[6]
      if (rejected === undefined || Exit.isSuccess(rejected) || rejected.cause._tag !== "Fail") throw new Error("ran")
      expect(rejected.cause.error).toMatchObject({ kind: "rejected", sent: "no" })
      expect(rejected.cause.error.message).toContain("the queue of clones is full: 2 of 2 run, 3 wait")
    }))

  it.effect("gives permits back on success, failure, defect and interruption", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 3 })
      const hold = bulkhead.withPermits(3)
      expect(yield* hold(Effect.succeed(1))).toBe(1)
      yield* Effect.exit(hold(Effect.fail("no")))
      yield* Effect.exit(hold(Effect.die("bug")))
      const fiber = yield* Effect.fork(hold(Effect.never))
      yield* settle
      expect((yield* bulkhead.snapshot).inUse).toBe(3)
      yield* Fiber.interrupt(fiber)
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, waiting: 0 })
    }))

  it.effect("lets the next in when work says that it needs its permits no more, once", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const end = yield* Deferred.make<void>()
      const began: Array<string> = []
      const work = (name: string) =>
        bulkhead.withPermitsUntil(1)((giveBack) => {
          began.push(name)
          giveBack()
          giveBack()
          return Deferred.await(end)
        })
      const fibers = yield* Effect.forEach(["first", "second"], (name) => Effect.fork(work(name)))
      const held = yield* Effect.fork(bulkhead.withPermitsUntil(1)(() => Effect.never))
      const waiting = yield* Effect.fork(work("last"))
      yield* settle
      expect(began).toEqual(["first", "second"])
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 1, waiting: 1 })
      // Of those who gave theirs back none is in the way, and none gives back that of another.
      yield* Deferred.succeed(end, undefined)
      yield* Effect.forEach(fibers, Fiber.join)
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 1, waiting: 1 })
      yield* Fiber.interrupt(held)
      yield* Fiber.join(waiting)
      expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, waiting: 0 })
    }))

  it.effect("lets waiters leave the middle of the line", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 1 })
      const latch = yield* Deferred.make<void>()
      const order: Array<number> = []
      const fibers = yield* Effect.forEach([0, 1, 2, 3], (index) =>
        Effect.fork(
          bulkhead.withPermits(1)(Effect.zipRight(
            Deferred.await(latch),
            Effect.sync(() => order.push(index))
          ))
        ))
      yield* settle
      for (const index of [1, 2]) {
        const fiber = fibers[index]
        if (fiber !== undefined) yield* Fiber.interrupt(fiber)
      }
      expect((yield* bulkhead.snapshot).waiting).toBe(1)
      yield* Deferred.succeed(latch, undefined)
      yield* Effect.forEach(fibers, Fiber.await)
      expect(order).toEqual([0, 3])
    }))

  it.effect("lowers an adaptive limit under constant timeouts", () =>
    Effect.gen(function*() {
      const bulkhead = yield* Bulkhead.make({ permits: 10, adaptive: {} })
      const timedOut = Fault.make({ kind: "timed-out", system: "test", operation: "Test.read", detail: "late" })
      yield* Effect.forEach(
        Array.from({ length: 20 }),
        () => Effect.exit(bulkhead.withPermits(1)(Effect.fail(timedOut)))
      )
      expect((yield* bulkhead.snapshot).limit).toBe(1)
    }))

  it.effect("keeps a limit per key and forgets the idle ones", () =>
    Effect.gen(function*() {
      const perNode = yield* Bulkhead.perKey({ permits: 1, queue: 0, name: "node" })
      const latch = yield* Deferred.make<void>()
      const hold = (key: string) => Effect.fork(perNode.withPermits(key, 1)(Deferred.await(latch)))
      const first = yield* hold("pve1")
      const second = yield* hold("pve2")
      yield* settle
      const third = yield* Effect.exit(perNode.withPermits("pve1", 1)(Effect.void))
      expect(codeOf(third)).toBe("queue-full")
      expect([...(yield* perNode.snapshot).keys()]).toEqual(["pve1", "pve2"])
      yield* perNode.resize(2)
      expect(Exit.isSuccess(yield* Effect.exit(perNode.withPermits("pve1", 1)(Effect.void)))).toBe(true)
      yield* Deferred.succeed(latch, undefined)
      yield* Effect.forEach([first, second], Fiber.join)
      expect((yield* perNode.snapshot).size).toBe(0)
    }))

  const action = FastCheck.oneof(
    FastCheck.record({ do: FastCheck.constant("interrupt" as const), at: FastCheck.nat(11) }),
    FastCheck.record({ do: FastCheck.constant("finish" as const), at: FastCheck.nat(11) }),
    FastCheck.record({ do: FastCheck.constant("yield" as const), at: FastCheck.integer({ min: 1, max: 6 }) })
  )

  // A fiber that may take fewer than 10 steps at a time never gets anywhere in this version of Effect, with or without
  // a bulkhead; at 10 to 28 its own semaphore loses permits.
  it.effect.prop(
    "leaks nothing and hangs nobody, interrupted at any step of a fiber",
    {
      budget: FastCheck.integer({ min: 10, max: 40 }),
      weights: FastCheck.array(FastCheck.integer({ min: 1, max: 3 }), { minLength: 4, maxLength: 12 }),
      actions: FastCheck.array(action, { maxLength: 60 })
    },
    ({ actions, budget, weights }) =>
      Effect.gen(function*() {
        const bulkhead = yield* Bulkhead.make({ permits: 3 })
        let inside = 0
        const workers = yield* Effect.forEach(weights, (weight, index) =>
          Effect.gen(function*() {
            const latch = yield* Deferred.make<void>()
            let left = weight
            const leave = Effect.sync(() => {
              inside -= left
              left = 0
            })
            const work = (giveBack: () => void) =>
              Effect.acquireUseRelease(
                Effect.sync(() => {
                  inside += weight
                  expect(inside).toBeLessThanOrEqual(3)
                }),
                // Every other one goes on for a while without its permits.
                () =>
                  index % 2 === 0
                    ? Deferred.await(latch)
                    : Deferred.await(latch).pipe(
                      Effect.zipRight(leave),
                      Effect.zipRight(Effect.sync(giveBack)),
                      Effect.zipRight(Effect.yieldNow()),
                      Effect.zipRight(Effect.sync(giveBack))
                    ),
                () => leave
              )
            const fiber = yield* Effect.forkDaemon(
              Effect.withMaxOpsBeforeYield(
                index % 2 === 0
                  ? bulkhead.withPermits(weight)(work(constVoid))
                  : bulkhead.withPermitsUntil(weight)(work),
                budget
              )
            )
            return { fiber, latch }
          }))
        for (const each of actions) {
          const worker = workers[each.at]
          if (each.do === "yield") yield* Effect.forEach(Array.from({ length: each.at }), () => Effect.yieldNow())
          else if (worker !== undefined && each.do === "interrupt") yield* Fiber.interruptFork(worker.fiber)
          else if (worker !== undefined) yield* Deferred.succeed(worker.latch, undefined)
        }
        for (const worker of workers) yield* Deferred.succeed(worker.latch, undefined)
        for (const worker of workers) yield* Fiber.await(worker.fiber)
        expect(yield* bulkhead.snapshot).toMatchObject({ inUse: 0, waiting: 0, abandoned: 0 })
        expect(inside).toBe(0)
      }),
    { fastCheck: { numRuns: 300 } }
  )
})
