/**
 * The API's paths: what each takes, who may call it, where it runs, what serves it.
 *
 * `protected` calls run in pvedaemon, which has three workers a node. Source: the API description
 * (`api-viewer/apidata.js` of pve-docs 9.1.3).
 *
 * @since 0.1.0
 */
import * as Clone from "./Clone.ts"
import * as Cluster from "./Cluster.ts"
import * as ConfigUpdate from "./ConfigUpdate.ts"
import * as Destroy from "./Destroy.ts"
import * as Formats from "./Formats.ts"
import type * as Invocation from "./Invocation.ts"
import * as MachineCalls from "./MachineCalls.ts"
import * as Parameters from "./Parameters.ts"
import * as Pools from "./Pools.ts"
import * as Power from "./Power.ts"
import * as Resize from "./Resize.ts"
import * as Roles from "./Roles.ts"
import type * as Scheduler from "./Scheduler.ts"
import * as Session from "./Session.ts"
import * as Snapshots from "./Snapshots.ts"
import * as TaskCalls from "./TaskCalls.ts"

/** Checked before the parameters are. */
type Permit = (call: Invocation.Invocation) => void

/**
 * @since 0.1.0
 * @category models
 */
export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** `/nodes/{node}/qemu`. */
  readonly path: string
  readonly schema: Parameters.Schema
  readonly permit?: Permit
  readonly protected: boolean
  /** No credentials needed. */
  readonly open: boolean
  /** API tokens are refused. */
  readonly noToken: boolean
  readonly serve:
    | { readonly _tag: "Answer"; readonly handle: (call: Invocation.Invocation) => unknown }
    | { readonly _tag: "Work"; readonly handle: (call: Invocation.Invocation) => Scheduler.Body<unknown> }
}

interface Options {
  readonly takes?: Readonly<Record<string, Parameters.Parameter>>
  readonly config?: boolean
  readonly permit?: Permit
  readonly protected?: boolean
  readonly open?: boolean
  readonly noToken?: boolean
}

const { checked, flag, integer, node, oneOf, required, text, vmid } = Parameters

const pathParameters: Readonly<Record<string, Parameters.Parameter>> = {
  node: required(node),
  vmid: required(vmid),
  upid: required(text),
  storage: required(checked(Formats.storageId)),
  poolid: required(checked(Formats.poolId)),
  snapname: required(checked(Formats.configId, 40))
}

const schema = (path: string, options: Options): Parameters.Schema => {
  const parameters: Record<string, Parameters.Parameter> = { ...options.takes }
  for (const match of path.matchAll(/\{(\w+)\}/g)) {
    const parameter = pathParameters[match[1] ?? ""]
    if (parameter !== undefined) parameters[match[1] ?? ""] = parameter
  }
  return options.config === true ? { parameters, config: true } : { parameters }
}

const route = (
  method: Route["method"],
  path: string,
  serve: Route["serve"],
  options: Options = {}
): Route => ({
  method,
  path,
  schema: schema(path, options),
  ...(options.permit === undefined ? {} : { permit: options.permit }),
  protected: options.protected ?? false,
  open: options.open ?? false,
  noToken: options.noToken ?? false,
  serve
})

const answer = (handle: (call: Invocation.Invocation) => unknown): Route["serve"] => ({ _tag: "Answer", handle })
const work = (handle: (call: Invocation.Invocation) => Scheduler.Body<unknown>): Route["serve"] => ({
  _tag: "Work",
  handle
})

const onMachine = (...privileges: ReadonlyArray<string>): Permit => (call) =>
  call.check(`/vms/${call.vmid}`, privileges)

const anyConfig: Permit = (call) =>
  call.check(
    `/vms/${call.vmid}`,
    ["Disk", "CDROM", "CPU", "Memory", "Network", "HWType", "Options", "Cloudinit"].map((part) => `VM.Config.${part}`),
    "any"
  )

const guestAgent: Permit = (call) => call.check(`/vms/${call.vmid}`, Roles.guestAgent(call.world.version), "any")

const mayClone: Permit = (call) => {
  call.check(`/vms/${call.vmid}`, ["VM.Clone"])
  const { newid = "", pool } = call.parameters
  if (pool !== undefined && call.can(`/pool/${pool}`, "VM.Allocate")) return
  call.check(`/vms/${newid}`, ["VM.Allocate"])
}

const onStorage: Permit = (call) =>
  call.check(`/storage/${call.parameters["storage"] ?? ""}`, ["Datastore.Audit", "Datastore.AllocateSpace"], "any")

const onPool = (privilege: string): Permit => (call) =>
  call.check(`/pool/${call.parameters["poolid"] ?? ""}`, [privilege])

const machine = "/nodes/{node}/qemu/{vmid}"
const task = "/nodes/{node}/tasks/{upid}"
const configuring = { skiplock: flag, digest: { ...text, maxLength: 40 }, delete: text, revert: text, force: flag }
const formats = oneOf("raw", "qcow2", "vmdk")
const diskName = checked((value) =>
  /^(ide[0-3]|sata[0-5]|scsi([0-9]|[12]\d|30)|virtio([0-9]|1[0-5])|efidisk0|tpmstate0)$/.test(value)
    ? undefined
    : `value '${value}' does not have a value in the enumeration 'ide0, ide1, ide2, ide3, scsi0, …'`
)
const sizeText = checked((value) =>
  /^\+?\d+(\.\d+)?[KMGT]?$/.test(value) ? undefined : "value does not match the regex pattern"
)

/**
 * Every path the simulator knows.
 *
 * @since 0.1.0
 * @category models
 */
export const routes: ReadonlyArray<Route> = [
  route("GET", "/version", answer(Cluster.version)),
  route("GET", "/access/ticket", answer(() => null), { open: true }),
  route("POST", "/access/ticket", answer(Session.login), {
    open: true,
    noToken: true,
    protected: true,
    takes: {
      username: required({ ...text, maxLength: 64 }),
      password: required(text),
      realm: { ...text, maxLength: 32 },
      otp: text,
      "tfa-challenge": text,
      "new-format": flag,
      path: { ...text, maxLength: 64, requires: "privs" },
      privs: { ...text, maxLength: 64, requires: "path" }
    }
  }),
  route("GET", "/access/permissions", answer(Session.permissions), { takes: { path: text, userid: text } }),
  route("GET", "/cluster/nextid", answer(Cluster.nextId), { takes: { vmid } }),
  route("GET", "/cluster/resources", answer(Cluster.resources), {
    takes: { type: oneOf("vm", "storage", "node", "sdn") }
  }),
  route("GET", "/cluster/status", answer(Cluster.status), {
    permit: (call) => call.check("/", ["Sys.Audit"]),
    protected: true
  }),
  route("GET", "/cluster/tasks", answer(TaskCalls.cluster)),
  route("GET", "/pools", answer(Pools.list), {
    takes: { poolid: checked(Formats.poolId), type: { ...oneOf("qemu", "lxc", "storage"), requires: "poolid" } }
  }),
  route("POST", "/pools", answer(Pools.create), {
    permit: onPool("Pool.Allocate"),
    protected: true,
    takes: { poolid: required(checked(Formats.poolId)), comment: text }
  }),
  route("PUT", "/pools", answer(Pools.update), {
    permit: onPool("Pool.Allocate"),
    protected: true,
    takes: {
      poolid: required(checked(Formats.poolId)),
      comment: text,
      vms: checked(Formats.listOf((value) => /^[1-9]\d{2,8}$/.test(value) ? undefined : "invalid VMID")),
      storage: checked(Formats.listOf(Formats.storageId)),
      delete: flag,
      "allow-move": flag
    }
  }),
  route("GET", "/pools/{poolid}", answer(Pools.read), {
    permit: onPool("Pool.Audit"),
    takes: { type: oneOf("qemu", "lxc", "storage") }
  }),
  route("GET", "/nodes", answer(Cluster.nodes)),
  route("GET", "/nodes/{node}/status", answer(Cluster.nodeStatus), {
    permit: (call) => call.check(`/nodes/${call.node}`, ["Sys.Audit"])
  }),
  route("GET", "/nodes/{node}/version", answer(Cluster.version)),
  route("GET", "/nodes/{node}/storage", answer(Cluster.storages), {
    protected: true,
    takes: { content: text, enabled: flag, format: flag, storage: checked(Formats.storageId), target: node }
  }),
  route("GET", "/nodes/{node}/storage/{storage}/status", answer(Cluster.storageStatus), {
    permit: onStorage,
    protected: true
  }),
  route("GET", "/nodes/{node}/storage/{storage}/content", answer(Cluster.storageContent), {
    permit: onStorage,
    protected: true,
    takes: { content: text, vmid }
  }),
  route("GET", "/nodes/{node}/tasks", answer(TaskCalls.list), {
    takes: {
      errors: flag,
      limit: integer(0),
      since: integer(),
      source: oneOf("archive", "active", "all"),
      start: integer(0),
      statusfilter: checked(
        Formats.listOf((value) => /^(unknown|ok|warning|error)$/.test(value) ? undefined : "invalid status")
      ),
      typefilter: text,
      until: integer(),
      userfilter: text,
      vmid
    }
  }),
  route("GET", `${task}/status`, answer(TaskCalls.status), { protected: true }),
  route("GET", `${task}/log`, answer(TaskCalls.log), {
    protected: true,
    takes: { download: flag, limit: integer(0), start: integer(0) }
  }),
  route("DELETE", task, answer(TaskCalls.stop), { protected: true }),
  route("GET", "/nodes/{node}/qemu", answer(MachineCalls.list), { protected: true, takes: { full: flag } }),
  route("DELETE", machine, answer(Destroy.destroy), {
    permit: onMachine("VM.Allocate"),
    protected: true,
    takes: { "destroy-unreferenced-disks": flag, purge: flag, skiplock: flag }
  }),
  route("POST", `${machine}/clone`, answer(Clone.clone), {
    permit: mayClone,
    protected: true,
    takes: {
      newid: required(vmid),
      bwlimit: integer(0),
      description: text,
      format: formats,
      full: flag,
      name: checked(Formats.dnsName),
      pool: checked(Formats.poolId),
      snapname: checked(Formats.configId, 40),
      storage: checked(Formats.storageId),
      target: node
    }
  }),
  route("GET", `${machine}/config`, answer(MachineCalls.config), {
    permit: onMachine("VM.Audit"),
    takes: { current: flag, snapshot: checked(Formats.configId, 40) }
  }),
  route("POST", `${machine}/config`, work(ConfigUpdate.post), {
    permit: anyConfig,
    protected: true,
    config: true,
    takes: { ...configuring, background_delay: integer(1, 30), "import-working-storage": checked(Formats.storageId) }
  }),
  route("PUT", `${machine}/config`, work(ConfigUpdate.put), {
    permit: anyConfig,
    protected: true,
    config: true,
    takes: configuring
  }),
  route("GET", `${machine}/pending`, answer(MachineCalls.pending), { permit: onMachine("VM.Audit") }),
  route("PUT", `${machine}/resize`, work(Resize.resize), {
    permit: onMachine("VM.Config.Disk"),
    protected: true,
    takes: {
      disk: required(diskName),
      size: required(sizeText),
      digest: { ...text, maxLength: 40 },
      skiplock: flag
    }
  }),
  route("POST", `${machine}/template`, answer(Destroy.template), {
    permit: onMachine("VM.Allocate"),
    protected: true,
    takes: { disk: diskName }
  }),
  route("GET", `${machine}/status/current`, answer(MachineCalls.current), {
    permit: onMachine("VM.Audit"),
    protected: true
  }),
  route("POST", `${machine}/status/start`, answer(Power.start), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { skiplock: flag, timeout: integer(0), "force-cpu": text, machine: text }
  }),
  route("POST", `${machine}/status/stop`, answer(Power.stop), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { skiplock: flag, timeout: integer(0), keepActive: flag, "overrule-shutdown": flag }
  }),
  route("POST", `${machine}/status/shutdown`, answer(Power.shutdown), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { skiplock: flag, timeout: integer(0), keepActive: flag, forceStop: flag }
  }),
  route("POST", `${machine}/status/reboot`, answer(Power.reboot), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { timeout: integer(0) }
  }),
  route("POST", `${machine}/status/reset`, answer(Power.reset), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { skiplock: flag }
  }),
  route("POST", `${machine}/status/suspend`, answer(Power.suspend), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { skiplock: flag, todisk: flag, statestorage: { ...checked(Formats.storageId), requires: "todisk" } }
  }),
  route("POST", `${machine}/status/resume`, answer(Power.resume), {
    permit: onMachine("VM.PowerMgmt"),
    protected: true,
    takes: { skiplock: flag, nocheck: flag }
  }),
  route("POST", `${machine}/agent/ping`, answer(MachineCalls.ping), { permit: guestAgent, protected: true }),
  route("GET", `${machine}/agent/network-get-interfaces`, answer(MachineCalls.interfaces), {
    permit: guestAgent,
    protected: true
  }),
  route("GET", `${machine}/cloudinit`, answer(MachineCalls.cloudInitPending), { permit: onMachine("VM.Audit") }),
  route("PUT", `${machine}/cloudinit`, work(MachineCalls.cloudInitUpdate), {
    permit: onMachine("VM.Config.Cloudinit"),
    protected: true
  }),
  route("GET", `${machine}/cloudinit/dump`, answer(MachineCalls.cloudInitDump), {
    permit: onMachine("VM.Audit"),
    takes: { type: required(oneOf("user", "network", "meta")) }
  }),
  route("GET", `${machine}/snapshot`, answer(Snapshots.list), { permit: onMachine("VM.Audit"), protected: true }),
  route("POST", `${machine}/snapshot`, answer(Snapshots.create), {
    permit: onMachine("VM.Snapshot"),
    protected: true,
    takes: { snapname: required(checked(Formats.configId, 40)), description: text, vmstate: flag }
  }),
  route("DELETE", `${machine}/snapshot/{snapname}`, answer(Snapshots.remove), {
    permit: onMachine("VM.Snapshot"),
    protected: true,
    takes: { force: flag }
  }),
  route("POST", `${machine}/snapshot/{snapname}/rollback`, answer(Snapshots.rollback), {
    permit: (call) => call.check(`/vms/${call.vmid}`, ["VM.Snapshot", "VM.Snapshot.Rollback"], "any"),
    protected: true,
    takes: { start: flag }
  })
]
