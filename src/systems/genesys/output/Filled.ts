/**
 * What a user filled in for the variables of an earlier export, so that the next one keeps it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Parser from "../validate/Parser.ts"
import * as Template from "../validate/Template.ts"
import * as Disk from "./Disk.ts"
import * as Manifest from "./Manifest.ts"
import * as Residents from "./Residents.ts"
import { Entries, Expression, type Rendered } from "./Rendered.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Filled {
  /** By the name of the variable. */
  readonly values: ReadonlyMap<string, Rendered>
  /** The permission bits of the file: it may hold secrets. */
  readonly mode?: number | undefined
}

/**
 * @since 0.1.0
 * @category constants
 */
export const nothing: Filled = { values: new Map() }

/**
 * What was filled in, in the folder of an export. Fails where the file was changed and cannot be read: to lose it would
 * be worse.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (folder: string): Effect.Effect<Filled, Fault.Fault> =>
  Effect.gen(function*() {
    const path = Path.join(folder, Residents.variableFile)
    const bytes = yield* Disk.bytes(path)
    if (bytes === undefined) return nothing
    const digest = createHash("sha256").update(bytes).digest("hex")
    // The manifest has the digest of the file with nothing filled in.
    if ((yield* Manifest.read(folder))?.files[Residents.variableFile] === digest) return nothing
    const json = yield* Parser.hcl(path, new TextDecoder().decode(bytes))
    const values = new Map(Object.entries(json).map(([name, value]) => [name, rendered(value)] as const))
    const stats = yield* Disk.attempt(path, () => Fs.stat(path))
    return { values, mode: stats.mode & 0o777 }
  })

const rendered = (value: Json.Json): Rendered => {
  if (value === null) return new Expression("null")
  if (typeof value === "string") return Template.literal(value) ?? new Expression(`"${value}"`)
  if (typeof value === "number" || typeof value === "boolean") return value
  if (isArray(value)) return value.map(rendered)
  return new Entries(Object.entries(value).map(([key, each]) => [key, rendered(each)] as const))
}

const isArray = (json: Json.Json): json is ReadonlyArray<Json.Json> => Array.isArray(json)
