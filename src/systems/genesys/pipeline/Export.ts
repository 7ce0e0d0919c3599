/**
 * An export from its options to its outcome: everything is read before anything is written, what was read is kept in
 * the store, and an export that did not come to its end is gone on with by the next.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Fault from "../../../kernel/Fault.ts"
import * as Progress from "../../../observe/Progress.ts"
import * as Collection from "../../../store/Collection.ts"
import * as Client from "../Client.ts"
import type * as Model from "../Model.ts"
import type { ExportOptions } from "../Options.ts"
import * as Output from "../output/Output.ts"
import * as Prepared from "../output/Prepared.ts"
import type * as Report from "../Report.ts"
import type { Table, TypeName } from "../Table.ts"
import * as Calls from "./Calls.ts"
import * as Files from "./Files.ts"
import type { Entry, Inventory, Source } from "./Inventory.ts"
import * as Ledger from "./Ledger.ts"
import * as Recent from "./Recent.ts"
import * as Rounds from "./Rounds.ts"
import * as Selection from "./Selection.ts"
import { Shared } from "./Shared.ts"
import { Slots } from "./Slots.ts"
import * as Spool from "./Spool.ts"
import * as Summary from "./Summary.ts"
import { Told } from "./Told.ts"
import * as Work from "./Work.ts"

/**
 * What an export needs.
 *
 * @since 0.1.0
 * @category models
 */
export type Needs = Client.Client | Collection.Collections

const monotonic: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

/**
 * Looks at what can be known to be wrong before anything is asked of the API: the options, and the folder.
 *
 * @since 0.1.0
 * @category operations
 */
export const check = (
  options: ExportOptions,
  tables: ReadonlyArray<Table>
): Effect.Effect<Selection.Selection, Fault.Fault> =>
  Effect.tap(Selection.make(options, tables), () => Output.check(directoryOf(options), options))

const directoryOf = ({ directory }: ExportOptions): string => directory ?? "./genesyscloud"

/** Resources that are held at once on their way to the files. */
const page = 200

/**
 * @param identity As it was asked for just now; without it, it is asked for.
 * @since 0.1.0
 * @category operations
 */
export const run = (
  options: ExportOptions,
  tables: ReadonlyArray<Table>,
  identity?: Work.Identity
): Effect.Effect<Report.Outcome, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const startedAt = yield* monotonic
    const selection = yield* check(options, tables)
    const { through } = yield* Client.Client
    const inventories: Work.Work["inventories"] = new Map()
    const collections = Recent.remembering(
      yield* Collection.Collections,
      () => Prepared.isUsual(Work.listed({ inventories }))
    )
    const maxConcurrent = options.maxConcurrent ?? 10
    const slots = new Slots(maxConcurrent)
    const client = through(slots.gate("single"))
    const calls = yield* Calls.make([...tables.map(({ family }) => family), Work.family], maxConcurrent)
    if (identity !== undefined) calls.before()
    const { answer, organisation } = identity ?? (yield* Work.whoAmI(client, calls))
    const shared = new Shared()
    shared.keep(Work.organisation, answer)
    const clock = yield* Effect.clock
    const spool = yield* Spool.open({
      clock,
      collections,
      organisation: organisation.id,
      resumeWithin: Duration.toMillis(options.resumeWithin ?? "24 hours"),
      sinceLast: options.sinceLast ?? false
    })
    const work: Work.Work = {
      client,
      lister: through(slots.gate("page")),
      options,
      maxConcurrent,
      tables: new Map(tables.map((table) => [table.type, table])),
      selection,
      calls,
      spool,
      files: new Files.Kept(collections, Spool.prefix(organisation.id)),
      prepared: yield* Output.prepare(options, tables),
      shared,
      told: new Told(calls, clock),
      inventories,
      exceptions: [],
      authenticated: new Set()
    }
    yield* Effect.onError(Effect.raceFirst(Rounds.run(work), spool.watch), () => keepRest(work))
    return yield* finish(work, collections, organisation, startedAt)
  }).pipe(Effect.withSpan("Genesys.export"))

/** Whatever ends an export before its time: what it has read is kept for the next. */
const keepRest = (work: Work.Work): Effect.Effect<void> =>
  Effect.catchAll(
    work.spool.flush,
    (fault) => Effect.logWarning(`What was read last is not kept, and will be read again: ${fault.message}`)
  )

const finish = (
  work: Work.Work,
  collections: Collection.Service,
  organisation: Report.Report["organisation"],
  startedAt: number
): Effect.Effect<Report.Outcome, Fault.Fault> =>
  Effect.gen(function*() {
    const { calls, options } = work
    const inventories = inScope(work)
    yield* refuseNothing(inventories)
    const unmatched = Summary.unmatched(work, inventories)
    for (const { kind, rest, table } of unmatched) {
      if (kind === "expression") yield* Effect.logWarning(`${JSON.stringify(rest)} matches nothing of ${table.type}`)
    }
    const compare = Ledger.compare(collections, organisation.id, inventories, {
      hashes: options.hashedLabels ?? false,
      isNew: work.spool.isNew
    })
    // Where nobody asks what has changed, what it takes to write it down need not be in memory meanwhile.
    const compared = options.sinceLast === true ? yield* compare : undefined
    yield* Progress.report({ item: "files", state: "running", phase: "writing" })
    const written = yield* Output.write({
      directory: directoryOf(options),
      options,
      types: inventories.filter((inventory) => inventory.count("present") > 0).map(({ table }) => table.type),
      resources: (type) => resourcesOf(work, type),
      resolve: (type, id) => addressOf(work, type, id),
      report: Summary.of(work, { organisation, inventories, unmatched, changes: compared?.changes }),
      readFile: (file) => work.files.read(file),
      tables: [...work.tables.values()],
      prepared: work.prepared
    })
    const { updates } = compared ?? (yield* compare)
    yield* collections.write([
      ...updates,
      ...inventories.flatMap((inventory) => leftOvers(work, inventory)),
      yield* work.files.unused((type, id) => isKnown(inventories, type, id)),
      work.spool.ended
    ])
    return {
      report: written.report,
      directory: written.directory,
      files: written.files,
      archive: written.archive,
      durationMillis: (yield* monotonic) - startedAt,
      calls: calls.answered,
      retries: calls.retries,
      ...counted(inventories)
    }
  })

const inScope = (work: Work.Work): ReadonlyArray<Inventory> =>
  [...work.inventories.values()]
    .filter((inventory) => inventory.inScope || inventory.problem !== undefined)
    .toSorted((left, right) => (left.table.type < right.table.type ? -1 : 1))

const counted = (
  inventories: ReadonlyArray<Inventory>
): Pick<Report.Outcome, "listed" | "read" | "reused" | "trusted"> => {
  const from = (source: Source): number => inventories.reduce((sum, inventory) => sum + inventory.from(source), 0)
  const trusted = from("trusted")
  return { listed: from("listed"), read: from("read"), reused: from("kept") + trusted, trusted }
}

/** An outage must not replace a good export by an empty one. */
const refuseNothing = (inventories: ReadonlyArray<Inventory>): Effect.Effect<void, Fault.Fault> => {
  if (inventories.some((inventory) => inventory.count("present") > 0)) return Effect.void
  const failed = inventories.reduce((sum, inventory) => sum + inventory.count("failed"), 0)
  const problem = inventories.find(({ problem }) => problem?.reason === "not-listed")?.problem
  if (problem !== undefined) return problem.fault.with({ remote: "nothing could be exported, and nothing was written" })
  if (failed === 0) return Effect.void
  return Fault.make({
    kind: "failed",
    system: "genesys",
    operation: "Genesys.export",
    code: "nothing-read",
    detail: `none of ${failed} resources could be read`,
    remote: "nothing was written",
    hint: "see the warnings above for each of them, and run the same command again"
  })
}

const addressOf = (work: Work.Work, type: TypeName, id: string): Model.Address | undefined => {
  const inventory = work.inventories.get(type)
  const entry = inventory?.entries.get(id)
  if (inventory === undefined || entry?.state !== "present") return undefined
  return {
    type,
    label: inventory.labelOf(id, work.options.hashedLabels ?? false),
    mode: Work.modeOf(work, entry)
  }
}

interface Labelled {
  readonly label: string
  readonly entry: Entry
}

/** The resources of a type by label. */
const resourcesOf = (work: Work.Work, type: TypeName): Stream.Stream<Model.Resource, Fault.Fault> =>
  Stream.suspend(() => {
    const inventory = work.inventories.get(type)
    if (inventory === undefined) return Stream.empty
    const hashes = work.options.hashedLabels ?? false
    const sorted: Array<Labelled> = []
    for (const entry of inventory.entries.values()) {
      if (entry.state === "present") sorted.push({ label: inventory.labelOf(entry.id, hashes), entry })
    }
    sorted.sort(({ label: left }, { label: right }) => (left < right ? -1 : 1))
    const pages = Array.from(
      { length: Math.ceil(sorted.length / page) },
      (_, index) => sorted.slice(index * page, (index + 1) * page)
    )
    return Stream.fromIterable(pages).pipe(
      Stream.mapEffect((some) => pageOf(work, inventory, some)),
      Stream.flattenChunks
    )
  })

const pageOf = (
  work: Work.Work,
  inventory: Inventory,
  some: ReadonlyArray<Labelled>
): Effect.Effect<Chunk.Chunk<Model.Resource>, Fault.Fault> => {
  const { type } = inventory.table
  const found: Array<Model.Resource | undefined> = []
  const others: Array<string> = []
  for (const { entry } of some) {
    const { id, name, stamp } = entry
    const mode = Work.modeOf(work, entry)
    const text = work.prepared?.get({ type, id, mode })
    if (text === undefined) others.push(id)
    const { values } = text ?? {}
    found.push(values && { type, id, name, mode, stamp, text, values, files: [], dependsOn: [] })
  }
  return Effect.map(work.spool.read(type, others), (read) => {
    const kept = new Map(read)
    return Chunk.unsafeFromArray(some.flatMap(({ entry }, index) => {
      const one = kept.get(entry.id)
      return found[index] ?? (one === undefined ? [] : [resourceOf(work, inventory, entry, one)])
    }))
  })
}

const resourceOf = (work: Work.Work, inventory: Inventory, entry: Entry, kept: Spool.Kept): Model.Resource => {
  const { id, name, stamp, type } = entry
  const hashes = work.options.hashedLabels ?? false
  const files = kept.files.map((file) => Files.labelled(file, inventory.fileLabelOf(id, hashes)))
  for (const file of files) work.files.own(entry, file)
  const mode = Work.modeOf(work, entry)
  const named = mode === "data" ? [] : files
  return { type, id, name, mode, stamp, values: kept.values, files: named, dependsOn: kept.dependsOn }
}

/** Whether it was written, or is gone for sure. */
const isKnown = (inventories: ReadonlyArray<Inventory>, type: string, id: string): boolean => {
  const inventory = inventories.find(({ table }) => table.type === type)
  if (inventory === undefined) return false
  const state = inventory.entries.get(id)?.state
  return state === "present" || (inventory.problem === undefined && (state === undefined || state === "vanished"))
}

/** What the spool has of a type and the organisation has no more. */
const leftOvers = (work: Work.Work, inventory: Inventory): ReadonlyArray<Collection.Change> => {
  if (inventory.problem !== undefined) return []
  const keys = [...inventory.marks.keys()].filter((id) => {
    const state = inventory.entries.get(id)?.state
    return state === undefined || state === "vanished"
  })
  return keys.length === 0 ? [] : [{ _tag: "Delete", collection: work.spool.collectionOf(inventory.table.type), keys }]
}
