/**
 * Writes the configuration in Terraform's JSON syntax: `genesyscloud.tf.json`, or `provider.tf.json`,
 * `variables.tf.json`, `<type>.tf.json` and `data_<type>.tf.json`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Json from "../../../kernel/Json.ts"
import type * as Fault from "../../../kernel/Fault.ts"
import type { TypeName } from "../Table.ts"
import * as Draft from "./Draft.ts"
import * as JsonSyntax from "./JsonSyntax.ts"
import * as Provider from "./Provider.ts"
import { type Block, Expression } from "./Rendered.ts"
import type { Form, Syntax } from "./Syntax.ts"
import type { Variables } from "./Variables.ts"

/** One of the two members, `resource` or `data`, while it is written: types, and in them labels. */
class Section {
  readonly keyword: Block["keyword"]
  readonly file: Draft.TextFile
  #type: TypeName | undefined = undefined

  constructor(keyword: Block["keyword"], file: Draft.TextFile) {
    this.keyword = keyword
    this.file = file
  }

  add(block: Block): void {
    if (this.#type === undefined) this.file.append(`  "${this.keyword}": {\n`)
    if (this.#type === block.type) this.file.append(",\n")
    else this.file.append(`${this.#type === undefined ? "" : "\n    },\n"}    "${block.type}": {\n`)
    this.#type = block.type
    this.file.append(`      "${block.label}": ${block.text}`)
  }

  /** Whether it has a block. */
  get begun(): boolean {
    return this.#type !== undefined
  }

  close(): void {
    if (this.begun) this.file.append("\n    }\n  }")
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const form: Form = {
  text: (body) => JsonSyntax.body(body, "      "),
  value: (value) => value instanceof Expression ? `\${${value.source}}` : value,
  pattern: (mark) => new RegExp(`\\$\\{${mark}_(\\d+)_\\}`)
}

/** Members of the outermost object that are no blocks. */
const member = (name: string, value: Json.Json): string => `  "${name}": ${JsonSyntax.text(value, "  ")}`

/** The type of a variable is written as it is: there it is no template. */
const declared = (variables: Variables): Json.Json =>
  Object.fromEntries(variables.sorted.map(([name, type]) => [name, { type }] as const))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (draft: Draft.Draft, prefix: string, split: boolean): Syntax =>
  split ? several(draft, prefix) : single(draft, prefix)

const single = (draft: Draft.Draft, prefix: string): Syntax => {
  const main = new Draft.TextFile(draft, `${prefix}genesyscloud.tf.json`)
  // Data blocks and resources come mixed, and each kind is one member: the data blocks wait in a file of their own.
  const resource = new Section("resource", main)
  const data = new Section("data", new Draft.TextFile(draft, `${prefix}.data.part`))
  main.append("{\n")
  return {
    form,
    begin: () => {},
    add: (block) => (block.keyword === "data" ? data : resource).add(block),
    drained: Effect.zipRight(data.file.drained, main.drained),
    end: Effect.void,
    finish: (variables) =>
      Effect.gen(function*() {
        for (const section of [resource, data]) {
          if (!section.begun) continue
          section.close()
          if (section === data) yield* main.take(data.file)
          main.append(",\n")
        }
        main.append(member("terraform", Provider.json))
        if (variables.sorted.length > 0) main.append(`,\n${member("variable", declared(variables))}`)
        main.append("\n}\n")
        yield* main.finished
      })
  }
}

const several = (draft: Draft.Draft, prefix: string): Syntax => {
  let sections: Readonly<Record<Block["keyword"], Section>> | undefined = undefined
  const open = (type: TypeName) => ({
    data: new Section("data", new Draft.TextFile(draft, `${prefix}data_${type}.tf.json`)),
    resource: new Section("resource", new Draft.TextFile(draft, `${prefix}${type}.tf.json`))
  })
  const each = (
    run: (section: Section) => Effect.Effect<void, Fault.Fault, Scope.Scope>
  ): Effect.Effect<void, Fault.Fault, Scope.Scope> =>
    Effect.suspend(() =>
      sections === undefined ? Effect.void : Effect.zipRight(run(sections.data), run(sections.resource))
    )
  return {
    form,
    begin: (type) => {
      sections = open(type)
    },
    add: (block) => {
      const section = sections?.[block.keyword]
      if (section?.begun === false) section.file.append("{\n")
      section?.add(block)
    },
    drained: each((section) => section.file.drained),
    end: each((section) => {
      section.close()
      if (section.begun) section.file.append("\n}\n")
      return section.file.finished
    }),
    finish: (variables) =>
      Effect.gen(function*() {
        yield* Draft.write(draft, `${prefix}provider.tf.json`, `{\n${member("terraform", Provider.json)}\n}\n`)
        if (variables.sorted.length === 0) return
        yield* Draft.write(draft, `${prefix}variables.tf.json`, `{\n${member("variable", declared(variables))}\n}\n`)
      })
  }
}
