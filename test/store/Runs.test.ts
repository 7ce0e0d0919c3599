import { assert, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import { setImmediate } from "node:timers/promises"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import { onBothBackends, type Opened } from "./Backends.ts"

const send = (store: Opened, key: string, reply: Effect.Effect<number, Fault.Fault>) =>
  Effect.provide(
    Mutation.run({
      key,
      operation: "Test.send",
      intent: key,
      result: Schema.Number,
      send: reply,
      settle: Effect.succeed(Mutation.done(7))
    }),
    store.context
  )

const fault = Fault.make({ kind: "denied", system: "test", operation: "Test.send", detail: "not allowed" })

const day = 86_400_000

const only = <A>(values: ReadonlyArray<A>): A => {
  const [value, ...rest] = values
  assert(value !== undefined && rest.length === 0)
  return value
}

await onBothBackends("Runs", (backend) => {
  it.scopedLive("keeps what was asked for, of what, by whom, and what became of every change", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const begun = place.time.now
      const value = yield* store.runs.track(
        { command: "test apply", target: "test/lab", input: { file: "lab.json" } },
        Effect.gen(function*() {
          yield* send(store, "a", Effect.succeed(1))
          yield* Effect.flip(send(store, "b", fault))
          place.time.now += 5000
          return 5
        })
      ).pipe(Effect.withSpan("Test.apply"))
      assert.strictEqual(value, 5)

      const run = only(yield* (yield* place.open).runs.list())
      assert.strictEqual(run.state, "done")
      assert.strictEqual(run.command, "test apply")
      assert.strictEqual(run.target, "test/lab")
      assert.deepStrictEqual(run.input, { file: "lab.json" })
      assert.strictEqual(run.holder.pid, process.pid)
      assert.strictEqual(run.startedAt, begun)
      assert.strictEqual(run.endedAt, begun + 5000)
      assert.match(run.traceId ?? "", /^[0-9a-f]{32}$/)
      const { steps } = yield* store.runs.show(run.id.slice(0, -1))
      assert.deepStrictEqual(steps, [
        { key: "a", state: "done", begunAt: begun, endedAt: begun },
        { key: "b", state: "failed", begunAt: begun, endedAt: begun }
      ])
    }))

  it.scopedLive("ends as its effect does", () =>
    Effect.gen(function*() {
      const store = yield* (yield* backend.place).open
      const { runs } = store
      const track = <A, E>(target: string, effect: Effect.Effect<A, E>) =>
        Effect.exit(runs.track({ command: "test", target }, effect))
      assert.deepStrictEqual(yield* track("fault", fault), Exit.fail(fault))
      assert.deepStrictEqual(yield* track("defect", Effect.die("bug")), Exit.die("bug"))
      yield* runs.track(
        { command: "test", target: "partly", outcome: () => ({ state: "failed", detail: "2 of 3" }) },
        Effect.void
      )
      const begun = yield* Deferred.make<void>()
      const fiber = yield* Effect.fork(
        track("stopped", Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never))
      )
      yield* Deferred.await(begun)
      yield* Fiber.interrupt(fiber)

      const ended = Object.fromEntries(
        (yield* runs.list()).map(({ detail, state, target }) => [target, [state, detail]])
      )
      assert.deepStrictEqual(ended, {
        fault: ["failed", "not allowed"],
        defect: ["failed", "it ended with a defect"],
        partly: ["failed", "2 of 3"],
        stopped: ["interrupted", undefined]
      })
    }))

  it.scopedLive("one at a time has a target; the second says who has it, or waits", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const begun = yield* Deferred.make<void>()
      const end = yield* Deferred.make<void>()
      const running = yield* Effect.fork(first.runs.track(
        { command: "test apply", target: "test/lab" },
        Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(end))
      ))
      yield* Deferred.await(begun)
      const { id, state } = only(yield* second.runs.list({ target: "test/lab" }))
      assert.strictEqual(state, "running")

      const refused = yield* Effect.flip(
        second.runs.track({ command: "test destroy", target: "test/lab" }, Effect.die("ran"))
      )
      assert.strictEqual(refused.kind, "rejected")
      assert.strictEqual(refused.code, "run-held")
      assert.include(refused.message, `run ${id} (test apply, process ${process.pid}`)
      yield* second.runs.track({ command: "test apply", target: "test/other" }, Effect.void)

      const waiting = yield* Effect.fork(
        second.runs.track({ command: "test destroy", target: "test/lab", wait: "1 minute" }, Effect.succeed("ran"))
      )
      yield* Effect.sleep(30)
      yield* Deferred.succeed(end, undefined)
      yield* Fiber.join(running)
      assert.strictEqual(yield* Fiber.join(waiting), "ran")
      const { runs } = first
      assert.deepStrictEqual(
        (yield* runs.list({ target: "test/lab" })).map((run) => [run.command, run.state]).toSorted(),
        [["test apply", "done"], ["test destroy", "done"]]
      )
      assert.strictEqual((yield* runs.list({ limit: 1 })).length, 1)
    }))

  it.scopedLive("a run that is gone is interrupted, and the next one settles what it left unknown", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const sending = yield* Deferred.make<void>()
      const gone = yield* Effect.fork(first.runs.track(
        { command: "test apply", target: "test/lab" },
        send(first, "a", Effect.zipRight(Deferred.succeed(sending, undefined), Effect.never))
      ))
      yield* Deferred.await(sending)
      const { id } = only(yield* second.runs.list())
      place.time.now += 31_000
      const lost = yield* second.runs.show(id)
      assert.strictEqual(lost.state, "interrupted")
      assert.deepStrictEqual(lost.steps.map((step) => [step.key, step.state]), [["a", "unknown"]])

      yield* second.runs.track(
        { command: "test apply", target: "test/lab" },
        send(second, "a", Effect.die("sent twice"))
      )
      const settled = yield* second.runs.show(id)
      const next = only((yield* second.runs.list()).filter((run) => run.id !== id))
      assert.strictEqual(settled.state, "interrupted")
      assert.strictEqual(settled.endedAt, place.time.now)
      assert.deepStrictEqual(settled.steps.map((step) => [step.state, step.settledBy]), [["done", next.id]])

      yield* Fiber.interrupt(gone)
      assert.deepStrictEqual((yield* second.runs.show(id)).state, "interrupted")
      assert.deepStrictEqual((yield* second.runs.show(next.id)).state, "done")
    }))

  it.scopedLive("a run that lost its target begins nothing any more", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const exit = yield* Effect.exit(store.runs.track(
        { command: "test apply", target: "test/lab" },
        Effect.gen(function*() {
          place.time.now += 31_000
          yield* send(store, "a", Effect.die("sent"))
        })
      ))
      assert(Exit.isFailure(exit) && exit.cause._tag === "Fail")
      assert.strictEqual(exit.cause.error.code, "lease-lost")
    }))

  it.scopedLive("is unlocked when it is gone, or by force", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const sending = yield* Deferred.make<void>()
      const running = yield* Effect.fork(Effect.exit(first.runs.track(
        { command: "test apply", target: "test/lab" },
        Effect.gen(function*() {
          yield* Effect.ignore(send(first, "a", Effect.zipRight(Deferred.succeed(sending, undefined), Effect.never)))
        })
      )))
      yield* Deferred.await(sending)
      const { id } = only(yield* second.runs.list())
      assert.strictEqual((yield* Effect.flip(second.runs.unlock(id))).code, "run-held")
      assert.strictEqual((yield* Effect.flip(second.runs.unlock(id, { dryRun: true }))).code, "run-held")
      assert.strictEqual((yield* second.runs.unlock(id, { force: true, dryRun: true })).state, "interrupted")
      assert.strictEqual(only(yield* second.runs.list()).state, "running")
      assert.strictEqual((yield* second.runs.unlock(id, { force: true })).state, "interrupted")
      yield* second.runs.track(
        { command: "test apply", target: "test/lab" },
        send(second, "a", Effect.die("sent twice"))
      )
      yield* Fiber.interrupt(running)

      assert.strictEqual((yield* Effect.flip(second.runs.show("none"))).code, "no-such-run")
      assert.strictEqual((yield* Effect.flip(second.runs.show(""))).code, "ambiguous-run")
      assert.strictEqual((yield* second.runs.unlock(id)).state, "interrupted")
    }))

  it.scopedLive("is forgotten when it is old, and not while it runs", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const { runs } = store
      yield* runs.track({ command: "old", target: "a" }, Effect.void)
      place.time.now += 40 * day
      yield* runs.track({ command: "new", target: "a" }, Effect.void)
      const begun = yield* Deferred.make<void>()
      const long = yield* Effect.fork(
        runs.track({ command: "long", target: "b" }, Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never))
      )
      yield* Deferred.await(begun)
      const commands = Effect.map(runs.list(), (list) => list.map(({ command }) => command).toSorted())
      assert.deepStrictEqual(yield* runs.prune({ dryRun: true }), { runs: 1, changes: 0, open: 0 })
      assert.deepStrictEqual(yield* commands, ["long", "new", "old"])
      assert.deepStrictEqual(yield* runs.prune(), { runs: 1, changes: 0, open: 0 })
      assert.deepStrictEqual(yield* commands, ["long", "new"])
      place.time.now += 1
      assert.strictEqual((yield* runs.prune({ olderThan: 0 })).runs, 1)
      assert.deepStrictEqual(yield* commands, ["long"])
      yield* Fiber.interrupt(long)
    }))

  it.scopedLive("takes the history of its changes with it, and nothing that anybody may need", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const { journal, runs } = store
      const change = (series: string, reply: Effect.Effect<number, Fault.Fault>) =>
        Effect.provide(
          Mutation.next({
            series,
            operation: "Test.send",
            intent: series,
            result: Schema.Number,
            send: reply,
            settle: Effect.succeed(Mutation.done(7)),
            settleEarlier: () => Effect.succeed(Mutation.notDone)
          }),
          store.context
        )
      const stuck = (series: string) =>
        Effect.gen(function*() {
          const sending = yield* Deferred.make<void>()
          const fiber = yield* Effect.fork(change(
            series,
            Effect.zipRight(Deferred.succeed(sending, undefined), Effect.never)
          ))
          yield* Deferred.await(sending)
          yield* Fiber.interrupt(fiber)
        })
      yield* change("alone", Effect.succeed(1))
      yield* runs.track(
        { command: "old", target: "a" },
        Effect.gen(function*() {
          yield* change("done", Effect.succeed(1))
          yield* change("done", Effect.succeed(2))
          yield* Effect.flip(change("failed", fault))
          yield* send(store, "for ever", Effect.succeed(3))
        })
      )
      yield* runs.track({ command: "left open", target: "b" }, stuck("open"))
      place.time.now += 40 * day
      yield* runs.track({ command: "new", target: "a" }, change("done", Effect.succeed(4)))

      const counted = { runs: 1, changes: 4, open: 1 }
      assert.deepStrictEqual(yield* runs.prune({ dryRun: true }), counted)
      assert.deepStrictEqual(yield* runs.prune(), counted)
      assert.deepStrictEqual(yield* runs.prune(), { runs: 0, changes: 0, open: 1 })
      const there = Effect.map(
        store.database.read("Test.read", store.database.sql<{ key: string }>`SELECT key FROM holdfast_journal`),
        (rows) => rows.map(({ key }) => key).toSorted()
      )
      assert.deepStrictEqual(yield* there, ["done/3", "for ever", "open/1"])
      const [, open] = yield* runs.list()
      assert(open !== undefined)
      assert.strictEqual(open.command, "left open")
      assert.deepStrictEqual((yield* runs.show(open.id)).steps.map(({ key, state }) => [key, state]), [[
        "open/1",
        "unknown"
      ]])

      // Numbers go on, or begin anew, and what is open is settled and not sent again.
      yield* change("done", Effect.succeed(5))
      yield* change("failed", Effect.succeed(6))
      assert.strictEqual(yield* change("open", Effect.die("sent twice")), 7)
      assert.deepStrictEqual(yield* there, ["done/3", "done/4", "failed/1", "for ever", "open/1"])
      assert.deepStrictEqual(yield* runs.prune(), { runs: 1, changes: 1, open: 0 })
      assert.strictEqual((yield* journal.read("for ever"))._tag, "Some")
    }))

  it.scopedLive("many of them are forgotten in small steps, between which others have their turn", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const store = yield* place.open
      const { database: { sql, transaction }, runs } = store
      yield* runs.track({ command: "pattern", target: "a" }, Effect.void)
      const [pattern] = yield* runs.list()
      assert(pattern !== undefined)
      yield* transaction(
        "Test.fill",
        Effect.gen(function*() {
          yield* sql`DELETE FROM holdfast_leases`
          for (let number = 0; number < 50; number++) {
            yield* sql`INSERT INTO holdfast_runs
              SELECT ${`r${number}`}, command, target, state, input, trace_id, holder, fence, started_at, ended_at, detail
              FROM holdfast_runs WHERE id = ${pattern.id}`
            const rows = Array.from({ length: 40 }, (_, step) => ({
              key: `s${number}/${step + 1}`,
              state: "completed",
              intent: "1",
              outcome: "1",
              run: `r${number}`,
              begun_at: 0,
              ended_at: 0,
              digest: "",
              series: `s${number}`,
              number: step + 1
            }))
            yield* sql`INSERT INTO holdfast_journal ${sql.insert(rows)}`
          }
        })
      )
      place.time.now += 40 * day
      let turns = 0
      const turning = yield* Effect.fork(
        Effect.forever(Effect.zipRight(Effect.promise(() => setImmediate()), Effect.sync(() => turns += 1)))
      )
      assert.deepStrictEqual(yield* runs.prune(), { runs: 51, changes: 2000, open: 0 })
      assert.isAtLeast(turns, 2)
      yield* Fiber.interrupt(turning)
      assert.deepStrictEqual(yield* runs.list(), [])
    }))

  it.scopedLive("the run of a dead process is forgotten although nobody came for what it held", () =>
    Effect.gen(function*() {
      const place = yield* backend.place
      const first = yield* place.open
      const second = yield* place.open
      const begun = yield* Deferred.make<void>()
      const gone = yield* Effect.fork(first.runs.track(
        { command: "gone", target: "a" },
        Effect.zipRight(Deferred.succeed(begun, undefined), Effect.never)
      ))
      yield* Deferred.await(begun)
      place.time.now += 40 * day
      assert.deepStrictEqual(yield* second.runs.prune(), { runs: 1, changes: 0, open: 0 })
      assert.deepStrictEqual(yield* second.database.sql`SELECT name FROM holdfast_leases`, [])
      yield* Fiber.interrupt(gone)
    }))
})
