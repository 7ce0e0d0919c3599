/**
 * The one connection to a SQLite file. Whoever is in a transaction has it alone; a single statement waits for the end of
 * the transaction of another, and needs nothing where there is none, for the driver is synchronous.
 *
 * @since 0.1.0
 */
import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqlClient from "@effect/sql/SqlClient"
import type { Connection } from "@effect/sql/SqlConnection"
import * as SqlError from "@effect/sql/SqlError"
import * as SqlStatement from "@effect/sql/Statement"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Finalizer from "../kernel/Finalizer.ts"
import type * as Database from "./Database.ts"
import type { Handle, Prepared } from "./SqliteDriver.ts"
import type * as Transaction from "./Transaction.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Opened {
  readonly sql: SqlClient.SqlClient
  readonly statement: Database.Service["statement"]
  /** The connection for oneself, until it is released. */
  readonly connect: Effect.Effect<Transaction.Connected>
}

/** Statements that are kept prepared. There are fewer in the program, but lists are of any length. */
const mostPrepared = 200

/** The rows, if there can be any. */
type Run = (sql: string, parameters: ReadonlyArray<unknown>) => Effect.Effect<ReadonlyArray<object>, SqlError.SqlError>

const runOn = (handle: Handle): Run => {
  const prepared = new Map<string, Prepared>()
  const prepare = (sql: string): Prepared => {
    const known = prepared.get(sql)
    if (known !== undefined) return known
    const made = handle.prepare(sql)
    if (prepared.size >= mostPrepared) prepared.clear()
    prepared.set(sql, made)
    return made
  }
  return (sql, parameters) =>
    Effect.try({
      try: () => {
        const statement = prepare(sql)
        if (statement.reader) return statement.all(...parameters)
        statement.run(...parameters)
        return []
      },
      catch: (cause) => new SqlError.SqlError({ cause, message: "the statement failed" })
    })
}

/** What `@effect/sql` asks of a connection. Nobody asks for a stream. */
const connectionOf = (run: Run): Connection => ({
  execute: (sql, parameters, transform) => {
    const rows = run(sql, parameters)
    return transform === undefined ? rows : Effect.map(rows, transform)
  },
  executeRaw: run,
  executeValues: (sql, parameters) => Effect.map(run(sql, parameters), (rows) => rows.map((row) => Object.values(row))),
  executeUnprepared: run,
  executeStream: () => Stream.dieMessage("a stream of rows was not asked for before")
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (handle: Handle): Effect.Effect<Opened> =>
  Effect.gen(function*() {
    const line = Effect.unsafeMakeSemaphore(1)
    const run = runOn(handle)
    const connection = connectionOf(run)
    const connect = Effect.as(line.take(1), { connection, release: line.release(1) })
    const acquirer = Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(restore(connect), ({ release }) => Effect.as(Finalizer.add(() => release), connection))
    )
    const sql = yield* SqlClient.make({
      acquirer,
      transactionAcquirer: acquirer,
      compiler: SqlStatement.makeCompilerSqlite(),
      spanAttributes: [["db.system.name", "sqlite"]]
    }).pipe(Effect.provide(Reactivity.layer))
    return {
      sql,
      connect,
      statement: (text) => (...parameters) =>
        Effect.withFiberRuntime((fiber) => {
          const own = Context.getOption(fiber.currentContext, SqlClient.TransactionConnection)
          const isOwn = own._tag === "Some" && own.value[0] === connection
          return isOwn || !handle.inTransaction ? run(text, parameters) : line.withPermits(1)(run(text, parameters))
        })
    }
  })
