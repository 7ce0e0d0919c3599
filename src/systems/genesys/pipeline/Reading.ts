/**
 * Reading resources: more at once than the export may ask for, so that a request is always ready where a slot is free,
 * each with what belongs to it. What the API refuses for the moment is put off until the others are done.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import * as Parallel from "../../../kernel/Parallel.ts"
import type * as Json from "../../../kernel/Json.ts"
import type * as Client from "../Client.ts"
import * as Paging from "../client/Paging.ts"
import type { ExportOptions } from "../Options.ts"
import type { Entity, Extra, Reading, Table } from "../Table.ts"
import * as Calls from "./Calls.ts"
import * as Dependencies from "./Dependencies.ts"
import * as Files from "./Files.ts"
import * as Inventory from "./Inventory.ts"
import * as Path from "./Path.ts"
import { Row } from "./Row.ts"
import * as Shared from "./Shared.ts"
import * as Settle from "./Settle.ts"
import type * as Spool from "./Spool.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Job {
  readonly inventory: Inventory.Inventory
  readonly entry: Inventory.Entry
}

/** Resources that are begun at most while others have all the slots. */
const mostAhead = 32

/** How often what was put off is come back to. */
const returns = 5

/** Before each of them, in milliseconds, unless the faults say longer. */
const pause = 5000

/**
 * Reads what is added until that is closed, and then what was put off.
 *
 * @since 0.1.0
 * @category models
 */
export class Readers {
  private readonly work: Work.Work
  /** Of whole entities that are held in memory until it is their turn, which therefore comes first. */
  private readonly heavy = new Row<Job>()
  private readonly light = new Row<Job>()
  private closed = false
  /** Workers that have nothing to do until something is added. */
  private readonly idle = new Set<() => void>()
  private putOff: Array<Job> = []
  private retryAfter = 0

  constructor(work: Work.Work) {
    this.work = work
  }

  /** @since 0.1.0 */
  add(job: Job): void {
    const row = job.entry.origin === undefined ? this.light : this.heavy
    row.push(job)
    const [one] = this.idle
    one?.()
  }

  /** @since 0.1.0 */
  close(): void {
    this.closed = true
    for (const one of this.idle) one()
  }

  /** @since 0.1.0 */
  get run(): Effect.Effect<void, Fault.Fault> {
    const workers = this.work.maxConcurrent + Math.min(this.work.maxConcurrent, mostAhead)
    return Effect.forEach(Array.from({ length: workers }), () => this.worker, {
      concurrency: workers,
      discard: true
    }).pipe(Effect.zipRight(this.comeBack), Effect.withSpan("Genesys.read"))
  }

  private get worker(): Effect.Effect<void, Fault.Fault> {
    return Effect.whileLoop({
      while: () => !this.closed || !this.heavy.isEmpty || !this.light.isEmpty,
      body: () => {
        const job = this.heavy.take() ?? this.light.take()
        return job === undefined ? this.more : this.read(job, 0)
      },
      step: () => undefined
    })
  }

  /** Until there is something to do, or never will be. */
  private readonly more: Effect.Effect<void> = Effect.async<void>((resume) => {
    const awake = (): void => {
      this.idle.delete(awake)
      resume(Effect.void)
    }
    this.idle.add(awake)
    return Effect.sync(() => this.idle.delete(awake))
  })

  /** An outage that passes must not leave holes in an export. */
  private get comeBack(): Effect.Effect<void, Fault.Fault> {
    return Effect.gen(this, function*() {
      for (let round = 1; this.putOff.length > 0; round++) {
        const jobs = this.putOff
        this.putOff = []
        const millis = Math.max(pause, this.retryAfter)
        this.retryAfter = 0
        yield* Effect.logInfo(`${jobs.length} resources were put off; they are read in ${Math.round(millis / 1000)} s`)
        yield* Effect.sleep(millis)
        const report = yield* Parallel.forEach(jobs, (job) => this.read(job, round), {
          concurrency: this.work.maxConcurrent,
          stopWhen: (exit) => exit._tag === "Failure",
          name: "genesys-put-off"
        })
        const [failure] = Parallel.failures(report)
        if (failure !== undefined) return yield* Effect.failCause(failure[1])
      }
    })
  }

  private read(job: Job, round: number): Effect.Effect<void, Fault.Fault> {
    const { entry, inventory } = job
    const { work } = this
    if (work.spool.reuse(inventory, entry)) return Settle.reused(work, inventory, entry)
    entry.source = "read"
    return Effect.matchEffect(readOne(work, job, round > 0), {
      onFailure: (fault) => {
        if (round < returns && Calls.isPutOff(fault)) {
          this.putOff.push(job)
          this.retryAfter = Math.max(this.retryAfter, fault.retryAfterMillis ?? 0)
          return Effect.void
        }
        return Effect.flatMap(
          Work.unlessFatal(work, fault, inventory.table.family),
          (fault) =>
            fault.kind === "not-found"
              ? Settle.vanished(work, inventory, entry, fault)
              : Settle.failed(work, inventory, entry, fault)
        )
      },
      onSuccess: (found) => Settle.kept(work, inventory, entry, found.entity, found)
    })
  }
}

interface Found extends Settle.More {
  readonly entity: Entity
}

/**
 * Whether there is anything to ask for of an entity besides its listing.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isNeeded = (table: Table, options: ExportOptions, entity: Entity): boolean => {
  const { unless } = table.read ?? {}
  const isRead = table.read !== undefined && (unless === undefined || Path.textAt(entity, unless) === undefined)
  return isRead || Files.wanted(table, options) || isTracked(table, options)
}

const isTracked = (table: Table, options: ExportOptions): boolean =>
  table.tracked === true && options.enableDependencyResolution === true

const readOne = (work: Work.Work, job: Job, patient: boolean): Effect.Effect<Found, Fault.Fault> => {
  const { inventory: { table } } = job
  const one = new One(work, job, patient)
  const extras = table.read?.extras
  const complete = extras === undefined
    ? one.entity
    : Effect.flatMap(one.entity, (found) => one.withExtras(found, extras))
  const found = table.files === undefined && table.tracked !== true
    ? Effect.map(complete, (entity): Found => ({ entity, ...Settle.nothing }))
    : withFiles(work, job, one, complete)
  return !mayTrust(work, table) ? found : Effect.flatMap(
    work.spool.before(job.inventory, job.entry),
    (kept) => kept === undefined ? found : one.over(kept, extras ?? {})
  )
}

const withFiles = (
  work: Work.Work,
  job: Job,
  one: One,
  complete: Effect.Effect<Entity, Fault.Fault>
): Effect.Effect<Found, Fault.Fault> => {
  const { inventory: { table } } = job
  return Effect.gen(function*() {
    const entity = yield* complete
    const reader = { work, entry: job.entry, table, run: one.run, stillThere: one.stillThere }
    const dependsOn = isTracked(table, work.options) ? yield* Dependencies.track(reader, entity) : []
    const fetched = yield* Files.fetch(reader, entity)
    return { entity, fetched, dependsOn }
  })
}

/** Whether what belongs to a resource that changed may be taken from an earlier export. */
const mayTrust = ({ options }: Work.Work, { read, shows }: Table): boolean =>
  options.trustListing === true && options.sinceLast === true && (read?.listed === true || shows !== undefined)

type Missing = Effect.Effect<{ readonly kind: "failed"; readonly remote: string } | undefined, Fault.Fault>

/** The reading of one resource. */
class One {
  private readonly work: Work.Work
  private readonly entry: Inventory.Entry
  private readonly table: Table
  private readonly purpose: Calls.Purpose

  constructor(work: Work.Work, { entry, inventory }: Job, patient: boolean) {
    this.work = work
    this.entry = entry
    this.table = inventory.table
    const { family, type } = inventory.table
    this.purpose = { family, type, operation: "Genesys.read", name: entry.id, patient }
  }

  readonly run = <A>(request: Effect.Effect<A, Fault.Fault>): Effect.Effect<A, Fault.Fault> =>
    this.work.calls.run(request, this.purpose)

  /** As it is read, or as it was listed where that is all of it. */
  get entity(): Effect.Effect<Entity, Fault.Fault> {
    const { at, id, origin, parent } = this.entry
    const { read } = this.table
    if (read === undefined) return origin === undefined ? this.unexpected("it was not listed") : Effect.succeed(origin)
    if (origin !== undefined && read.listed === true) return Effect.succeed(origin)
    if (origin !== undefined) {
      return Effect.flatMap(this.withExtras(origin, read.before ?? {}, Effect.succeed(undefined)), (known) => {
        const filled = { id, ...Path.filling(read.path, known, id), ...filledBy(read, known) }
        return Effect.map(this.object(read, filled), (entity) => ({ ...extrasOf(known), ...entity }))
      })
    }
    const entity = this.object(read, at ?? { id })
    return parent === undefined ? entity : Effect.map(entity, (entity) => ({ ...entity, "@parent": parent }))
  }

  /** Fails where an entity that was taken as it was listed is there no more. */
  get stillThere(): Effect.Effect<void, Fault.Fault> {
    const { files, read } = this.table
    const path = read === undefined ? files?.entity : read.listed === true ? read.path : undefined
    return path === undefined ? Effect.void : this.object({ path }, { id: this.entry.id })
  }

  /** As it is now, with what belonged to it when an earlier export read that. */
  over({ files, values }: Spool.Kept, extras: Readonly<Record<string, Extra>>): Effect.Effect<Found, Fault.Fault> {
    const entries = Object.entries(extras)
    const shared = Object.fromEntries(entries.filter(([, extra]) => Shared.isShared(extra)))
    const own = entries.filter(([, extra]) => !Shared.isShared(extra)).map(([name]) => `@${name}`)
    const before = Object.entries(this.table.attributes).flatMap(([name, { from = "" }]) => {
      const value = own.includes(from.split(".")[0] ?? "") ? values[name] : undefined
      return value === undefined ? [] : [[name, value] as const]
    })
    this.entry.source = "trusted"
    return Effect.map(
      Effect.flatMap(this.entity, (entity) => this.withExtras(entity, shared)),
      (entity) => ({ entity, ...Settle.nothing, before: { files, values: Object.fromEntries(before) } })
    )
  }

  /** `missing` says more of an extra that is not there. */
  withExtras(
    entity: Entity,
    wanted: Readonly<Record<string, Extra>>,
    missing: Missing = this.alone
  ): Effect.Effect<Entity, Fault.Fault> {
    return Effect.gen(this, function*() {
      const extras: Record<string, Json.Json> = {}
      for (const [name, extra] of Object.entries(wanted)) {
        const value = yield* this.extra(entity, extra, missing)
        if (Option.isSome(value)) extras[`@${name}`] = value.value
      }
      return { ...entity, ...extras }
    })
  }

  private object(
    reading: Pick<Extra, "path" | "query">,
    at: Readonly<Record<string, string>>
  ): Effect.Effect<Entity, Fault.Fault> {
    return Effect.flatMap(
      this.run(this.work.client.json(this.request(reading, at))),
      (json) => Path.isEntity(json) ? Effect.succeed(json) : this.unexpected("the answer is no object")
    )
  }

  /** Has the resource vanished with all that belongs to it, or is an extra all that is missing? */
  private get alone(): Missing {
    const entity = this.table.read?.listed === true ? this.stillThere : this.entity
    return Effect.as(entity, { kind: "failed", remote: "the resource itself is there" } as const)
  }

  private extra(entity: Entity, extra: Extra, missing: Missing): Effect.Effect<Option.Option<Json.Json>, Fault.Fault> {
    if (extra.when !== undefined && !holds(extra.when, entity)) return Effect.succeedNone
    const at = Path.filling(extra.path, entity, this.entry.id)
    if (at === undefined) return Effect.succeedNone
    return Effect.catchAll(
      Effect.map(this.answer(extra, at, entity), Option.some<Json.Json>),
      (fault) => {
        if (extra.optional === true && isMissing(fault)) {
          return fault.kind === "not-found" ? Effect.zipRight(this.stillThere, Effect.succeedNone) : Effect.succeedNone
        }
        if (fault.kind !== "not-found") return Effect.fail(fault)
        return Effect.flatMap(missing, (known) => Effect.fail(known === undefined ? fault : fault.with(known)))
      }
    )
  }

  private answer(
    extra: Extra,
    at: Readonly<Record<string, string>>,
    entity: Entity
  ): Effect.Effect<Json.Json, Fault.Fault> {
    return Shared.isShared(extra) ? this.work.shared.get(extra, this.forAll(extra)) : this.asked(extra, at, entity)
  }

  /** What is the same for all; without it, they are all exported as far as they can be. */
  private forAll(extra: Extra): Effect.Effect<Json.Json, Fault.Fault> {
    const asked = this.asked(extra, {})
    if (extra.optional !== true) return asked
    return Effect.catchIf(asked, (fault) => !Calls.isPutOff(fault) && fault.kind !== "unauthenticated", (fault) => {
      const detail = `what is read of ${extra.path} is left out of all of them: ${fault.detail}`
      Work.except(this.work, { type: this.table.type, id: "*" }, "failed", Fault.make({ ...fault.options, detail }))
      return Effect.as(Effect.logWarning(`${this.table.type}: ${detail}`), null)
    })
  }

  private asked(
    extra: Extra,
    at: Readonly<Record<string, string>>,
    entity: Entity = {}
  ): Effect.Effect<Json.Json, Fault.Fault> {
    const { client } = this.work
    if (extra.paging === undefined) {
      const request = this.request(extra, at)
      return extra.text === true ? this.run(client.text(request)) : this.run(client.json(request))
    }
    const all: Array<Json.Json> = []
    const { entities, pageSize, paging, path, query } = extra
    const counted = extra.counted === undefined ? undefined : Path.valueAt(entity, extra.counted)
    return Effect.as(
      Paging.forEachPage(
        (request) => this.run(client.json(request)),
        { path, paging, query, pageSize, entities, counted: typeof counted === "number" ? counted : undefined },
        at,
        (page) => Effect.sync(() => all.push(...page))
      ),
      all
    )
  }

  private request(
    { path, query }: Pick<Extra, "path" | "query">,
    at: Readonly<Record<string, string>>
  ): Client.Request {
    return { path, at, query, subject: Inventory.subjectOf(this.entry) }
  }

  private unexpected(detail: string): Effect.Effect<never, Fault.Fault> {
    return Fault.make({
      kind: "invalid",
      system: "genesys",
      operation: "Genesys.read",
      subject: Inventory.subjectOf(this.entry),
      code: "unexpected-reply",
      detail
    })
  }
}

/** What was read before, and the parent: the answer itself has no fields that begin so. */
const extrasOf = (entity: Entity): Entity =>
  Object.fromEntries(Object.entries(entity).filter(([name]) => name.startsWith("@")))

const filledBy = (read: Reading, entity: Entity): Readonly<Record<string, string>> => {
  try {
    return read.holes?.(entity) ?? {}
  } catch {
    return {}
  }
}

const holds = (when: (entity: Entity) => boolean, entity: Entity): boolean => {
  try {
    return when(entity)
  } catch {
    return false
  }
}

const isMissing = (fault: Fault.Fault): boolean => fault.kind === "not-found" || fault.code === "not-enabled"
