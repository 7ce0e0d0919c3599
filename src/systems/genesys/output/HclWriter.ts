/**
 * Writes the configuration as HCL: `genesyscloud.tf`, or `provider.tf`, `variables.tf` and `<type>.tf`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Draft from "./Draft.ts"
import * as Hcl from "./Hcl.ts"
import * as Provider from "./Provider.ts"
import { Expression } from "./Rendered.ts"
import type { Form, Syntax } from "./Syntax.ts"
import * as Variables from "./Variables.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const form: Form = {
  text: (body) => Hcl.inside(body, "  "),
  value: (value) => value instanceof Expression ? value.source : `"${value}"`,
  pattern: (mark) => new RegExp(`${mark}_(\\d+)_`)
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (draft: Draft.Draft, prefix: string, split: boolean): Syntax => {
  const main = new Draft.TextFile(draft, prefix + (split ? "provider.tf" : "genesyscloud.tf"))
  let file = main
  main.append(Provider.hcl)
  return {
    form,
    begin: (type) => {
      if (split) file = new Draft.TextFile(draft, `${prefix}${type}.tf`)
    },
    add: (block) => {
      file.append((file.begun ? "\n" : "") + Hcl.block(block))
    },
    drained: Effect.suspend(() => file.drained),
    end: Effect.suspend(() => split ? file.finished : Effect.void),
    finish: (variables) =>
      Effect.gen(function*() {
        const declared = split ? new Draft.TextFile(draft, `${prefix}variables.tf`) : main
        for (const [name, type] of variables.sorted) {
          declared.append(
            `${declared.begun ? "\n" : ""}variable "${name}" {\n${Hcl.inside(Variables.body(type), "  ")}}\n`
          )
          yield* declared.drained
        }
        yield* main.finished
        if (split) yield* declared.finished
      })
  }
}
