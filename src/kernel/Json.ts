/**
 * Values as a journal keeps them: what `JSON.parse` gives, and one text for each of them.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category models
 */
export type Json = null | boolean | number | string | ReadonlyArray<Json> | { readonly [key: string]: Json }

/**
 * @since 0.1.0
 * @category schemas
 */
export const Json: Schema.Schema<Json> = Schema.Union(
  Schema.Null,
  Schema.Boolean,
  Schema.JsonNumber,
  Schema.String,
  Schema.Array(Schema.suspend((): Schema.Schema<Json> => Json)),
  Schema.Record({ key: Schema.String, value: Schema.suspend((): Schema.Schema<Json> => Json) })
)

/**
 * What `JSON.parse` gave is JSON. To look through it again would cost time, and a field named `__proto__`, which
 * `Schema.Record` does not keep.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Parsed: Schema.Schema<Json> = Schema.declare((u: unknown): u is Json => u !== undefined)

const decode = Schema.decodeUnknownOption(Schema.parseJson(Parsed))

/**
 * The value as `JSON.stringify` writes it: keys without a value are left out, dates are text, `Redacted` values stay
 * redacted. `None` for what it cannot write: a function, a `bigint`, a value that contains itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromUnknown = (value: unknown): Option.Option<Json> =>
  Option.flatMap(Option.liftThrowable(stringify)(value), decode)

/** The library's type leaves out that there may be no text. */
const stringify: (value: unknown) => string | undefined = JSON.stringify

/**
 * The same text for equal values, whatever the order of their keys.
 *
 * @since 0.1.0
 * @category conversions
 */
export const canonical = (json: Json): string => JSON.stringify(json, (_, value: unknown) => sorted(value))

const sorted = (value: unknown): unknown =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => (left < right ? -1 : 1)))
    : value

/**
 * @since 0.1.0
 * @category predicates
 */
export const equals = (left: Json, right: Json): boolean => {
  if (left === right) return true
  if (typeof left !== "object" || typeof right !== "object" || left === null || right === null) return false
  if (isList(left) || isList(right)) {
    return isList(left) && isList(right) && left.length === right.length &&
      left.every((value, index) => equals(value, right[index] ?? null))
  }
  const entries = Object.entries(left)
  return entries.length === Object.keys(right).length &&
    entries.every(([key, value]) => Object.hasOwn(right, key) && equals(value, right[key] ?? null))
}

const isList = (json: Json): json is ReadonlyArray<Json> => Array.isArray(json)
