/**
 * What the cluster tells about itself: nodes, storages, inventory, ids, pools.
 *
 * Sources: pve-manager `API2/Cluster.pm`, `API2/Nodes.pm`, `API2/Pool.pm`, `API2Tools.pm`.
 *
 * @since 0.1.0
 */
import * as Drives from "./Drives.ts"
import * as Faults from "./Faults.ts"
import type * as Invocation from "./Invocation.ts"
import * as Storages from "./Storages.ts"
import * as Wire from "./Wire.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const releases = {
  7: { version: "7.4-19", release: "7.4", repoid: "f98bf8d4" },
  8: { version: "8.3.5", release: "8.3", repoid: "dac3aa88c1bcd8f3" },
  9: { version: "9.1.4", release: "9.1", repoid: "5ac30304265fbd8e" }
} as const

/**
 * @since 0.1.0
 * @category handlers
 */
export const version = (call: Invocation.Invocation): unknown => releases[call.world.version]

const uptime = (world: World.World): number => Math.floor(World.elapsed(world)) + 864_000

const usedMemory = (world: World.World, node: string): number => {
  let bytes = 2 * 1024 ** 3
  for (const machine of world.machines.values()) {
    if (machine.node === node && machine.running !== undefined) bytes += memory(machine)
  }
  return bytes
}

/**
 * Bytes the guest is given.
 *
 * @since 0.1.0
 * @category getters
 */
export const memory = (machine: World.Machine): number => Number(machine.config.get("memory") ?? 512) * 1024 ** 2

/**
 * @since 0.1.0
 * @category getters
 */
export const processors = (machine: World.Machine): number =>
  Number(machine.config.get("cores") ?? 1) * Number(machine.config.get("sockets") ?? 1)

/**
 * @since 0.1.0
 * @category getters
 */
export const diskBytes = (world: World.World, machine: World.Machine): number => {
  const boot = Drives.of(machine.config).find((drive) => !Drives.isCdRom(drive))
  return boot === undefined ? 0 : Storages.find(world, boot.file, machine.node)?.bytes ?? 0
}

const nodeRow = (call: Invocation.Invocation, node: World.Node): Record<string, unknown> => {
  const { world } = call
  const base = { id: `node/${node.name}`, type: "node", node: node.name }
  if (!World.isOnline(world, node.name)) return { ...base, status: "offline" }
  return {
    ...base,
    status: "online",
    level: "",
    cpu: 0.02,
    maxcpu: node.cores,
    mem: usedMemory(world, node.name),
    maxmem: node.memory,
    disk: 8 * 1024 ** 3,
    maxdisk: 94 * 1024 ** 3,
    uptime: uptime(world)
  }
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const nodes = (call: Invocation.Invocation): unknown =>
  [...call.world.nodes.values()].map((node) => nodeRow(call, node))

/**
 * @since 0.1.0
 * @category handlers
 */
export const nodeStatus = (call: Invocation.Invocation): unknown => {
  const { world } = call
  const node = world.nodes.get(call.node)
  const total = node?.memory ?? 0
  const used = usedMemory(world, call.node)
  return {
    uptime: uptime(world),
    cpu: 0.02,
    loadavg: ["0.21", "0.17", "0.11"],
    memory: { total, used, free: total - used, available: total - used },
    rootfs: { total: 94 * 1024 ** 3, used: 8 * 1024 ** 3, free: 86 * 1024 ** 3, avail: 81 * 1024 ** 3 },
    cpuinfo: { cores: (node?.cores ?? 2) / 2, cpus: node?.cores ?? 2, sockets: 2, model: "Simulated CPU @ 2.40GHz" },
    "current-kernel": {
      sysname: "Linux",
      release: "6.14.8-2-pve",
      version: "#1 SMP PREEMPT_DYNAMIC",
      machine: "x86_64"
    },
    "boot-info": { mode: "efi", secureboot: 0 },
    pveversion: `pve-manager/${releases[world.version].version}/${releases[world.version].repoid}`
  }
}

const mayList = (call: Invocation.Invocation, storage: World.Storage): boolean =>
  call.can(`/storage/${storage.name}`, "Datastore.Audit") ||
  call.can(`/storage/${storage.name}`, "Datastore.AllocateSpace")

/**
 * @since 0.1.0
 * @category handlers
 */
export const storages = (call: Invocation.Invocation): unknown => {
  const { node, parameters, world } = call
  const content = parameters["content"]?.split(/[,;\s]+/)
  return [...world.storages.values()].flatMap((storage) => {
    if (!storage.nodes.has(node) || !mayList(call, storage)) return []
    if (parameters["storage"] !== undefined && parameters["storage"] !== storage.name) return []
    if (content !== undefined && !storage.content.some((one) => content.includes(one))) return []
    return [Storages.row(world, storage, node)]
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const storageStatus = (call: Invocation.Invocation): unknown => {
  const storage = Storages.available(call.world, call.parameters["storage"] ?? "", call.node)
  const { storage: _, used_fraction: __, ...row } = Storages.row(call.world, storage, call.node)
  return row
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const storageContent = (call: Invocation.Invocation): unknown => {
  const { node, parameters, world } = call
  const storage = Storages.available(world, parameters["storage"] ?? "", node)
  return [...world.volumes.values()].filter((volume) =>
    volume.storage === storage.name && volume.node === Storages.nodeOf(storage, node) &&
    (parameters["vmid"] === undefined || volume.vmid === Number(parameters["vmid"]))
  ).map(Storages.contentRow)
}

/**
 * The pool a machine is in.
 *
 * @since 0.1.0
 * @category getters
 */
export const poolOf = (world: World.World, vmid: number): string | undefined => {
  for (const pool of world.pools.values()) if (pool.members.has(vmid)) return pool.name
  return undefined
}

/**
 * A machine's row in the inventory.
 *
 * @since 0.1.0
 * @category getters
 */
export const machineRow = (call: Invocation.Invocation, machine: World.Machine): Record<string, unknown> => {
  const { world } = call
  const seen = Machine.published(world, machine)
  const online = World.isOnline(world, machine.node)
  const row: Record<string, unknown> = {
    id: `${machine.kind}/${machine.vmid}`,
    type: machine.kind,
    vmid: machine.vmid,
    node: machine.node,
    status: online ? seen.status : "unknown",
    template: machine.config.has("template") ? 1 : 0
  }
  if (seen.name !== undefined) row["name"] = seen.name
  if (online && seen.status !== "unknown") {
    const running = seen.status === "running"
    Object.assign(row, {
      cpu: running ? 0.01 : 0,
      maxcpu: processors(machine),
      mem: running ? memory(machine) / 2 : 0,
      maxmem: memory(machine),
      disk: 0,
      maxdisk: diskBytes(world, machine),
      diskread: 0,
      diskwrite: 0,
      netin: 0,
      netout: 0,
      uptime: machine.running === undefined ? 0 : Math.floor((world.scheduler.now() - machine.running.since) / 1000)
    })
  }
  const pool = poolOf(world, machine.vmid)
  if (pool !== undefined) row["pool"] = pool
  for (const key of ["lock", "tags"]) {
    const text = machine.config.get(key)
    if (text !== undefined) row[key] = text
  }
  if (machine.managed) row["hastate"] = machine.running === undefined ? "stopped" : "started"
  return row
}

/**
 * Storages' rows in the inventory, one a node.
 *
 * @since 0.1.0
 * @category getters
 */
export const storageRows = (call: Invocation.Invocation): ReadonlyArray<Record<string, unknown>> => {
  const { world } = call
  return [...world.storages.values()].flatMap((storage) =>
    !mayList(call, storage) ? [] : [...storage.nodes].map((node) => ({
      id: `storage/${node}/${storage.name}`,
      type: "storage",
      storage: storage.name,
      node,
      status: World.isOnline(world, node) ? "available" : "unknown",
      shared: storage.shared ? 1 : 0,
      plugintype: storage.type,
      content: storage.content.join(","),
      disk: Storages.used(world, storage, node),
      maxdisk: storage.capacity
    }))
  )
}

/**
 * Machines as `pvestatd` last saw them; which ones there are is live.
 *
 * @since 0.1.0
 * @category handlers
 */
export const resources = (call: Invocation.Invocation): unknown => {
  const { world } = call
  const type = call.parameters["type"]
  const machines = [...world.machines.values()].toSorted((a, b) => a.vmid - b.vmid)
    .filter((machine) => call.can(`/vms/${machine.vmid}`, "VM.Audit"))
    .map((machine) => machineRow(call, machine))
  if (type === "vm") return machines
  if (type === "node") return nodes(call)
  if (type === "storage") return storageRows(call)
  if (type === "sdn") return []
  const pools = [...world.pools.keys()].map((pool) => ({ id: `/pool/${pool}`, type: "pool", pool }))
  return [...pools, ...machines, ...[...world.nodes.values()].map((node) => nodeRow(call, node)), ...storageRows(call)]
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const status = (call: Invocation.Invocation): unknown => {
  const { world } = call
  const quorate = World.isQuorate(world)
  return [
    {
      type: "cluster",
      id: "cluster",
      name: "simulated",
      version: 4,
      nodes: world.nodes.size,
      quorate: quorate ? 1 : 0
    },
    ...[...world.nodes.values()].map((node, index) => ({
      type: "node",
      id: `node/${node.name}`,
      name: node.name,
      nodeid: index + 1,
      ip: node.address,
      local: index === 0 ? 1 : 0,
      online: World.isOnline(world, node.name) ? 1 : 0,
      level: ""
    }))
  ]
}

/** Somebody else was quicker. */
const stranger = (world: World.World, vmid: number): void => {
  const fault = Faults.stranger(world.faults, World.count(world, "nextid"))
  if (fault !== undefined) addStranger(world, vmid, fault.node)
}

/**
 * Somebody else's machine, if the id is free.
 *
 * @since 0.1.0
 * @category mutations
 */
export const addStranger = (world: World.World, vmid: number, node: string | undefined): void => {
  if (world.machines.has(vmid)) return
  const machine = Machine.make(world, {
    vmid,
    node: node ?? [...world.nodes.keys()][0] ?? "pve1",
    stranger: true,
    config: {
      name: `stranger-${vmid}`,
      cores: "1",
      memory: "512",
      smbios1: `uuid=${world.random.uuid()}`,
      description: "made by somebody else"
    }
  })
  world.machines.set(vmid, machine)
}

/**
 * A free id, or whether the one asked for is free. It reserves nothing.
 *
 * @since 0.1.0
 * @category handlers
 */
export const nextId = (call: Invocation.Invocation): string => {
  const { world } = call
  const wanted = call.parameters["vmid"]
  let vmid = wanted === undefined ? 100 : Number(wanted)
  if (wanted !== undefined && world.machines.has(vmid)) {
    throw Wire.invalid({ vmid: `VM ${vmid} already exists` })
  }
  while (world.machines.has(vmid)) vmid += 1
  stranger(world, vmid)
  return String(vmid)
}
