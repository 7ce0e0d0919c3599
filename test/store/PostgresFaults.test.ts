import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { once } from "node:events"
import * as Net from "node:net"
import * as Mutation from "../../src/kernel/Mutation.ts"
import { open, type Opened, placeOf, postgres } from "./Backends.ts"
import { startPostgres } from "./PostgresServer.ts"

/** Of its own, because it is killed. */
const server = await startPostgres()

if (typeof server !== "string") afterAll(server.remove)

const counting = ({ database: { read, sql, transaction } }: Opened) => ({
  prepare: transaction(
    "Test.prepare",
    Effect.zipRight(sql`CREATE TABLE counter (value BIGINT)`, sql`INSERT INTO counter VALUES (0)`)
  ),
  increment: transaction("Test.increment", sql`UPDATE counter SET value = value + 1`),
  value: Effect.map(
    read("Test.read", sql<{ value: string }>`SELECT value FROM counter`),
    (rows) => Number(rows[0]?.value)
  )
})

/** Between client and server, to break the connection where it hurts: before or after the server has a COMMIT. */
const proxy = (port: number): Effect.Effect<
  { readonly port: number; lose: "nothing" | "request" | "reply" },
  never,
  Scope.Scope
> =>
  Effect.gen(function*() {
    const state: { port: number; lose: "nothing" | "request" | "reply" } = { port: 0, lose: "nothing" }
    const sockets = new Set<Net.Socket>()
    const listening = Net.createServer((client) => {
      const upstream = Net.connect(port, "127.0.0.1")
      const both = [client, upstream]
      let losing = false
      const end = () => both.forEach((socket) => socket.destroy())
      for (const socket of both) {
        sockets.add(socket)
        socket.on("error", end).on("close", end)
      }
      client.on("data", (chunk) => {
        if (chunk.includes("COMMIT") && state.lose !== "nothing") {
          losing = true
          if (state.lose === "request") return end()
        }
        upstream.write(chunk)
        return undefined
      })
      upstream.on("data", (chunk) => {
        if (!losing) client.write(chunk)
        else {
          state.lose = "nothing"
          end()
        }
      })
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => once(listening.listen(0, "127.0.0.1"), "listening")),
      () =>
        Effect.sync(() => {
          for (const socket of sockets) socket.destroy()
          listening.close()
        })
    )
    const address = listening.address()
    assert(address !== null && typeof address === "object")
    state.port = address.port
    return state
  })

describe.skipIf(typeof server === "string")(
  typeof server === "string" ? `PostgreSQL that fails: not started, ${server}` : "PostgreSQL that fails",
  () => {
    if (typeof server === "string") return

    it.scopedLive("a COMMIT whose reply is lost counts once, and so does one that never came", () =>
      Effect.gen(function*() {
        const direct = yield* Effect.promise(() => server.create())
        const between = yield* proxy(server.port)
        const url = new URL(direct)
        url.port = String(between.port)
        const store = yield* open({ url: Redacted.make(url.href) })
        const { increment, prepare, value } = counting(store)
        yield* prepare
        for (let expected = 1; expected <= 6; expected++) {
          between.lose = "reply"
          yield* increment
          assert.strictEqual(between.lose, "nothing")
          assert.strictEqual(yield* value, expected)
        }
        between.lose = "request"
        const running = yield* Effect.fork(increment)
        yield* Effect.sleep(100)
        between.lose = "nothing"
        yield* Fiber.join(running)
        assert.strictEqual(yield* value, 7)
      }))

    it.scopedLive(
      "killed and started again in the middle of a run: the run goes on, nothing is lost",
      () =>
        Effect.gen(function*() {
          const place = yield* postgres(server.port).place
          const store = yield* place.open
          const { increment, prepare, value } = counting(store)
          yield* prepare
          let sent = 0
          const change = (number: number) =>
            Effect.zipRight(
              increment,
              Mutation.run({
                key: `change ${number}`,
                operation: "Test.send",
                intent: number,
                result: Schema.Number,
                send: Effect.sync(() => sent += 1),
                settle: Effect.succeed(Mutation.notDone)
              })
            )
          const running = yield* Effect.fork(Effect.provide(
            store.runs.track(
              { command: "test apply", target: "test/lab" },
              Effect.forEach(Array.from({ length: 60 }, (_, index) => index), change, { concurrency: 3, discard: true })
            ),
            store.context
          ))
          for (const enough of [15, 35]) {
            yield* Effect.repeat(Effect.sleep(2), { until: () => sent >= enough })
            yield* Effect.promise(() => server.kill())
            yield* Effect.promise(() => server.start())
          }
          yield* Fiber.join(running)
          assert.strictEqual(sent, 60)
          assert.strictEqual(yield* value, 60)
          assert.deepStrictEqual((yield* store.runs.list()).map(({ state }) => state), ["done"])
          assert.strictEqual((yield* store.journal.read("change 59"))._tag, "Some")
        }),
      60_000
    )

    it.scopedLive("gone for good: a fault in bounded time, and all that was recorded is there afterwards", () =>
      Effect.gen(function*() {
        const place = yield* postgres(server.port).place
        const store = yield* place.open
        const { increment, prepare } = counting(store)
        yield* prepare
        yield* store.journal.begin("a", 1)
        yield* Effect.promise(() => server.kill())
        const impatient = yield* Effect.flip(Effect.uninterruptible(
          store.database.transaction("Test.write", store.database.sql`UPDATE counter SET value = 1`, {
            patience: "300 millis"
          })
        ))
        const opening = yield* Effect.flip(Effect.asVoid(place.open))
        yield* Effect.promise(() => server.start())
        for (const fault of [impatient, opening]) {
          assert.strictEqual(fault.code, "store-unavailable")
          assert.strictEqual(fault.kind, "transient")
          assert.include(fault.message, `store at postgres://127.0.0.1:${server.port}/test_`)
          assert.include(fault.message, "See that the server runs")
          assert.notInclude(fault.message, "secret")
        }
        yield* increment
        assert.isTrue(Option.isSome(yield* store.journal.read("a")))
      }))

    it.scopedLive("a wrong address, database or URL is told at once, without the password", () =>
      Effect.gen(function*() {
        const url = yield* Effect.promise(() => server.create())
        const missing = yield* Effect.flip(
          Effect.asVoid(open({ url: Redacted.make(url.replace(/test_\w+$/, "missing")) }))
        )
        assert.strictEqual(missing.code, "store-unavailable")
        assert.strictEqual(missing.kind, "failed")
        assert.include(missing.message, `database "missing" does not exist`)
        const nonsense = yield* Effect.flip(Effect.asVoid(open({ url: Redacted.make("secret is no url") })))
        assert.strictEqual(nonsense.code, "store-unavailable")
        assert.strictEqual(nonsense.kind, "invalid")
        assert.notInclude(nonsense.message, "secret")
        const other = yield* Effect.flip(Effect.asVoid(open({ url: Redacted.make("mysql://a:secret@b/c") })))
        assert.strictEqual(other.kind, "invalid")
      }))

    it.scopedLive("a store that was closed says so, at once", () =>
      Effect.gen(function*() {
        const place = yield* postgres(server.port).place
        const { journal } = yield* Effect.scoped(place.open)
        const fault = yield* Effect.flip(journal.read("a"))
        assert.strictEqual(fault.code, "store-unavailable")
        assert.include(fault.message, "it was closed")
      }))

    it.scopedLive("a role that may not write gets a fault", () =>
      Effect.gen(function*() {
        const url = yield* Effect.promise(() => server.create())
        const owner = yield* open({ url: Redacted.make(url) })
        yield* owner.database.sql`CREATE ROLE reader LOGIN`
        yield* owner.database.sql`GRANT SELECT, DELETE ON ALL TABLES IN SCHEMA public TO reader`
        const reader = yield* open({ url: Redacted.make(url.replace("holdfast:secret", "reader:secret")) })
        assert.isTrue(Option.isNone(yield* reader.journal.read("a")))
        const fault = yield* Effect.flip(reader.journal.begin("a", 1))
        assert.strictEqual(fault.code, "store-read-only")
        assert.strictEqual(fault.kind, "denied")
      }))

    it.scopedLive("many processes may bring an empty database up at once", () =>
      Effect.gen(function*() {
        const url = yield* Effect.promise(() => server.create())
        const place = placeOf({ url: Redacted.make(url) })
        const stores = yield* Effect.all(Array.from({ length: 8 }, () => place.open), { concurrency: 8 })
        yield* Effect.forEach(stores, ({ journal }, index) => journal.begin(String(index), index), { concurrency: 8 })
      }))
  }
)
