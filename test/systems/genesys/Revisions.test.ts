/**
 * What an export keeps is used by later ones for as long as the tables are the same. A table says so itself, except of
 * its functions, for which it has a number. Here it is written down what the functions were when the numbers were looked
 * at last.
 */
import { assert, describe, it } from "@effect/vitest"
import { transform } from "esbuild"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import * as Spool from "../../../src/systems/genesys/pipeline/Spool.ts"
import type { Entity, Table } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import * as ApiCheck from "./ApiCheck.ts"
import * as Documentation from "./Documentation.ts"

/** Of the code of each file, without comments and layout. */
const recorded: Readonly<Record<string, string>> = {
  "Conversions.ts": "f23b88774ce2",
  "architect.ts": "bf66e3ffb860",
  "authorization.ts": "482f7fd7b752",
  "emailRouting.ts": "06006beaff07",
  "flows.ts": "054dfc806916",
  "integrations.ts": "ff762fd6f676",
  "outbound.ts": "3de2b8390638",
  "outboundRules.ts": "157c54ea5e1f",
  "people.ts": "b0d79e840c5b",
  "phones.ts": "c2b0110d833e",
  "queue.ts": "830b72be76bf",
  "responses.ts": "50282642c314",
  "routing.ts": "c1be1019238f",
  "telephony.ts": "cde6e3565436",
  "user.ts": "7a56e050a0dc",
  "webMessenger.ts": "faf6ac91bdda",
  "webdeployments.ts": "b9600dc656f8"
}

/** Of what is made of all that the API may answer. */
const recordedValues = "44b8ceb61525"

const folder = new URL("../../../src/systems/genesys/types/", import.meta.url)

const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 12)

const digestOf = async (file: string): Promise<string> => {
  const source = await Fs.readFile(new URL(file, folder), "utf8")
  return digest((await transform(source, { loader: "ts", minify: true })).code)
}

const isSample = (value: unknown): value is Entity => typeof value === "object" && value !== null

describe("revisions", () => {
  it("were looked at when a function of a table changed", async () => {
    const files = (await Fs.readdir(folder)).toSorted()
    const found = Object.fromEntries(
      await Promise.all(files.map(async (file) => [file, await digestOf(file)] as const))
    )
    assert.deepStrictEqual(
      found,
      recorded,
      "what the functions of a table make of an answer may have changed: if so, raise the `revision` of each table "
        + "concerned, or earlier exports go on having it as it was; then write the digests found here down"
    )
  })

  it.skipIf(!Documentation.isThere)("were looked at when attributes are made in another way", () => {
    const values = Types.all.map((table) =>
      ApiCheck.sampled(table).filter(isSample).map((one) => Values.of(table, one))
    )
    assert.strictEqual(
      digest(JSON.stringify(values)),
      recordedValues,
      "the values of some table are others than they were: raise its `revision`, or `version` in Spool.ts where it is "
        + "no table that changed; then write the digest found here down"
    )
  })

  it("count, and the text of functions does not", () => {
    const [table] = Types.all
    if (table === undefined) throw new Error("there are no tables")
    const of = (more: Partial<Table>): string => Spool.fingerprint({ ...table, ...more }, "")
    assert.strictEqual(of({ skip: () => true }), of({ skip: (entity) => entity["state"] === "gone" }))
    assert.notStrictEqual(of({ revision: 2 }), of({}))
    assert.strictEqual(of({ revision: 1 }), of({ revision: 1 }))
    assert.notStrictEqual(of({ attributes: {} }), of({}))
    assert.notStrictEqual(of({ stamp: "other" }), of({}))
  })
})
