/**
 * A lock between processes of one machine that cannot be left behind: the kernel frees it when its holder dies,
 * however that happens.
 *
 * It is the write lock of an empty SQLite file beside, `<file>.lock`, taken by a transaction that never writes. SQLite
 * gets it from the kernel by fcntl(2), and minds what is easily got wrong there: such a lock is lost when the process
 * closes *any* handle of the same file, so SQLite keeps them open, and nobody else in the process may open the file.
 * Therefore who holds it stands in a file of its own, `<file>.lock.holder`, for people to read; it decides nothing.
 * The lock file is never deleted, and nobody else should: two processes could then each hold the lock of their own.
 *
 * Not promised over network file systems (NFS, SMB), where locks of the kernel are emulated or missing; there a lease in
 * a database serves.
 *
 * Source: fcntl(2), "Advisory record locking"; sqlite.org/lockingv3.html; sqlite.org/howtocorrupt.html, 2.2.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { statSync } from "node:fs"
import * as Fs from "node:fs/promises"
import { hostname } from "node:os"
import * as Fault from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as AtomicFile from "./AtomicFile.ts"
import * as FileFault from "./FileFault.ts"
import * as SqliteDriver from "./SqliteDriver.ts"

/**
 * Who holds a lock.
 *
 * @since 0.1.0
 * @category models
 */
export const Holder = Schema.Struct({
  pid: Schema.Number,
  host: Schema.String,
  /** Since when, as ISO 8601 in UTC. */
  since: Schema.String,
  purpose: Schema.String
})

/**
 * @since 0.1.0
 * @category models
 */
export type Holder = typeof Holder.Type

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What it is held for, for those who wait: `apply lab`. */
  readonly purpose: string
  /** How long to wait for it. Defaults to 30 seconds; zero asks once; `Duration.infinity` waits for ever. */
  readonly timeout?: Duration.DurationInput | undefined
}

/**
 * What one sees of a lock from outside.
 *
 * @since 0.1.0
 * @category models
 */
export interface Inspection {
  readonly held: boolean
  /** `None` also in the instant between taking the lock and saying so. */
  readonly holder: Option.Option<Holder>
}

/**
 * The file of the lock of a file.
 *
 * @since 0.1.0
 * @category getters
 */
export const lockOf = (path: string): string => `${path}.lock`

const holderOf = (lock: string): string => `${lock}.holder`

const driver: Effect.Effect<SqliteDriver.Driver, Fault.Fault> = Effect.mapError(
  SqliteDriver.driver,
  (cause) => withoutDriver("FileLock.acquire", cause)
)

const withoutDriver = (operation: string, cause: unknown): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "holdfast",
    operation,
    sent: "no",
    code: "native-module",
    detail: "the native module better-sqlite3 is missing or was built for another Node",
    hint: "Run `npm rebuild better-sqlite3 --foreground-scripts`; if npm skips install scripts, allow this one first",
    cause
  })

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino

/** Busy with another holder, or with a look at it. */
const isBusy = (error: unknown): boolean => FileFault.codeOf(error)?.startsWith("SQLITE_BUSY") ?? false

/** The lock, if it is free now; waits for nothing. */
const tryTake = (driver: SqliteDriver.Driver, lock: string): SqliteDriver.Handle | undefined => {
  const size = statSync(lock, { throwIfNoEntry: false })?.size
  if (size === undefined) new driver(lock, { timeout: 0 }).close()
  if (size !== undefined && size > 0) throw new Error("the file is not empty")
  const inode = inodeOf(lock)
  const connection = new driver(lock, { timeout: 0 })
  try {
    // The transaction never writes, so it needs no journal beside the file either.
    connection.exec("PRAGMA journal_mode = MEMORY")
    connection.exec("BEGIN IMMEDIATE")
    // Somebody may have put another file in its place meanwhile: then this is the lock of a file that nobody sees.
    if (inode !== undefined && inode === inodeOf(lock)) return connection
  } catch (error) {
    connection.close()
    if (isBusy(error)) return undefined
    throw error
  }
  connection.close()
  return undefined
}

const fault = (operation: string, lock: string, error: unknown): Fault.Fault => {
  const code = FileFault.codeOf(error) ?? ""
  const context = { operation, path: lock }
  if (SqliteDriver.isMissing(error)) return withoutDriver(operation, error)
  if (/^SQLITE_(READONLY|PERM|AUTH)/.test(code)) return FileFault.make(context, { code: "EACCES" })
  if (code === "SQLITE_FULL") return FileFault.make(context, { code: "ENOSPC" })
  if (code.startsWith("SQLITE_IOERR")) return FileFault.make(context, { code: "EIO" })
  // A folder that is missing is a `TypeError` of the driver.
  if (code.startsWith("SQLITE_CANTOPEN") || error instanceof TypeError) {
    return FileFault.make(context, error).with({
      kind: "denied",
      code: "lock-unavailable",
      hint: "Check that its folder is there and may be written to"
    })
  }
  if (code !== "" && !code.startsWith("SQLITE_")) return FileFault.make(context, error)
  return FileFault.make(context, error).with({
    kind: "invalid",
    code: "lock-foreign",
    hint: "This is not a lock of holdfast; move the file away"
  })
}

/** A lock that this process took, and whether it still has it. */
interface Taken {
  readonly lock: string
  readonly connection: SqliteDriver.Handle
  held: boolean
}

/** The locks that are held around a fiber. */
class Around extends Context.Reference<Around>()("holdfast/store/FileLock/Around", {
  defaultValue: (): ReadonlyArray<Taken> => []
}) {}

/** Waits between two looks, in milliseconds: short at first, and never so long that the next holder is kept waiting. */
const firstWait = 4
const longestWait = 100

/** Looking at a lock takes it for an instant: whoever has no time to wait still asks this often. */
const fewestLooks = 3

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

const now: Effect.Effect<number> = Effect.map(Clock.currentTimeNanos, (nanos) => Number(nanos) / 1e6)

const take = (restore: Restore, path: string, options: Options): Effect.Effect<Taken, Fault.Fault> =>
  Effect.gen(function*() {
    const lock = lockOf(yield* AtomicFile.resolve(path))
    const around = yield* Around
    if (around.some((taken) => taken.held && taken.lock === lock)) return yield* reentry(path)
    const make = yield* restore(driver)
    const end = (yield* now) + Duration.toMillis(options.timeout ?? Duration.seconds(30))
    for (let looks = 1, wait = firstWait;; looks += 1, wait = Math.min(wait * 1.5, longestWait)) {
      const connection = yield* Effect.try({
        try: () => tryTake(make, lock),
        catch: (error) => fault("FileLock.acquire", lock, error)
      })
      if (connection !== undefined) {
        yield* sign(lock, options.purpose)
        return { lock, connection, held: true }
      }
      const left = end - (yield* now)
      if (left <= 0 && looks >= fewestLooks) return yield* Effect.flatMap(holder(lock), (who) => busy(path, who))
      const random = yield* Random.next
      yield* restore(Effect.sleep(Math.max(firstWait, Math.min(wait * (0.5 + random / 2), left))))
    }
  })

const release = (taken: Taken): Effect.Effect<void> =>
  Effect.zipRight(
    // First the name, then the lock: the other way round it could be the next holder's name.
    Effect.ignoreLogged(Effect.tryPromise(() => Fs.rm(holderOf(taken.lock), { force: true }))),
    Effect.sync(() => {
      taken.held = false
      taken.connection.close()
    })
  )

const Record = Schema.parseJson(Holder)

/** For people to read: whoever cannot write it has the lock all the same. */
const sign = (lock: string, purpose: string): Effect.Effect<void> =>
  Effect.gen(function*() {
    const since = new Date(yield* Clock.currentTimeMillis).toISOString()
    const text = yield* Schema.encode(Record)({ pid: process.pid, host: hostname(), since, purpose })
    yield* Effect.tryPromise(() => Fs.writeFile(holderOf(lock), text))
  }).pipe(Effect.ignoreLogged)

const holder = (lock: string): Effect.Effect<Option.Option<Holder>> =>
  Effect.tryPromise((signal) => Fs.readFile(holderOf(lock), { encoding: "utf8", signal })).pipe(
    Effect.flatMap(Schema.decode(Record)),
    Effect.option
  )

const busy = (path: string, who: Option.Option<Holder>): Fault.Fault =>
  Fault.make({
    kind: "locked",
    system: "holdfast",
    operation: "FileLock.acquire",
    sent: "no",
    code: "lock-held",
    subject: path,
    ...Option.match(who, {
      onNone: () => ({ detail: "is locked by another process", hint: "Wait until it has ended" }),
      onSome: ({ host, pid, purpose, since }) => ({
        detail: `is locked by process ${pid} on ${host} since ${since} (${purpose})`,
        hint: `Wait for it, or end process ${pid}: its lock goes with it`
      })
    })
  })

const reentry = (path: string): Fault.Fault =>
  Fault.rejected({
    system: "holdfast",
    operation: "FileLock.acquire",
    code: "lock-reentry",
    subject: path,
    detail: "is locked already by the very work that asks for it, and would wait for itself"
  })

/**
 * Holds the lock of a file until the scope closes. Waits interruptibly and without stopping other fibers; who comes
 * next is left to chance. Fibers of one process exclude each other as processes do.
 *
 * Fails with kind `locked` and the code `lock-held`, naming the holder, when the time is up; with `lock-unavailable`,
 * `permission`, `disk-full` or `lock-foreign` where the lock file cannot be used; with `native-module` where
 * better-sqlite3 is missing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const acquire = (path: string, options: Options): Effect.Effect<void, Fault.Fault, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(take(restore, path, options), (taken) => Finalizer.add(() => release(taken)))
  )

/**
 * Runs an effect while the lock of a file is held. The same lock again inside it is refused at once, with kind
 * `rejected` and the code `lock-reentry`, for it would wait for itself.
 *
 * @since 0.1.0
 * @category combinators
 * @example
 * import * as AtomicFile from "holdfast/store/AtomicFile"
 * import * as FileLock from "holdfast/store/FileLock"
 * import * as Effect from "effect/Effect"
 *
 * const append = (line: string) =>
 *   AtomicFile.read("names.txt").pipe(
 *     Effect.flatMap((text) => AtomicFile.write("names.txt", `${text._tag === "Some" ? text.value : ""}${line}\n`)),
 *     FileLock.withLock("names.txt", { purpose: "append a name" })
 *   )
 */
export const withLock: {
  (path: string, options: Options): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Fault.Fault, R>
  <A, E, R>(self: Effect.Effect<A, E, R>, path: string, options: Options): Effect.Effect<A, E | Fault.Fault, R>
} = dual(
  3,
  <A, E, R>(self: Effect.Effect<A, E, R>, path: string, options: Options): Effect.Effect<A, E | Fault.Fault, R> =>
    Effect.uninterruptibleMask((restore) =>
      Effect.flatMap(
        take(restore, path, options),
        (taken) =>
          Effect.flatMap(Around, (around) =>
            Effect.ensuring(restore(Effect.provideService(self, Around, [...around, taken])), release(taken)))
      )
    )
)

/**
 * Whether the lock of a file is held, and by whom. By the time one reads it, it may be otherwise.
 *
 * @since 0.1.0
 * @category getters
 */
export const inspect = (path: string): Effect.Effect<Inspection, Fault.Fault> =>
  Effect.gen(function*() {
    const lock = lockOf(yield* AtomicFile.resolve(path))
    const make = yield* driver
    const held = yield* Effect.try({
      try: () => {
        if (inodeOf(lock) === undefined) return false
        const connection = tryTake(make, lock)
        connection?.close()
        return connection === undefined
      },
      catch: (error) => fault("FileLock.inspect", lock, error)
    })
    return { held, holder: held ? yield* holder(lock) : Option.none() }
  })
