import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Machine from "../../../src/systems/proxmox/simulator/Machine.ts"
import type * as Simulator from "../../../src/systems/proxmox/Simulator.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const clone = /\/qemu\/9000\/clone$/
const route = "POST /nodes/{node}/qemu/{vmid}/clone"

/** Somebody else is faster: his machine stands at the id from now on. */
const intrude = (simulator: Simulator.Simulator, vmid: number): void => {
  const { world } = simulator
  world.machines.set(
    vmid,
    Machine.make(world, {
      vmid,
      node: "pve2",
      stranger: true,
      config: { name: "payroll", memory: "1024", description: "do not touch" }
    })
  )
}

const intruder = (simulator: Simulator.Simulator, vmid: number) => simulator.world.machines.get(vmid)?.config

describe("a clone request whose reply is lost", () => {
  it.effect("never adopts a stranger who took the id meanwhile, and does not touch him", () => {
    const before = new Map([["name", "payroll"], ["memory", "1024"], ["description", "do not touch"]])
    return Lab.run({
      wire: (endpoint, simulator) =>
        Wires.rules({
          method: "POST",
          path: clone,
          // The request is lost, its reply too, and the second one is told "already exists".
          reply: () =>
            Effect.sync(() => intrude(simulator, 401)).pipe(Effect.zipRight(Wires.lostRequest(Effect.never, unused)))
        })(endpoint, simulator)
    }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.one))
        const outcome = Lab.outcome(report, "web")
        assert.strictEqual(outcome._tag, "Failed")
        if (outcome._tag !== "Failed") return
        assert.strictEqual(outcome.fault.code, "stranger")
        assert.strictEqual(outcome.fault.kind, "conflict")
        assert.include(outcome.fault.message, "\"payroll\" on node pve2")
        assert.include(outcome.fault.message, "was not touched")
        assert.deepStrictEqual(intruder(lab.simulator, 401), before)
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(Lab.made(snapshot), [])
        assert.deepStrictEqual(snapshot.calls.filter((call) => call.method !== "GET" && call.route !== route), [])
      }))
  })

  it.effect("never adopts him either when he is faster than the second request", () =>
    Lab.run({
      wire: (endpoint, simulator) =>
        Wires.rules(
          { method: "POST", path: clone, reply: Wires.lostRequest },
          {
            method: "POST",
            path: clone,
            reply: (answer) => Effect.zipRight(Effect.sync(() => intrude(simulator, 401)), answer)
          }
        )(endpoint, simulator)
    }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.one))
        const outcome = Lab.outcome(report, "web")
        assert.strictEqual(outcome._tag === "Failed" && outcome.fault.code, "stranger")
        const snapshot = yield* lab.simulator.snapshot
        const [sent, ...more] = Lab.requests(snapshot, route)
        assert.deepStrictEqual([sent?.status, more], [500, []])
        assert.strictEqual(intruder(lab.simulator, 401)?.get("description"), "do not touch")
        assert.deepStrictEqual(snapshot.calls.filter((call) => call.method !== "GET" && call !== sent), [])
      })))

  it.effect("takes the next id instead, where any id will do", () => {
    let first = 0
    return Lab.run({
      wire: (endpoint, simulator) =>
        Wires.rules({
          method: "POST",
          path: clone,
          reply: (_, request) =>
            Effect.sync(() => {
              first = Number(new URLSearchParams(request.body).get("newid"))
              intrude(simulator, first)
            }).pipe(Effect.zipRight(Wires.lostRequest(Effect.never, request)))
        })(endpoint, simulator)
    }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.fleet(Lab.machine("web", "auto"))))
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        const snapshot = yield* lab.simulator.snapshot
        const [made, ...others] = Lab.made(snapshot)
        assert.deepStrictEqual(others, [])
        assert.strictEqual(made?.name, "web")
        assert.isAbove(made?.vmid ?? 0, first)
        assert.strictEqual(intruder(lab.simulator, first)?.get("description"), "do not touch")
      }))
  })

  it.effect("is found at work by its nonce and not sent again", () =>
    Lab.run(
      { wire: Wires.rules({ method: "POST", path: clone, reply: Wires.lostReply }) },
      (lab) =>
        Effect.gen(function*() {
          const report = yield* lab.process(Operations.apply(Lab.one))
          assert.deepStrictEqual(Lab.tags(report), ["Done"])
          const snapshot = yield* lab.simulator.snapshot
          assert.strictEqual(Lab.requests(snapshot, route).length, 1)
          assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), [Lab.finished("web", "10.0.20.1")])
        })
    ))

  it.effect("is sent again where it never arrived", () =>
    Lab.run(
      { wire: Wires.rules({ method: "POST", path: clone, reply: Wires.lostRequest }) },
      (lab) =>
        Effect.gen(function*() {
          const report = yield* lab.process(Operations.apply(Lab.one))
          assert.deepStrictEqual(Lab.tags(report), ["Done"])
          const snapshot = yield* lab.simulator.snapshot
          assert.strictEqual(Lab.requests(snapshot, route).length, 1)
          assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), [Lab.finished("web", "10.0.20.1")])
        })
    ))

  for (const status of [595, 596, 599]) {
    it.effect(`and whose gateway says ${status} is settled by reading, done or not`, () =>
      Lab.run({
        wire: Wires.rules(
          {
            method: "POST",
            path: clone,
            reply: (answer, request) =>
              Effect.zipRight(answer, Wires.answers(status, "Connection timed out")(answer, request))
          },
          { method: "POST", path: /\/config$/, reply: Wires.answers(status, "Connection timed out") },
          { method: "PUT", path: /\/resize$/, reply: Wires.lostReply },
          { method: "POST", path: /\/status\/start$/, reply: Wires.lostReply }
        )
      }, (lab) =>
        Effect.gen(function*() {
          const report = yield* lab.process(Operations.apply(Lab.one))
          assert.deepStrictEqual(Lab.tags(report), ["Done"])
          const snapshot = yield* lab.simulator.snapshot
          assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), [Lab.finished("web", "10.0.20.1")])
          assert.deepStrictEqual(
            snapshot.tasks.filter((task) => task.type === "qmclone").map((task) => task.exitStatus),
            ["OK"]
          )
        })))
  }

  it.effect("by two processes at once makes one machine", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const reports = yield* Effect.all(
          [lab.process(Operations.apply(Lab.one)), lab.process(Operations.apply(Lab.one))],
          { concurrency: 2 }
        )
        assert.deepStrictEqual(reports.map((report) => Lab.tags(report)), [["Done"], ["Done"]])
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), [Lab.finished("web", "10.0.20.1")])
      })))
})

const unused = { method: "POST", url: "", headers: {}, body: "" }
