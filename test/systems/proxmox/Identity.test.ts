import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Identity from "../../../src/systems/proxmox/plan/Identity.ts"

const owner = { fleet: "lab one", machine: "web" }
const uuid = "0f1e2d3c-4b5a-4678-9abc-def012345678"
const other = "11111111-2222-4333-8444-555555555555"
const nonce: Identity.Mark = { ...owner, proof: { _tag: "Nonce", nonce: "19a-0000" } }
const settled: Identity.Mark = { ...owner, proof: { _tag: "Uuid", uuid } }

const config = (description: string, more: Record<string, string> = {}) => ({
  description,
  smbios1: `manufacturer=x,uuid=${uuid.toUpperCase()}`,
  ...more
})

describe("whose machine it is", () => {
  it("is told by the mark and the uuid, never by a name or an id", () => {
    const cases: ReadonlyArray<readonly [Record<string, string>, Identity.Whose["_tag"]]> = [
      [config(`Web server\n${Identity.print(settled)}`), "Ours"],
      [config(`Web server\n${Identity.print(settled)}\n`), "Ours"],
      [config(Identity.print(nonce)), "HalfMade"],
      [config(Identity.print(nonce), { lock: "clone" }), "HalfMade"],
      [config(Identity.print({ ...owner, proof: { _tag: "Uuid", uuid: other } })), "Stranger"],
      [config(Identity.print({ ...settled, machine: "db" })), "Stranger"],
      [config(Identity.print({ ...settled, fleet: "lab" })), "Stranger"],
      [config("managed-by: holdfast lab one/web", { name: "web" }), "Stranger"],
      [{ name: "web" }, "Stranger"],
      [{ lock: "clone", description: "qmclone temporary file" }, "Hidden"],
      [{ description: "qmclone temporary file" }, "Stranger"]
    ]
    for (const [given, expected] of cases) {
      assert.strictEqual(Identity.whose(given, owner)._tag, expected, given["description"])
    }
  })

  it("stays what it is through printing and parsing", () => {
    for (const mark of [nonce, settled]) assert.deepStrictEqual(Identity.parse(Identity.print(mark)), mark)
    assert.deepStrictEqual(Identity.settled(config(Identity.print(nonce)), owner), settled)
  })

  it.effect("is never mistaken for another attempt", () =>
    Effect.gen(function*() {
      const nonces = yield* Effect.all(Array.from({ length: 100 }, () => Identity.nonce))
      assert.strictEqual(new Set(nonces).size, 100)
    }))
})
