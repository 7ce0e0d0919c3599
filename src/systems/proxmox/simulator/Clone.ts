/**
 * `POST /nodes/{node}/qemu/{vmid}/clone`.
 *
 * The worker takes a shared lock on the source (an exclusive one when it runs) and an exclusive lock on the new id,
 * each within one second, and keeps both until it is done. Until the first disk is written the new configuration
 * says `lock: clone` and a placeholder description. Source: qemu-server `API2/Qemu.pm` (`clone_vm`).
 *
 * @since 0.1.0
 */
import * as ConfigKeys from "./ConfigKeys.ts"
import * as Drives from "./Drives.ts"
import type * as Invocation from "./Invocation.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Storages from "./Storages.ts"
import * as Tasks from "./Tasks.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const cloneLockMillis = 1000

interface Plan {
  readonly source: World.Machine
  readonly config: ReadonlyMap<string, string>
  readonly newid: number
  readonly full: boolean
  readonly storage: string | undefined
  readonly format: World.Volume["format"] | undefined
  readonly target: string
  readonly name: string | undefined
  readonly description: string | undefined
  readonly pool: string | undefined
  /** How many times the limit the caller asked for is below what the storage can do. */
  readonly throttle: number
}

const checkUnused = (world: World.World, node: string, newid: number): void => {
  const taken = world.machines.get(newid)
  if (taken === undefined) return
  if (taken.kind === "qemu" && taken.node === node) {
    throw new Scheduler.Death(`unable to create VM ${newid}: config file already exists\n`)
  }
  const kind = taken.kind === "lxc" ? "CT" : "VM"
  throw new Scheduler.Death(`unable to create VM ${newid} - ${kind} ${newid} already exists on node '${taken.node}'\n`)
}

const checkTarget = (world: World.World, node: string, storage: string | undefined, target: string): void => {
  if (storage !== undefined) Storages.checkImages(world, storage, node)
  if (target === node) return
  if (storage === undefined) return
  if (!Storages.available(world, storage, target).shared) {
    throw new Scheduler.Death(`can't clone to non-shared storage '${storage}'\n`)
  }
}

const checkDrives = (call: Invocation.Invocation, plan: Plan): void => {
  const { world } = call
  let shared = true
  for (const drive of Drives.of(plan.config)) {
    const name = drive.file.slice(0, Math.max(0, drive.file.indexOf(":")))
    if (name === "") continue
    const storage = world.storages.get(name)
    shared = shared && storage?.shared === true
    if (Drives.isCdRom(drive)) continue
    call.check(`/storage/${plan.storage ?? name}`, ["Datastore.AllocateSpace"])
    const base = Storages.find(world, drive.file, plan.source.node)
    if (base === undefined) throw new Scheduler.Death(`volume '${drive.file}' does not exist\n`)
    if (!plan.full && !base.id.includes("base-")) {
      throw new Scheduler.Death(`Linked clone feature is not supported for drive '${drive.key}'\n`)
    }
  }
  for (const [key, text] of plan.config) {
    if (!/^net\d+$/.test(key)) continue
    const bridge = PropertyString.read(ConfigKeys.network, text)["bridge"]
    if (bridge !== undefined) call.check(`/sdn/zones/localnetwork/${bridge}`, ["SDN.Use"])
  }
  if (plan.target !== plan.source.node && !shared) {
    throw new Scheduler.Death(`Can't clone VM to node '${plan.target}' (VM uses local storage)\n`)
  }
}

/** `bwlimit` is in KiB/s; 0 = none. */
const throttle = (world: World.World, limit: number): number =>
  limit === 0 ? 1 : Math.max(1, world.timing.bandwidth / (limit * 1024))

const read = (call: Invocation.Invocation): Plan => {
  const { node, parameters, world } = call
  World.checkQuorum(world)
  const { format, pool, snapname, storage, target = node } = parameters
  const newid = Number(parameters["newid"])
  if (target !== node && !world.nodes.has(target)) throw new Scheduler.Death(`no such cluster node '${target}'\n`)
  if (pool !== undefined && !world.pools.has(pool)) throw new Scheduler.Death(`pool '${pool}' does not exist\n`)
  const source = world.machines.get(call.vmid)
  if (source === undefined || source.node !== node || source.kind !== "qemu") {
    throw new Scheduler.Death(`unable to find configuration file for VM ${call.vmid} on node '${node}'\n`)
  }
  Machine.checkLock(source)
  const snapshot = source.snapshots.find((one) => one.name === snapname)
  if (snapname !== undefined && snapshot === undefined) {
    throw new Scheduler.Death(`snapshot '${snapname}' does not exist\n`)
  }
  const full = (parameters["full"] ?? (source.config.has("template") ? "0" : "1")) === "1"
  if (!full && storage !== undefined) {
    throw new Scheduler.Death("parameter 'storage' not allowed for linked clones\n")
  }
  if (!full && format !== undefined) throw new Scheduler.Death("parameter 'format' not allowed for linked clones\n")
  checkTarget(world, node, storage, target)
  checkUnused(world, node, newid)
  const plan: Plan = {
    source,
    config: snapshot?.config ?? source.config,
    newid,
    full,
    storage,
    format: format === "raw" || format === "qcow2" || format === "vmdk" ? format : undefined,
    target,
    name: parameters["name"],
    description: parameters["description"],
    pool,
    throttle: throttle(world, Number(parameters["bwlimit"] ?? 0))
  }
  checkDrives(call, plan)
  return plan
}

/** What the clone's configuration will be, but for its drives. */
const configuration = (world: World.World, plan: Plan): Map<string, string> => {
  const config = new Map<string, string>()
  for (const [key, text] of plan.config) {
    if (key === "template" || key === "parent" || key === "snaptime" || key.startsWith("unused")) continue
    const network = /^net\d+$/.test(key) ? PropertyString.read(ConfigKeys.network, text) : undefined
    config.set(
      key,
      network === undefined
        ? text
        : PropertyString.print(ConfigKeys.network, { ...network, macaddr: world.random.mac() })
    )
  }
  const smbios = PropertyString.read(ConfigKeys.smbios, config.get("smbios1") ?? "")
  config.set("smbios1", PropertyString.print(ConfigKeys.smbios, { ...smbios, uuid: world.random.uuid() }))
  config.set("vmgenid", world.random.uuid())
  config.set("meta", `creation-qemu=9.2.0,ctime=${Math.floor(world.scheduler.now() / 1000)}`)
  const old = plan.config.get("name")
  config.set("name", plan.name ?? (old === undefined ? `Copy-of-VM-${plan.source.vmid}` : `Copy-of-VM-${old}`))
  if (plan.description !== undefined && plan.description !== "") {
    config.set("description", plan.description.trimEnd())
  }
  config.set("lock", "clone")
  return config
}

interface Progress {
  readonly made: Array<World.Volume>
}

function* cloneDrive(
  world: World.World,
  worker: Tasks.Worker,
  plan: Plan,
  drive: Drives.Drive,
  progress: Progress
): Scheduler.Body<string> {
  const { newid, source } = plan
  const cloudInit = Drives.isCloudInit(drive)
  const from = Storages.find(world, drive.file, source.node)
  if (Drives.isCdRom(drive) && !cloudInit) return plan.config.get(drive.key) ?? ""
  const linked = !plan.full && !cloudInit
  const name = plan.full && plan.storage !== undefined ? plan.storage : drive.file.slice(0, drive.file.indexOf(":"))
  const storage = Storages.available(world, name, source.node)
  worker.print(`create ${linked ? "linked" : "full"} clone of drive ${drive.key} (${drive.file})`)
  const volume = yield* Storages.allocate(world, worker, {
    storage,
    node: source.node,
    vmid: newid,
    bytes: cloudInit ? Storages.cloudInitBytes : from?.bytes ?? 0,
    format: cloudInit
      ? undefined
      : plan.format ?? (storage.type === "dir" || storage.type === "nfs" ? from?.format : undefined),
    base: linked ? from?.id : undefined,
    cloudInit
  })
  progress.made.push(volume)
  if (linked) yield* worker.work(world.timing.linkedClone)
  else if (!cloudInit) {
    const channel = `${volume.node ?? "cluster"}/${volume.storage}`
    const copy = world.copies.start(channel, volume.bytes, worker.factor * plan.throttle * world.random.jitter(0.03))
    worker.progress(source.running === undefined ? "" : `drive-${drive.key}: `, copy)
    yield* copy.run
  }
  const { format: _, ...properties } = drive.properties
  return Drives.print(drive.key, { ...properties, file: volume.id, size: Storages.size(volume) })
}

function* cleanUp(
  world: World.World,
  worker: Tasks.Worker,
  plan: Plan,
  progress: Progress,
  death: Scheduler.Death
): Scheduler.Body<void> {
  yield* Scheduler.sleep(world.scheduler, 1000)
  for (const volume of progress.made) {
    // Freeing is best effort here: what a failed clone cannot free is only warned about.
    world.volumes.delete(World.volumeKey(volume))
    yield* worker.work(world.timing.allocation)
  }
  // Without quorum the file cannot be removed, and nobody hears of it.
  const half = world.machines.get(plan.newid)
  if (half?.config.get("lock") === "clone" && World.isQuorate(world)) world.machines.delete(plan.newid)
  throw new Scheduler.Death(`clone failed: ${death.message}`)
}

function* work(world: World.World, worker: Tasks.Worker, plan: Plan): Scheduler.Body<void> {
  const { newid, source } = plan
  const mode = source.running === undefined ? "shared" : "exclusive"
  const timeout = cloneLockMillis
  const sourceHold = yield* Machine.locked(world, worker.process, source.node, source.vmid, { mode, timeout })
  const hold = yield* Machine.locked(world, worker.process, source.node, newid, { timeout })
  Machine.checkLock(source)
  checkUnused(world, source.node, newid)
  World.checkQuorum(world)
  const machine = Machine.make(world, {
    vmid: newid,
    node: source.node,
    config: { lock: "clone", description: "qmclone temporary file" }
  })
  world.machines.set(newid, machine)
  const progress: Progress = { made: [] }
  worker.process.trap = (death) => cleanUp(world, worker, plan, progress, death)
  yield* worker.work(world.timing.cloneOverhead / 2)
  const config = configuration(world, plan)
  for (const drive of Drives.of(plan.config)) {
    config.delete(drive.key)
  }
  for (const drive of Drives.of(plan.config)) {
    const text = yield* cloneDrive(world, worker, plan, drive, progress)
    config.set(drive.key, text)
    Machine.edit(world, machine, () => {
      machine.config = new Map(config)
    })
  }
  yield* worker.work(world.timing.cloneOverhead / 2)
  World.checkQuorum(world)
  config.delete("lock")
  Machine.edit(world, machine, () => {
    machine.config = new Map(config)
    if (plan.target === source.node) return
    machine.node = plan.target
    machine.visibleAt = world.scheduler.now() + world.timing.replicationLag * world.random.jitter(0.5)
  })
  if (plan.pool !== undefined) world.pools.get(plan.pool)?.members.add(newid)
  worker.process.trap = undefined
  hold.release()
  sourceHold.release()
}

/**
 * Checks, then forks `qmclone`; the task's id is the source's.
 *
 * @since 0.1.0
 * @category handlers
 */
export const clone = (call: Invocation.Invocation): string => {
  const { world } = call
  const plan = read(call)
  if (call.meetsLock("qmclone")) throw Machine.lockTimeout(plan.newid)
  const task = Tasks.fork(
    world,
    { node: call.node, type: "qmclone", id: String(call.vmid), owner: call.caller, locked: plan.newid },
    (worker) => work(world, worker, plan)
  )
  return task.upid.text
}
