import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Crypto from "node:crypto"
import * as Label from "../../../src/systems/genesys/pipeline/Label.ts"

const hex = (text: string) => Crypto.createHash("sha256").update(text).digest("hex").slice(0, 20)

const named = (id: string, name: string, hash: string | null = null): Label.Named => ({ id, name, hash })

/** Few names, so that many are equal, and some that look like the labels of others. */
const names = FastCheck.oneof(
  FastCheck.constantFrom("", " ", "a", "a b", "a_b", "ä", "ae", "_", "😀", "日本", "Ã¤", "1", "${x}", "\"", "a-b"),
  FastCheck.string({ unit: "grapheme", maxLength: 8 })
)

const resources = FastCheck.uniqueArray(
  FastCheck.record({ id: FastCheck.uuid(), name: names, hash: FastCheck.constant(null) }),
  { selector: ({ id }) => id, maxLength: 30 }
).chain((some) =>
  FastCheck.constant([
    ...some,
    // Whoever is named as a collision of another would be called.
    ...some.slice(0, 3).map(({ id, name }, index) =>
      named(`${index}${id}`, `${Label.sanitise(name)}_${hex(name + id)}`)
    )
  ])
)

describe("Label", () => {
  const known: ReadonlyArray<readonly [name: string, label: string]> = [
    ["Sales", "Sales"],
    ["Sales & Support", "Sales___Support"],
    ["  padded  ", "padded"],
    ["Größe", "Grosse"],
    ["1st line", "_1st_line"],
    ["-dash", "_-dash"],
    ["a-b_c", "a-b_c"],
    ["日本語", "Ri_Ben_Yu"],
    ["Привет", "Privet"],
    ["${x}", "__x_"],
    ["", "_"],
    ["😀", "_"],
    ["Ã¤", "A__"],
    ["tab\there", "tab_here"]
  ]
  for (const [name, label] of known) {
    it(`calls ${JSON.stringify(name)} ${label}`, () => {
      assert.strictEqual(Label.sanitise(name), label)
    })
  }

  it("leaves the plain label to the smallest id, and tells the others by name and id", () => {
    const labels = Label.assign([named("c", "a b"), named("a", "a_b"), named("b", "a b"), named("d", "other")], false)
    assert.deepStrictEqual(
      new Map(labels),
      new Map([["a", "a_b"], ["b", `a_b_${hex("a bb")}`], ["c", `a_b_${hex("a bc")}`], ["d", "other"]])
    )
  })

  it("tells files apart whose labels differ in case alone", () => {
    const labels = new Map([["b", "Sales"], ["a", "sales"], ["c", "SALES"], ["d", `sales_${hex("Salesb")}`], [
      "e",
      "x"
    ]])
    const again = hex("Salesb1")
    assert.deepStrictEqual(
      new Map(Label.ofFiles(labels)),
      new Map([["b", `Sales_${again}`], ["c", `SALES_${hex("SALESc")}`]])
    )
    assert.strictEqual(Label.ofFiles(new Map([["a", "x"], ["b", "y"]])).size, 0)
  })

  it("hashes every label where it is told to", () => {
    const labels = Label.assign(
      [named("b", "a b"), named("a", "a_b"), named("c", "a b"), named("d", "a b", "0123456789abcdef99")],
      true
    )
    assert.strictEqual(labels.get("a"), `a_b__BLH${hex("a_b")}`)
    assert.strictEqual(labels.get("b"), `a_b__BLH${hex("a b")}`)
    assert.strictEqual(labels.get("c"), `a_b__BLH${hex("a b")}_${hex("a bc")}`)
    assert.strictEqual(labels.get("d"), `a_b__BLH${hex("a b")}_UFH0123456789abcdef`)
  })

  it("makes unique identifiers, the same in any order", () =>
    FastCheck.assert(
      FastCheck.property(
        resources,
        FastCheck.boolean(),
        FastCheck.infiniteStream(FastCheck.nat()),
        (some, hashes, dice) => {
          const labels = Label.assign(some, hashes)
          assert.strictEqual(labels.size, some.length)
          assert.strictEqual(new Set(labels.values()).size, some.length)
          for (const label of labels.values()) assert.match(label, /^[A-Za-z_][0-9A-Za-z_-]*$/)
          const shuffled = some
            .map((one) => ({ one, place: dice.next().value }))
            .toSorted((left, right) => left.place - right.place)
            .map(({ one }) => one)
          const again = Label.assign(shuffled, hashes)
          for (const { id } of some) assert.strictEqual(again.get(id), labels.get(id))
        }
      ),
      { numRuns: 500 }
    ))
})
