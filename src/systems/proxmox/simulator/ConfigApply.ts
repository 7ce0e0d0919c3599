/**
 * What a configuration change does to a machine, stopped or running.
 *
 * Source: qemu-server `QemuServer.pm` (`vmconfig_hotplug_pending`, `vmconfig_apply_pending`,
 * `vmconfig_register_unused_drive`).
 *
 * @since 0.1.0
 */
import * as ConfigKeys from "./ConfigKeys.ts"
import * as ConfigValues from "./ConfigValues.ts"
import * as Drives from "./Drives.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Storages from "./Storages.ts"
import type * as Tasks from "./Tasks.ts"
import * as Wire from "./Wire.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Change {
  /** As it will be stored. */
  readonly set: ReadonlyMap<string, string>
  readonly remove: ReadonlyArray<string>
  readonly revert: ReadonlyArray<string>
  /** Free removed volumes instead of keeping them as unused. */
  readonly force: boolean
  /** For the log. */
  readonly shown: string
}

const next = (machine: World.Machine, key: string): string | undefined =>
  machine.pending.has(key) ? machine.pending.get(key) : machine.config.get(key)

/**
 * Dies where the change cannot be for this machine.
 *
 * @since 0.1.0
 * @category checks
 */
export const check = (machine: World.Machine, change: Change): void => {
  const boot = change.set.get("boot")
  const device = boot === undefined
    ? undefined
    : ConfigValues.missingBootDevice(
      boot,
      (key) => change.set.has(key) || (next(machine, key) !== undefined && !change.remove.includes(key))
    )
  if (device !== undefined) throw Wire.invalid({ boot: `invalid bootorder: device '${device}' does not exist'` })
  const balloon = Number(change.set.get("balloon") ?? next(machine, "balloon") ?? 0)
  const memory = Number(change.set.get("memory") ?? next(machine, "memory") ?? 512)
  if (balloon > memory && (change.set.has("balloon") || change.set.has("memory"))) {
    throw new Scheduler.Death("balloon value too large (must be smaller than assigned memory)\n")
  }
  const removed = change.remove.find((key) => Drives.parse(key, machine.config.get(key) ?? "") !== undefined)
  if (removed !== undefined && machine.config.get("protection") === "1") {
    throw new Scheduler.Death(
      `can't remove unused disk '${removed}' of VM ${machine.vmid} - protection mode enabled\n`
    )
  }
}

/** Volumes asked for are made first; the text then names them. */
function* resolve(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine,
  key: string,
  text: string
): Scheduler.Body<string> {
  const wanted = ConfigValues.wanted(key, text)
  const drive = Drives.parse(key, text)
  if (drive === undefined) return text
  const { format, "import-from": origin, ...properties } = drive.properties
  if (wanted === undefined) {
    const volume = Storages.find(world, drive.file, machine.node)
    if (drive.file.includes(":") && volume === undefined && !Drives.isCdRom(drive)) {
      throw new Scheduler.Death(`volume '${drive.file}' does not exist\n`)
    }
    return volume === undefined ? text : Drives.print(key, { ...properties, size: Storages.size(volume) })
  }
  const storage = Storages.checkImages(world, wanted.storage, machine.node)
  const cloudInit = wanted.gigabytes === "cloudinit"
  const source = origin === undefined ? undefined : Storages.find(world, origin, machine.node)
  const bytes = wanted.gigabytes === "cloudinit"
    ? Storages.cloudInitBytes
    : source?.bytes ?? Math.round(wanted.gigabytes * 1024 ** 3)
  const volume = yield* Storages.allocate(world, worker, {
    storage,
    node: machine.node,
    vmid: machine.vmid,
    bytes,
    format: format === "qcow2" || format === "vmdk" || format === "raw" ? format : undefined,
    cloudInit
  })
  worker.print(`${key}: successfully created disk '${volume.id},size=${Storages.size(volume)}'`)
  return Drives.print(key, {
    ...properties,
    file: volume.id,
    size: Storages.size(volume),
    ...(cloudInit ? { media: "cdrom" } : {})
  })
}

const hotplugs = (machine: World.Machine, feature: string): boolean => {
  const text = machine.config.get("hotplug") ?? "network,disk,usb"
  return text === "1" ? feature !== "memory" : text.split(",").includes(feature)
}

const isLive = (machine: World.Machine, key: string): boolean => {
  const takesEffect = ConfigKeys.find(key)?.takesEffect ?? "restart"
  switch (takesEffect) {
    case "live":
    case "cloud-init":
      return true
    case "network":
      return hotplugs(machine, takesEffect)
    case "disk":
      // Only scsi and virtio disks can be plugged in and out; a cloud-init drive waits as any on ide does.
      return hotplugs(machine, takesEffect) && /^(scsi|virtio)\d+$/.test(key)
    case "memory":
      return hotplugs(machine, takesEffect) && machine.config.get("numa") === "1"
    case "restart":
      return false
  }
}

/** What the guest cannot give back stays pending, and the task says so; everything else is applied. */
const problem = (machine: World.Machine, key: string, value: string | undefined): string | undefined => {
  if (key !== "memory" || !isLive(machine, key)) return undefined
  const now = Number(machine.config.get("memory") ?? 512)
  return Number(value ?? 512) < now ? "hotplug problem - can't unplug memory, the guest still uses it" : undefined
}

/** A volume no longer named is kept as unused, a cloud-init drive is freed; what a snapshot names stays as it is. */
function* displace(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine,
  key: string,
  text: string | undefined,
  options: { readonly still: ReadonlyArray<string | undefined>; readonly force: boolean }
): Scheduler.Body<void> {
  const old = Drives.parse(key, text ?? "")
  if (old === undefined) return
  const named = [...options.still, ...machine.snapshots.map(({ config }) => config.get(key))]
  if (named.some((other) => Drives.parse(key, other ?? "")?.file === old.file)) return
  const volume = Storages.find(world, old.file, machine.node)
  if (volume === undefined || volume.vmid !== machine.vmid) return
  if (options.force || Drives.isCloudInit(old) || key.startsWith("unused")) {
    return yield* Storages.release(world, worker, volume, machine.node)
  }
  Machine.edit(world, machine, () => machine.config.set(Drives.unusedKey(machine.config), volume.id))
}

function* put(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine,
  key: string,
  value: string | undefined,
  force: boolean
): Scheduler.Body<void> {
  yield* displace(world, worker, machine, key, machine.config.get(key), { still: [value], force })
  Machine.edit(world, machine, () => {
    machine.pending.delete(key)
    if (value === undefined) machine.config.delete(key)
    else machine.config.set(key, value)
  })
}

/** Makes a value pending, or with the one in force nothing. */
function* remember(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine,
  key: string,
  value: string | undefined
): Scheduler.Body<void> {
  const now = machine.config.get(key)
  yield* displace(world, worker, machine, key, machine.pending.get(key), { still: [value, now], force: false })
  Machine.edit(world, machine, () => {
    if (now === value) machine.pending.delete(key)
    else machine.pending.set(key, value)
  })
}

/**
 * Makes what is pending so, as a start does.
 *
 * @since 0.1.0
 * @category mutations
 */
export function* applyPending(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine
): Scheduler.Body<void> {
  for (const [key, value] of new Map(machine.pending)) yield* put(world, worker, machine, key, value, false)
}

/**
 * The change itself, under the machine's lock. A running machine takes at once what it can; the rest is pending.
 *
 * @since 0.1.0
 * @category mutations
 */
export function* apply(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine,
  change: Change
): Scheduler.Body<void> {
  worker.print(`update VM ${machine.vmid}: ${change.shown}`)
  yield* worker.work(world.timing.configuration)
  World.checkQuorum(world)
  for (const key of change.revert) yield* remember(world, worker, machine, key, machine.config.get(key))
  yield* note(world, worker, machine, change)
  const errors: Record<string, string> = {}
  for (const [key, value] of new Map(machine.pending)) {
    if (machine.running !== undefined && !isLive(machine, key)) continue
    const reason = machine.running === undefined ? undefined : problem(machine, key, value)
    if (reason !== undefined) errors[key] = reason
    else yield* put(world, worker, machine, key, value, change.force && change.remove.includes(key))
  }
  if (Object.keys(errors).length > 0) throw Wire.invalid(errors)
}

/** Everything becomes pending first, key by key: what fails here leaves the keys before it so. */
function* note(
  world: World.World,
  worker: Tasks.Worker,
  machine: World.Machine,
  change: Change
): Scheduler.Body<void> {
  for (const key of change.remove) {
    if (next(machine, key) === undefined) {
      worker.print(`cannot delete '${key}' - not set in current configuration!`)
    } else yield* remember(world, worker, machine, key, undefined)
  }
  for (const [key, text] of change.set) {
    const value = yield* resolve(world, worker, machine, key, text)
    yield* remember(world, worker, machine, key, value)
  }
}
