import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as Database from "../../src/store/Database.ts"
import { onBothBackends } from "./Backends.ts"

const prepare = ({ sql, transaction }: Database.Service) =>
  transaction(
    "Test.prepare",
    Effect.zipRight(sql`CREATE TABLE counter (name TEXT, value BIGINT)`, sql`INSERT INTO counter VALUES ('a', 0)`)
  )

const valueOf = ({ read, sql }: Database.Service) =>
  Effect.map(
    read("Test.read", sql<{ value: number | string }>`SELECT value FROM counter`),
    (rows) => Number(rows[0]?.value)
  )

/** Reads and then writes, so that another writer in between would be overwritten. */
const increment = ({ sql, transaction }: Database.Service) =>
  transaction(
    "Test.increment",
    Effect.gen(function*() {
      const rows = yield* sql<{ value: number | string }>`SELECT value FROM counter`
      yield* sql`UPDATE counter SET value = ${Number(rows[0]?.value) + 1}`
    })
  )

await onBothBackends("Transaction", (backend) => {
  it.scopedLive("writes all of it, and leaves no trace of one that fails, dies or is interrupted", () =>
    Effect.gen(function*() {
      const { database } = yield* (yield* backend.place).open
      const { sql, transaction } = database
      yield* prepare(database)
      yield* increment(database)

      const failing = yield* Effect.exit(
        transaction("Test.fail", Effect.zipRight(sql`UPDATE counter SET value = 7`, Effect.fail("no" as const)))
      )
      assert.deepStrictEqual(failing, Exit.fail("no" as const))
      const dying = yield* Effect.exit(
        transaction("Test.die", Effect.zipRight(sql`UPDATE counter SET value = 7`, Effect.die("bug")))
      )
      assert.deepStrictEqual(dying, Exit.die("bug"))

      const written = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(transaction(
        "Test.hang",
        sql`UPDATE counter SET value = 7`.pipe(
          Effect.zipRight(Deferred.succeed(written, undefined)),
          Effect.zipRight(Effect.never)
        )
      ))
      yield* Deferred.await(written)
      yield* Fiber.interrupt(fiber)

      assert.strictEqual(yield* valueOf(database), 1)
      yield* increment(database)
      assert.strictEqual(yield* valueOf(database), 2)
    }))

  it.scopedLive("loses no update, however many write at once", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const stores = yield* Effect.all(Array.from({ length: 4 }, () => place.open))
      const first = stores[0]
      assert(first !== undefined)
      yield* prepare(first.database)
      yield* Effect.forEach(stores, ({ database }) =>
        Effect.forEach(Array.from({ length: 25 }), () =>
          increment(database), { concurrency: 3, discard: true }), { concurrency: 4 })
      assert.strictEqual(yield* valueOf(first.database), 100)
    }))

  it.scopedLive("a transaction in a transaction is part of it, one of another store is not", () =>
    Effect.gen(function*() {
      const { database } = yield* (yield* backend.place).open
      const other = (yield* (yield* backend.place).open).database
      yield* prepare(database)
      yield* prepare(other)
      const exit = yield* Effect.exit(database.transaction(
        "Test.outer",
        Effect.gen(function*() {
          yield* increment(database)
          yield* increment(other)
          assert.strictEqual(yield* valueOf(database), 1)
          assert.strictEqual(yield* valueOf(other), 1)
          return yield* Effect.fail("undo" as const)
        })
      ))
      assert.deepStrictEqual(exit, Exit.fail("undo" as const))
      assert.strictEqual(yield* valueOf(database), 0)
      assert.strictEqual(yield* valueOf(other), 1)
    }))

  it.scopedLive("what the database refuses is a fault, and a statement that failed cannot be passed over", () =>
    Effect.gen(function*() {
      const { database } = yield* (yield* backend.place).open
      const { sql, transaction } = database
      yield* prepare(database)
      const fault = yield* Effect.flip(transaction("Test.missing", sql`SELECT * FROM missing`))
      assert.strictEqual(fault.code, "store-corrupt")
      assert.strictEqual(fault.operation, "Test.missing")
      const result = yield* Effect.exit(transaction(
        "Test.passOver",
        sql`UPDATE counter SET value = 1`.pipe(
          Effect.zipRight(Effect.ignore(sql`SELECT * FROM missing`))
        )
      ))
      // SQLite goes on after it, PostgreSQL undoes all of it. What is said to be written is written.
      assert.strictEqual(yield* valueOf(database), Exit.isSuccess(result) ? 1 : 0)
      assert.strictEqual(Exit.isSuccess(result), backend.name === "sqlite")
    }))
})
