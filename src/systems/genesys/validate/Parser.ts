/**
 * Terraform's own grammar of HCL, compiled to WebAssembly and loaded where it is used first.
 *
 * Source: @cdktf/hcl2json: hashicorp/hcl/v2 behind `parse`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"

type Parse = (file: string, text: string) => Promise<{ readonly [name: string]: Json.Json }>

const isParse = (u: unknown): u is Parse => typeof u === "function"

/** By a name that no bundler follows: the module loads its WebAssembly from beside itself. */
const moduleName: string = "@cdktf/hcl2json"

let loaded: Promise<Parse> | undefined = undefined

const load = (): Promise<Parse> => {
  loaded ??= import(moduleName).then(({ parse }: { readonly parse: unknown }) => {
    if (!isParse(parse)) throw new Error(`${moduleName} has no parse`)
    return parse
  })
  return loaded
}

/**
 * The first thing that the parser complains of, without the place that it puts before it, and its line in the text.
 *
 * @since 0.1.0
 * @category conversions
 */
export const complaint = (detail: string): { readonly line: number; readonly detail: string } => {
  const [, place = "", rest = detail] = /^parse config: \[(.*?:\d+,\d+(?:-\d+(?:,\d+)?)?): ([\s\S]*)\]$/.exec(detail) ??
    []
  const [first = rest] = rest.split(/ [^\s:]+:\d+,\d+-(?:\d+,)?\d+: /)
  return { line: Number(/:(\d+),[^:]*$/.exec(place)?.[1] ?? 1), detail: first.trim() }
}

/**
 * What a text in HCL says, as JSON: blocks by type and labels, strings and expressions as templates. Fails with the code
 * `hcl-syntax` and the parser's message.
 *
 * @since 0.1.0
 * @category parsing
 */
export const hcl = (
  file: string,
  text: string
): Effect.Effect<{ readonly [name: string]: Json.Json }, Fault.Fault> =>
  Effect.flatMap(
    Effect.promise(load),
    (parse) =>
      Effect.tryPromise({
        try: () => parse(file, text),
        catch: (error) =>
          Fault.make({
            kind: "invalid",
            system: "genesys",
            operation: "Genesys.parse",
            sent: "no",
            code: "hcl-syntax",
            subject: file,
            detail: error instanceof Error ? error.message : String(error),
            hint: "Check the file with `terraform fmt`",
            cause: error
          })
      })
  )
