/**
 * The world as it is at the start.
 *
 * @since 0.1.0
 */
import * as Access from "./Access.ts"
import * as Cluster from "./Cluster.ts"
import * as Copies from "./Copies.ts"
import * as Drives from "./Drives.ts"
import type * as Faults from "./Faults.ts"
import * as Locks from "./Locks.ts"
import * as Random from "./Random.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const mebibyte = 1024 ** 2
const gibibyte = 1024 ** 3

/**
 * How to sign in. The values are made up and the same in every world.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  /** `USER@REALM!TOKENID=SECRET`, as in `Authorization: PVEAPIToken=…`. It may do what provisioning needs. */
  readonly token: string
  readonly username: string
  readonly password: string
  /** Like `token`, of a user that may only look. */
  readonly readOnlyToken: string
  /** Of `root@pam`. */
  readonly rootPassword: string
}

/**
 * @since 0.1.0
 * @category constants
 */
export const credentials: Credentials = {
  token: "holdfast@pve!simulated=5a1f0b2c-0000-4000-8000-51a1a7ed0001",
  username: "holdfast@pve",
  password: "simulated-password",
  readOnlyToken: "auditor@pve!simulated=5a1f0b2c-0000-4000-8000-51a1a7ed0002",
  rootPassword: "simulated-root"
}

const secret = (token: string): string => token.slice(token.indexOf("=") + 1)

const accounts: Access.Accounts = {
  users: new Map([
    ["root@pam", { password: credentials.rootPassword, tokens: new Map() }],
    ["holdfast@pve", {
      password: credentials.password,
      tokens: new Map([["simulated", { secret: secret(credentials.token), separated: true }]])
    }],
    ["auditor@pve", {
      password: undefined,
      tokens: new Map([["simulated", { secret: secret(credentials.readOnlyToken), separated: false }]])
    }]
  ]),
  grants: [
    { path: "/", to: "holdfast@pve", role: "Provisioner" },
    { path: "/", to: "holdfast@pve!simulated", role: "Provisioner" },
    { path: "/", to: "auditor@pve", role: "PVEAuditor" }
  ]
}

const defaults: World.Timing = {
  bandwidth: 820 * mebibyte,
  contention: 0.1,
  cloneOverhead: 1200,
  allocation: 150,
  linkedClone: 400,
  configuration: 250,
  resize: 600,
  start: 2500,
  boot: 12_000,
  shutdown: 6000,
  stop: 800,
  highAvailability: 8000,
  destroy: 700,
  archiveLag: 10_000,
  replicationLag: 400,
  inventoryAge: 10_000
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly seed: number
  readonly version: 7 | 8 | 9
  readonly nodes: ReadonlyArray<string>
  readonly templates: "shared" | "local"
  readonly timing: { readonly [K in keyof World.Timing]?: World.Timing[K] | undefined }
  readonly faults: Faults.Plan
  readonly began: number
  readonly without: ReadonlyArray<string>
}

const node = (name: string, index: number): World.Node => ({
  name,
  address: `192.0.2.${11 + index}`,
  cores: 32,
  memory: 128 * gibibyte,
  bridges: new Set(["vmbr0", "vmbr1"]),
  daemon: Locks.makePool(3),
  nextProcess: 0x1A00 + index * 0x400
})

const storages = (nodes: ReadonlyArray<string>): ReadonlyArray<World.Storage> => {
  const everywhere = new Set(nodes)
  return [
    {
      name: "local",
      type: "dir",
      content: ["iso", "vztmpl", "backup", "snippets"],
      shared: false,
      nodes: everywhere,
      capacity: 94 * gibibyte
    },
    {
      name: "local-lvm",
      type: "lvmthin",
      content: ["images", "rootdir"],
      shared: false,
      nodes: everywhere,
      capacity: 16 * 1024 * gibibyte
    },
    {
      name: "ceph",
      type: "rbd",
      content: ["images", "rootdir"],
      shared: true,
      nodes: everywhere,
      capacity: 64 * 1024 * gibibyte
    },
    {
      name: "nfs",
      type: "nfs",
      content: ["images", "iso", "snippets", "backup"],
      shared: true,
      nodes: everywhere,
      capacity: 16 * 1024 * gibibyte
    }
  ]
}

const put = (world: World.World, machine: World.Machine): void => {
  world.machines.set(machine.vmid, machine)
  for (const drive of Drives.of(machine.config)) {
    const [name = ""] = drive.file.split(":")
    const storage = world.storages.get(name)
    if (storage === undefined) continue
    const bytes = Drives.isCloudInit(drive) ? 4 * mebibyte : Number.parseInt(drive.properties["size"] ?? "0") * gibibyte
    const volume: World.Volume = {
      id: drive.file,
      storage: name,
      node: storage.shared ? undefined : machine.node,
      vmid: machine.vmid,
      bytes,
      format: drive.file.endsWith(".qcow2") ? "qcow2" : "raw",
      base: undefined
    }
    world.volumes.set(World.volumeKey(volume), volume)
  }
}

const template = (world: World.World, vmid: number, node: string, storage: string): void =>
  put(
    world,
    Machine.make(world, {
      vmid,
      node,
      stranger: true,
      config: {
        name: "ubuntu-24.04",
        template: "1",
        agent: "enabled=1,fstrim_cloned_disks=1",
        boot: "order=scsi0",
        cores: "2",
        cpu: "x86-64-v2-AES",
        description: "Ubuntu 24.04 LTS cloud image",
        ide2: `${storage}:vm-${vmid}-cloudinit,media=cdrom,size=4M`,
        ipconfig0: "ip=dhcp",
        memory: "2048",
        meta: "creation-qemu=9.2.0,ctime=1735689600",
        net0: `virtio=${world.random.mac()},bridge=vmbr0`,
        numa: "0",
        ostype: "l26",
        scsi0: `${storage}:base-${vmid}-disk-0,discard=on,iothread=1,size=10G,ssd=1`,
        scsihw: "virtio-scsi-single",
        serial0: "socket",
        smbios1: `uuid=${world.random.uuid()}`,
        sockets: "1",
        tags: "cloud-init;template;ubuntu",
        vga: "serial0",
        vmgenid: world.random.uuid()
      }
    })
  )

const resident = (
  world: World.World,
  fields: {
    readonly vmid: number
    readonly node: string
    readonly name: string
    readonly running?: boolean
    readonly managed?: boolean
    readonly more?: Readonly<Record<string, string>>
  }
): void => {
  const machine = Machine.make(world, {
    vmid: fields.vmid,
    node: fields.node,
    stranger: true,
    managed: fields.managed ?? false,
    config: {
      name: fields.name,
      boot: "order=scsi0",
      cores: "2",
      memory: "4096",
      net0: `virtio=${world.random.mac()},bridge=vmbr0`,
      ostype: "l26",
      scsi0: `local-lvm:vm-${fields.vmid}-disk-0,size=32G`,
      scsihw: "virtio-scsi-single",
      smbios1: `uuid=${world.random.uuid()}`,
      ...fields.more
    }
  })
  if (fields.running === true) {
    machine.running = {
      since: world.began - 864_000_000,
      pid: 2100 + fields.vmid,
      agentAt: 0,
      paused: false,
      addresses: []
    }
  }
  put(world, machine)
}

const populate = (world: World.World, options: Options): void => {
  const [first = "pve1"] = options.nodes
  const last = options.nodes[options.nodes.length - 1] ?? first
  if (options.templates === "shared") template(world, 9000, first, "ceph")
  else options.nodes.forEach((name, index) => template(world, 9000 + index, name, "local-lvm"))
  resident(world, { vmid: 100, node: first, name: "router", running: true, more: { onboot: "1", tags: "infra" } })
  resident(world, { vmid: 101, node: last, name: "nas", more: { protection: "1" } })
  resident(world, { vmid: 102, node: last, name: "database", running: true, managed: true })
  const container = Machine.make(world, {
    vmid: 110,
    node: first,
    kind: "lxc",
    stranger: true,
    config: { name: "dns", cores: "1", memory: "512" }
  })
  world.machines.set(110, container)
  world.pools.set("holdfast", { name: "holdfast", comment: "", members: new Set(), storages: new Set() })
  for (const machine of world.machines.values()) {
    machine.published.changedAt = world.began - 60_000
    machine.published.name = machine.config.get("name")
    machine.published.status = machine.running === undefined ? "stopped" : "running"
  }
}

/** The power fails: its processes and its machines are gone, nothing cleans up. */
const crash = (world: World.World, node: string): void => {
  for (const task of world.tasks.values()) if (task.upid.node === node) task.process.kill()
  for (const machine of world.machines.values()) {
    if (machine.node === node && machine.running !== undefined) {
      Machine.edit(world, machine, () => {
        machine.running = undefined
      })
    }
  }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): World.World => {
  const random = Random.make(options.seed)
  const scheduler = Scheduler.make(options.began)
  const timing = { ...defaults }
  Object.assign(timing, Object.fromEntries(Object.entries(options.timing).filter(([, value]) => value !== undefined)))
  const world: World.World = {
    version: options.version,
    began: options.began,
    random,
    scheduler,
    locks: Locks.make(scheduler),
    copies: Copies.make(scheduler, timing),
    access: Access.make({ accounts, without: new Set(options.without), version: options.version, scheduler, random }),
    timing,
    faults: options.faults,
    nodes: new Map(options.nodes.map((name, index) => [name, node(name, index)])),
    storages: new Map(storages(options.nodes).map((storage) => [storage.name, storage])),
    machines: new Map(),
    volumes: new Map(),
    tasks: new Map(),
    pools: new Map(),
    calls: [],
    counters: new Map()
  }
  populate(world, options)
  for (const fault of options.faults) {
    if (fault.fault === "node-down") {
      scheduler.at(options.began + (fault.from ?? 0) * 1000, () => crash(world, fault.node))
    }
    if (fault.fault === "stranger-at") {
      scheduler.at(options.began + fault.at * 1000, () => Cluster.addStranger(world, fault.vmid, fault.node))
    }
  }
  return world
}
