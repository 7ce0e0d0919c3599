import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Simulator from "../../../../src/systems/proxmox/Simulator.ts"
import * as Api from "./Api.ts"

const path = "/nodes/pve1/qemu/401/config"
const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHyK5qHfWl0M2uVZ0xQmTlOZ3sGqGxqzqGq0y0a0a0a0 me@example.test"

/** With a stopped machine 401, a linked clone of the template. */
const run = <A>(
  program: (api: Api.Api) => Effect.Effect<A>,
  options: Simulator.Options = {}
): Effect.Effect<A> =>
  Api.run(
    options,
    (api) => Effect.zipRight(api.task("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401" }), program(api))
  )

/** The same, and it runs and its agent answers. */
const running = <A>(
  program: (api: Api.Api) => Effect.Effect<A>,
  options: Simulator.Options = {}
): Effect.Effect<A> =>
  run((api) =>
    api.task("POST", "/nodes/pve1/qemu/401/status/start").pipe(
      Effect.zipRight(Effect.sleep("30 seconds")),
      Effect.zipRight(program(api))
    ), options)

const set = (api: Api.Api, parameters: Record<string, string>) => api.task("POST", path, parameters)
const config = (api: Api.Api, parameters?: Record<string, string>) =>
  Effect.map(api.call("GET", path, parameters), ({ data }) => data)
const pending = (api: Api.Api, key: string) =>
  Effect.map(
    api.call("GET", "/nodes/pve1/qemu/401/pending"),
    ({ data }) => Object.values(Object(data)).find((row) => Object(row).key === key) ?? null
  )

describe("what is set", () => {
  it.effect("is stored as the server writes it", () =>
    run((api) =>
      Effect.gen(function*() {
        assert.strictEqual(
          yield* set(api, {
            tags: "Zebra,ape;zebra",
            net0: "bridge=vmbr0,macaddr=bc:24:11:aa:bb:cc,model=virtio,firewall=on,tag=7",
            scsi0: "file=ceph:base-9000-disk-0/vm-401-disk-0,size=500G,ssd=yes,discard=on",
            onboot: "yes",
            description: "line\n\n",
            cipassword: "secret",
            sshkeys: encodeURIComponent(key)
          }),
          "OK"
        )
        const data = yield* config(api)
        assert.strictEqual(Api.at(data, "tags"), "ape;zebra")
        assert.strictEqual(Api.at(data, "net0"), "virtio=BC:24:11:AA:BB:CC,bridge=vmbr0,firewall=1,tag=7")
        assert.strictEqual(
          Api.at(data, "scsi0"),
          "ceph:base-9000-disk-0/vm-401-disk-0,discard=on,size=10G,ssd=1"
        )
        assert.strictEqual(Api.at(data, "onboot"), 1)
        assert.strictEqual(Api.at(data, "description"), "line")
        assert.strictEqual(Api.at(data, "cipassword"), "**********")
        assert.strictEqual(Api.at(data, "sshkeys"), encodeURIComponent(key))
      })
    ))

  it.effect("gives a network without an address a new one every time", () =>
    run((api) =>
      Effect.gen(function*() {
        const seen = new Set<string>()
        for (let index = 0; index < 3; index++) {
          yield* set(api, { net0: "virtio,bridge=vmbr0" })
          seen.add(Api.text(yield* config(api), "net0"))
        }
        assert.strictEqual(seen.size, 3)
      })
    ))

  it.effect("may make volumes: a disk, a cloud-init drive; what they replace is kept unused or freed", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* set(api, { scsi1: "local-lvm:32,ssd=1", ide2: "nfs:cloudinit" })
        const data = yield* config(api)
        assert.strictEqual(Api.at(data, "scsi1"), "local-lvm:vm-401-disk-0,size=32G,ssd=1")
        assert.strictEqual(Api.at(data, "ide2"), "nfs:401/vm-401-cloudinit.raw,media=cdrom,size=4M")
        yield* set(api, { delete: "scsi1" })
        assert.strictEqual(Api.at(yield* config(api), "unused0"), "local-lvm:vm-401-disk-0")
        yield* set(api, { delete: "unused0" })
        const after = yield* api.simulator.snapshot
        assert.isEmpty(after.orphanedVolumes)
        assert.sameMembers(after.volumes.filter(({ vmid }) => vmid === 401).map(({ id }) => id), [
          "ceph:base-9000-disk-0/vm-401-disk-0",
          "nfs:401/vm-401-cloudinit.raw"
        ])
      })
    ))

  it.effect("is refused where it cannot be", () =>
    run((api) =>
      Effect.gen(function*() {
        const refused = (parameters: Record<string, string>) => api.call("POST", path, parameters)
        const boot = yield* refused({ boot: "order=scsi0;virtio7" })
        assert.deepStrictEqual(boot.errors, { boot: "invalid bootorder: device 'virtio7' does not exist'" })
        const both = yield* refused({ net0: "virtio", delete: "net0" })
        assert.deepStrictEqual(both.errors, { delete: "you can't use '-net0' and -delete net0' at the same time" })
        assert.deepStrictEqual((yield* refused({ delete: "colour" })).errors, { delete: "unknown option 'colour'" })
        assert.strictEqual((yield* refused({})).reason, "no options specified")
        assert.strictEqual((yield* refused({ sshkeys: "not%20a%20key" })).reason, "SSH public key validation error")
        const once = yield* refused({ sshkeys: key })
        assert.deepStrictEqual(once.errors, { sshkeys: "invalid format - invalid urlencoded string" })
        assert.strictEqual(
          (yield* refused({ memory: "512", balloon: "1024" })).reason,
          "balloon value too large (must be smaller than assigned memory)"
        )
        assert.strictEqual(yield* set(api, { scsi1: "ceph:vm-7-disk-0" }), "volume 'ceph:vm-7-disk-0' does not exist")
        assert.strictEqual(
          (yield* api.call("POST", "/nodes/pve2/qemu/401/config", { cores: "1" })).reason,
          "Configuration file 'nodes/pve2/qemu-server/401.conf' does not exist"
        )
        assert.strictEqual(
          (yield* api.simulator.snapshot).machines.find(({ vmid }) => vmid === 401)?.config["cores"],
          "2"
        )
      })
    ))
})

describe("on a running machine", () => {
  it.effect("what needs a restart is pending, what does not is in force at once", () =>
    running((api) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* set(api, { cores: "4", memory: "4096", name: "two", delete: "agent" }), "OK")
        const now = yield* config(api, { current: "1" })
        const next = yield* config(api)
        assert.deepStrictEqual([Api.at(now, "cores"), Api.at(next, "cores")], [2, 4])
        assert.deepStrictEqual([Api.at(now, "memory"), Api.at(next, "memory")], ["2048", "4096"])
        assert.deepStrictEqual([Api.at(now, "name"), Api.at(next, "name")], ["two", "two"])
        assert.deepStrictEqual([Api.text(now, "agent") === "null", Api.at(next, "agent")], [false, null])
        assert.deepStrictEqual(yield* pending(api, "cores"), { key: "cores", value: "2", pending: "4" })
        assert.deepStrictEqual(yield* pending(api, "agent"), {
          key: "agent",
          value: "enabled=1,fstrim_cloned_disks=1",
          delete: 1
        })
        yield* api.task("POST", "/nodes/pve1/qemu/401/status/reboot")
        assert.deepStrictEqual(yield* pending(api, "cores"), { key: "cores", value: "4" })
        assert.isNull(yield* pending(api, "agent"))
      })
    ))

  it.effect("a pending value goes when it is set back or reverted", () =>
    running((api) =>
      Effect.gen(function*() {
        yield* set(api, { cores: "4", memory: "4096" })
        yield* set(api, { cores: "2" })
        assert.deepStrictEqual(yield* pending(api, "cores"), { key: "cores", value: "2" })
        yield* set(api, { revert: "memory" })
        assert.deepStrictEqual(yield* pending(api, "memory"), { key: "memory", value: "2048" })
      })
    ))

  it.effect("what the guest cannot give back is named in the exit status, the rest applies", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* set(api, { numa: "1", hotplug: "network,disk,memory" })
        yield* api.task("POST", "/nodes/pve1/qemu/401/status/start")
        assert.strictEqual(
          yield* set(api, { memory: "1024", name: "three" }),
          "400 Parameter verification failed. memory: hotplug problem - can't unplug memory, the guest still uses it"
        )
        assert.strictEqual(Api.at(yield* config(api, { current: "1" }), "name"), "three")
        assert.deepStrictEqual(yield* pending(api, "memory"), { key: "memory", value: "2048", pending: "1024" })
        assert.strictEqual(yield* set(api, { memory: "8192" }), "OK")
        assert.deepStrictEqual(yield* pending(api, "memory"), { key: "memory", value: "8192" })
      })
    ))

  it.effect("cloud-init is in the configuration at once and on its drive after a regeneration", () =>
    running((api) =>
      Effect.gen(function*() {
        yield* set(api, { ipconfig0: "ip=10.0.0.41/24,gw=10.0.0.1" })
        const row = Effect.map(api.call("GET", "/nodes/pve1/qemu/401/cloudinit"), ({ data }) =>
          Object.values(Object(data)).find((one) => Object(one).key === "ipconfig0"))
        assert.deepStrictEqual(yield* row, {
          key: "ipconfig0",
          value: "ip=dhcp",
          pending: "ip=10.0.0.41/24,gw=10.0.0.1"
        })
        yield* api.call("PUT", "/nodes/pve1/qemu/401/cloudinit")
        assert.deepStrictEqual(yield* row, { key: "ipconfig0", value: "ip=10.0.0.41/24,gw=10.0.0.1" })
      })
    ))
})

describe("the two forms", () => {
  it.effect("the asynchronous one returns a task, or nothing when it was done within the time given", () =>
    run((api) =>
      Effect.gen(function*() {
        const task = yield* api.call("POST", path, { cores: "3" })
        assert.match(Api.text(task.data), /^UPID:pve1:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:qmconfig:401:/)
        const done = yield* api.call("POST", path, { cores: "4", background_delay: "5" })
        assert.isNull(done.data)
        assert.strictEqual(Api.at(yield* config(api), "cores"), 4)
      })
    ))

  it.effect("the asynchronous one says as its own failure what the task failed of in that time", () =>
    run((api) =>
      Effect.map(
        api.call("POST", path, { scsi1: "ceph:vm-7-disk-0", background_delay: "5" }),
        (result) =>
          assert.deepStrictEqual(
            [result.status, result.reason],
            [500, "failed to update VM 401: volume 'ceph:vm-7-disk-0' does not exist"]
          )
      )
    ))

  it.effect("the synchronous one occupies one of three workers: others wait, and after thirty seconds get 596", () =>
    run((api) =>
      Effect.gen(function*() {
        yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "402", full: "1" })
        yield* Effect.sleep("1 second")
        const put = (description: string) => api.call("PUT", "/nodes/pve1/qemu/402/config", { description })
        const results = yield* Effect.all(
          Array.from({ length: 10 }, (_, index) => put(`writer ${index}`)),
          { concurrency: 10 }
        )
        assert.deepStrictEqual(
          results.slice(0, 9).map(({ status }) => status),
          Array.from({ length: 9 }, () => 500)
        )
        const late = results[9]
        assert.deepStrictEqual([late?.status, late?.reason], [596, "Connection timed out"])
        yield* Effect.sleep("40 seconds")
        const { data } = yield* api.call("GET", "/nodes/pve1/qemu/402/config")
        assert.strictEqual(Api.at(data, "description"), "writer 9", "the work went on behind the proxy")
      }), { faults: [{ fault: "slow", type: "qmclone", nth: 2, factor: 2.7 }] }))
})

const resize = (api: Api.Api, size: string, disk: string = "scsi0") =>
  api.task("PUT", "/nodes/pve1/qemu/401/resize", { disk, size })

describe("resize", () => {
  it.effect("grows to an absolute size or by one, leaves an equal one alone, never shrinks", () =>
    run((api) =>
      Effect.gen(function*() {
        const size = Effect.map(config(api), (data) => /size=(\w+)/.exec(Api.text(data, "scsi0"))?.[1])
        assert.strictEqual(yield* resize(api, "100G"), "OK")
        assert.strictEqual(yield* size, "100G")
        assert.strictEqual(yield* resize(api, "100G"), "OK")
        assert.strictEqual(yield* resize(api, "+512M"), "OK")
        assert.strictEqual(yield* size, "102912M")
        assert.strictEqual(yield* resize(api, "99G"), "shrinking disks is not supported")
        assert.strictEqual(yield* resize(api, "1025G"), "OK")
        assert.strictEqual(yield* size, "1025G")
      })
    ))

  it.effect("is a task since version 8 and done at once before", () =>
    run((api) =>
      Effect.gen(function*() {
        const result = yield* api.call("PUT", "/nodes/pve1/qemu/401/resize", { disk: "scsi0", size: "20G" })
        assert.deepStrictEqual([result.status, result.data], [200, null])
        assert.match(Api.text(yield* config(api), "scsi0"), /size=20G/)
      }), { version: 7 }))

  it.effect("says what is missing", () =>
    run((api) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* resize(api, "20G", "scsi3"), "disk 'scsi3' does not exist")
        assert.strictEqual(yield* resize(api, "20G", "ide2"), "you can't resize a cdrom")
      })
    ))
})
