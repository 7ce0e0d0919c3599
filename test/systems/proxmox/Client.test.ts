import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Upid from "../../../src/systems/proxmox/Upid.ts"
import * as Certificates from "../../transport/Certificates.ts"

const secret = "1a2b3c4d-0000-4000-8000-aabbccddeeff"
const token = Redacted.make(`root@pam!test=${secret}`)
const options: Client.Options = { endpoint: "https://pve1.example:8006", token }

interface Seen {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

/** A client whose every call is answered by `reply`, and what it sent. */
const scripted = (reply: (seen: Seen) => Endpoint.Reply, more?: Partial<Client.Options>) =>
  Effect.gen(function*() {
    const seen: Array<Seen> = []
    const client = yield* Client.make({ ...options, ...more }).pipe(
      Effect.provideService(
        HttpClient.HttpClient,
        Endpoint.toHttpClient(({ body, headers, method, url }) =>
          Effect.sync(() => {
            const [path = "", query = ""] = url.split("?")
            const one = { method, path, query, body, headers }
            seen.push(one)
            return reply(one)
          })
        )
      )
    )
    return { client, seen }
  })

const data = (value: unknown, total?: number): Endpoint.Reply =>
  Endpoint.answer({ body: JSON.stringify({ data: value, ...(total === undefined ? {} : { total }) }) })

const upidText = "UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:root@pam!test:"
const upid = Either.getOrThrow(Upid.parse(upidText))
const clone: Client.CloneRequest = { node: "pve1", vmid: 9000, newid: 401 }

describe("Client: what goes out", () => {
  it.effect("forms are encoded so that the server, which splits at & and ; and =, reads the same", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* scripted(() => data(null))
      const set = {
        description: "a=b;c&d e+f 100% grün\nmanaged-by: holdfast",
        sshkeys: encodeURIComponent("ssh-ed25519 AAAA+/= me@home"),
        net0: "virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=20"
      }
      const result = yield* client.updateConfig({
        node: "pve1",
        vmid: 401,
        set,
        delete: ["net1", "net2"],
        digest: "abc"
      })
      assert.deepStrictEqual(result, Option.none())
      const [request] = seen
      assert.strictEqual(request?.method, "POST")
      assert.strictEqual(request?.path, "/api2/json/nodes/pve1/qemu/401/config")
      assert.strictEqual(request?.headers["content-type"], "application/x-www-form-urlencoded")
      // As PVE::APIServer::AnyEvent::decode_urlencoded does it.
      const read = Object.fromEntries(
        (request?.body ?? "").split(/[&;]/).map((pair) => {
          const parts = pair.split("=").map((part) => decodeURIComponent(part.replaceAll("+", " ")))
          assert.strictEqual(parts.length, 2)
          return [parts[0] ?? "", parts[1] ?? ""] as const
        })
      )
      assert.deepStrictEqual(read, { ...set, delete: "net1,net2", digest: "abc" })
      // On the wire a space of a key is encoded twice: once as the value's own grammar, once as a form.
      assert.include(request?.body ?? "", "ssh-ed25519%2520AAAA")
    }))

  it.effect("booleans travel as 1 and 0, and what is not given does not travel", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* scripted(() => data(upidText))
      yield* client.clone({ ...clone, full: true, name: "rancher-manager-1" })
      yield* client.clone({ ...clone, full: false })
      assert.deepStrictEqual(seen.map(({ body }) => body), [
        "newid=401&name=rancher-manager-1&full=1",
        "newid=401&full=0"
      ])
    }))

  it.effect("a DELETE has its options in the query and no body", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* scripted(() => data(upidText))
      yield* client.destroy({ node: "pve1", vmid: 401, purge: true, destroyUnreferencedDisks: false })
      const [request] = seen
      assert.deepStrictEqual([request?.method, request?.query, request?.body], [
        "DELETE",
        "purge=1&destroy-unreferenced-disks=0",
        ""
      ])
      assert.isUndefined(request?.headers["content-type"])
    }))

  it.scopedLive("over a socket: a length instead of chunks, even where there is nothing to say", () =>
    Effect.gen(function*() {
      const headers: Array<Readonly<Record<string, string>>> = []
      const { url } = yield* Serve.serve((request) =>
        Effect.sync(() => {
          headers.push(request.headers)
          return data(upidText)
        })
      )
      const client = Context.get(yield* Layer.build(Client.layer({ ...options, endpoint: url })), Client.Client)
      yield* client.clone(clone)
      yield* client.power({ node: "pve1", vmid: 401, action: "start" })
      yield* client.status({ node: "pve1", vmid: 401 }).pipe(Effect.ignore)
      yield* client.abortTask(upid)
      assert.deepStrictEqual(headers.map((header) => header["content-length"]), ["9", "0", undefined, undefined])
      for (const header of headers) {
        assert.isUndefined(header["transfer-encoding"])
        assert.isUndefined(header["traceparent"])
        assert.isUndefined(header["b3"])
        assert.strictEqual(header["authorization"], `PVEAPIToken=root@pam!test=${secret}`)
      }
    }))

  it.effect("a task's name is one segment of the path; a relative name never leaves the process", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* scripted(() => data(null))
      yield* client.abortTask(upid)
      assert.strictEqual(seen[0]?.path.split("/").length, 7)
      assert.strictEqual(decodeURIComponent(seen[0]?.path.split("/")[6] ?? ""), upidText)
      for (const node of ["..", ".", ""]) {
        const fault = yield* Effect.flip(client.config({ node, vmid: 401 }))
        assert.deepStrictEqual([fault.kind, fault.sent], ["invalid", "no"])
      }
      assert.strictEqual(seen.length, 1)
    }))

  it.effect("a power action sends only what it takes", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* scripted(() => data(upidText))
      const request = { node: "pve1", vmid: 401, timeout: 60, forceStop: true }
      yield* client.power({ ...request, action: "shutdown" })
      yield* client.power({ ...request, action: "stop" })
      yield* client.power({ ...request, action: "reset" })
      assert.deepStrictEqual(seen.map(({ body }) => body), ["timeout=60&forceStop=1", "timeout=60", ""])
    }))

  it.effect("adds to a pool the new way, and the old way where the server does not know the new one", () =>
    Effect.gen(function*() {
      const { client, seen } = yield* scripted(({ path }) =>
        path.endsWith("/pools")
          ? Endpoint.answer({ status: 501, statusText: "Method 'PUT /pools' not implemented" })
          : data(null)
      )
      yield* client.poolMembers({ pool: "prod", add: [401, 402] })
      assert.deepStrictEqual(seen.map(({ body, path }) => [path, body]), [
        ["/api2/json/pools", "poolid=prod&vms=401%2C402"],
        ["/api2/json/pools/prod", "vms=401%2C402"]
      ])
    }))
})

describe("Client: what comes back", () => {
  it.effect("decodes leniently: numbers as texts, unknown fields, absent ones, null", () =>
    Effect.gen(function*() {
      const replies: Record<string, unknown> = {
        "/api2/json/cluster/nextid": "100",
        "/api2/json/nodes/pve1/qemu/401/config": { memory: "8192", cores: 4, digest: "abc", "new-in-10": "x" },
        "/api2/json/cluster/resources": [
          { type: "qemu", vmid: 9000, node: "pve1", template: 1, tags: null, diskread: 7 },
          { type: "lxc", vmid: "300", node: "pve2" }
        ],
        "/api2/json/nodes/pve1/storage": [{ storage: "local", type: "dir", active: 1, shared: 0, avail: "1024" }],
        "/api2/json/nodes/pve1/qemu/401/status/current": { status: "stopped", vmid: 401, ha: { managed: 0 }, agent: 1 }
      }
      const { client } = yield* scripted(({ path }) => data(replies[path]))
      assert.strictEqual(yield* client.nextId(), 100)
      assert.deepStrictEqual(yield* client.config({ node: "pve1", vmid: 401 }), {
        memory: "8192",
        cores: "4",
        digest: "abc",
        "new-in-10": "x"
      })
      assert.deepStrictEqual(yield* client.machines, [
        { type: "qemu", vmid: 9000, node: "pve1", template: true },
        { type: "lxc", vmid: 300, node: "pve2" }
      ])
      assert.deepStrictEqual(yield* client.storages("pve1"), [
        { storage: "local", type: "dir", active: true, shared: false, avail: 1024 }
      ])
      assert.deepStrictEqual(yield* client.status({ node: "pve1", vmid: 401 }), {
        status: "stopped",
        vmid: 401,
        ha: { managed: false },
        agent: true
      })
    }))

  it.effect("tells how many lines a log has in all, and takes interfaces out of their envelope", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted(({ path }) =>
        path.endsWith("/log")
          ? data([{ n: 1, t: "create full clone" }], 120)
          : data({ result: [{ name: "eth0", "ip-addresses": [{ "ip-address": "10.0.0.5", prefix: 24 }] }] })
      )
      assert.deepStrictEqual(yield* client.taskLog(upid), { lines: [{ n: 1, t: "create full clone" }], total: 120 })
      const [first] = yield* client.agentInterfaces({ node: "pve1", vmid: 401 })
      assert.strictEqual(first?.["ip-addresses"]?.[0]?.["ip-address"], "10.0.0.5")
    }))

  it.effect("a resize gives a task, or on Proxmox VE 7 nothing", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted(({ body }) => data(body.includes("scsi0") ? upidText : null))
      const machine = { node: "pve1", vmid: 401, size: "100G" }
      assert.deepStrictEqual(yield* client.resize({ ...machine, disk: "scsi0" }), Option.some(upid))
      assert.deepStrictEqual(yield* client.resize({ ...machine, disk: "scsi1" }), Option.none())
    }))

  it.effect("an answer that is not what the API promises: a read is unusable, a mutation's outcome unknown", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted(() => data({ odd: true }))
      const read = yield* Effect.flip(client.version)
      assert.deepStrictEqual([read.kind, read.code, read.operation], ["invalid", "unexpected-reply", "Proxmox.version"])
      assert.include(read.message, "GET /version")
      const mutation = yield* Effect.flip(client.clone(clone))
      assert.deepStrictEqual([mutation.kind, mutation.code], ["unknown", "unexpected-reply"])
      assert.isTrue(Fault.isOutcomeUnknown(mutation))
      assert.include(mutation.message, "POST /nodes/{node}/qemu/{vmid}/clone")
    }))

  it.effect("a web page instead of JSON says so, with its title", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted(() =>
        Endpoint.answer({
          body: "<!DOCTYPE html><html><head><title>Sign in to the guest network</title></head></html>"
        })
      )
      const fault = yield* Effect.flip(client.version)
      assert.deepStrictEqual([fault.kind, fault.code], ["invalid", "not-json"])
      assert.include(fault.message, "Sign in to the guest network")
      assert.strictEqual((yield* Effect.flip(client.clone(clone))).kind, "unknown")
    }))

  it.effect("an answer cut short, by its length or within its JSON, is passing for a read and in doubt for a clone", () =>
    Effect.gen(function*() {
      const whole = data({ version: "9.1.1", release: "9.1" })
      const cut = whole._tag === "Answer" ? { ...whole, truncateAt: 12 } : whole
      for (const reply of [cut, Endpoint.answer({ body: "{\"data\":{\"version\":\"9." })]) {
        const { client } = yield* scripted(() => reply)
        const fault = yield* Effect.flip(client.version)
        assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["transient", "truncated", "yes"])
        assert.isTrue(Fault.isOutcomeUnknown(yield* Effect.flip(client.clone(clone))))
      }
    }))

  it.effect("a lost reply is reported as such and never sent again by the client", () =>
    Effect.gen(function*() {
      const lost: ReadonlyArray<readonly [Endpoint.Reply, string]> = [
        [Endpoint.reset, "connection-lost"],
        [Endpoint.answer({ status: 596, statusText: "Connection timed out" }), "gateway-timeout"],
        [Endpoint.answer({ status: 599, statusText: "Too many redirections" }), "gateway-timeout"]
      ]
      for (const [reply, code] of lost) {
        const { client, seen } = yield* scripted(() => reply)
        const fault = yield* Effect.flip(client.clone(clone))
        assert.deepStrictEqual([fault.code, fault.sent, Fault.mayResend(fault)], [code, "maybe", false])
        assert.strictEqual(fault.subject, "VM 401 from VM 9000 on pve1")
        assert.strictEqual(seen.length, 1)
      }
    }))

  it.scopedLive("an old server's reason phrase is read over real TLS, pinned by fingerprint", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(
        () =>
          Effect.succeed(Endpoint.answer({ status: 500, statusText: "VM is locked (clone)", body: "{\"data\":null}" })),
        { tls: Certificates.node }
      )
      const layer = Client.layer({ ...options, endpoint: url, fingerprint: Certificates.node.fingerprint })
      const fault = yield* Effect.flip(
        Effect.flatMap(Client.Client, (client) => client.updateConfig({ node: "pve1", vmid: 401, set: { cores: "4" } }))
          .pipe(
            Effect.provide(layer)
          )
      )
      assert.deepStrictEqual([fault.kind, fault.code, fault.remote], ["locked", "vm-locked", "it is locked by clone"])
    }))

  it.scopedLive("an untrusted certificate comes with the line that pins it", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(() => Effect.succeed(data(null)), { tls: Certificates.node })
      const fault = yield* Effect.flip(
        Effect.flatMap(Client.Client, (client) => client.version).pipe(
          Effect.provide(Client.layer({ ...options, endpoint: url }))
        )
      )
      assert.strictEqual(fault.code, "certificate-untrusted")
      assert.include(fault.hint ?? "", `HOLDFAST_PROXMOX_FINGERPRINT=${Certificates.node.fingerprint}`)
    }))

  it.effect("a proxy that asks to wait is heard", () =>
    Effect.gen(function*() {
      const { client } = yield* scripted(() => Endpoint.answer({ status: 503, headers: { "retry-after": "7" } }))
      const fault = yield* Effect.flip(client.version)
      assert.deepStrictEqual([fault.kind, fault.code, fault.retryAfterMillis], ["transient", "unavailable", 7000])
    }))

  it.effect("the HTTP client below can be wrapped", () =>
    Effect.gen(function*() {
      let calls = 0
      const { client } = yield* scripted(() => data("101"), {
        transformClient: HttpClient.tapRequest(() => Effect.sync(() => calls++))
      })
      yield* client.nextId(101)
      assert.strictEqual(calls, 1)
    }))
})

const build = (settings: Record<string, string>) =>
  Layer.build(Client.layerConfig).pipe(
    Effect.scoped,
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(settings)))),
    Effect.exit
  )

describe("Client: settings", () => {
  const good = { PROXMOX_VE_ENDPOINT: "https://pve1:8006/", PROXMOX_VE_API_TOKEN: `root@pam!test=${secret}` }

  it.effect("from the environment", () =>
    Effect.gen(function*() {
      const password = {
        PROXMOX_VE_ENDPOINT: "https://pve1:8006",
        PROXMOX_VE_USERNAME: "root@pam",
        PROXMOX_VE_PASSWORD: "x"
      }
      for (
        const settings of [
          good,
          password,
          { ...good, PROXMOX_VE_ENDPOINT: "https://pve1:8006/api2/json" },
          { ...good, PROXMOX_VE_API_TOKEN: `PVEAPIToken=root@pam!test=${secret}` },
          { ...good, HOLDFAST_PROXMOX_FINGERPRINT: Certificates.node.fingerprint, PROXMOX_VE_INSECURE: "false" },
          { ...good, HOLDFAST_PROXMOX_CA: Certificates.node.cert },
          { ...good, PROXMOX_VE_ENDPOINT: "http://127.0.0.1:8006" },
          { ...good, PROXMOX_VE_ENDPOINT: "http://pve1:8006", PROXMOX_VE_INSECURE: "true" }
        ]
      ) assert.isTrue(Exit.isSuccess(yield* build(settings)), JSON.stringify(settings))
    }))

  it.effect("what is wrong is said before any request, and no secret with it", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [Record<string, string>, string]> = [
        [{}, "PROXMOX_VE_ENDPOINT"],
        [{ ...good, PROXMOX_VE_ENDPOINT: "pve1:8006" }, "does not begin with https://"],
        [{ ...good, PROXMOX_VE_ENDPOINT: "https://" }, "is not a valid URL"],
        [{ ...good, PROXMOX_VE_ENDPOINT: `https://root:${secret}@pve1:8006` }, "must not hold a user name"],
        [{ ...good, PROXMOX_VE_ENDPOINT: `https://pve1:8006/?token=${secret}` }, "must not have a query"],
        [{ ...good, PROXMOX_VE_ENDPOINT: "http://pve1:8006" }, "credentials would travel in the clear"],
        [{ PROXMOX_VE_ENDPOINT: "https://pve1:8006" }, "There are no credentials"],
        [{ ...good, PROXMOX_VE_API_TOKEN: secret }, "has no secret"],
        [{ ...good, PROXMOX_VE_API_TOKEN: `root@pam=${secret}` }, "does not name a token"],
        [{ ...good, PROXMOX_VE_API_TOKEN: `root!test=${secret}` }, "malformed"],
        [{ ...good, PROXMOX_VE_API_TOKEN: `root@pam!test=${secret} x` }, "malformed"],
        [{ ...good, PROXMOX_VE_INSECURE: "perhaps" }, "PROXMOX_VE_INSECURE"],
        [{ ...good, HOLDFAST_PROXMOX_FINGERPRINT: "AA:BB" }, "SHA-256 fingerprint"],
        [{ ...good, HOLDFAST_PROXMOX_CA: "/nowhere/ca.pem" }, "/nowhere/ca.pem"],
        [{ PROXMOX_VE_ENDPOINT: "https://pve1:8006", PROXMOX_VE_USERNAME: "root@pam" }, "no password for root@pam"],
        [
          { PROXMOX_VE_ENDPOINT: "https://pve1:8006", PROXMOX_VE_USERNAME: "root", PROXMOX_VE_PASSWORD: secret },
          "has no realm"
        ]
      ]
      for (const [settings, says] of cases) {
        const exit = yield* build(settings)
        const fault = Exit.isFailure(exit)
          ? Exit.causeOption(exit).pipe(Option.map(String), Option.getOrElse(() => ""))
          : ""
        assert.include(fault, says, JSON.stringify(settings))
        assert.notInclude(fault, secret)
      }
    }))
})
