/**
 * Listings, page by page, as a world that changes under way gives them: counts grow and shrink, entities move to pages
 * that were read already or come twice. What comes is handed on as it comes; whoever keeps it drops what repeats.
 * However the server behaves, a listing ends.
 *
 * Source: the listing envelopes of the platform API v2.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import type { Request } from "../Client.ts"
import type { Entity, Listing } from "../Table.ts"
import * as Address from "./Address.ts"

/**
 * What a listing came to.
 *
 * @since 0.1.0
 * @category models
 */
export interface Listed {
  /** Entities handed on, repeated ones included. */
  readonly fetched: number
  /** How many the last page said there are; `undefined` where the listing has no reliable total. */
  readonly promised: number | undefined
}

const defaultPageSize = 100

/** A million entities; no organisation may have so many of a type, and no loop goes on for longer. */
const mostPages = 10_000

/** Pages may be empty where a permission hides what is on them, but not so many one after another. */
const mostEmptyPages = 100

const fault = (
  code: "paging-stuck" | "unexpected-reply",
  detail: string,
  listing: Listing
): Fault.Fault =>
  Fault.make({ kind: "invalid", code, system: "genesys", operation: "Genesys.list", subject: listing.path, detail })

const isEntity = (json: Json.Json | undefined): json is Entity =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const number = (json: Json.Json | undefined): number | undefined => typeof json === "number" ? json : undefined

/** One page, taken apart. */
interface Page {
  readonly entities: ReadonlyArray<Entity>
  readonly envelope: Entity
  readonly total: number | undefined
}

const under = (envelope: Entity, path: string): Json.Json | undefined => {
  let value: Json.Json | undefined = envelope
  for (const name of path.split(".")) value = isEntity(value) ? value[name] : undefined
  return value
}

/** An envelope may leave out an empty list, but not one that it counts. */
const open = (answer: Json.Json, listing: Listing): Page | Fault.Fault => {
  const envelope = isEntity(answer) ? answer : {}
  const total = number(envelope["total"])
  const where = listing.entities ?? "entities"
  const found = Array.isArray(answer) ? answer : under(envelope, where)
  const wrong = (what: string) => fault("unexpected-reply", `The answer to the listing ${what}`, listing)
  if (!Array.isArray(answer) && !isEntity(answer)) return wrong("is no listing")
  if (found === undefined || found === null) {
    return (total ?? 0) > 0 ? wrong(`counts ${total} but has no "${where}"`) : { entities: [], envelope, total }
  }
  if (!Array.isArray(found)) return wrong(`has no list at "${where}"`)
  const entities: ReadonlyArray<Json.Json> = found
  return entities.every(isEntity)
    ? { entities, envelope, total }
    : wrong(`has something else than objects in "${where}"`)
}

/** `{name}` in a query's value is a hole as well; what fills no hole is a query parameter of that name. */
const queryOf = (listing: Listing, filled: Readonly<Record<string, string>>): Record<string, string> => {
  const query: Record<string, string> = {}
  const used = new Set(Address.holes(listing.path))
  for (const [name, value] of Object.entries(listing.query ?? {})) {
    query[name] = value.replace(/\{([^{}]+)\}/g, (whole, hole: string) => {
      if (filled[hole] === undefined) return whole
      used.add(hole)
      return filled[hole]
    })
  }
  for (const [name, value] of Object.entries(filled)) if (!used.has(name)) query[name] = value
  return query
}

/** What is asked for besides the page. */
type Ask = (paging: Readonly<Record<string, string | number>>, page: number) => Request

const asking = (listing: Listing, filled: Readonly<Record<string, string>> | undefined): Ask => {
  const method = listing.method ?? "GET"
  const query = queryOf(listing, filled ?? {})
  return (paging, page) => ({
    method,
    path: listing.path,
    at: filled,
    subject: page === 1 ? listing.path : `${listing.path} page ${page}`,
    query: method === "GET" ? { ...query, ...paging } : query,
    ...(method === "POST" ? { body: { ...listing.body, ...paging } } : {})
  })
}

/** The `after` of an answer's `nextUri`, which is a path or a whole address. */
const cursorOf = ({ envelope }: Page): string | undefined => {
  const uri = envelope["nextUri"]
  if (typeof uri !== "string" || uri === "" || !URL.canParse(uri, "https://api")) return undefined
  const after = new URL(uri, "https://api").searchParams.get("after")
  return after === null || after === "" ? undefined : after
}

/** What tells a page from the one before. */
const printOf = ({ entities }: Page): string => JSON.stringify(entities.map((entity) => entity["id"] ?? entity))

/** Where the listing goes on after a page: the paging of the next request, or `undefined` at its end. */
type Next = (page: Page, index: number) => Readonly<Record<string, string | number>> | undefined | Fault.Fault

const numbered = (listing: Listing, more: (page: Page, index: number) => boolean): Next => {
  const pageSize = listing.pageSize ?? defaultPageSize
  let before: string | undefined
  let empty = 0
  return (page, index) => {
    if (!more(page, index)) return undefined
    const print = page.entities.length === 0 ? undefined : printOf(page)
    empty = print === undefined ? empty + 1 : 0
    if (print !== undefined && print === before) {
      return fault("paging-stuck", `Page ${index} is the same as the one before it`, listing)
    }
    if (empty > mostEmptyPages) return fault("paging-stuck", `The last ${empty} pages are empty`, listing)
    before = print
    return { pageNumber: index + 1, pageSize }
  }
}

/** The latest count holds; without one, an empty page ends it. */
const untilCounted = ({ entities, envelope }: Page, index: number): boolean => {
  const pages = number(envelope["pageCount"])
  return pages === undefined ? entities.length > 0 : index < pages
}

/** What is known of how many there are besides what the answers say. */
interface Counted extends Listing {
  readonly counted?: number | undefined
}

/** An empty page ends it, or one with room left by which there are as many as were counted. */
const untilEmpty = ({ counted, pageSize = defaultPageSize }: Counted) => {
  let fetched = 0
  return ({ entities: { length } }: Page): boolean => {
    fetched += length
    return length > 0 && !(length < pageSize && counted !== undefined && fetched >= counted)
  }
}

const following = (listing: Listing): Next => {
  const pageSize = listing.pageSize ?? defaultPageSize
  const seen = new Set<string>()
  return (page, index) => {
    const after = cursorOf(page)
    if (after === undefined) return undefined
    if (seen.has(after)) return fault("paging-stuck", `Page ${index} leads back to a page that was read`, listing)
    seen.add(after)
    return { after, pageSize }
  }
}

const nextOf = (listing: Counted): Next => {
  switch (listing.paging) {
    case "pages":
      return numbered(listing, untilCounted)
    case "until-empty":
      return numbered(listing, untilEmpty(listing))
    case "cursor":
      return following(listing)
    case "once":
      return () => undefined
  }
}

const firstOf = (listing: Listing): Readonly<Record<string, string | number>> => {
  const pageSize = listing.pageSize ?? defaultPageSize
  if (listing.paging === "once") return listing.pageSize === undefined ? {} : { pageSize }
  return listing.paging === "cursor" ? { pageSize } : { pageNumber: 1, pageSize }
}

/**
 * Lists everything, one page after another, and hands on each page that has something on it. `at` fills the holes of
 * the path and of the query's values; a name that is no hole becomes a query parameter. `counted` is how many there are,
 * where something else than the answers says so.
 *
 * Fails with what `send` and `onPage` fail with; with the code `unexpected-reply` where an answer is no listing; and
 * with `paging-stuck` where a page repeats the one before it or a cursor leads back.
 *
 * @since 0.1.0
 * @category combinators
 */
export const forEachPage = <R, R2>(
  send: (request: Request) => Effect.Effect<Json.Json, Fault.Fault, R>,
  listing: Counted,
  at: Readonly<Record<string, string>> | undefined,
  onPage: (entities: ReadonlyArray<Entity>) => Effect.Effect<void, Fault.Fault, R2>
): Effect.Effect<Listed, Fault.Fault, R | R2> =>
  Effect.gen(function*() {
    const ask = asking(listing, at)
    const next = nextOf(listing)
    let paging = Option.some(firstOf(listing))
    let fetched = 0
    let promised: number | undefined
    for (let index = 1; Option.isSome(paging); index++) {
      if (index > mostPages) return yield* fault("paging-stuck", `It does not end after ${mostPages} pages`, listing)
      const page = open(yield* send(ask(paging.value, index)), listing)
      if (Fault.isFault(page)) return yield* page
      const after = next(page, index)
      if (Fault.isFault(after)) return yield* after
      fetched += page.entities.length
      promised = page.total ?? promised
      if (page.entities.length > 0) yield* onPage(page.entities)
      paging = Option.fromNullable(after)
    }
    return { fetched, promised: listing.paging === "until-empty" ? undefined : promised }
  })
