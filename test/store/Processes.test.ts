import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type * as Journal from "../../src/kernel/Journal.ts"
import { onBothBackends, open, type Place, sqlite } from "./Backends.ts"
import * as Children from "./Children.ts"

/** The same place for another process. */
const placeFor = ({ options, time }: Place) => ({
  now: time.now,
  ...(options.file === undefined ? {} : { file: options.file }),
  ...(options.url === undefined ? {} : { url: Redacted.value(options.url) })
})

await onBothBackends("Processes", (backend) => {
  it.scopedLive("what was said to be recorded is there after SIGKILL, whenever it comes", () =>
    Effect.gen(function*() {
      yield* Effect.forEach(["begun 1", "completed 1", "begun 17", "completed 40"], (last) =>
        Effect.scoped(Effect.gen(function*() {
          const place = yield* backend.place
          const child = yield* Children.start("entries", placeFor(place))
          yield* child.says(last)
          yield* child.kill
          const { journal } = yield* place.open
          assert.isNotEmpty(child.said)
          for (const line of child.said) {
            const [state, number] = line.split(" ")
            const entry: Journal.Entry = Option.getOrThrow(yield* journal.read(`entry/${number}`))
            assert.isTrue(entry._tag === "Completed" || (entry._tag === "Begun" && state === "begun"), line)
          }
        })), { concurrency: 2 })
    }))

  it.scopedLive("the lease of a killed process is passed over at once, though it has not run out", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const { leases } = yield* place.open
      const child = yield* Children.start("hold", placeFor(place))
      yield* child.says("holding")
      const held = yield* Effect.flip(leases.acquire("a"))
      assert.include(held.message, `process ${child.process.pid}`)
      yield* child.kill
      const lease = yield* leases.acquire("a")
      assert.isFalse(lease.contended)
    }))

  it.scopedLive("a process that was stopped and wakes after its claim ran out writes nothing", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const child = yield* Children.start("pause", placeFor(place))
      yield* child.says("begun")
      child.process.kill("SIGSTOP")
      place.time.now += 31_000
      const { journal } = yield* place.open
      yield* journal.claim("a")
      yield* journal.complete("a", "settled")
      child.process.kill("SIGCONT")
      yield* child.tell
      yield* child.says("lease-lost")
      assert.deepStrictEqual(
        yield* journal.read("a"),
        Option.some({ _tag: "Completed", intent: 1, result: "settled" } as const)
      )
    }))

  it.scopedLive("a killed run shows as interrupted, with what is settled and what is unknown, and frees its target", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const { runs } = yield* place.open
      const child = yield* Children.start("runs", placeFor(place))
      yield* child.says("sending")
      const [running] = yield* runs.list()
      assert(running !== undefined)
      assert.strictEqual(running.state, "running")
      yield* child.kill
      const killed = yield* runs.show(running.id)
      assert.strictEqual(killed.state, "interrupted")
      assert.deepStrictEqual(killed.steps.map(({ key, state }) => [key, state]), [["first", "done"], [
        "second",
        "unknown"
      ]])
      assert.strictEqual(yield* runs.track({ command: "test apply", target: "test/lab" }, Effect.succeed("ran")), "ran")
    }))
})

describe("Contention", () => {
  it.scopedLive(
    "sixteen processes with a hundred transactions each lose nothing, and none hears of another",
    () =>
      Effect.gen(function*() {
        const place = yield* sqlite.place
        const { database: { read, sql, transaction } } = yield* open({ ...place.options })
        yield* transaction(
          "Test.prepare",
          Effect.zipRight(sql`CREATE TABLE counter (value BIGINT)`, sql`INSERT INTO counter VALUES (0)`)
        )
        const children = yield* Effect.all(
          Array.from({ length: 16 }, () => Children.start("increments", placeFor(place))),
          { concurrency: 16 }
        )
        yield* Effect.forEach(children, (child) => child.says((line) => line !== ""), { concurrency: 16 })
        yield* Effect.forEach(children, ({ tell }) => tell)
        yield* Effect.forEach(children, ({ ended }) => ended, { concurrency: 16 })
        assert.deepStrictEqual(children.map(({ said }) => said), children.map(() => ["ready", "done"]))
        assert.deepStrictEqual(yield* read("Test.read", sql`SELECT value FROM counter`), [{ value: 1600 }])
      }),
    120_000
  )

  it.scopedLive("who waits for another writer does not stand still, and hears of it in the end", () =>
    Effect.gen(function*() {
      const place = yield* sqlite.place
      const first = yield* place.open
      const second = yield* place.open
      assert.deepStrictEqual(yield* second.database.sql`PRAGMA busy_timeout`, [{ timeout: 20 }])
      // What is committed is put on the disk beside, not by the driver, for which all would stand still.
      assert.deepStrictEqual(yield* second.database.sql`PRAGMA synchronous`, [{ synchronous: 1 }])
      assert.deepStrictEqual(yield* second.database.sql`PRAGMA journal_mode`, [{ journal_mode: "wal" }])
      let turns = 0
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(Effect.sleep(1), Effect.sync(() => turns += 1))))
      const fault = yield* first.database.transaction(
        "Test.hold",
        Effect.flip(
          second.database.transaction("Test.wait", second.database.sql`CREATE TABLE a (b TEXT)`, {
            patience: "500 millis"
          })
        )
      )
      assert.strictEqual(fault.code, "store-busy")
      assert.strictEqual(fault.kind, "locked")
      assert.isAbove(turns, 8)
      assert.isTrue(Option.isNone(yield* second.journal.read("a")))
    }))
})
