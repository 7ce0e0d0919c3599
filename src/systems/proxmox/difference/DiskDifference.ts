/**
 * How a wanted disk differs from the observed one.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Disk from "../grammar/Disk.ts"
import * as Draft from "./Draft.ts"
import type { DiskSpec, MachineSpec } from "../Fleet.ts"
import * as PropertyString from "../grammar/PropertyString.ts"
import * as Size from "../grammar/Size.ts"

/**
 * Compares one disk: its options are amended, its size only grows, and it is made when it is not there.
 *
 * @since 0.1.0
 * @category combinators
 */
export const compare = (draft: Draft.Draft, spec: MachineSpec, name: string, disk: DiskSpec): void => {
  const before = draft.config[name]
  const observed = PropertyString.parse(before ?? "", Disk.grammar)
  const object = `disk ${name}`
  if (Either.isLeft(observed)) {
    Draft.problem(
      draft,
      object,
      "unreadable",
      `its value cannot be read: ${observed.left}`,
      "correct it on the server first"
    )
  } else if (before === undefined) {
    addDisk(draft, spec, name, disk)
  } else if (Disk.isCdrom(observed.right)) {
    Draft.problem(draft, object, "disk-is-drive", "it is a CD drive on the server", "name a free place, such as scsi1")
  } else if (comparePlace(draft, object, disk, observed.right)) {
    Draft.properties(draft, name, Disk.wanted(disk), Disk.grammar)
    compareSize(draft, name, disk.size, observed.right.get("size"))
  }
}

const addDisk = (draft: Draft.Draft, spec: MachineSpec, name: string, disk: DiskSpec): void => {
  const storage = disk.storage ?? Disk.defaultStorage(spec, draft.config)
  if (storage === undefined) {
    Draft.problem(
      draft,
      `disk ${name}`,
      "storage-unknown",
      "it is new and no storage is known to make it on",
      `give disks.${name}.storage`
    )
    return
  }
  const fresh = new Map([["file", Disk.allocation(storage, disk.size)]])
  const { values } = PropertyString.amend(fresh, Disk.wanted(disk), Disk.grammar)
  const to = PropertyString.print(values, Disk.grammar)
  draft.set[name] = to
  draft.changes.push({ key: name, to })
}

const comparePlace = (draft: Draft.Draft, object: string, disk: DiskSpec, drive: PropertyString.Values): boolean => {
  const storage = Disk.storageOf(drive)
  if (disk.storage === undefined || storage === disk.storage) return true
  Draft.problem(
    draft,
    object,
    "disk-elsewhere",
    `it is on ${storage ?? drive.get("file") ?? "no storage"} and wanted on ${disk.storage}; disks are not moved`,
    "move it on the server, or take its storage out of the file"
  )
  return false
}

const compareSize = (draft: Draft.Draft, name: string, to: number, recorded: string | undefined): void => {
  const from = recorded === undefined ? undefined : Size.parse(recorded)
  if (from === undefined || Either.isLeft(from)) {
    Draft.problem(
      draft,
      `disk ${name}`,
      "size-unknown",
      "the server does not record its size",
      "run `qm disk rescan` there"
    )
  } else if (to < from.right) {
    Draft.problem(
      draft,
      `disk ${name}`,
      "disk-shrink",
      `${Size.print(to)} is wanted, but it has ${Size.print(from.right)} already (a clone is never smaller than its ` +
        "template), and disks do not shrink",
      `want at least ${Size.print(Math.ceil(from.right / Size.GiB) * Size.GiB)}`
    )
  } else if (to > from.right) {
    const size = Size.print(to)
    draft.resizes.push({ disk: name, from: from.right, to, size })
    draft.changes.push({ key: `${name}.size`, from: Size.print(from.right), to: size })
  }
}
