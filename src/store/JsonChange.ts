/**
 * Places in a JSON value, what is put there or taken away, and what is different between two values.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Json from "../kernel/Json.ts"

/**
 * From the whole value down: names of fields and, in lists, numbers from 0. Empty for the whole value.
 *
 * @since 0.1.0
 * @category models
 */
export type Path = ReadonlyArray<string | number>

/**
 * What stood in a place and what stands there after; a side is missing where there was or is nothing.
 *
 * @since 0.1.0
 * @category models
 */
export const Change = Schema.Struct({
  path: Schema.Array(Schema.Union(Schema.String, Schema.Number)),
  before: Schema.optionalWith(Json.Parsed, { exact: true }),
  after: Schema.optionalWith(Json.Parsed, { exact: true })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Change = typeof Change.Type

/**
 * `spec.masterCount` as a path. A name that has a dot in it, or is empty, is written as a path of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pathOf = (path: string | Path): Path =>
  typeof path !== "string" ? path : path === "" ? [] : path.split(".")

/**
 * For people: `spec.nodes[2]`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const format = (path: Path): string =>
  path.length === 0
    ? "the whole value"
    : path.map((part, index) => typeof part === "number" ? `[${part}]` : index === 0 ? part : `.${part}`).join("")

type Fields = { readonly [key: string]: Json.Json }
type List = ReadonlyArray<Json.Json>

const isList = (json: Json.Json): json is List => Array.isArray(json)

const isFields = (json: Json.Json): json is Fields => typeof json === "object" && json !== null && !Array.isArray(json)

/** In a list a place may also be written as text: `nodes.2`. */
const indexOf = (part: string | number): number | undefined =>
  typeof part === "number"
    ? Number.isSafeInteger(part) && part >= 0 ? part : undefined
    : /^(?:0|[1-9]\d{0,8})$/.test(part)
    ? Number(part)
    : undefined

const child = (json: Json.Json, part: string | number): Option.Option<Json.Json> => {
  if (isList(json)) {
    const index = indexOf(part)
    return index !== undefined && index < json.length ? Option.some(json[index] ?? null) : Option.none()
  }
  return isFields(json) && Object.hasOwn(json, part) ? Option.some(json[part] ?? null) : Option.none()
}

/**
 * What stands in a place.
 *
 * @since 0.1.0
 * @category getters
 */
export const get = (json: Option.Option<Json.Json>, path: Path): Option.Option<Json.Json> =>
  path.reduce<Option.Option<Json.Json>>((found, part) => Option.flatMap(found, (found) => child(found, part)), json)

/**
 * The value with another in a place; what is missing on the way is made. `None` where the way leads through
 * something that has no such places, or the place in a list is beyond its end.
 *
 * @since 0.1.0
 * @category operations
 */
export const set = (json: Option.Option<Json.Json>, path: Path, value: Json.Json): Option.Option<Json.Json> => {
  const [part, ...rest] = path
  if (part === undefined) return Option.some(value)
  const at = Option.getOrElse(json, (): Json.Json => typeof part === "number" ? [] : {})
  const inner = set(child(at, part), rest, value)
  if (isList(at)) {
    const index = indexOf(part)
    return index === undefined || index > at.length
      ? Option.none()
      : Option.map(inner, (inner) => [...at.slice(0, index), inner, ...at.slice(index + 1)])
  }
  // A computed name defines a field of its own, also `__proto__`.
  return isFields(at) ? Option.map(inner, (inner) => ({ ...at, [part]: inner })) : Option.none()
}

/**
 * The value without what stands in a place; in a list the later ones move up. What is not there is gone already.
 *
 * @since 0.1.0
 * @category operations
 */
export const remove = (json: Option.Option<Json.Json>, path: Path): Option.Option<Json.Json> => {
  const [part, ...rest] = path
  if (part === undefined || Option.isNone(json)) return Option.none()
  const at = json.value
  const found = child(at, part)
  if (Option.isNone(found)) return json
  const inner = remove(found, rest)
  if (isList(at)) {
    const index = indexOf(part) ?? 0
    return Option.some([...at.slice(0, index), ...Option.toArray(inner), ...at.slice(index + 1)])
  }
  if (!isFields(at)) return json
  if (Option.isSome(inner)) return Option.some({ ...at, [part]: inner.value })
  return Option.some(Object.fromEntries(Object.entries(at).filter(([name]) => name !== String(part))))
}

const changed = (path: Path, before: Option.Option<Json.Json>, after: Option.Option<Json.Json>): Change => ({
  path,
  ...Option.isSome(before) ? { before: before.value } : {},
  ...Option.isSome(after) ? { after: after.value } : {}
})

/**
 * The smallest places that differ, in the order in which they can be made one after the other: fields by name, lists
 * by place, and what is taken from the end of a list from the last.
 *
 * @since 0.1.0
 * @category operations
 */
export const between = (
  before: Option.Option<Json.Json>,
  after: Option.Option<Json.Json>,
  path: Path = []
): ReadonlyArray<Change> => {
  if (Option.isSome(before) && Option.isSome(after)) {
    const [left, right] = [before.value, after.value]
    if (isList(left) && isList(right)) {
      const common = Math.min(left.length, right.length)
      const parts = Array.from({ length: Math.max(left.length, right.length) }, (_, index) => index)
      const ordered = [...parts.slice(0, common), ...inOrder(parts.slice(common), left.length > right.length)]
      return ordered.flatMap((part) => between(child(left, part), child(right, part), [...path, part]))
    }
    if (isFields(left) && isFields(right)) {
      const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].toSorted()
      return names.flatMap((part) => between(child(left, part), child(right, part), [...path, part]))
    }
    if (Json.equals(left, right)) return []
  }
  return Option.isNone(before) && Option.isNone(after) ? [] : [changed(path, before, after)]
}

const inOrder = (parts: ReadonlyArray<number>, backwards: boolean): ReadonlyArray<number> =>
  backwards ? parts.toReversed() : parts

/**
 * The value after a change; `None` twice over where its place is not there.
 *
 * @since 0.1.0
 * @category operations
 */
export const apply = (
  json: Option.Option<Json.Json>,
  change: Change
): Option.Option<Option.Option<Json.Json>> =>
  change.after === undefined
    ? Option.some(remove(json, change.path))
    : Option.map(set(json, change.path, change.after), Option.some)
