/**
 * What a store forgets: runs that ended long ago, with the history of the changes they made.
 *
 * Never forgotten is what somebody may still need. A change of which nobody knows the outcome stays, and so does the
 * run that began it. An entry of the journal outside of a series stays, because its key says for ever that it was done.
 * An entry in a series that has ended is history: the next change of the series reads the world, and needs only a number
 * that nobody else has.
 *
 * @since 0.1.0
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Fault from "../kernel/Fault.ts"
import type * as Database from "./Database.ts"
import * as Rows from "./Rows.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Only runs that began longer ago. Defaults to 30 days. */
  readonly olderThan?: Duration.DurationInput | undefined
  /** Only counts. Defaults to `false`. */
  readonly dryRun?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Pruned {
  /** Runs, each with its steps. */
  readonly runs: number
  /** Entries of the journal. */
  readonly changes: number
  /** Runs that are as old and stay, because a change of theirs is open. */
  readonly open: number
}

/** So many at a time, for nobody shall wait long for the one writer: a run may have hundreds of changes. */
const batch = { runs: 20, changes: 1000 }

const Counted = Schema.Struct({ runs: Rows.Integer, changes: Rows.Integer, open: Rows.Integer })

const operation = "Runs.prune"

interface Bounds {
  readonly now: number
  /** What began earlier is old. */
  readonly before: number
}

const parts = ({ sql }: Database.Service, { before, now }: Bounds) => {
  const old = sql`started_at < ${before} AND (state <> 'running' OR NOT EXISTS (
    SELECT 1 FROM holdfast_leases AS lease WHERE lease.fence = holdfast_runs.fence AND lease.expires_at > ${now}
  ))`
  const isOpen = sql`EXISTS (
    SELECT 1 FROM holdfast_steps AS step WHERE step.run = holdfast_runs.id AND step.state = 'begun'
  )`
  const history = sql`series IS NOT NULL AND state <> 'begun'`
  return {
    openRuns: sql`holdfast_runs WHERE ${old} AND ${isOpen}`,
    doomedRuns: sql`holdfast_runs WHERE ${old} AND NOT ${isOpen}`,
    history,
    /** Written by a program that keeps no runs. */
    alone: sql`holdfast_journal WHERE ${history} AND run IS NULL AND ended_at < ${before}`
  }
}

const count = (database: Database.Service, bounds: Bounds): Effect.Effect<Pruned, Fault.Fault> => {
  const { sql } = database
  const { alone, doomedRuns, history, openRuns } = parts(database, bounds)
  return database.read(
    operation,
    sql`SELECT
      (SELECT COUNT(*) FROM ${doomedRuns}) AS runs,
      (SELECT COUNT(*) FROM ${openRuns}) AS open,
      (SELECT COUNT(*) FROM ${alone})
        + (SELECT COUNT(*) FROM holdfast_journal WHERE ${history} AND run IN (SELECT id FROM ${doomedRuns})) AS changes`
  ).pipe(
    Effect.flatMap(Rows.decodeFirst(database, Counted, { operation, what: "count of runs" })),
    Effect.map(Option.getOrElse(() => ({ runs: 0, changes: 0, open: 0 })))
  )
}

type Forgotten = Pick<Pruned, "runs" | "changes">

const forgetRuns = (database: Database.Service, bounds: Bounds) =>
  Effect.gen(function*() {
    const { sql } = database
    const { doomedRuns, history } = parts(database, bounds)
    const rows = yield* sql<{ id: string }>`SELECT id FROM ${doomedRuns} ORDER BY started_at LIMIT ${batch.runs}`
    const ids = rows.map(({ id }) => id)
    if (ids.length === 0) return { runs: 0, changes: 0 }
    const entries = yield* sql`DELETE FROM holdfast_journal WHERE ${history} AND ${sql.in("run", ids)} RETURNING key`
    yield* sql`DELETE FROM holdfast_steps WHERE ${sql.in("run", ids)}`
    yield* sql`DELETE FROM holdfast_runs WHERE ${sql.in("id", ids)}`
    return { runs: ids.length, changes: entries.length }
  })

const forgetAlone = (database: Database.Service, bounds: Bounds) => {
  const { sql } = database
  const { alone } = parts(database, bounds)
  return Effect.map(
    sql`DELETE FROM holdfast_journal WHERE key IN (SELECT key FROM ${alone} LIMIT ${batch.changes}) RETURNING key`,
    (entries) => ({ runs: 0, changes: entries.length })
  )
}

/** The driver of SQLite is synchronous: signals, timers and other fibers come between the batches. */
const breathe: Effect.Effect<void> = Effect.async((resume) => {
  const handle = setImmediate(() => resume(Effect.void))
  return Effect.sync(() => clearImmediate(handle))
})

/** Batch for batch, until there is nothing more of it. */
const exhaust = (
  database: Database.Service,
  forget: Effect.Effect<Forgotten, SqlError | Fault.Fault>
): Effect.Effect<Forgotten, Fault.Fault> =>
  Effect.gen(function*() {
    const total = { runs: 0, changes: 0 }
    for (;;) {
      const { changes, runs } = yield* database.transaction(operation, forget)
      if (runs + changes === 0) return total
      total.runs += runs
      total.changes += changes
      yield* breathe
    }
  })

/**
 * Each batch is forgotten whole or not at all.
 *
 * @since 0.1.0
 * @category operations
 */
export const prune = (database: Database.Service, options: Options = {}): Effect.Effect<Pruned, Fault.Fault> =>
  Effect.gen(function*() {
    const { sql } = database
    const now = yield* database.now
    const bounds: Bounds = { now, before: now - Duration.toMillis(options.olderThan ?? "30 days") }
    const counted = yield* count(database, bounds)
    if (options.dryRun === true) return counted
    const withRuns = yield* exhaust(database, forgetRuns(database, bounds))
    const alone = yield* exhaust(database, forgetAlone(database, bounds))
    // What ran out holds nothing any more, and nobody may come to ask for it again.
    yield* database.transaction(operation, sql`DELETE FROM holdfast_leases WHERE expires_at <= ${now}`)
    return { runs: withRuns.runs, changes: withRuns.changes + alone.changes, open: counted.open }
  })
