/**
 * The open database that every part of the store works on: one schema, two backends.
 *
 * @since 0.1.0
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type { Fault } from "../kernel/Fault.ts"
import type { Holder } from "./Holder.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Backend = "sqlite" | "postgres"

/**
 * @since 0.1.0
 * @category models
 */
export interface TransactionOptions {
  /**
   * How long a transaction that meets other writers, or a connection that was lost, is run again. Defaults to 15
   * seconds.
   */
  readonly patience?: Duration.DurationInput | undefined
  /**
   * Whether it is on the disk when it returns. Otherwise it is there before anything that is committed later, and outlives
   * the process, but not a power cut just then. A server does not tell the two apart. Defaults to `true`.
   */
  readonly durable?: boolean | undefined
}

/**
 * What stands for a `?` in a statement.
 *
 * @since 0.1.0
 * @category models
 */
export type Parameter = string | number | null

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly backend: Backend
  /** The file, or the server and database without user and password. */
  readonly location: string
  /** Who holds what this process takes: pid, host, session. */
  readonly holder: Holder
  /** Statements. Inside of {@link Service.transaction} they belong to it. */
  readonly sql: SqlClient
  /** A statement that is run again and again, with a `?` for each parameter. No span tells of it. */
  readonly statement: (
    text: string
  ) => (...parameters: ReadonlyArray<Parameter>) => Effect.Effect<ReadonlyArray<unknown>, SqlError>
  /** The time by the clock of the store, in milliseconds since 1970. Inside of a transaction it may be asked too. */
  readonly now: Effect.Effect<number, Fault>
  /**
   * All or nothing, isolated from every other transaction (one writer at a time in SQLite, serializable in
   * PostgreSQL), durable when it returns unless asked otherwise. It is run again whole when it meets another writer or
   * the connection is lost, so the body must do nothing but SQL. A transaction in a transaction is part of it.
   *
   * Bounded in time, also where it cannot be interrupted.
   */
  readonly transaction: <A, E, R>(
    operation: string,
    body: Effect.Effect<A, E | SqlError, R>,
    options?: TransactionOptions
  ) => Effect.Effect<A, Exclude<E, SqlError> | Fault, R>
  /** One statement that only reads, or several that need not see the same state. Run again like a transaction. */
  readonly read: <A, E, R>(
    operation: string,
    body: Effect.Effect<A, E | SqlError, R>,
    options?: Pick<TransactionOptions, "patience">
  ) => Effect.Effect<A, Exclude<E, SqlError> | Fault, R>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Database extends Context.Tag("holdfast/store/Database")<Database, Service>() {}
