/**
 * A store in a SQLite file, for any number of processes on one machine.
 *
 * @since 0.1.0
 */
import type * as SqlClient from "@effect/sql/SqlClient"
import * as SqlError from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { statSync } from "node:fs"
import * as Path from "node:path"
import type { Fault } from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as FileFault from "./FileFault.ts"
import * as FolderPath from "./FolderPath.ts"
import * as Flush from "./Flush.ts"
import * as SqliteConnection from "./SqliteConnection.ts"
import * as SqliteDriver from "./SqliteDriver.ts"
import * as StoreFault from "./StoreFault.ts"
import type * as Transaction from "./Transaction.ts"

/**
 * How long the driver itself may wait for a lock, in milliseconds. It is synchronous: as long as it waits, nothing else
 * in the process moves. The longer waits are between the tries of a transaction.
 *
 * @since 0.1.0
 * @category constants
 */
export const busyTimeout = 20

/**
 * Opens the file, and makes it and its folder where there are none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (file: string): Effect.Effect<Transaction.Source, Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const place: StoreFault.Place = { backend: "sqlite", location: file, operation: "Store.open" }
    yield* makeFolder(place, Path.dirname(file))
    const driver = yield* Effect.mapError(SqliteDriver.driver, (cause) => withoutDriver(place, cause))
    const handle = yield* Finalizer.acquireRelease(
      Effect.catchAllDefect(
        Effect.sync(() => new driver(file, { timeout: busyTimeout })),
        (defect) => fromOpening(place, defect)
      ),
      (handle) => Effect.sync(() => handle.close())
    )
    const { connect, sql, statement } = yield* SqliteConnection.make(handle)
    return {
      backend: "sqlite",
      location: file,
      sql,
      statement,
      connect: Effect.zipRight(unmoved(Path.resolve(file)), connect),
      discard: () => Effect.void,
      begin: () => "BEGIN IMMEDIATE",
      wasCommitted: () => Effect.succeed(false),
      flush: yield* Flush.make(`${file}-wal`)
    }
  })

/**
 * Before anything is written, once it is known to be a store.
 *
 * WAL: readers never wait for the writer. NORMAL: what is committed is in the log and not yet on the disk, for which
 * FULL would hold up the whole process at every COMMIT; `flush` puts it there beside, and nobody is told of a commit
 * before. A file system that has no WAL gets FULL (https://www.sqlite.org/pragma.html#pragma_synchronous).
 *
 * @since 0.1.0
 * @category operations
 */
export const configure = (sql: SqlClient.SqlClient): Effect.Effect<void, SqlError.SqlError> =>
  Effect.gen(function*() {
    const [mode] = yield* sql.unsafe<{ readonly journal_mode: string }>("PRAGMA journal_mode = WAL")
    yield* sql.unsafe(`PRAGMA synchronous = ${mode?.journal_mode === "wal" ? "NORMAL" : "FULL"}`)
  })

/**
 * A file that was removed, by `git clean` for one, is still there for who has it open, and its locks keep nobody out any
 * more. SQLite itself looks only where there is no write-ahead log.
 */
const unmoved = (file: string): Effect.Effect<void, SqlError.SqlError> => {
  let opened: string | undefined
  return Effect.suspend(() => {
    const stats = statSync(file, { throwIfNoEntry: false })
    // The number is not used again while the file is open.
    const now = stats === undefined ? "none" : `${stats.dev} ${stats.ino}`
    opened ??= now
    return now === opened
      ? Effect.void
      : Effect.fail(
        new SqlError.SqlError({ cause: { code: "SQLITE_READONLY_DBMOVED" }, message: "the file is another" })
      )
  })
}

const makeFolder = (place: StoreFault.Place, folder: string): Effect.Effect<void, Fault> =>
  Effect.tryPromise({
    try: () => FolderPath.make(folder),
    catch: (cause) => {
      const code = FileFault.codeOf(cause) ?? ""
      if (code === "ENOENT") {
        return StoreFault.unavailable(place, {
          kind: "failed",
          detail: `${folder} cannot be made: a link on the way leads nowhere, or no folder can be made there`,
          hint: "name another place for the store",
          cause
        })
      }
      return notFolders.has(code)
        ? StoreFault.unavailable(place, {
          kind: "failed",
          detail: `${folder} is not a folder, or lies in something that is none`,
          hint: `move away what stands at ${folder}, or name another place for the store`,
          cause
        })
        : StoreFault.fromDriver(place, cause)
    }
  })

/** A file, or a part of the way that is a file: mkdir(2). */
const notFolders = new Set(["EEXIST", "ENOTDIR"])

/** The constructor of the driver throws. What is not known is a defect still. */
const fromOpening = (place: StoreFault.Place, defect: unknown): Effect.Effect<never, Fault> => {
  if (FileFault.codeOf(defect)?.startsWith("SQLITE_") === true) return Effect.fail(StoreFault.fromDriver(place, defect))
  return SqliteDriver.isMissing(defect) ? Effect.fail(withoutDriver(place, defect)) : Effect.die(defect)
}

const withoutDriver = (place: StoreFault.Place, cause: unknown): Fault =>
  StoreFault.unavailable(place, {
    kind: "failed",
    detail: "the native module better-sqlite3 is missing or was built for another Node",
    hint:
      "run `npm rebuild better-sqlite3 --foreground-scripts` (it needs Python and a C++ compiler where there is no " +
      "prebuilt binary), or set HOLDFAST_DATABASE_URL to a PostgreSQL server",
    cause
  })
