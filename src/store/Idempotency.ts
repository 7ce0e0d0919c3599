/**
 * An operation that was asked for twice runs once: who asks while it runs waits and takes its result, be it in another
 * process, and who asks later takes the result that was kept.
 *
 * It is known by the SHA-256 of its name and its parameters in canonical form. What was interrupted, by a signal or by
 * a crash, is run again by whoever asks next: an effect that changes something remote settles that itself, by
 * `Mutation`.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Fault from "../kernel/Fault.ts"
import * as Json from "../kernel/Json.ts"
import * as Database from "./Database.ts"
import * as KeptFault from "./KeptFault.ts"
import * as Lease from "./Lease.ts"
import * as Outcomes from "./Outcomes.ts"
import * as RequestKey from "./RequestKey.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A, I> extends RequestKey.Request {
  /** How the result is kept. A kept result that does not fit any more is made anew. */
  readonly result: Schema.Schema<A, I>
  /** How long the outcome is kept. Defaults to 24 hours. */
  readonly ttl?: Duration.DurationInput | undefined
  /** How long to wait, interruptibly, for one who runs it already. Defaults to 15 minutes. */
  readonly wait?: Duration.DurationInput | undefined
  /**
   * Whether what failed before is run again for who asks anew, after how many runs. Who waited for that very run gets
   * its failure in any case. Defaults to always.
   */
  readonly retryFailed?: ((fault: Fault.Fault, runs: number) => boolean) | undefined
  /**
   * What to do where a run began and nobody knows its end. `refuse` fails with the kind `unknown` and the code
   * `idempotency-interrupted`, until {@link forget}. Defaults to `run-again`.
   */
  readonly whenInterrupted?: "run-again" | "refuse" | undefined
}

/**
 * What is known of a run.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  /** `pending` also where it was interrupted. */
  readonly state: "pending" | "completed" | "failed"
  /** How often it was begun. */
  readonly runs: number
  /** Milliseconds since 1970 by the store's clock, as all times here. */
  readonly begunAt: number
  readonly endedAt: Option.Option<number>
  readonly expiresAt: number
  /** How it failed. */
  readonly fault: Option.Option<Fault.Fault>
}

type Requires = Database.Database | Lease.Leases

/**
 * The SHA-256 that a run is known by, in hexadecimal. Two operations never have the same, whatever their parameters.
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = (request: RequestKey.Request): Effect.Effect<string, Fault.Fault> =>
  Effect.map(RequestKey.make("keyOf", request), ({ key }) => key)

/**
 * What is known of a run; `None` where it never began, or where its outcome has expired.
 *
 * @since 0.1.0
 * @category getters
 */
export const status = (
  request: RequestKey.Request
): Effect.Effect<Option.Option<Entry>, Fault.Fault, Database.Database> =>
  Effect.flatMap(RequestKey.make("status", request), (identity) => Outcomes.find("status", identity)).pipe(
    Effect.map(Option.map((row): Entry => ({
      state: row.state,
      runs: row.attempt,
      begunAt: row.begun_at,
      endedAt: Option.fromNullable(row.ended_at),
      expiresAt: row.expires_at,
      fault: row.state === "failed" ? Option.some(Outcomes.faultOf(row)) : Option.none()
    })))
  )

/**
 * Forgets a run, so that the next one runs. Fails with the code `lease-held` while it runs.
 *
 * @since 0.1.0
 * @category operations
 */
export const forget = (request: RequestKey.Request): Effect.Effect<void, Fault.Fault, Requires> =>
  Effect.gen(function*() {
    const { key } = yield* RequestKey.make("forget", request)
    const { sql, transaction } = yield* Database.Database
    const leases = yield* Lease.Leases
    yield* Effect.scoped(Effect.zipRight(
      leases.acquire(Outcomes.leaseOf(key), { renew: false }),
      transaction("Idempotency.forget", sql`DELETE FROM holdfast_idempotency WHERE key = ${key}`)
    ))
  })

/**
 * Removes the outcomes that have expired, and says how many. What still runs stays.
 *
 * @since 0.1.0
 * @category operations
 */
export const sweep: Effect.Effect<number, Fault.Fault, Database.Database> = Effect.flatMap(
  Database.Database,
  (database) =>
    Effect.map(
      database.transaction(
        "Idempotency.sweep",
        Effect.flatMap(Outcomes.rowsExpired(database), (rows) => database.sql`DELETE ${rows} RETURNING key`)
      ),
      (rows) => rows.length
    )
)

/**
 * How many outcomes a {@link sweep} would remove.
 *
 * @since 0.1.0
 * @category getters
 */
export const expired: Effect.Effect<number, Fault.Fault, Database.Database> = Effect.flatMap(
  Database.Database,
  (database) =>
    Effect.map(
      database.read(
        "Idempotency.expired",
        Effect.flatMap(Outcomes.rowsExpired(database), (rows) => database.sql`SELECT key ${rows}`)
      ),
      (rows) => rows.length
    )
)

/**
 * Runs an effect once for all who ask for the same.
 *
 * Fails as the effect does; with `lease-held`, naming who runs it, where the wait is over; with `lease-lost` where this
 * process was stopped for so long that another has run it too; and as the store does.
 *
 * @since 0.1.0
 * @category combinators
 * @example
 * import * as Idempotency from "holdfast/store/Idempotency"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * const create = (cluster: string, count: number) =>
 *   Effect.succeed([`${cluster}-${count}`]).pipe(
 *     Idempotency.run({
 *       operation: "K3s.createInstances",
 *       parameters: { cluster, count },
 *       result: Schema.Array(Schema.String)
 *     })
 *   )
 */
export const run: {
  <A, I>(
    options: Options<A, I>
  ): <R>(self: Effect.Effect<A, Fault.Fault, R>) => Effect.Effect<A, Fault.Fault, R | Requires>
  <A, I, R>(
    self: Effect.Effect<A, Fault.Fault, R>,
    options: Options<A, I>
  ): Effect.Effect<A, Fault.Fault, R | Requires>
} = dual(
  2,
  <A, I, R>(
    self: Effect.Effect<A, Fault.Fault, R>,
    options: Options<A, I>
  ): Effect.Effect<A, Fault.Fault, R | Requires> =>
    Effect.gen(function*() {
      const identity = yield* RequestKey.make("run", options)
      const seen = yield* Outcomes.find("run", identity)
      const kept = yield* replay(options, seen)
      if (Option.isSome(kept)) return kept.value
      return yield* claimed(self, options, identity, seen)
    }).pipe(Effect.withSpan("Idempotency.run", { attributes: { "holdfast.operation": options.operation } }))
)

/** The kept result, if there is one that fits. */
const replay = <A, I>(options: Options<A, I>, row: Option.Option<Outcomes.Row>): Effect.Effect<Option.Option<A>> =>
  Option.match(row, {
    onNone: () => Effect.succeedNone,
    onSome: ({ outcome, state }) =>
      state === "completed" ? Effect.option(Schema.decodeUnknown(options.result)(outcome)) : Effect.succeedNone
  })

const claimed = <A, I, R>(
  self: Effect.Effect<A, Fault.Fault, R>,
  options: Options<A, I>,
  identity: RequestKey.Identity,
  seen: Option.Option<Outcomes.Row>
): Effect.Effect<A, Fault.Fault, R | Requires> =>
  Effect.scopedWith((scope) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const leases = yield* Lease.Leases
        const lease = yield* restore(
          Scope.extend(
            leases.acquire(Outcomes.leaseOf(identity.key), { wait: options.wait ?? Duration.minutes(15) }),
            scope
          )
        )
        const found = yield* Outcomes.find("run", identity)
        const kept = yield* replay(options, found)
        if (Option.isSome(kept)) return kept.value
        const refused = refusal(options, seen, found)
        if (refused !== undefined) return yield* refused
        const runs = yield* begin(options, identity, lease, found)
        const exit = yield* Effect.exit(restore(self))
        const record = conclude(options, identity, lease, runs)
        yield* Exit.match(exit, {
          onSuccess: (value) => Effect.mapError(record.completed(value), unrecorded),
          onFailure: (cause) =>
            Option.match(Cause.failureOption(cause), {
              // What was interrupted, or died of a bug, stays pending.
              onNone: () => Effect.void,
              // That it failed is the news, be it recorded or not.
              onSome: (fault) => Effect.ignoreLogged(record.failed(fault))
            })
        })
        return yield* exit
      })
    )
  )

const unrecorded = (fault: Fault.Fault): Fault.Fault =>
  fault.with({ sent: "yes", remote: "the operation ended well, but its result was not recorded" })

/** Why it is not run, if it is not. */
const refusal = <A, I>(
  options: Options<A, I>,
  seen: Option.Option<Outcomes.Row>,
  found: Option.Option<Outcomes.Row>
): Fault.Fault | undefined => {
  const row = Option.getOrUndefined(found)
  if (row?.state === "failed") {
    const before = Option.getOrUndefined(seen)
    const waitedForIt = before?.attempt !== row.attempt || before.state === "pending"
    const fault = Outcomes.faultOf(row)
    return waitedForIt || options.retryFailed?.(fault, row.attempt) === false ? fault : undefined
  }
  return row?.state === "pending" && options.whenInterrupted === "refuse"
    ? RequestKey.raise("run", options.operation, "unknown", "idempotency-interrupted", {
      detail: `it began at ${new Date(row.begun_at).toISOString()}, and nobody knows its end`,
      hint: "See what became of it, then forget it and run it again",
      sent: "maybe"
    })
    : undefined
}

/** How long an outcome is kept, in milliseconds. */
const lifetime = (ttl: Duration.DurationInput | undefined): number => Duration.toMillis(ttl ?? Duration.hours(24))

/** Says that it runs, and how often it has begun by now. */
const begin = <A, I>(
  options: Options<A, I>,
  { digest, key, operation }: RequestKey.Identity,
  lease: Lease.Lease,
  found: Option.Option<Outcomes.Row>
): Effect.Effect<number, Fault.Fault, Requires> =>
  Effect.gen(function*() {
    const { now, sql } = yield* Database.Database
    const leases = yield* Lease.Leases
    const attempt = 1 + Option.match(found, { onNone: () => 0, onSome: (row) => row.attempt })
    yield* leases.guarded(
      lease,
      "Idempotency.begin",
      Effect.gen(function*() {
        const at = yield* now
        yield* sql`DELETE FROM holdfast_idempotency WHERE key = ${key}`
        yield* sql`INSERT INTO holdfast_idempotency ${
          sql.insert({
            key,
            operation,
            parameters: digest,
            state: "pending",
            outcome: null,
            attempt,
            begun_at: at,
            ended_at: null,
            expires_at: at + lifetime(options.ttl)
          })
        }`
      })
    )
    return attempt
  })

/** What writes the outcome down. A sweep may have taken the row of a run that was longer than its outcome is kept. */
const conclude = <A, I>(
  options: Options<A, I>,
  { digest, key, operation }: RequestKey.Identity,
  lease: Lease.Lease,
  attempt: number
) => {
  const write = (state: "completed" | "failed", outcome: string) =>
    Effect.gen(function*() {
      const { now, sql } = yield* Database.Database
      const leases = yield* Lease.Leases
      yield* leases.guarded(
        lease,
        "Idempotency.conclude",
        Effect.gen(function*() {
          const at = yield* now
          const expires = at + lifetime(options.ttl)
          const row = { key, operation, parameters: digest, state, outcome, attempt, begun_at: at, ended_at: at }
          yield* sql`INSERT INTO holdfast_idempotency ${sql.insert({ ...row, expires_at: expires })}
            ON CONFLICT (key) DO UPDATE SET
              state = ${state}, outcome = ${outcome}, ended_at = ${at}, expires_at = ${expires}`
        })
      )
    })
  return {
    completed: (value: A): Effect.Effect<void, Fault.Fault, Requires> =>
      Schema.encode(options.result)(value).pipe(
        Effect.map(Json.fromUnknown),
        Effect.flatMap(Effect.mapError(() => undefined)),
        Effect.mapError((error) =>
          RequestKey.raise("run", operation, "invalid", "idempotency-result", {
            detail: "its result cannot be kept: it does not fit its schema, or is not JSON",
            cause: error
          })
        ),
        Effect.flatMap((json) => write("completed", Json.canonical(json)))
      ),
    failed: (fault: Fault.Fault): Effect.Effect<void, Fault.Fault, Requires> =>
      Effect.flatMap(KeptFault.textOf(fault), (text) => write("failed", text))
  }
}
