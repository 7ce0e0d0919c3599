/**
 * What an export says of its own folder, in `.holdfast-export.json`: which files are its own. By it the next export
 * knows what it may replace.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Disk from "./Disk.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const fileName = ".holdfast-export.json"

/**
 * @since 0.1.0
 * @category models
 */
export const Manifest = Schema.Struct({
  version: Schema.Literal(1),
  /** SHA-256 in hex by path, with `/`. */
  files: Schema.Record({ key: Schema.String, value: Schema.String }),
  /** Data blocks by type that stand for what the API has of its own, beside what was exported. */
  own: Schema.Record({ key: Schema.String, value: Schema.Number })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Manifest = typeof Manifest.Type

const decode = Schema.decodeUnknownOption(Schema.parseJson(Manifest))

/**
 * The manifest of a folder; `undefined` where it has none that can be read.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (folder: string): Effect.Effect<Manifest | undefined, Fault.Fault> =>
  Effect.map(Disk.bytes(Path.join(folder, fileName)), (bytes) => {
    if (bytes === undefined) return undefined
    const decoded = decode(new TextDecoder().decode(bytes))
    return decoded._tag === "Some" ? decoded.value : undefined
  })

/**
 * The text of a manifest.
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = (digests: ReadonlyMap<string, string>, own: ReadonlyMap<string, number>): string => {
  const manifest: Manifest = { version: 1, files: sorted(digests), own: sorted(own) }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

const sorted = <A>(map: ReadonlyMap<string, A>): Record<string, A> =>
  Object.fromEntries([...map].toSorted(([left], [right]) => (left < right ? -1 : 1)))
