/**
 * A store in a PostgreSQL server, for processes on any machine.
 *
 * @since 0.1.0
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import type * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import * as SqlError from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import type { Pool } from "pg"
import type { Fault } from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as StoreFault from "./StoreFault.ts"
import type * as Transaction from "./Transaction.ts"

/** All in milliseconds. A server that does not answer, or a client that was stopped in a transaction, holds nobody up. */
const limits = { connect: 5000, statement: 8000, reply: 10_000, idle: 10_000, close: 1000 }

/**
 * How many connections one process has at most.
 *
 * @since 0.1.0
 * @category constants
 */
export const maxConnections = 4

/**
 * Connects to the server.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (url: Redacted.Redacted): Effect.Effect<Transaction.Source, Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const place = yield* placeOf(url)
    const { client, pg } = yield* load(place)
    const acquire = Finalizer.acquireRelease(
      Effect.try({
        try: () => poolOf(pg.default.Pool, url),
        catch: (cause) => new SqlError.SqlError({ cause, message: "the URL cannot be used" })
      }),
      close
    )
    const sql = yield* client.fromPool({ acquire, applicationName: "holdfast" }).pipe(
      Effect.provide(Reactivity.layer),
      Effect.mapError((error) => StoreFault.fromSql(place, error))
    )
    return {
      backend: "postgres",
      location: place.location,
      sql,
      statement: (text) => {
        let count = 0
        const numbered = text.replaceAll("?", () => `$${count += 1}`)
        return (...parameters) => sql.unsafe(numbered, parameters)
      },
      // Uninterruptible: the driver would lose a connection that comes after the interruption. It has its own limit.
      connect: Effect.uninterruptible(
        Effect.flatMap(Scope.make(), (scope) => {
          const release = Scope.close(scope, Exit.void)
          return Scope.extend(sql.reserve, scope).pipe(
            Effect.map((connection) => ({ connection, release })),
            Effect.onError(() => release)
          )
        })
      ),
      discard,
      begin,
      wasCommitted: (mark) => wasCommitted(sql, mark),
      flush: Effect.void
    }
  })

/**
 * Sees that marks can be left, and forgets those of earlier days.
 *
 * @since 0.1.0
 * @category operations
 */
export const prepare = (source: Transaction.Source): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const { sql } = source
    const found = yield* sql`SELECT 1 FROM pg_tables
      WHERE schemaname = current_schema() AND tablename = 'holdfast_commits'`
    if (found.length === 0) yield* sql.unsafe(createMarks)
    yield* sql`DELETE FROM holdfast_commits WHERE abs(at) < extract(epoch from now() - interval '1 day')`
  })

/**
 * One statement after the other in one transaction. The number is any that nobody else uses: without the lock, two who
 * make the same table at once get in each other's way in spite of IF NOT EXISTS.
 */
const createMarks = [
  "SELECT pg_advisory_xact_lock(4855702319)",
  "CREATE TABLE IF NOT EXISTS holdfast_commits (mark TEXT PRIMARY KEY, at BIGINT NOT NULL)"
].join("; ")

/**
 * Writing the same mark waits until a transaction that may still be under way has ended. The sign of the time tells
 * whose mark it is, also when this is asked again.
 */
const wasCommitted = (sql: SqlClient.SqlClient, mark: string): Effect.Effect<boolean, SqlError.SqlError> =>
  Effect.gen(function*() {
    yield* sql`INSERT INTO holdfast_commits VALUES (${mark}, -extract(epoch from now())) ON CONFLICT (mark) DO NOTHING`
    const rows = yield* sql`SELECT mark FROM holdfast_commits WHERE mark = ${mark} AND at > 0`
    return rows.length > 0
  })

/**
 * One round trip. Sequential scans would lock whole tables against each other where a transaction reads
 * (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-SERIALIZABLE).
 */
const begin = (mark: string): string =>
  [
    "BEGIN ISOLATION LEVEL SERIALIZABLE",
    "SET LOCAL enable_seqscan = off",
    `INSERT INTO holdfast_commits VALUES ('${mark}', extract(epoch from now()))`
  ].join("; ")

const load = (place: StoreFault.Place) =>
  Effect.tryPromise({
    try: async () => ({ client: await import("@effect/sql-pg/PgClient"), pg: await import("pg") }),
    catch: (cause) =>
      StoreFault.unavailable(place, {
        kind: "failed",
        detail: "the driver for PostgreSQL cannot be loaded",
        hint: "install holdfast again, or unset HOLDFAST_DATABASE_URL to use a file",
        cause
      })
  })

const poolOf = (make: typeof Pool, url: Redacted.Redacted): Pool => {
  const pool = new make({
    connectionString: Redacted.value(url),
    application_name: "holdfast",
    max: maxConnections,
    keepAlive: true,
    connectionTimeoutMillis: limits.connect,
    statement_timeout: limits.statement,
    query_timeout: limits.reply,
    idle_in_transaction_session_timeout: limits.idle
  })
  // An idle connection that is lost is taken out of the pool, and the next statement makes a new one.
  pool.on("error", () => undefined)
  return pool
}

const close = (pool: Pool): Effect.Effect<void> =>
  Effect.promise(() => pool.end()).pipe(Effect.interruptible, Effect.timeoutOption(limits.close), Effect.asVoid)

/** The pool forgets a connection that was ended. */
const discard = (connection: Connection): Effect.Effect<void> =>
  Effect.sync(() => {
    const client = Predicate.hasProperty(connection, "pg") ? connection.pg : undefined
    if (Predicate.hasProperty(client, "end") && typeof client.end === "function") client.end(() => undefined)
  })

/** The server and database, without user, password and options. */
const placeOf = (url: Redacted.Redacted): Effect.Effect<StoreFault.Place, Fault> => {
  const place = { backend: "postgres", operation: "Store.open" } as const
  return Effect.try({
    try: () => {
      const { host, pathname, protocol } = new URL(Redacted.value(url))
      if (protocol !== "postgres:" && protocol !== "postgresql:") throw new Error("unknown protocol")
      return { ...place, location: `postgres://${host}${pathname}` }
    },
    catch: () =>
      StoreFault.unavailable({ ...place, location: "HOLDFAST_DATABASE_URL" }, {
        kind: "invalid",
        detail: "it is not a PostgreSQL URL",
        hint: "write it as postgres://user:password@host:5432/database"
      })
  })
}
