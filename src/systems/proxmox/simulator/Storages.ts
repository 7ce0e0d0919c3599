/**
 * Storages and the volumes on them.
 *
 * Sources: pve-storage `PVE/Storage.pm`, `Plugin.pm`, `LvmThinPlugin.pm`, `RBDPlugin.pm`.
 *
 * @since 0.1.0
 */
import * as Faults from "./Faults.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import type * as Tasks from "./Tasks.ts"
import * as World from "./World.ts"

/** A cloud-init drive, whatever it holds. */
export const cloudInitBytes = 4 * 1024 * 1024

/**
 * The storage as one node may use it. Dies as the real server does.
 *
 * @since 0.1.0
 * @category getters
 */
export const available = (world: World.World, name: string, node: string): World.Storage => {
  const storage = world.storages.get(name)
  if (storage === undefined) throw new Scheduler.Death(`storage '${name}' does not exist\n`)
  if (!storage.nodes.has(node)) {
    throw new Scheduler.Death(`storage '${name}' is not available on node '${node}'\n`)
  }
  return storage
}

/**
 * @since 0.1.0
 * @category getters
 */
export const nodeOf = (storage: World.Storage, node: string): string | undefined => storage.shared ? undefined : node

/**
 * @since 0.1.0
 * @category getters
 */
export const used = (world: World.World, storage: World.Storage, node: string): number => {
  let bytes = 0
  for (const volume of world.volumes.values()) {
    // A linked clone holds only what it changed; a thin volume counts whole here, so that "full" can be reached.
    if (volume.storage === storage.name && volume.node === nodeOf(storage, node)) {
      bytes += volume.base === undefined ? volume.bytes : 0
    }
  }
  return bytes
}

const isFull = (world: World.World, storage: World.Storage): boolean =>
  Faults.isOn(
    world.faults,
    World.elapsed(world),
    (fault) => fault.fault === "storage-full" && fault.storage === storage.name
  )

/**
 * Bytes left.
 *
 * @since 0.1.0
 * @category getters
 */
export const free = (world: World.World, storage: World.Storage, node: string): number =>
  isFull(world, storage) ? 0 : Math.max(0, storage.capacity - used(world, storage, node))

const outOfSpace = (storage: World.Storage): string => {
  switch (storage.type) {
    case "lvmthin":
      return "lvcreate '/dev/pve/vm-disk' error:   Cannot create new thin volume, free space in thin pool pve/data " +
        "reached threshold."
    case "rbd":
      return "rbd create error: (28) No space left on device"
    default:
      return "unable to create image: No space left on device"
  }
}

/**
 * The storage's lock: of the node for a local storage, of the cluster for a shared one. Ten seconds. Returns how to
 * give it back, or why it could not be had.
 */
function* lock(
  world: World.World,
  worker: Tasks.Worker,
  storage: World.Storage,
  node: string
): Scheduler.Body<(() => void) | string> {
  const busy = Faults.isOn(
    world.faults,
    World.elapsed(world),
    (fault) => fault.fault === "storage-busy" && fault.storage === storage.name
  )
  const name = storage.shared ? `cluster storage-${storage.name}` : `${node} storage-${storage.name}`
  if (busy) yield* Scheduler.sleep(world.scheduler, 10_000)
  const hold = busy ? undefined : yield* world.locks.acquire(worker.process, name, { timeout: 10_000 })
  if (hold === undefined) {
    return storage.shared
      ? `cfs-lock 'storage-${storage.name}' error: got lock request timeout\n`
      : `can't lock file '/var/lock/pve-manager/pve-storage-${storage.name}' - got timeout\n`
  }
  if (storage.shared && !World.isQuorate(world)) {
    hold.release()
    return "cluster not ready - no quorum?\n"
  }
  worker.process.unwind.add(hold.release)
  return () => {
    worker.process.unwind.delete(hold.release)
    hold.release()
  }
}

const isDirectory = (storage: World.Storage): boolean => storage.type === "dir" || storage.type === "nfs"

const volumeId = (storage: World.Storage, vmid: number, name: string, base: string | undefined): string => {
  const file = isDirectory(storage) ? `${vmid}/${name}` : name
  // On LVM the base of a linked clone does not show in its name.
  const prefix = base === undefined || storage.type === "lvmthin" ? "" : `${base.slice(base.indexOf(":") + 1)}/`
  return `${storage.name}:${prefix}${file}`
}

const extension = (storage: World.Storage, format: World.Volume["format"]): string =>
  isDirectory(storage) ? `.${format}` : ""

const nextName = (
  world: World.World,
  storage: World.Storage,
  node: string,
  vmid: number,
  format: World.Volume["format"]
): string => {
  const names = new Set<string>()
  for (const volume of world.volumes.values()) {
    if (volume.vmid === vmid && volume.storage === storage.name && volume.node === nodeOf(storage, node)) {
      names.add(/(?:vm|base)-\d+-disk-(\d+)[^/]*$/.exec(volume.id)?.[1] ?? "")
    }
  }
  let index = 0
  while (names.has(String(index))) index += 1
  return `vm-${vmid}-disk-${index}${extension(storage, format)}`
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Request {
  readonly storage: World.Storage
  readonly node: string
  readonly vmid: number
  readonly bytes: number
  readonly format?: World.Volume["format"] | undefined
  readonly base?: string | undefined
  readonly cloudInit?: boolean | undefined
}

const check = (world: World.World, request: Request): void => {
  const { format, node, storage } = request
  if (format !== undefined && format !== "raw" && !isDirectory(storage)) {
    throw new Scheduler.Death(`unsupported format '${format}'\n`)
  }
  if (!storage.content.includes("images")) {
    throw new Scheduler.Death(`storage '${storage.name}' does not support content-type 'images'\n`)
  }
  const needed = request.base === undefined ? request.bytes : 0
  if (free(world, storage, node) < needed) throw new Scheduler.Death(`${outOfSpace(storage)}\n`)
}

/**
 * Makes a volume, under the storage's lock.
 *
 * @since 0.1.0
 * @category mutations
 */
export function* allocate(world: World.World, worker: Tasks.Worker, request: Request): Scheduler.Body<World.Volume> {
  const { node, storage, vmid } = request
  const unlock = yield* lock(world, worker, storage, node)
  if (typeof unlock === "string") throw new Scheduler.Death(unlock)
  yield* worker.work(world.timing.allocation)
  check(world, request)
  const format = request.format ?? "raw"
  const name = request.cloudInit === true
    ? `vm-${vmid}-cloudinit${extension(storage, format)}`
    : nextName(world, storage, node, vmid, format)
  const volume: World.Volume = {
    id: volumeId(storage, vmid, name, request.base),
    storage: storage.name,
    node: nodeOf(storage, node),
    vmid,
    bytes: request.bytes,
    format,
    base: request.base
  }
  const taken = world.volumes.get(World.volumeKey(volume))
  if (taken !== undefined && request.cloudInit !== true) {
    throw new Scheduler.Death(`disk image '${volume.id}' already exists\n`)
  }
  world.volumes.set(World.volumeKey(volume), volume)
  unlock()
  return volume
}

/**
 * Frees a volume, under the storage's lock. Returns why not: a base with linked clones stays, a lock may not be had.
 *
 * @since 0.1.0
 * @category mutations
 */
export function* tryRelease(
  world: World.World,
  worker: Tasks.Worker,
  volume: World.Volume,
  node: string
): Scheduler.Body<string | undefined> {
  const storage = world.storages.get(volume.storage)
  if (storage === undefined) return undefined
  const unlock = yield* lock(world, worker, storage, node)
  if (typeof unlock === "string") return unlock
  yield* worker.work(world.timing.allocation)
  const child = clones(world, volume)[0]
  if (child === undefined) world.volumes.delete(World.volumeKey(volume))
  unlock()
  return child === undefined ? undefined : `base volume '${volume.id}' is still in use by linked cloned '${child.id}'\n`
}

/**
 * Like {@link tryRelease}, and dies where it cannot.
 *
 * @since 0.1.0
 * @category mutations
 */
export function* release(
  world: World.World,
  worker: Tasks.Worker,
  volume: World.Volume,
  node: string
): Scheduler.Body<void> {
  const problem = yield* tryRelease(world, worker, volume, node)
  if (problem !== undefined) throw new Scheduler.Death(problem)
}

const clones = (world: World.World, base: World.Volume): ReadonlyArray<World.Volume> =>
  [...world.volumes.values()].filter((volume) => volume.base === base.id && volume.node === base.node)

/**
 * The volume a drive text names, seen from a node.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (world: World.World, id: string, node: string): World.Volume | undefined => {
  const storage = world.storages.get(id.slice(0, Math.max(0, id.indexOf(":"))))
  return storage === undefined ? undefined : world.volumes.get(World.volumeKey({ id, node: nodeOf(storage, node) }))
}

/**
 * Dies unless the storage can hold machine images for the node.
 *
 * @since 0.1.0
 * @category checks
 */
export const checkImages = (world: World.World, name: string, node: string): World.Storage => {
  const storage = available(world, name, node)
  if (!storage.content.includes("images")) {
    throw new Scheduler.Death(`storage '${name}' does not support content-type 'images'\n`)
  }
  return storage
}

/**
 * The row of `GET /nodes/{node}/storage`.
 *
 * @since 0.1.0
 * @category getters
 */
export const row = (world: World.World, storage: World.Storage, node: string): Record<string, unknown> => {
  const available = free(world, storage, node)
  const taken = storage.capacity - available
  return {
    storage: storage.name,
    type: storage.type,
    content: storage.content.join(","),
    shared: storage.shared ? 1 : 0,
    active: 1,
    enabled: 1,
    total: storage.capacity,
    used: taken,
    avail: available,
    used_fraction: taken / storage.capacity
  }
}

/**
 * The row of `GET /nodes/{node}/storage/{storage}/content`.
 *
 * @since 0.1.0
 * @category getters
 */
export const contentRow = (volume: World.Volume): Record<string, unknown> => ({
  volid: volume.id,
  content: "images",
  format: volume.format,
  size: volume.bytes,
  vmid: volume.vmid,
  ...(volume.base === undefined ? {} : { parent: volume.base })
})

/**
 * `size=` of a volume.
 *
 * @since 0.1.0
 * @category getters
 */
export const size = (volume: World.Volume): string => PropertyString.printSize(volume.bytes)
