/**
 * Every call of the client: method, path, parameters and what comes back.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Machine, PowerAction, Service } from "../Client.ts"
import * as Model from "../Model.ts"
import { Upid } from "../Upid.ts"
import type { Wire } from "./Wire.ts"

const data = <A, I>(schema: Schema.Schema<A, I>) => Schema.Struct({ data: schema })
const none = Schema.Struct({ data: Schema.optional(Schema.Unknown) })
const Numeric = Schema.Union(Schema.Number, Schema.NumberFromString)

const task = data(Upid)
/** A task, or nothing where the server did it at once. */
const maybeTask = data(Schema.NullOr(Upid))
const log = Schema.Struct({ data: Schema.Array(Model.LogLine), total: Schema.optional(Numeric) })
const interfaces = data(Schema.Struct({ result: Schema.Array(Model.GuestInterface) }))
// Made once: a schema made for a call is compiled for that call.
const version = data(Model.Version)
const nodes = data(Schema.Array(Model.Node))
const storages = data(Schema.Array(Model.Storage))
const machines = data(Schema.Array(Model.Resource))
const id = data(Numeric)
const permissions = data(Model.Permissions)
const config = data(Model.Config)
const pending = data(Schema.Array(Model.Pending))
const status = data(Model.Status)
const taskStatus = data(Model.TaskStatus)
const taskRows = data(Schema.Array(Model.TaskRow))

const machineRoute = "/nodes/{node}/qemu/{vmid}"
const named = ({ node, vmid }: Machine): string => `VM ${vmid} on ${node}`
const at = ({ node, vmid }: Machine): Machine => ({ node, vmid })

type Reads = Pick<Service, "version" | "nodes" | "storages" | "machines" | "nextId" | "permissions">

const cluster = ({ call }: Wire): Reads => ({
  version: call({ name: "version", method: "GET", route: "/version", at: {}, reply: version }).pipe(
    Effect.map(({ data }) => data)
  ),
  nodes: call({ name: "nodes", method: "GET", route: "/nodes", at: {}, reply: nodes }).pipe(
    Effect.map(({ data }) => data)
  ),
  storages: (node) =>
    call({
      name: "storages",
      method: "GET",
      route: "/nodes/{node}/storage",
      at: { node },
      reply: storages,
      subject: `storages of ${node}`
    }).pipe(Effect.map(({ data }) => data)),
  machines: call({
    name: "machines",
    method: "GET",
    route: "/cluster/resources",
    at: {},
    parameters: { type: "vm" },
    reply: machines
  }).pipe(Effect.map(({ data }) => data)),
  nextId: (candidate) =>
    call({
      name: "nextId",
      method: "GET",
      route: "/cluster/nextid",
      at: {},
      parameters: { vmid: candidate },
      reply: id,
      ...(candidate === undefined ? {} : { subject: `VM ${candidate}` })
    }).pipe(Effect.map(({ data }) => data)),
  permissions: call({
    name: "permissions",
    method: "GET",
    route: "/access/permissions",
    at: {},
    reply: permissions
  }).pipe(Effect.map(({ data }) => data))
})

type Machines = Pick<
  Service,
  | "clone"
  | "config"
  | "updateConfig"
  | "pending"
  | "resize"
  | "status"
  | "power"
  | "destroy"
  | "regenerateCloudInit"
  | "agentInterfaces"
  | "poolMembers"
>

const configuration = ({ call }: Wire): Pick<Machines, "config" | "updateConfig" | "pending" | "resize"> => ({
  config: (machine, options) =>
    call({
      name: "config",
      method: "GET",
      route: `${machineRoute}/config`,
      at: at(machine),
      parameters: { current: options?.current === true ? true : undefined },
      reply: config,
      subject: named(machine)
    }).pipe(Effect.map(({ data }) => data)),
  updateConfig: (request) =>
    call({
      name: "updateConfig",
      method: "POST",
      route: `${machineRoute}/config`,
      at: at(request),
      parameters: {
        ...request.set,
        delete: request.delete === undefined || request.delete.length === 0 ? undefined : request.delete.join(","),
        digest: request.digest
      },
      reply: maybeTask,
      subject: named(request)
    }).pipe(Effect.map(({ data }) => Option.fromNullable(data))),
  pending: (machine) =>
    call({
      name: "pending",
      method: "GET",
      route: `${machineRoute}/pending`,
      at: at(machine),
      reply: pending,
      subject: named(machine)
    }).pipe(Effect.map(({ data }) => data)),
  resize: (request) =>
    call({
      name: "resize",
      method: "PUT",
      route: `${machineRoute}/resize`,
      at: at(request),
      parameters: { disk: request.disk, size: request.size, digest: request.digest },
      reply: maybeTask,
      subject: `${request.disk} of ${named(request)}`
    }).pipe(Effect.map(({ data }) => Option.fromNullable(data)))
})

/** The others refuse a `timeout`. */
const timed: ReadonlySet<PowerAction> = new Set<PowerAction>(["start", "stop", "shutdown", "reboot"])

const life = ({ call }: Wire): Pick<Machines, "clone" | "status" | "power" | "destroy"> => ({
  clone: (request) =>
    call({
      name: "clone",
      method: "POST",
      route: `${machineRoute}/clone`,
      at: at(request),
      parameters: {
        newid: request.newid,
        name: request.name,
        description: request.description,
        pool: request.pool,
        full: request.full,
        storage: request.storage,
        format: request.format,
        target: request.target
      },
      reply: task,
      subject: `VM ${request.newid} from ${named(request)}`
    }).pipe(Effect.map(({ data }) => data)),
  status: (machine) =>
    call({
      name: "status",
      method: "GET",
      route: `${machineRoute}/status/current`,
      at: at(machine),
      reply: status,
      subject: named(machine)
    }).pipe(Effect.map(({ data }) => data)),
  power: (request) =>
    call({
      name: "power",
      method: "POST",
      route: `${machineRoute}/status/{action}`,
      at: { ...at(request), action: request.action },
      parameters: {
        timeout: timed.has(request.action) ? request.timeout : undefined,
        forceStop: request.action === "shutdown" ? request.forceStop : undefined
      },
      reply: task,
      subject: named(request)
    }).pipe(Effect.map(({ data }) => data)),
  destroy: (request) =>
    call({
      name: "destroy",
      method: "DELETE",
      route: machineRoute,
      at: at(request),
      parameters: { purge: request.purge, "destroy-unreferenced-disks": request.destroyUnreferencedDisks },
      reply: task,
      subject: named(request)
    }).pipe(Effect.map(({ data }) => data))
})

const guest = ({ call }: Wire): Pick<Machines, "regenerateCloudInit" | "agentInterfaces" | "poolMembers"> => ({
  regenerateCloudInit: (machine) =>
    call({
      name: "regenerateCloudInit",
      method: "PUT",
      route: `${machineRoute}/cloudinit`,
      at: at(machine),
      reply: none,
      subject: named(machine)
    }).pipe(Effect.asVoid),
  agentInterfaces: (machine) =>
    call({
      name: "agentInterfaces",
      method: "GET",
      route: `${machineRoute}/agent/network-get-interfaces`,
      at: at(machine),
      reply: interfaces,
      subject: named(machine)
    }).pipe(Effect.map(({ data }) => data.result)),
  poolMembers: ({ add, pool }) => {
    const common = { name: "poolMembers", method: "PUT", reply: none, subject: `pool ${pool}` } as const
    const parameters = { vms: add.join(",") }
    return call({ ...common, route: "/pools", at: {}, parameters: { poolid: pool, ...parameters } }).pipe(
      // Before Proxmox VE 8.1 there is only the form with the pool in the path.
      Effect.catchIf(
        (fault) => fault.code === "not-implemented",
        () => call({ ...common, route: "/pools/{poolid}", at: { poolid: pool }, parameters })
      ),
      Effect.asVoid
    )
  }
})

const taskRoute = "/nodes/{node}/tasks/{upid}"
const ofTask = (upid: Upid) => ({ at: { node: upid.node, upid: upid.text }, subject: `task ${upid.text}` })

const tasks = ({ call }: Wire): Pick<Service, "taskStatus" | "taskLog" | "tasks" | "abortTask"> => ({
  taskStatus: (upid) =>
    call({
      name: "taskStatus",
      method: "GET",
      route: `${taskRoute}/status`,
      ...ofTask(upid),
      reply: taskStatus
    }).pipe(Effect.map(({ data }) => data)),
  taskLog: (upid, options) =>
    call({
      name: "taskLog",
      method: "GET",
      route: `${taskRoute}/log`,
      ...ofTask(upid),
      parameters: { start: options?.start, limit: options?.limit },
      reply: log
    }).pipe(Effect.map(({ data, total }) => ({ lines: data, total: total ?? data.length }))),
  tasks: ({ limit, node, since, source, typefilter, vmid }) =>
    call({
      name: "tasks",
      method: "GET",
      route: "/nodes/{node}/tasks",
      at: { node },
      parameters: { limit, since, source, typefilter, vmid },
      reply: taskRows,
      subject: `tasks of ${node}`
    }).pipe(Effect.map(({ data }) => data)),
  abortTask: (upid) =>
    call({ name: "abortTask", method: "DELETE", route: taskRoute, ...ofTask(upid), reply: none }).pipe(Effect.asVoid)
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (wire: Wire): Service => ({
  ...cluster(wire),
  ...configuration(wire),
  ...life(wire),
  ...guest(wire),
  ...tasks(wire)
})
