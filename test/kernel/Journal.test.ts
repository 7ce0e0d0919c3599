import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Json from "../../src/kernel/Json.ts"

const fault = Fault.make({ kind: "locked", system: "world", operation: "World.act", detail: "busy" })

/** Lets every other fiber run until it waits. */
const settle = Effect.repeatN(Effect.yieldNow(), 20)

describe("Journal.layerMemory", () => {
  it.effect("keeps the intent and then the outcome", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.Journal
      expect(yield* journal.read("a")).toEqual(Option.none())
      yield* journal.begin("a", { vmid: 401 })
      expect(yield* journal.read("a")).toEqual(Option.some({ _tag: "Begun", intent: { vmid: 401 } }))
      yield* journal.complete("a", "UPID")
      expect(yield* journal.read("a")).toEqual(
        Option.some({ _tag: "Completed", intent: { vmid: 401 }, result: "UPID" })
      )
      yield* journal.begin("b", 1)
      yield* journal.fail("b", fault)
      expect(yield* journal.read("b")).toEqual(Option.some({ _tag: "Failed", intent: 1, fault }))
      yield* journal.begin("b", 2)
      expect(yield* journal.read("b")).toEqual(Option.some({ _tag: "Begun", intent: 2 }))
    }).pipe(Effect.provide(Journal.layerMemory)))

  it.effect("knows how far a series goes, over processes", () =>
    Effect.gen(function*() {
      const kept = new Map<string, Journal.Entry>()
      const journal = yield* Journal.makeMemory(kept)
      const begin = (number: number) =>
        journal.begin(Journal.keyOf({ series: "a", number }), number, { series: "a", number })
      expect(yield* journal.latest("a")).toEqual(Option.none())
      yield* begin(1)
      yield* journal.complete("a/1", "done")
      yield* journal.begin("a/b/1", 0, { series: "a/b", number: 1 })
      yield* begin(2)
      const second = Option.some({ number: 2, entry: { _tag: "Begun", intent: 2 } })
      expect(yield* journal.latest("a")).toEqual(second)
      expect(yield* Effect.flatMap(Journal.makeMemory(kept), (next) => next.latest("a"))).toEqual(second)
      yield* journal.fail("a/2", fault)
      yield* begin(3)
      expect(yield* journal.latest("a")).toMatchObject(Option.some({ number: 3 }))
    }))

  it.effect("starts empty each time it is built", () =>
    Effect.gen(function*() {
      yield* Effect.flatMap(Journal.Journal, (journal) => journal.begin("a", 1)).pipe(
        Effect.provide(Journal.layerMemory)
      )
      const entry = yield* Effect.flatMap(Journal.Journal, (journal) => journal.read("a")).pipe(
        Effect.provide(Journal.layerMemory)
      )
      expect(entry).toEqual(Option.none())
    }))

  it.effect("refuses to begin what is completed, and an outcome without an intent", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.Journal
      yield* journal.begin("a", 1)
      yield* journal.complete("a", 2)
      const codes = yield* Effect.forEach(
        [journal.begin("a", 1), journal.complete("b", 1), journal.fail("b", fault)],
        (effect) => Effect.map(Effect.flip(effect), ({ code, kind }) => [kind, code])
      )
      expect(codes).toEqual([
        ["conflict", "journal-completed"],
        ["conflict", "journal-not-begun"],
        ["conflict", "journal-not-begun"]
      ])
      expect(yield* journal.read("a")).toEqual(Option.some({ _tag: "Completed", intent: 1, result: 2 }))
    }).pipe(Effect.provide(Journal.layerMemory)))

  it.effect("gives a key to one at a time, in the order of asking, and says who waited", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.Journal
      const order: Array<string> = []
      const release = yield* Deferred.make<void>()
      const hold = (name: string) =>
        Effect.scoped(Effect.gen(function*() {
          const { contended } = yield* journal.claim("key")
          order.push(`${name} ${contended ? "waited" : "first"}`)
          yield* Deferred.await(release)
          order.push(`${name} leaves`)
        }))
      const fibers = yield* Effect.forEach(["a", "b", "c"], (name) => Effect.zipLeft(Effect.fork(hold(name)), settle))
      yield* Effect.scoped(journal.claim("another key"))
      expect(order).toEqual(["a first"])
      yield* Deferred.succeed(release, undefined)
      yield* Fiber.joinAll(fibers)
      expect(order).toEqual(["a first", "a leaves", "b waited", "b leaves", "c waited", "c leaves"])
      expect(yield* Effect.scoped(journal.claim("key"))).toEqual({ contended: false })
    }).pipe(Effect.provide(Journal.layerMemory)))

  it.live("loses no key, whoever is interrupted and when", () =>
    Effect.promise(() =>
      FastCheck.assert(
        FastCheck.asyncProperty(
          FastCheck.array(
            FastCheck.record({ yields: FastCheck.nat(6), interruptAfter: FastCheck.option(FastCheck.nat(8)) }),
            {
              minLength: 2,
              maxLength: 8
            }
          ),
          (holders) =>
            Effect.runPromise(Effect.gen(function*() {
              const journal = yield* Journal.makeMemory()
              let holding = 0
              let most = 0
              const hold = (yields: number) =>
                Effect.scoped(Effect.gen(function*() {
                  yield* journal.claim("key")
                  yield* Effect.acquireRelease(
                    Effect.sync(() => most = Math.max(most, ++holding)),
                    () => Effect.sync(() => holding--)
                  )
                  yield* Effect.repeatN(Effect.yieldNow(), yields)
                }))
              yield* Effect.forEach(holders, ({ interruptAfter, yields }) =>
                Effect.gen(function*() {
                  const fiber = yield* Effect.fork(hold(yields))
                  if (interruptAfter === null) return yield* Fiber.await(fiber)
                  yield* Effect.repeatN(Effect.yieldNow(), interruptAfter)
                  return yield* Fiber.interrupt(fiber)
                }), { concurrency: 8 })
              expect(most).toBeLessThanOrEqual(1)
              expect(yield* Effect.scoped(journal.claim("key"))).toEqual({ contended: false })
            }))
        ),
        { numRuns: 300 }
      )
    ))

  it.effect("waits interruptibly", () =>
    Effect.gen(function*() {
      const journal = yield* Journal.Journal
      yield* Effect.scoped(Effect.gen(function*() {
        yield* journal.claim("key")
        const waiter = yield* Effect.fork(Effect.scoped(journal.claim("key")))
        yield* settle
        const exit = yield* Fiber.interrupt(waiter)
        expect(Exit.isInterrupted(exit)).toBe(true)
      }))
    }).pipe(Effect.provide(Journal.layerMemory)))
})

describe("Journal.prefixed", () => {
  it.effect("those who share a journal have keys of their own, and each the right to its own", () =>
    Effect.scoped(Effect.gen(function*() {
      const kept = new Map<string, Journal.Entry>()
      const journal = yield* Journal.makeMemory(kept)
      const one = Journal.prefixed(journal, "one/")
      const other = Journal.prefixed(journal, "other/")
      expect(yield* one.claim("key")).toEqual({ contended: false })
      expect(yield* other.claim("key")).toEqual({ contended: false })
      yield* one.begin("key", 1)
      yield* other.begin("key", 2)
      yield* one.complete("key", "done")
      yield* other.fail("key", fault)
      expect([...kept].map(([key, { _tag, intent }]) => [key, _tag, intent])).toEqual([
        ["one/key", "Completed", 1],
        ["other/key", "Failed", 2]
      ])
      expect(yield* one.read("key")).toEqual(yield* journal.read("one/key"))
      yield* one.begin("series/1", 3, { series: "series", number: 1 })
      expect(yield* other.latest("series")).toEqual(Option.none())
      expect(yield* one.latest("series")).toEqual(yield* journal.latest("one/series"))
      expect(yield* one.latest("series")).toMatchObject(Option.some({ number: 1 }))
    })))
})

describe("Json", () => {
  it("is what JSON can write, and nothing else", () => {
    expect(Json.fromUnknown({ a: undefined, b: new Date(0), c: [1, null] })).toEqual(
      Option.some({ b: "1970-01-01T00:00:00.000Z", c: [1, null] })
    )
    const circular: { self?: unknown } = {}
    circular.self = circular
    for (const value of [undefined, () => 1, 1n, circular]) expect(Json.fromUnknown(value)).toEqual(Option.none())
  })

  it("does not write secrets", () => {
    expect(Json.fromUnknown({ password: Redacted.make("hunter2") })).toEqual(Option.some({ password: "<redacted>" }))
  })

  it("has one text for equal values, whatever the order of their keys", () => {
    FastCheck.assert(FastCheck.property(FastCheck.jsonValue(), (value) => {
      const json = Option.getOrThrow(Json.fromUnknown(value))
      const reversed = Option.getOrThrow(Json.fromUnknown(reverseKeys(json)))
      expect(Json.canonical(reversed)).toBe(Json.canonical(json))
      expect(JSON.parse(Json.canonical(json))).toEqual(json)
    }))
    expect(Json.equals({ a: [1, 2] }, { a: [2, 1] })).toBe(false)
  })
})

const reverseKeys = (json: Json.Json): unknown => {
  if (Array.isArray(json)) return json.map((item: Json.Json) => reverseKeys(item))
  if (typeof json !== "object" || json === null) return json
  return Object.fromEntries(Object.entries(json).toReversed().map(([key, value]) => [key, reverseKeys(value)]))
}
