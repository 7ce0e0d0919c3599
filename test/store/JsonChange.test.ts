import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import type * as Json from "../../src/kernel/Json.ts"
import * as JsonChange from "../../src/store/JsonChange.ts"

/** Few names and values, so that two of them often have places in common. */
const json: FastCheck.Arbitrary<Json.Json> = FastCheck.letrec<{ json: Json.Json }>((tie) => ({
  json: FastCheck.oneof(
    { maxDepth: 3, withCrossShrink: true },
    FastCheck.constantFrom<Json.Json>(null, true, 0, 1, "", "a"),
    FastCheck.array(tie("json"), { maxLength: 4 }),
    FastCheck.uniqueArray(
      FastCheck.tuple(FastCheck.constantFrom("a", "b", "", "__proto__", "constructor", "0"), tie("json")),
      { maxLength: 4, selector: ([name]) => name }
    ).map((fields) => Object.fromEntries(fields))
  )
})).json

const value = FastCheck.option(json, { nil: undefined }).map((json) =>
  json === undefined ? Option.none<Json.Json>() : Option.some(json)
)

const path = FastCheck.array(FastCheck.constantFrom<string | number>("a", "b", "__proto__", 0, 1, "0"), {
  maxLength: 4
})

const applyAll = (from: Option.Option<Json.Json>, changes: ReadonlyArray<JsonChange.Change>) =>
  changes.reduce(
    (json, change) => Option.getOrThrow(JsonChange.apply(json, change)),
    from
  )

const backwards = (changes: ReadonlyArray<JsonChange.Change>): ReadonlyArray<JsonChange.Change> =>
  changes.toReversed().map(({ after, before, path }) => ({
    path,
    ...after === undefined ? {} : { before: after },
    ...before === undefined ? {} : { after: before }
  }))

describe("JsonChange", () => {
  it.prop("what is between two values leads from one to the other, and back", [value, value], ([before, after]) => {
    const changes = JsonChange.between(before, after)
    assert.deepStrictEqual(applyAll(before, changes), after)
    assert.deepStrictEqual(applyAll(after, backwards(changes)), before)
    for (const change of changes) assert.notDeepEqual(change.before, change.after)
  }, { fastCheck: { numRuns: 2000 } })

  it.prop("nothing is between a value and itself", [value], ([value]) => {
    assert.deepStrictEqual(JsonChange.between(value, Option.map(value, (json) => structuredClone(json))), [])
  })

  it.prop("what was set is there, and nothing else changed", [value, path, json], ([before, path, put]) => {
    const after = JsonChange.set(before, path, put)
    if (Option.isNone(after)) return
    assert.deepStrictEqual(JsonChange.get(after, path), Option.some(put))
    const kept = Option.match(JsonChange.get(before, path), {
      onNone: () => JsonChange.remove(after, path),
      onSome: (old) => JsonChange.set(after, path, old)
    })
    // What was made on the way stays, so only a place whose parent was there comes back to the same.
    if (path.length === 0 || Option.isSome(JsonChange.get(before, path.slice(0, -1)))) {
      assert.deepStrictEqual(kept, before)
    }
  }, { fastCheck: { numRuns: 2000 } })

  it.prop("what was removed from fields is gone", [value, path], ([before, path]) => {
    const parent = JsonChange.get(before, path.slice(0, -1))
    const after = JsonChange.remove(before, path)
    if (Option.exists(parent, Array.isArray)) return
    assert.deepStrictEqual(JsonChange.get(after, path), Option.none())
  }, { fastCheck: { numRuns: 2000 } })

  it("the names of the language are names like others", () => {
    const made = Option.getOrThrow(JsonChange.set(Option.none(), ["__proto__", "polluted"], true))
    assert.strictEqual(JSON.stringify(made), "{\"__proto__\":{\"polluted\":true}}")
    assert.isFalse("polluted" in {})
    assert.deepStrictEqual(JsonChange.get(Option.some({}), ["constructor"]), Option.none())
    assert.deepStrictEqual(JsonChange.get(Option.some({}), ["__proto__"]), Option.none())
  })

  it("in a list: numbers and their text name places, the end is one, beyond it is none", () => {
    const list = Option.some<Json.Json>({ nodes: ["a", "b"] })
    assert.deepStrictEqual(JsonChange.set(list, ["nodes", "2"], "c"), Option.some({ nodes: ["a", "b", "c"] }))
    assert.deepStrictEqual(JsonChange.set(list, ["nodes", 0], "c"), Option.some({ nodes: ["c", "b"] }))
    for (const wrong of [3, -1, 0.5, "-1", "01", "x", ""]) {
      assert.deepStrictEqual(JsonChange.set(list, ["nodes", wrong], "c"), Option.none())
    }
    assert.deepStrictEqual(JsonChange.remove(list, ["nodes", 0]), Option.some({ nodes: ["b"] }))
    assert.deepStrictEqual(JsonChange.remove(list, ["nodes", 5]), list)
    assert.deepStrictEqual(JsonChange.set(list, ["nodes", 0, "x"], "c"), Option.none())
  })

  it("paths as people write them", () => {
    assert.deepStrictEqual(JsonChange.pathOf("spec.masterCount"), ["spec", "masterCount"])
    assert.deepStrictEqual(JsonChange.pathOf(""), [])
    assert.deepStrictEqual(JsonChange.pathOf(["a.b", 0]), ["a.b", 0])
    assert.strictEqual(JsonChange.format(["spec", "nodes", 2, "name"]), "spec.nodes[2].name")
    assert.strictEqual(JsonChange.format([]), "the whole value")
  })
})
