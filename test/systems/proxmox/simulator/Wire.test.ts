import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Api from "./Api.ts"

const raw = (api: Api.Api, request: {
  readonly method: string
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}) =>
  Effect.map(
    api.simulator.endpoint({
      method: request.method,
      url: `/api2/json${request.url}`,
      headers: { authorization: `PVEAPIToken=${api.simulator.credentials.token}`, ...request.headers },
      body: request.body ?? ""
    }),
    (reply) => reply._tag === "Answer" ? reply : assert.fail(`no answer: ${reply._tag}`)
  )

const form = { "content-type": "application/x-www-form-urlencoded" }

describe("envelopes", () => {
  it.effect("wrap what is answered in data, null included", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const version = yield* raw(api, { method: "GET", url: "/version" })
        assert.strictEqual(version.statusText, "OK")
        assert.deepStrictEqual(JSON.parse(version.body), {
          data: { version: "9.1.4", release: "9.1", repoid: "5ac30304265fbd8e" }
        })
        const cores = yield* raw(api, {
          method: "PUT",
          url: "/nodes/pve1/qemu/100/config",
          headers: form,
          body: "cores=3"
        })
        assert.strictEqual(cores.body, "{\"data\":null}")
      })))

  it.effect("name the parameters that are wrong", () =>
    Api.run({}, ({ call }) =>
      Effect.gen(function*() {
        const result = yield* call("GET", "/cluster/nextid", { vmid: "9000" })
        assert.strictEqual(result.status, 400)
        assert.strictEqual(result.reason, "Parameter verification failed.")
        assert.deepStrictEqual(JSON.parse(result.body), {
          data: null,
          errors: { vmid: "VM 9000 already exists" },
          message: "Parameter verification failed.\n"
        })
      })))

  const versions = [7, 8] as const
  for (const version of versions) {
    it.effect(`before http-server 5.2.0 say why in the reason phrase alone (version ${version})`, () =>
      Api.run({ version }, ({ call }) =>
        Effect.gen(function*() {
          const result = yield* call("GET", "/nodes/pve1/qemu/555/config")
          assert.strictEqual(result.status, 500)
          assert.strictEqual(result.reason, "Configuration file 'nodes/pve1/qemu-server/555.conf' does not exist")
          assert.strictEqual(result.body, "{\"data\":null}")
        })))
  }

  it.effect("say it in the body too since then, and close the connection", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const result = yield* raw(api, { method: "GET", url: "/nodes/pve1/qemu/555/config" })
        const text = "Configuration file 'nodes/pve1/qemu-server/555.conf' does not exist"
        assert.strictEqual(result.statusText, text)
        assert.deepStrictEqual(JSON.parse(result.body), { data: null, message: `${text}\n` })
        assert.strictEqual(result.headers["connection"], "close")
      })))

  it.effect("have numbers as strings and numbers for booleans where the real ones have", () =>
    Api.run({}, ({ call }) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* call("GET", "/cluster/nextid")).data, "103")
        const { data } = yield* call("GET", "/nodes/pve1/qemu/9000/config")
        assert.strictEqual(Api.at(data, "memory"), "2048")
        assert.strictEqual(Api.at(data, "cores"), 2)
        assert.strictEqual(Api.at(data, "template"), 1)
      })))
})

describe("requests", () => {
  it.effect("with a body on GET or DELETE, or in chunks, are not implemented", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const remove = yield* raw(api, { method: "DELETE", url: "/nodes/pve1/qemu/100", body: "purge=1" })
        assert.deepStrictEqual([remove.status, remove.statusText], [501, "Unexpected content for method 'DELETE'"])
        const read = yield* raw(api, { method: "GET", url: "/version", body: "x" })
        assert.strictEqual(read.status, 501)
        const chunked = yield* raw(api, {
          method: "POST",
          url: "/pools",
          headers: { ...form, "transfer-encoding": "chunked" },
          body: "poolid=x"
        })
        assert.deepStrictEqual([chunked.status, chunked.statusText], [501, "chunked transfer encoding not supported"])
      })))

  it.effect("for paths and methods that do not exist are not implemented", () =>
    Api.run({}, ({ call }) =>
      Effect.gen(function*() {
        const result = yield* call("POST", "/nodes/pve1/qemu/100/nonsense")
        assert.strictEqual(result.status, 501)
        assert.strictEqual(result.reason, "Method 'POST /nodes/pve1/qemu/100/nonsense' not implemented")
        assert.strictEqual((yield* call("DELETE", "/version")).status, 501)
      })))

  it.effect("are split at semicolons and cut at a second equals sign, unless these are encoded", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const url = "/nodes/pve1/qemu/100/config"
        yield* raw(api, { method: "PUT", url, headers: form, body: "description=a%3Bb%3Dc%20d+e&name=first" })
        const encoded = yield* api.call("GET", url)
        assert.strictEqual(Api.at(encoded.data, "description"), "a;b=c d e")
        assert.strictEqual(Api.at(encoded.data, "name"), "first")
        yield* raw(api, { method: "PUT", url, headers: form, body: "description=a=b;name=second" })
        const split = yield* api.call("GET", url)
        assert.strictEqual(Api.at(split.data, "description"), "a")
        assert.strictEqual(Api.at(split.data, "name"), "second")
      })))

  it.effect("carry text in UTF-8, as a form or as JSON with real booleans and numbers", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const url = "/nodes/pve1/qemu/100/config"
        yield* raw(api, { method: "PUT", url, headers: form, body: `description=${encodeURIComponent("größe ≥ 1")}` })
        assert.strictEqual(Api.at((yield* api.call("GET", url)).data, "description"), "größe ≥ 1")
        const json = yield* raw(api, {
          method: "PUT",
          url,
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ description: "ü", onboot: false, cores: 7 })
        })
        assert.strictEqual(json.status, 200)
        assert.strictEqual(Api.at((yield* api.call("GET", url)).data, "onboot"), 0)
        const broken = yield* raw(api, {
          method: "PUT",
          url,
          headers: { "content-type": "application/json" },
          body: "{"
        })
        assert.strictEqual(broken.status, 400)
      })))

  it.effect("are numbered and kept, with their route, parameters and outcome", () =>
    Api.run({}, ({ call, simulator }) =>
      Effect.gen(function*() {
        yield* call("GET", "/version")
        yield* call("GET", "/nodes/pve1/qemu/555/config", { current: "1" })
        const { calls } = yield* simulator.snapshot
        assert.deepStrictEqual(calls.map(({ k, route, status }) => [k, route, status]), [
          [1, "GET /version", 200],
          [2, "GET /nodes/{node}/qemu/{vmid}/config", 500]
        ])
        assert.deepStrictEqual(calls[1]?.parameters, { node: "pve1", vmid: "555", current: "1" })
      })))
})

/** The errors of a call that is refused for its parameters. */
const wrong = (method: "POST" | "PUT", path: string, parameters: Record<string, string>) =>
  Api.run({}, ({ call }) =>
    Effect.map(call(method, path, parameters), (result) => {
      assert.strictEqual(result.status, 400)
      return result.errors
    }))

describe("parameters", () => {
  const clone = "/nodes/pve1/qemu/9000/clone"
  const config = "/nodes/pve1/qemu/100/config"

  it.effect("that are unknown, missing or of another type are refused by name", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* wrong("POST", clone, { bogus: "1" }), {
        bogus: "property is not defined in schema and the schema does not allow additional properties",
        newid: "property is missing and it is not optional"
      })
      assert.deepStrictEqual(yield* wrong("POST", clone, { newid: "99", full: "maybe", name: "a_b", format: "vdi" }), {
        newid: "value must have a minimum value of 100",
        full: "type check ('boolean') failed - got 'maybe'",
        name: "invalid format - value 'a_b' does not look like a valid DNS name",
        format: "value 'vdi' does not have a value in the enumeration 'raw, qcow2, vmdk'"
      })
      assert.deepStrictEqual(yield* wrong("POST", config, { cores: "two", background_delay: "31" }), {
        cores: "type check ('integer') failed - got 'two'",
        background_delay: "value must have a maximum value of 30"
      })
      assert.deepStrictEqual(yield* wrong("PUT", "/nodes/pve1/qemu/100/resize", { disk: "scsi0", size: "ten" }), {
        size: "value does not match the regex pattern"
      })
    }))

  it.effect("that are property strings are held against their grammar", () =>
    Effect.gen(function*() {
      const head = "invalid format - format error\n"
      assert.deepStrictEqual(
        yield* wrong("POST", config, {
          net0: "virtio,bridge=vmbr0,tag=5000",
          net1: "bridge=vmbr0",
          net2: "virtio,colour=red",
          ipconfig0: "gw=10.0.0.1",
          ipconfig1: "ip=10.0.0.1",
          scsi1: "local-lvm:32,discard=maybe",
          agent: "enabled=perhaps",
          net32: "virtio"
        }),
        {
          net0: `${head}net0.tag: value must have a maximum value of 4094\n`,
          net1: `${head}net1.model: property is missing and it is not optional\n`,
          net2: `${head}invalid key in comma-separated list property: colour\n`,
          ipconfig0: `${head}ipconfig0.ip: missing property - 'gw' requires this property\n`,
          ipconfig1: `${head}ipconfig1.ip: value does not look like a valid ipv4 network configuration\n`,
          scsi1: `${head}scsi1.discard: value 'maybe' does not have a value in the enumeration 'ignore, on'\n`,
          agent: `${head}agent.enabled: type check ('boolean') failed - got 'perhaps'\n`,
          net32: "property is not defined in schema and the schema does not allow additional properties"
        }
      )
    }))
})
