/**
 * The second hardest failure of production: a name that is code. `${...}` in the name of a script is evaluated by
 * Terraform, and a stray quotation mark makes the configuration of a whole organisation unreadable.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Path from "node:path"
import * as Fs from "node:fs/promises"
import { spawnSync } from "node:child_process"
import type * as Json from "../../../src/kernel/Json.ts"
import * as DiffExpression from "../../../src/systems/genesys/diff/Expression.ts"
import * as Escape from "../../../src/systems/genesys/output/Escape.ts"
import * as Hcl from "../../../src/systems/genesys/output/Hcl.ts"
import * as JsonSyntax from "../../../src/systems/genesys/output/JsonSyntax.ts"
import { Blocks, type Body, Encoded, Entries, Expression } from "../../../src/systems/genesys/output/Rendered.ts"
import * as Shape from "../../../src/systems/genesys/output/Shape.ts"
import * as Parser from "../../../src/systems/genesys/validate/Parser.ts"
import * as Template from "../../../src/systems/genesys/validate/Template.ts"
import * as Lab from "./OutputLab.ts"

/** Text that somebody may call something. */
const text = FastCheck.array(
  FastCheck.oneof(
    FastCheck.constantFrom(
      "${",
      "%{",
      "$${",
      "%%{",
      "$",
      "%",
      "{",
      "}",
      "\"",
      "\\",
      "\\n",
      "\n",
      "\r\n",
      "\t",
      "\0",
      "\u0007",
      "\u007f",
      "\u0085",
      "\u2028",
      "\ufeff",
      "<<EOT",
      "#",
      "//",
      "/*",
      "é",
      "e\u0301",
      "😀",
      "\ud800",
      "~}",
      "${\"",
      "\\u0041",
      "'"
    ),
    FastCheck.string({ unit: "binary", maxLength: 4 })
  ),
  { maxLength: 8 }
).map((parts) => parts.join(""))

/** As Terraform has any text: whole characters, in Unicode's form C. */
const normal = (text: string): string => text.replace(/\p{Surrogate}/gu, "\ufffd").normalize("NFC")

const number = FastCheck.oneof(FastCheck.integer(), FastCheck.double({ noNaN: true, noDefaultInfinity: true }))
  .map((number) => number === 0 ? 0 : number)

const jsonOf = (key: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<Json.Json> =>
  FastCheck.letrec<{ readonly value: Json.Json }>((tie) => ({
    value: FastCheck.oneof(
      { depthSize: "small" },
      text,
      FastCheck.integer(),
      FastCheck.boolean(),
      FastCheck.constant(null),
      FastCheck.array(tie("value"), { maxLength: 3 }),
      FastCheck.dictionary(key, tie("value"), { maxKeys: 3 })
    )
  })).value

/** Literals of a parsed template, all through. */
const literals = (value: Json.Json): Json.Json => {
  if (typeof value === "string") {
    const text = Template.literal(value)
    assert(text !== undefined, `not literal: ${value}`)
    return text
  }
  if (Array.isArray(value)) return value.map(literals)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [String(literals(key)), literals(each)] as const)
  )
}

const normalised = (value: Json.Json): Json.Json => {
  if (typeof value === "string") return normal(value)
  if (Array.isArray(value)) return value.map(normalised)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [normal(key), normalised(each)] as const))
}

/** Keys that are two before they are normal and one after, are no case of ours. */
const isClear = (value: Json.Json): boolean => {
  if (typeof value !== "object" || value === null) return true
  if (Array.isArray(value)) return value.every(isClear)
  const keys = Object.keys(value)
  return new Set(keys.map(normal)).size === keys.length && Object.values(value).every(isClear)
}

interface Case {
  readonly name: string
  readonly list: ReadonlyArray<string>
  readonly map: Readonly<Record<string, string>>
  readonly number: number
  readonly json: Json.Json
}

const exampleOf = (key: FastCheck.Arbitrary<string>): FastCheck.Arbitrary<Case> =>
  FastCheck.record({
    name: text,
    list: FastCheck.array(text, { maxLength: 3 }),
    map: FastCheck.dictionary(key, text, { maxKeys: 3 }),
    number,
    json: jsonOf(key)
  }).filter(({ json, map }) => isClear(json) && isClear(map))

const example = exampleOf(text)

/** Keys of which every version of Unicode says how wide they are. */
const plainKey = FastCheck.array(FastCheck.constantFrom("a", "key", "é", "😀", "${", "%{", "\"", "\n", " ", "=", "#"))
  .map((parts) => parts.join(""))

const bodyOf = ({ json, list, map, name, number }: Case): Body => [
  ["json", new Encoded({ value: json, id: new Expression("genesyscloud_user.Ann.id") })],
  ["list", list],
  ["map", new Entries(Object.entries(map))],
  ["name", name],
  ["nested", new Blocks([[["name", name], ["number", number]]])],
  ["number", number],
  ["owner", new Expression("genesyscloud_user.Ann.id")]
]

const check = (value: Case, parsed: Json.Json): void => {
  assert(Shape.isEntity(parsed))
  const { json, owner, ...rest } = parsed
  assert.strictEqual(owner, "${genesyscloud_user.Ann.id}")
  assert.deepStrictEqual(literals(rest), {
    list: value.list.map(normal),
    map: normalised(value.map),
    name: normal(value.name),
    nested: [{ name: normal(value.name), number: value.number }],
    number: value.number
  })
  assert(typeof json === "string")
  const inside: Json.Json = JSON.parse(DiffExpression.canonical(json))
  assert(Shape.isEntity(inside))
  assert.strictEqual(inside["id"], "${genesyscloud_user.Ann.id}")
  assert.deepStrictEqual(normalised(literals(inside["value"] ?? null)), normalised(value.json))
}

describe("Literal text", () => {
  it.effect(
    "comes back through the parser of HCL as it was, whatever it is",
    () =>
      Effect.promise(() =>
        FastCheck.assert(
          FastCheck.asyncProperty(example, async (value) => {
            const source = Hcl.block({
              keyword: "resource",
              type: "genesyscloud_user",
              label: "x",
              text: Hcl.inside(bodyOf(value), "  ")
            })
            const parsed = await Effect.runPromise(Parser.hcl("x.tf", source))
            check(value, literalBody(parsed))
            assert.notMatch(source.replaceAll("\n", ""), /\p{Cc}/u)
          }),
          { numRuns: 300 }
        )
      ),
    60_000
  )

  it("comes back from the JSON syntax as it was, whatever it is", () => {
    FastCheck.assert(
      FastCheck.property(example, (value) => {
        const body: Json.Json = JSON.parse(JsonSyntax.body(bodyOf(value), "  "))
        check(value, nfc(body))
      }),
      { numRuns: 500 }
    )
  })

  it("is escaped once", () => {
    assert.strictEqual(Escape.quoted("${x} %{if} $${y} 100% $"), "\"$${x} %%{if} $$${y} 100% $\"")
    assert.strictEqual(Escape.quoted("a\"b\\c\n\t\u0001"), "\"a\\\"b\\\\c\\n\\t\\u0001\"")
    assert.strictEqual(Escape.template("plain"), "plain")
    assert.strictEqual(Escape.template("half \ud800 pair"), "half \ufffd pair")
  })
})

/** The parser of JSON does not normalise; Terraform does. */
const nfc = (value: Json.Json): Json.Json => {
  if (typeof value === "string") return value.normalize("NFC")
  if (Array.isArray(value)) return value.map(nfc)
  if (typeof value !== "object" || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.normalize("NFC"), nfc(each)] as const))
}

const literalBody = (parsed: Json.Json): Json.Json => {
  let at: Json.Json | undefined = parsed
  for (const key of ["resource", "genesyscloud_user", "x", "0"]) {
    assert(typeof at === "object" && at !== null)
    at = Array.isArray(at) ? at[Number(key)] : Object.entries(at).find(([name]) => name === key)?.[1]
  }
  return at ?? null
}

describe("References", () => {
  it("are found in sequences and nowhere else", () => {
    const found = Template.references(
      "a.b ${c.d.id} $${e.f} %{ if var.x == \"${g.h[0].id} i.j \\\"\" }k.l%{ endif } ${jsonencode({ \"m.n\" = o.p, q = 1.5e3, r.s = data.t.u.id })} # ${v.w}"
    )
    assert.deepStrictEqual(found, ["c.d.id", "var.x", "g.h", "o.p", "r.s", "data.t.u.id", "v.w"])
  })

  it("are the same in a piece of JSON as in each of its strings, or are looked for there", () => {
    const part = FastCheck.constantFrom(
      ..."a.b ${c.d} ${var.e_1} $ % { } \\ \" ${ %{ } . \u0001 é ${f} ${g[0].h} ${i.j.k-l}".split(" ")
    )
    const text = FastCheck.array(part, { maxLength: 5 }).map((parts) => parts.join(""))
    const json = FastCheck.dictionary(text, FastCheck.oneof(text, FastCheck.array(text)))
    let simple = 0
    FastCheck.assert(
      FastCheck.property(json, (json) => {
        const found = Template.simpleReferences(JSON.stringify(json, undefined, 2))
        if (found === undefined) return
        simple += 1
        const each = Object.entries(json).flat(2).flatMap((one) => Template.references(one))
        assert.deepStrictEqual(found.toSorted(), each.filter((name) => name.includes(".")).toSorted())
      }),
      { numRuns: 2000 }
    )
    assert.isAbove(simple, 200)
    assert.isUndefined(Template.simpleReferences("{\"depends_on\":[\"a.b\"]}"))
  })
})

describe("The form of HCL", () => {
  it.scopedLive("is the one that terraform fmt leaves as it is", (context) =>
    Effect.gen(function*() {
      if (spawnSync("terraform", ["version"], { stdio: "ignore" }).status !== 0) {
        return context.skip("no terraform here")
      }
      const folder = yield* Lab.folder
      const samples = FastCheck.sample(exampleOf(plainKey), { numRuns: 200, seed: 7 })
      const source = samples.map((value, index) =>
        Hcl.block({
          keyword: "resource",
          type: "genesyscloud_user",
          label: `x${index}`,
          text: Hcl.inside(bodyOf(value), "  ")
        })
      ).join("\n")
      yield* Effect.promise(() => Fs.writeFile(Path.join(folder, "x.tf"), source))
      const { status, stdout } = spawnSync("terraform", ["fmt", "-check", "-diff", "-no-color"], {
        cwd: folder,
        encoding: "utf8",
        env: { ...process.env, TF_CLI_CONFIG_FILE: "/dev/null" }
      })
      assert.strictEqual(stdout, "")
      assert.strictEqual(status, 0)
    }))
})
