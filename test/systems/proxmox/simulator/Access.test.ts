import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Api from "./Api.ts"

const login = (api: Api.Api, password: string = api.simulator.credentials.password) =>
  api.as({})("POST", "/access/ticket", { username: api.simulator.credentials.username, password })

const withTicket = (session: Api.Json) => ({
  cookie: `PVEAuthCookie=${encodeURIComponent(Api.text(session, "ticket"))}`,
  csrfpreventiontoken: Api.text(session, "CSRFPreventionToken")
})

describe("credentials", () => {
  it.effect("that are missing or wrong get 401 with a reason, no body, and three seconds to think about it", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const [user = "", secret = ""] = api.simulator.credentials.token.split("=")
        const refused: ReadonlyArray<readonly [Record<string, string>, string]> = [
          [{}, "No ticket"],
          [{ authorization: `PVEAPIToken=${user}=${secret.slice(1)}` }, "Authentication failed!"],
          [{ authorization: `PVEAPIToken=${user}x=${secret}` }, "no such token 'simulatedx' for user 'holdfast@pve'"],
          [{ authorization: "PVEAPIToken=nobody@pve!a=b" }, "no such user ('nobody@pve')"],
          [{ cookie: "PVEAuthCookie=PVE%3Ame" }, "permission denied - invalid PVE ticket"]
        ]
        for (const [headers, reason] of refused) {
          const before = (yield* api.simulator.snapshot).at
          const result = yield* api.as(headers)("GET", "/version")
          assert.deepStrictEqual([result.status, result.reason, result.body], [401, reason, ""])
          assert.strictEqual((yield* api.simulator.snapshot).at, before + 3000)
        }
        const password = yield* login(api, "wrong")
        assert.deepStrictEqual([password.status, password.reason], [401, "authentication failure"])
      })))

  it.effect("by password give a ticket, which needs its token for every call but GET", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const { data } = yield* login(api)
        const headers = withTicket(data)
        assert.strictEqual((yield* api.as(headers)("GET", "/version")).status, 200)
        const set = (given: Record<string, string>) =>
          api.as(given)("POST", "/nodes/pve1/qemu/100/config", { cores: "3" })
        assert.strictEqual((yield* set(headers)).status, 200)
        const without = yield* set({ cookie: headers.cookie })
        assert.deepStrictEqual([without.status, without.reason], [401, "Permission denied - invalid csrf token"])
      })))

  it.effect("by ticket last two hours, and renew before then with the ticket for a password", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const first = (yield* login(api)).data
        yield* Effect.sleep("100 minutes")
        const second = (yield* login(api, Api.text(first, "ticket"))).data
        yield* Effect.sleep("30 minutes")
        assert.strictEqual((yield* api.as(withTicket(first))("GET", "/version")).status, 401)
        assert.strictEqual((yield* api.as(withTicket(second))("GET", "/version")).status, 200)
        assert.strictEqual((yield* login(api, Api.text(first, "ticket"))).status, 401)
      })))

  it.effect("by ticket may expire early, by the fault plan", () =>
    Api.run({ faults: [{ fault: "expired-tickets", at: 60 }] }, (api) =>
      Effect.gen(function*() {
        const { data } = yield* login(api)
        yield* Effect.sleep("59 seconds")
        assert.strictEqual((yield* api.as(withTicket(data))("GET", "/version")).status, 200)
        yield* Effect.sleep("1 second")
        assert.strictEqual((yield* api.as(withTicket(data))("GET", "/version")).status, 401)
        const again = (yield* login(api)).data
        assert.strictEqual((yield* api.as(withTicket(again))("GET", "/version")).status, 200)
      })))

  it.effect("by API token are not allowed to sign in", () =>
    Api.run(
      {},
      ({ call }) =>
        Effect.map(call("POST", "/access/ticket", { username: "a@pve", password: "b" }), (result) =>
          assert.strictEqual(result.status, 403))
    ))
})

describe("permissions", () => {
  it.effect("are checked before anything else, with the path and the privilege in the answer", () =>
    Api.run({}, ({ as, simulator }) =>
      Effect.gen(function*() {
        const call = as({ authorization: `PVEAPIToken=${simulator.credentials.readOnlyToken}` })
        const clone = yield* call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", bogus: "1" })
        assert.deepStrictEqual([clone.status, clone.reason], [403, "Permission check failed (/vms/9000, VM.Clone)"])
        const config = yield* call("POST", "/nodes/pve1/qemu/100/config", { cores: "1" })
        assert.match(config.reason, /^Permission check failed \(\/vms\/100, VM\.Config\.Disk\|VM\.Config\.CDROM\|/)
        assert.strictEqual((yield* call("GET", "/nodes/pve1/qemu/100/config")).status, 200)
      })))

  it.effect("may lack one privilege, which the one call that needs it names", () =>
    Api.run(
      { without: ["VM.Config.Memory", "Datastore.AllocateSpace", "Datastore.Audit", "SDN.Use"] },
      ({ call }) =>
        Effect.gen(function*() {
          const config = "/nodes/pve1/qemu/100/config"
          const memory = yield* call("POST", config, { cores: "1", memory: "64" })
          assert.strictEqual(memory.reason, "Permission check failed (/vms/100, VM.Config.Memory)")
          assert.strictEqual((yield* call("POST", config, { cores: "1" })).status, 200)
          const clone = yield* call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", storage: "nfs", full: "1" })
          assert.strictEqual(clone.reason, "Permission check failed (/storage/nfs, Datastore.AllocateSpace)")
          const bridge = yield* call("POST", config, { net0: "virtio,bridge=vmbr1" })
          assert.strictEqual(bridge.reason, "Permission check failed (/sdn/zones/localnetwork/vmbr1, SDN.Use)")
          assert.deepStrictEqual((yield* call("GET", "/nodes/pve1/storage")).data, [])
          const { data } = yield* call("GET", "/access/permissions")
          assert.isNull(Api.at(data, "/vms", "VM.Config.Memory"))
          assert.strictEqual(Api.at(data, "/vms", "VM.Clone"), 1)
        })
    ))

  it.effect("to read a guest's agent are others since version 9", () =>
    Effect.gen(function*() {
      const ping = "/nodes/pve1/qemu/100/agent/ping"
      const nine = yield* Api.run({ without: ["VM.GuestAgent.Audit"] }, ({ call }) => call("POST", ping))
      assert.strictEqual(
        nine.reason,
        "Permission check failed (/vms/100, VM.GuestAgent.Audit|VM.GuestAgent.Unrestricted)"
      )
      const eight = yield* Api.run({ version: 8, without: ["VM.Monitor"] }, ({ call }) => call("POST", ping))
      assert.strictEqual(eight.reason, "Permission check failed (/vms/100, VM.Monitor)")
    }))

  it.effect("let a token see only its own tasks unless it may audit the node", () =>
    Api.run(
      { without: ["Sys.Audit"], faults: [{ fault: "archive-lag", seconds: 0 }] },
      (api) =>
        Effect.gen(function*() {
          const { data } = yield* login(api)
          const asUser = api.as(withTicket(data))
          const byUser = yield* asUser("POST", "/nodes/pve1/qemu/100/config", { cores: "3" })
          assert.strictEqual(yield* api.task("POST", "/nodes/pve1/qemu/100/config", { cores: "4" }), "OK")
          const seen = yield* api.call("GET", "/nodes/pve1/tasks")
          assert.strictEqual(seen.total, 1)
          assert.strictEqual((yield* asUser("GET", "/nodes/pve1/tasks")).total, 2)
          const status = `/nodes/pve1/tasks/${encodeURIComponent(Api.text(byUser.data))}/status`
          assert.strictEqual(
            (yield* api.call("GET", status)).reason,
            "Permission check failed (/nodes/pve1, Sys.Audit)"
          )
        })
    ))

  it.effect("to skip locks are root's alone", () =>
    Api.run(
      {},
      ({ call }) =>
        Effect.map(call("DELETE", "/nodes/pve1/qemu/100", { skiplock: "1" }), (result) =>
          assert.deepStrictEqual(result.errors, { skiplock: "Only root may use this option." }))
    ))
})
