/**
 * The whole life of a machine, every call the simulator serves, held against the vendor's description of the API.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Simulator from "../../../../src/systems/proxmox/Simulator.ts"
import * as RouteTable from "../../../../src/systems/proxmox/simulator/RouteTable.ts"
import * as ApiDescription from "../ApiDescription.ts"
import * as Api from "./Api.ts"

const key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHyK5qHfWl0M2uVZ0xQmTlOZ3sGqGxqzqGq0y0a0a0a0 me@example.test"
const machine = "/nodes/pve1/qemu/401"

const reads = [
  "/version",
  "/access/ticket",
  "/access/permissions",
  "/cluster/nextid",
  "/cluster/resources",
  "/cluster/status",
  "/cluster/tasks",
  "/pools",
  "/pools?poolid=holdfast",
  "/pools/holdfast",
  "/nodes",
  "/nodes/pve1/status",
  "/nodes/pve1/version",
  "/nodes/pve1/storage",
  "/nodes/pve1/storage/ceph/status",
  "/nodes/pve1/storage/ceph/content",
  "/nodes/pve1/tasks",
  "/nodes/pve1/tasks?source=all&limit=5",
  "/nodes/pve1/qemu",
  `${machine}/config`,
  `${machine}/config?current=1`,
  `${machine}/pending`,
  `${machine}/cloudinit`,
  `${machine}/cloudinit/dump?type=user`,
  `${machine}/cloudinit/dump?type=network`,
  `${machine}/cloudinit/dump?type=meta`,
  `${machine}/snapshot`,
  `${machine}/status/current`,
  `${machine}/agent/network-get-interfaces`
]

const change: Record<string, string> = {
  agent: "enabled=1",
  balloon: "1024",
  boot: "order=scsi0;net0",
  cicustom: "vendor=nfs:snippets/vendor.yaml",
  cipassword: "secret",
  ciupgrade: "0",
  ciuser: "admin",
  cores: "4",
  cpu: "host,flags=+aes;-pcid",
  description: "made by a test",
  ide2: "nfs:cloudinit",
  ipconfig0: "ip=10.0.0.41/24,gw=10.0.0.1,ip6=auto",
  memory: "8192",
  nameserver: "10.0.0.1 10.0.0.2",
  net0: "virtio,bridge=vmbr0,tag=20,firewall=1",
  net1: "model=e1000,macaddr=BC:24:11:00:00:01,bridge=vmbr1,link_down=1",
  numa: "1",
  onboot: "1",
  protection: "0",
  scsi1: "local-lvm:32,discard=on,ssd=1,iothread=1",
  searchdomain: "example.test",
  serial0: "socket",
  sockets: "2",
  sshkeys: encodeURIComponent(key),
  startup: "order=3,up=30",
  tags: "Zebra;ape",
  vga: "serial0",
  virtio0: "nfs:8,format=qcow2"
}

/** What the checker says of an accepted request and the answer to it. */
const wrong = (method: string, url: string, body: string, data: unknown) =>
  ApiDescription.problems(
    { method, url: `/api2/json${url}`, headers: {}, body },
    { _tag: "Answer", status: 200, statusText: "OK", headers: {}, body: JSON.stringify({ data }) }
  )

const life = (api: Api.Api) =>
  Effect.gen(function*() {
    const { call, clone, task } = api
    assert.strictEqual(
      yield* clone(401, { name: "one", description: "x", storage: "local-lvm", pool: "holdfast" }),
      "OK"
    )
    assert.strictEqual(yield* task("POST", `${machine}/config`, change), "OK")
    assert.strictEqual((yield* call("PUT", `${machine}/config`, { delete: "net1,virtio0" })).status, 200)
    yield* task("PUT", `${machine}/resize`, { disk: "scsi0", size: "100G" })
    yield* task("POST", `${machine}/snapshot`, { snapname: "before" })
    yield* task("POST", `${machine}/status/start`)
    yield* Effect.sleep("1 minute")
    assert.strictEqual((yield* call("POST", `${machine}/agent/ping`)).status, 200)
    yield* task("POST", `${machine}/config`, { cores: "8", ipconfig0: "ip=dhcp", delete: "sockets" })
    for (const path of reads) assert.strictEqual((yield* call("GET", path)).status, 200, path)
    assert.strictEqual((yield* call("PUT", `${machine}/cloudinit`)).status, 200)
    for (const action of ["suspend", "resume", "reset", "reboot"]) {
      yield* task("POST", `${machine}/status/${action}`)
    }
    yield* Effect.sleep("1 minute")
    yield* task("POST", `${machine}/status/shutdown`)
    yield* task("POST", `${machine}/status/start`)
    yield* task("POST", `${machine}/status/stop`)
    yield* task("POST", `${machine}/snapshot/before/rollback`)
    yield* task("DELETE", `${machine}/snapshot/before`)
    yield* call("PUT", "/pools", { poolid: "holdfast", vms: "401", delete: "1" })
    yield* call("POST", "/pools", { poolid: "other" })
    yield* call("PUT", "/pools", { poolid: "other", vms: "401" })
    yield* clone(402)
    yield* task("POST", "/nodes/pve1/qemu/402/template")
    yield* task("POST", "/nodes/pve1/qemu/402/clone", { newid: "403" })
    const started = Api.text((yield* call("POST", "/nodes/pve1/qemu/403/status/start")).data)
    const path = `/nodes/pve1/tasks/${encodeURIComponent(started)}`
    assert.strictEqual((yield* call("GET", `${path}/log`)).status, 200)
    assert.strictEqual((yield* call("DELETE", path)).status, 200)
    const { credentials } = api.simulator
    yield* api.as({})("POST", "/access/ticket", { username: credentials.username, password: credentials.password })
    for (const vmid of [403, 402, 401]) {
      assert.strictEqual(
        yield* task("DELETE", `/nodes/pve1/qemu/${vmid}`, { purge: "1", "destroy-unreferenced-disks": "1" }),
        "OK"
      )
    }
    return yield* api.simulator.drain
  })

describe(`the simulator and the API description${ApiDescription.isThere ? "" : ` (${ApiDescription.skipped})`}`, () => {
  const versions: ReadonlyArray<NonNullable<Simulator.Options["version"]>> = [8, 9]
  for (const version of versions) {
    it.effect.runIf(ApiDescription.isThere)(
      `agree on the whole life of a machine (version ${version})`,
      () =>
        Api.run({ version }, (api) =>
          Effect.gen(function*() {
            const { locks, machines, orphanedVolumes } = yield* life(api)
            assert.deepStrictEqual(orphanedVolumes, [])
            assert.deepStrictEqual(locks, [])
            assert.deepStrictEqual(machines.map(({ vmid }) => vmid), [100, 101, 102, 110, 9000])
          }))
    )
  }

  it.runIf(ApiDescription.isThere)("leave out no call that the simulator serves", () => {
    const served = RouteTable.routes.map(({ method, path }) => `${method} ${path}`)
    assert.deepStrictEqual(served.filter((name) => !ApiDescription.seen.has(name)), [])
  })

  it.runIf(ApiDescription.isThere)("disagree where an answer is wrong: the checker itself can fail", () => {
    assert.lengthOf(wrong("GET", "/version", "", { version: "9", release: "9", repoid: "zz" }), 1)
    assert.lengthOf(wrong("GET", "/version", "", { version: "9" }), 2)
    assert.lengthOf(wrong("GET", "/versions", "", {}), 1)
    assert.lengthOf(wrong("GET", "/cluster/nextid?vmid=7&x=1", "", "7"), 3)
    assert.lengthOf(wrong("GET", "/nodes/pve1/tasks", "", [{ upid: "x" }]), 7)
    assert.lengthOf(wrong("POST", "/nodes/pve1/qemu/9000/clone", "full=2", "UPID"), 2)
    const configure = (body: string) => wrong("POST", "/nodes/pve1/qemu/401/config", body, "UPID")
    assert.lengthOf(configure("net0=virtio%2Cbridge%3Dvmbr0"), 0)
    assert.lengthOf(configure("net0=bridge%3Dvmbr0"), 1)
    assert.lengthOf(configure("net0=virtio%2Ccolour%3Dred"), 1)
    assert.lengthOf(configure("net0=virtio%2Ctag%3D1%2Ctag%3D2"), 1)
    assert.lengthOf(configure("ipconfig0=gw%3D10.0.0.1"), 1)
    assert.lengthOf(configure("cores=0&bogus=1"), 2)
    assert.lengthOf(configure("force=1"), 1)
  })
})
