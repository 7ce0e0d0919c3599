import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import * as Output from "../../../src/systems/genesys/output/Output.ts"
import * as Steps from "../../../src/systems/genesys/output/Steps.ts"
import * as Lab from "./OutputLab.ts"

const queue = (id: string, name: string, entity: object) =>
  Lab.make("genesyscloud_routing_queue", id, { name, owner: "u1", ...entity })

const resources = [
  Lab.make("genesyscloud_auth_division", "d1", { name: "Home" }),
  Lab.make("genesyscloud_user", "u1", { name: "Ann", email: "ann@acme.example", manager: "u2" }),
  // With Ann it makes a circle.
  Lab.make("genesyscloud_user", "u2", { name: "Bob", manager: "u1" }),
  Lab.make("genesyscloud_user", "u3", { name: "Cid \u{1F600} \"${x}\" \\", manager: "u2" }, {
    label: "Cid",
    mode: "data"
  }),
  // No plain id, and nobody of this name is there.
  Lab.make("genesyscloud_user", "u4", { name: "Dan", manager: "u/5\"" }),
  Lab.make("genesyscloud_architect_datatable_row", "r1", { name: "Row" }, { mode: "data" }),
  queue("q1", "Sales", {
    division: { id: "d1" },
    skills: ["u1", "u2", "gone"],
    script: { id: "own" },
    tags: { 10: "a", 9: "b", c: "${d}" },
    config: JSON.stringify({ users: ["u1", "gone", "u4"], text: "%{e} \" \u2028" }),
    members: [{ user_id: "u2", ring_num: 0 }, { user_id: "u1" }],
    media: { call: { seconds: 0, auto: false } },
    labels: []
  }),
  queue("q2", "Support", { overflow: "q2", backup: "q1", skills: [] }),
  Lab.make("genesyscloud_flow", "f1", { name: "F" }, { dependsOn: [{ type: "genesyscloud_routing_queue", id: "q1" }] })
]

/** Writes them with texts that were made before, of those that pass. */
const prepared = (directory: string, options: ExportOptions, passes: (id: string) => boolean) =>
  Effect.gen(function*() {
    const input = Lab.input(directory, resources, options)
    const shelf = yield* Output.prepare(options, Lab.tables)
    for (const resource of resources) if (passes(resource.id)) shelf?.add(resource, () => resources.length)
    const texts = resources.map((resource) => shelf?.get(resource))
    yield* Output.write({
      ...input,
      prepared: shelf,
      resources: (type) =>
        Stream.map(input.resources(type), (resource) => {
          const text = shelf?.get(resource)
          return text === undefined ? resource : { ...resource, text, values: text.values }
        })
    })
    return texts.flatMap((text, index) => text === undefined ? [] : [resources[index]?.id])
  })

describe("Texts that are made as resources are read", () => {
  it.scopedLive("are those that would be made at the end", () =>
    Effect.gen(function*() {
      const parent = yield* Lab.folder
      const formats: ReadonlyArray<ExportOptions> = [
        { exportFormat: "json" },
        { exportFormat: "hcl", splitFilesByResource: true, exportComputed: false, excludeAttributes: [] }
      ]
      for (const [index, options] of formats.entries()) {
        const [plain, all, some] = ["plain", "all", "some"].map((name) => Path.join(parent, `${name}${index}`))
        yield* Output.write(Lab.input(plain ?? "", resources, options))
        const expected = yield* Lab.contents(plain ?? "")
        assert.deepStrictEqual(
          yield* prepared(all ?? "", options, () => true),
          ["d1", "u1", "u2", "u3", "r1", "q1", "q2"]
        )
        assert.deepStrictEqual(yield* Lab.contents(all ?? ""), expected)
        yield* prepared(some ?? "", options, (id) => id < "r")
        assert.deepStrictEqual(yield* Lab.contents(some ?? ""), expected)
      }
    }))

  it.scopedLive("are not made where values are needed afterwards, or what is not there decides", () =>
    Effect.gen(function*() {
      for (
        const options of [{ includeStateFile: true }, { exportFormat: "json_hcl" }, {
          exportOmitUnresolvedRefs: true
        }] as const
      ) assert.isUndefined(yield* Output.prepare(options, Lab.tables))
    }))
})

describe("Texts of an organisation that is not of the usual size", () => {
  it.effect("are let go of", () =>
    Effect.gen(function*() {
      const shelf = yield* Output.prepare({}, Lab.tables)
      const [one] = resources
      let listed = 20_000
      const add = () => one === undefined ? undefined : shelf?.add(one, () => listed)
      const has = () => one !== undefined && shelf?.get(one) !== undefined
      add()
      assert.isTrue(has())
      listed += 1
      for (let again = 0; again < 100; again++) add()
      assert.isFalse(has())
      add()
      assert.isFalse(has())
    }))
})

/** Changes the file just before it is checked. */
const spoiled = (directory: string, spoil: (file: string) => Promise<void>, options: ExportOptions = {}) =>
  Output.write(Lab.input(directory, resources, options)).pipe(
    Effect.provideService(Steps.Steps, (step) =>
      step === "check"
        ? Effect.promise(() => spoil(Path.join(Path.dirname(directory), ".acme.holdfast-new", "genesyscloud.tf.json")))
        : Effect.void),
    Effect.flip
  )

describe("What was checked while it was written", () => {
  it.scopedLive("is what is on the disk, or it is refused", () =>
    Effect.gen(function*() {
      const parent = yield* Lab.folder
      const directory = Path.join(parent, "acme")
      yield* Output.write(Lab.input(directory, resources))
      const before = yield* Lab.contents(parent)
      const spoils: ReadonlyArray<(file: string) => Promise<void>> = [
        (file) => Fs.appendFile(file, " "),
        (file) => Fs.truncate(file, 10),
        (file) => Fs.rm(file),
        (file) => Fs.readFile(file, "utf8").then((text) => Fs.writeFile(file, text.replace("Support", "Supporx")))
      ]
      for (const spoil of spoils) {
        const fault = yield* spoiled(directory, spoil)
        assert.deepStrictEqual([fault.code, fault.remote], ["invalid-output", "the output of before is intact"])
        assert.include(fault.detail, "genesyscloud.tf.json:1: it is not what was written")
        assert.deepStrictEqual(yield* Lab.contents(parent), before)
      }
    }))
})
