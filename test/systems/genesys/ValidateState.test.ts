/**
 * What belongs to a configuration beside it: the files that it names, and the state.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Elements from "../../../src/systems/genesys/validate/Elements.ts"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Lab from "./OutputLab.ts"

/** The problems of a folder, in one line each. */
const problems = (files: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const folder = yield* Lab.folderWith(files)
    const validation = yield* Validate.folder(folder)
    return validation.problems.map(({ detail, file, kind, line }) => `${file}:${line} ${kind} ${detail}`)
  })

const flows = `resource "genesyscloud_flow" "here" {
  filepath = "architect_flows/here.yaml"
}

resource "genesyscloud_flow" "gone" {
  filepath = "architect_flows/gone.yaml"
}

resource "genesyscloud_flow" "later" {
  filepath = "\${path.module}/later.yaml"
}

resource "genesyscloud_architect_user_prompt" "greeting" {
  name = "greeting"

  resources {
    language = "en-us"
    filename = "audio_prompts/greeting-en-us.wav"
    file_content_hash = filesha256("audio_prompts/other.wav")
  }

  resources {
    language = "de-de"
    filename = "audio_prompts/greeting-de-de.wav"
  }
}
`

const resource = (address: string, id: string | undefined, mode = "managed") => {
  const [type = "", name = ""] = address.split(".")
  return {
    mode,
    type,
    name,
    provider: "provider[\"registry.terraform.io/mypurecloud/genesyscloud\"]",
    instances: [{ schema_version: 0, attributes: { ...(id === undefined ? {} : { id }), name: "{ \"resources\": [" } }]
  }
}

const state = (resources: ReadonlyArray<unknown>, more: object = {}) =>
  JSON.stringify({ version: 4, serial: 1, resources, check_results: null, ...more }, undefined, 2)

const skills = ["a", "b"].map((label) => `resource "genesyscloud_routing_skill" "${label}" {\n}\n`).join("\n")

const skill = (label: string) => `genesyscloud_routing_skill.${label}`

describe("files that a configuration names", () => {
  it.scopedLive("must be there, unless only Terraform knows where", () =>
    Effect.gen(function*() {
      const found = yield* problems({
        "a.tf": flows,
        "architect_flows/here.yaml": "",
        "audio_prompts/greeting-en-us.wav": ""
      })
      assert.deepStrictEqual(found, [
        "a.tf:5 file genesyscloud_flow.gone names architect_flows/gone.yaml, which is not there",
        "a.tf:13 file genesyscloud_architect_user_prompt.greeting names audio_prompts/greeting-de-de.wav, which is "
        + "not there",
        "a.tf:13 file genesyscloud_architect_user_prompt.greeting names audio_prompts/other.wav, which is not there"
      ])
    }))

  it.scopedLive("are looked for from the folder of each syntax", () =>
    Effect.gen(function*() {
      const flow = { resource: { genesyscloud_flow: { here: { filepath: "../architect_flows/here.yaml" } } } }
      const files = { "a.tf": "", "json/a.tf.json": JSON.stringify(flow), "architect_flows/here.yaml": "" }
      assert.deepStrictEqual(yield* problems(files), [])
    }))
})

const check = (text: string) => problems({ "a.tf": skills, "terraform.tfstate": text })

describe("a state", () => {
  it.scopedLive("has what the configuration has", () =>
    Effect.gen(function*() {
      const data = resource("genesyscloud_script.x", "3", "data")
      assert.deepStrictEqual(yield* check(state([resource(skill("a"), "1"), resource(skill("b"), "2")])), [])
      assert.deepStrictEqual(yield* check(state([resource(skill("a"), "1"), resource(skill("b"), "2"), data])), [
        "terraform.tfstate:35 state data.genesyscloud_script.x is not in the configuration"
      ])
      assert.deepStrictEqual(yield* check(state([])), [
        "a.tf:1 state genesyscloud_routing_skill.a is not in terraform.tfstate",
        "a.tf:4 state genesyscloud_routing_skill.b is not in terraform.tfstate"
      ])
    }))

  it.scopedLive("has an id for each, and each once", () =>
    Effect.gen(function*() {
      const found = yield* check(state([
        resource(skill("a"), "1"),
        resource(skill("b"), "1"),
        resource(skill("b"), undefined),
        { mode: "managed" }
      ]))
      assert.deepStrictEqual(found.map((line) => line.replace(/^terraform\.tfstate:\d+ state /, "")), [
        "genesyscloud_routing_skill.b has the id of genesyscloud_routing_skill.a: 1",
        "genesyscloud_routing_skill.b has no id",
        "genesyscloud_routing_skill.b is there twice",
        "a resource without type and name"
      ])
    }))

  it.scopedLive("is Terraform's own once it has worked with it", () =>
    Effect.map(check(state([], { serial: 2 })), (found) => assert.deepStrictEqual(found, [])))

  it.scopedLive("must be one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* check("{"), ["terraform.tfstate:1 syntax not JSON"])
      assert.deepStrictEqual(yield* check(state([], { version: 3 })), [
        "terraform.tfstate:1 state it is of version 3, and not 4"
      ])
      assert.deepStrictEqual(yield* check(state([], { serial: undefined })), [
        "terraform.tfstate:1 state it has no serial"
      ])
      const found = yield* check(state([{ ...resource(skill("a"), "1"), provider: "none" }]))
      assert.include(found.join("\n"), "genesyscloud_routing_skill.a has no provider that Terraform could find")
    }))
})

describe("elements of a large array", () => {
  it("come whole, whatever they hold and however the file is cut", () => {
    const entity = FastCheck.dictionary(FastCheck.string(), FastCheck.jsonValue())
    FastCheck.assert(
      FastCheck.property(
        FastCheck.array(entity, { maxLength: 4 }),
        FastCheck.dictionary(FastCheck.string().filter((name) => name !== "resources"), FastCheck.jsonValue()),
        FastCheck.boolean(),
        FastCheck.integer({ min: 1, max: 20 }),
        (resources, others, pretty, size) => {
          const text = JSON.stringify({ ...others, resources, after: [{ a: 1 }] }, undefined, pretty ? 2 : undefined)
          const cutter = new Elements.Cutter("resources")
          const found: Array<unknown> = []
          for (let at = 0; at < text.length; at += size) {
            for (const element of cutter.take(text.slice(at, at + size))) found.push(JSON.parse(element.text))
          }
          assert.deepStrictEqual(found, JSON.parse(JSON.stringify(resources)))
          const { resources: _, ...rest } = JSON.parse(cutter.rest)
          assert.deepStrictEqual(rest, JSON.parse(JSON.stringify({ ...others, after: [{ a: 1 }] })))
        }
      ),
      { numRuns: 300 }
    )
  })
})
