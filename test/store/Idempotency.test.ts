import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import { join } from "node:path"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Json from "../../src/kernel/Json.ts"
import * as Database from "../../src/store/Database.ts"
import * as Idempotency from "../../src/store/Idempotency.ts"
import * as Lease from "../../src/store/Lease.ts"
import type * as RequestKey from "../../src/store/RequestKey.ts"
import { onBothBackends, type Opened, type Place } from "./Backends.ts"
import * as Child from "./Child.ts"

const shared = Effect.runSync(Scope.make())
let caller = ""
beforeAll(async () => {
  caller = await Effect.runPromise(
    Scope.extend(Child.program(new URL("./IdempotentCaller.ts", import.meta.url)), shared)
  )
})
afterAll(() => Effect.runPromise(Scope.close(shared, Exit.void)))

const request = { operation: "K3s.createInstances", parameters: { cluster: "lab", count: 3 } }

const Made = Schema.Struct({ ids: Schema.Array(Schema.String), at: Schema.DateFromString })

const made = { ids: ["i-1", "i-2"], at: new Date(0) }

const options = { ...request, result: Made }

const broken = Fault.make({
  kind: "failed",
  system: "test",
  operation: "Test.run",
  detail: "it broke",
  code: "broken",
  cause: new Error("secret")
})

const code = <A, R>(effect: Effect.Effect<A, Fault.Fault, R>) => Effect.map(Effect.flip(effect), (fault) => fault.code)

/** How often it ran, and the run itself. */
const counted = <A>(result: Effect.Effect<A, Fault.Fault>) =>
  Effect.map(Ref.make(0), (runs) => ({
    runs: Ref.get(runs),
    run: Effect.zipRight(Ref.update(runs, (count) => count + 1), result)
  }))

const using = (opened: Opened) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.provide(effect, opened.context)

/** A database that tells when something has been read from it. */
const afterRead = (database: Database.Service, operation: string, then: Effect.Effect<unknown>): Database.Service => ({
  ...database,
  read: (asked, body, options) =>
    Effect.tap(database.read(asked, body, options), () => asked === operation ? then : Effect.void)
})

/** A child process that asks for one operation of the same store. */
const ask = (place: Place, log: string, how: "run" | "hang") =>
  Child.startProgram(
    caller,
    [log, how, ...place.options.file === undefined ? [] : [place.options.file]],
    place.options.url === undefined ? {} : { env: { HOLDFAST_DATABASE_URL: Redacted.value(place.options.url) } }
  )

const lines = (log: string): ReadonlyArray<string> =>
  Fs.existsSync(log) ? Fs.readFileSync(log, "utf8").split("\n").filter((line) => line !== "") : []

const keyOf = (request: RequestKey.Request) => Effect.runSync(Idempotency.keyOf(request))

describe("the key of a run", () => {
  const json = FastCheck.jsonValue({ maxDepth: 3 }).map((value) => Option.getOrThrow(Json.fromUnknown(value)))
  const hostile = FastCheck.constantFrom<Json.Json>(
    {},
    JSON.parse("{\"__proto__\":1}"),
    JSON.parse("{\"__proto__\":{}}")
  )
  const name = FastCheck.constantFrom("a", "ab", "a\",\"b", "b", "[]")
  const asked = FastCheck.record({
    operation: name,
    parameters: FastCheck.oneof(json, hostile, name),
    key: FastCheck.option(name, { nil: undefined })
  })

  it("is the same for the same, and for nothing else", () => {
    FastCheck.assert(
      FastCheck.property(asked, asked, (left, right) => {
        const same = left.operation === right.operation && left.key === right.key &&
          (left.key !== undefined || Json.equals(left.parameters, right.parameters))
        assert.strictEqual(keyOf(left) === keyOf(right), same)
        assert.match(keyOf(left), /^[0-9a-f]{64}$/)
      }),
      { numRuns: 2000 }
    )
  })

  it.effect("knows no order of fields, and takes no value for no field", () =>
    Effect.gen(function*() {
      const one = yield* Idempotency.keyOf({ operation: "x", parameters: { a: 1, b: { c: 2, d: [3] } } })
      const two = yield* Idempotency.keyOf({ operation: "x", parameters: { b: { d: [3], c: 2 }, e: undefined, a: 1 } })
      assert.strictEqual(one, two)
      assert.strictEqual(
        yield* Idempotency.keyOf({ operation: "x", parameters: undefined }),
        yield* Idempotency.keyOf({ operation: "x", parameters: null })
      )
    }))

  it.effect("is refused to what JSON would change in silence", () =>
    Effect.gen(function*() {
      const circle: Array<unknown> = []
      circle.push(circle)
      class Point {
        readonly x = 1
      }
      const odd = [
        new Date(0),
        new Map([["a", 1]]),
        new Set([1]),
        new Point(),
        Redacted.make("x"),
        Number.NaN,
        Number.POSITIVE_INFINITY,
        [undefined],
        Array.from({ length: 2 }),
        1n,
        () => 1,
        Symbol("x"),
        circle
      ]
      for (const value of odd) {
        for (const parameters of [value, { deep: [value] }]) {
          const fault = yield* Effect.flip(Idempotency.keyOf({ operation: "x", parameters }))
          assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["invalid", "idempotency-parameters", "no"])
        }
      }
      assert.strictEqual(yield* code(Idempotency.keyOf({ operation: "", parameters: 1 })), "idempotency-operation")
      assert.strictEqual(yield* code(Idempotency.keyOf({ operation: "x", parameters: 1, key: "" })), "idempotency-key")
    }))
})

await onBothBackends("Idempotency", (backend) => {
  const opened = Effect.flatMap(backend.place, (place) => place.open)

  it.scopedLive("runs once, and gives the kept result to all who ask later", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const work = yield* counted(Effect.succeed(made))
      const call = Idempotency.run(work.run, options)
      assert.deepStrictEqual(yield* using(yield* place.open)(call), made)
      assert.deepStrictEqual(yield* using(yield* place.open)(call), made)
      assert.strictEqual(yield* work.runs, 1)
      const other = Idempotency.run(work.run, { ...options, operation: "K3s.createMore" })
      assert.deepStrictEqual(yield* using(yield* place.open)(other), made)
      assert.strictEqual(yield* work.runs, 2)
    }))

  it.scopedLive("all who ask at once share one run, in one process and in several", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const stores = yield* Effect.all(Array.from({ length: 3 }, () => place.open))
      const work = yield* counted(Effect.as(Effect.sleep("50 millis"), made))
      const results = yield* Effect.forEach(
        [...stores, ...stores, ...stores],
        (store) => using(store)(Idempotency.run(work.run, options)),
        { concurrency: 9 }
      )
      assert.deepStrictEqual(results, results.map(() => made))
      assert.strictEqual(yield* work.runs, 1)
    }))

  it.scopedLive("who waited for a run gets its failure, who asks anew runs it again", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const begun = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const work = yield* counted(
        Effect.zipRight(Deferred.succeed(begun, undefined), Effect.zipRight(Deferred.await(gate), broken))
      )
      const call = Effect.provideService(Idempotency.run(work.run, options), Lease.Leases, store.leases)
      const first = yield* Effect.fork(Effect.provideService(Effect.flip(call), Database.Database, store.database))
      yield* Deferred.await(begun)
      const looks = yield* Effect.makeSemaphore(0)
      const others = yield* Effect.forEach([1, 2, 3], () =>
        Effect.fork(Effect.provideService(
          Effect.flip(call),
          Database.Database,
          afterRead(store.database, "Idempotency.run", looks.release(1))
        )))
      // All three have seen it run.
      yield* looks.take(3)
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual((yield* Fiber.join(first)).cause, broken.cause)
      for (const other of others) {
        const fault = yield* Fiber.join(other)
        assert.deepStrictEqual([fault.code, fault.message], ["broken", broken.message])
        // What was thrown below may hold anything, and is not kept.
        assert.isUndefined(fault.cause)
      }
      assert.strictEqual(yield* work.runs, 1)
      assert.strictEqual(yield* code(using(store)(call)), "broken")
      assert.strictEqual(yield* work.runs, 2)
    }))

  it.scopedLive("a policy says whether what failed is run again", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const asked: Array<readonly [string | undefined, number]> = []
      const work = yield* counted(broken)
      const call = using(store)(Idempotency.run(work.run, {
        ...options,
        retryFailed: (fault, runs) => {
          asked.push([fault.code, runs])
          return runs < 2
        }
      }))
      for (let round = 0; round < 4; round += 1) assert.strictEqual(yield* code(call), "broken")
      assert.strictEqual(yield* work.runs, 2)
      assert.deepStrictEqual(asked, [["broken", 1], ["broken", 2], ["broken", 2]])
      // The failure of another release, in words that this one cannot read, is a failure still.
      const { sql, transaction } = store.database
      yield* transaction("Test.age", sql`UPDATE holdfast_idempotency SET outcome = '{"reason":7}'`)
      assert.strictEqual(yield* code(call), "idempotency-failed")
    }))

  it.scopedLive("outcomes are kept for their time, and swept after it", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const work = yield* counted(Effect.succeed(made))
      const call = using(store)(Idempotency.run(work.run, { ...options, ttl: "1 hour" }))
      const other = using(store)(Idempotency.run(work.run, { ...options, key: "other", ttl: "1 day" }))
      yield* Effect.all([call, other])
      place.time.now += 3_600_000 - 1
      yield* call
      assert.strictEqual(yield* using(store)(Idempotency.sweep), 0)
      assert.strictEqual(yield* work.runs, 2)
      place.time.now += 1
      assert.isTrue(Option.isNone(yield* using(store)(Idempotency.status(request))))
      yield* call
      assert.strictEqual(yield* work.runs, 3)
      place.time.now += 3_600_000
      assert.strictEqual(yield* using(store)(Idempotency.expired), 1)
      assert.strictEqual(yield* using(store)(Idempotency.sweep), 1)
      assert.strictEqual(yield* using(store)(Idempotency.expired), 0)
      assert.isTrue(Option.isSome(yield* using(store)(Idempotency.status({ ...request, key: "other" }))))
    }))

  it.scopedLive("a sweep takes nothing from what still runs", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const begun = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const work = yield* counted(
        Effect.zipRight(Deferred.succeed(begun, undefined), Effect.as(Deferred.await(gate), made))
      )
      const call = using(store)(Idempotency.run(work.run, { ...options, ttl: "1 second" }))
      const running = yield* Effect.fork(call)
      yield* Deferred.await(begun)
      place.time.now += 2000
      assert.strictEqual(yield* using(store)(Idempotency.sweep), 0)
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(running)
      yield* call
      assert.strictEqual(yield* work.runs, 1)
    }))

  it.scopedLive("what was interrupted is run again, or refused where that is asked for", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const begun = yield* Deferred.make<void>()
      const hanging = yield* Effect.fork(
        using(store)(Idempotency.run(Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never), options))
      )
      yield* Deferred.await(begun)
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(hanging)))
      const left = Option.getOrThrow(yield* using(store)(Idempotency.status(request)))
      assert.deepStrictEqual([left.state, left.runs, left.endedAt], ["pending", 1, Option.none()])
      const work = yield* counted(Effect.succeed(made))
      const careful = using(store)(Idempotency.run(work.run, { ...options, whenInterrupted: "refuse" }))
      const fault = yield* Effect.flip(careful)
      assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["unknown", "idempotency-interrupted", "maybe"])
      assert.strictEqual(yield* work.runs, 0)
      assert.deepStrictEqual(yield* using(store)(Idempotency.run(work.run, options)), made)
      assert.strictEqual(Option.getOrThrow(yield* using(store)(Idempotency.status(request))).runs, 2)
      assert.deepStrictEqual(yield* careful, made)
      assert.strictEqual(yield* work.runs, 1)
    }))

  it.scopedLive("a bug in the operation leaves it pending, and the lock free", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const exit = yield* Effect.exit(using(store)(Idempotency.run(Effect.die("bug"), options)))
      assert.deepStrictEqual(exit, Exit.die("bug"))
      assert.deepStrictEqual(yield* using(store)(Idempotency.run(Effect.succeed(made), { ...options, wait: 0 })), made)
    }))

  it.scopedLive("a result that does not fit any more is made anew, and kept", () =>
    Effect.gen(function*() {
      const store = yield* opened
      yield* using(store)(Idempotency.run(Effect.succeed(made), options))
      const Newer = Schema.Struct({ ids: Schema.Array(Schema.String), zone: Schema.String })
      const work = yield* counted(Effect.succeed({ ids: ["i-1"], zone: "a" }))
      const call = using(store)(Idempotency.run(work.run, { ...request, result: Newer }))
      assert.deepStrictEqual(yield* call, { ids: ["i-1"], zone: "a" })
      assert.deepStrictEqual(yield* call, { ids: ["i-1"], zone: "a" })
      assert.strictEqual(yield* work.runs, 1)
    }))

  it.scopedLive("a torn outcome is a fault, not a guess", () =>
    Effect.gen(function*() {
      const store = yield* opened
      yield* using(store)(Idempotency.run(Effect.succeed(made), options))
      const { sql, transaction } = store.database
      yield* transaction("Test.tear", sql`UPDATE holdfast_idempotency SET outcome = '{"ids":'`)
      assert.strictEqual(
        yield* code(using(store)(Idempotency.run(Effect.succeed(made), options))),
        "store-corrupt"
      )
      yield* using(store)(Idempotency.forget(request))
      assert.deepStrictEqual(yield* using(store)(Idempotency.run(Effect.succeed(made), options)), made)
    }))

  it.scopedLive("one key is for one operation with one set of parameters", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const keyed = { ...options, key: "token-1" }
      const work = yield* counted(Effect.succeed(made))
      yield* using(store)(Idempotency.run(work.run, keyed))
      const fault = yield* Effect.flip(
        using(store)(Idempotency.run(work.run, { ...keyed, parameters: { cluster: "prod" } }))
      )
      assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["conflict", "idempotency-mismatch", "no"])
      assert.strictEqual(yield* work.runs, 1)
      yield* using(store)(Idempotency.run(work.run, { ...keyed, operation: "K3s.deleteInstances" }))
      assert.strictEqual(yield* work.runs, 2)
    }))

  it.scopedLive("what is kept tells nobody the parameters", () =>
    Effect.gen(function*() {
      const store = yield* opened
      yield* using(store)(
        Idempotency.run(Effect.succeed(made), { ...options, parameters: { password: "correct horse" } })
      )
      const rows = yield* store.database.read("Test.read", store.database.sql`SELECT * FROM holdfast_idempotency`)
      assert.lengthOf(rows, 1)
      assert.notInclude(JSON.stringify(rows), "correct horse")
    }))

  it.scopedLive("a result that cannot be kept is a fault that says that it was done", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const fault = yield* Effect.flip(
        using(store)(Idempotency.run(Effect.succeed(Number.NaN), { ...request, result: Schema.JsonNumber }))
      )
      assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["invalid", "idempotency-result", "yes"])
      assert.include(fault.message, "the operation ended well, but its result was not recorded")
    }))

  it.scopedLive("waits no longer than asked, and names who runs it; nobody can forget what runs", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const begun = yield* Deferred.make<void>()
      yield* Effect.fork(
        using(store)(Idempotency.run(Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never), options))
      )
      yield* Deferred.await(begun)
      const call = using(store)(Idempotency.run(Effect.succeed(made), { ...options, wait: "30 millis" }))
      const fault = yield* Effect.flip(call)
      assert.deepStrictEqual([fault.kind, fault.code], ["locked", "lease-held"])
      assert.include(fault.message, `process ${process.pid} on `)
      assert.strictEqual(yield* code(using(store)(Idempotency.forget(request))), "lease-held")
    }))

  it.scopedLive("who lost the right to run it meanwhile does not overwrite the other's result", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const sleepy = yield* place.open
      const quick = yield* place.open
      const begun = yield* Deferred.make<void>()
      const gate = yield* Deferred.make<void>()
      const slow = Effect.zipRight(
        Deferred.succeed(begun, undefined),
        Effect.as(Deferred.await(gate), { ...made, ids: ["slow"] })
      )
      const paused = yield* Effect.fork(Effect.flip(using(sleepy)(Idempotency.run(slow, options))))
      yield* Deferred.await(begun)
      // As if the process had been stopped for longer than its lease lasts.
      yield* quick.leases.break(`idempotency:${yield* Idempotency.keyOf(request)}`)
      yield* using(quick)(Idempotency.run(Effect.succeed({ ...made, ids: ["quick"] }), options))
      yield* Deferred.succeed(gate, undefined)
      const fault = yield* Fiber.join(paused)
      assert.deepStrictEqual([fault.code, fault.sent], ["lease-lost", "yes"])
      const kept = yield* using(sleepy)(Idempotency.run(Effect.die("not again"), options))
      assert.deepStrictEqual(kept.ids, ["quick"])
    }))

  it.scopedLive("says what is known of a run", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const begunAt = place.time.now
      const status = using(store)(Idempotency.status(request))
      assert.isTrue(Option.isNone(yield* status))
      const later = Effect.sync(() => {
        place.time.now += 1000
      })
      yield* Effect.flip(using(store)(Idempotency.run(Effect.zipRight(later, broken), { ...options, ttl: "1 minute" })))
      const failed = Option.getOrThrow(yield* status)
      assert.deepStrictEqual(
        [failed.state, failed.runs, failed.begunAt, failed.endedAt, failed.expiresAt],
        ["failed", 1, begunAt, Option.some(begunAt + 1000), begunAt + 61_000]
      )
      assert.deepStrictEqual(Option.map(failed.fault, ({ code }) => code), Option.some("broken"))
      yield* using(store)(Idempotency.run(Effect.succeed(made), options))
      const completed = Option.getOrThrow(yield* status)
      assert.deepStrictEqual([completed.state, completed.runs, completed.fault], ["completed", 2, Option.none()])
    }))

  it.scopedLive("eight processes ask at once: one runs, and all have its result", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const log = join(yield* Child.folder, "log")
      const children = yield* Effect.forEach(Array.from({ length: 8 }), () => ask(place, log, "run"))
      const results = new Set<string>()
      for (const child of children) {
        let line = yield* child.line
        while (line === "ready" || line === "running") line = yield* child.line
        results.add(line)
      }
      assert.lengthOf(lines(log), 1)
      assert.deepStrictEqual([...results], [`result ${lines(log)[0]}`])
    }), 60_000)

  it.scopedLive(
    "the process that runs it is killed: one that waits runs it, and only one",
    () =>
      Effect.gen(function*() {
        const place = yield* backend.place
        const log = join(yield* Child.folder, "log")
        const first = yield* ask(place, log, "hang")
        assert.strictEqual(yield* first.line, "ready")
        assert.strictEqual(yield* first.line, "running")
        const others = yield* Effect.forEach([1, 2, 3], () => ask(place, log, "run"))
        for (const child of others) assert.strictEqual(yield* child.line, "ready")
        yield* first.kill
        for (const child of others) {
          let line = yield* child.line
          while (line === "running") line = yield* child.line
          assert.strictEqual(line, `result ${lines(log)[1]}`)
        }
        assert.lengthOf(lines(log), 2)
      }),
    60_000
  )
})
