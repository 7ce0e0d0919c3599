/**
 * The rounds of an export: first what was asked for, and then, as long as there is any, what that refers to.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import * as Values from "../output/Values.ts"
import type { Table, TypeName } from "../Table.ts"
import * as Gather from "./Gather.ts"
import * as Files from "./Files.ts"
import * as Inventory from "./Inventory.ts"
import * as Listing from "./Listing.ts"
import * as Reading from "./Reading.ts"
import * as Settle from "./Settle.ts"
import * as Spool from "./Spool.ts"
import * as Vouching from "./Vouching.ts"
import type { Work } from "./Work.ts"

/** Resources whose references are looked at together. */
const page = 200

const open = (
  work: Work,
  tables: ReadonlyArray<Table>
): Effect.Effect<ReadonlyArray<Inventory.Inventory>, Fault.Fault> =>
  Effect.gen(function*() {
    const opened: Array<Inventory.Inventory> = []
    const lookedUp = new Set([...work.tables.values()].flatMap(({ labelNeeds = [] }) => labelNeeds))
    for (const table of Listing.withNeeds(work, tables)) {
      if (work.inventories.has(table.type)) continue
      const tracks = table.tracked === true && work.options.enableDependencyResolution === true
      const inventory = new Inventory.Inventory({
        table,
        fingerprint: Spool.fingerprint(table, `${tracks} ${Files.wanted(table, work.options)}`),
        vouched: Vouching.vouchedBy(table, work.options),
        marks: yield* work.spool.marks(table.type),
        keepsRaw: lookedUp.has(table.type)
      })
      work.inventories.set(table.type, inventory)
      opened.push(inventory)
    }
    for (const { type } of tables) {
      const inventory = work.inventories.get(type)
      if (inventory !== undefined) inventory.inScope = true
    }
    return opened
  })

/** Lists and reads at the same time: what is listed is read before the listing is at its end. */
const round = (
  work: Work,
  gather: Gather.Gather,
  inventories: ReadonlyArray<Inventory.Inventory>,
  wants: (entry: Inventory.Entry) => boolean,
  more: ReadonlyArray<Reading.Job>
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const readers = new Reading.Readers(work)
    for (const job of more) readers.add(job)
    const listing = Listing.list(work, gather, inventories, {
      wants,
      toRead: (inventory, entry) => readers.add({ inventory, entry })
    }).pipe(
      Effect.zipRight(Effect.suspend(() => refuseDenied(work))),
      Effect.zipRight(Effect.logInfo("Successfully completed building sanitized resource maps")),
      Effect.ensuring(Effect.sync(() => readers.close()))
    )
    yield* Effect.all([listing, readers.run], { concurrency: 2, discard: true })
    yield* work.spool.flush
    yield* Effect.logDebug("everything listed is read")
  })

const refuseDenied = (work: Work): Effect.Effect<void, Fault.Fault> => {
  if (work.options.failOnDenied !== true) return Effect.void
  const denied = [...work.inventories.values()].flatMap(({ problem, table }) =>
    problem?.reason === "denied" ? [{ table, fault: problem.fault }] : []
  )
  const [first] = denied
  if (first === undefined) return Effect.void
  const types = denied.map(({ table }) => table.type).toSorted()
  const permissions = [...new Set(denied.flatMap(({ table }) => table.permissions ?? []))].toSorted()
  return Fault.make({
    ...first.fault.options,
    kind: "denied",
    operation: "Genesys.export",
    subject: types.join(", "),
    detail: `not to be listed with these credentials: ${first.fault.detail}`,
    remote: "nothing was written",
    hint: permissions.length > 0
      ? `grant ${permissions.join(", ")}, or export without fail_on_denied`
      : "leave these types out, or export without fail_on_denied"
  })
}

type Needed = ReadonlyMap<TypeName, ReadonlySet<string>>

/** Ids that the resources of this round refer to and that nobody has looked for yet. */
const neededBy = (
  work: Work,
  scanned: Set<Inventory.Entry>,
  lookedFor: Set<string>
): Effect.Effect<Needed, Fault.Fault> =>
  Effect.gen(function*() {
    const needed = new Map<TypeName, Set<string>>()
    const need = (type: TypeName, id: string): void => {
      const entry = work.inventories.get(type)?.entries.get(id)
      if (!work.tables.has(type) || (entry !== undefined && entry.state !== "listed")) return
      if (lookedFor.has(`${type} ${id}`)) return
      lookedFor.add(`${type} ${id}`)
      const known = needed.get(type)
      if (known === undefined) needed.set(type, new Set([id]))
      else known.add(id)
    }
    for (const { entries, table } of work.inventories.values()) {
      const fresh = [...entries.values()].filter((entry) => entry.state === "present" && !scanned.has(entry))
      for (let at = 0; at < fresh.length; at += page) {
        const some = fresh.slice(at, at + page)
        for (const entry of some) scanned.add(entry)
        const found = yield* work.spool.read(table.type, some.map(({ id }) => id))
        for (const [, { dependsOn, values }] of found) {
          for (const { id, type } of Values.references(table, values)) need(type, id)
          for (const { id, type } of dependsOn) need(type, id)
        }
      }
    }
    return needed
  })

/** What is listed already and wanted only now. */
const wantNow = (work: Work, needed: Needed): Effect.Effect<ReadonlyArray<Reading.Job>, Fault.Fault> =>
  Effect.gen(function*() {
    const jobs: Array<Reading.Job> = []
    for (const [type, ids] of needed) {
      const inventory = work.inventories.get(type)
      if (inventory === undefined) continue
      inventory.inScope = true
      work.told.again(inventory)
      for (const id of ids) {
        const entry = inventory.entries.get(id)
        if (entry === undefined || entry.state !== "listed" || !work.selection.allows(entry)) continue
        inventory.move(entry, "wanted")
        if (entry.spooled) yield* Settle.reused(work, inventory, entry)
        else jobs.push({ inventory, entry })
      }
    }
    return jobs
  })

/**
 * Lists and reads everything that belongs to the export.
 *
 * @since 0.1.0
 * @category operations
 */
export const run = (work: Work): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const { calls, lister, options, selection } = work
    const gather = new Gather.Gather(lister, calls)
    const asked = new Set(selection.tables.map(({ type }) => type))
    const first = yield* open(work, selection.tables)
    yield* round(work, gather, first, (entry) => asked.has(entry.type) && selection.wants(entry), [])
    if (options.enableDependencyResolution !== true) return
    const scanned = new Set<Inventory.Entry>()
    const lookedFor = new Set<string>()
    for (;;) {
      const needed = yield* neededBy(work, scanned, lookedFor)
      if (needed.size === 0) return
      const jobs = yield* wantNow(work, needed)
      const tables = [...needed.keys()].flatMap((type) => {
        const table = work.tables.get(type)
        return table === undefined || work.inventories.has(type) ? [] : [table]
      })
      const opened = yield* open(work, tables)
      const wants = (entry: Inventory.Entry): boolean =>
        needed.get(entry.type)?.has(entry.id) === true && selection.allows(entry)
      yield* round(work, gather, opened, wants, jobs)
    }
  })
