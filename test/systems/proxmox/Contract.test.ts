import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Model from "../../../src/systems/proxmox/Model.ts"
import * as Upid from "../../../src/systems/proxmox/Upid.ts"

const folder = process.env["HOLDFAST_SPECS"]
const file = folder === undefined ? undefined : Path.join(folder, "proxmox-apidoc.json")
const present = file !== undefined && Fs.existsSync(file)

const Numeric = Schema.Union(Schema.Number, Schema.NumberFromString)
const Parameter = Schema.Struct({
  type: Schema.optional(Schema.String),
  enum: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))),
  pattern: Schema.optional(Schema.String),
  optional: Schema.optional(Numeric),
  minimum: Schema.optional(Numeric),
  maximum: Schema.optional(Numeric)
})
const Properties = Schema.Record({ key: Schema.String, value: Parameter })
const Method = Schema.Struct({
  allowtoken: Schema.optional(Numeric),
  parameters: Schema.optional(Schema.Struct({ properties: Schema.optional(Properties) })),
  returns: Schema.optional(Schema.Struct({
    type: Schema.optional(Schema.String),
    properties: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown })),
    items: Schema.optional(Schema.Struct({
      properties: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.Unknown }))
    }))
  }))
})
const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Method }) })
}))

const read = () => Schema.decodeUnknownSync(Description)(Fs.readFileSync(file ?? "", "utf8"))

const upidText = "UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:root@pam!test:"
const upid = Either.getOrThrow(Upid.parse(upidText))
const machine = { node: "pve1", vmid: 401 }

/** Every call of the client, with everything it can send. */
const calls = (client: Client.Service): Readonly<Record<string, Effect.Effect<unknown, unknown>>> => ({
  version: client.version,
  nodes: client.nodes,
  storages: client.storages("pve1"),
  machines: client.machines,
  nextId: client.nextId(401),
  permissions: client.permissions,
  "clone, full": client.clone({
    node: "pve1",
    vmid: 9000,
    newid: 401,
    name: "rancher-manager-1",
    description: "managed",
    pool: "prod",
    full: true,
    storage: "local-lvm",
    format: "qcow2",
    target: "pve2"
  }),
  config: client.config(machine, { current: true }),
  updateConfig: client.updateConfig({
    ...machine,
    set: {
      name: "rancher-manager-1",
      description: "x",
      cores: "4",
      sockets: "1",
      memory: "8192",
      net0: "virtio,bridge=vmbr0,tag=20",
      ipconfig0: "ip=10.0.0.5/24,gw=10.0.0.1",
      nameserver: "10.0.0.1",
      searchdomain: "example.test",
      ciuser: "admin",
      sshkeys: "ssh-ed25519%20AAAA",
      cicustom: "user=local:snippets/user.yaml",
      tags: "a;b",
      onboot: "1",
      agent: "1"
    },
    delete: ["net1"],
    digest: "da39a3ee5e6b4b0d3255bfef95601890afd80709"
  }),
  pending: client.pending(machine),
  resize: client.resize({
    ...machine,
    disk: "scsi0",
    size: "100G",
    digest: "da39a3ee5e6b4b0d3255bfef95601890afd80709"
  }),
  status: client.status(machine),
  ...Object.fromEntries(
    (["start", "stop", "shutdown", "reboot", "reset", "suspend", "resume"] as const).map((action) => [
      action,
      client.power({ ...machine, action, timeout: 60, forceStop: true })
    ])
  ),
  destroy: client.destroy({ ...machine, purge: true, destroyUnreferencedDisks: true }),
  regenerateCloudInit: client.regenerateCloudInit(machine),
  agentInterfaces: client.agentInterfaces(machine),
  poolMembers: client.poolMembers({ pool: "prod", add: [401, 402] }),
  taskStatus: client.taskStatus(upid),
  taskLog: client.taskLog(upid, { start: 50, limit: 500 }),
  tasks: client.tasks({
    node: "pve1",
    typefilter: "qmclone",
    vmid: 9000,
    source: "all",
    since: 1714698787,
    limit: 500
  }),
  abortTask: client.abortTask(upid)
})

interface Sent {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyArray<readonly [string, string]>
}

const record = Effect.gen(function*() {
  const sent: Array<Sent> = []
  let name = ""
  const endpoint: Endpoint.Endpoint = ({ body, method, url }) =>
    Effect.sync(() => {
      const [path = "", query = ""] = url.replace("/api2/json", "").split("?")
      const given = method === "GET" || method === "DELETE" ? query : body
      sent.push({ name, method, path, parameters: [...new URLSearchParams(given)] })
      return Endpoint.answer({ body: "{\"data\":null}" })
    })
  const client = yield* Client.make({
    endpoint: "https://pve1:8006",
    token: Redacted.make("root@pam!test=1a2b3c4d-5e6f")
  }).pipe(Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint)))
  for (const [called, call] of Object.entries(calls(client))) {
    name = called
    yield* Effect.exit(call)
  }
  return sent
})

/** The described path that a path fills. Written-out segments win over holes. */
const templateOf = (paths: ReadonlyArray<string>, path: string): string | undefined => {
  const fits = paths.filter((template) => {
    const pattern = template.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{\w+\}/g, "[^/]+")
    return new RegExp(`^${pattern}$`).test(path)
  })
  return fits.toSorted((left, right) => (left.match(/\{/g) ?? []).length - (right.match(/\{/g) ?? []).length)[0]
}

const parameterOf = (properties: typeof Properties.Type, name: string) =>
  properties[name] ?? properties[name.replace(/\d+$/, "[n]")]

const valid = (parameter: typeof Parameter.Type, value: string): boolean => {
  if (parameter.enum?.includes(value) === false) return false
  if (parameter.pattern !== undefined && !new RegExp(`^(?:${parameter.pattern})$`).test(value)) return false
  if (parameter.type === "boolean") return value === "1" || value === "0"
  if (parameter.type !== "integer") return true
  return /^-?\d+$/.test(value) && Number(value) >= (parameter.minimum ?? -Infinity) &&
    Number(value) <= (parameter.maximum ?? Infinity)
}

describe.skipIf(!present)(
  "the API description (skipped: HOLDFAST_SPECS names no folder with proxmox-apidoc.json)",
  () => {
    it.effect("has every path, method and parameter the client sends, with values it allows", () =>
      Effect.gen(function*() {
        const { paths } = read()
        const sent = yield* record
        assert.isAbove(sent.length, 25)
        for (const { method, name, parameters, path } of sent) {
          const template = templateOf(Object.keys(paths), path)
          const described = paths[template ?? ""]?.[method]
          assert.isDefined(described, `${name}: ${method} ${path}`)
          assert.strictEqual(described?.allowtoken, 1, `${name} works with a token`)
          const properties = described?.parameters?.properties ?? {}
          for (const [key, value] of parameters) {
            const parameter = parameterOf(properties, key)
            assert.isDefined(parameter, `${name}: ${method} ${template} has no parameter ${key}`)
            if (parameter !== undefined) assert.isTrue(valid(parameter, value), `${name}: ${key}=${value}`)
          }
          const given = new Set(parameters.map(([key]) => key))
          for (const [key, parameter] of Object.entries(properties)) {
            if (parameter.optional === 1 || (template ?? "").includes(`{${key}}`)) continue
            assert.isTrue(given.has(key), `${name}: ${method} ${template} needs ${key}`)
          }
        }
      }))

    it("returns every field the client decodes", () => {
      const { paths } = read()
      const decoded = [
        ["/version", Model.Version.fields],
        ["/nodes", Model.Node.fields],
        ["/nodes/{node}/storage", Model.Storage.fields],
        ["/cluster/resources", Model.Resource.fields],
        ["/nodes/{node}/qemu/{vmid}/pending", Model.Pending.fields],
        ["/nodes/{node}/qemu/{vmid}/status/current", Model.Status.fields],
        ["/nodes/{node}/tasks/{upid}/status", Model.TaskStatus.fields],
        ["/nodes/{node}/tasks/{upid}/log", Model.LogLine.fields],
        ["/nodes/{node}/tasks", Model.TaskRow.fields]
      ] as const
      for (const [path, fields] of decoded) {
        const returns = paths[path]?.["GET"]?.returns
        const described = Object.keys(returns?.properties ?? returns?.items?.properties ?? {})
        assert.isAbove(described.length, 0, path)
        for (const field of Object.keys(fields)) assert.include(described, field, `${path} returns ${field}`)
      }
    })

    it("has the login as the session uses it", () => {
      const login = read().paths["/access/ticket"]?.["POST"]
      const properties = login?.parameters?.properties ?? {}
      for (const name of ["username", "password", "tfa-challenge", "new-format"]) assert.isDefined(properties[name])
      for (const name of ["ticket", "CSRFPreventionToken"]) assert.isDefined(login?.returns?.properties?.[name])
    })
  }
)
