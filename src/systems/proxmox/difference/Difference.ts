/**
 * What separates a wanted machine from an observed one: the one comparison behind plan, apply and drift.
 *
 * It compares meanings and not texts. What the server fills in or writes in its own way is no difference: a MAC address
 * it made, units of size, the order and case of tags, the order of properties, spellings of a boolean, the
 * `model=MAC` form of a card, defaults written out or left away.
 *
 * Only what the specification speaks about is managed, down to the single property. So taking a key out of the file
 * stops managing it and changes nothing on the machine: to undo a tag, want other tags (`tags: []` for none); to undo a
 * VLAN, want `vlan: none`. A network card or a disk that the file does not name stays. The power state and the pool are
 * not part of a configuration and are not compared here.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type * as Fault from "../../../kernel/Fault.ts"
import * as CloudInitDifference from "./CloudInitDifference.ts"
import * as Description from "../grammar/Description.ts"
import * as Disk from "../grammar/Disk.ts"
import * as DiskDifference from "./DiskDifference.ts"
import * as Draft from "./Draft.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Hardware from "../grammar/Hardware.ts"
import type * as Model from "../Model.ts"
import * as Network from "../grammar/Network.ts"
import * as PropertyString from "../grammar/PropertyString.ts"
import * as Tags from "../grammar/Tags.ts"

/**
 * One thing that differs, for people. `from` is absent where there was nothing, `to` where it goes away.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  /** The configuration key, with the property where only one differs: `memory`, `net0.tag`, `scsi0.size`. */
  readonly key: string
  readonly from?: string | undefined
  readonly to?: string | undefined
}

/**
 * A disk to grow. `size` is absolute and whole, as the API wants it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resize {
  readonly disk: string
  /** In bytes. */
  readonly from: number
  /** In bytes. */
  readonly to: number
  readonly size: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Difference {
  /** Everything that differs and can be brought about, resizes included, sorted by key. Empty: nothing to do. */
  readonly changes: ReadonlyArray<Change>
  /** Keys to send in one configuration call. */
  readonly set: Readonly<Record<string, string>>
  /** Keys to delete in the same call. */
  readonly delete: ReadonlyArray<string>
  /** Disks to grow after that call. A disk named here exists already. */
  readonly resizes: ReadonlyArray<Resize>
  /** What is wanted and cannot be had, kind `invalid`, sent `no`: a disk smaller than the template's. */
  readonly problems: ReadonlyArray<Fault.Fault>
}

/**
 * Compares a wanted machine with its configuration, the one for the next start (not `current=1`), so that a change
 * which waits for a reboot is not asked for again.
 *
 * @param marker The line that says who manages the machine, kept last in its description. Absent: whatever is there
 *   stays.
 * @since 0.1.0
 * @category constructors
 */
export const of = (spec: MachineSpec, config: Model.Config, marker?: string): Difference => {
  const draft = Draft.make(spec.name, config)
  Draft.text(draft, "name", spec.name)
  describe(draft, spec.description, marker)
  if (spec.tags !== undefined) compareTags(draft, spec.tags)
  compareHardware(draft, spec)
  for (const [name, disk] of Object.entries(spec.disks)) DiskDifference.compare(draft, spec, name, disk)
  for (const [name, network] of Object.entries(spec.networks)) {
    Draft.properties(draft, name, Network.wanted(network), Network.grammar, Network.fresh)
  }
  if (spec.cloudInit !== undefined) CloudInitDifference.compare(draft, spec, spec.cloudInit)
  return {
    changes: draft.changes.toSorted((a, b) => PropertyString.compareText(a.key, b.key)),
    set: draft.set,
    delete: draft.delete.toSorted(PropertyString.compareText),
    resizes: draft.resizes.toSorted((a, b) => PropertyString.compareText(a.disk, b.disk)),
    problems: draft.problems
  }
}

/**
 * What a machine that is yet to be cloned will need after the clone, told from its template's configuration. The clone
 * itself brings the name, new MAC addresses, and the disks to the machine's storage; so `problems` are known before
 * anything is made.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofTemplate = (spec: MachineSpec, template: Model.Config): Difference => of(spec, cloned(spec, template))

const perMachine: ReadonlySet<string> = new Set([
  "description",
  "digest",
  "lock",
  "meta",
  "parent",
  "smbios1",
  "snaptime",
  "template",
  "vmgenid"
])

const cloned = (spec: MachineSpec, template: Model.Config): Model.Config => {
  const config: Record<string, string> = {}
  for (const [key, value] of Object.entries(template)) {
    if (perMachine.has(key)) continue
    config[key] = Disk.parseName(key) === undefined ? value : movedTo(spec.storage, value)
  }
  return { ...config, name: spec.name }
}

const movedTo = (storage: string | undefined, drive: string): string => {
  const values = PropertyString.parse(drive, Disk.grammar)
  if (storage === undefined || Either.isLeft(values)) return drive
  const from = Disk.storageOf(values.right)
  if (from === undefined || Disk.isCdrom(values.right) && !Disk.isCloudInit(values.right)) return drive
  const file = `${storage}:${(values.right.get("file") ?? "").slice(from.length + 1)}`
  return PropertyString.print(new Map([...values.right, ["file", file]]), Disk.grammar)
}

/**
 * Nothing differs, and nothing is impossible.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEmpty = (self: Difference): boolean => self.changes.length === 0 && self.problems.length === 0

const describe = (draft: Draft.Draft, wanted: string | undefined, marker: string | undefined): void => {
  const from = draft.config["description"]
  const observed = Description.parse(from ?? "")
  const to = Description.print({
    text: wanted ?? observed.text,
    marker: marker ?? observed.marker
  })
  if (to === Description.print(observed)) return
  if (to === "") {
    draft.delete.push("description")
    draft.changes.push({ key: "description", from })
  } else {
    draft.set["description"] = to
    draft.changes.push({ key: "description", from, to })
  }
}

const compareTags = (draft: Draft.Draft, wanted: ReadonlyArray<string>): void => {
  const from = draft.config["tags"]
  const to = Tags.print(wanted)
  if (to === Tags.print(Tags.parse(from ?? ""))) return
  if (to === "") draft.delete.push("tags")
  else draft.set["tags"] = to
  draft.changes.push(to === "" ? { key: "tags", from } : { key: "tags", from, to })
}

const compareHardware = (draft: Draft.Draft, spec: MachineSpec): void => {
  if (spec.cores !== undefined) Draft.numeric(draft, "cores", spec.cores, 1)
  if (spec.sockets !== undefined) Draft.numeric(draft, "sockets", spec.sockets, 1)
  if (spec.memory !== undefined) compareMemory(draft, spec.memory)
  if (spec.cpu !== undefined) compareProcessor(draft, spec.cpu)
  if (spec.onBoot !== undefined) Draft.flag(draft, "onboot", spec.onBoot, false)
  if (spec.agent !== undefined) {
    Draft.properties(draft, "agent", new Map([["enabled", PropertyString.printBoolean(spec.agent)]]), Hardware.agent)
  }
}

const memoryOf = (value: string): string =>
  Either.match(PropertyString.parse(value, Hardware.memory), {
    onLeft: () => value,
    onRight: (values) => PropertyString.canonical("number", values.get("current") ?? "512")
  })

const compareMemory = (draft: Draft.Draft, mebibytes: number): void => {
  const to = String(mebibytes)
  const from = draft.config["memory"]
  if (memoryOf(from ?? "512") !== to) {
    draft.set["memory"] = to
    draft.changes.push({ key: "memory", from, to })
  }
  // The server refuses memory below the balloon's target, so that goes down with it.
  const balloon = draft.config["balloon"]
  if (balloon !== undefined && Number(balloon) > mebibytes) Draft.text(draft, "balloon", to)
}

const compareProcessor = (draft: Draft.Draft, cpu: string): void => {
  const wanted = PropertyString.parse(cpu, Hardware.cpu)
  if (Either.isRight(wanted)) Draft.properties(draft, "cpu", wanted.right, Hardware.cpu)
  else Draft.problem(draft, "cpu", "cpu-grammar", wanted.left, "write it as in host,flags=+aes")
}
