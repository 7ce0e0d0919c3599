/**
 * What an export is made of, between the API and the files.
 *
 * @since 0.1.0
 */
import type * as Json from "../../kernel/Json.ts"
import type { Text } from "./output/Prepared.ts"
import type { TypeName } from "./Table.ts"

/**
 * Attribute values by their Terraform names. Values are what the API has (ids, not references). A block is always an
 * array of objects, also where it stands once; JSON attributes are their text in canonical form.
 *
 * @since 0.1.0
 * @category models
 */
export type Values = { readonly [name: string]: Json.Json }

/**
 * A file beside the configuration, and which attribute names it.
 *
 * @since 0.1.0
 * @category models
 */
export interface File {
  /** Relative to the output, with `/`. */
  readonly path: string
  /** Dotted path of the attribute that names it, if one does. */
  readonly attribute?: string | undefined
  /** SHA-256 of its bytes, in hex. */
  readonly digest: string
}

/**
 * A resource that was read: what stays the same however it is written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resource {
  readonly type: TypeName
  readonly id: string
  /** What it is called in the organisation, before it is made a label. */
  readonly name: string
  readonly mode: "managed" | "data"
  /** The change stamp of the listing it was read after; `null` where the type has none. */
  readonly stamp: string | null
  readonly values: Values
  readonly files: ReadonlyArray<File>
  /** Its text as far as it is made already: then it has no files and no dependencies, and its values are not needed. */
  readonly text?: Text | undefined
  /** Ids that it depends on without naming them in an attribute, of flows. */
  readonly dependsOn: ReadonlyArray<{ readonly type: TypeName; readonly id: string }>
}

/**
 * A resource as far as the listing knows it. Kept for all resources of an organisation at once, so it is small.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listed {
  readonly type: TypeName
  readonly id: string
  readonly name: string
  readonly stamp: string | null
  /** Hash of the distinguishing fields, for the second label algorithm. */
  readonly hash: string | null
}

/**
 * The name of its block: `genesyscloud_routing_queue.Sales`, unique in an export.
 *
 * @since 0.1.0
 * @category models
 */
export interface Address {
  readonly type: TypeName
  readonly label: string
  readonly mode: "managed" | "data"
}

/**
 * Finds the block of an id. `undefined`: it is not in this export, and nothing may refer to it.
 *
 * @since 0.1.0
 * @category models
 */
export type Resolve = (type: TypeName, id: string) => Address | undefined
