/**
 * What the vendor documents, as far as the tables of the types are held against it: the Terraform schema and the rules of
 * its exporters, and the description of the API. Both are read from the folder `HOLDFAST_SPECS` names; without one
 * nothing is checked.
 */
import * as Schema from "effect/Schema"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"

const folder = process.env["HOLDFAST_SPECS"]
const file = (name: string): string => join(folder ?? "", name)

/** Whether there is documentation to check against. */
export const isThere = folder !== undefined && existsSync(file("genesys-exporters.json")) &&
  existsSync(file("genesys-openapi.json"))

/** Why the checks are skipped, for the name of a test. */
export const skipped = "skipped: HOLDFAST_SPECS names no folder with genesys-exporters.json and genesys-openapi.json"

const Paths = Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
const Named = Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), { default: () => ({}) })
const Lists = Schema.optionalWith(
  Schema.Record({ key: Schema.String, value: Schema.Array(Schema.String) }),
  { default: () => ({}) }
)

const Exporter = Schema.Struct({
  type: Schema.String,
  refs: Named,
  attributes: Named,
  AllowZeroValues: Paths,
  AllowZeroValuesInMap: Paths,
  AllowEmptyArrays: Paths,
  JsonEncodeAttributes: Paths,
  ExcludedAttributes: Paths,
  UnResolvableAttributes: Paths,
  RemoveIfSelfReferential: Paths,
  ThirdPartyRefAttrs: Paths,
  RemoveIfMissing: Lists,
  CustomValidateExports: Lists,
  CustomAttributeResolver: Named,
  ExportAsDataFunc: Schema.optional(Schema.String),
  writes_files_under: Schema.optional(Schema.String)
})

/** What the vendor documents of a type. */
export type Exporter = typeof Exporter.Type

const Exporters = Schema.parseJson(Schema.Record({ key: Schema.String, value: Exporter }))

/** A value as the API describes it. One without a type may be anything. */
export interface Shape {
  readonly $ref?: string | undefined
  readonly type?: string | undefined
  readonly enum?: ReadonlyArray<string | number | boolean> | undefined
  readonly properties?: { readonly [name: string]: Shape } | undefined
  readonly items?: Shape | undefined
  readonly additionalProperties?: Shape | undefined
}

const Shape: Schema.Schema<Shape> = Schema.Struct({
  $ref: Schema.optional(Schema.String),
  type: Schema.optional(Schema.String),
  enum: Schema.optional(Schema.Array(Schema.Union(Schema.String, Schema.Number, Schema.Boolean))),
  properties: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.suspend(() => Shape) })),
  items: Schema.optional(Schema.suspend(() => Shape)),
  additionalProperties: Schema.optional(Schema.suspend(() => Shape))
})

const Parameter = Schema.Struct({
  name: Schema.String,
  in: Schema.String,
  enum: Schema.optional(Schema.Array(Schema.Unknown)),
  items: Schema.optional(Shape)
})

const Call = Schema.Struct({
  parameters: Schema.optionalWith(Schema.Array(Parameter), { default: () => [] }),
  responses: Schema.Record({ key: Schema.String, value: Schema.Struct({ schema: Schema.optional(Shape) }) }),
  "x-inin-requires-permissions": Schema.optional(Schema.Struct({ permissions: Schema.Array(Schema.String) }))
})

/** A call of the API. */
export type Call = typeof Call.Type

const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Call }) }),
  definitions: Schema.Record({ key: Schema.String, value: Shape })
}))

const once = <A>(make: () => A): () => A => {
  let made: { readonly value: A } | undefined
  return () => (made ??= { value: make() }).value
}

/** The vendor's exporters, by type. */
export const exporters = once(() =>
  Schema.decodeUnknownSync(Exporters)(readFileSync(file("genesys-exporters.json"), "utf8"))
)

const api = once(() => Schema.decodeUnknownSync(Description)(readFileSync(file("genesys-openapi.json"), "utf8")))

const isHole = (segment: string): boolean => segment.startsWith("{")

/** Whether a path of ours is one that the API describes: holes meet holes, a word meets itself or a hole. */
const meets = (ours: ReadonlyArray<string>, theirs: ReadonlyArray<string>): boolean =>
  ours.length === theirs.length &&
  ours.every((segment, index) => {
    const other = theirs[index] ?? ""
    return isHole(segment) ? isHole(other) : other === segment || isHole(other)
  })

/** The call that a path of ours makes. A word that is written out goes before a hole. */
export const call = (method: string, path: string): Call | undefined => {
  const exact = path.replace(/\{[^}]*\}/g, "{}")
  const found = Object.entries(api().paths)
    .filter(([theirs]) => meets(path.split("/"), theirs.split("/")))
    .toSorted(([left], [right]) =>
      Number(right.replace(/\{[^}]*\}/g, "{}") === exact) - Number(left.replace(/\{[^}]*\}/g, "{}") === exact)
    )
  return found[0]?.[1][method.toLowerCase()]
}

/** What a call answers. */
export const answer = (of: Call): Shape | undefined => of.responses["200"]?.schema

/** The shape itself, where it is named elsewhere. */
export const whole = (shape: Shape): Shape => {
  if (shape.$ref === undefined) return shape
  return api().definitions[shape.$ref.slice("#/definitions/".length)] ?? shape
}

/** Whether nothing is said about it. */
export const isFree = (shape: Shape): boolean => {
  const { additionalProperties, properties, type } = whole(shape)
  if (type === undefined) return true
  return type === "object" && additionalProperties === undefined && Object.keys(properties ?? {}).length === 0
}

const step = (shape: Shape, name: string): Shape | undefined => {
  if (isFree(shape)) return {}
  const { additionalProperties, items, properties } = whole(shape)
  if (items === undefined) return properties?.[name] ?? additionalProperties
  const each = step(items, name)
  return each === undefined || whole(each).type === "array" ? each : { type: "array", items: each }
}

/** What stands at a dotted path; through an array, what stands there in each of its elements. */
export const at = (shape: Shape, path: string): Shape | undefined =>
  path.split(".").reduce<Shape | undefined>((place, name) => place === undefined ? undefined : step(place, name), shape)
