/**
 * Pages of a listing, one after the other by a cursor. A cursor says behind which entry to go on, so that what is made
 * or deleted in between shifts nothing.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Answer from "./Answer.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Entry<A> {
  /** Those of a lower group come first, in either direction. */
  readonly group: number
  /** What it is sorted by; those of one key by their id. */
  readonly key: number | string
  readonly id: string
  readonly value: A
}

interface Page<A> {
  readonly values: ReadonlyArray<A>
  readonly fields: { readonly next_cursor: string | null; readonly has_more: boolean }
}

/**
 * @since 0.1.0
 * @category models
 */
export type Paged<A> = { readonly page: Page<A> } | { readonly refused: Answer.Answer }

type Position = Pick<Entry<unknown>, "group" | "key" | "id">

const compare = (one: Position, other: Position, sign: number): number => {
  if (one.group !== other.group) return one.group - other.group
  if (one.key !== other.key) return one.key < other.key ? -sign : sign
  return one.id < other.id ? -sign : one.id > other.id ? sign : 0
}

const encode = (entry: Entry<unknown>): string =>
  Buffer.from(JSON.stringify([entry.group, entry.key, entry.id]), "utf8").toString("base64url")

const decode = (cursor: string): Position | undefined => {
  const parse: (text: string) => Json.Json = JSON.parse
  try {
    const value = parse(Buffer.from(cursor, "base64url").toString("utf8"))
    if (!Array.isArray(value)) return undefined
    const [group, key, id]: ReadonlyArray<Json.Json | undefined> = value
    if (typeof group !== "number" || typeof id !== "string") return undefined
    return typeof key === "string" || typeof key === "number" ? { group, key, id } : undefined
  } catch {
    return undefined
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const of = <A>(
  entries: ReadonlyArray<Entry<A>>,
  query: URLSearchParams,
  descending = false
): Paged<A> => {
  const asked = query.get("page_size")
  const size = asked === null ? 30 : Number(asked)
  if (!Number.isInteger(size) || asked === "") {
    return { refused: Answer.invalid(["query", "page_size"], "Input should be a valid integer", "int_parsing") }
  }
  if (size < 1) {
    return {
      refused: Answer.invalid(
        ["query", "page_size"],
        "Input should be greater than or equal to 1",
        "greater_than_equal"
      )
    }
  }
  if (size > 100) {
    return {
      refused: Answer.invalid(["query", "page_size"], "Input should be less than or equal to 100", "less_than_equal")
    }
  }
  const cursor = query.get("cursor")
  const from = cursor === null || cursor === "" ? undefined : decode(cursor)
  if (cursor !== null && cursor !== "" && from === undefined) {
    return { refused: Answer.failure(400, "validation_error", "invalid_cursor", "The cursor is not valid.") }
  }
  const sign = descending ? -1 : 1
  const sorted = entries.toSorted((one, other) => compare(one, other, sign))
  const rest = from === undefined ? sorted : sorted.filter((entry) => compare(entry, from, sign) > 0)
  const shown = rest.slice(0, size)
  const last = shown.at(-1)
  const more = rest.length > shown.length && last !== undefined
  return {
    page: {
      values: shown.map(({ value }) => value),
      fields: { next_cursor: more ? encode(last) : null, has_more: more }
    }
  }
}
