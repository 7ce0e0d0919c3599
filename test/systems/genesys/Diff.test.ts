import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Diff from "../../../src/systems/genesys/diff/Diff.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import * as Output from "../../../src/systems/genesys/output/Output.ts"
import * as Lab from "./OutputLab.ts"

const ann = Lab.make("genesyscloud_user", "u1", { name: "Ann ${x} \"é\"" })
const bob = Lab.make("genesyscloud_user", "u2", { name: "Bob", email: "bob@acme" }, { mode: "data" })

const queue = (entity: object, name = "Sales") =>
  Lab.make("genesyscloud_routing_queue", name, { name, owner: "u1", ...entity })

const resources = [
  ann,
  bob,
  queue({
    timeout: 1.5,
    config: { users: ["u1"], "${k": 1, "$a": [true, null, "${x}", { "%{": "\n" }], n: -1e21 },
    members: [{ userId: "u1", ringNum: 1 }],
    tags: { "$a": "1", "${b": "2" },
    media: { call: { auto: true } },
    script: { id: "own" }
  }),
  queue({}, "Gone"),
  Lab.make("genesyscloud_flow", "f1", { name: "F" }, { dependsOn: [{ type: "genesyscloud_user", id: "u2" }] })
]

const write = (made: ReadonlyArray<Lab.Made>, options: ExportOptions) =>
  Effect.gen(function*() {
    const directory = Path.join(yield* Lab.folder, "acme")
    yield* Output.write(Lab.input(directory, made, options))
    return directory
  })

describe("Diff", () => {
  it.scopedLive("of one organisation is none, whatever the syntax and the split", () =>
    Effect.gen(function*() {
      const first = yield* write(resources, { exportFormat: "hcl" })
      for (const exportFormat of ["hcl", "json", "json_hcl"] as const) {
        const second = yield* write(resources, { exportFormat, splitFilesByResource: true })
        const difference = yield* Diff.folders(first, second)
        assert.deepStrictEqual(difference, { added: [], removed: [], changed: [], unchanged: 6 })
        assert.isTrue(Diff.isNone(difference))
      }
    }))

  it.scopedLive("says what was added, removed and changed, to the attribute", () =>
    Effect.gen(function*() {
      const first = yield* write(resources, { exportFormat: "hcl" })
      const second = yield* write([
        ann,
        bob,
        queue({
          timeout: 2,
          config: { users: ["u2"] },
          members: [{ userId: "u1", ringNum: 1 }, { userId: "u2" }],
          media: { call: { auto: false } }
        }),
        queue({}, "New"),
        Lab.make("genesyscloud_flow", "f1", { name: "F" })
      ], { exportFormat: "json" })
      const difference = yield* Diff.folders(first, second)
      assert.deepStrictEqual(difference.added, ["genesyscloud_routing_queue.New"])
      assert.deepStrictEqual(difference.removed, [
        "data.genesyscloud_script.Default_Outbound_Script",
        "genesyscloud_routing_queue.Gone"
      ])
      assert.deepStrictEqual(
        difference.changed.map(({ address, attributes }) => [address, attributes.map(({ path }) => path)]),
        [
          ["genesyscloud_flow.F", ["depends_on"]],
          ["genesyscloud_routing_queue.Sales", [
            "config",
            "media.0.call.0.auto",
            "members.1",
            "script_id",
            "tags",
            "timeout"
          ]]
        ]
      )
      assert.deepStrictEqual(difference.changed[1]?.attributes[5], { path: "timeout", before: 1.5, after: 2 })
      assert.strictEqual(difference.unchanged, 2)
    }))

  it.scopedLive("refuses what is no export", () =>
    Effect.gen(function*() {
      const first = yield* write(resources, {})
      const nothing = Path.join(first, "nothing")
      const empty = Path.join(first, "empty")
      const broken = Path.join(first, "broken")
      yield* Effect.promise(async () => {
        await Promise.all([empty, broken].map((folder) => Fs.mkdir(folder)))
        await Fs.writeFile(Path.join(broken, "a.tf"), "resource {")
      })
      for (
        const [before, after, subject, says] of [
          [nothing, first, nothing, "there is no such folder. Name the folder of an export"],
          [first, nothing, nothing, "there is no such folder. Name the folder of an export"],
          [
            first,
            Path.join(broken, "a.tf"),
            Path.join(broken, "a.tf"),
            "it is no folder. Name the folder of an export"
          ],
          [empty, first, empty, "it has no configuration of Terraform in it. Name the folder of an export"],
          [first, broken, Path.join(broken, "a.tf"), "(genesys validate) tells of all that is wrong with it"]
        ] as const
      ) {
        const fault = yield* Effect.flip(Diff.folders(before, after))
        assert.deepStrictEqual([fault.subject, fault.operation, fault.sent], [subject, "Genesys.diff", "no"])
        assert.include(fault.message, says)
      }
    }))
})
