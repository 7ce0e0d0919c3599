import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { Opened } from "./Backends.ts"
import { onBothBackends } from "./Backends.ts"

const prepare = ({ database: { sql, transaction } }: Opened) =>
  transaction("Test.prepare", sql`CREATE TABLE written (name TEXT)`)

const writtenBy = ({ database: { read, sql } }: Opened) =>
  Effect.map(
    read("Test.read", sql<{ name: string }>`SELECT name FROM written ORDER BY name`),
    (rows) => rows.map(({ name }) => name)
  )

const write = ({ database: { sql } }: Opened, name: string) => sql`INSERT INTO written VALUES (${name})`

await onBothBackends("Lease", (backend) => {
  it.scopedLive("is one holder's until it is given back, and says whose it is", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const scope = yield* Scope.make()
      const lease = yield* Scope.extend(first.leases.acquire("a"), scope)
      assert.isFalse(lease.contended)

      const fault = yield* Effect.flip(second.leases.acquire("a"))
      assert.strictEqual(fault.kind, "locked")
      assert.strictEqual(fault.code, "lease-held")
      assert.include(fault.message, `process ${process.pid}`)
      assert.include(fault.message, "2026-01-01T00:00:00.000Z")
      yield* second.leases.acquire("b")
      const holding = Option.getOrThrow(yield* second.leases.holding("a"))
      assert.strictEqual(holding.fence, lease.fence)
      assert.isTrue(holding.live)

      yield* Scope.close(scope, Exit.void)
      assert.isTrue(Option.isNone(yield* second.leases.holding("a")))
      const next = yield* second.leases.acquire("a")
      assert.isAbove(next.fence, lease.fence)
    }))

  it.scopedLive("a holder that wakes after its end loses on its next guarded write, also where nobody came", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      yield* prepare(first)
      const lease = yield* first.leases.acquire("a", { ttl: "10 seconds", renew: false })
      yield* first.leases.guarded(lease, "Test.write", write(first, "in time"))

      place.time.now += 10_000
      const late = yield* Effect.flip(first.leases.guarded(lease, "Test.write", write(first, "late")))
      assert.strictEqual(late.code, "lease-lost")
      assert.strictEqual(late.kind, "conflict")

      const taken = yield* second.leases.acquire("a", { ttl: "10 seconds", renew: false })
      const later = yield* Effect.flip(first.leases.guarded(lease, "Test.write", write(first, "later")))
      assert.strictEqual(later.code, "lease-lost")
      const renewal = yield* Effect.flip(first.leases.renew(lease))
      assert.strictEqual(renewal.code, "lease-lost")
      yield* second.leases.guarded(taken, "Test.write", write(second, "new holder"))
      assert.deepStrictEqual(yield* writtenBy(second), ["in time", "new holder"])
    }))

  it.scopedLive("what the late holder gives back is not the lease of the new one", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const scope = yield* Scope.make()
      yield* Scope.extend(first.leases.acquire("a", { ttl: "10 seconds", renew: false }), scope)
      place.time.now += 10_000
      const taken = yield* second.leases.acquire("a")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(Option.getOrThrow(yield* first.leases.holding("a")).fence, taken.fence)
    }))

  it.scopedLive("is renewed while it is held", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const begun = place.time.now
      yield* first.leases.acquire("a", { ttl: "90 millis" })
      place.time.now += 60
      const renewed = Effect.map(
        second.leases.holding("a"),
        Option.exists(({ expiresAt }) => expiresAt === begun + 150)
      )
      yield* Effect.repeat(Effect.zipLeft(renewed, Effect.sleep(5)), { until: (is) => is })
      place.time.now += 60
      const fault = yield* Effect.flip(second.leases.acquire("a"))
      assert.strictEqual(fault.code, "lease-held")
    }))

  it.scopedLive("is waited for, in a way that can be interrupted and that ends", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const scope = yield* Scope.make()
      yield* Scope.extend(first.leases.acquire("a"), scope)

      const impatient = yield* Effect.flip(second.leases.acquire("a", { wait: "50 millis" }))
      assert.strictEqual(impatient.code, "lease-held")

      const interrupted = yield* Effect.forkDaemon(Effect.scoped(second.leases.acquire("a", { wait: "1 hour" })))
      yield* Effect.sleep(30)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(interrupted)))

      const waiting = yield* Effect.fork(second.leases.acquire("a", { wait: "1 hour" }))
      yield* Effect.sleep(30)
      yield* Scope.close(scope, Exit.void)
      const lease = yield* Fiber.join(waiting)
      assert.isTrue(lease.contended)
    }))

  it.scopedLive("can be broken, and then the holder has lost", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      yield* prepare(first)
      const lease = yield* first.leases.acquire("a")
      assert.isTrue(yield* second.leases.break("a"))
      assert.isFalse(yield* second.leases.break("a"))
      const fault = yield* Effect.flip(first.leases.guarded(lease, "Test.write", write(first, "late")))
      assert.strictEqual(fault.code, "lease-lost")
    }))

  it.scopedLive("goes to one of many who ask at once", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const stores = yield* Effect.all(Array.from({ length: 4 }, () => place.open))
      let holders = 0
      let most = 0
      const fences: Array<number> = []
      yield* Effect.forEach(stores, ({ leases }) =>
        Effect.forEach([1, 2, 3], () =>
          Effect.scoped(Effect.gen(function*() {
            const lease = yield* leases.acquire("a", { wait: "1 minute" })
            holders += 1
            most = Math.max(most, holders)
            fences.push(lease.fence)
            yield* Effect.yieldNow()
            holders -= 1
          })), { concurrency: 3 }), { concurrency: 4 })
      assert.strictEqual(most, 1)
      assert.deepStrictEqual(fences, fences.toSorted((left, right) => left - right))
      assert.strictEqual(new Set(fences).size, 12)
    }))
})
