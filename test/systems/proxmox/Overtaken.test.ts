import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { Report } from "../../../src/systems/proxmox/Report.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const shapes = (lab: Lab.Lab) => Effect.map(lab.simulator.drain, (snapshot) => Lab.made(snapshot).map(Lab.shape))

/** A destroy that dies with its k-th request done, and an apply right after it. */
const destroyedUpTo = (path: string, shutdownTimeout: `${number} seconds`) =>
  Lab.run({}, (lab) =>
    Effect.gen(function*() {
      yield* lab.process(Operations.apply(Lab.one))
      const from = (yield* lab.simulator.snapshot).calls.length
      yield* lab.process(Operations.destroy(Lab.one, { shutdownTimeout }))
      const calls = (yield* lab.simulator.snapshot).calls.slice(from)
      return calls.findIndex((call) => call.route === path) + 1
    })).pipe(Effect.flatMap((k) =>
      Lab.run({}, (lab) =>
        Effect.gen(function*() {
          assert.isAbove(k, 0, `the destroy sends ${path}`)
          yield* lab.process(Operations.apply(Lab.one))
          assert.isTrue(yield* Wires.killed(lab, k, "acted", Operations.destroy(Lab.one, { shutdownTimeout })))
          const report = yield* lab.process(Operations.apply(Lab.one))
          assert.deepStrictEqual(Lab.tags(report), ["Done"])
          assert.deepStrictEqual(yield* shapes(lab), [Lab.finished("web", "10.0.20.1")])
        }))
    ))

describe("an apply right after a destroy that was killed", () => {
  it.effect("has the machine running although it was being shut down", () =>
    destroyedUpTo("POST /nodes/{node}/qemu/{vmid}/status/shutdown", "60 seconds"))

  it.effect("has the machine running although it was being stopped", () =>
    destroyedUpTo("POST /nodes/{node}/qemu/{vmid}/status/stop", "0 seconds"))

  it.effect("has the machine although it was being destroyed", () =>
    destroyedUpTo("DELETE /nodes/{node}/qemu/{vmid}", "0 seconds"))
})

describe("an apply that finishes what an earlier one began", () => {
  it.effect("has the machine in the pool that is wanted now", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* Wires.killed(lab, 20, "acted", Operations.apply(Lab.one))
        assert.lengthOf(Lab.made(yield* lab.simulator.drain), 1)
        const fleet = Lab.fleet(Lab.machine("web", 401, { pool: "holdfast" }))
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        assert.strictEqual(Lab.entry(report, "web").action, "resume")
        assert.strictEqual(Lab.view(yield* lab.simulator.drain, 401)?.pool, "holdfast")
      })))
})

const unreadable = Wires.answers(595, "Connection refused")

/** Every read of the machine of an automatic id fails, for as long as anybody has patience. */
const outOfReach = (vmid: number): Lab.Wire => (endpoint) => (request) =>
  request.method === "GET" && request.url.endsWith(`/qemu/${vmid}/config`)
    ? unreadable(endpoint(request), request)
    : endpoint(request)

describe("a machine of an automatic id that cannot be read", () => {
  const anyId = Lab.fleet(Lab.machine("web", "auto"))
  const twoNodes = { nodes: ["pve1", "pve2"] }

  const refusedWith = (operation: typeof Operations.apply | typeof Operations.destroy) =>
    Lab.run(twoNodes, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(anyId))
        const [made] = Lab.made(yield* lab.simulator.snapshot)
        if (made === undefined) return assert.fail("it is made")
        const report = yield* lab.process(operation(anyId), { wire: outOfReach(made.vmid) })
        const outcome = Lab.outcome(report, "web")
        if (outcome._tag !== "Refused") return assert.fail(`it is ${outcome._tag}`)
        assert.strictEqual(outcome.faults[0]?.code, "gateway-timeout")
        assert.include(outcome.faults[0]?.remote, `VM ${made.vmid}`)
        assert.lengthOf(Lab.made(yield* lab.simulator.drain), 1)
      }))

  it.effect("is not made a second time", () => refusedWith(Operations.apply))

  it.effect("is not said to be gone", () => refusedWith(Operations.destroy))

  it.effect("is not made a second time while its node is down", () =>
    Lab.run({ ...twoNodes, faults: [{ fault: "node-down", node: "pve2", from: 60 }] }, (lab) =>
      Effect.gen(function*() {
        const fleet = Lab.fleet(Lab.machine("web", "auto", { nodes: ["pve2", "pve1"], storage: "ceph" }))
        yield* lab.process(Operations.apply(fleet))
        yield* Effect.sleep("2 minutes")
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Refused"])
        assert.lengthOf(Lab.made(yield* lab.simulator.drain), 1)
      })))
})

describe("a pool", () => {
  it.effect("is joined where a request of an earlier run did that a moment ago", () => {
    const pooled = Lab.fleet(Lab.machine("web", 401, { pool: "holdfast" }))
    const twice = Wires.rules({
      method: "PUT",
      path: /\/pools/,
      reply: (answer) => Effect.zipRight(answer, answer)
    })
    return Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const report = yield* lab.process(Operations.apply(pooled), { wire: twice })
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        const snapshot = yield* lab.simulator.drain
        assert.deepStrictEqual(Lab.made(snapshot).map(({ pool }) => pool), ["holdfast"])
      }))
  })
})

describe("a destroy", () => {
  it.effect("is done where the destruction of a run before it was faster", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const lost = Wires.rules({ method: "DELETE", path: /\/qemu\/401\?/, reply: Wires.lostReply })
        const first = yield* Effect.fork(lab.process(Operations.destroy(Lab.one, { shutdownTimeout: "3 seconds" })))
        const second = yield* lab.process(Operations.destroy(Lab.one, { shutdownTimeout: "3 seconds" }), { wire: lost })
        assert.deepStrictEqual(Lab.tags(second), ["Done"])
        assert.deepStrictEqual(Lab.tags(yield* first), ["Done"])
        assert.deepStrictEqual(Lab.made(yield* lab.simulator.drain), [])
      })))
})

/**
 * An apply that dies with its clone begun, and an operation so long after it whose look at the cluster takes so long at
 * the tasks that the clone has ended by then.
 */
const whileCloned = (
  vmid: number | "auto",
  later: "0 millis" | "1 second",
  operation: typeof Operations.apply | typeof Operations.destroy,
  check: (lab: Lab.Lab, report: Report) => Effect.Effect<void>
) => {
  const elsewhere = Lab.fleet(Lab.machine("web", vmid, { nodes: ["pve2"], storage: "ceph" }))
  const slowTasks = Wires.rules({
    method: "GET",
    path: /\/nodes\/pve1\/tasks\?/,
    reply: (answer) => Effect.zipRight(Effect.sleep("10 minutes"), answer)
  })
  return Lab.run({ nodes: ["pve1", "pve2"] }, (lab) =>
    Effect.gen(function*() {
      const dead = yield* Deferred.make<void>()
      const dies = Wires.rules({
        method: "POST",
        path: /\/qemu\/9000\/clone/,
        reply: (answer) =>
          answer.pipe(Effect.zipRight(Deferred.succeed(dead, undefined)), Effect.zipRight(Effect.never))
      })
      yield* Effect.fork(lab.process(Operations.apply(elsewhere), { wire: dies }))
      yield* Deferred.await(dead)
      yield* Effect.sleep(later)
      yield* check(lab, yield* lab.process(operation(elsewhere), { wire: slowTasks }))
    }))
}

const isDestroyed = (lab: Lab.Lab, report: Report) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(Lab.tags(report), ["Done"])
    assert.strictEqual(Lab.entry(report, "web").action, "destroy")
    assert.deepStrictEqual(Lab.made(yield* lab.simulator.drain), [])
  })

const isMadeOnce = (lab: Lab.Lab, report: Report) =>
  Effect.gen(function*() {
    assert.deepStrictEqual(Lab.tags(report), ["Done"])
    assert.strictEqual(Lab.entry(report, "web").action, "resume")
    assert.lengthOf(Lab.made(yield* lab.simulator.drain), 1)
  })

describe("a machine whose clone ends, and moves it, while the cluster is looked at", () => {
  it.effect("is destroyed where it did not show at first", () =>
    whileCloned(401, "0 millis", Operations.destroy, isDestroyed))

  it.effect("is destroyed where it was locked at first", () =>
    whileCloned(401, "1 second", Operations.destroy, isDestroyed))

  it.effect("is made once where it did not show at first", () =>
    whileCloned("auto", "0 millis", Operations.apply, isMadeOnce))

  it.effect("is made once where it was locked at first", () =>
    whileCloned("auto", "1 second", Operations.apply, isMadeOnce))
})
