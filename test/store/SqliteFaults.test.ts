import * as Reactivity from "@effect/experimental/Reactivity"
import * as SqliteClient from "@effect/sql-sqlite-node/SqliteClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type * as Fault from "../../src/kernel/Fault.ts"
import * as Migrations from "../../src/store/Migrations.ts"
import * as StoreFault from "../../src/store/StoreFault.ts"
import { open, sqlite, temporaryFolder } from "./Backends.ts"
import * as Children from "./Children.ts"
import { mayMount, smallDisk } from "./SmallDisk.ts"

const bytes = (file: string) => Effect.promise(() => Fs.readFile(file))

/** A store with one entry, closed. */
const filled = Effect.gen(function*() {
  const file = Path.join(yield* temporaryFolder, "holdfast.db")
  yield* Effect.scoped(Effect.flatMap(open({ file }), ({ journal }) => journal.begin("a", 1)))
  return file
})

const refuses = (file: string): Effect.Effect<Fault.Fault> =>
  Effect.gen(function*() {
    const before = yield* bytes(file)
    const fault = yield* Effect.flip(Effect.scoped(Effect.asVoid(open({ file }))))
    assert.include(fault.message, file)
    assert.deepStrictEqual(yield* bytes(file), before)
    return fault
  }).pipe(Effect.orDie)

describe("SQLite that fails", () => {
  it.scopedLive("a file that is no database is refused and not touched", () =>
    Effect.gen(function*() {
      const file = Path.join(yield* temporaryFolder, "holdfast.db")
      yield* Effect.promise(() =>
        Fs.writeFile(file, "this is not a database, and long enough not to be empty".repeat(40))
      )
      const fault = yield* refuses(file)
      assert.strictEqual(fault.code, "store-corrupt")
      assert.strictEqual(fault.kind, "invalid")
    }))

  it.scopedLive("a file of which the end is missing is refused and not touched", () =>
    Effect.gen(function*() {
      const file = yield* filled
      const whole = yield* bytes(file)
      yield* Effect.promise(() => Fs.writeFile(file, whole.subarray(0, 6000)))
      assert.strictEqual((yield* refuses(file)).code, "store-corrupt")
    }))

  it.scopedLive("a page that was overwritten is found when it is read", () =>
    Effect.gen(function*() {
      const file = yield* filled
      const whole = yield* bytes(file)
      whole.fill(0xff, 4096)
      yield* Effect.promise(() => Fs.writeFile(file, whole))
      const fault = yield* Effect.flip(
        Effect.scoped(Effect.flatMap(open({ file }), ({ journal }) => journal.read("a")))
      )
      assert.strictEqual(fault.code, "store-corrupt")
    }))

  it.scopedLive("the database of another program is refused and not touched", () =>
    Effect.gen(function*() {
      const file = Path.join(yield* temporaryFolder, "other.db")
      yield* Effect.scoped(
        Effect.flatMap(
          SqliteClient.make({ filename: file, disableWAL: true }),
          (sql) => sql`CREATE TABLE songs (title TEXT)`
        )
      ).pipe(Effect.provide(Reactivity.layer))
      const fault = yield* refuses(file)
      assert.strictEqual(fault.code, "store-corrupt")
      assert.include(fault.message, "another program")
    }))

  it.scopedLive("a database that is newer than the program is refused and not touched", () =>
    Effect.gen(function*() {
      const file = yield* filled
      yield* Effect.scoped(Effect.flatMap(open({ file }), ({ database }) =>
        Migrations.apply(database, [...Migrations.migrations, {
          name: "next",
          statements: ["CREATE TABLE holdfast_next (a TEXT)"]
        }])))
      const fault = yield* refuses(file)
      assert.strictEqual(fault.code, "store-too-new")
      assert.strictEqual(fault.kind, "invalid")
      assert.include(fault.message, "Use the newer holdfast")
    }))

  it.scopedLive("an older database is brought up, and a step that fails leaves it as it was", () =>
    Effect.gen(function*() {
      const { database } = yield* (yield* sqlite.place).open
      const steps = [...Migrations.migrations, {
        name: "bad",
        statements: ["CREATE TABLE holdfast_next (a TEXT)", "CREATE nonsense"]
      }]
      const fault = yield* Effect.flip(Migrations.apply(database, steps))
      assert.strictEqual(fault.code, "store-corrupt")
      assert.strictEqual(yield* Migrations.check(database), Migrations.migrations.length)
      yield* Migrations.apply(database, [...Migrations.migrations, {
        name: "good",
        statements: ["CREATE TABLE holdfast_next (a TEXT)"]
      }])
      assert.strictEqual((yield* Effect.flip(Migrations.check(database))).code, "store-too-new")
    }))

  it.scopedLive("many processes may make the same store at once", () =>
    Effect.gen(function*() {
      const file = Path.join(yield* temporaryFolder, "deep", "holdfast.db")
      const children = yield* Effect.all(Array.from({ length: 8 }, () => Children.start("open", { file })), {
        concurrency: 8
      })
      yield* Effect.forEach(children, ({ ended }) => ended, { concurrency: 8 })
      assert.deepStrictEqual(children.map(({ said }) => said), children.map(() => ["opened"]))
    }))

  it.scopedLive("a folder that may not be written to is a fault that says what to do", () =>
    Effect.gen(function*() {
      const file = yield* filled
      const folder = Path.dirname(file)
      yield* Effect.promise(() => Fs.chmod(file, 0o444))
      yield* Effect.promise(() => Fs.chmod(folder, 0o555))
      // Nothing is forbidden to root.
      const anyone = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
      const existing = yield* Children.start("entries", { file }, anyone)
      yield* existing.ended
      const missing = yield* Children.start("open", { file: Path.join(folder, "deeper", "holdfast.db") }, anyone)
      yield* missing.ended
      yield* Effect.promise(() => Fs.chmod(folder, 0o755))
      for (const { said } of [existing, missing]) {
        assert.strictEqual(said.length, 1, said.join("\n"))
        assert.match(
          said[0] ?? "",
          /^fault store-(read-only|unavailable) store .*holdfast\.db: .*writable for this user/
        )
      }
      assert.isTrue(Option.isSome(yield* (yield* open({ file })).journal.read("a")))
    }))

  it.scopedLive("a full disk is a fault, what was recorded is kept, and with room again it goes on", () =>
    Effect.gen(function*() {
      const { database: { sql }, journal } = yield* (yield* sqlite.place).open
      yield* journal.begin("a", 1)
      const [pages] = yield* sql<{ page_count: number }>`PRAGMA page_count`
      assert(pages !== undefined)
      yield* sql.unsafe(`PRAGMA max_page_count = ${pages.page_count}`)
      const fault = yield* Effect.flip(journal.complete("a", "x".repeat(100_000)))
      assert.strictEqual(fault.code, "store-full")
      assert.strictEqual(fault.kind, "failed")
      assert.include(fault.message, "Make room")
      assert.deepStrictEqual(yield* journal.read("a"), Option.some({ _tag: "Begun", intent: 1 } as const))
      yield* sql`PRAGMA max_page_count = 1000000`
      yield* journal.complete("a", "done")
      assert.deepStrictEqual(
        yield* journal.read("a"),
        Option.some({ _tag: "Completed", intent: 1, result: "done" } as const)
      )
    }))

  it.scopedLive.skipIf(!mayMount)(
    "a disk that is full from the beginning, or fills up later, is called full",
    () =>
      Effect.gen(function*() {
        for (const size of ["4k", "16k", "40k", "100k", "160k"]) {
          const { folder, resize } = yield* smallDisk(size)
          const file = Path.join(folder, "holdfast.db")
          // Where there is room for the file, there is none for the memory that processes share.
          yield* Effect.promise(() => Fs.writeFile(file, ""))
          const fault = yield* Effect.flip(Effect.scoped(Effect.flatMap(open({ file }), ({ journal }) =>
            Effect.forEach(
              Array.from({ length: 100 }, (_, index) => String(index)),
              (key) => journal.begin(key, "x".repeat(1000))
            ))))
          assert.deepStrictEqual([fault.code, fault.kind], ["store-full", "failed"], size)
          resize("10m")
          yield* Effect.scoped(Effect.flatMap(open({ file }), ({ journal }) => journal.begin("a", 1)))
        }
      })
  )

  it("an error of a disk that has room is not called full", () => {
    const place = { backend: "sqlite", location: import.meta.filename, operation: "Journal.begin" } as const
    for (const code of ["SQLITE_IOERR", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"]) {
      const fault = StoreFault.fromDriver(place, Object.assign(new Error("disk I/O error"), { code }))
      assert.deepStrictEqual([fault.code, fault.kind], ["store-unavailable", "failed"])
      assert.include(fault.message, "the disk reports an error. See that the disk is in order")
    }
  })

  it.scopedLive("what stands in the place of its folder is named", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const [taken, nowhere] = [Path.join(folder, "file"), Path.join(folder, "link")]
      yield* Effect.promise(() => Fs.writeFile(taken, ""))
      yield* Effect.promise(() => Fs.symlink(Path.join(folder, "none/none"), nowhere))
      for (const place of [taken, Path.join(taken, "deeper"), nowhere]) {
        const fault = yield* Effect.flip(Effect.scoped(Effect.asVoid(open({ file: Path.join(place, "holdfast.db") }))))
        assert.deepStrictEqual([fault.code, fault.kind, fault.sent], ["store-unavailable", "failed", "no"])
        assert.include(fault.message, `${place} is not a folder`)
        assert.include(fault.hint, `move away what stands at ${place}`)
      }
    }))

  it.scopedLive("who goes on after the file was removed writes nothing that nobody would ever see", () =>
    Effect.gen(function*() {
      const file = yield* filled
      const first = yield* open({ file })
      yield* first.journal.begin("b", 1)
      yield* Effect.promise(() => Fs.rename(file, `${file}.away`))
      const removed = yield* Effect.flip(first.journal.begin("c", 1))
      assert.deepStrictEqual([removed.code, removed.kind, removed.sent], ["store-unavailable", "failed", "no"])
      assert.include(removed.message, "moved or removed while it was in use. Put it back")
      yield* Effect.promise(() => Fs.copyFile(`${file}.away`, file))
      assert.strictEqual((yield* Effect.flip(first.journal.begin("c", 1))).code, "store-unavailable")
      yield* Effect.promise(() => Fs.rename(`${file}.away`, file))
      yield* first.journal.begin("c", 1)
      assert.isTrue(Option.isSome(yield* (yield* open({ file })).journal.read("c")))
    }))

  it.scopedLive("an older database gets the series of its changes from their keys", () =>
    Effect.gen(function*() {
      const file = Path.join(yield* temporaryFolder, "holdfast.db")
      const series = "pve1+pve2/proxmox/lab/web-1/resize scsi0"
      yield* Effect.scoped(Effect.gen(function*() {
        const { database, journal } = yield* open({ file })
        for (const number of [1, 2, 10]) {
          yield* journal.begin(`${series}/${number}`, number)
          yield* journal.complete(`${series}/${number}`, number)
        }
        yield* journal.begin("genesys/user/12", 0)
        // As the second release left it.
        yield* database.sql`DELETE FROM holdfast_schema WHERE version > 2`
        yield* database.sql`DROP INDEX holdfast_journal_series`
        yield* database.sql`DROP INDEX holdfast_journal_run`
        yield* database.sql`DROP TABLE IF EXISTS holdfast_collections`
        for (const column of ["series", "number"]) {
          yield* database.sql.unsafe(`ALTER TABLE holdfast_journal DROP COLUMN ${column}`)
        }
      }))
      const { journal } = yield* open({ file })
      assert.strictEqual(Option.getOrThrow(yield* journal.latest(series)).number, 10)
      assert.isTrue(Option.isNone(yield* journal.latest("genesys/user")))
      assert.isTrue(Option.isSome(yield* journal.read("genesys/user/12")))
    }))

  it.scopedLive("a store that was closed says so", () =>
    Effect.gen(function*() {
      const place = yield* sqlite.place
      const { journal } = yield* Effect.scoped(place.open)
      const fault = yield* Effect.flip(journal.read("a"))
      assert.strictEqual(fault.code, "store-unavailable")
      assert.include(fault.message, "it was closed")
    }))
})
