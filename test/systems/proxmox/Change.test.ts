/**
 * What an earlier run had sent and nobody has heard of since, while something else is wanted by now.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

/** A clone that waits in a proxy for so long; the process that sent it dies at once. */
const dies = (lab: Lab.Lab, delay: Duration.DurationInput) =>
  Effect.gen(function*() {
    const entries = new Map<string, Journal.Entry>()
    const dead = yield* Deferred.make<void>()
    let over = false
    const wire: Lab.Wire = (endpoint) => (request) => {
      if (over) return Effect.never
      if (request.method !== "POST" || !request.url.endsWith("/clone")) return endpoint(request)
      over = true
      return Effect.forkDaemon(Effect.delay(endpoint(request), delay)).pipe(
        Effect.zipRight(Deferred.succeed(dead, undefined)),
        Effect.zipRight(Effect.never)
      )
    }
    const journal = yield* Journal.makeMemory(entries)
    yield* Effect.forkDaemon(lab.process(Operations.apply(Lab.one), { wire, journal }))
    yield* Deferred.await(dead)
    return yield* Journal.makeMemory(new Map(entries))
  })

const other = Lab.fleet(Lab.machine("web", 402))

const ids = (lab: Lab.Lab) => Effect.map(lab.simulator.drain, (snapshot) => Lab.made(snapshot).map(({ vmid }) => vmid))

describe("an apply that wants another id than the one that died", () => {
  it.effect("makes no second machine where the clone of the dead one shows late, and the next apply tells of it", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const journal = yield* dies(lab, "3 seconds")
        const report = yield* lab.process(Operations.apply(other), { journal })
        const outcome = Lab.outcome(report, "web")
        assert(outcome._tag === "Failed")
        assert.strictEqual(outcome.fault.code, "earlier-done")
        assert.deepStrictEqual(yield* ids(lab), [401])
        const refused = Lab.outcome(yield* lab.process(Operations.apply(other), { journal }), "web")
        assert(refused._tag === "Refused")
        assert.strictEqual(refused.faults[0]?.code, "vmid-changed")
        const finished = yield* lab.process(Operations.apply(Lab.one), { journal })
        assert.deepStrictEqual(Lab.tags(finished), ["Done"])
        assert.deepStrictEqual(yield* ids(lab), [401])
      })))

  it.effect("makes its machine where the clone of the dead one never came", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const journal = yield* dies(lab, Duration.infinity)
        assert.deepStrictEqual(Lab.tags(yield* lab.process(Operations.apply(other), { journal })), ["Done"])
        assert.deepStrictEqual(yield* ids(lab), [402])
      })))
})

const steps = (entries: ReadonlyMap<string, Journal.Entry>, tag: Journal.Entry["_tag"]) =>
  [...entries].flatMap(([key, entry]) => (entry._tag === tag ? [key] : []))

/** Which of its requests change something, counted from 1. */
const changing = (lab: Lab.Lab, command: Effect.Effect<unknown, unknown, Operations.Needs>) =>
  Effect.gen(function*() {
    const from = (yield* lab.simulator.snapshot).calls.length
    yield* Effect.orDie(lab.process(command))
    const { calls } = yield* lab.simulator.snapshot
    return calls.slice(from).flatMap(({ route }, index) => (route.startsWith("GET") ? [] : [index + 1]))
  })

/**
 * Kills it when the server has done the k-th request, for each that changes something, and runs it again on the same
 * journal.
 */
const killedEverywhere = (
  command: typeof Operations.apply | typeof Operations.destroy,
  before: (lab: Lab.Lab) => Effect.Effect<unknown, Fault.Fault>
) =>
  Effect.gen(function*() {
    const requests = yield* Lab.run({}, (lab) => Effect.zipRight(before(lab), changing(lab, command(Lab.one))))
    for (const k of requests) {
      yield* Lab.run({}, (lab) =>
        Effect.gen(function*() {
          yield* before(lab)
          const entries = new Map<string, Journal.Entry>()
          yield* Wires.killed(lab, k, "acted", command(Lab.one), yield* Journal.makeMemory(entries))
          const kept = new Map(entries)
          assert.lengthOf(steps(kept, "Begun"), 1, `death at request ${k}`)
          yield* lab.process(command(Lab.one), { journal: yield* Journal.makeMemory(kept) })
          assert.deepStrictEqual(steps(kept, "Begun"), [], `after death at request ${k}`)
        }))
    }
    return requests.length
  })

describe("what a run had begun when it died", () => {
  it.effect(
    "is closed by the apply after it, at whichever request it was",
    () => Effect.map(killedEverywhere(Operations.apply, () => Effect.void), (open) => assert.strictEqual(open, 4)),
    60_000
  )

  it.effect("is closed by the destroy after it, at whichever request it was", () =>
    Effect.map(
      killedEverywhere(Operations.destroy, (lab) => lab.process(Operations.apply(Lab.one))),
      (open) => assert.strictEqual(open, 3)
    ), 60_000)

  it.effect("is not called done where the machine shows that it is not", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const entries = new Map<string, Journal.Entry>([
          ["proxmox/lab/web/destroy/1", { _tag: "Begun", intent: null }],
          ["proxmox/lab/web/start/1", { _tag: "Begun", intent: null }]
        ])
        yield* lab.process(Operations.apply(Lab.one), { journal: yield* Journal.makeMemory(entries) })
        assert.deepStrictEqual([...entries].map(([key, { _tag }]) => [key, _tag]), [
          ["proxmox/lab/web/destroy/1", "Failed"],
          ["proxmox/lab/web/start/1", "Completed"]
        ])
      })))
})
