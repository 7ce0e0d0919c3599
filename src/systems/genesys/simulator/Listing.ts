/**
 * Pages of entities in every style the API has.
 *
 * @since 0.1.0
 */
import * as Answer from "./Answer.ts"
import type { Entity, Kind, Listing, Query, Value } from "./Kind.ts"

/** What the API takes where a request does not say. */
const defaultSize = 25

const whole = (text: string | undefined, otherwise: number): number => {
  const value = Number(text)
  return text !== undefined && Number.isInteger(value) && value > 0 ? value : otherwise
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly listing: Pick<Listing, "style" | "maximum" | "total" | "totals" | "cap">
  readonly length: number
  /** The entities from one place up to another. */
  readonly slice: (from: number, to: number) => ReadonlyArray<Value>
  /** The last entity of a page stands again on the next. */
  readonly repeating: boolean
  /** What the answer has beside its entities. */
  readonly beside?: Entity | undefined
}

interface Window {
  readonly number: number
  readonly size: number
  readonly count: number
  readonly from: number
  readonly to: number
}

const windowOf = (options: Options, query: Query): Window => {
  const size = Math.min(whole(query["pageSize"], defaultSize), options.listing.maximum ?? 100)
  const number = whole(query["pageNumber"], 1)
  // Pages that overlap by one advance by one less.
  const overlaps = options.repeating && size > 1
  const step = overlaps ? size - 1 : size
  const count = overlaps
    ? Math.max(1, Math.ceil((options.length - 1) / step))
    : Math.max(1, Math.ceil(options.length / size))
  const from = (number - 1) * step
  const to = number > count ? from : Math.min(from + size, options.length)
  return { number, size, count: options.length === 0 ? 0 : count, from: Math.min(from, options.length), to }
}

const link = (path: string, query: Query, changes: Readonly<Record<string, string | number>>): string => {
  const parts: Array<string> = []
  for (const [name, value] of Object.entries({ ...query, ...changes })) {
    parts.push(`${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
  }
  return parts.length === 0 ? path : `${path}?${parts.join("&")}`
}

const links = (call: Answer.Call, { count, number, size }: Window): Entity => {
  const to = (page: number): string => link(call.path, call.query, { pageSize: size, pageNumber: page })
  return {
    firstUri: to(1),
    selfUri: to(number),
    nextUri: number < count ? to(number + 1) : undefined,
    previousUri: number > 1 ? to(number - 1) : undefined
  }
}

const pages = (options: Options, call: Answer.Call): Answer.Answer => {
  const window = windowOf(options, call.query)
  const cap = options.listing.cap?.(call.query)
  if (cap !== undefined && window.number * window.size > cap) return tooDeep(cap)
  const entities = options.slice(window.from, window.to)
  const base = { entities, pageSize: window.size, pageNumber: window.number, ...links(call, window), ...options.beside }
  switch (options.listing.style) {
    case "bare":
      return Answer.value(base)
    case "until-empty":
      return Answer.value({ ...base, total: entities.length, pageCount: window.number })
    default: {
      const last = link(call.path, call.query, { pageSize: window.size, pageNumber: Math.max(1, window.count) })
      return Answer.value({
        ...base,
        total: options.length,
        ...(options.listing.totals === true ? { totalNumberOfEntities: options.length } : {}),
        lastUri: last,
        pageCount: window.count
      })
    }
  }
}

const tooDeep = (cap: number): Answer.Answer =>
  Answer.failure(400, "bad.request", "pageNumber * pageSize must not exceed {limit}", { limit: String(cap) })

/** Opaque to clients: the place of the next page, in base 64. */
const cursorOf = (place: number): string => Buffer.from(`place:${place}`, "utf8").toString("base64url")

const placeOf = (cursor: string): number | undefined => {
  const place = /^place:(\d+)$/.exec(Buffer.from(cursor, "base64url").toString("utf8"))?.[1]
  return place === undefined ? undefined : Number(place)
}

const cursor = (options: Options, call: Answer.Call): Answer.Answer => {
  const size = Math.min(whole(call.query["pageSize"], defaultSize), options.listing.maximum ?? 100)
  const after = call.query["after"]
  const place = after === undefined || after === "" ? 0 : placeOf(after)
  if (place === undefined) {
    return Answer.failure(400, "invalid.value", "Value [{value}] is not valid for field type [after].", {
      value: after ?? ""
    })
  }
  const from = options.repeating && place > 0 ? place - 1 : place
  const to = Math.min(place + size, options.length)
  return Answer.value({
    entities: options.slice(Math.min(from, options.length), to),
    nextUri: to < options.length ? link(call.path, call.query, { pageSize: size, after: cursorOf(to) }) : undefined,
    selfUri: link(call.path, call.query, {}),
    ...(options.listing.total === true ? { total: options.length } : {})
  })
}

const all = (options: Options, call: Answer.Call): Answer.Answer =>
  Answer.value({
    entities: options.slice(0, options.length),
    pageSize: options.length,
    pageNumber: 1,
    total: options.length,
    selfUri: call.path,
    pageCount: 1
  })

const search = (options: Options, call: Answer.Call): Answer.Answer => {
  const { pageNumber, pageSize } = call.body
  const window = windowOf(options, {
    pageNumber: String(pageNumber ?? 1),
    pageSize: String(pageSize ?? defaultSize)
  })
  return Answer.value({
    total: options.length,
    pageCount: window.count,
    pageSize: window.size,
    pageNumber: window.number,
    ...options.beside,
    results: options.slice(window.from, window.to)
  })
}

/**
 * One page, as the request asks for it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const page = (options: Options, call: Answer.Call): Answer.Answer => {
  switch (options.listing.style) {
    case "cursor":
      return cursor(options, call)
    case "all":
      return all(options, call)
    case "search":
      return search(options, call)
    default:
      return pages(options, call)
  }
}

/**
 * A page of what is at hand whole.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (
  entities: ReadonlyArray<Value>,
  style: Listing["style"],
  call: Answer.Call,
  maximum = 100
): Answer.Answer =>
  page({
    listing: { style, maximum },
    length: entities.length,
    slice: (from, to) => entities.slice(from, to),
    repeating: false
  }, call)

const namePattern = (text: string): (name: string) => boolean => {
  const wanted = text.toLowerCase()
  const inner = wanted.replace(/^\*|\*$/g, "")
  if (wanted.startsWith("*") && wanted.endsWith("*")) return (name) => name.toLowerCase().includes(inner)
  if (wanted.startsWith("*")) return (name) => name.toLowerCase().endsWith(inner)
  if (wanted.endsWith("*")) return (name) => name.toLowerCase().startsWith(inner)
  return (name) => name.toLowerCase() === wanted
}

/** By name, with asterisks at the ends, and by id. */
const filtered = (kind: Kind, numbers: Uint32Array, call: Answer.Call): Uint32Array => {
  const { organisation, query } = call
  const { id: ids, name } = query
  if (ids === undefined && name === undefined) return numbers
  const wanted = ids === undefined
    ? undefined
    : new Set(ids.split(",").map((id) => organisation.find(kind.name, id)))
  const matches = name === undefined ? undefined : namePattern(name)
  return numbers.filter((index) =>
    (wanted === undefined || wanted.has(index)) &&
    (matches === undefined || matches(organisation.nameOf(kind.name, index)))
  )
}

/**
 * A page of a type, or of those of it that hang on one parent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofKind = (
  kind: Kind,
  listing: Listing,
  numbers: (query: Query) => Uint32Array,
  repeating: boolean,
  call: Answer.Call
): Answer.Answer => {
  const { organisation, query } = call
  const space = organisation.space(kind.name)
  // Once the second page is asked for, the late ones are there, and the count has grown.
  if (!space.grown && (whole(query["pageNumber"], 1) > 1 || query["after"] !== undefined)) {
    space.grown = true
    space.orders.clear()
  }
  const found = filtered(kind, numbers(query), call)
  const order = query["sortOrder"]?.startsWith("desc") === true ? found.toReversed() : found
  const show = listing.show ?? kind.shown
  return page({
    listing,
    length: order.length,
    slice: (from, to) =>
      Array.from(order.subarray(from, to), (index) => {
        const entity = organisation.build(kind.name, index)
        return show === undefined ? entity : show(entity, query)
      }),
    repeating
  }, call)
}
