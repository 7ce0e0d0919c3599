/**
 * JSON of the API in the shape that an attribute has.
 *
 * @since 0.1.0
 */
import * as Json from "../../../kernel/Json.ts"
import type { Entity, Reference, Scalar, Several } from "../Table.ts"

/**
 * @since 0.1.0
 * @category guards
 */
export const isEntity = (value: Json.Json | undefined): value is Entity =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * A field of an object; `undefined` of anything else.
 *
 * @since 0.1.0
 * @category getters
 */
export const field = (value: Json.Json, key: string): Json.Json | undefined =>
  isEntity(value) && Object.hasOwn(value, key) ? value[key] : undefined

/**
 * Sorted by their text, each once.
 *
 * @since 0.1.0
 * @category conversions
 */
export const sorted = (values: ReadonlyArray<Json.Json>): ReadonlyArray<Json.Json> => {
  if (values.length < 2) return values
  if (values.every((value) => typeof value === "string")) return [...new Set(values)].toSorted(ascending)
  const byText = new Map(values.map((value) => [Json.canonical(value), value]))
  return [...byText].toSorted(([left], [right]) => (left < right ? -1 : 1)).map(([, value]) => value)
}

/**
 * What makes the value of an attribute of what the API has.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (attribute: Scalar | Several): (value: Json.Json) => Json.Json | undefined => {
  const shape = attribute.kind === "list" || attribute.kind === "set" || attribute.kind === "map"
    ? scalars[attribute.of]
    : scalars[attribute.kind]
  const one = attribute.ref === undefined ? shape : (value: Json.Json) => shape(field(value, "id") ?? value)
  if (attribute.kind === "map") return (value) => mapped(value, one)
  if (attribute.kind !== "list" && attribute.kind !== "set") return one
  const several = (value: Json.Json): ReadonlyArray<Json.Json> =>
    (Array.isArray(value) ? value : [value]).flatMap((each: Json.Json) => one(each) ?? [])
  return attribute.kind === "set" ? (value) => sorted(several(value)) : several
}

const ascending = (left: Json.Json, right: Json.Json): number =>
  left === right ? 0 : String(left) < String(right) ? -1 : 1

const mapped = (value: Json.Json, one: (value: Json.Json) => Json.Json | undefined): Json.Json | undefined => {
  if (!isEntity(value)) return undefined
  const entries: Array<readonly [string, Json.Json]> = []
  for (const [key, each] of Object.entries(value)) {
    const shaped = one(each)
    if (shaped !== undefined) entries.push([key, shaped])
  }
  return Object.fromEntries(entries.toSorted(([left], [right]) => (left < right ? -1 : 1)))
}

const scalars = {
  string: (value: Json.Json): Json.Json | undefined =>
    typeof value === "string"
      ? value
      : typeof value === "number" || typeof value === "boolean"
      ? String(value)
      : undefined,
  number: (value: Json.Json): Json.Json | undefined => {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
    return typeof number === "number" && Number.isFinite(number) ? number : undefined
  },
  boolean: (value: Json.Json): Json.Json | undefined =>
    typeof value === "boolean" ? value : value === "true" ? true : value === "false" ? false : undefined
}

/**
 * JSON as the text of an attribute, in canonical form. A string that is JSON already is taken as such, and one that is
 * not stays as it is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encoded = (value: Json.Json): string => {
  if (typeof value !== "string") return Json.canonical(value)
  const json = decoded(value)
  return json === undefined ? value : Json.canonical(json)
}

/**
 * The JSON in a text; `undefined` where it is none.
 *
 * @since 0.1.0
 * @category conversions
 */
export const decoded = (text: string): Json.Json | undefined => {
  try {
    const json: Json.Json = JSON.parse(text)
    return json
  } catch {
    return undefined
  }
}

/**
 * The strings in a scalar, a list or a map.
 *
 * @since 0.1.0
 * @category getters
 */
export const texts = (value: Json.Json | undefined): ReadonlyArray<string> =>
  typeof value === "string"
    ? [value]
    : (Array.isArray(value) ? value : isEntity(value) ? Object.values(value) : [])
      .filter((each: Json.Json): each is string => typeof each === "string")

type Visit<A> = (reference: Reference, id: string, siblings: Entity) => A | undefined

/**
 * Visits the references inside JSON and puts what `visit` gives in their place; `undefined` leaves them. In a path `*`
 * stands for any name or index; an index may also be left out.
 *
 * @since 0.1.0
 * @category traversing
 */
export const within = <A>(
  json: Json.Json,
  refs: Readonly<Record<string, Reference>>,
  visit: Visit<A>
): Replaced<A> => replace(json, {}, Object.entries(refs).map(([path, ref]) => ({ keys: path.split("."), ref })), visit)

/**
 * JSON with something else in some places.
 *
 * @since 0.1.0
 * @category models
 */
export type Replaced<A> =
  | null
  | boolean
  | number
  | string
  | A
  | ReadonlyArray<Replaced<A>>
  | { readonly [key: string]: Replaced<A> }

interface Ahead {
  readonly keys: ReadonlyArray<string>
  readonly ref: Reference
}

const replace = <A>(json: Json.Json, siblings: Entity, ahead: ReadonlyArray<Ahead>, visit: Visit<A>): Replaced<A> => {
  if (ahead.length === 0 || json === null) return json
  if (Array.isArray(json)) {
    const inside = [...ahead.filter(({ keys }) => keys[0] !== "*"), ...after(ahead, "*")]
    return json.map((each: Json.Json) => replace(each, siblings, inside, visit))
  }
  if (isEntity(json)) {
    return Object.fromEntries(
      Object.entries(json).map(([key, each]) => [key, replace(each, json, after(ahead, key), visit)] as const)
    )
  }
  if (typeof json !== "string") return json
  const here = ahead.find(({ keys }) => keys.length === 0)
  return here === undefined ? json : visit(here.ref, json, siblings) ?? json
}

const after = (ahead: ReadonlyArray<Ahead>, key: string): ReadonlyArray<Ahead> =>
  ahead
    .filter(({ keys }) => keys[0] === "*" || keys[0] === key)
    .map(({ keys, ref }) => ({ keys: keys.slice(1), ref }))
