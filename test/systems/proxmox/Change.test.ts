/**
 * What an earlier run had sent and nobody has heard of since, while something else is wanted by now.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Lab from "./Lab.ts"

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
