import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import type * as Check from "../../../src/systems/proxmox/doctor/Check.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Connection from "../../../src/systems/proxmox/Connection.ts"
import * as Doctor from "../../../src/systems/proxmox/Doctor.ts"
import type { Fleet, MachineSpec } from "../../../src/systems/proxmox/Fleet.ts"
import * as Needs from "../../../src/systems/proxmox/doctor/Needs.ts"
import * as Permission from "../../../src/systems/proxmox/doctor/Permission.ts"

const GiB = 1024 ** 3

const machine = (name: string, vmid: MachineSpec["vmid"], more?: Partial<MachineSpec>): MachineSpec => ({
  name,
  vmid,
  nodes: ["pve1"],
  template: { _tag: "Id", id: 9000 },
  clone: "full",
  storage: "local-lvm",
  cores: 4,
  memory: 8192,
  disks: { scsi0: { size: 100 * GiB } },
  networks: { net0: { bridge: "vmbr0", vlan: 20 } },
  cloudInit: { user: "admin", addresses: { net0: { ip: "10.0.20.11/24", gateway: "10.0.20.1" } } },
  start: true,
  agent: true,
  ...more
})

const fleet = (...machines: ReadonlyArray<MachineSpec>): Fleet => ({ name: "lab", machines })

const everything = [
  "VM.Allocate",
  "VM.Audit",
  "VM.Clone",
  "VM.Config.CDROM",
  "VM.Config.CPU",
  "VM.Config.Cloudinit",
  "VM.Config.Disk",
  "VM.Config.Memory",
  "VM.Config.Network",
  "VM.Config.Options",
  "VM.GuestAgent.Audit",
  "VM.PowerMgmt",
  "Datastore.AllocateSpace",
  "SDN.Use"
]
const having = (privileges: ReadonlyArray<string>, propagate = 1) =>
  Object.fromEntries(privileges.map((privilege) => [privilege, propagate]))

const healthy: Readonly<Record<string, unknown>> = {
  "/version": { version: "9.1.1", release: "9.1" },
  "/nodes": [{ node: "pve1", status: "online" }, { node: "pve2", status: "online" }],
  "/cluster/resources": [
    { type: "qemu", vmid: 9000, node: "pve1", name: "debian-13", template: 1, tags: "base;debian" },
    { type: "qemu", vmid: 300, node: "pve2", name: "somebody" }
  ],
  "/access/permissions": { "/": having(everything) },
  "/nodes/pve1/storage": [
    {
      storage: "local-lvm",
      type: "lvmthin",
      content: "images,rootdir",
      active: 1,
      enabled: 1,
      shared: 0,
      avail: 900 * GiB
    },
    { storage: "local", type: "dir", content: "iso,vztmpl,snippets", active: 1, enabled: 1, shared: 0, avail: 50 * GiB }
  ],
  "/nodes/pve2/storage": [
    { storage: "local-lvm", type: "lvmthin", content: "images,rootdir", active: 1, enabled: 1, avail: 900 * GiB }
  ],
  "/nodes/pve1/qemu/9000/config": {
    scsi0: "local-lvm:base-9000-disk-0,size=10G",
    ide2: "local-lvm:vm-9000-cloudinit,media=cdrom",
    agent: "enabled=1,fstrim_cloned_disks=1",
    digest: "x"
  }
}

const failing = (status: number, message: string): Endpoint.Reply =>
  Endpoint.answer({ status, statusText: message, body: JSON.stringify({ data: null, message }) })

const options = { endpoint: "https://pve1:8006", token: Redacted.make("holdfast@pve!ci=1a2b3c4d-5e6f") }
const connection = Either.getOrThrow(Connection.make(options))

type Reply = { readonly reply: Endpoint.Reply }
const isReply = (value: unknown): value is Reply => typeof value === "object" && value !== null && "reply" in value

/** The checks on a healthy cluster with some answers changed; `{ reply }` is sent as it is. */
const diagnose = (
  changes: Readonly<Record<string, unknown>>,
  wanted: Fleet | Needs.Needs = fleet(machine("web-1", 401)),
  about: Connection.Connection = connection
) =>
  Effect.gen(function*() {
    const answers = { ...healthy, ...changes }
    const client = yield* Client.make(options).pipe(
      Effect.provideService(
        HttpClient.HttpClient,
        Endpoint.toHttpClient(({ url }) => {
          const path = url.replace("/api2/json", "").split("?")[0] ?? ""
          const value: unknown = answers[path]
          if (isReply(value)) return Effect.succeed(value.reply)
          return Effect.succeed(
            value === undefined
              ? failing(501, `Method 'GET ${path}' not implemented`)
              : Endpoint.answer({ body: JSON.stringify({ data: value }) })
          )
        })
      )
    )
    const doctor = "machines" in wanted
      ? Doctor.forFleet(wanted, { connection: about })
      : Doctor.run(wanted, { connection: about })
    return yield* Effect.provideService(doctor, Client.Client, client)
  })

const named = (checks: ReadonlyArray<Check.Check>, name: string): Check.Check => {
  const found = checks.filter((check) => check.name === name)
  assert.strictEqual(found.length, 1, `one check "${name}" in ${checks.map(({ name }) => name).join("; ")}`)
  return found[0] ?? { name, state: "skipped", detail: "" }
}

const states = (checks: ReadonlyArray<Check.Check>) => checks.map(({ name, state }) => `${state} ${name}`)

const says = (check: Check.Check, state: Check.State, ...texts: ReadonlyArray<string>) => {
  assert.strictEqual(check.state, state, `${check.detail} ${check.hint ?? ""}`)
  for (const text of texts) assert.include(`${check.detail} ${check.hint ?? ""}`, text)
}

const secured = (security: Connection.Security) =>
  Effect.map(diagnose({}, Needs.none, { ...connection, security }), (checks) => named(checks, "tls"))

const versioned = (version: string) =>
  Effect.map(diagnose({ "/version": { version } }, Needs.none), (checks) => named(checks, "version"))

const templated = (template: MachineSpec["template"], changes = {}) =>
  Effect.map(
    diagnose(changes, fleet(machine("web-1", 401, { template }))),
    (checks) => named(checks, Needs.describeTemplate(template))
  )

const configured = (values: Record<string, string>) => ({ "/nodes/pve1/qemu/9000/config": values })
const checkTemplate = (changes: Record<string, unknown>, wanted?: Fleet) =>
  Effect.map(diagnose(changes, wanted), (checks) => named(checks, "template 9000"))

const goodStorage = {
  storage: "local-lvm",
  type: "lvmthin",
  content: "images",
  active: 1,
  enabled: 1,
  avail: 900 * GiB
}
const stored = (storage: Record<string, unknown>) =>
  Effect.map(
    diagnose(
      { "/nodes/pve1/storage": [{ ...goodStorage, ...storage }] },
      fleet(machine("web-1", 401), machine("web-2", 402))
    ),
    (checks) => named(checks, "storage local-lvm on pve1")
  )

const failuresOf = (version: string, privileges: ReadonlyArray<string>) =>
  Effect.map(
    diagnose({ "/version": { version }, "/access/permissions": { "/": having(privileges) } }),
    (checks) => states(checks).filter((state) => state.startsWith("fail"))
  )

describe("Doctor", () => {
  it.effect("a healthy cluster passes every check, in a stable order", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({}, fleet(machine("web-1", 401), machine("web-2", 402), machine("web-3", "auto")))
      assert.deepStrictEqual(states(checks), [
        "ok endpoint",
        "ok tls",
        "ok credentials",
        "ok version",
        "ok node pve1",
        "ok template 9000",
        "ok storage local-lvm on pve1",
        "ok privileges to clone template 9000",
        "ok privileges to make and configure machines",
        "ok privileges to write disks on local-lvm",
        "ok privileges to connect to vmbr0"
      ])
      assert.isTrue(Doctor.isHealthy(checks))
      says(named(checks, "privileges to make and configure machines"), "ok", "/vms/401, /vms/402, /vms")
      says(named(checks, "credentials"), "ok", "holdfast@pve!ci")
      assert.notInclude(JSON.stringify(checks), "1a2b3c4d")
    }))

  it.effect("one failure hides no other", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({
        "/nodes": { reply: failing(500, "no quorum!") },
        "/nodes/pve1/storage": { reply: failing(403, "Permission check failed (/storage, Datastore.Audit)") },
        "/access/permissions": { "/": having(everything.filter((name) => name !== "VM.Clone")) }
      })
      assert.deepStrictEqual(states(checks).filter((state) => !state.startsWith("ok")), [
        "fail node pve1",
        "fail storage local-lvm on pve1",
        "fail privileges to clone template 9000"
      ])
      says(named(checks, "node pve1"), "fail", "no quorum!")
      assert.isFalse(Doctor.isHealthy(checks))
    }))

  it.effect("a server that cannot be reached: what failed, and everything else skipped by name", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({ "/version": { reply: Endpoint.refused } })
      assert.deepStrictEqual(states(checks).slice(0, 6), [
        "fail endpoint",
        "skipped tls",
        "skipped credentials",
        "skipped version",
        "skipped node pve1",
        "skipped template 9000"
      ])
      says(named(checks, "endpoint"), "fail", "refused the connection", "Check host and port")
      assert.isFalse(Doctor.isHealthy(checks))
    }))

  it.effect("credentials that are refused", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({
        "/version": { reply: failing(401, "no such token 'ci' for user 'holdfast@pve'") }
      })
      assert.deepStrictEqual(states(checks).slice(0, 4), [
        "ok endpoint",
        "ok tls",
        "fail credentials",
        "skipped version"
      ])
      says(named(checks, "credentials"), "fail", "no such token 'ci'")
    }))

  it.effect("something else than Proxmox VE answers", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({
        "/version": { reply: Endpoint.answer({ body: "<html><title>Router</title>" }) }
      })
      says(named(checks, "endpoint"), "fail", "Router", "https://host:8006")
    }))

  it.effect("a server that accepts the question and never answers", () =>
    Effect.gen(function*() {
      const client = yield* Client.make(options).pipe(
        Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(() => Effect.never))
      )
      const running = yield* Effect.fork(
        Effect.provideService(Doctor.run(Needs.none, { timeout: "5 seconds" }), Client.Client, client)
      )
      yield* TestClock.adjust("5 seconds")
      says(named(yield* Fiber.join(running), "endpoint"), "fail", "did not answer in time")
    }))

  it.effect("speaks about how the connection is secured", () =>
    Effect.gen(function*() {
      says(yield* secured("authority"), "ok")
      says(yield* secured("pinned"), "ok", "pinned")
      says(yield* secured("insecure"), "warn", "PROXMOX_VE_INSECURE")
      says(yield* secured("plain"), "warn", "not encrypted")
    }))

  it.effect("knows which versions work", () =>
    Effect.gen(function*() {
      says(yield* versioned("9.1.1"), "ok")
      says(yield* versioned("8.0.4"), "ok")
      says(yield* versioned("7.4-17"), "warn", "Upgrade")
      says(yield* versioned("7.3-6"), "fail", "too old")
      says(yield* versioned("6.4-15"), "fail", "too old")
      says(yield* versioned("10.0.1"), "warn", "newer")
      says(yield* versioned("next"), "warn", "not a version")
    }))

  it.effect("nodes: missing, and down where there is a choice and where there is none", () =>
    Effect.gen(function*() {
      const down = { "/nodes": [{ node: "pve1", status: "offline" }, { node: "pve2", status: "online" }] }
      says(named(yield* diagnose(down), "node pve1"), "fail", "offline", "web-1")
      const choice = fleet(machine("web-1", 401, { nodes: ["pve1", "pve2"] }))
      says(named(yield* diagnose(down, choice), "node pve1"), "warn", "offline")
      const gone = fleet(machine("web-1", 401, { nodes: ["pve9"] }))
      says(named(yield* diagnose({}, gone), "node pve9"), "fail", "no node \"pve9\"", "pve1, pve2")
    }))

  it.effect("templates: missing, several, not one, a container", () =>
    Effect.gen(function*() {
      says(yield* templated({ _tag: "Name", name: "debian-13" }), "ok", "VM 9000 on pve1")
      says(yield* templated({ _tag: "Tag", tag: "Base" }), "ok", "VM 9000 on pve1")
      says(yield* templated({ _tag: "Id", id: 9001 }), "fail", "9000 \"debian-13\"", "VM.Audit")
      says(yield* templated({ _tag: "Name", name: "somebody" }), "fail", "There is none")
      says(yield* templated({ _tag: "Id", id: 300 }), "fail", "not a template", "qm template 300")
      const resources = [
        { type: "qemu", vmid: 9000, node: "pve1", name: "a", template: 1, tags: "base" },
        { type: "qemu", vmid: 9001, node: "pve2", name: "a", template: 1, tags: "base" },
        { type: "lxc", vmid: 200, node: "pve2", name: "c", template: 1 }
      ]
      says(
        yield* templated({ _tag: "Tag", tag: "base" }, { "/cluster/resources": resources }),
        "fail",
        "VM 9000, VM 9001"
      )
      says(yield* templated({ _tag: "Id", id: 200 }, { "/cluster/resources": resources }), "fail", "container")
    }))

  it.effect("templates: no cloud-init drive, no agent, and volumes that exist on one node only", () =>
    Effect.gen(function*() {
      const disk = { scsi0: "local-lvm:base-9000-disk-0,size=10G" }
      const drive = { ide2: "local-lvm:vm-9000-cloudinit,media=cdrom" }
      says(yield* checkTemplate(configured({ ...disk, agent: "1" })), "warn", "no cloud-init drive")
      const plain = fleet(machine("web-1", 401, { cloudInit: undefined }))
      says(yield* checkTemplate(configured({ ...disk, agent: "1" }), plain), "ok")
      says(yield* checkTemplate(configured({ ...disk, ...drive })), "warn", "guest agent")
      says(
        yield* checkTemplate(configured({ ...disk, ...drive, agent: "0,fstrim_cloned_disks=1" })),
        "warn",
        "guest agent"
      )
      const across = fleet(machine("web-1", 401, { nodes: ["pve2"] }))
      says(yield* checkTemplate({}, across), "fail", "pve2", "scsi0 on local-lvm, ide2 on local-lvm", "shared storage")
      const shared = {
        "/nodes/pve1/storage": [{
          storage: "local-lvm",
          type: "rbd",
          content: "images",
          active: 1,
          shared: 1,
          avail: 900 * GiB
        }]
      }
      says(yield* checkTemplate(shared, across), "ok")
      const either = fleet(machine("web-1", 401, { nodes: ["pve2", "pve1"] }))
      says(yield* checkTemplate({}, either), "ok")
    }))

  it.effect("storages: missing, off, of the wrong content, full, and smaller than the disks can grow", () =>
    Effect.gen(function*() {
      says(yield* stored({}), "ok", "900 GiB is free", "web-1, web-2")
      says(yield* stored({ storage: "fast" }), "fail", "fast", "Datastore.Audit")
      says(yield* stored({ enabled: 0 }), "fail", "disabled")
      says(yield* stored({ active: 0 }), "fail", "not active")
      says(yield* stored({ content: "iso,vztmpl" }), "fail", "pvesm set local-lvm --content iso,vztmpl,images")
      says(yield* stored({ avail: GiB / 2 }), "fail", "full")
      says(yield* stored({ avail: 150 * GiB }), "warn", "150 GiB is free", "200 GiB")
    }))

  it.effect("each missing privilege by name and path, and where a token would get it", () =>
    Effect.gen(function*() {
      const permissions = {
        "/": having(["VM.Audit"]),
        "/vms": having(everything.filter((name) => name !== "VM.Config.Memory" && name !== "VM.PowerMgmt")),
        "/storage/local-lvm": having(["Datastore.AllocateSpace"])
      }
      const checks = yield* diagnose({ "/access/permissions": permissions })
      says(
        named(checks, "privileges to make and configure machines"),
        "fail",
        "VM.Config.Memory, VM.PowerMgmt missing on /vms/401",
        "holdfast@pve!ci too"
      )
      says(named(checks, "privileges to connect to vmbr0"), "fail", "SDN.Use missing on /sdn/zones/localnetwork/vmbr0")
      says(named(checks, "privileges to write disks on local-lvm"), "ok")
    }))

  it.effect("a token without any permission has separate privileges", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({ "/access/permissions": {} })
      says(named(checks, "permissions"), "fail", "privilege separation")
    }))

  it.effect("a pool gives what the machine's own path does not", () =>
    Effect.gen(function*() {
      const changes = {
        "/access/permissions": {
          "/pool/prod": having(everything),
          "/vms/9000": having(["VM.Clone", "VM.Audit"]),
          "/storage": having(["Datastore.AllocateSpace"]),
          "/sdn": having(["SDN.Use"])
        }
      }
      assert.isTrue(Doctor.isHealthy(yield* diagnose(changes, fleet(machine("web-1", 401, { pool: "prod" })))))
      assert.isFalse(Doctor.isHealthy(yield* diagnose(changes, fleet(machine("web-1", 401)))))
    }))

  it.effect("asks each release for the privileges it has", () =>
    Effect.gen(function*() {
      const old = everything.filter((name) => name !== "VM.GuestAgent.Audit" && name !== "SDN.Use")
      assert.deepStrictEqual(yield* failuresOf("7.4-3", [...old, "VM.Monitor"]), [])
      assert.deepStrictEqual(yield* failuresOf("8.4.1", [...old, "VM.Monitor"]), [
        "fail privileges to connect to vmbr0"
      ])
      assert.deepStrictEqual(yield* failuresOf("8.4.1", [...old, "SDN.Use"]), [
        "fail privileges to make and configure machines"
      ])
      assert.deepStrictEqual(yield* failuresOf("9.0.3", [...old, "VM.Monitor", "SDN.Use"]), [
        "fail privileges to make and configure machines"
      ])
    }))

  it.effect("takes needs as plain data", () =>
    Effect.gen(function*() {
      const checks = yield* diagnose({}, {
        ...Needs.none,
        privileges: [{ paths: ["/nodes/pve1"], privileges: ["Sys.Audit|VM.Audit"], why: "to see tasks" }],
        storages: [{ storage: "local", node: "pve1", content: "snippets", why: "for snippets" }]
      })
      says(named(checks, "privileges to see tasks"), "ok")
      says(named(checks, "storage local on pve1"), "ok", "50 GiB")
    }))
})

describe("Permission", () => {
  const permissions = {
    "/": { "VM.Audit": true, "Sys.Audit": false },
    "/vms": { "VM.Audit": true, "VM.Clone": true },
    "/vms/300": {},
    "/vms/401": { "VM.PowerMgmt": false }
  }

  it("inherits from the nearest path that is listed, as far as it propagates", () => {
    const cases: ReadonlyArray<readonly [path: string, privilege: string, holds: boolean]> = [
      ["/vms/9000", "VM.Clone", true],
      ["/vms", "VM.Clone", true],
      ["/", "VM.Clone", false],
      ["/nodes/pve1", "VM.Audit", true],
      ["/", "Sys.Audit", true],
      ["/nodes/pve1", "Sys.Audit", false],
      ["/vms/300", "VM.Audit", false],
      ["/vms/300", "VM.Clone", false],
      ["/vms/401", "VM.PowerMgmt", true],
      ["/vms/401/x", "VM.PowerMgmt", false],
      ["/vms/4010", "VM.PowerMgmt", false],
      ["/vmsx", "VM.Clone", false],
      ["/vms/9000", "VM.Migrate|VM.Clone", true],
      ["/vms", "toString", false]
    ]
    for (const [path, privilege, holds] of cases) {
      assert.strictEqual(Permission.holds(permissions, path, privilege), holds, `${privilege} on ${path}`)
    }
    assert.isFalse(Permission.holds({}, "/vms/9000", "VM.Clone"))
  })
})
