/**
 * Files that a configuration names: prompts, scripts, flows, contacts, assets.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Disk from "../output/Disk.ts"
import * as Shape from "../output/Shape.ts"
import type { Attributes } from "../Table.ts"
import * as Types from "../Types.ts"
import type { Block } from "./Blocks.ts"
import type { Problem } from "./Problem.ts"

/** The hash of a file as an export writes it. What is another expression is known only to Terraform. */
const hash = /^\$\{filesha256\((".*")\)\}$/

/** The path that an attribute has of a file. */
const pathOf = (kind: "path" | "hash", value: string): string | undefined => {
  const path = kind === "path" ? value : Shape.decoded(hash.exec(value)?.[1] ?? "")
  return typeof path === "string" && path !== "" && !/[$%]\{/.test(path) ? path : undefined
}

/** The paths that a body has where a table has files. */
const named = (attributes: Attributes, body: Json.Json | undefined): ReadonlyArray<string> => {
  if (body === undefined) return []
  if (Array.isArray(body)) return body.flatMap((each: Json.Json) => named(attributes, each))
  if (!Shape.isEntity(body)) return []
  return Object.entries(attributes).flatMap(([name, attribute]) => {
    const value = body[name]
    if (attribute.kind === "block") return named(attribute.attributes, value)
    if (attribute.kind !== "string" || typeof value !== "string") return []
    return attribute.file === "path" || attribute.file === "hash" ? pathOf(attribute.file, value) ?? [] : []
  })
}

/**
 * @since 0.1.0
 * @category models
 */
export class Files {
  readonly #paths = new Map<string, { readonly file: string; readonly line: number; readonly by: string }>()

  /** @since 0.1.0 */
  add({ body, file, keyword, labels, line }: Block): void {
    if (keyword !== "resource") return
    const table = Option.getOrUndefined(Types.byName(labels[0] ?? ""))
    if (table?.files === undefined) return
    for (const path of named(table.attributes, body)) {
      if (!this.#paths.has(path)) this.#paths.set(path, { file, line, by: labels.join(".") })
    }
  }

  /**
   * Those that are not there, seen from the folder of the configuration.
   *
   * @since 0.1.0
   */
  missing(folder: string): Effect.Effect<ReadonlyArray<Problem>, Fault.Fault> {
    return Effect.gen(this, function*() {
      const known = new Map<string, ReadonlySet<string>>()
      const problems: Array<Problem> = []
      for (const [path, { by, file, line }] of this.#paths) {
        const at = Path.resolve(folder, path)
        const parent = Path.dirname(at)
        let names = known.get(parent)
        if (names === undefined) {
          const there = (yield* Disk.stats(parent))?.isDirectory() === true
          names = new Set(there ? (yield* Disk.entries(parent)).map(({ name }) => name) : [])
          known.set(parent, names)
        }
        if (names.has(Path.basename(at))) continue
        problems.push({ kind: "file", file, line, detail: `${by} names ${path}, which is not there` })
      }
      return problems
    })
  }
}
