import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as Batch from "../../src/kernel/Batch.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"

const range = (size: number): ReadonlyArray<number> => Array.from({ length: size }, (_, index) => index)

const fault = (kind: Fault.Kind, more: Partial<Fault.Options> = {}): Fault.Fault =>
  Fault.make({ kind, system: "test", operation: "Test.terminate", detail: kind, ...more })

const lost = fault("transient", { sent: "maybe", detail: "connection reset" })

/** `done`, or the kind of the fault, or what else it is. */
const shape = (outcome: Batch.Outcome<unknown> | undefined): string => {
  if (outcome === undefined) return "none"
  if (Exit.isSuccess(outcome)) return String(outcome.value)
  const failure = Option.getOrUndefined(Cause.failureOption(outcome.cause))
  return failure === undefined ? outcome.cause._tag : failure.kind
}

const shapes = <Id>(outcomes: ReadonlyMap<Id, Batch.Outcome<unknown>>): Record<string, string> =>
  Object.fromEntries(Array.from(outcomes, ([id, outcome]) => [String(id), shape(outcome)]))

/** A server that does all ids of a call or none of them. */
const server = (bad: ReadonlyMap<number, Fault.Kind>, names: boolean) => {
  const applied = new Map<number, number>()
  const calls: Array<ReadonlyArray<number>> = []
  const send = (ids: ReadonlyArray<number>) =>
    Effect.suspend(() => {
      calls.push(ids)
      const first = ids.find((id) => bad.has(id))
      const kind = first === undefined ? undefined : bad.get(first)
      if (kind !== undefined) return Effect.fail(fault(kind, { detail: names ? `bad: ${first}` : "something is bad" }))
      for (const id of ids) applied.set(id, (applied.get(id) ?? 0) + 1)
      return Effect.succeed(new Map(ids.map((id) => [id, "done"])))
    })
  return { applied, calls, send }
}

const blame = (fault: Fault.Fault): ReadonlyArray<number> => {
  const id = /^bad: (\d+)$/.exec(fault.detail)?.[1]
  return id === undefined ? [] : [Number(id)]
}

/** Reads four ids, of which the last fails its call. */
const read = (failure: Fault.Fault) =>
  Batch.run(range(4), {
    size: 4,
    mutates: false,
    send: (ids) => ids.includes(3) ? Effect.fail(failure) : Effect.succeed(new Map(ids.map((id) => [id, "read"])))
  })

describe("Batch", () => {
  it.effect("gives 37 ids with three unknown, one refused and two already done 37 true outcomes", () =>
    Effect.gen(function*() {
      const bad = new Map<number, Fault.Kind>([
        [4, "not-found"],
        [17, "not-found"],
        [36, "not-found"],
        [20, "denied"],
        [9, "conflict"],
        [10, "conflict"]
      ])
      for (const names of [true, false]) {
        const { applied, calls, send } = server(bad, names)
        const outcomes = yield* Batch.run(range(37), {
          size: 10,
          concurrency: 2,
          send,
          blame,
          verdict: (_, fault) => fault.kind === "conflict" ? Exit.succeed("already") : Exit.fail(fault)
        })
        const expected = range(37).map((id) => {
          const kind = bad.get(id)
          return [String(id), kind === "conflict" ? "already" : kind ?? "done"]
        })
        expect(shapes(outcomes)).toEqual(Object.fromEntries(expected))
        expect([...outcomes.keys()]).toEqual(range(37))
        expect([...applied.values()].every((times) => times === 1)).toBe(true)
        expect(calls.length).toBeLessThanOrEqual(names ? 4 + 6 : 4 + 6 * 2 * 4)
      }
    }))

  it.effect("sends nothing again that may have taken effect, and says so of every id", () =>
    Effect.gen(function*() {
      const calls: Array<ReadonlyArray<number>> = []
      const outcomes = yield* Batch.run(range(6), {
        size: 3,
        send: (ids) => {
          calls.push(ids)
          return Effect.fail(lost)
        },
        blame: () => [0],
        bisects: () => true
      })
      expect(calls).toEqual([[0, 1, 2], [3, 4, 5]])
      expect(new Set(Object.values(shapes(outcomes)))).toEqual(new Set(["unknown"]))
      const outcome = outcomes.get(0)
      const failure = outcome !== undefined && Exit.isFailure(outcome) ? Cause.squash(outcome.cause) : undefined
      expect(failure).toMatchObject({ kind: "unknown", sent: "maybe", remote: "it may have taken effect" })
      expect(String(failure)).toContain("Read its state before sending it again")
    }))

  it.effect("settles an unknown outcome by reading, and sends again only what is not done", () =>
    Effect.gen(function*() {
      const applied = new Map<number, number>()
      const calls: Array<ReadonlyArray<number>> = []
      const outcomes = yield* Batch.run(range(5), {
        size: 5,
        send: (ids) => {
          calls.push(ids)
          for (const id of ids) if (id < 2 || calls.length > 1) applied.set(id, (applied.get(id) ?? 0) + 1)
          return calls.length === 1 ? Effect.fail(lost) : Effect.succeed(new Map(ids.map((id) => [id, "sent again"])))
        },
        settle: (ids) =>
          Effect.succeed(
            new Map(
              ids.filter((id) => id !== 4).map((id) =>
                [id, id === 3 ? Mutation.pending : applied.has(id) ? Mutation.done("found") : Mutation.notDone] as const
              )
            )
          )
      })
      expect(calls).toEqual([range(5), [2]])
      expect(shapes(outcomes)).toEqual({ 0: "found", 1: "found", 2: "sent again", 3: "unknown", 4: "unknown" })
      expect([...applied]).toEqual([[0, 1], [1, 1], [2, 1]])
    }))

  it.effect("stops sending again after so many times, and knows that it was not done", () =>
    Effect.gen(function*() {
      let calls = 0
      const outcomes = yield* Batch.run(["a"], {
        size: 1,
        resends: 2,
        send: () => {
          calls += 1
          return Effect.fail(lost)
        },
        settle: (ids) => Effect.succeed(new Map(ids.map((id) => [id, Mutation.notDone])))
      })
      expect(calls).toBe(3)
      const outcome = outcomes.get("a")
      const failure = outcome !== undefined && Exit.isFailure(outcome) ? Cause.squash(outcome.cause) : undefined
      expect(Fault.isFault(failure) && Fault.isOutcomeUnknown(failure)).toBe(false)
      expect(failure).toMatchObject({ kind: "transient", sent: "no", remote: "it did not take effect" })
    }))

  it.effect("stays unknown where reading fails, and says why", () =>
    Effect.gen(function*() {
      const outcomes = yield* Batch.run(["a", "b"], {
        size: 2,
        send: () => Effect.fail(lost),
        settle: () => Effect.fail(fault("denied", { detail: "no permission to read" }))
      })
      expect(shapes(outcomes)).toEqual({ a: "unknown", b: "unknown" })
      expect(JSON.stringify([...outcomes.values()])).toContain("reading failed: no permission to read")
    }))

  it.effect("halves a call where the fault names only ids of other calls", () =>
    Effect.gen(function*() {
      const { calls, send } = server(new Map([[2, "invalid"]]), false)
      const outcomes = yield* Batch.run(range(4), { size: 4, send, blame: () => [77] })
      expect(shapes(outcomes)).toEqual({ 0: "done", 1: "done", 2: "invalid", 3: "done" })
      expect(calls).toEqual([[0, 1, 2, 3], [0, 1], [2, 3], [2], [3]])
    }))

  it.effect("does not halve a call for what is no id's fault", () =>
    Effect.gen(function*() {
      for (const kind of ["throttled", "unauthenticated", "rejected", "failed"] as const) {
        let calls = 0
        const outcomes = yield* Batch.run(range(8), {
          size: 8,
          send: () => {
            calls += 1
            return Effect.fail(fault(kind))
          }
        })
        expect([kind, calls]).toEqual([kind, 1])
        expect(new Set(Object.values(shapes(outcomes)))).toEqual(new Set([kind]))
      }
    }))

  it.effect("treats a read as one: lost replies are what they are, failures may be one id's", () =>
    Effect.gen(function*() {
      expect(shapes(yield* read(lost))).toEqual({ 0: "transient", 1: "transient", 2: "transient", 3: "transient" })
      expect(shapes(yield* read(fault("failed")))).toEqual({ 0: "read", 1: "read", 2: "read", 3: "failed" })
    }))

  it.effect("takes outcomes of single ids from the reply, and misses what it does not mention", () =>
    Effect.gen(function*() {
      const reply = new Map<string, number | undefined | Batch.Outcome<number | undefined>>([
        ["value", 1],
        ["nothing", undefined],
        ["failed", Exit.fail(fault("locked"))],
        ["stranger", 5]
      ])
      const ids = ["value", "nothing", "failed", "absent"]
      const send = () => Effect.succeed(reply)
      const outcomes = yield* Batch.run(ids, { size: 10, send })
      expect(shapes(outcomes)).toEqual({ value: "1", nothing: "undefined", failed: "locked", absent: "unknown" })
      expect(shape((yield* Batch.run(ids, { size: 10, send, mutates: false })).get("absent"))).toBe("not-found")
      const own = yield* Batch.run(ids, { size: 10, send, missing: () => Exit.succeed(0) })
      expect(shape(own.get("absent"))).toBe("0")
    }))

  it.effect("sends equal ids once, within the size", () =>
    Effect.gen(function*() {
      const { calls, send } = server(new Map(), false)
      const outcomes = yield* Batch.run([3, 1, 3, 2, 1, 4, 5], { size: 2, send })
      expect(calls).toEqual([[3, 1], [2, 4], [5]])
      expect([...outcomes.keys()]).toEqual([3, 1, 2, 4, 5])
      expect((yield* Batch.run([], { size: 2, send })).size).toBe(0)
      expect(calls).toHaveLength(3)
    }))

  it.effect("lets a defect in one call hide no other", () =>
    Effect.gen(function*() {
      const outcomes = yield* Batch.run(range(4), {
        size: 2,
        send: (ids) => {
          if (ids.includes(0)) throw new Error("a bug")
          return Effect.succeed(new Map(ids.map((id) => [id, "done"])))
        }
      })
      expect(shapes(outcomes)).toEqual({ 0: "Die", 1: "Die", 2: "done", 3: "done" })
    }))

  it.effect("is interrupted at once and sends nothing more", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<void>()
      let calls = 0
      let interrupted = 0
      const fiber = yield* Effect.fork(Batch.run(range(20), {
        size: 2,
        concurrency: 3,
        send: (): Effect.Effect<ReadonlyMap<number, string>> => {
          calls += 1
          return Effect.onInterrupt(
            Effect.zipRight(calls === 3 ? Deferred.succeed(started, undefined) : Effect.void, Effect.never),
            () => Effect.sync(() => interrupted++)
          )
        }
      }))
      yield* Deferred.await(started)
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      yield* TestClock.adjust("1 second")
      expect([calls, interrupted]).toEqual([3, 3])
    }))

  it.effect("refuses sizes that make no sense", () =>
    Effect.gen(function*() {
      const { send } = server(new Map(), false)
      for (const options of [{ size: 0 }, { size: 1.5 }, { size: 1, concurrency: 0 }]) {
        const exit = yield* Effect.exit(Batch.run([1], { ...options, send }))
        expect(Exit.isFailure(exit) && Cause.pretty(exit.cause)).toContain("whole number")
      }
    }))

  it.effect("writes on the span what became of a call that failed as a whole", () =>
    Effect.gen(function*() {
      const { send } = server(new Map([[1, "not-found"]]), false)
      const events = yield* Effect.gen(function*() {
        yield* Batch.run(range(2), { size: 2, send })
        const span = yield* Effect.currentSpan
        return "events" in span && Array.isArray(span.events) ? span.events : []
      }).pipe(Effect.withSpan("test"))
      expect(events.map((event: ReadonlyArray<unknown>) => event[0])).toEqual(["batch.halved", "batch.blamed"])
    }))

  const kinds = FastCheck.constantFrom<Array<Fault.Kind>>("not-found", "conflict", "invalid", "denied", "locked")

  it.effect.prop(
    "tells the truth of every id, applies the good ones once, and keeps to its bound of calls",
    {
      total: FastCheck.integer({ min: 1, max: 70 }),
      size: FastCheck.integer({ min: 1, max: 33 }),
      concurrency: FastCheck.integer({ min: 1, max: 4 }),
      bad: FastCheck.array(FastCheck.tuple(FastCheck.nat(69), kinds), { maxLength: 20 }),
      names: FastCheck.boolean()
    },
    ({ bad, concurrency, names, size, total }) =>
      Effect.gen(function*() {
        const refused = new Map(bad.filter(([id]) => id < total))
        const { applied, calls, send } = server(refused, names)
        const outcomes = yield* Batch.run(range(total), { size, concurrency, send, blame })
        for (const id of range(total)) {
          expect(shape(outcomes.get(id))).toBe(refused.get(id) ?? "done")
          expect(applied.get(id) ?? 0).toBe(refused.has(id) ? 0 : 1)
        }
        for (let from = 0; from < total; from += size) {
          const length = Math.min(size, total - from)
          const within = (id: number | undefined): boolean => id !== undefined && id >= from && id < from + length
          const wrong = [...refused.keys()].filter(within).length
          const used = calls.filter((ids) => within(ids[0])).length
          expect(used).toBeLessThanOrEqual(2 * length - 1)
          expect(used).toBeLessThanOrEqual(
            names ? 1 + wrong : 1 + 2 * wrong * Math.ceil(Math.log2(Math.max(2, length)))
          )
        }
      })
  )

  it.effect.prop(
    "applies nothing twice where replies are lost, and keeps to its bound of calls",
    {
      total: FastCheck.integer({ min: 1, max: 24 }),
      size: FastCheck.integer({ min: 1, max: 12 }),
      resends: FastCheck.nat(3),
      fates: FastCheck.array(FastCheck.constantFrom("fine", "lost-before", "lost-after", "lost-midway"), {
        maxLength: 40
      }),
      bad: FastCheck.array(FastCheck.nat(23), { maxLength: 4 })
    },
    ({ bad, fates, resends, size, total }) =>
      Effect.gen(function*() {
        const world = server(new Map(bad.map((id) => [id, "invalid"])), false)
        let turn = 0
        const outcomes = yield* Batch.run(range(total), {
          size,
          resends,
          send: (ids) => {
            const fate = fates[turn++] ?? "fine"
            if (fate === "fine") return world.send(ids)
            world.calls.push(ids)
            const reached = fate === "lost-before" ? 0 : fate === "lost-midway" ? ids.length >> 1 : ids.length
            for (const id of ids.slice(0, reached)) {
              if (!bad.includes(id)) world.applied.set(id, (world.applied.get(id) ?? 0) + 1)
            }
            return Effect.fail(lost)
          },
          settle: (ids) =>
            Effect.succeed(
              new Map(ids.map((id) => [id, world.applied.has(id) ? Mutation.done("done") : Mutation.notDone]))
            )
        })
        for (const id of range(total)) {
          expect(world.applied.get(id) ?? 0).toBeLessThanOrEqual(1)
          expect(shape(outcomes.get(id)) === "done").toBe(world.applied.has(id))
          expect(shape(outcomes.get(id))).not.toBe("unknown")
        }
        const parts = Math.ceil(total / size)
        expect(world.calls.length).toBeLessThanOrEqual((resends + 1) * (2 * total - parts))
      })
  )
})
