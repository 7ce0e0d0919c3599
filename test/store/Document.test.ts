import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Json from "../../src/kernel/Json.ts"
import * as Document from "../../src/store/Document.ts"
import * as JsonChange from "../../src/store/JsonChange.ts"
import * as Revision from "../../src/store/Revision.ts"
import { onBothBackends, type Opened } from "./Backends.ts"

const Cluster = Schema.Struct({
  spec: Schema.Struct({ masterCount: Schema.Int, since: Schema.optionalWith(Schema.DateFromString, { exact: true }) }),
  status: Schema.Struct({ phase: Schema.String })
})

const lab = { spec: { masterCount: 1 }, status: { phase: "Running" } }

const author = { who: "anna", why: "test" }

const documentOf = <A, I>(opened: Opened, schema: Schema.Schema<A, I>, name = "cluster/lab") =>
  Effect.provide(Document.make({ name, schema }), opened.context)

const Counter = Schema.Struct({ count: Schema.Int })

const increment = Option.match({
  onNone: () => Option.some({ count: 1 }),
  onSome: ({ count }: typeof Counter.Type) => Option.some({ count: count + 1 })
})

const code = <A, E extends { readonly code?: string }, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.map(Effect.flip(effect), (fault) => fault.code)

await onBothBackends("Document", (backend) => {
  const opened = Effect.flatMap(backend.place, (place) => place.open)

  it.scopedLive("a transaction shows nothing before its commit, and all of it after", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Cluster)
      assert.deepStrictEqual(yield* cluster.read, { version: 0, value: Option.none() })
      const first = yield* cluster.begin(author)
      yield* first.set("", lab)
      assert.deepStrictEqual(yield* cluster.read, { version: 0, value: Option.none() })
      assert.deepStrictEqual(yield* first.commit, { version: 1, value: Option.some(lab) })

      const second = yield* cluster.begin(author)
      assert.deepStrictEqual(second.snapshot, { version: 1, value: Option.some(lab) })
      yield* second.set("spec.masterCount", 3)
      yield* second.set("spec.since", "2026-01-01T00:00:00.000Z")
      yield* second.set("status.phase", "Scaling")
      const after = {
        spec: { masterCount: 3, since: new Date("2026-01-01T00:00:00.000Z") },
        status: { phase: "Scaling" }
      }
      assert.deepStrictEqual(yield* second.current, Option.some(after))
      assert.deepStrictEqual((yield* cluster.read).value, Option.some(lab))
      yield* second.commit
      assert.deepStrictEqual(yield* cluster.read, { version: 2, value: Option.some(after) })
      assert.deepStrictEqual(second.snapshot, { version: 1, value: Option.some(lab) })
    }))

  it.scopedLive("the audit trail says who, when, why, in which trace, and each place before and after", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const cluster = yield* documentOf(store, Cluster)
      yield* cluster.update({ why: "first" }, () => Option.some(lab))
      place.time.now += 5000
      const traceId = yield* Effect.gen(function*() {
        yield* cluster.transact({ who: "berta", why: "scale up" }, (transaction) =>
          Effect.all([
            transaction.set("status.phase", "Gone again"),
            transaction.set("spec.masterCount", 3),
            transaction.set("status.phase", "Running")
          ]))
        return (yield* Effect.currentSpan).traceId
      }).pipe(Effect.withSpan("test"))
      const [second, first] = yield* cluster.history()
      assert.deepStrictEqual(second, {
        version: 2,
        at: place.time.now,
        who: "berta",
        why: "scale up",
        traceId: Option.some(traceId),
        revertOf: Option.none(),
        changes: [{ path: ["spec", "masterCount"], before: 1, after: 3 }]
      })
      assert.strictEqual(first?.at, place.time.now - 5000)
      assert.strictEqual(first?.who, store.database.holder.toString())
      assert.deepStrictEqual(first?.changes, [{ path: [], after: lab }])
    }))

  it.scopedLive("of two commits one wins, and the other gets both versions and the name of the winner", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const left = yield* documentOf(yield* place.open, Cluster)
      const right = yield* documentOf(yield* place.open, Cluster)
      yield* left.update(author, () => Option.some(lab))
      const winner = yield* left.begin({ who: "anna", why: "scale up" })
      const loser = yield* right.begin({ who: "berta", why: "scale down" })
      yield* winner.set("spec.masterCount", 3)
      yield* loser.set("status.phase", "Lost")
      yield* winner.commit
      const fault = yield* Effect.flip(loser.commit)
      assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["conflict", "document-conflict", "no"])
      assert.include(fault.message, "changed to version 2 by anna (scale up) since version 1")
      const conflict = Option.getOrThrow(Revision.conflictOf(fault))
      assert.deepStrictEqual(
        [conflict.document, conflict.expected, conflict.found, conflict.who, conflict.why],
        ["cluster/lab", 1, 2, "anna", "scale up"]
      )
      assert.deepStrictEqual((yield* right.read).value, Option.some({ ...lab, spec: { masterCount: 3 } }))
      // What has lost cannot win later.
      assert.strictEqual(yield* code(loser.commit), "transaction-closed")
      assert.strictEqual((yield* left.read).version, 2)
    }))

  it.scopedLive("of many commits at once exactly one wins, time and again", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const documents = yield* Effect.all(
        Array.from({ length: 4 }, () => Effect.flatMap(place.open, (opened) => documentOf(opened, Counter)))
      )
      const [first] = documents
      assert(first !== undefined)
      for (let round = 1; round <= 5; round += 1) {
        const transactions = yield* Effect.forEach([...documents, ...documents], (document) => document.begin(author))
        yield* Effect.forEach(transactions, (transaction, index) => transaction.set("count", round * 100 + index))
        const ends = yield* Effect.forEach(transactions, (transaction) => Effect.either(transaction.commit), {
          concurrency: 8
        })
        const wins = ends.flatMap((end, index) => Either.isRight(end) ? [index] : [])
        assert.lengthOf(wins, 1)
        for (const end of ends) if (Either.isLeft(end)) assert.strictEqual(end.left.code, "document-conflict")
        const now = yield* first.read
        assert.deepStrictEqual(now, { version: round, value: Option.some({ count: round * 100 + (wins[0] ?? -1) }) })
      }
    }))

  it.scopedLive("updates at once never conflict, and none is lost", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const documents = yield* Effect.all(
        Array.from({ length: 4 }, () => Effect.flatMap(place.open, (opened) => documentOf(opened, Counter)))
      )
      yield* Effect.forEach(
        documents,
        (document) =>
          Effect.forEach(Array.from({ length: 15 }), () => document.update(author, increment), { concurrency: 2 }),
        { concurrency: 4, discard: true }
      )
      const [document] = documents
      assert(document !== undefined)
      assert.deepStrictEqual(yield* document.read, { version: 60, value: Option.some({ count: 60 }) })
      const counts = (yield* document.history()).map(({ changes }) => changes[0]?.after)
      assert.deepStrictEqual(counts.slice(0, 3), [60, 59, 58])
    }))

  it.scopedLive("what is rolled back, fails or is interrupted leaves nothing", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Cluster)
      const transaction = yield* cluster.begin(author)
      yield* transaction.set("", lab)
      yield* transaction.rollback
      yield* transaction.rollback
      assert.strictEqual(yield* code(transaction.commit), "transaction-closed")
      assert.strictEqual(yield* code(transaction.set("a", 1)), "transaction-closed")
      assert.strictEqual(yield* code(transaction.current), "transaction-closed")
      for (const end of [Effect.fail("no" as const), Effect.die("bug"), Effect.interrupt]) {
        const escaped = yield* Deferred.make<Document.Transaction<typeof Cluster.Type>>()
        const exit = yield* Effect.exit(
          cluster.transact(author, (transaction) =>
            Effect.all([Deferred.succeed(escaped, transaction), transaction.set("", lab), end]))
        )
        assert.isTrue(Exit.isFailure(exit))
        assert.strictEqual(
          yield* code(Effect.flatMap(Deferred.await(escaped), ({ commit }) =>
            commit)),
          "transaction-closed"
        )
      }
      assert.deepStrictEqual(yield* cluster.read, { version: 0, value: Option.none() })
      assert.deepStrictEqual(yield* cluster.history(), [])
    }))

  it.scopedLive("a transaction expires after half an hour of the store's clock", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const cluster = yield* documentOf(yield* place.open, Cluster)
      const inTime = yield* cluster.begin(author)
      yield* inTime.set("", lab)
      place.time.now += 30 * 60_000 - 1
      yield* inTime.commit
      const late = yield* cluster.begin(author)
      yield* late.set("spec.masterCount", 3)
      place.time.now += 30 * 60_000
      const fault = yield* Effect.flip(late.commit)
      assert.deepStrictEqual([fault.kind, fault.code], ["rejected", "transaction-expired"])
      place.time.now -= 10_000
      assert.strictEqual(yield* code(late.commit), "transaction-expired")
      assert.strictEqual((yield* cluster.read).version, 1)
    }))

  it.scopedLive("what does not fit the schema is not committed, and may be mended", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Cluster)
      const transaction = yield* cluster.begin(author)
      yield* transaction.set("spec.masterCount", "three")
      const fault = yield* Effect.flip(transaction.commit)
      assert.deepStrictEqual([fault.kind, fault.code], ["invalid", "document-invalid"])
      assert.include(fault.message, "spec.masterCount")
      assert.strictEqual(yield* code(transaction.current), "document-invalid")
      yield* transaction.set("spec.masterCount", 3)
      yield* transaction.set("status", { phase: "Running" })
      assert.strictEqual((yield* transaction.commit).version, 1)
      const NotJson = Schema.Struct({ count: Schema.Number })
      const odd = yield* documentOf(yield* opened, NotJson, "odd")
      assert.strictEqual(yield* code(odd.update(author, () => Option.some({ count: Number.NaN }))), "document-invalid")
      assert.strictEqual((yield* odd.read).version, 0)
    }))

  it.scopedLive("a place that is not there is a fault, and the transaction goes on", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Cluster)
      yield* cluster.update(author, () => Option.some(lab))
      const transaction = yield* cluster.begin(author)
      const fault = yield* Effect.flip(transaction.set("status.phase.deep", 1))
      assert.deepStrictEqual([fault.kind, fault.code], ["invalid", "document-path"])
      assert.include(fault.message, "status.phase.deep")
      yield* transaction.delete("nowhere.at.all")
      yield* transaction.set(["spec", "masterCount"], 2)
      assert.strictEqual((yield* transaction.commit).version, 2)
    }))

  it.scopedLive("without a change there is no new version, but a conflict is one all the same", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Cluster)
      yield* cluster.update(author, () => Option.some(lab))
      const idle = yield* cluster.begin(author)
      yield* idle.set("spec", { masterCount: 1 })
      assert.strictEqual((yield* idle.commit).version, 1)
      assert.lengthOf(yield* cluster.history(), 1)
      const stale = yield* cluster.begin(author)
      yield* cluster.update(author, () => Option.some({ ...lab, spec: { masterCount: 2 } }))
      assert.strictEqual(yield* code(stale.commit), "document-conflict")
    }))

  it.scopedLive("a version comes back as a new one, and the trail says of which", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Counter)
      for (let round = 0; round < 3; round += 1) yield* cluster.update(author, increment)
      assert.deepStrictEqual(yield* cluster.at(2), Option.some({ count: 2 }))
      assert.deepStrictEqual(yield* cluster.revert(1, { who: "anna", why: "back" }), {
        version: 4,
        value: Option.some({ count: 1 })
      })
      const [last] = yield* cluster.history({ limit: 1 })
      assert.deepStrictEqual(last?.revertOf, Option.some(1))
      assert.deepStrictEqual(last?.changes, [{ path: ["count"], before: 3, after: 1 }])
      const fault = yield* Effect.flip(cluster.revert(9, author))
      assert.deepStrictEqual([fault.kind, fault.code], ["not-found", "document-version"])
      const older = yield* cluster.history({ limit: 2, before: 4 })
      assert.deepStrictEqual(older.map(({ version }) => version), [3, 2])
    }))

  it.scopedLive("a document is removed and comes back, and its versions go on", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Counter)
      yield* cluster.update(author, increment)
      yield* cluster.transact(author, (transaction) => transaction.delete(""))
      assert.deepStrictEqual(yield* cluster.read, { version: 2, value: Option.none() })
      assert.deepStrictEqual(yield* cluster.at(2), Option.none())
      yield* cluster.update(author, increment)
      assert.deepStrictEqual(yield* cluster.revert(2, author), { version: 4, value: Option.none() })
    }))

  it.scopedLive("the value null is a value", () =>
    Effect.gen(function*() {
      const nothing = yield* documentOf(yield* opened, Schema.NullOr(Schema.String), "null")
      yield* nothing.update(author, () => Option.some(null))
      assert.deepStrictEqual(yield* nothing.read, { version: 1, value: Option.some(null) })
      assert.deepStrictEqual(yield* nothing.at(1), Option.some(null))
      const [first] = yield* nothing.history()
      assert.deepStrictEqual(first?.changes, [{ path: [], after: null }])
    }))

  it.scopedLive("old versions may be forgotten, the present one never", () =>
    Effect.gen(function*() {
      const cluster = yield* documentOf(yield* opened, Counter)
      const other = yield* documentOf(yield* opened, Counter, "other")
      yield* other.update(author, increment)
      for (let round = 0; round < 5; round += 1) yield* cluster.update(author, increment)
      assert.strictEqual(yield* cluster.prune(2), 3)
      assert.deepStrictEqual((yield* cluster.history()).map(({ version }) => version), [5, 4])
      assert.strictEqual(yield* code(cluster.at(3)), "document-version")
      assert.strictEqual(yield* cluster.prune(0), 1)
      assert.deepStrictEqual(yield* cluster.read, { version: 5, value: Option.some({ count: 5 }) })
      assert.lengthOf(yield* other.history(), 1)
    }))

  it.scopedLive("a value of an older schema is a fault that names the place, and a torn one is corrupt", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const cluster = yield* documentOf(store, Cluster)
      yield* cluster.update(author, () => Option.some(lab))
      const Newer = Schema.Struct({ spec: Schema.Struct({ masterCount: Schema.Int, region: Schema.String }) })
      const newer = yield* documentOf(store, Newer)
      const fault = yield* Effect.flip(newer.read)
      assert.strictEqual(fault.code, "document-invalid")
      assert.include(fault.message, "spec.region")
      const { sql, transaction } = store.database
      yield* transaction("Test.tear", sql`UPDATE holdfast_documents SET value = '{"spec":'`)
      assert.strictEqual(yield* code(cluster.read), "store-corrupt")
      assert.strictEqual(yield* code(cluster.begin(author)), "store-corrupt")
    }))

  it.scopedLive("a document has a name", () =>
    Effect.gen(function*() {
      assert.strictEqual(yield* code(documentOf(yield* opened, Counter, "")), "document-name")
    }))

  it.scopedLive("after any transactions the trail, made one by one, leads to every version", () =>
    Effect.gen(function*() {
      const store = yield* opened
      const step = FastCheck.record({
        path: FastCheck.array(FastCheck.constantFrom("a", "b", "__proto__", "0"), { minLength: 1, maxLength: 3 }),
        put: FastCheck.option(
          FastCheck.constantFrom<Json.Json>(1, "x", null, [1, 2, 3], [2], { a: { b: 1 } }, {}),
          { nil: undefined }
        ),
        end: FastCheck.constantFrom("commit", "rollback", "go on")
      })
      const runs = FastCheck.sample(FastCheck.array(step, { minLength: 1, maxLength: 12 }), { numRuns: 25, seed: 7 })
      for (const [index, steps] of runs.entries()) {
        const document = yield* documentOf(store, Schema.Unknown, `any ${index}`)
        let model: Option.Option<Json.Json> = Option.none()
        let versions = 0
        let transaction = yield* document.begin(author)
        let open = model
        for (const { end, path, put } of steps) {
          const made = put === undefined ? Option.some(JsonChange.remove(open, path)) : Option.map(
            JsonChange.set(open, path, put),
            Option.some
          )
          const result = yield* Effect.either(
            put === undefined ? transaction.delete(path) : transaction.set(path, put)
          )
          assert.strictEqual(Either.isRight(result), Option.isSome(made))
          open = Option.getOrElse(made, () => open)
          if (end === "go on") continue
          if (end === "commit") {
            versions += JsonChange.between(model, open).length === 0 ? 0 : 1
            model = open
            yield* transaction.commit
          } else yield* transaction.rollback
          open = model
          transaction = yield* document.begin(author)
        }
        assert.deepStrictEqual(yield* document.read, { version: versions, value: model })
        const trail = (yield* document.history()).toReversed()
        assert.deepStrictEqual(trail.map(({ version }) => version), trail.map((_, index) => index + 1))
        let replayed: Option.Option<Json.Json> = Option.none()
        for (const { changes, version } of trail) {
          for (const change of changes) replayed = Option.getOrThrow(JsonChange.apply(replayed, change))
          assert.deepStrictEqual(yield* document.at(version), replayed)
        }
      }
    }))
})
