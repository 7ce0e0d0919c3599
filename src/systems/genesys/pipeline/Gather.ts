/**
 * Listings as they are asked of the API: page by page, for every parent where there are any, and again where the world
 * changed under way.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import type * as Client from "../Client.ts"
import * as Paging from "../client/Paging.ts"
import type { Entity, Listing } from "../Table.ts"
import type { Calls, Purpose } from "./Calls.ts"
import * as Path from "./Path.ts"

/** How often a listing is read at most, when entities disappear while it is read or fewer come than promised. */
const rounds = 3

/**
 * What came of a listing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Gathered {
  /** How many more the API promised. */
  readonly missing: number
  /** Parts of it that could not be read. */
  readonly faults: ReadonlyArray<Fault.Fault>
  /** Parts of it that could. */
  readonly succeeded: number
}

type OnPage = (entities: ReadonlyArray<Entity>) => Effect.Effect<void, Fault.Fault>

/** Two listings of one key have the same answer. */
const keyOf = (listing: Listing): string => JSON.stringify(listing)

/**
 * @since 0.1.0
 * @category models
 */
export class Gather {
  private readonly client: Client.Service
  private readonly calls: Calls
  /** Listings whose entities others are listed for, each read once in an export. */
  private readonly parents = new Map<
    string,
    Effect.Effect<Gathered & { readonly entities: ReadonlyArray<Entity> }, Fault.Fault>
  >()

  constructor(client: Client.Service, calls: Calls) {
    this.client = client
    this.calls = calls
  }

  /**
   * Makes known that this listing's parents will be needed, so that whoever else lists them does not ask again.
   *
   * @since 0.1.0
   */
  expect(listing: Listing, purpose: Purpose): Effect.Effect<void> {
    const parent = listing.each?.listing
    if (parent === undefined || this.parents.has(keyOf(parent))) return Effect.void
    return Effect.gen(this, function*() {
      yield* this.expect(parent, purpose)
      const entities = new Map<string, Entity>()
      const read = this.read(parent, purpose, (page) =>
        Effect.sync(() => {
          for (const entity of page) entities.set(Path.textAt(entity, "id") ?? JSON.stringify(entity), entity)
        }))
      this.parents.set(
        keyOf(parent),
        yield* Effect.cached(Effect.map(read, (gathered) => ({ ...gathered, entities: [...entities.values()] })))
      )
    })
  }

  /**
   * Hands over the pages of a listing. An entity may come more than once. Fails with what `onPage` fails with and with
   * nothing else.
   *
   * @since 0.1.0
   */
  list(listing: Listing, purpose: Purpose, onPage: OnPage): Effect.Effect<Gathered, Fault.Fault> {
    const known = this.parents.get(keyOf(listing))
    if (known === undefined) return this.read(listing, purpose, onPage)
    return Effect.tap(known, ({ entities }) => onPage(entities))
  }

  private read(listing: Listing, purpose: Purpose, onPage: OnPage): Effect.Effect<Gathered, Fault.Fault> {
    const { each } = listing
    if (each === undefined) return this.pages(listing, {}, purpose, onPage)
    return Effect.gen(this, function*() {
      const found = yield* this.list(each.listing, purpose, () => Effect.void)
      const parents = (yield* this.parents.get(keyOf(each.listing)) ?? Effect.succeed({ entities: [] })).entities
      const parts = yield* Effect.forEach(parents, (parent) => this.child(listing, parent, purpose, onPage), {
        concurrency: 8
      })
      return {
        missing: parts.reduce((sum, { missing }) => sum + missing, found.missing),
        faults: [...found.faults, ...parts.flatMap(({ faults }) => faults)],
        succeeded: parents.length === 0 ? found.succeeded : parts.reduce((sum, { succeeded }) => sum + succeeded, 0)
      }
    })
  }

  private child(
    listing: Listing,
    parent: Entity,
    purpose: Purpose,
    onPage: OnPage
  ): Effect.Effect<Gathered, Fault.Fault> {
    const { each, ...own } = listing
    const value = each === undefined ? undefined : Path.textAt(parent, each.field)
    if (each === undefined || value === undefined) return Effect.succeed({ missing: 0, faults: [], succeeded: 0 })
    return Effect.map(
      this.pages(
        own,
        { [each.hole]: value },
        { ...purpose, name: `${purpose.name} of ${value}` },
        (entities) => onPage(entities.map((entity) => ({ ...entity, "@parent": parent })))
      ),
      // A parent that is gone has no children any more.
      (gathered) =>
        gathered.faults.some(({ kind }) => kind === "not-found")
          ? { missing: 0, faults: [], succeeded: 1 }
          : gathered
    )
  }

  private pages(
    listing: Listing,
    at: Readonly<Record<string, string>>,
    purpose: Purpose,
    onPage: OnPage
  ): Effect.Effect<Gathered, Fault.Fault> {
    return Effect.gen(this, function*() {
      const { beyond } = listing
      const course = new Course(beyond?.cap)
      const first = yield* this.way(listing, at, purpose, course, onPage)
      if (beyond === undefined || !course.isCutOff) return first
      yield* Effect.logInfo(
        `${purpose.name}: the API lists no more than ${beyond.cap} in one way; the others are looked for in other ways`
      )
      for (const way of [{ query: { ...listing.query, ...beyond.backwards } }, ...beyond.ways]) {
        if (course.isWhole) break
        course.turn()
        const { faults: [fault] } = yield* this.way({ ...listing, ...way }, at, purpose, course, onPage)
        if (fault !== undefined) yield* Effect.logDebug(`${purpose.name}: ${fault.message}`)
      }
      return course.isWhole || course.isBarren
        ? { missing: 0, faults: [], succeeded: 1 }
        : { missing: course.missing, faults: [course.incomplete(purpose, beyond.cap)], succeeded: 1 }
    })
  }

  private way(
    listing: Listing,
    at: Readonly<Record<string, string>>,
    purpose: Purpose,
    course: Course,
    onPage: OnPage
  ): Effect.Effect<Gathered, Fault.Fault> {
    return Effect.gen(this, function*() {
      let missing = 0
      for (let round = 1; round <= rounds; round++) {
        let own: Fault.Fault | undefined
        const totals = new Totals()
        const page: OnPage = (entities) => {
          course.saw(entities)
          return Effect.tapError(onPage(entities), (fault) => Effect.sync(() => own = fault))
        }
        const send = (request: Client.Request): Effect.Effect<Json.Json, Fault.Fault> =>
          course.isWhole
            ? Effect.succeed(atAnEnd)
            : Effect.map(this.calls.run(this.client.json(request), purpose), (json) => totals.see(json))
        const result = yield* Effect.either(Paging.forEachPage(send, listing, at, page))
        if (own !== undefined) return yield* own
        course.heard(totals.last, Either.isLeft(result) ? result.left : undefined)
        if (Either.isLeft(result)) return { missing, faults: [result.left], succeeded: course.distinct > 0 ? 1 : 0 }
        missing = Math.max(0, (result.right.promised ?? 0) - course.distinct)
        if ((missing === 0 && !totals.shrank) || course.isCutOff) break
      }
      return { missing, faults: [], succeeded: 1 }
    })
  }
}

/** Ends a listing of which all is known. */
const atAnEnd: Json.Json = { entities: [], results: [], pageCount: 0 }

/** All ways through one listing. */
class Course {
  /** The API does not list all of it in one way. */
  isCutOff = false
  private hasMet = false
  private ways = 0
  private readonly ids = new Set<string>()
  private readonly cap: number
  private promised: number | undefined = undefined
  private cause: Fault.Fault | undefined = undefined

  constructor(cap: number | undefined) {
    this.cap = cap ?? Number.POSITIVE_INFINITY
  }

  get distinct(): number {
    return this.ids.size
  }

  /** Of what the API promised, where it counts further than it lists. */
  get missing(): number {
    return Math.max(0, (this.promised ?? 0) - this.distinct)
  }

  /** Known to be all: as many as promised, unless the count ends where the listing does; or both ends have met. */
  get isWhole(): boolean {
    return this.hasMet || (this.isCutOff && (this.promised ?? 0) > this.cap && this.missing === 0)
  }

  /** It ended by itself, and no other way led to more. */
  get isBarren(): boolean {
    return this.cause === undefined && this.distinct === this.cap
  }

  /** Another way begins. */
  turn(): void {
    this.ways += 1
  }

  saw(entities: ReadonlyArray<Entity>): void {
    for (const entity of entities) {
      const id = Path.textAt(entity, "id") ?? JSON.stringify(entity)
      const isNew = !this.ids.has(id)
      // Where the order is not taken, the first of them are known already.
      if (this.ways === 1 && !isNew && this.distinct > this.cap) this.hasMet = true
      if (isNew) this.ids.add(id)
    }
  }

  /** What came of the first way; the others are judged by what it promised. */
  heard(total: number | undefined, fault: Fault.Fault | undefined): void {
    if (this.isCutOff) return
    this.promised = total
    this.cause = fault
    this.isCutOff = fault === undefined
      ? this.distinct >= this.cap && (total ?? 0) <= this.distinct
      : fault.status === 400 && this.distinct > 0
  }

  incomplete(purpose: Purpose, cap: number): Fault.Fault {
    const { cause, distinct, missing } = this
    return Fault.make({
      ...cause?.options,
      kind: "failed",
      system: "genesys",
      operation: "Genesys.list",
      subject: purpose.name,
      code: "incomplete",
      detail: `the API lists no more than ${cap} in one way; in all ways it listed ${distinct}, and `
        + (missing > 0 ? `${missing} are missing` : "does not say how many there are"),
      hint: "What was listed is exported. The API has no way to list the others but that there are fewer of them"
    })
  }
}

/** Whether entities disappeared between two pages: then others moved up to a page that was read already. */
class Totals {
  shrank = false
  last: number | undefined = undefined

  see(json: Json.Json): Json.Json {
    const total = Path.isEntity(json) ? json["total"] : undefined
    if (typeof total === "number") {
      if (this.last !== undefined && total < this.last) this.shrank = true
      this.last = total
    }
    return json
  }
}
