/**
 * What may be asked for again: the next change of a series, what an earlier run left open, and several callers at once.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Journal from "../../src/kernel/Journal.ts"
import type * as Json from "../../src/kernel/Json.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

const denied = Fault.make({
  kind: "denied",
  sent: "yes",
  system: "world",
  operation: "World.set",
  detail: "not allowed"
})

/** What was sent, in order, and the entries of the journal. */
const makeMachine = () => {
  const sent: Array<Json.Json> = []
  const entries = new Map<string, Journal.Entry>()
  const set = (intent: Json.Json, more: Partial<Mutation.NextOptions<string, string>> = {}) =>
    Mutation.next({
      series: "thing",
      operation: "World.set",
      intent,
      result: Schema.String,
      send: Effect.sync(() => `sent ${sent.push(intent)}`),
      settle: Effect.succeed(Mutation.notDone),
      settleEarlier: () => Effect.succeed(Mutation.notDone),
      ...more
    })
  const process = <A, E>(program: Effect.Effect<A, E, Journal.Journal>) =>
    Effect.provideServiceEffect(program, Journal.Journal, Journal.makeMemory(entries))
  const states = () => [...entries].map(([key, { _tag, intent }]) => [key, _tag, intent])
  return { sent, entries, set, process, states }
}

/** Lets every other fiber run until it waits. */
const settle = Effect.repeatN(Effect.yieldNow(), 50)

describe("Mutation.next", () => {
  it.effect("makes the same change again once it was made, under the next number", () =>
    Effect.gen(function*() {
      const { process, sent, set, states } = makeMachine()
      expect([yield* process(set("on")), yield* process(set("on")), yield* process(set("off"))]).toEqual(
        ["sent 1", "sent 2", "sent 3"]
      )
      expect(sent).toEqual(["on", "on", "off"])
      expect(states()).toEqual([["thing/1", "Completed", "on"], ["thing/2", "Completed", "on"], [
        "thing/3",
        "Completed",
        "off"
      ]])
    }))

  it.effect("tries again under the same number what is known to have failed, with whatever intent", () =>
    Effect.gen(function*() {
      const { process, set, states } = makeMachine()
      expect(yield* Effect.flip(process(set("on", { send: denied })))).toBe(denied)
      yield* process(set("off"))
      expect(states()).toEqual([["thing/1", "Completed", "off"]])
    }))

  it.effect("does not read the journal from its beginning, and needs nothing of it but the last", () =>
    Effect.gen(function*() {
      const { entries, set, states } = makeMachine()
      let reads = 0
      const counted = Effect.map(Journal.makeMemory(entries), (journal) => ({
        ...journal,
        read: (key: string) => Effect.zipRight(Effect.sync(() => reads += 1), journal.read(key)),
        // What is old was forgotten.
        latest: () =>
          Effect.sync(() =>
            Option.map(Option.fromNullable(entries.get("thing/500")), (entry) => ({ number: 500, entry }))
          )
      }))
      entries.set("thing/500", { _tag: "Begun", intent: "on" })
      yield* Effect.provideServiceEffect(set("on"), Journal.Journal, counted)
      yield* Effect.provideServiceEffect(set("off"), Journal.Journal, counted)
      expect(states().map(([key]) => key)).toEqual(["thing/500", "thing/501"])
      expect(reads).toBe(2)
    }))

  it.effect("takes the number of now where its series has begun anew since it looked", () =>
    Effect.gen(function*() {
      const { entries, set, states } = makeMachine()
      const memory = yield* Journal.makeMemory(entries)
      let looks = 0
      const pruned: Journal.Service = {
        ...memory,
        latest: (series) =>
          Effect.map(memory.latest(series), (latest) =>
            ++looks > 1 ? latest : Option.some({ number: 7, entry: { _tag: "Completed", intent: "on", result: "" } })),
        begin: (key, intent, place) =>
          place?.number === 8
            ? Fault.make({
              kind: "conflict",
              system: "holdfast",
              operation: "Journal.begin",
              code: "journal-behind",
              detail: "behind"
            })
            : memory.begin(key, intent, place)
      }
      yield* Effect.provideService(set("on"), Journal.Journal, pruned)
      expect(
        states().map(([key]) =>
          key
        )
      ).toEqual(["thing/1"])
    }))

  it.effect("two who ask for the same at once share one change; who asks for another makes it afterwards", () =>
    Effect.gen(function*() {
      const { process, sent, set, states } = makeMachine()
      const release = yield* Deferred.make<void>()
      const slowly = { send: Effect.as(Deferred.await(release), "slow") }
      const results = yield* process(Effect.gen(function*() {
        const first = yield* Effect.fork(set("on", slowly))
        yield* settle
        const others = yield* Effect.forEach(["on", "off"], (intent) => Effect.fork(set(intent)))
        yield* settle
        expect(sent).toEqual([])
        yield* Deferred.succeed(release, undefined)
        return yield* Effect.forEach([first, ...others], Fiber.join)
      }))
      expect(results).toEqual(["slow", "slow", "sent 1"])
      expect(sent).toEqual(["off"])
      expect(states()).toEqual([["thing/1", "Completed", "on"], ["thing/2", "Completed", "off"]])
    }))

  it.effect("who waited for another change that failed makes its own, and does not fail with it", () =>
    Effect.gen(function*() {
      const { process, set } = makeMachine()
      const release = yield* Deferred.make<void>()
      const results = yield* process(Effect.gen(function*() {
        const first = yield* Effect.fork(
          Effect.either(set("on", { send: Effect.zipRight(Deferred.await(release), denied) }))
        )
        yield* settle
        const others = yield* Effect.forEach(["on", "off"], (intent) => Effect.fork(Effect.either(set(intent))))
        yield* settle
        yield* Deferred.succeed(release, undefined)
        return yield* Effect.forEach([first, ...others], Fiber.join)
      }))
      expect(results.map(({ _tag }) => _tag)).toEqual(["Left", "Left", "Right"])
    }))

  it.effect("closes what an earlier run left open once it is read to be undone, and not before it may no longer act", () =>
    Effect.gen(function*() {
      const { entries, process, sent, set, states } = makeMachine()
      entries.set("thing/1", { _tag: "Begun", intent: "on" })
      const asked: Array<Json.Json> = []
      const settleEarlier = (intent: Json.Json) =>
        Effect.sync(() => {
          asked.push(intent)
          return sent.length === 0 ? Mutation.notDone : Mutation.done("too late")
        })
      yield* VirtualClock.run(process(set("off", { settleEarlier, actsWithin: "5 seconds" })))
      expect(new Set(asked)).toEqual(new Set(["on"]))
      expect(asked.length).toBeGreaterThan(1)
      expect(states()).toEqual([["thing/1", "Completed", "off"]])
    }))

  it.effect("does nothing where what an earlier run had begun shows after all, and says so", () =>
    Effect.gen(function*() {
      const { entries, process, sent, set, states } = makeMachine()
      entries.set("thing/1", { _tag: "Begun", intent: "on" })
      let reads = 0
      const settleEarlier = () => Effect.sync(() => ++reads < 3 ? Mutation.notDone : Mutation.done("late"))
      const failed = yield* VirtualClock.run(
        Effect.flip(process(set("off", { settleEarlier, actsWithin: "5 seconds" })))
      )
      expect(failed).toMatchObject({ kind: "conflict", code: "earlier-done", sent: "no" })
      expect([sent, states()]).toEqual([[], [["thing/1", "Completed", "on"]]])
      yield* process(set("off"))
      expect(sent).toEqual(["off"])
    }))
})
