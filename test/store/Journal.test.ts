import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import { onBothBackends } from "./Backends.ts"

const fault = Fault.make({
  kind: "failed",
  system: "test",
  operation: "Test.send",
  detail: "it broke",
  code: "broken",
  cause: new Error("secret")
})

await onBothBackends("Journal", (backend) => {
  it.scopedLive("keeps intents and outcomes for the next process, exactly", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const intent = { z: 1, a: ["ä\u0000\ud800", 1.5, null, true], deep: { " ": "" } }
      yield* Effect.scoped(Effect.gen(function*() {
        const { journal } = yield* place.open
        assert.isTrue(Option.isNone(yield* journal.read("a")))
        yield* journal.begin("a", intent)
        yield* journal.begin("b", null)
        yield* journal.complete("b", [1, "two"])
        yield* journal.begin("c", 3)
        yield* journal.fail("c", fault)
      }))
      const { journal } = yield* place.open
      assert.deepStrictEqual(yield* journal.read("a"), Option.some({ _tag: "Begun", intent } as const))
      assert.deepStrictEqual(
        yield* journal.read("b"),
        Option.some({ _tag: "Completed", intent: null, result: [1, "two"] } as const)
      )
      const failed = Option.getOrThrow(yield* journal.read("c"))
      assert(failed._tag === "Failed")
      assert.isTrue(Fault.isFault(failed.fault))
      assert.strictEqual(failed.fault.code, "broken")
      assert.strictEqual(failed.fault.message, fault.message)
      assert.isUndefined(failed.fault.cause)
    }))

  it.scopedLive("refuses what does not follow", () =>
    Effect.gen(function*() {
      const { journal } = yield* (yield* backend.place).open
      assert.strictEqual((yield* Effect.flip(journal.complete("a", 1))).code, "journal-not-begun")
      assert.strictEqual((yield* Effect.flip(journal.fail("a", fault))).code, "journal-not-begun")
      yield* journal.begin("a", 1)
      yield* journal.fail("a", fault)
      yield* journal.begin("a", 2)
      yield* journal.complete("a", "done")
      assert.strictEqual((yield* Effect.flip(journal.begin("a", 3))).code, "journal-completed")
      assert.deepStrictEqual(
        yield* journal.read("a"),
        Option.some({ _tag: "Completed", intent: 2, result: "done" } as const)
      )
    }))

  const damages = {
    "torn text": (sql: string) => `${sql} intent = '{"a": '`,
    "another value": (sql: string) => `${sql} intent = '2'`,
    "another state": (sql: string) => `${sql} state = 'completed'`,
    "an unknown state": (sql: string) => `${sql} state = 'maybe'`
  }
  const places = {
    "an entry": { key: "a", place: undefined },
    "an entry of a series": { key: "a/1", place: { series: "a", number: 1 } }
  }
  for (const [entry, { key, place }] of Object.entries(places)) {
    for (const [name, damage] of Object.entries(damages)) {
      it.scopedLive(`${entry} with ${name} is a fault, and stays as it is`, () =>
        Effect.gen(function*() {
          const { database, journal } = yield* (yield* backend.place).open
          const rows = database.read("Test.read", database.sql`SELECT * FROM holdfast_journal`)
          yield* journal.begin(key, 1, place)
          yield* database.transaction("Test.damage", database.sql.unsafe(damage("UPDATE holdfast_journal SET")))
          const damaged = yield* rows
          for (
            const use of [
              journal.complete(key, 3),
              journal.fail(key, fault),
              journal.read(key),
              journal.begin(key, 3, place)
            ]
          ) {
            const refused = yield* Effect.flip(Effect.asVoid(use))
            assert.strictEqual(refused.code, "store-corrupt")
            assert.include(refused.message, `journal entry "${key}"`)
          }
          assert.deepStrictEqual(yield* rows, damaged)
          yield* journal.begin("b", 1)
        }))
    }
  }

  it.scopedLive("gives a key to one at a time, over processes and in them", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const scope = yield* Scope.make()
      assert.deepStrictEqual(yield* Scope.extend(first.journal.claim("a"), scope), { contended: false })
      const taken: Array<string> = []
      const claim = (store: typeof first, name: string) =>
        Effect.scoped(Effect.tap(store.journal.claim("a"), () => Effect.sync(() => taken.push(name))))
      const same = yield* Effect.fork(claim(first, "same"))
      const other = yield* Effect.fork(claim(second, "other"))
      const gone = yield* Effect.fork(claim(second, "gone"))
      assert.deepStrictEqual(yield* Effect.scoped(second.journal.claim("b")), { contended: false })
      yield* Effect.sleep(50)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(gone)))
      assert.deepStrictEqual(taken, [])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(yield* Effect.all([Fiber.join(same), Fiber.join(other)]), [{ contended: true }, {
        contended: true
      }])
      assert.sameMembers(taken, ["same", "other"])
    }))

  it.scopedLive("a holder that was stopped for too long writes nothing, and neither does one without the claim", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      yield* first.journal.claim("a")
      yield* first.journal.begin("a", 1)
      const intruding = yield* Effect.flip(second.journal.fail("a", fault))
      assert.strictEqual(intruding.code, "journal-claimed")

      place.time.now += 31_000
      assert.strictEqual((yield* Effect.flip(first.journal.complete("a", "late"))).code, "lease-lost")
      yield* second.journal.claim("a")
      yield* second.journal.complete("a", "settled")
      assert.strictEqual((yield* Effect.flip(first.journal.complete("a", "later"))).code, "lease-lost")
      assert.strictEqual((yield* Effect.flip(first.journal.fail("a", fault))).code, "lease-lost")
      assert.deepStrictEqual(
        yield* first.journal.read("a"),
        Option.some({ _tag: "Completed", intent: 1, result: "settled" } as const)
      )
    }))

  it.scopedLive("knows the last of a series, in the order of numbers", () =>
    Effect.gen(function*() {
      const { journal } = yield* (yield* backend.place).open
      assert.isTrue(Option.isNone(yield* journal.latest("a")))
      for (const number of [9, 10, 11]) {
        yield* journal.begin(`a/${number}`, number, { series: "a", number })
        yield* journal.complete(`a/${number}`, number)
      }
      yield* journal.begin("a/99", 99)
      yield* journal.begin("a/b/77", 77, { series: "a/b", number: 77 })
      assert.deepStrictEqual(
        yield* journal.latest("a"),
        Option.some({ number: 11, entry: { _tag: "Completed", intent: 11, result: 11 } as const })
      )
    }))

  it.scopedLive("begins no number that hides what goes on under another", () =>
    Effect.gen(function*() {
      const { journal } = yield* (yield* backend.place).open
      const begin = (number: number) => journal.begin(`a/${number}`, number, { series: "a", number })
      yield* begin(5)
      for (const number of [1, 4, 7]) {
        assert.strictEqual((yield* Effect.flip(begin(number))).code, "journal-behind")
      }
      yield* begin(5)
      yield* journal.complete("a/5", 0)
      yield* begin(6)
      assert.strictEqual(Option.getOrThrow(yield* journal.latest("a")).number, 6)
    }))

  it.scopedLive("another change under a number that somebody is at work on waits, is not refused, and comes after", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const [first, second] = [yield* place.open, yield* place.open]
      const sending = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const sent: Array<string> = []
      const change = (store: typeof first, intent: string, wait: Effect.Effect<void>) =>
        Mutation.next({
          series: "thing",
          operation: "Test.send",
          intent,
          result: Schema.String,
          send: Effect.zipRight(wait, Effect.sync(() => `${sent.push(intent)}`)),
          settle: Effect.succeed(Mutation.notDone),
          settleEarlier: () => Effect.succeed(Mutation.notDone)
        }).pipe(Effect.provide(store.context))
      const one = yield* Effect.fork(
        change(first, "on", Effect.zipRight(Deferred.succeed(sending, undefined), Deferred.await(release)))
      )
      yield* Deferred.await(sending)
      const other = yield* Effect.fork(change(second, "off", Effect.void))
      // Time enough to meet the claim, and to do harm.
      yield* Effect.sleep(100)
      assert.deepStrictEqual(sent, [])
      yield* Deferred.succeed(release, undefined)
      assert.deepStrictEqual([yield* Fiber.join(one), yield* Fiber.join(other)], ["1", "2"])
      assert.deepStrictEqual(sent, ["on", "off"])
      assert.strictEqual(Option.getOrThrow(yield* second.journal.latest("thing")).number, 2)
    }))

  it.scopedLive("a mutation that several processes want at once happens once", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const stores = yield* Effect.all(Array.from({ length: 4 }, () => place.open))
      let sent = 0
      const sending = yield* Deferred.make<void>()
      const mutation = Mutation.run({
        key: "a",
        operation: "Test.send",
        intent: { n: 1 },
        result: Schema.Number,
        send: Effect.zipRight(
          Effect.sync(() => sent += 1),
          Effect.as(Effect.zipRight(Deferred.succeed(sending, undefined), Effect.sleep(20)), 42)
        ),
        settle: Effect.succeed(Mutation.notDone)
      })
      const results = yield* Effect.forEach(stores, ({ context }) => Effect.provide(mutation, context), {
        concurrency: 4
      })
      assert.deepStrictEqual(results, [42, 42, 42, 42])
      assert.strictEqual(sent, 1)
    }))
})
