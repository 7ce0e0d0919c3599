import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as World from "../../../../src/systems/proxmox/simulator/World.ts"
import * as Api from "./Api.ts"

const path = "/nodes/pve1/qemu/9000/clone"
const start = (api: Api.Api, newid: number, parameters?: Record<string, string>) =>
  api.call("POST", path, { newid: String(newid), full: "1", ...parameters })

const machine = (snapshot: World.Snapshot, vmid: number): World.MachineView =>
  snapshot.machines.find((one) => one.vmid === vmid) ?? assert.fail(`there is no machine ${vmid}`)

const seconds = (snapshot: World.Snapshot, before: World.Snapshot): number => (snapshot.at - before.at) / 1000

describe("a full clone", () => {
  it.effect("takes about fourteen seconds and copies everything but identity", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const before = yield* api.simulator.snapshot
        assert.strictEqual(yield* api.clone(401, { name: "one", description: "nonce 7\n", pool: "holdfast" }), "OK")
        const after = yield* api.simulator.snapshot
        assert.isAbove(seconds(after, before), 13)
        assert.isBelow(seconds(after, before), 15.5)
        const template = machine(after, 9000)
        const clone = machine(after, 401)
        assert.strictEqual(clone.name, "one")
        assert.strictEqual(clone.config["description"], "nonce 7")
        assert.strictEqual(clone.pool, "holdfast")
        assert.isFalse(clone.template || clone.stranger)
        for (const key of ["cores", "memory", "boot", "agent", "tags", "serial0"]) {
          assert.strictEqual(clone.config[key], template.config[key])
        }
        assert.match(clone.config["net0"] ?? "", /^virtio=BC:24:11(:[0-9A-F]{2}){3},bridge=vmbr0$/)
        for (const key of ["net0", "smbios1", "vmgenid", "meta"]) {
          assert.notStrictEqual(clone.config[key], template.config[key])
        }
        assert.strictEqual(clone.config["scsi0"], "ceph:vm-401-disk-0,discard=on,iothread=1,size=10G,ssd=1")
        assert.strictEqual(clone.config["ide2"], "ceph:vm-401-cloudinit,media=cdrom,size=4M")
        assert.deepStrictEqual(after.orphanedVolumes, [])
      })))

  it.effect("has a placeholder for a configuration until its first disk is written, and then its own, locked", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        yield* start(api, 401, { description: "nonce 7" })
        const config = api.call("GET", "/nodes/pve1/qemu/401/config")
        assert.strictEqual((yield* config).status, 500)
        yield* Effect.sleep("100 millis")
        const first = (yield* config).data
        assert.strictEqual(Api.at(first, "lock"), "clone")
        assert.strictEqual(Api.at(first, "description"), "qmclone temporary file")
        assert.isNull(Api.at(first, "cores"))
        yield* Effect.sleep("2 seconds")
        const second = (yield* config).data
        assert.strictEqual(Api.at(second, "lock"), "clone")
        assert.strictEqual(Api.at(second, "description"), "nonce 7")
        assert.strictEqual(Api.at(second, "cores"), 2)
        assert.isNull(Api.at(second, "scsi0"))
      })))

  it.effect("slows the others on its storage down a little, and those on another not at all", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const before = yield* api.simulator.snapshot
        const storages = ["ceph", "ceph", "ceph", "nfs"]
        const ends = yield* Effect.forEach(
          storages,
          (storage, index) =>
            Effect.zipRight(
              api.clone(401 + index, { storage }),
              Effect.map(api.simulator.snapshot, (after) => seconds(after, before))
            ),
          { concurrency: 4 }
        )
        for (const end of ends.slice(0, 3)) {
          assert.isAbove(end, 15.5)
          assert.isBelow(end, 19)
        }
        assert.isBelow(ends[3] ?? 99, 15.5)
      })))

  it.effect("keeps to a limit of its bandwidth", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const before = yield* api.simulator.snapshot
        yield* api.clone(401, { bwlimit: String(100 * 1024) })
        const after = yield* api.simulator.snapshot
        assert.isAbove(seconds(after, before), 98)
        assert.isBelow(seconds(after, before), 108)
      })))

  it.effect("logs its progress, of which the first fifty lines are not the last", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* start(api, 401)).data)
        const log = (parameters?: Record<string, string>) =>
          api.call("GET", `/nodes/pve1/tasks/${encodeURIComponent(upid)}/log`, parameters)
        yield* Effect.sleep("7 seconds")
        const half = yield* log({ start: "2", limit: "500" })
        assert.deepStrictEqual(Api.at(half.data, 0), { n: 3, t: "transferred 0.0 B of 10.0 GiB (0.00%)" })
        assert.isAbove(Number(half.total), 30)
        assert.isBelow(Number(half.total), 70)
        yield* api.ended(upid)
        const first = yield* log()
        assert.lengthOf(Object.keys(Object(first.data)), 50)
        assert.strictEqual(first.total, 104)
        const last = yield* log({ start: "102" })
        assert.deepStrictEqual(last.data, [
          { n: 103, t: "transferred 10.0 GiB of 10.0 GiB (100.00%)" },
          { n: 104, t: "TASK OK" }
        ])
      })))

  it.effect("to another node is known there only a moment after its task has ended", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* start(api, 401, { target: "pve2" })).data)
        const config = api.call("GET", "/nodes/pve2/qemu/401/config")
        for (;;) {
          const { tasks } = yield* api.simulator.snapshot
          if (tasks.find((task) => task.upid === upid)?.status === "stopped") break
          yield* Effect.sleep("10 millis")
        }
        assert.strictEqual(
          (yield* config).reason,
          "Configuration file 'nodes/pve2/qemu-server/401.conf' does not exist"
        )
        yield* Effect.sleep("1 second")
        assert.strictEqual((yield* config).status, 200)
        assert.strictEqual((yield* api.call("GET", "/nodes/pve1/qemu/401/config")).status, 500)
      })))
})

describe("a linked clone", () => {
  it.effect("is quick, is not counted as space, and keeps its base", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const before = yield* api.simulator.snapshot
        assert.strictEqual(yield* api.task("POST", path, { newid: "401" }), "OK")
        const after = yield* api.simulator.snapshot
        assert.isBelow(seconds(after, before), 3)
        assert.match(machine(after, 401).config["scsi0"] ?? "", /^ceph:base-9000-disk-0\/vm-401-disk-0,/)
        assert.match(
          yield* api.task("DELETE", "/nodes/pve1/qemu/9000"),
          /^base volume 'ceph:base-9000-disk-0' is still in use by linked cloned 'ceph:base-9000-disk-0\/vm-401-disk-0'$/
        )
      })))

  it.effect("cannot go elsewhere, change its format, or be of a machine that is no template", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const refused = (parameters: Record<string, string>) =>
          Effect.map(api.call("POST", path, { newid: "401", ...parameters }), ({ reason }) => reason)
        assert.strictEqual(yield* refused({ storage: "nfs" }), "parameter 'storage' not allowed for linked clones")
        assert.strictEqual(yield* refused({ format: "raw" }), "parameter 'format' not allowed for linked clones")
        const plain = yield* api.call("POST", "/nodes/pve1/qemu/100/clone", { newid: "401", full: "0" })
        assert.strictEqual(plain.reason, "Linked clone feature is not supported for drive 'scsi0'")
      })))
})

/** A test that the call itself is refused, and nothing was begun. */
const refused = (parameters: Record<string, string>, reason: string, templates: "shared" | "local" = "shared") =>
  it.effect(reason, () =>
    Api.run({ templates }, (api) =>
      Effect.gen(function*() {
        const result = yield* start(api, 401, parameters)
        assert.deepStrictEqual([result.status, result.reason], [500, reason])
        const { machines, tasks } = yield* api.simulator.drain
        assert.isEmpty(tasks)
        assert.isUndefined(machines.find(({ vmid }) => vmid === 401))
      })))

describe("a clone is refused", () => {
  refused({ newid: "100" }, "unable to create VM 100: config file already exists")
  refused({ newid: "101" }, "unable to create VM 101 - VM 101 already exists on node 'pve2'")
  refused({ newid: "110" }, "unable to create VM 110 - CT 110 already exists on node 'pve1'")
  refused({ target: "pve9" }, "no such cluster node 'pve9'")
  refused({ target: "pve2", storage: "local-lvm" }, "can't clone to non-shared storage 'local-lvm'")
  refused({ target: "pve2" }, "Can't clone VM to node 'pve2' (VM uses local storage)", "local")
  refused({ storage: "tape" }, "storage 'tape' does not exist")
  refused({ storage: "local" }, "storage 'local' does not support content-type 'images'")
  refused({ snapname: "before" }, "snapshot 'before' does not exist")
  refused({ pool: "swimming" }, "pool 'swimming' does not exist")

  it.effect("unable to find configuration file for VM 8000 on node 'pve1'", () =>
    Api.run(
      {},
      ({ call }) =>
        Effect.map(call("POST", "/nodes/pve1/qemu/8000/clone", { newid: "401" }), ({ reason }) =>
          assert.strictEqual(reason, "unable to find configuration file for VM 8000 on node 'pve1'"))
    ))
})

const cloneOf = (api: Api.Api, vmid: number, newid: string) =>
  api.task("POST", `/nodes/pve1/qemu/${vmid}/clone`, { newid, full: "1", storage: "ceph" })

describe("clones that meet", () => {
  it.effect("at one new id: the later one gives up its lock after a second, and the id keeps one owner", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const [first, second] = yield* Effect.all([start(api, 401), start(api, 401)], { concurrency: 2 })
        const exits = yield* Effect.forEach([first, second], ({ data }) => api.ended(Api.text(data)))
        assert.deepStrictEqual(exits, ["OK", "can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout"])
        const { machines, orphanedVolumes, volumes } = yield* api.simulator.drain
        assert.lengthOf(machines.filter(({ vmid }) => vmid === 401), 1)
        assert.lengthOf(volumes.filter(({ vmid }) => vmid === 401), 2)
        assert.isEmpty(orphanedVolumes)
      })))

  it.effect("at one running source: the later one waits a second for the source and fails; at a template both go", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const running = yield* Effect.all([cloneOf(api, 100, "401"), cloneOf(api, 100, "402")], { concurrency: 2 })
        assert.deepStrictEqual(running, ["OK", "can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout"])
        const template = yield* Effect.all([cloneOf(api, 9000, "403"), cloneOf(api, 9000, "404")], { concurrency: 2 })
        assert.deepStrictEqual(template, ["OK", "OK"])
      })))
})

describe("a clone that ends early", () => {
  it.effect("by abort frees its volumes and its id, and says so", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* start(api, 401)).data)
        yield* Effect.sleep("5 seconds")
        assert.isAbove((yield* api.simulator.snapshot).volumes.filter(({ vmid }) => vmid === 401).length, 1)
        yield* api.call("DELETE", `/nodes/pve1/tasks/${encodeURIComponent(upid)}`)
        const during = yield* api.simulator.snapshot
        assert.strictEqual(machine(during, 401).lock, "clone")
        assert.include(during.locks, "pve1 lock-401.conf")
        assert.strictEqual(yield* api.ended(upid), "clone failed: interrupted by signal")
        const after = yield* api.simulator.snapshot
        assert.isUndefined(after.machines.find(({ vmid }) => vmid === 401))
        assert.isEmpty(after.volumes.filter(({ vmid }) => vmid === 401))
        assert.isEmpty(after.locks)
      })))

  it.effect("by a second abort ends without having cleaned up", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* start(api, 401)).data)
        yield* Effect.sleep("5 seconds")
        const abort = api.call("DELETE", `/nodes/pve1/tasks/${encodeURIComponent(upid)}`)
        yield* abort
        yield* Effect.sleep("500 millis")
        yield* abort
        assert.strictEqual(yield* api.ended(upid), "received interrupt")
        assert.strictEqual(machine(yield* api.simulator.snapshot, 401).lock, "clone")
      })))

  it.effect("by abort while it waits for a storage gives the storage's lock back at once", () =>
    Api.run({ timing: { allocation: 4000 } }, (api) =>
      Effect.gen(function*() {
        const upid = Api.text((yield* start(api, 401)).data)
        yield* Effect.sleep("1 second")
        assert.include((yield* api.simulator.snapshot).locks, "cluster storage-ceph")
        yield* api.call("DELETE", `/nodes/pve1/tasks/${encodeURIComponent(upid)}`)
        assert.notInclude((yield* api.simulator.snapshot).locks, "cluster storage-ceph")
      })))

  it.effect("by SIGKILL leaves a locked half of a machine and an orphaned volume, and only root can remove it", () =>
    Api.run({ faults: [{ fault: "killed", type: "qmclone", after: 3 }] }, (api) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* api.clone(401), "unexpected status")
        const after = yield* api.simulator.snapshot
        assert.strictEqual(machine(after, 401).lock, "clone")
        assert.deepStrictEqual(after.orphanedVolumes.map(({ id }) => id), ["ceph:vm-401-disk-0"])
        assert.isEmpty(after.locks)
        assert.strictEqual(
          (yield* api.call("POST", "/nodes/pve1/qemu/401/config", { cores: "1" })).reason,
          "VM is locked (clone)"
        )
        assert.strictEqual(yield* api.task("DELETE", "/nodes/pve1/qemu/401"), "VM is locked (clone)")
      })))

  it.effect("for want of space cleans up after itself", () =>
    Api.run({ faults: [{ fault: "storage-full", storage: "local-lvm" }] }, (api) =>
      Effect.gen(function*() {
        assert.match(
          yield* api.clone(401, { storage: "local-lvm" }),
          /^clone failed: lvcreate .* free space in thin pool pve\/data reached threshold\.$/
        )
        const after = yield* api.simulator.drain
        assert.isUndefined(after.machines.find(({ vmid }) => vmid === 401))
        assert.isEmpty(after.orphanedVolumes)
        assert.strictEqual(yield* api.clone(401, { storage: "ceph" }), "OK")
      })))

  it.effect("for a busy storage says which lock", () =>
    Api.run(
      { faults: ["ceph", "local-lvm"].map((storage) => ({ fault: "storage-busy", storage } as const)) },
      (api) =>
        Effect.gen(function*() {
          assert.strictEqual(
            yield* api.clone(401),
            "clone failed: cfs-lock 'storage-ceph' error: got lock request timeout"
          )
          assert.strictEqual(
            yield* api.clone(401, { storage: "local-lvm" }),
            "clone failed: can't lock file '/var/lock/pve-manager/pve-storage-local-lvm' - got timeout"
          )
        })
    ))
})
