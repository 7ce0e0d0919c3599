import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Connection from "../../../src/systems/proxmox/Connection.ts"
import * as Doctor from "../../../src/systems/proxmox/Doctor.ts"
import * as Simulator from "../../../src/systems/proxmox/Simulator.ts"

const { credentials } = Simulator
const withToken = { token: Redacted.make(credentials.token) }
const withPassword = { username: credentials.username, password: Redacted.make(credentials.password) }

const room = (simulated: Simulator.Options, who: Partial<Client.Options>) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({ unauthorizedDelayMillis: 0, ...simulated })
    const client = yield* Client.make({ endpoint: "http://127.0.0.1:8006", ...who }).pipe(
      Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(simulator.endpoint))
    )
    return { simulator, client }
  })

const ended = (client: Client.Service, upid: Parameters<Client.Service["taskStatus"]>[0]) =>
  client.taskStatus(upid).pipe(
    Effect.delay("1 second"),
    Effect.repeat({ until: ({ status }) => status === "stopped", times: 1000 })
  )

describe("the client and the simulator", () => {
  for (const version of [7, 8, 9] as const) {
    for (const [way, who] of [["a token", withToken], ["a password", withPassword]] as const) {
      it.effect(`Proxmox VE ${version} with ${way}: clone, configure, resize, start, destroy`, () =>
        VirtualClock.run(Effect.gen(function*() {
          const { client } = yield* room({ version }, who)
          const machine = { node: "pve1", vmid: 401 }
          const description = "a=b;c&d 100% grün\nsecond line"
          const clone = yield* client.clone({
            node: "pve1",
            vmid: 9000,
            newid: 401,
            name: "web-1",
            full: true,
            storage: "local-lvm",
            description
          })
          assert.deepStrictEqual([clone.type, clone.id], ["qmclone", "9000"])
          assert.strictEqual((yield* ended(client, clone)).exitstatus, "OK")
          const before = yield* client.config(machine)
          assert.strictEqual(before["name"], "web-1")
          assert.strictEqual((before["description"] ?? "").trim(), description)
          const changed = yield* client.updateConfig({
            ...machine,
            set: { memory: "8192", cores: "4" },
            digest: before["digest"] ?? ""
          })
          if (changed._tag === "Some") yield* ended(client, changed.value)
          const grown = yield* client.resize({ ...machine, disk: "scsi0", size: "100G" })
          assert.strictEqual(grown._tag, version === 7 ? "None" : "Some")
          if (grown._tag === "Some") yield* ended(client, grown.value)
          const after = yield* client.config(machine)
          assert.strictEqual(after["memory"], "8192")
          assert.include(after["scsi0"] ?? "", "size=100G")
          yield* ended(client, yield* client.power({ ...machine, action: "start" }))
          assert.strictEqual((yield* client.status(machine)).status, "running")
          const log = yield* client.taskLog(clone, { start: 0, limit: 5 })
          assert.isAbove(log.total, 0)
          const running = yield* Effect.flip(
            client.destroy(machine).pipe(
              Effect.flatMap((upid) =>
                Effect.flatMap(ended(client, upid), ({ exitstatus }) => Effect.fail({ code: exitstatus }))
              )
            )
          )
          assert.match(String(running.code), /^(?:vm-running|VM 401 is running - destroy failed)$/)
          yield* ended(client, yield* client.power({ ...machine, action: "stop" }))
          yield* ended(client, yield* client.destroy({ ...machine, purge: true, destroyUnreferencedDisks: true }))
          const gone = yield* Effect.flip(client.config(machine))
          assert.deepStrictEqual([gone.kind, gone.code], ["not-found", "config-missing"])
        })))
    }

    it.effect(`Proxmox VE ${version}: what it refuses is understood`, () =>
      VirtualClock.run(Effect.gen(function*() {
        const { client } = yield* room({ version }, withToken)
        const template = { node: "pve1", vmid: 9000 }
        const refusals: ReadonlyArray<
          readonly [Effect.Effect<unknown, { readonly code?: string | undefined }>, string]
        > = [
          [client.nextId(9000), "vmid-taken"],
          [client.clone({ ...template, newid: 9000 }), "vmid-taken"],
          [client.clone({ ...template, newid: 401, full: true, storage: "nowhere" }), "no-such-storage"],
          [client.clone({ ...template, newid: 401, storage: "local-lvm" }), "param"],
          [client.clone({ ...template, newid: 401, pool: "nowhere" }), "no-such-pool"],
          [client.clone({ ...template, vmid: 8999, newid: 401 }), "config-missing"],
          [client.config({ node: "pve1", vmid: 401 }), "config-missing"],
          [client.updateConfig({ ...template, set: { memory: "lots" } }), "param"],
          [client.updateConfig({ ...template, set: { memory: "4096" }, digest: "0".repeat(40) }), "digest-mismatch"],
          [client.agentInterfaces(template), "vm-not-running"]
        ]
        for (const [call, code] of refusals) {
          const fault = yield* Effect.flip(call)
          assert.strictEqual(fault.code, code, String(fault))
        }
      })))

    it.effect(`Proxmox VE ${version}: the doctor finds the default world well, and a reader without rights not`, () =>
      Effect.gen(function*() {
        const fleet = {
          name: "lab",
          machines: [{
            name: "web-1",
            vmid: 401,
            nodes: ["pve2"],
            template: { _tag: "Name", name: "ubuntu-24.04" },
            clone: "full",
            storage: "local-lvm",
            memory: 8192,
            cores: 4,
            disks: { scsi0: { size: 100 * 1024 ** 3 } },
            networks: { net0: { bridge: "vmbr0", vlan: 20 } },
            cloudInit: { user: "admin", addresses: {} },
            pool: "holdfast",
            start: true
          }]
        } as const
        const { client } = yield* room({ version }, withToken)
        const connection = Either.getOrThrow(Connection.make({ endpoint: "http://127.0.0.1:8006", ...withToken }))
        const checks = yield* Effect.provideService(Doctor.forFleet(fleet, { connection }), Client.Client, client)
        assert.deepStrictEqual(
          checks.filter(({ state }) => state === "fail" || state === "skipped"),
          [],
          JSON.stringify(checks, undefined, 2)
        )
        const reader = yield* room({ version }, { token: Redacted.make(credentials.readOnlyToken) })
        const refused = yield* Effect.provideService(Doctor.forFleet(fleet), Client.Client, reader.client)
        assert.includeMembers(refused.filter(({ state }) => state === "fail").map(({ name }) => name), [
          "privileges to clone template \"ubuntu-24.04\"",
          "privileges to make and configure machines",
          "privileges to write disks on local-lvm"
        ])
        assert.isFalse(Doctor.isHealthy(refused))
      }))
  }

  it.effect("tickets that are all worth nothing at once are replaced without anybody noticing", () =>
    VirtualClock.run(Effect.gen(function*() {
      const { client } = yield* room({ faults: [{ fault: "expired-tickets", at: 60 }] }, withPassword)
      yield* client.version
      yield* Effect.sleep("2 minutes")
      const versions = yield* Effect.forEach(Array.from({ length: 20 }), () => client.version, { concurrency: 20 })
      assert.strictEqual(versions.length, 20)
      yield* Effect.sleep("3 hours")
      assert.include((yield* client.version).version, "9.")
    })))
})
