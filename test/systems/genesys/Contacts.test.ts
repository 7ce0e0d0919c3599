import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Contacts from "../../../src/systems/genesys/pipeline/Contacts.ts"

const cut = (text: string, ...columns: ReadonlyArray<string>): string =>
  new TextDecoder().decode(Contacts.cut(new TextEncoder().encode(text), columns))

const quoted = (cell: string): string => `"${cell.replaceAll("\"", "\"\"")}"`

describe("Contacts.cut", () => {
  it("drops what the API adds, which changes with every call", () => {
    const csv = "\"inin-outbound-id\",\"Phone\",\"ContactCallable\",\"CallRecordLastAttempt-Phone\",\"zip\"\r\n"
      + "\"1\",\"+1555\",\"1\",\"2026-11-21T14:00Z\",\"10115\"\r\n"
    assert.strictEqual(
      cut(csv, "Phone", "zip"),
      "\"inin-outbound-id\",\"Phone\",\"zip\"\r\n\"1\",\"+1555\",\"10115\"\r\n"
    )
  })

  it("takes a byte order mark, plain cells, a last line without an end, and short rows", () => {
    assert.strictEqual(
      cut("\uFEFFinin-outbound-id,x,Phone\n1,2,3\n4,5\n\n7,8,9", "Phone"),
      "inin-outbound-id,Phone\r\n1,3\r\n4,\r\n7,9\r\n"
    )
  })

  it("leaves a file alone that has no such column", () => assert.strictEqual(cut("a,b\n1,2\n", "Phone"), "a,b\n1,2\n"))

  it("keeps every cell as it is, whatever is in it", () => {
    const cell = FastCheck.string({ unit: FastCheck.constantFrom("a", ",", "\"", "\n", "\r\n", "ü", " ") })
    const rows = FastCheck.array(FastCheck.tuple(cell, cell, cell), { maxLength: 5 })
    FastCheck.assert(FastCheck.property(rows, (rows) => {
      const written = (places: ReadonlyArray<0 | 1 | 2>) =>
        [["inin-outbound-id", "state", "na,\"me\""] as const, ...rows]
          .map((row) => `${places.map((place) => quoted(row[place])).join(",")}\r\n`).join("")
      assert.strictEqual(cut(written([0, 1, 2]), "na,\"me\""), written([0, 2]))
    }))
  })
})
