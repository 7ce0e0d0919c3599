/**
 * Disks: `scsi0: local-lvm:vm-401-disk-0,discard=on,size=100G`.
 *
 * A disk that exists is read, amended and written back whole; its `size` property is only a record of the real size,
 * which is changed by a resize and only upwards.
 *
 * Source: `scsi[n]`, `virtio[n]`, `sata[n]` and `ide[n]` of the API description of pve-docs 9.1.3.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { DiskSpec, MachineSpec } from "../Fleet.ts"
import type * as Model from "../Model.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Size from "./Size.ts"

/** How many devices each bus has. */
const buses: ReadonlyMap<string, number> = new Map([["ide", 4], ["sata", 6], ["scsi", 31], ["virtio", 16]])

/**
 * The bus and number of a disk's name, or nothing where there is no such disk.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseName = (name: string): { readonly bus: string; readonly index: number } | undefined => {
  const match = /^([a-z]+)(0|[1-9]\d*)$/.exec(name)
  if (match === null) return undefined
  const bus = match[1] ?? ""
  const index = Number(match[2])
  return index < (buses.get(bus) ?? 0) ? { bus, index } : undefined
}

/**
 * Every name a disk or drive can have, bus by bus.
 *
 * @since 0.1.0
 * @category constants
 */
export const names: ReadonlyArray<string> = [...buses].flatMap(([bus, count]) =>
  Array.from({ length: count }, (_, index) => `${bus}${index}`)
)

/**
 * @since 0.1.0
 * @category models
 */
export const grammar: PropertyString.Grammar = {
  defaultKey: "file",
  aliases: { volume: "file" },
  properties: {
    backup: { kind: "boolean", default: "1" },
    cache: { kind: "text", default: "none" },
    discard: { kind: "text", default: "ignore" },
    file: { kind: "text", required: true },
    format: { kind: "text" },
    iothread: { kind: "boolean", default: "0" },
    media: { kind: "text", default: "disk" },
    size: { kind: "size" },
    ssd: { kind: "boolean", default: "0" }
  }
}

/**
 * The properties, other than its size and place, that a specification speaks about.
 *
 * @since 0.1.0
 * @category conversions
 */
export const wanted = (spec: DiskSpec): PropertyString.Wanted => {
  const entries = new Map<string, string | undefined>()
  if (spec.backup !== undefined) entries.set("backup", PropertyString.printBoolean(spec.backup))
  if (spec.cache !== undefined) entries.set("cache", spec.cache)
  if (spec.discard !== undefined) entries.set("discard", spec.discard ? "on" : "ignore")
  if (spec.iothread !== undefined) entries.set("iothread", PropertyString.printBoolean(spec.iothread))
  if (spec.ssd !== undefined) entries.set("ssd", PropertyString.printBoolean(spec.ssd))
  return entries
}

/**
 * The volume to ask for when a disk does not exist yet: `local-lvm:100`, whose number is GiB.
 *
 * @since 0.1.0
 * @category conversions
 */
export const allocation = (storage: string, bytes: number): string => `${storage}:${bytes / Size.GiB}`

/**
 * The storage a drive's volume is on; nothing for `none`, `cdrom` and device paths.
 *
 * @since 0.1.0
 * @category getters
 */
export const storageOf = (drive: PropertyString.Values): string | undefined => {
  const file = drive.get("file") ?? ""
  const at = file.indexOf(":")
  return at <= 0 || file.startsWith("/") ? undefined : file.slice(0, at)
}

/**
 * It is the drive that carries the cloud-init data: `local-lvm:cloudinit` as asked for,
 * `local-lvm:vm-401-cloudinit` as stored (with a format's suffix on a folder).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCloudInit = (drive: PropertyString.Values): boolean =>
  /[:/](?:cloudinit|vm-\d+-cloudinit(?:\.[a-z0-9]+)?)$/.test(drive.get("file") ?? "")

/**
 * It is a CD drive, the one for cloud-init included.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCdrom = (drive: PropertyString.Values): boolean =>
  drive.get("media") === "cdrom" || drive.get("file") === "cdrom" || isCloudInit(drive)

/**
 * Where a volume is made whose storage nobody named: the machine's storage, or where its first disk is or will be.
 *
 * @since 0.1.0
 * @category getters
 */
export const defaultStorage = (spec: MachineSpec, config: Model.Config): string | undefined =>
  spec.storage ?? firstStorage(config) ??
    Object.values(spec.disks).find((disk) => disk.storage !== undefined)?.storage

const firstStorage = (config: Model.Config): string | undefined => {
  for (const drive of drives(config).values()) {
    const storage = isCdrom(drive) ? undefined : storageOf(drive)
    if (storage !== undefined) return storage
  }
  return undefined
}

const bootOrder = ["scsi0", "virtio0", "sata0", "ide0", ...names]

/**
 * Every disk and drive of a configuration that can be read, the likely boot disks first.
 *
 * @since 0.1.0
 * @category getters
 */
export const drives = (config: Model.Config): ReadonlyMap<string, PropertyString.Values> => {
  const found = new Map<string, PropertyString.Values>()
  for (const name of bootOrder) {
    const values = PropertyString.parse(config[name] ?? "", grammar)
    if (Either.isRight(values) && values.right.size > 0) found.set(name, values.right)
  }
  return found
}
