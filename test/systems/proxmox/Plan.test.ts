import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const changed = (lab: Lab.Lab) =>
  Effect.map(lab.simulator.snapshot, (snapshot) => snapshot.calls.filter((call) => call.method !== "GET"))

describe("plan", () => {
  it.effect("says what apply would do, the same to the byte every time, and changes nothing", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const fleet = Lab.fleet(
          Lab.machine("web", 401, { nodes: ["pve1", "pve2"] }),
          Lab.machine("db", "auto", { nodes: ["pve1", "pve2"] }),
          Lab.machine("router", 100)
        )
        const first = yield* lab.process(Operations.plan(fleet))
        yield* Effect.sleep("1 minute")
        const second = yield* lab.process(Operations.plan(fleet))
        assert.strictEqual(JSON.stringify(first), JSON.stringify(second))
        assert.deepStrictEqual(yield* changed(lab), [])
        assert.deepStrictEqual(first.machines[0], {
          machine: "web",
          action: {
            _tag: "Create",
            node: "pve1",
            vmid: 401,
            template: { vmid: 9000, node: "pve1", name: "ubuntu-24.04" },
            changes: [
              { key: "ciuser", to: "ops" },
              { key: "cores", from: "2", to: "4" },
              { key: "ipconfig0.gw", to: "10.0.20.1" },
              { key: "ipconfig0.ip", from: "dhcp", to: "10.0.20.1/24" },
              { key: "memory", from: "2048", to: "8192" },
              { key: "nameserver", to: "10.0.20.1" },
              { key: "net0.tag", to: "20" },
              { key: "scsi0.size", from: "10G", to: "100G" }
            ],
            start: true
          }
        })
        const [, db, router] = first.machines
        assert.deepStrictEqual(db?.action._tag === "Create" && [db.action.node, db.action.vmid], ["pve2", "auto"])
        assert.strictEqual(router?.action._tag === "Refuse" && router.action.faults[0]?.code, "stranger")
      })))

  it.effect("keeps, updates and resumes what is there", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.fleet(Lab.machine("web", 401), Lab.machine("db", 402))))
        // A third one is being cloned when its process dies.
        yield* Wires.killed(lab, 9, "replied", Operations.apply(Lab.fleet(Lab.machine("app", 403))))
        const fleet = Lab.fleet(
          Lab.machine("web", 401),
          Lab.machine("db", 402, { memory: 4096 }),
          Lab.machine("app", 403)
        )
        const plan = yield* lab.process(Operations.plan(fleet))
        assert.deepStrictEqual(plan.machines.map(({ action }) => action._tag), ["Keep", "Update", "Resume"])
        const [, db, app] = plan.machines
        assert.deepStrictEqual(db?.action._tag === "Update" && db.action.changes, [
          { key: "memory", from: "8192", to: "4096" }
        ])
        assert.match(app?.action._tag === "Resume" ? app.action.task ?? "" : "", /^UPID:pve1:.*:qmclone:9000:/)
      })))

  it.effect("refuses a machine whose id was changed in the file", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        yield* Effect.sleep("20 seconds")
        const plan = yield* lab.process(Operations.plan(Lab.fleet(Lab.machine("web", 499))))
        const [web] = plan.machines
        assert.strictEqual(web?.action._tag === "Refuse" && web.action.faults[0]?.code, "vmid-changed")
      })))

  it.effect("refuses nodes that are down and storages that are full, by name", () =>
    Lab.run({
      faults: [{ fault: "node-down", node: "pve2" }, { fault: "storage-full", storage: "ceph" }]
    }, (lab) =>
      Effect.gen(function*() {
        const fleet = Lab.fleet(Lab.machine("web", 401, { nodes: ["pve2"] }), Lab.machine("db", 402))
        const plan = yield* lab.process(Operations.plan(fleet))
        const messages = plan.machines.map(({ action }) =>
          action._tag === "Refuse" ? action.faults[0]?.code : action._tag
        )
        assert.deepStrictEqual(messages, ["node-down", "storage-full"])
      })))

  it.effect("takes the template on the node, where every node has one of that name", () =>
    Lab.run({ templates: "local" }, (lab) =>
      Effect.gen(function*() {
        const template = { _tag: "Name", name: "ubuntu-24.04" } as const
        const fleet = Lab.fleet(
          ...["pve1", "pve2"].map((node, index) => Lab.machine(`on-${node}`, 401 + index, { template, nodes: [node] }))
        )
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Done", "Done"])
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(Lab.made(snapshot).map(({ node }) => node), ["pve1", "pve2"])
      })))

  it.effect("knows only the machines of the fleet", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const fault = yield* Effect.flip(lab.process(Operations.plan(Lab.one, { only: ["web", "wbe"] })))
        assert.strictEqual(fault.code, "unknown-machine")
        assert.include(fault.message, "\"wbe\"")
        assert.deepStrictEqual((yield* lab.simulator.snapshot).calls, [])
      })))
})

describe("drift", () => {
  it.effect("tells what differs, what is missing and what is not ours", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const fleet = Lab.fleet(
          Lab.machine("web", 401),
          Lab.machine("db", 402),
          Lab.machine("app", 403),
          Lab.machine("router", 100)
        )
        yield* lab.process(Operations.apply(fleet, { only: ["web", "db"] }))
        lab.simulator.world.machines.get(402)?.config.set("memory", "1024")
        const drift = yield* lab.process(Operations.drift(fleet))
        assert.deepStrictEqual(drift.machines.map(({ changes, machine, state }) => [machine, state, changes]), [
          ["web", "same", []],
          ["db", "differs", [{ key: "memory", from: "1024", to: "8192" }]],
          ["app", "missing", []],
          ["router", "foreign", []]
        ])
      })))
})

describe("list", () => {
  it.effect("shows everything, and who made it", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const all = yield* lab.process(Operations.list())
        assert.deepStrictEqual(all.map(({ madeBy, vmid }) => [vmid, madeBy?.machine]), [
          [100, undefined],
          [101, undefined],
          [102, undefined],
          [110, undefined],
          [401, "web"],
          [9000, undefined]
        ])
        const mine = yield* lab.process(Operations.list({ mine: true }))
        assert.deepStrictEqual(mine, [{
          vmid: 401,
          name: "web",
          node: "pve1",
          template: false,
          status: "running",
          tags: ["cloud-init", "template", "ubuntu"],
          madeBy: { fleet: "lab", machine: "web" }
        }])
        assert.deepStrictEqual(yield* lab.process(Operations.list({ fleet: "other" })), [])
      })))
})
