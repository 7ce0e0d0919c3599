import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Output from "../../../src/systems/genesys/output/Output.ts"
import * as Pieces from "../../../src/systems/genesys/validate/Pieces.ts"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Lab from "./OutputLab.ts"

/** The problems of a folder, in one line each. */
const problems = (files: Readonly<Record<string, string>>) =>
  Effect.gen(function*() {
    const validation = yield* Validate.folder(yield* Lab.folderWith(files))
    return validation.problems.map(({ detail, file, kind, line }) => `${file}:${line} ${kind} ${detail}`)
  })

const ofValues = (text: string) => problems({ "a.tf": "", "terraform.tfvars": text })

const hcl = `# a comment { " }
resource "genesyscloud_a" "x" {
  name  = "$\${not.a.reference} { %%{ if }"
  other = genesyscloud_a.y.id
  key   = var.used
}

resource "genesyscloud_a" "y" {
  text = <<EOT
} genesyscloud_a.nowhere.id "
EOT
  json = jsonencode({
    "flow" = genesyscloud_flow.gone.id
  })
}

/* resource "genesyscloud_a" "z" {} */
resource "genesyscloud_a" "x" {
  depends_on = [genesyscloud_b.c, data.genesyscloud_d.e]
  v          = "\${var.missing}"
}

variable "used" {
  type = string
}

variable "spare" {
  type = string
}

data "genesyscloud_d" "e" {
  name = "e"
}
`

const json = {
  data: { genesyscloud_d: { e: { name: "e" } } },
  resource: {
    genesyscloud_a: {
      x: { name: "$${not.a.reference}", other: "${genesyscloud_a.y.id}", key: "${var.used}" },
      y: {
        json: "{\"flow\":\"${genesyscloud_flow.gone.id}\"}",
        depends_on: ["genesyscloud_b.c", "data.genesyscloud_d.e"],
        v: "${var.missing}"
      }
    }
  },
  variable: { used: { type: "string" }, spare: { type: "string" } }
}

describe("Validate", () => {
  it.scopedLive("finds all problems of HCL at once, where they are", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* problems({ "genesyscloud.tf": hcl }), [
        "genesyscloud.tf:13 reference genesyscloud_a.y refers to genesyscloud_flow.gone, which is not there",
        "genesyscloud.tf:18 duplicate genesyscloud_a.x is declared twice, first in genesyscloud.tf:2",
        "genesyscloud.tf:19 reference genesyscloud_a.x refers to genesyscloud_b.c, which is not there",
        "genesyscloud.tf:20 undeclared-variable genesyscloud_a.x uses var.missing, which is not declared",
        "genesyscloud.tf:27 unused-variable variable \"spare\" is not used"
      ])
    }))

  it.scopedLive("finds the same in JSON, and labels that are there twice", () =>
    Effect.gen(function*() {
      const text = JSON.stringify(json, undefined, 2)
      const twice = text.replace("\"y\": {", "\"x\": {},\n      \"y\": {")
      assert.deepStrictEqual(yield* problems({ "genesyscloud.tf.json": twice }), [
        "genesyscloud.tf.json:16 duplicate genesyscloud_a.x is declared twice, first in genesyscloud.tf.json:11",
        "genesyscloud.tf.json:18 reference genesyscloud_a.y refers to genesyscloud_flow.gone, which is not there",
        "genesyscloud.tf.json:20 reference genesyscloud_a.y refers to genesyscloud_b.c, which is not there",
        "genesyscloud.tf.json:23 undeclared-variable genesyscloud_a.y uses var.missing, which is not declared",
        "genesyscloud.tf.json:31 unused-variable variable \"spare\" is not used"
      ])
    }))

  it.scopedLive("says what is no HCL in the words of the parser, once and with the line", () =>
    Effect.gen(function*() {
      const found = yield* problems({
        "a.tf":
          "resource \"genesyscloud_a\" \"x\" {\n  name =\n}\n\nresource \"genesyscloud_a\" \"y\" {\n  b = \"open\n}\n",
        "terraform.tfvars": "fine = 1\nx =\n"
      })
      assert.match(found[0] ?? "", /^a\.tf:2 syntax Invalid expression; Expected the start of an expression/)
      assert.match(found[1] ?? "", /^a\.tf:\d syntax Invalid multi-line string; [^:]+$/)
      assert.match(found[2] ?? "", /^terraform\.tfvars:2 syntax Invalid expression; [^:]+$/)
      assert.strictEqual(found.length, 3)
    }))

  it.scopedLive("finds circles of references and of depends_on, across files", () =>
    Effect.gen(function*() {
      const found = yield* problems({
        "a.tf": "resource \"genesyscloud_a\" \"x\" {\n  b = genesyscloud_b.y.id\n}\n",
        "b.tf.json": JSON.stringify({ resource: { genesyscloud_b: { y: { depends_on: ["genesyscloud_a.x"] } } } }),
        "c.tf": "resource \"genesyscloud_c\" \"z\" {\n  c = genesyscloud_c.z.id\n}\n",
        "d_override.tf": "resource \"genesyscloud_a\" \"x\" {\n}\n"
      })
      assert.deepStrictEqual(found, [
        "a.tf:1 cycle a circle: genesyscloud_a.x -> genesyscloud_b.y -> genesyscloud_a.x",
        "c.tf:1 cycle a circle: genesyscloud_c.z -> genesyscloud_c.z"
      ])
    }))

  it.scopedLive("finds what is not well formed, and goes on behind it", () =>
    Effect.gen(function*() {
      const found = yield* problems({
        "a.tf":
          "resource \"genesyscloud_a\" \"x\" {\n}\n\nresource \"genesyscloud_a\" \"y\" {\n  a = 1\n  b = = 2\n}\n\n" +
          "resource \"genesyscloud_a\" \"z\" {\n  c = genesyscloud_a.w.id\n}\n",
        "b.tf.json": "{\"resource\": {\"genesyscloud_a\": {\"v\": {\"a\": tru}}}}",
        "c.tf.json": "{\"resource\": {",
        "terraform.tfvars": "a = \"\n"
      })
      assert.deepStrictEqual(found.map((line) => line.split(" ").slice(0, 2).join(" ")), [
        "a.tf:6 syntax",
        "a.tf:10 reference",
        "b.tf.json:1 syntax",
        "c.tf.json:1 syntax",
        "terraform.tfvars:1 syntax"
      ])
    }))

  it.scopedLive("knows good values of variables from bad ones, however simple they look", () =>
    Effect.gen(function*() {
      const plain = "a    = \"\"\nb-c  = 0\n_d9  = false\nlist = []\nmap  = {}\ntext = \"say \\\"{\\\"\"\n"
      for (const good of ["", plain, `${plain}filled = [\n  "one",\n]\n`, `${plain}# end`]) {
        assert.deepStrictEqual(yield* ofValues(good), [], good)
      }
      for (
        const [bad, line] of [["a = 1\n", 7], ["x = \"${\"\n", 7], ["x = \"\\q\"\n", 7], ["9 = 1\n", 7], [
          "x = 01 2\n",
          7
        ]] as const
      ) {
        const [problem] = yield* ofValues(plain + bad)
        assert.match(problem ?? "", new RegExp(`^terraform.tfvars:${line} syntax`), bad)
      }
    }))

  it.scopedLive("compares with what the report says", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      yield* Output.write(Lab.input(directory, [
        Lab.make("genesyscloud_user", "u1", { name: "Ann" }),
        Lab.make("genesyscloud_routing_queue", "q1", { name: "Q", owner: "u1", script: { id: "own" } })
      ], { exportFormat: "json_hcl" }))
      const validation = yield* Validate.folder(directory)
      assert.deepStrictEqual(validation, { problems: [], files: 2, resources: 2, data: 1, variables: 2, report: true })
      const path = Path.join(directory, "export-report.json")
      const report = yield* Effect.promise(() => Fs.readFile(path, "utf8"))
      yield* Effect.promise(() => Fs.writeFile(path, report.replace("\"exported\": 1", "\"exported\": 2")))
      const found = yield* Validate.folder(directory)
      assert.deepStrictEqual([...new Set(found.problems.map(({ detail }) => detail))], [
        "genesyscloud_routing_queue: 2 exported, but 1 in the files",
        "genesyscloud_routing_queue: of 1 wanted, 2 are accounted for"
      ])
      // How much there is in a file that cannot be parsed is not known.
      yield* Effect.promise(() => Fs.appendFile(Path.join(directory, "genesyscloud.tf"), "}\n"))
      const kinds = new Set((yield* Validate.folder(directory)).problems.map(({ kind }) => kind))
      assert.isTrue(kinds.has("syntax"))
      assert.isFalse(kinds.has("total"))
    }))

  it.scopedLive("refuses an output that does not pass it", () =>
    Effect.gen(function*() {
      const directory = Path.join(yield* Lab.folder, "acme")
      const input = Lab.input(directory, [Lab.make("genesyscloud_user", "u1", { name: "Ann", manager: "u2" })])
      const fault = yield* Effect.flip(Output.write({
        ...input,
        resolve: (type, id) => id === "u2" ? { type, label: "Nobody", mode: "managed" } : input.resolve(type, id)
      }))
      assert.strictEqual(fault.code, "invalid-output")
      assert.include(fault.message, "refers to genesyscloud_user.Nobody, which is not there")
      assert.strictEqual((yield* Effect.flip(Validate.folder(directory))).code, "file-missing")
    }))

  it.scopedLive("finds what is no text, and goes on behind it", () =>
    Effect.gen(function*() {
      const folder = yield* Lab.folderWith({})
      const body = "resource \"genesyscloud_a\" \"x\" {\n  a = genesyscloud_a.w.id # \xe9\n}\n"
      yield* Effect.promise(() => Fs.writeFile(Path.join(folder, "a.tf"), body, "latin1"))
      yield* Effect.promise(() => Fs.writeFile(Path.join(folder, "b.tf"), "# \u{fffd} \u{1f600}\n"))
      const found = (yield* Validate.folder(folder)).problems.map(({ detail, file, line }) =>
        `${file}:${line} ${detail}`
      )
      assert.deepStrictEqual(found, [
        "a.tf:1 not UTF-8",
        "a.tf:2 genesyscloud_a.x refers to genesyscloud_a.w, which is not there"
      ])
    }))

  it.scopedLive("says so where there is nothing to check", () =>
    Effect.gen(function*() {
      const folder = yield* Lab.folderWith({ "notes.txt": "x" })
      assert.strictEqual((yield* Effect.flip(Validate.folder(folder))).code, "no-configuration")
    }))
})

const cut = (cutter: Pieces.Cutter, parts: ReadonlyArray<string>) => {
  const pieces = parts.flatMap((part) => cutter.take(part))
  const { pieces: last, problem } = cutter.end()
  return { pieces: [...pieces, ...last].map(withoutBody), problem }
}

/** What a piece says may be known before it is asked for, or not: that is where the bits of the file end. */
const withoutBody = ({ body, ...piece }: Pieces.Piece) => {
  if (body !== undefined) assert.deepStrictEqual(body, JSON.parse(piece.text))
  return piece
}

const bodies = (text: string) => cut(Pieces.json(), [text]).pieces.map(({ labels, text }) => [labels, JSON.parse(text)])

const partsOf = (text: string, at: ReadonlyArray<number>): ReadonlyArray<string> => {
  const borders = [0, ...at.map((each) => each % text.length).toSorted((left, right) => left - right), text.length]
  return borders.slice(1).map((to, index) => text.slice(borders[index], to))
}

describe("Pieces", () => {
  const borders = FastCheck.array(FastCheck.nat(), { maxLength: 30 })

  it("are the same wherever the bits of the file end", () => {
    const text = JSON.stringify(json, undefined, 1).replace("not.a", "no\\\"{[\\u00e9t.a")
    const whole = { hcl: cut(Pieces.hcl(), [hcl]), json: cut(Pieces.json(), [text]) }
    assert.deepStrictEqual(whole.hcl.pieces.map(({ labels, line }) => `${line} ${labels.join(" ")}`), [
      "2 resource genesyscloud_a x",
      "8 resource genesyscloud_a y",
      "18 resource genesyscloud_a x",
      "23 variable used",
      "27 variable spare",
      "31 data genesyscloud_d e"
    ])
    assert.strictEqual(whole.hcl.pieces.map(({ text }) => text).join(""), hcl.trimEnd())
    assert.deepStrictEqual(whole.json.pieces.map(({ labels }) => labels.join(" ")), [
      "data genesyscloud_d e",
      "resource genesyscloud_a x",
      "resource genesyscloud_a y",
      "variable used",
      "variable spare"
    ])
    FastCheck.assert(FastCheck.property(borders, (at) => {
      assert.deepStrictEqual(cut(Pieces.hcl(), partsOf(hcl, at)), whole.hcl)
      assert.deepStrictEqual(cut(Pieces.json(), partsOf(text, at)), whole.json)
    }))
  })

  it("of JSON are the same however it is indented", () => {
    const indented = JSON.stringify(
      { ...json, resource: { ...json.resource, none: { of: {}, them: { a: {} } } } },
      null,
      2
    )
    const found = bodies(indented)
    assert.lengthOf(found, 7)
    const ways = [
      JSON.stringify(JSON.parse(indented)),
      JSON.stringify(JSON.parse(indented), null, "\t"),
      indented.replaceAll(/^ +/gm, ""),
      indented.replaceAll(/^ {4}/gm, ""),
      indented.replaceAll(/\n {6,}/g, " "),
      indented.replaceAll(/\n/g, "\n  ")
    ]
    for (const way of ways) assert.deepStrictEqual(bodies(way), found)
  })

  it("of JSON end with what is wrong with the rest", () => {
    assert.isDefined(cut(Pieces.json(), ["{\"resource\": {\"a\": {\"b\": {}}"]).problem)
    assert.isDefined(cut(Pieces.json(), ["{\"resource\": {\"a\": {\"b\": {\"c\": 1}}} x}"]).problem)
    assert.isDefined(cut(Pieces.json(), ["{\"resource\": {\"a\": {\"b\": {\"c\": \""]).problem)
    assert.isUndefined(cut(Pieces.json(), ["{\"resource\": {\"a\": {\"b\": {}}}}\n"]).problem)
  })
})
