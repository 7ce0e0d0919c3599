import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import { parse } from "yaml"
import * as FaultPlan from "../../../../src/simulation/FaultPlan.ts"
import * as Faults from "../../../../src/systems/proxmox/simulator/Faults.ts"
import * as Api from "./Api.ts"

const config = "/nodes/pve1/qemu/100/config"

const run = <A>(faults: Faults.Plan, program: (api: Api.Api) => Effect.Effect<A>) => Api.run({ faults }, program)

const described = (api: Api.Api, description: string) => api.task("POST", config, { description })

describe("a fault plan", () => {
  it.effect("is read from a file, and what is wrong in it is named by its place", () =>
    Effect.gen(function*() {
      const plan = yield* FaultPlan.decode(Faults.Plan, [{ fault: "killed", type: "qmclone", nth: [1, 3] }])
      assert.deepStrictEqual(plan, [{ fault: "killed", type: "qmclone", nth: [1, 3] }])
      const wrong = yield* Effect.flip(
        FaultPlan.decode(Faults.Plan, [{ fault: "node-down", node: "pve1", form: 3 }], { source: "faults.yaml" })
      )
      assert.include(wrong.message, "faults.yaml")
      assert.include(wrong.message, "[0].form")
    }))

  it.effect("of the example is a plan", () =>
    Effect.gen(function*() {
      const content: unknown = parse(Fs.readFileSync("examples/proxmox/faults.yaml", "utf8"))
      const file = yield* FaultPlan.decode(Schema.Struct({ network: FaultPlan.schema, server: Faults.Plan }), content)
      assert.isAbove(file.network.rules.length, 0)
      assert.isAbove(file.server.length, 0)
    }))
})

describe("a fault of a task", () => {
  it.effect("lock-timeout comes once in the answer, after ten seconds, and once in the exit status", () =>
    run([
      { fault: "lock-timeout", where: "http", type: "qmconfig" },
      { fault: "lock-timeout", where: "task", type: "qmconfig", nth: 2 }
    ], (api) =>
      Effect.gen(function*() {
        const before = (yield* api.simulator.snapshot).at
        const text = "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"
        const refused = yield* api.call("POST", config, { description: "a" })
        assert.deepStrictEqual([refused.status, refused.reason], [500, text])
        assert.strictEqual((yield* api.simulator.snapshot).at - before, 10_000)
        assert.strictEqual(yield* described(api, "b"), "OK")
        assert.strictEqual(yield* described(api, "c"), text)
        assert.strictEqual(Api.at((yield* api.call("GET", config)).data, "description"), "b")
      })))

  it.effect("lock-timeout of a clone names the new machine, and nothing was made", () =>
    run([{ fault: "lock-timeout", where: "task", type: "qmclone" }], (api) =>
      Effect.gen(function*() {
        assert.strictEqual(
          yield* api.clone(401),
          "can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout"
        )
        assert.lengthOf((yield* api.simulator.drain).machines, 5)
      })))

  it.effect("warnings are a success with their lines in the log", () =>
    run([{ fault: "warnings", type: "qmclone", lines: ["one", "two"] }], (api) =>
      Effect.gen(function*() {
        const { data } = yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401" })
        const upid = Api.text(data)
        assert.strictEqual(yield* api.ended(upid), "WARNINGS: 2")
        const log = yield* api.call("GET", `/nodes/pve1/tasks/${encodeURIComponent(upid)}/log`)
        assert.deepStrictEqual(Api.at(log.data, 0), { n: 1, t: "WARN: one" })
        assert.deepStrictEqual(Api.at(log.data, Number(log.total) - 1), {
          n: Number(log.total),
          t: "TASK WARNINGS: 2"
        })
        assert.strictEqual((yield* api.call("GET", "/nodes/pve1/qemu/401/config")).status, 200)
      })))

  it.effect("killed leaves no last line", () =>
    run([{ fault: "killed", type: "qmconfig", after: 0.1 }], (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* api.call("POST", config, { description: "x" })).data)
        assert.strictEqual(yield* api.ended(upid), "unexpected status")
        const log = yield* api.call("GET", `/nodes/pve1/tasks/${encodeURIComponent(upid)}/log`)
        assert.strictEqual(log.total, 1)
        assert.isEmpty((yield* api.simulator.snapshot).locks)
        assert.strictEqual(yield* described(api, "y"), "OK")
      })))

  it.effect("exit-status, every time", () =>
    run([{ fault: "exit-status", type: "qmconfig", nth: "every", text: "it broke" }], (api) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* described(api, "a"), "it broke")
        assert.strictEqual(yield* described(api, "b"), "it broke")
      })))

  it.effect("no-worker starts nothing", () =>
    run([{ fault: "no-worker", type: "qmclone" }], (api) =>
      Effect.gen(function*() {
        const refused = yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401" })
        assert.deepStrictEqual([refused.status, refused.reason], [500, "got no worker upid - start worker failed"])
        assert.isEmpty((yield* api.simulator.drain).tasks)
        assert.strictEqual(yield* api.clone(401), "OK")
      })))

  it.effect("lost-task works on, but nobody knows it any more", () =>
    run([{ fault: "lost-task", type: "qmconfig" }], (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* api.call("POST", config, { description: "lost" })).data)
        const path = `/nodes/pve1/tasks/${encodeURIComponent(upid)}/status`
        const status = yield* api.call("GET", path)
        assert.deepStrictEqual([status.status, status.errors], [400, { upid: "no such task" }])
        const elsewhere = yield* api.call("GET", path.replace("pve1", "pve2"))
        assert.deepStrictEqual(elsewhere.errors, { upid: "no such task" })
        const nonsense = yield* api.call("GET", "/nodes/pve1/tasks/UPID:x/status")
        assert.deepStrictEqual(nonsense.errors, { upid: "unable to parse worker upid" })
        assert.strictEqual((yield* api.call("GET", "/nodes/pve1/tasks", { source: "all" })).total, 0)
        yield* Effect.sleep("1 second")
        assert.strictEqual(Api.at((yield* api.call("GET", config)).data, "description"), "lost")
      })))
})

const taken = (api: Api.Api, vmid: string) =>
  Effect.map(api.call("GET", "/cluster/nextid", { vmid }), ({ status }) => status === 400)

describe("a fault of the cluster", () => {
  it.effect("stranger takes the id between nextid and the clone", () =>
    run([{ fault: "stranger", node: "pve2" }], (api) =>
      Effect.gen(function*() {
        const vmid = Api.text((yield* api.call("GET", "/cluster/nextid")).data)
        const clone = yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: vmid })
        assert.strictEqual(
          clone.reason,
          `unable to create VM ${vmid} - VM ${vmid} already exists on node 'pve2'`
        )
        const next = Api.text((yield* api.call("GET", "/cluster/nextid")).data)
        assert.notStrictEqual(next, vmid)
        assert.strictEqual(yield* api.clone(Number(next)), "OK")
      })))

  it.effect("stranger-at is there at its time", () =>
    run(
      [{ fault: "stranger-at", at: 5, vmid: 401 }, { fault: "stranger-at", at: 0, vmid: 402 }],
      (api) =>
        Effect.gen(function*() {
          assert.deepStrictEqual([yield* taken(api, "401"), yield* taken(api, "402")], [false, true])
          yield* Effect.sleep("5 seconds")
          assert.isTrue(yield* taken(api, "401"))
        })
    ))

  it.effect("no-quorum refuses changes while it lasts, also in the middle of a clone", () =>
    run([{ fault: "no-quorum", from: 5, for: 30 }], (api) =>
      Effect.gen(function*() {
        const clone = yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
        yield* Effect.sleep("6 seconds")
        for (const path of ["/nodes/pve1/qemu/9000/clone", config, "/nodes/pve1/qemu/100/status/start"]) {
          const result = yield* api.call(
            "POST",
            path,
            path.endsWith("clone") ? { newid: "402" } : path === config
              ? { cores: "1" }
              : {}
          )
          assert.deepStrictEqual([result.status, result.reason], [500, "cluster not ready - no quorum?"], path)
        }
        assert.strictEqual((yield* api.call("GET", config)).status, 200)
        assert.strictEqual(Api.at((yield* api.call("GET", "/cluster/status")).data, 0, "quorate"), 0)
        assert.strictEqual(yield* api.ended(Api.text(clone.data)), "clone failed: cluster not ready - no quorum?")
        const left = (yield* api.simulator.snapshot).machines.find(({ vmid }) => vmid === 401)
        assert.strictEqual(left?.lock, "clone", "nor could it remove what it had begun")
        yield* Effect.sleep("20 seconds")
        assert.strictEqual(yield* described(api, "again"), "OK")
      })))

  it.effect("node-down kills its tasks and machines; calls for it get 595, others go on", () =>
    run([{ fault: "node-down", node: "pve2", from: 5, for: 20 }], (api) =>
      Effect.gen(function*() {
        const current = (node: string, vmid: number) => api.call("GET", `/nodes/${node}/qemu/${vmid}/status/current`)
        assert.strictEqual(Api.at((yield* current("pve2", 102)).data, "status"), "running")
        yield* Effect.sleep("5 seconds")
        const down = yield* current("pve2", 102)
        assert.deepStrictEqual([down.status, down.reason], [595, "No route to host"])
        assert.strictEqual((yield* current("pve1", 100)).status, 200)
        const nodes = (yield* api.call("GET", "/nodes")).data
        assert.deepStrictEqual([Api.at(nodes, 0, "status"), Api.at(nodes, 1, "status")], ["online", "offline"])
        yield* Effect.sleep("20 seconds")
        assert.strictEqual(Api.at((yield* current("pve2", 102)).data, "status"), "stopped")
      })))

  it.effect("node-down of the node that requests arrive at refuses connections", () =>
    run([{ fault: "node-down", node: "pve1", from: 5, for: 5 }], (api) =>
      Effect.gen(function*() {
        const upid = Api.text(
          (yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })).data
        )
        yield* Effect.sleep("6 seconds")
        const reply = yield* api.simulator.endpoint({ method: "GET", url: "/api2/json/version", headers: {}, body: "" })
        assert.strictEqual(reply._tag, "Refused")
        yield* Effect.sleep("5 seconds")
        assert.strictEqual(yield* api.ended(upid), "unexpected status")
      })))

  it.effect("a node that does not exist cannot be looked up", () =>
    run([], (api) =>
      Effect.map(api.call("GET", "/nodes/pve9/qemu/100/config"), ({ reason, status }) => {
        assert.strictEqual(status, 500)
        assert.match(reason, /^hostname lookup 'pve9' failed/)
      })))

  it.effect("slow makes the work of one task longer", () =>
    run([{ fault: "slow", type: "qmclone", factor: 3 }], (api) =>
      Effect.gen(function*() {
        const { at } = yield* api.simulator.snapshot
        yield* api.clone(401)
        assert.isAbove((yield* api.simulator.snapshot).at - at, 36_000)
      })))
})
