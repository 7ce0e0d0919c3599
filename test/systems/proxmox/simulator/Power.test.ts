import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Api from "./Api.ts"

const power = (api: Api.Api, action: string, parameters?: Record<string, string>, vmid: number = 401) =>
  api.task("POST", `/nodes/${vmid === 102 ? "pve2" : "pve1"}/qemu/${vmid}/status/${action}`, parameters)

const status = (api: Api.Api, vmid: number = 401) =>
  Effect.map(
    api.call("GET", `/nodes/${vmid === 102 ? "pve2" : "pve1"}/qemu/${vmid}/status/current`),
    ({ data }) => data
  )

const run = <A>(program: (api: Api.Api) => Effect.Effect<A>, options: Parameters<typeof Api.run>[0] = {}) =>
  Api.run(
    options,
    (api) => Effect.zipRight(api.task("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401" }), program(api))
  )

describe("start", () => {
  it.effect("runs the machine; its agent answers later, with the addresses of its cloud-init", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* api.task("POST", "/nodes/pve1/qemu/401/config", {
          ipconfig0: "ip=10.0.0.41/24,gw=10.0.0.1,ip6=fd00::41/64",
          net1: "virtio,bridge=vmbr1"
        })
        const interfaces = api.call("GET", "/nodes/pve1/qemu/401/agent/network-get-interfaces")
        assert.strictEqual((yield* interfaces).reason, "VM 401 is not running")
        assert.strictEqual(yield* power(api, "start"), "OK")
        const now = yield* status(api)
        assert.deepStrictEqual([Api.at(now, "status"), Api.at(now, "qmpstatus"), Api.at(now, "agent")], [
          "running",
          "running",
          1
        ])
        assert.strictEqual((yield* interfaces).reason, "QEMU guest agent is not running")
        yield* Effect.sleep("20 seconds")
        const { data } = yield* interfaces
        assert.deepStrictEqual(Api.at(data, "result", 1, "ip-addresses"), [
          { "ip-address": "10.0.0.41", "ip-address-type": "ipv4", prefix: 24 },
          { "ip-address": "fd00::41", "ip-address-type": "ipv6", prefix: 64 }
        ])
        const config = (yield* api.call("GET", "/nodes/pve1/qemu/401/config")).data
        const mac = Api.text(data, "result", 1, "hardware-address")
        assert.include(Api.text(config, "net0"), mac.toUpperCase())
        assert.strictEqual(Api.at(data, "result", 2, "name"), "eth1")
      })
    ))

  it.effect("of a running machine, a template or one with a missing bridge fails in the task", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* power(api, "start")
        assert.strictEqual(yield* power(api, "start"), "VM 401 already running")
        assert.strictEqual(yield* power(api, "start", {}, 9000), "you can't start a vm if it's a template")
        yield* power(api, "stop")
        yield* api.task("POST", "/nodes/pve1/qemu/401/config", { net0: "virtio,bridge=vmbr9" })
        assert.strictEqual(yield* power(api, "start"), "bridge 'vmbr9' does not exist")
        assert.strictEqual(Api.at(yield* status(api), "status"), "stopped")
      })
    ))

  it.effect("is in the inventory only when pvestatd has looked again", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* Effect.sleep("20 seconds")
        const row = Effect.map(
          api.call("GET", "/cluster/resources", { type: "vm" }),
          ({ data }) => Object.values(Object(data)).map(Object).find(({ vmid }) => vmid === 401)
        )
        assert.strictEqual((yield* row).status, "stopped")
        const { at } = yield* api.simulator.snapshot
        // Right behind a round of pvestatd, so that the start falls well before the next.
        yield* Effect.sleep(10_000 - ((at - api.simulator.world.began) % 10_000))
        yield* power(api, "start")
        assert.strictEqual(Api.at(yield* status(api), "status"), "running")
        assert.strictEqual((yield* row).status, "stopped")
        yield* Effect.sleep("10 seconds")
        assert.strictEqual((yield* row).status, "running")
      })
    ))
})

describe("a new machine", () => {
  it.effect("is in the inventory at once, without a name and with an unknown status until then", () =>
    run((api) =>
      Effect.gen(function*() {
        const row = Effect.map(api.call("GET", "/cluster/resources", { type: "vm" }), ({ data }) =>
          Object.values(Object(data)).map(Object).find(({ vmid }) => vmid === 401))
        const first = yield* row
        assert.deepStrictEqual([first.status, first.name], ["unknown", undefined])
        yield* Effect.sleep("10 seconds")
        const second = yield* row
        assert.deepStrictEqual([second.status, second.name], ["stopped", "Copy-of-VM-ubuntu-24.04"])
      })
    ))
})

describe("stop and shutdown", () => {
  it.effect("a guest that has not booted does not hear a shutdown; force stops it", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* power(api, "start")
        assert.strictEqual(yield* power(api, "shutdown", { timeout: "3" }), "VM quit/powerdown failed - got timeout")
        assert.strictEqual(Api.at(yield* status(api), "status"), "running")
        assert.strictEqual(yield* power(api, "shutdown", { timeout: "1", forceStop: "1" }), "OK")
        assert.strictEqual(Api.at(yield* status(api), "status"), "stopped")
      })
    ))

  it.effect("one that has shuts down in its own time", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* power(api, "start")
        yield* Effect.sleep("20 seconds")
        assert.strictEqual(yield* power(api, "shutdown"), "OK")
        assert.strictEqual(Api.at(yield* status(api), "status"), "stopped")
        assert.strictEqual(yield* power(api, "stop"), "OK")
      })
    ))

  it.effect("while a shutdown waits it holds the lock, and a stop fails for it unless it overrules", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* power(api, "start")
        yield* api.call("POST", "/nodes/pve1/qemu/401/status/shutdown", { timeout: "60" })
        yield* Effect.sleep("1 second")
        assert.strictEqual(
          yield* power(api, "stop"),
          "can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout"
        )
        assert.strictEqual(yield* power(api, "stop", { "overrule-shutdown": "1" }), "OK")
        assert.strictEqual(Api.at(yield* status(api), "status"), "stopped")
      })
    ))

  it.effect("what does not run cannot be reset, rebooted or suspended; on version 7 not shut down either", () =>
    Effect.gen(function*() {
      yield* run((api) =>
        Effect.gen(function*() {
          for (const action of ["reset", "reboot", "suspend", "resume"]) {
            const result = yield* api.call("POST", `/nodes/pve1/qemu/401/status/${action}`)
            assert.deepStrictEqual([result.status, result.reason], [500, "VM 401 not running"])
          }
          assert.strictEqual(yield* power(api, "shutdown"), "OK")
        })
      )
      const seven = yield* run(
        (api) => api.call("POST", "/nodes/pve1/qemu/401/status/shutdown"),
        { version: 7 }
      )
      assert.strictEqual(seven.reason, "VM 401 not running")
    }))
})

describe("a machine managed for high availability", () => {
  it.effect("is only asked for: the task is OK long before anything happens", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const stop = yield* api.call("POST", "/nodes/pve2/qemu/102/status/stop")
        assert.include(Api.text(stop.data), ":hastop:102:")
        assert.strictEqual(yield* api.ended(Api.text(stop.data)), "OK")
        assert.strictEqual(Api.at(yield* status(api, 102), "status"), "running")
        assert.strictEqual(Api.at(yield* status(api, 102), "ha", "managed"), 1)
        yield* Effect.sleep("8 seconds")
        assert.strictEqual(Api.at(yield* status(api, 102), "status"), "stopped")
        assert.strictEqual(yield* power(api, "start", {}, 102), "OK")
        assert.strictEqual(Api.at(yield* status(api, 102), "status"), "stopped")
        yield* Effect.sleep("8 seconds")
        assert.strictEqual(Api.at(yield* status(api, 102), "status"), "running")
      })))
})

const destroy = (api: Api.Api, node: string, vmid: number, parameters?: Record<string, string>) =>
  api.call("DELETE", `/nodes/${node}/qemu/${vmid}`, parameters)

/** What is orphaned after root has removed what a killed clone left. */
const left = (parameters: Record<string, string>) =>
  Api.run({ faults: [{ fault: "killed", type: "qmclone", after: 3 }] }, (api) =>
    Effect.gen(function*() {
      yield* api.clone(401)
      const { credentials } = api.simulator
      const login = yield* api.as({})("POST", "/access/ticket", {
        username: "root@pam",
        password: credentials.rootPassword
      })
      const root = api.as({
        cookie: `PVEAuthCookie=${encodeURIComponent(Api.text(login.data, "ticket"))}`,
        csrfpreventiontoken: Api.text(login.data, "CSRFPreventionToken")
      })
      const { data } = yield* root("DELETE", "/nodes/pve1/qemu/401", { skiplock: "1", ...parameters })
      assert.strictEqual(yield* api.ended(Api.text(data)), "OK")
      return (yield* api.simulator.snapshot).orphanedVolumes.map(({ id }) => id)
    }))

describe("destroy", () => {
  it.effect("is refused while it runs, is protected, or is managed", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const reasons = yield* Effect.all([
          destroy(api, "pve1", 100),
          destroy(api, "pve2", 101),
          destroy(api, "pve2", 102),
          destroy(api, "pve2", 102, { purge: "1" }),
          destroy(api, "pve1", 555)
        ])
        assert.deepStrictEqual(reasons.map(({ reason, status }) => [status, reason]), [
          [500, "VM 100 is running - destroy failed"],
          [500, "can't remove VM 101 - protection mode enabled"],
          [500, "unable to remove VM 102 - used in HA resources and purge parameter not set."],
          [500, "VM 102 is running - destroy failed"],
          [500, "Configuration file 'nodes/pve1/qemu-server/555.conf' does not exist"]
        ])
      })))

  it.effect("frees every volume and the pool's place, and the id only at the end", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* api.call("PUT", "/pools", { poolid: "holdfast", vms: "401" })
        yield* api.task("POST", "/nodes/pve1/qemu/401/config", { scsi1: "nfs:8", scsi2: "local-lvm:8" })
        const { data } = yield* destroy(api, "pve1", 401, { purge: "1", "destroy-unreferenced-disks": "1" })
        yield* Effect.sleep("1 second")
        assert.strictEqual((yield* api.call("GET", "/cluster/nextid", { vmid: "401" })).status, 400)
        const half = yield* api.call("GET", "/nodes/pve1/qemu/401/config")
        assert.strictEqual(Api.at(half.data, "lock"), "destroyed")
        assert.strictEqual(yield* api.ended(Api.text(data)), "OK")
        const after = yield* api.simulator.drain
        assert.isUndefined(after.machines.find(({ vmid }) => vmid === 401))
        assert.isEmpty(after.volumes.filter(({ vmid }) => vmid === 401))
        assert.isEmpty(after.orphanedVolumes)
        const pool = yield* api.call("GET", "/pools/holdfast")
        assert.deepStrictEqual(Api.at(pool.data, "members"), [])
      })
    ))

  it.effect("finds what a killed clone left only when told to look for unreferenced disks", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* left({}), ["ceph:vm-401-disk-0"])
      assert.deepStrictEqual(yield* left({ "destroy-unreferenced-disks": "1" }), [])
    }))
})
