import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Machine from "../../../src/systems/proxmox/simulator/Machine.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const mutations = (lab: Lab.Lab, since: number) =>
  Effect.map(lab.simulator.snapshot, (snapshot) => snapshot.calls.slice(since).filter((call) => call.method !== "GET"))

const count = (lab: Lab.Lab) => Effect.map(lab.simulator.snapshot, (snapshot) => snapshot.calls.length)

/** A process sends one request, is answered by nobody, and does nothing any more. */
const diesAfter = <A, E>(
  lab: Lab.Lab,
  request: Pick<Wires.Rule, "method" | "path">,
  effect: Effect.Effect<A, E, Operations.Needs>
) =>
  Effect.gen(function*() {
    const sent = yield* Deferred.make<void>()
    const reply: Wires.Rule["reply"] = (answer) =>
      answer.pipe(Effect.zipRight(Deferred.succeed(sent, undefined)), Effect.zipRight(Effect.never))
    yield* Effect.forkDaemon(lab.process(effect, { wire: Wires.rules({ ...request, reply }) }))
    yield* Deferred.await(sent)
  })

/** Every request takes half a second. */
const slow: Lab.Wire = (endpoint) => (request) => Effect.delay(endpoint(request), "500 millis")

/** The machine is destroyed behind our back and somebody else takes its id. */
const replace = (lab: Pick<Lab.Lab, "simulator">, vmid: number, description: string) =>
  Effect.map(lab.simulator.snapshot, () => {
    const { world } = lab.simulator
    const node = world.machines.get(vmid)?.node ?? "pve1"
    world.machines.set(
      vmid,
      Machine.make(world, {
        vmid,
        node,
        stranger: true,
        config: { name: "payroll", description, smbios1: "uuid=11111111-2222-4333-8444-555555555555" }
      })
    )
  })

/** The inventory is read while the machine is cloned on one node, and its configuration when it is on the other. */
const movesMeanwhile = (): Lab.Wire =>
  Wires.rules({
    method: "GET",
    path: /\/cluster\/resources/,
    reply: (answer) => Effect.zipLeft(answer, Effect.sleep("20 seconds"))
  })

describe("destroy", () => {
  it.effect("stops and purges what the fleet made, leaves the rest, and is done when it is run again", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const before = yield* lab.simulator.snapshot
        yield* lab.process(Operations.apply(Lab.five))
        const report = yield* lab.process(Operations.destroy(Lab.five))
        assert.deepStrictEqual(Lab.tags(report), ["Done", "Done", "Done", "Done", "Done"])
        const after = yield* lab.simulator.snapshot
        assert.deepStrictEqual(after.machines, before.machines)
        assert.deepStrictEqual(after.volumes, before.volumes)
        const calls = yield* count(lab)
        const again = yield* lab.process(Operations.destroy(Lab.five))
        assert.deepStrictEqual(
          again.machines.map((machine) => machine.action),
          Array.from({ length: 5 }, () => "absent")
        )
        assert.deepStrictEqual(yield* mutations(lab, calls), [])
      })))

  it.effect("refuses strangers, templates and copies of our machines", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const ours = lab.simulator.world.machines.get(401)?.config.get("description") ?? ""
        yield* replace(lab, 401, ours)
        const calls = yield* count(lab)
        const fleet = Lab.fleet(Lab.machine("web", 401), Lab.machine("template", 9000), Lab.machine("router", 100))
        const report = yield* lab.process(Operations.destroy(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Refused", "Refused", "Refused"])
        const outcome = Lab.outcome(report, "web")
        assert.include(outcome._tag === "Refused" ? outcome.faults[0]?.message : "", "it is a copy of our machine")
        assert.deepStrictEqual(yield* mutations(lab, calls), [])
      })))

  it.effect("does not touch who takes the id while its reply is lost", () =>
    Lab.run({
      wire: (endpoint, simulator) =>
        Wires.rules({
          method: "DELETE",
          path: /\/qemu\/401\?/,
          reply: (answer, request) =>
            Effect.gen(function*() {
              yield* answer
              yield* Effect.sleep("5 seconds")
              yield* replace({ simulator }, 401, "")
              return yield* Wires.lostRequest(answer, request)
            })
        })(endpoint, simulator)
    }, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const report = yield* lab.process(Operations.destroy(Lab.one))
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        const snapshot = yield* lab.simulator.drain
        assert.strictEqual(Lab.view(snapshot, 401)?.name, "payroll")
        assert.strictEqual(Lab.requests(snapshot, "DELETE /nodes/{node}/qemu/{vmid}").length, 1)
      })))

  it.effect("stops hard who does not shut down", () =>
    Lab.run({ timing: { shutdown: 600_000 } }, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const report = yield* lab.process(Operations.destroy(Lab.one, { shutdownTimeout: "10 seconds" }))
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        const snapshot = yield* lab.simulator.snapshot
        assert.includeMembers(snapshot.tasks.map((task) => task.type), ["qmshutdown", "qmstop", "qmdestroy"])
      })))

  it.effect("waits for high availability to do what it was asked for", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const machine = lab.simulator.world.machines.get(401)
        if (machine === undefined) return assert.fail("there is no machine")
        machine.managed = true
        const report = yield* lab.process(Operations.destroy(Lab.one))
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        assert.deepStrictEqual(Lab.made(yield* lab.simulator.snapshot), [])
      })))

  it.effect("refuses a protected machine before it stops it", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        lab.simulator.world.machines.get(401)?.config.set("protection", "1")
        const calls = yield* count(lab)
        const report = yield* lab.process(Operations.destroy(Lab.one))
        const outcome = Lab.outcome(report, "web")
        assert.strictEqual(outcome._tag === "Refused" && outcome.faults[0]?.code, "protected")
        assert.deepStrictEqual(yield* mutations(lab, calls), [])
      })))

  it.effect("says what it would do, and does nothing", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const calls = yield* count(lab)
        const fleet = Lab.fleet(Lab.machine("web", 401), Lab.machine("db", 402), Lab.machine("router", 100))
        const report = yield* lab.process(Operations.planDestroy(fleet))
        assert.deepStrictEqual(report.machines.map(({ action, machine, vmid }) => [machine, action, vmid]), [
          ["web", "destroy", 401],
          ["db", "absent", undefined],
          ["router", "refuse", undefined]
        ])
        assert.deepStrictEqual(yield* mutations(lab, calls), [])
      })))

  it.effect("knows the machine again when a killed apply configures it in the middle", () =>
    Lab.run({ timing: { configuration: 2000 } }, (lab) =>
      Effect.gen(function*() {
        yield* diesAfter(lab, { method: "POST", path: /\/qemu\/401\/config$/ }, Operations.apply(Lab.one))
        const report = yield* lab.process(Operations.destroy(Lab.one), { wire: slow })
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        assert.deepStrictEqual(Lab.made(yield* lab.simulator.drain), [])
      })))

  const untilDestroyed = { method: "DELETE", path: /\/qemu\/\d+\?/ }

  for (const vmid of [401, "auto"] as const) {
    const fleet = Lab.fleet(Lab.machine("web", vmid))

    it.effect(`a destroy after a killed one waits for the end of the first (${vmid})`, () =>
      Lab.run({ timing: { destroy: 20_000 } }, (lab) =>
        Effect.gen(function*() {
          yield* lab.process(Operations.apply(fleet))
          yield* diesAfter(lab, untilDestroyed, Operations.destroy(fleet))
          yield* Effect.sleep("3 seconds")
          assert.strictEqual((yield* lab.simulator.snapshot).machines.some(({ lock }) => lock === "destroyed"), true)
          assert.deepStrictEqual(Lab.tags(yield* lab.process(Operations.destroy(fleet))), ["Done"])
          const snapshot = yield* lab.simulator.snapshot
          assert.deepStrictEqual(Lab.made(snapshot), [])
          assert.deepStrictEqual(snapshot.tasks.filter(({ status }) => status === "running"), [])
        })))
  }

  it.effect("an apply after a killed destroy waits for its end and makes the machine anew", () =>
    Lab.run({ timing: { destroy: 20_000 } }, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        yield* diesAfter(lab, untilDestroyed, Operations.destroy(Lab.one))
        yield* Effect.sleep("3 seconds")
        assert.deepStrictEqual(Lab.tags(yield* lab.process(Operations.apply(Lab.one))), ["Done"])
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), [Lab.finished("web", "10.0.20.1")])
      })))

  it.effect("says what root has to do where a destroy was cut off on the server", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const { world } = lab.simulator
        const config = { lock: "destroyed" }
        world.machines.set(401, Machine.make(world, { vmid: 401, node: "pve1", stranger: true, config }))
        const reports = [
          yield* lab.process(Operations.destroy(Lab.one)),
          yield* lab.process(Operations.apply(Lab.one))
        ]
        for (const report of reports) {
          const outcome = Lab.outcome(report, "web")
          const faults = outcome._tag === "Refused" ? outcome.faults : outcome._tag === "Failed" ? [outcome.fault] : []
          assert.deepStrictEqual(faults.map(({ code }) => code), ["destroy-leftover"])
          assert.include(faults[0]?.hint ?? "", "qm unlock 401")
        }
      })))

  const elsewhere = Lab.fleet(Lab.machine("web", "auto", { nodes: ["pve2"] }))
  const untilCloned = { method: "POST", path: /\/clone$/ }

  it.effect("finds a machine that its clone moves to another node while it is looked for", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* diesAfter(lab, untilCloned, Operations.apply(elsewhere))
        yield* Effect.sleep("2 seconds")
        const report = yield* lab.process(Operations.destroy(elsewhere), { wire: movesMeanwhile() })
        assert.deepStrictEqual(report.machines.map(({ action }) => action), ["destroy"])
        assert.deepStrictEqual(Lab.made(yield* lab.simulator.drain), [])
      })))

  it.effect("and an apply does not make it a second time", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* diesAfter(lab, untilCloned, Operations.apply(elsewhere))
        yield* Effect.sleep("2 seconds")
        yield* lab.process(Operations.apply(elsewhere), { wire: movesMeanwhile() })
        assert.deepStrictEqual(Lab.made(yield* lab.simulator.drain).map(({ name }) => name), ["web"])
      })))
})
