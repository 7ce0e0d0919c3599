import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { inflateRawSync } from "node:zlib"
import * as Fault from "../../../src/kernel/Fault.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import * as Output from "../../../src/systems/genesys/output/Output.ts"
import * as State from "../../../src/systems/genesys/output/State.ts"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Lab from "./OutputLab.ts"

const division = Lab.make("genesyscloud_auth_division", "d1", { name: "Home" })
const ann = Lab.make("genesyscloud_user", "u1", { name: "Ann" })
const queue = (entity: object, id = "q1", name = "Sales") =>
  Lab.make("genesyscloud_routing_queue", id, { name, owner: "u1", ...entity })

/** What one queue is written as, in HCL. */
const written = (
  entity: object,
  options: ExportOptions = {},
  others: ReadonlyArray<Lab.Made> = [ann]
) =>
  Effect.gen(function*() {
    const directory = Path.join(yield* Lab.folder, "acme")
    const { report } = yield* Output.write(
      Lab.input(directory, [queue(entity), ...others], { exportFormat: "hcl", ...options })
    )
    const text = (yield* Lab.contents(directory))["genesyscloud.tf"] ?? ""
    const body = /resource "genesyscloud_routing_queue" "Sales" \{\n([\s\S]*?)\n\}\n/.exec(text)?.[1] ?? ""
    const lines = body.split("\n").map((line) => line.trim().replace(/ +=/, " ="))
    return {
      lines: lines.filter((line) => line !== "" && !/^(name|owner_id|labels) = /.test(line)),
      exceptions: report.exceptions.map(({ attribute, reason }) => `${reason} ${attribute}`),
      text
    }
  })

describe("A resource is written", () => {
  it.scopedLive("without what is missing, zero, read-only or excluded", () =>
    Effect.gen(function*() {
      const { lines } = yield* written({
        description: "",
        timeout: 0,
        weight: 0,
        enabled: false,
        date: "2024",
        hidden: "x",
        skills: [],
        tags: { a: "" },
        media: { call: { seconds: 0 } }
      })
      assert.deepStrictEqual(lines, ["enabled = false", "timeout = 0"])
    }))

  it.scopedLive("without computed and deprecated attributes, and without those that are not wanted", () =>
    Effect.gen(function*() {
      const entity = { note: "n", version: 1, description: "d", media: { call: { seconds: 3, auto: true } } }
      assert.deepStrictEqual((yield* written(entity)).lines, [
        "description = \"d\"",
        "note = \"n\"",
        "version = 1",
        "media {",
        "call {",
        "auto = true",
        "seconds = 3",
        "}",
        "}"
      ])
      const { lines } = yield* written(entity, {
        exportComputed: false,
        exportDeprecated: false,
        excludeAttributes: ["routing_queue.media.call.auto", "genesyscloud_routing_.*.description"]
      })
      assert.deepStrictEqual(lines, ["media {", "call {", "seconds = 3", "}", "}"])
    }))

  it.scopedLive("with references, and ids where nothing is referred to", () =>
    Effect.gen(function*() {
      const entity = { division: { id: "d1" }, skills: ["u1", "u9"], config: { users: ["u1", "u8"], other: "u1" } }
      const { exceptions, lines } = yield* written(entity, {}, [ann, division])
      assert.deepStrictEqual(lines, [
        "config = jsonencode({",
        "\"other\" = \"u1\"",
        "\"users\" = [",
        "genesyscloud_user.Ann.id,",
        "\"u8\",",
        "]",
        "})",
        "division_id = genesyscloud_auth_division.Home.id",
        "skills = [",
        "genesyscloud_user.Ann.id,",
        "\"u9\",",
        "]"
      ])
      assert.deepStrictEqual(exceptions, ["unresolved config", "unresolved skills"])
      const left = yield* written({ ...entity, division: { id: "d9" } }, { exportOmitUnresolvedRefs: true })
      assert.deepStrictEqual(left.lines.slice(-1), ["skills = [genesyscloud_user.Ann.id]"])
      assert.deepStrictEqual(left.exceptions, ["unresolved config", "unresolved division_id", "unresolved skills"])
    }))

  it.scopedLive("with a required id that is in no export, whatever is left out", () =>
    Effect.gen(function*() {
      const { text } = yield* written({ owner: "u9" }, { exportOmitUnresolvedRefs: true })
      assert.match(text, /owner_id += "u9"/)
    }))

  it.scopedLive("without itself where it must not name itself, and by its id where it may", () =>
    Effect.gen(function*() {
      const { exceptions, lines } = yield* written({ backup: "q1", overflow: "q1" })
      assert.deepStrictEqual(lines, ["overflow_queue_id = \"q1\""])
      assert.deepStrictEqual(exceptions, ["cycle overflow_queue_id"])
    }))

  it.scopedLive("without blocks that lack what they need", () =>
    Effect.gen(function*() {
      const { lines } = yield* written({ members: [{ ringNum: 1 }, { userId: "u1", ringNum: 2 }] })
      assert.deepStrictEqual(lines, ["members {", "ring_num = 2", "user_id = genesyscloud_user.Ann.id", "}"])
    }))

  it.scopedLive("beside a data block for what the API has of its own", () =>
    Effect.gen(function*() {
      const taken = Lab.make("genesyscloud_script", "s1", { name: "Default Outbound Script" }, { mode: "data" })
      const { lines, text } = yield* written({ script: { id: "own" } })
      assert.deepStrictEqual(lines, ["script_id = data.genesyscloud_script.Default_Outbound_Script.id"])
      assert.include(
        text,
        "data \"genesyscloud_script\" \"Default_Outbound_Script\" {\n  name = \"Default Outbound Script\"\n}\n"
      )
      const second = yield* written({ script: { id: "own" } }, {}, [ann, taken])
      assert.match(
        second.lines[0] ?? "",
        /^script_id = data\.genesyscloud_script\.Default_Outbound_Script_[0-9a-f]{20}\.id$/
      )
    }))

  it.scopedLive("as a data block, found by what its table says", () =>
    Effect.gen(function*() {
      const data = Lab.make("genesyscloud_user", "u1", { name: "Ann", email: "ann@acme" }, { mode: "data" })
      const { text } = yield* written({}, {}, [data])
      assert.include(text, "data \"genesyscloud_user\" \"Ann\" {\n  email = \"ann@acme\"\n  name  = \"Ann\"\n}\n")
      assert.match(text, /owner_id += data\.genesyscloud_user\.Ann\.id/)
    }))
})

const flowOf = (label: string) => Lab.make("genesyscloud_flow", label, { name: label })

describe("A data block", () => {
  it.scopedLive("finds by what is deep in the resource, and is a resource where the provider has no such data source", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const integration = { name: "I", config: { name: "Web" } }
      yield* Output.write(Lab.input(directory, [
        Lab.make("genesyscloud_integration", "i", integration, { mode: "data" }),
        Lab.make("genesyscloud_architect_datatable_row", "r", { name: "R" }, { mode: "data" })
      ]))
      const { data, resource } = JSON.parse((yield* Lab.contents(directory))["genesyscloud.tf.json"] ?? "")
      assert.deepStrictEqual(data, { genesyscloud_integration: { I: { kind: "made", name: "Web" } } })
      assert.deepStrictEqual(resource, { genesyscloud_architect_datatable_row: { R: { name: "R" } } })
    }))
})

/** What is in a zip, one file after the other. */
const inflated = (zip: Buffer): string => {
  let text = ""
  // Source: APPNOTE 4.3.12, the central directory: name and extra lengths, and where the file is.
  for (let at = zip.indexOf("PK\x01\x02"); at >= 0; at = zip.indexOf("PK\x01\x02", at + 4)) {
    const [size, file] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42)]
    const from = file + 30 + zip.readUInt16LE(file + 26) + zip.readUInt16LE(file + 28)
    text += inflateRawSync(zip.subarray(from, from + size)).toString()
  }
  return text
}

describe("Variables", () => {
  it.scopedLive("stand for what the API does not have, typed, and keep what the user filled in", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const write = (resources: ReadonlyArray<Lab.Made>) =>
        Output.write(Lab.input(directory, resources, { exportFormat: "hcl", compress: true }))
      yield* write([ann, flowOf("A")])
      const first = yield* Lab.contents(directory)
      assert.strictEqual(
        first["terraform.tfvars"],
        "genesyscloud_flow_A_filepath   = \"\"\ngenesyscloud_user_Ann_password = \"\"\ngenesyscloud_user_Ann_pins     = {}\n"
      )
      assert.include(first["genesyscloud.tf"], "variable \"genesyscloud_user_Ann_pins\" {\n  type = map(number)\n}\n")
      const filled = "genesyscloud_user_Ann_password = \"a\\\"$${b}\"\ngenesyscloud_user_Ann_pins = { x = 1 }\n"
      const values = Path.join(directory, "terraform.tfvars")
      yield* Effect.promise(() => Fs.writeFile(values, filled).then(() => Fs.chmod(values, 0o600)))
      yield* write([ann, flowOf("B")])
      yield* write([ann, flowOf("B")])
      assert.strictEqual((yield* Effect.promise(() => Fs.stat(values))).mode & 0o777, 0o600)
      const archive = yield* Effect.promise(() => Fs.readFile(`${directory}.zip`))
      assert.isAbove(archive.length, 500)
      assert.isFalse(inflated(archive).includes("a\\\"$${b}"), "a secret in the archive")
      assert.isTrue(inflated(archive).includes("genesyscloud_user_Ann_password = \"\""))
      assert.strictEqual(
        (yield* Lab.contents(directory))["terraform.tfvars"],
        "genesyscloud_flow_B_filepath   = \"\"\ngenesyscloud_user_Ann_password = \"a\\\"$${b}\"\n" +
          "genesyscloud_user_Ann_pins = {\n  \"x\" = 1\n}\n"
      )
      yield* Effect.promise(() => Fs.writeFile(values, "x = \""))
      const fault = yield* Effect.flip(write([ann]))
      assert.strictEqual(fault.code, "hcl-syntax")
    }))

  it.scopedLive("of one name are told apart", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const user = Lab.make("genesyscloud_user", "u", { name: "u" }, { label: "x_pins" })
      const other = Lab.make("genesyscloud_user", "v", { name: "v" }, { label: "x" })
      const tables = Lab.tables.map((table) =>
        table.type === "genesyscloud_user"
          ? {
            ...table,
            attributes: {
              pins_pins: { kind: "string", unresolvable: true },
              pins: { kind: "string", unresolvable: true }
            }
          } as const
          : table
      )
      yield* Output.write({ ...Lab.input(directory, [user, other]), tables })
      const text = (yield* Lab.contents(directory))["genesyscloud.tf.json"] ?? ""
      const variables = Object.keys(JSON.parse(text).variable)
      assert.strictEqual(variables.length, 4)
    }))
})

const dependent = (id: string, on: ReadonlyArray<string>) =>
  Lab.make("genesyscloud_flow", id, { name: id }, {
    dependsOn: on.map((id) => ({ type: "genesyscloud_flow", id } as const))
  })

describe("Dependencies", () => {
  it.scopedLive("in a circle are broken and told of, or refused", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const resources = [dependent("B", ["A"]), dependent("A", ["B", "C"]), dependent("C", ["Z"])]
      const { files, report } = yield* Output.write(Lab.input(directory, resources))
      assert.include(files, "cyclicDepends.txt")
      const contents = yield* Lab.contents(directory)
      assert.strictEqual(contents["cyclicDepends.txt"], "genesyscloud_flow.A , genesyscloud_flow.B\n")
      const blocks = JSON.parse(contents["genesyscloud.tf.json"] ?? "").resource.genesyscloud_flow
      assert.deepStrictEqual(blocks.A.depends_on, ["genesyscloud_flow.C"])
      assert.deepStrictEqual(blocks.B.depends_on, ["genesyscloud_flow.A"])
      assert.isUndefined(blocks.C.depends_on)
      assert.deepStrictEqual(report.exceptions.map(({ attribute, id, reason }) => [id, reason, attribute]), [
        ["A", "cycle", "depends_on"],
        ["C", "unresolved", "depends_on"]
      ])
      const fault = yield* Effect.flip(Output.write(Lab.input(directory, resources, { ignoreCyclicDeps: false })))
      assert.strictEqual(fault.code, "cyclic-dependencies")
      assert.include(fault.message, "genesyscloud_flow.A -> genesyscloud_flow.B -> genesyscloud_flow.A")
      assert.deepStrictEqual(yield* Lab.contents(directory), contents)
    }))
})

const file = (path: string, attribute: string, text = path) => ({ path, attribute, digest: Lab.digest(text) })

describe("Files beside", () => {
  it.scopedLive("are written, named and hashed, and told of where they cannot be had", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const flow = Lab.make("genesyscloud_flow", "f", {
        name: "f",
        resources: [{ language: "en" }, { language: "de" }]
      }, {
        files: [
          file("flows/f.yaml", "filepath"),
          file("audio/de.wav", "resources.1.filename"),
          file("audio/gone.wav", "resources.0.filename"),
          file("../out.wav", "x"),
          file("audio/other.wav", "y", "something else")
        ]
      })
      const input = Lab.input(directory, [flow], { exportFormat: "json_hcl", includeStateFile: true }, {
        "flows/f.yaml": "flows/f.yaml",
        "audio/de.wav": "audio/de.wav",
        "audio/other.wav": "audio/other.wav"
      })
      const gone = Fault.make({ kind: "not-found", system: "genesys", operation: "x", detail: "it is gone" })
      const { report } = yield* Output.write({
        ...input,
        readFile: (file) => file.path.includes("gone") ? Effect.fail(gone) : input.readFile(file)
      })
      const contents = yield* Lab.contents(directory)
      assert.strictEqual(contents["flows/f.yaml"], "flows/f.yaml")
      assert.match(contents["genesyscloud.tf"] ?? "", /filepath += "flows\/f.yaml"/)
      assert.match(contents["genesyscloud.tf"] ?? "", /filename += "audio\/de.wav"\n/)
      const { f } = JSON.parse(contents["json/genesyscloud.tf.json"] ?? "").resource.genesyscloud_flow
      assert.strictEqual(f.filepath, "../flows/f.yaml")
      assert.strictEqual(f.file_content_hash, "${filesha256(\"../flows/f.yaml\")}")
      assert.deepStrictEqual(f.resources[0], { language: "en" })
      assert.deepStrictEqual(report.exceptions.map(({ detail, reason }) => [reason, detail]), [
        ["file", "audio/gone.wav: it is gone"],
        ["file", "../out.wav: the name leads out of the folder"],
        ["file", "audio/other.wav: it is not what was read before"]
      ])
      assert.notProperty(contents, "audio/other.wav")
    }))
})

describe("The state", () => {
  it.scopedLive("has what was read, no secret, and the same lineage for the same organisation", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const resource = queue({ description: "", version: 3, members: [{ userId: "u1" }], script: { id: "own" } })
      yield* Output.write(Lab.input(directory, [ann, resource], { includeStateFile: true }))
      const state = JSON.parse((yield* Lab.contents(directory))["terraform.tfstate"] ?? "")
      assert.strictEqual(state.version, 4)
      assert.strictEqual(state.lineage, State.lineage("b1f2f3a4-0000-4000-8000-000000000001"))
      assert.match(state.lineage, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.deepStrictEqual(state.resources.map((each: { mode: string; name: string }) => [each.mode, each.name]), [
        ["managed", "Sales"],
        ["data", "Default_Outbound_Script"],
        ["managed", "Ann"]
      ])
      assert.deepStrictEqual(state.resources[0].instances[0].attributes, {
        description: "",
        id: "q1",
        members: [{ user_id: "u1" }],
        name: "Sales",
        owner_id: "u1",
        script_id: "own",
        version: 3
      })
      assert.strictEqual(State.lineage("www.example.com"), "b63cdfa4-3df9-568e-97ae-006c5b8fd652")
    }))
})

describe("The same resources", () => {
  const resources = [
    division,
    ann,
    Lab.make("genesyscloud_user", "u2", { name: "Bob", manager: "u1" }),
    Lab.make("genesyscloud_user", "u3", { name: "Cid", manager: "u2" }, { mode: "data" }),
    queue({ division: { id: "d1" }, skills: ["u1", "u2"], script: { id: "own" }, tags: { b: "1", a: "2" } }),
    queue({ overflow: "q1", skills: ["gone"] }, "q2", "Support"),
    Lab.make("genesyscloud_flow", "f1", { name: "F" }, { dependsOn: [{ type: "genesyscloud_flow", id: "f2" }] }),
    Lab.make("genesyscloud_flow", "f2", { name: "G" }, { dependsOn: [{ type: "genesyscloud_flow", id: "f1" }] })
  ]

  it.effect(
    "give the same bytes in whatever order they come, in every format",
    () =>
      Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(
            FastCheck.shuffledSubarray(resources, { minLength: resources.length }),
            FastCheck.constantFrom("hcl" as const, "json" as const, "json_hcl" as const),
            FastCheck.boolean(),
            async (shuffled, exportFormat, splitFilesByResource) => {
              const options = { exportFormat, splitFilesByResource, includeStateFile: true, compress: true }
              const program = Effect.scoped(Effect.gen(function*() {
                const [first, second] = [Path.join(yield* Lab.folder, "acme"), Path.join(yield* Lab.folder, "acme")]
                yield* Output.write(Lab.input(first, resources, options))
                yield* Output.write(Lab.input(second, shuffled, options))
                assert.deepStrictEqual(
                  yield* Lab.contents(Path.dirname(second)),
                  yield* Lab.contents(Path.dirname(first))
                )
                assert.deepStrictEqual((yield* Validate.folder(first)).problems, [])
              }))
              await Effect.runPromise(program)
            }
          ),
          { numRuns: 12 }
        )
      ),
    60_000
  )
})

const write = (directory: string, options: ExportOptions = {}) => Output.write(Lab.input(directory, [ann], options))

const refused = (directory: string, options: ExportOptions = {}) =>
  Effect.map(Effect.flip(Output.check(directory, options)), ({ code, subject }) => [code, subject])

describe("The folder", () => {
  it.scopedLive("is refused where it holds what no export wrote, and is not touched", () =>
    Effect.gen(function*() {
      const parent = yield* Lab.folder
      const directory = Path.join(parent, "acme")
      yield* write(directory)
      yield* Effect.promise(() => Fs.writeFile(Path.join(directory, "main.tf"), "mine"))
      const before = yield* Lab.contents(parent)
      const fault = yield* Effect.flip(write(directory))
      assert.strictEqual(fault.code, "output-foreign")
      assert.include(fault.message, "main.tf")
      assert.deepStrictEqual(yield* Lab.contents(parent), before)
      const inFile = yield* Effect.flip(write(Path.join(directory, "main.tf")))
      assert.strictEqual(inFile.code, "output-not-a-folder")
      const other = Path.join(parent, "other")
      yield* Effect.promise(() => Fs.mkdir(Path.join(other, "photos"), { recursive: true }))
      assert.strictEqual((yield* Effect.flip(write(other))).code, "output-foreign")
    }))

  it.scopedLive("is refused before anything is asked where it cannot be made, or its archive would take a place", () =>
    Effect.gen(function*() {
      const parent = yield* Lab.folder
      const at = (...names: ReadonlyArray<string>) => Path.join(parent, ...names)
      yield* Effect.promise(async () => {
        await Fs.writeFile(at("file"), "mine")
        await Fs.symlink("nowhere", at("link"))
        await Fs.writeFile(at("acme.zip"), "mine")
        await Fs.mkdir(at("folder.zip"))
      })
      const before = yield* Lab.contents(parent)
      assert.deepStrictEqual(yield* refused(at("file", "below", "it")), ["output-not-a-folder", at("file")])
      assert.deepStrictEqual(yield* refused(at("link")), ["output-astray", at("link")])
      assert.deepStrictEqual(yield* refused(at("acme"), { compress: true }), ["output-archive", at("acme.zip")])
      assert.deepStrictEqual(yield* refused(at("folder"), { compress: true }), ["output-archive", at("folder.zip")])
      assert.strictEqual((yield* Effect.flip(write(at("acme"), { compress: true }))).code, "output-archive")
      assert.deepStrictEqual(yield* Lab.contents(parent), before)
      yield* write(at("acme"))
      yield* write(at("new", "one"), { compress: true })
      yield* write(at("new", "one"), { compress: true })
    }))

  it.scopedLive("keeps what Git, Terraform and the user have in it", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      yield* Effect.promise(() => Fs.mkdir(Path.join(directory, ".git", "refs"), { recursive: true }))
      const mine = {
        ".git/HEAD": "ref",
        ".terraform.lock.hcl": "lock",
        "secrets.auto.tfvars": "a = 1",
        "backend_override.tf": "terraform {}",
        "terraform.tfstate": "{}"
      }
      for (const [name, text] of Object.entries(mine)) {
        yield* Effect.promise(() => Fs.writeFile(Path.join(directory, name), text))
      }
      yield* write(directory)
      yield* write(directory)
      assert.include(yield* Lab.contents(directory), mine)
      const fault = yield* Effect.flip(write(directory, { includeStateFile: true }))
      assert.strictEqual(fault.code, "output-state")
      assert.include(yield* Lab.contents(directory), mine)
    }))

  it.scopedLive("loses the files of the export before", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      yield* write(directory, { exportFormat: "hcl", splitFilesByResource: true, includeStateFile: true })
      const { files } = yield* write(directory)
      assert.deepStrictEqual(Object.keys(yield* Lab.contents(directory)), files.toSorted())
      assert.notInclude(files, "terraform.tfstate")
    }))

  it.scopedLive("may be a symbolic link, which stays one", () =>
    Effect.gen(function*() {
      const parent = yield* Lab.folder
      yield* Effect.promise(() => Fs.mkdir(Path.join(parent, "real")))
      const link = Path.join(parent, "link")
      yield* Effect.promise(() => Fs.symlink("real", link))
      const { directory } = yield* write(link)
      assert.strictEqual(Path.basename(directory), "real")
      assert.strictEqual(yield* Effect.promise(() => Fs.readlink(link)), "real")
      assert.deepStrictEqual((yield* Validate.folder(link)).problems, [])
    }))
})
