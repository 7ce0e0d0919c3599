/**
 * Every command that changes something is a run: what was asked for, of which target, by whom, and what became of every
 * change it made. One run at a time has a target.
 *
 * A run whose process is gone is `interrupted`; nobody needs to say so. The same command again finishes it.
 *
 * @since 0.1.0
 */
import type * as Statement from "@effect/sql/Statement"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Fault from "../kernel/Fault.ts"
import * as Json from "../kernel/Json.ts"
import { CurrentRun } from "./CurrentRun.ts"
import * as Database from "./Database.ts"
import * as Holder from "./Holder.ts"
import * as Lease from "./Lease.ts"
import * as Prune from "./Prune.ts"
import * as Rows from "./Rows.ts"
import type { Details, Run, Step } from "./Run.ts"
import * as RunFault from "./RunFault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface TrackOptions<A> {
  readonly command: string
  readonly target: string
  /** What is needed to run it again, without secrets. Defaults to `null`. */
  readonly input?: Json.Json | undefined
  /** How long to wait while another run has the target. Defaults to not waiting. */
  readonly wait?: Duration.DurationInput | undefined
  /** What a value means, where not every value is a success. Defaults to done. */
  readonly outcome?: ((value: A) => Outcome) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Outcome {
  readonly state: "done" | "failed" | "interrupted"
  readonly detail?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface ListOptions {
  readonly target?: string | undefined
  /** At most so many, the latest. Defaults to 100. */
  readonly limit?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface UnlockOptions {
  /** Also where its process lives. Defaults to `false`. */
  readonly force?: boolean | undefined
  /** Only says how the run would stand. Defaults to `false`. */
  readonly dryRun?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * Does it as a run. Fails with the kind `rejected` and the code `run-held`, and says which run has the target, where
   * the wait is over.
   */
  readonly track: <A, E, R>(
    options: TrackOptions<A>,
    effect: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E | Fault.Fault, R>
  /** The latest first. */
  readonly list: (options?: ListOptions) => Effect.Effect<ReadonlyArray<Run>, Fault.Fault>
  /** By its id or the beginning of it. Fails with the kind `not-found`, or `invalid` where several begin so. */
  readonly show: (id: string) => Effect.Effect<Details, Fault.Fault>
  /**
   * Frees what a run holds, by its id or the beginning of it. Refuses with the code `run-held` while its process lives,
   * unless forced; then that process loses on its next write.
   */
  readonly unlock: (id: string, options?: UnlockOptions) => Effect.Effect<Run, Fault.Fault>
  /** Forgets runs that ended with the history of their changes, and says how many. What is open stays. */
  readonly prune: (options?: Prune.Options) => Effect.Effect<Prune.Pruned, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Runs extends Context.Tag("holdfast/store/Runs")<Runs, Service>() {}

const Row = Schema.Struct({
  id: Schema.String,
  command: Schema.String,
  target: Schema.String,
  state: Schema.Literal("running", "done", "failed", "interrupted"),
  input: Schema.parseJson(Json.Json),
  trace_id: Schema.NullOr(Schema.String),
  holder: Schema.parseJson(Holder.Holder),
  started_at: Rows.Integer,
  ended_at: Schema.NullOr(Rows.Integer),
  detail: Schema.NullOr(Schema.String),
  /** When the right to the target runs out. `NULL`: it has none. */
  expires_at: Schema.NullOr(Rows.Integer)
})

type Row = typeof Row.Type

const StepRow = Schema.Struct({
  key: Schema.String,
  state: Schema.Literal("begun", "completed", "failed"),
  begun_at: Rows.Integer,
  ended_at: Schema.NullOr(Rows.Integer),
  settled_by: Schema.NullOr(Schema.String)
})

const stepStates = { begun: "unknown", completed: "done", failed: "failed" } as const

const encodeHolder = Schema.encodeSync(Schema.parseJson(Holder.Holder))

const nameOf = (target: string): string => `run/${target}`

/** Ends a run that was told to stop: the user waits for it. */
const patienceToEnd = Duration.seconds(5)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Service, never, Database.Database | Lease.Leases> = Effect.gen(function*() {
  const database = yield* Database.Database
  const leases = yield* Lease.Leases
  const { sql } = database

  const columns = sql`SELECT runs.*, leases.expires_at FROM holdfast_runs runs
    LEFT JOIN holdfast_leases leases ON leases.fence = runs.fence`

  const select = (operation: string, rest: Statement.Fragment) =>
    Effect.gen(function*() {
      const rows = yield* database.read(operation, sql`${columns} ${rest}`)
      const decoded = yield* Rows.decode(database, Row, { operation, what: "list of runs" })(rows)
      const now = yield* database.now
      return yield* Effect.forEach(decoded, (row) => runOf(row, now))
    })

  /** The record says what the process could still say; that it is gone shows in what it held. */
  const runOf = (row: Row, now: number): Effect.Effect<Run> =>
    Effect.map(
      row.state === "running" && row.expires_at !== null && row.expires_at > now
        ? Holder.isGone(row.holder, database.holder)
        : Effect.succeed(true),
      (gone): Run => ({
        id: row.id,
        command: row.command,
        target: row.target,
        state: row.state === "running" && gone ? "interrupted" : row.state,
        input: row.input,
        holder: row.holder,
        startedAt: row.started_at,
        ...(row.trace_id === null ? {} : { traceId: row.trace_id }),
        ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
        ...(row.detail === null ? {} : { detail: row.detail })
      })
    )

  const find = (operation: string, id: string): Effect.Effect<Run, Fault.Fault> =>
    Effect.gen(function*() {
      const found = yield* select(
        operation,
        sql`WHERE substr(runs.id, 1, ${id.length}) = ${id} ORDER BY runs.id LIMIT 3`
      )
      const run = found.find((candidate) => candidate.id === id) ?? (found.length === 1 ? found[0] : undefined)
      return run ??
        (yield* found.length === 0 ? RunFault.unknown(operation, id) : RunFault.ambiguous(operation, id, found))
    })

  const begin = (options: TrackOptions<never>, lease: Lease.Lease) =>
    leases.guarded(
      lease,
      "Runs.begin",
      Effect.gen(function*() {
        const now = yield* database.now
        const id = `${now.toString(36)}-${yield* letters}`
        const span = Option.getOrUndefined(yield* Effect.option(Effect.currentSpan))
        // Whoever had the target before is gone, or would have it still.
        yield* sql`UPDATE holdfast_runs SET state = 'interrupted', ended_at = ${now}
          WHERE target = ${options.target} AND state = 'running'`
        yield* sql`INSERT INTO holdfast_runs ${
          sql.insert({
            id,
            command: options.command,
            target: options.target,
            state: "running",
            input: JSON.stringify(options.input ?? null),
            trace_id: span?.traceId ?? null,
            holder: encodeHolder(database.holder),
            fence: lease.fence,
            started_at: now,
            ended_at: null,
            detail: null
          })
        }`
        return id
      })
    )

  const end = (id: string, outcome: Outcome): Effect.Effect<void> =>
    database.transaction(
      "Runs.end",
      Effect.flatMap(database.now, (now) =>
        sql`UPDATE holdfast_runs SET state = ${outcome.state}, ended_at = ${now}, detail = ${outcome.detail ?? null}
          WHERE id = ${id} AND state = 'running'`),
      { patience: patienceToEnd }
    ).pipe(
      Effect.catchAll((fault) =>
        Effect.logWarning(`the end of run ${id} could not be recorded: ${fault.message}`)
      ),
      Effect.asVoid
    )

  const held = (target: string, fault: Fault.Fault) =>
    Effect.gen(function*() {
      const run = (yield* select(
        "Runs.begin",
        sql`WHERE target = ${target} AND state = 'running' ORDER BY started_at DESC LIMIT 1`
      ))[0]
      return yield* RunFault.held("Runs.begin", target, run, fault)
    })

  return {
    track: (options, effect) =>
      Effect.scoped(
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function*() {
            const lease = yield* restore(leases.acquire(nameOf(options.target), { wait: options.wait })).pipe(
              Effect.catchIf((fault) => fault.code === "lease-held", (fault) => held(options.target, fault))
            )
            const id = yield* begin(options, lease)
            const exit = yield* Effect.exit(restore(Effect.provideService(effect, CurrentRun, { id, lease })))
            yield* end(id, outcomeOf(exit, options.outcome))
            return yield* exit
          })
        )
      ),

    list: (options) =>
      select(
        "Runs.list",
        sql`WHERE ${options?.target === undefined ? sql`1 = 1` : sql`target = ${options.target}`}
          ORDER BY started_at DESC, id DESC LIMIT ${options?.limit ?? 100}`
      ),

    show: (id) =>
      Effect.gen(function*() {
        const operation = "Runs.show"
        const run = yield* find(operation, id)
        const rows = yield* database.read(
          operation,
          sql`SELECT * FROM holdfast_steps WHERE run = ${run.id} ORDER BY begun_at, key`
        )
        const steps = yield* Rows.decode(database, StepRow, { operation, what: `list of steps of run ${run.id}` })(rows)
        return { ...run, steps: steps.map(stepOf) }
      }),

    unlock: (id, options) =>
      Effect.gen(function*() {
        const operation = "Runs.unlock"
        const run = yield* find(operation, id)
        if (run.state === "running" && options?.force !== true) return yield* RunFault.held(operation, run.target, run)
        if (options?.dryRun === true) return run.state === "running" ? { ...run, state: "interrupted" } : run
        yield* database.transaction(
          operation,
          Effect.gen(function*() {
            const now = yield* database.now
            yield* sql`DELETE FROM holdfast_leases WHERE run = ${run.id}
              OR fence = (SELECT fence FROM holdfast_runs WHERE id = ${run.id})`
            yield* sql`UPDATE holdfast_runs SET state = 'interrupted', ended_at = ${now}
              WHERE id = ${run.id} AND state = 'running'`
          })
        )
        return yield* find(operation, run.id)
      }),

    prune: (options) => Prune.prune(database, options)
  }
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Runs, never, Database.Database | Lease.Leases> = Layer.effect(Runs, make)

/** Tells runs of the same millisecond apart. */
const letters: Effect.Effect<string> = Effect.map(
  Random.nextIntBetween(0, 36 ** 4),
  (number) => number.toString(36).padStart(4, "0")
)

const outcomeOf = <A, E>(exit: Exit.Exit<A, E>, outcome: ((value: A) => Outcome) | undefined): Outcome => {
  if (Exit.isSuccess(exit)) return outcome?.(exit.value) ?? { state: "done" }
  if (Cause.isInterrupted(exit.cause)) return { state: "interrupted" }
  const failure = Option.getOrUndefined(Cause.failureOption(exit.cause))
  return { state: "failed", detail: Fault.isFault(failure) ? failure.message : "it ended with a defect" }
}

const stepOf = (row: typeof StepRow.Type): Step => ({
  key: row.key,
  state: stepStates[row.state],
  begunAt: row.begun_at,
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at }),
  ...(row.settled_by === null ? {} : { settledBy: row.settled_by })
})
