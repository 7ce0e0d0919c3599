import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type * as Fault from "../../src/kernel/Fault.ts"
import * as Collection from "../../src/store/Collection.ts"
import { onBothBackends } from "./Backends.ts"

const item = (key: string, value = `"${key}"`, stamp: string | null = null): Collection.Item => ({
  key,
  stamp,
  digest: `d-${value.length}`,
  value
})

const keysOf = (items: Chunk.Chunk<Collection.Item>) => Chunk.toReadonlyArray(items).map(({ key }) => key)

type Opened = Effect.Effect<Collection.Service, Fault.Fault, Scope.Scope>

const behaviour = (opened: Opened): void => {
  it.scopedLive("keeps items by key, replaces and deletes them", () =>
    Effect.gen(function*() {
      const collections = yield* opened
      yield* collections.put("a", [item("1"), item("2"), item("1", "\"again\"", "v2")])
      yield* collections.put("b", [item("1", "\"other\"")])
      assert.deepStrictEqual(yield* collections.get("a", "1"), Option.some(item("1", "\"again\"", "v2")))
      assert.deepStrictEqual(yield* collections.get("b", "1"), Option.some(item("1", "\"other\"")))
      assert.isTrue(Option.isNone(yield* collections.get("a", "3")))
      yield* collections.put("a", [item("2", "\"new\"")])
      assert.deepStrictEqual(
        yield* collections.getMany("a", ["2", "1", "none"]),
        new Map([["1", item("1", "\"again\"", "v2")], ["2", item("2", "\"new\"")]])
      )
      yield* collections.delete("a", ["1", "none"])
      assert.deepStrictEqual(keysOf(yield* Stream.runCollect(collections.scan("a"))), ["2"])
      yield* collections.clear("a")
      assert.deepStrictEqual(keysOf(yield* Stream.runCollect(collections.scan("a"))), [])
      assert.isTrue(Option.isSome(yield* collections.get("b", "1")))
    }))

  it.scopedLive("scans in the order of code points, page by page, from any key on", () =>
    Effect.gen(function*() {
      const collections = yield* opened
      const keys = ["", "A", "Z", "_", "a", "ab", "b", "ä", "\uffee", "😀", "\\"]
      const sorted = ["", "A", "Z", "\\", "_", "a", "ab", "b", "ä", "\uffee", "😀"]
      yield* collections.put("a", keys.map((key) => item(key)))
      for (const pageSize of [1, 2, 11, 12]) {
        assert.deepStrictEqual(keysOf(yield* Stream.runCollect(collections.scan("a", { pageSize }))), sorted)
      }
      const after = yield* Stream.runCollect(collections.scan("a", { after: "_", pageSize: 2 }))
      assert.deepStrictEqual(keysOf(after), ["a", "ab", "b", "ä", "\uffee", "😀"])
    }))

  it.scopedLive("keeps any key, and any JSON", () =>
    Effect.gen(function*() {
      const collections = yield* opened
      const keys = FastCheck.sample(FastCheck.string({ unit: "binary", maxLength: 6 }), { numRuns: 300, seed: 1 })
      const odd = ["\u0000", "\ud800", "\udc00\ud800", "\\0000", "a\u0000b", "😀\ud83d"]
      const items = [...new Set([...keys, ...odd])].map((key) =>
        item(key, JSON.stringify({ key, "\u0000": ["\ud800"] }))
      )
      yield* collections.put("a", items)
      const found = Chunk.toReadonlyArray(yield* Stream.runCollect(collections.scan("a")))
      assert.sameDeepMembers([...found], items)
      const stamps = yield* collections.stamps("a")
      assert.sameMembers([...stamps.keys()], items.map(({ key }) => key))
    }))

  it.scopedLive("writes thousands in one transaction, and tells their stamps", () =>
    Effect.gen(function*() {
      const collections = yield* opened
      const before = yield* collections.now
      const items = Array.from({ length: 5001 }, (_, index) =>
        item(`k${index}`, "0", index % 2 === 0 ? null : `${index}`))
      yield* collections.put("a", items)
      const stamps = yield* collections.stamps("a")
      assert.strictEqual(stamps.size, 5001)
      const mark = stamps.get("k4999")
      assert.strictEqual(mark?.stamp, "4999")
      assert.strictEqual(mark?.digest, "d-1")
      assert.isAtLeast(mark?.at ?? 0, before)
      yield* collections.delete(
        "a",
        items.slice(1).map(({ key }) =>
          key
        )
      )
      assert.deepStrictEqual([...(yield* collections.stamps("a")).keys()], ["k0"])
    }))

  it.scopedLive("does several things at once, in their order", () =>
    Effect.gen(function*() {
      const collections = yield* opened
      yield* collections.put("a", [item("old")])
      yield* collections.write([
        { _tag: "Clear", collection: "a" },
        { _tag: "Put", collection: "a", items: [item("1"), item("2")] },
        { _tag: "Delete", collection: "a", keys: ["1"] },
        { _tag: "Put", collection: "b", items: [item("3")] }
      ])
      assert.deepStrictEqual(keysOf(yield* Stream.runCollect(collections.scan("a"))), ["2"])
      assert.deepStrictEqual(keysOf(yield* Stream.runCollect(collections.scan("b"))), ["3"])
    }))
}

await onBothBackends("Collection", (backend) => {
  const open = Effect.flatMap(
    backend.place,
    (place) => Effect.flatMap(place.open, ({ context }) => Effect.provide(Collection.make, context))
  )
  behaviour(open)

  it.scopedLive("is seen by the next process, and half a batch is nothing", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      yield* Effect.scoped(Effect.gen(function*() {
        const { context } = yield* place.open
        const collections = yield* Effect.provide(Collection.make, context)
        yield* collections.put("a", [item("1")])
        // PostgreSQL refuses it, and SQLite would read it back torn: it was not written by JSON.stringify.
        const torn = { ...item("3"), value: "\u0000" }
        const many = Array.from({ length: 450 }, (_, index) => item(`n${index}`))
        if (backend.name === "postgres") {
          yield* Effect.flip(Effect.asVoid(collections.put("a", [...many, torn])))
        }
      }))
      const { context, database } = yield* place.open
      const collections = yield* Effect.provide(Collection.make, context)
      assert.deepStrictEqual(keysOf(yield* Stream.runCollect(collections.scan("a"))), ["1"])
      yield* database.transaction("Test.damage", database.sql`UPDATE holdfast_collections SET at = -9007199254740993`)
      assert.strictEqual((yield* Effect.flip(collections.get("a", "1"))).code, "store-corrupt")
    }))
})

describe("Collection in memory", () =>
  behaviour(
    Effect.map(Layer.build(Layer.fresh(Collection.layerMemory)), (context) =>
      Context.get(context, Collection.Collections))
  ))
