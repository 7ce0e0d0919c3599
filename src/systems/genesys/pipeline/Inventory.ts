/**
 * What is known of the resources of one type while an export runs: small records, because those of a whole organisation
 * are held at once.
 *
 * @since 0.1.0
 */
import * as Crypto from "node:crypto"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Collection from "../../../store/Collection.ts"
import type * as Model from "../Model.ts"
import type { Entity, Table } from "../Table.ts"
import * as Label from "./Label.ts"
import * as Path from "./Path.ts"

/**
 * - `listed`: nobody wants it.
 * - `wanted`: it is to be read.
 * - `present`: it is in the spool, and will be in the files.
 *
 * @since 0.1.0
 * @category models
 */
export type State = "listed" | "wanted" | "present" | "vanished" | "failed"

/**
 * Where what is exported of a resource comes from.
 *
 * - `listed`: the listing has all of it.
 * - `read`: it was read, or what belongs to it.
 * - `kept`: an earlier export read it, and it cannot have changed since.
 * - `trusted`: an earlier export read it, or what belongs to it, and the listing shows no change.
 *
 * @since 0.1.0
 * @category models
 */
export type Source = "listed" | "read" | "kept" | "trusted"

/**
 * @since 0.1.0
 * @category models
 */
export interface Entry extends Model.Listed {
  /** What fills the path by which it is read, where that takes more than its id. */
  readonly at: Readonly<Record<string, string>> | undefined
  /** As it was listed, where that is needed to read it or what belongs to it, and until it is read. */
  origin: Entity | undefined
  /** What the listing tells of its state: while that is the same, so is what reading it answers. */
  readonly seen: string | null
  readonly parent: Entity | undefined
  state: State
  /** Whether the spool has what was listed, which is all of it. */
  spooled: boolean
  /** The API made it, and Terraform must not own it. */
  data: boolean
  /** Of what it holds, to compare with another export. */
  content: string
  /** Of what is present. */
  source: Source
}

/**
 * Why a type was not listed as it should have been.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  readonly reason: "denied" | "not-listed" | "incomplete"
  readonly fault: Fault.Fault
}

/**
 * @since 0.1.0
 * @category models
 */
export class Inventory {
  /** @since 0.1.0 */
  readonly table: Table
  /** Of what the spool holds of the type: by the table and how it was read. Another one, and it is read again. */
  readonly fingerprint: string
  /** Whether all that is read of a resource is the same while its listing is: by its stamp, or because that is trusted. */
  readonly vouched: "stamped" | "trusted" | undefined
  /** What the spool had before. */
  readonly marks: ReadonlyMap<string, Collection.Mark>
  /** @since 0.1.0 */
  readonly entries = new Map<string, Entry>()
  /** Not exported by nature: name by id. */
  readonly skipped = new Map<string, string>()
  /** Whole entities, where a label looks them up. */
  readonly raw: Map<string, Entity> | undefined
  /** @since 0.1.0 */
  problem: Problem | undefined = undefined
  /** When its listing began, in milliseconds of the monotonic clock. */
  startedAt = 0
  /** @since 0.1.0 */
  listed = false
  /** Whether its resources are exported, and not only looked at. */
  inScope = false
  private readonly sources: Record<Source, number> = { listed: 0, read: 0, kept: 0, trusted: 0 }
  private readonly counts: Record<State, number> = { listed: 0, wanted: 0, present: 0, vanished: 0, failed: 0 }
  private labels: ReadonlyMap<string, string> | undefined = undefined
  private fileLabels: ReadonlyMap<string, string> | undefined = undefined

  constructor(
    options: {
      readonly table: Table
      readonly fingerprint: string
      readonly vouched: "stamped" | "trusted" | undefined
      readonly marks: ReadonlyMap<string, Collection.Mark>
      readonly keepsRaw: boolean
    }
  ) {
    this.table = options.table
    this.fingerprint = options.fingerprint
    this.vouched = options.vouched
    this.marks = options.marks
    this.raw = options.keepsRaw ? new Map() : undefined
  }

  /**
   * The label of every resource that is listed, so that it is the same whichever of them are exported.
   *
   * @since 0.1.0
   */
  labelOf(id: string, hashes: boolean): string {
    this.labels ??= Label.assign(this.entries.values(), hashes)
    return this.labels.get(id) ?? Label.sanitise(id)
  }

  /**
   * What the files of a resource are called.
   *
   * @since 0.1.0
   */
  fileLabelOf(id: string, hashes: boolean): string {
    const label = this.labelOf(id, hashes)
    this.fileLabels ??= Label.ofFiles(this.labels ?? new Map())
    return this.fileLabels.get(id) ?? label
  }

  /**
   * How many of its resources are in a state.
   *
   * @since 0.1.0
   */
  count(state: State): number {
    return this.counts[state]
  }

  /**
   * How many of those that are present come from there.
   *
   * @since 0.1.0
   */
  from(source: Source): number {
    return this.sources[source]
  }

  /**
   * Those that somebody wants, whatever has become of them.
   *
   * @since 0.1.0
   */
  get wanted(): number {
    return this.entries.size - this.counts.listed
  }

  /** @since 0.1.0 */
  add(entry: Entry): void {
    this.entries.set(entry.id, entry)
    this.counts[entry.state] += 1
  }

  /** @since 0.1.0 */
  move(entry: Entry, state: State): void {
    this.counts[entry.state] -= 1
    entry.state = state
    this.counts[state] += 1
    if (state === "present") this.sources[entry.source] += 1
  }
}

/**
 * @since 0.1.0
 * @category getters
 */
export const idOf = (table: Table, entity: Entity): string | undefined => {
  const id = table.id === undefined ? Path.textAt(entity, "id") : table.id(entity)
  return id === "" ? undefined : id
}

/**
 * The record of a listed entity, by the name that its table gives it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const entryOf = (
  table: Table,
  entity: Entity,
  { id, keepsOrigin, name }: { readonly id: string; readonly name: string; readonly keepsOrigin: boolean }
): Entry => {
  const path = table.read?.path
  const computed = table.read?.before !== undefined || table.read?.holes !== undefined
  const simple = path === undefined || computed || Path.holesOf(path).every((hole) => hole === "id")
  const parent = entity["@parent"]
  return {
    type: table.type,
    id,
    name,
    stamp: stampOf(table, entity),
    hash: hashOf(table, entity),
    at: simple ? undefined : Path.filling(path, entity, id),
    origin: keepsOrigin || computed ? entity : undefined,
    seen: seenOf(table, entity),
    parent: Path.isEntity(parent) ? parent : undefined,
    state: "listed",
    spooled: false,
    data: false,
    content: "",
    source: "listed"
  }
}

const digestOf = (text: string): string => Crypto.hash("sha256", text, "base64url").slice(0, 22)

/** Addresses change by themselves: the platform signs them for a while. */
const withoutLinks = (key: string, value: unknown): unknown => /uri$/i.test(key) ? undefined : value

/**
 * The change stamp with a digest of all that is listed, for what is listed may change and the stamp stay; and a digest of
 * what shows besides. `null`: there should be a stamp, and is none.
 */
const seenOf = (table: Table, entity: Entity): string | null => {
  const stamp = stampOf(table, entity)
  if (table.read === undefined && table.files === undefined) return stamp
  if (stamp === null && table.stamp !== undefined) return null
  const own = `${stamp ?? ""}/${digestOf(JSON.stringify(entity, withoutLinks))}`
  if (table.shows === undefined) return own
  return `${own} ${
    digestOf(JSON.stringify(table.shows.map((path) => Path.valueAt(entity, path) ?? null), withoutLinks))
  }`
}

const stampOf = (table: Table, entity: Entity): string | null =>
  table.stamp === undefined ? null : Path.textAt(entity, table.stamp) ?? null

/**
 * What shows of what belongs to a resource, of what its listing tells.
 *
 * @since 0.1.0
 * @category getters
 */
export const shownOf = ({ shows }: Table, seen: string): string =>
  shows === undefined ? "" : seen.slice(seen.lastIndexOf(" "))

/**
 * What the message calls it.
 *
 * @since 0.1.0
 * @category getters
 */
export const subjectOf = (entry: Model.Listed): string => `${entry.type} ${JSON.stringify(entry.name)} (${entry.id})`

/** Of the distinguishing fields, one line of JSON each. Source: the provider's block hash, 1.84.1. */
const hashOf = (table: Table, entity: Entity): string | null => {
  if (table.hashed === undefined) return null
  const lines = table.hashed.map((field) => JSON.stringify(Path.valueAt(entity, field) ?? null))
  return Crypto.createHash("sha256").update(lines.join("\n")).digest("hex").slice(0, 16)
}
