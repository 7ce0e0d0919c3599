/**
 * The forms of what stands in a state file, and the reading of its text.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Json from "../../../kernel/Json.ts"
import type { Refusal } from "./State.ts"

/**
 * @since 0.1.0
 * @category guards
 */
export const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * An id as the remote gives them. It becomes a part of a URL.
 *
 * @since 0.1.0
 * @category guards
 */
export const isId = (value: unknown): value is string =>
  typeof value === "string" && /^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$/.test(value)

/**
 * A file below the site's folder: no part of it is empty, `.` or `..`, and it has an ending. A part of a file that was
 * split ends with `#` and its number.
 *
 * @since 0.1.0
 * @category guards
 */
export const isFile = (value: string): boolean =>
  value.length <= 1024 && !/[\\\p{Cc}]/u.test(value) && /[^/]\.[A-Za-z0-9]+(#[1-9]\d*)?$/.test(value) &&
  value.split("/").every((part) => part !== "" && part !== "." && part !== "..")

/**
 * @since 0.1.0
 * @category guards
 */
export const isHash = (value: unknown): value is string =>
  typeof value === "string" && /^([0-9a-f]{64}|md5:[0-9a-f]{32})$/.test(value)

/**
 * @since 0.1.0
 * @category guards
 */
export const isSize = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0

/**
 * @since 0.1.0
 * @category guards
 */
export const isInstant = (value: unknown): value is string =>
  typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
  !Number.isNaN(Date.parse(value))

/**
 * @since 0.1.0
 * @category guards
 */
export const isHost = (value: unknown): value is string =>
  typeof value === "string" && value.length <= 253 && /^[a-z0-9]([a-z0-9._-]*[a-z0-9])?$/.test(value)

/**
 * @since 0.1.0
 * @category models
 */
export interface Text {
  readonly value: unknown
  /** Keys that stand more than once in one mapping. `value` has only the last of each. */
  readonly repeated: ReadonlyArray<string>
}

/**
 * Reads bytes as JSON. Never throws.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (content: Uint8Array | string): Either.Either<Text, Refusal> =>
  Either.mapBoth(
    Either.try((): Text => {
      const text = decodeText(content)
      const value: unknown = JSON.parse(text)
      return { value, repeated: repeatedKeys(text) }
    }),
    {
      onLeft: (error): Refusal => ({
        reason: "not-json",
        problems: [{ path: "", message: error instanceof Error ? error.message : String(error) }]
      }),
      onRight: (text) => text
    }
  )

const decodeText = (content: Uint8Array | string): string =>
  typeof content === "string" ? content : new TextDecoder("utf-8", { fatal: true }).decode(content)

const tokens = /"(?:[^"\\]|\\.)*"|[{}[\]:]/g

/** `JSON.parse` keeps the last of equal keys and says nothing, and a bad merge makes them. The text is known to be JSON. */
const repeatedKeys = (text: string): ReadonlyArray<string> => {
  const open: Array<Set<string> | undefined> = []
  const repeated = new Set<string>()
  let last: string | undefined
  for (const [token] of text.matchAll(tokens)) {
    if (token === "{") open.push(new Set())
    else if (token === "[") open.push(undefined)
    else if (token === "}" || token === "]") open.pop()
    else if (token === ":" && last !== undefined) {
      const keys = open.at(-1)
      const key = last.includes("\\") ? String(JSON.parse(last)) : last.slice(1, -1)
      if (keys?.has(key) === true) repeated.add(key)
      keys?.add(key)
    }
    last = token.startsWith("\"") ? token : undefined
  }
  return [...repeated].toSorted()
}

/** Deeper values can be read, but not written again: the writer would run out of stack. */
const deepest = 64

/**
 * A value as it can be kept in a state file.
 *
 * @since 0.1.0
 * @category conversions
 */
export const keep = (value: unknown): Json.Json =>
  isDeep(value) ? "(nested too deeply)" : Option.getOrElse(Json.fromUnknown(value), () => "(not JSON)")

const isDeep = (value: unknown): boolean => {
  let level: ReadonlyArray<unknown> = [value]
  for (let depth = 0; depth < deepest; depth += 1) {
    level = level.flatMap((item) => typeof item === "object" && item !== null ? Object.values(item) : [])
    if (level.length === 0) return false
  }
  return true
}

const idKey = /^([a-z]+_)*document_?ids?$|^[a-z]*documentIds?$/i

/**
 * Every document id below a value: what stands under a key that says so.
 *
 * @since 0.1.0
 * @category getters
 */
export const idsBelow = (value: unknown): ReadonlySet<string> => {
  const ids = new Set<string>()
  const rest: Array<unknown> = [value]
  const seen = new Set<unknown>()
  while (rest.length > 0) {
    const item = rest.pop()
    if (typeof item !== "object" || item === null || seen.has(item)) continue
    seen.add(item)
    for (const [key, inner] of Object.entries(item)) {
      if (typeof inner === "object") rest.push(inner)
      if (!idKey.test(key)) continue
      for (const id of Array.isArray(inner) ? inner : [inner]) if (isId(id)) ids.add(id)
    }
  }
  return ids
}
