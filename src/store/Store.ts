/**
 * What must outlive a process: opens the database, and gives what is kept in it.
 *
 * A SQLite file beside the work, or the PostgreSQL server that `HOLDFAST_DATABASE_URL` names. The drivers are loaded
 * when a store is opened and not before.
 *
 * @since 0.1.0
 */
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import type * as Fault from "../kernel/Fault.ts"
import type { Journal } from "../kernel/Journal.ts"
import * as Collection from "./Collection.ts"
import * as Database from "./Database.ts"
import * as Holder from "./Holder.ts"
import * as StoreJournal from "./Journal.ts"
import * as Lease from "./Lease.ts"
import * as Migrations from "./Migrations.ts"
import * as Postgres from "./Postgres.ts"
import * as Rows from "./Rows.ts"
import * as Runs from "./Runs.ts"
import * as Sqlite from "./Sqlite.ts"
import * as StoreFault from "./StoreFault.ts"
import * as Transaction from "./Transaction.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A PostgreSQL URL. Defaults to `HOLDFAST_DATABASE_URL`; without it the store is a SQLite file. */
  readonly url?: Redacted.Redacted | undefined
  /** The SQLite file, whose folder is made. Given, the URL of the environment does not count. Defaults to `defaultFile`. */
  readonly file?: string | undefined
  /** How the store tells the time, in milliseconds since 1970. Defaults to the clock of where the database runs. */
  readonly clock?: Effect.Effect<number> | undefined
}

/**
 * In the working directory.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultFile = ".holdfast/holdfast.db"

/** A server that is not there is told at once; one that is just starting is given a moment. */
const patienceToOpen = "2 seconds"

/**
 * Opens it, brings its schema up to this program, and closes it with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (options: Options = {}): Effect.Effect<Database.Service, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const url = options.url ?? (options.file === undefined ? yield* urlOfEnvironment : undefined)
    const source = yield* url === undefined
      ? Sqlite.open(options.file ?? defaultFile)
      : Postgres.open(url)
    const { backend, location, sql } = source
    const operation = "Store.open"
    const { read, transaction } = Transaction.make(source)
    const database: Database.Service = {
      backend,
      location,
      holder: yield* Holder.current,
      sql,
      statement: source.statement,
      now: options.clock ?? nowOf(source, read),
      read,
      transaction
    }
    yield* read(operation, sql`SELECT 1`, { patience: patienceToOpen })
    yield* Migrations.check(database)
    yield* read(operation, backend === "sqlite" ? Sqlite.configure(sql) : Postgres.prepare(source))
    yield* Migrations.apply(database)
    return database
  }).pipe(Effect.withSpan("Store.open"))

/**
 * Only the database, for whoever brings other parts.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerDatabase = (options?: Options): Layer.Layer<Database.Database, Fault.Fault> =>
  Layer.scoped(Database.Database, open(options))

/**
 * The store with all of its parts. Nothing is opened before the layer is built.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: Options
): Layer.Layer<
  Database.Database | Lease.Leases | Journal | Runs.Runs | Collection.Collections,
  Fault.Fault
> =>
  Layer.mergeAll(StoreJournal.layer, Runs.layer, Collection.layer).pipe(
    Layer.provideMerge(Lease.layer),
    Layer.provideMerge(layerDatabase(options))
  )

/** Empty is none, as for every setting. */
const urlOfEnvironment: Effect.Effect<Redacted.Redacted | undefined> = Config.redacted("HOLDFAST_DATABASE_URL").pipe(
  Effect.option,
  Effect.map(Option.filter((url) => Redacted.value(url) !== "")),
  Effect.map(Option.getOrUndefined)
)

const decodeTime = Schema.decodeUnknown(Schema.Tuple(Schema.Struct({ now: Rows.Integer })))

const nowOf = (
  { backend, location, statement }: Transaction.Source,
  read: Database.Service["read"]
): Effect.Effect<number, Fault.Fault> => {
  // All who have the file are on this machine, and its clock is what SQLite would ask.
  if (backend === "sqlite") return Effect.sync(() => Date.now())
  const operation = "Store.now"
  const ask = statement("SELECT CAST(extract(epoch from clock_timestamp()) * 1000 AS BIGINT) AS now")
  return Effect.flatMap(read(operation, ask()), (rows) =>
    Effect.mapError(
      decodeTime(rows),
      (cause) => StoreFault.corrupt({ backend, location, operation }, { detail: "it does not tell the time", cause })
    ))
    .pipe(Effect.map(([row]) => row.now))
}
