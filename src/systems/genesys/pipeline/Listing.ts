/**
 * Listing the types of an export, all at once: what there is, what is wanted of it, and what is wrong with a type that
 * cannot be listed. No type stops another.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type { Entity, Listing, Lookup, Table, TypeName } from "../Table.ts"
import type { Purpose } from "./Calls.ts"
import * as Gather from "./Gather.ts"
import * as Inventory from "./Inventory.ts"
import * as Reading from "./Reading.ts"
import * as Settle from "./Settle.ts"
import * as Work from "./Work.ts"

/**
 * What is wanted of what is listed, and where it goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wants {
  readonly wants: (entry: Inventory.Entry) => boolean
  /** Told of each resource that is to be read. */
  readonly toRead: (inventory: Inventory.Inventory, entry: Inventory.Entry) => void
}

/** A type while it is listed. */
interface Course {
  readonly inventory: Inventory.Inventory
  /** Entities whose name takes a look at others. */
  readonly waiting: Array<Entity>
  /** Done when all of it is known, or as much as can be. */
  readonly over: Deferred.Deferred<void>
}

const purposeOf = (table: Table): Purpose => ({
  family: table.family,
  type: table.type,
  operation: "Genesys.list",
  name: table.type,
  patient: true
})

/**
 * With the types whose entities their labels look up.
 *
 * @since 0.1.0
 * @category getters
 */
export const withNeeds = (work: Work.Work, tables: ReadonlyArray<Table>): ReadonlyArray<Table> => {
  const all = new Map<TypeName, Table>(tables.map((table) => [table.type, table]))
  for (const table of all.values()) {
    for (const type of table.labelNeeds ?? []) {
      const needed = work.tables.get(type)
      if (needed !== undefined) all.set(type, needed)
    }
  }
  return [...all.values()]
}

/**
 * Lists types that were not listed before, all at once; the bulkhead of the calls says how many requests that makes.
 *
 * @since 0.1.0
 * @category operations
 */
export const list = (
  work: Work.Work,
  gather: Gather.Gather,
  inventories: ReadonlyArray<Inventory.Inventory>,
  wants: Wants
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const courses = new Map<TypeName, Course>()
    for (const inventory of inventories) {
      const { table } = inventory
      courses.set(table.type, { inventory, waiting: [], over: yield* Deferred.make<void>() })
      for (const listing of table.list) yield* gather.expect(listing, purposeOf(table))
    }
    yield* Effect.forEach(courses.values(), (course) => listOne(work, gather, courses, course, wants), {
      concurrency: Math.max(1, courses.size),
      discard: true
    })
  }).pipe(Effect.withSpan("Genesys.list", { attributes: { "holdfast.types": inventories.length } }))

const listOne = (
  work: Work.Work,
  gather: Gather.Gather,
  courses: ReadonlyMap<TypeName, Course>,
  course: Course,
  wants: Wants
): Effect.Effect<void, Fault.Fault> => {
  const { inventory, over } = course
  const { table } = inventory
  return Effect.gen(function*() {
    yield* work.told.listing(inventory)
    const parts = yield* Effect.forEach(
      table.list,
      (listing) => gather.list(listing, purposeOf(table), (page) => take(work, course, listing, page, wants)),
      { concurrency: table.list.length }
    )
    yield* judge(work, inventory, parts)
    yield* Deferred.succeed(over, undefined)
    for (const type of table.labelNeeds ?? []) {
      const needed = courses.get(type)
      if (needed !== undefined) yield* Deferred.await(needed.over)
    }
    const lookup = lookupOf(work)
    for (const entity of course.waiting) yield* admit(work, inventory, entity, lookup, wants)
    inventory.listed = true
    yield* work.told.moved(inventory)
  }).pipe(
    // Whoever waits for this type hears of its end, however it ends.
    Effect.ensuring(Deferred.succeed(over, undefined))
  )
}

const lookupOf = (work: Work.Work): Lookup => (type, id) => work.inventories.get(type)?.raw?.get(id)

const take = (
  work: Work.Work,
  course: Course,
  _listing: Listing,
  page: ReadonlyArray<Entity>,
  wants: Wants
): Effect.Effect<void, Fault.Fault> => {
  const { inventory, waiting } = course
  const isLookedUp = inventory.raw
  const waits = (inventory.table.labelNeeds?.length ?? 0) > 0
  for (const entity of page) {
    if (isLookedUp !== undefined) {
      const id = idOf(inventory.table, entity)
      if (id !== undefined) isLookedUp.set(id, entity)
    }
  }
  if (waits) {
    waiting.push(...page)
    return Effect.void
  }
  const lookup = lookupOf(work)
  return Effect.suspend(() => {
    const more = page.map((entity) => admit(work, inventory, entity, lookup, wants)).filter((each) =>
      each !== Effect.void
    )
    return Effect.zipRight(
      Effect.all(more, { discard: true }),
      Effect.suspend(() => Effect.zipRight(work.spool.due, work.told.moved(inventory)))
    )
  })
}

/** What a table makes of an entity, whatever the API put into it. */
const idOf = (table: Table, entity: Entity): string | undefined => {
  try {
    return Inventory.idOf(table, entity)
  } catch {
    return undefined
  }
}

/** Nothing can be read of it, and nothing can refer to it. */
const without = (work: Work.Work, { type }: Table, name: string): void => {
  const detail = `one called ${JSON.stringify(name)} was listed without an id, and is not exported`
  if (work.exceptions.some((other) => other.type === type && other.detail === detail)) return
  const fault = { kind: "invalid", system: "genesys", operation: "Genesys.list", subject: type, detail } as const
  Work.except(work, { type, id: "*" }, "failed", Fault.make(fault))
}

const nameOf = (table: Table, entity: Entity, lookup: Lookup): string => {
  const own = typeof entity["name"] === "string" ? entity["name"] : ""
  try {
    return table.label?.(entity, lookup) ?? own
  } catch {
    return own
  }
}

const isSkipped = (table: Table, entity: Entity): boolean => {
  try {
    return table.skip?.(entity) ?? false
  } catch {
    return false
  }
}

const admit = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entity: Entity,
  lookup: Lookup,
  { toRead, wants }: Wants
): Effect.Effect<void, Fault.Fault> => {
  const { table } = inventory
  const id = idOf(table, entity)
  if (id !== undefined && inventory.entries.has(id)) return Effect.void
  const name = nameOf(table, entity, lookup)
  if (id === undefined) {
    without(work, table, name)
    return Effect.void
  }
  if (isSkipped(table, entity)) {
    inventory.skipped.set(id, name)
    return Effect.void
  }
  const whole = !Reading.isNeeded(table, work.options, entity)
  const isListed = table.read === undefined || table.read.listed === true
  const entry = Inventory.entryOf(table, entity, { id, name, keepsOrigin: !whole && isListed })
  inventory.add(entry)
  if (wants(entry)) inventory.move(entry, "wanted")
  // Of whole organisations only some may be wanted; the others can be read if ever they are.
  else if (table.read?.listed === true) entry.origin = undefined
  if (whole) return Settle.whole(work, inventory, entry, entity)
  if (entry.state === "wanted") toRead(inventory, entry)
  return Effect.void
}

/** What is wrong with the listing of a type, if anything is. */
const judge = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  parts: ReadonlyArray<Gather.Gathered>
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const { table } = inventory
    const faults: Array<Fault.Fault> = []
    for (const fault of parts.flatMap(({ faults }) => faults)) {
      faults.push(yield* Work.unlessFatal(work, fault, table.family))
    }
    const missing = parts.reduce((sum, part) => sum + part.missing, 0)
    const succeeded = parts.reduce((sum, part) => sum + part.succeeded, 0)
    const [first] = faults
    if (first === undefined && missing === 0) return
    const fault = first ?? Fault.make({
      kind: "failed",
      system: "genesys",
      operation: "Genesys.list",
      subject: table.type,
      code: "incomplete",
      detail: `the API promised ${missing} more than it listed`
    })
    const reason = first === undefined || succeeded > 0
      ? "incomplete"
      : first.kind === "denied"
      ? "denied"
      : "not-listed"
    const hint = reason === "denied" ? hintOf(table, fault) : fault.hint
    const told = hint === undefined ? fault : fault.with({ hint })
    inventory.problem = { reason, fault: told }
    Work.except(work, { type: table.type, id: "*" }, reason, told)
  })

/** What to do about a type that may not be listed. */
const hintOf = ({ permissions = [], type }: Table, { code, hint }: Fault.Fault): string | undefined => {
  if (code === "not-enabled") return `Leave ${type} out, or have its product enabled for the organisation`
  return permissions.length === 0 ? hint : `Grant ${permissions.join(", ")}, or leave ${type} out`
}
