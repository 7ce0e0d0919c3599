/**
 * What was read, kept in the store until it is written: by it an export that was killed goes on, and the next one knows
 * what it need not read again. Written in batches, so that the store is not what an export waits for.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Crypto from "node:crypto"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Collection from "../../../store/Collection.ts"
import type * as Model from "../Model.ts"
import type { Table, TypeName } from "../Table.ts"
import { type Entry, type Inventory, shownOf } from "./Inventory.ts"

/**
 * Of what is kept. Raised whenever what the program makes of an answer changes otherwise than by a table: of that, its
 * `revision` is.
 */
const version = 1

/** Items that are written at once: each time the process waits for the disk. What is lost by a kill is read again. */
const batch = 1000

/** Characters of them: files are large. */
const largest = 4 * 1024 * 1024

/** What was read is not kept from the store for longer than this, in milliseconds. */
const patience = 2000

/**
 * What the spool has of a resource.
 *
 * @since 0.1.0
 * @category models
 */
export interface Kept {
  readonly values: Model.Values
  readonly files: ReadonlyArray<Model.File>
  readonly dependsOn: Model.Resource["dependsOn"]
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Asked for every resource, so not as an effect. */
  readonly clock: Clock.Clock
  readonly collections: Collection.Service
  /** The organisation's id. */
  readonly organisation: string
  /** Milliseconds. */
  readonly resumeWithin: number
  readonly sinceLast: boolean
}

const digestOf = (text: string): string => Crypto.hash("sha256", text, "base64url").slice(0, 22)

/**
 * Of a table, and of whatever else decides what is kept of its resources. Functions do not go into it, whose text is
 * another in each build of the program: for them the table has its `revision`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const fingerprint = (table: Table, more: string): string =>
  digestOf(`${version} ${table.revision ?? 1} ${more} ${JSON.stringify(table)}`)

const corrupt = (what: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Genesys.export",
    code: "store-corrupt",
    sent: "no",
    subject: what,
    detail: "what the store has of it cannot be read",
    hint: "another export may have been at work on the same store; run the same command again"
  })

/**
 * @since 0.1.0
 * @category models
 */
export class Spool {
  /** The store has nothing of the organisation yet: to look for it is no use. */
  readonly isNew: boolean
  /** Of the export that this one is, or goes on with. */
  private readonly serial: number
  private readonly options: Options
  private readonly openedAt: number
  private readonly pending = new Map<string, Array<Collection.Item>>()
  private count = 0
  private size = 0
  private since = 0

  constructor(options: Options, serial: number, openedAt: number, isNew: boolean) {
    this.isNew = isNew
    this.options = options
    this.serial = serial
    this.openedAt = openedAt
  }

  /** @since 0.1.0 */
  collectionOf(type: TypeName): string {
    return `${prefix(this.options.organisation)}spool/${type}`
  }

  /** @since 0.1.0 */
  marks(type: TypeName): Effect.Effect<ReadonlyMap<string, Collection.Mark>, Fault.Fault> {
    return this.isNew ? Effect.succeed(new Map()) : this.options.collections.stamps(this.collectionOf(type))
  }

  /**
   * Takes up what an earlier export read, if nothing can have changed since.
   *
   * @since 0.1.0
   */
  reuse(inventory: Inventory, entry: Entry): boolean {
    const mark = inventory.marks.get(entry.id)
    if (mark === undefined || mark.stamp !== entry.seen) return false
    const [fingerprint, content = "", mode, serial] = mark.digest.split(".")
    if (fingerprint !== inventory.fingerprint) return false
    const resumed = Number(serial) === this.serial && this.openedAt - mark.at <= this.options.resumeWithin
    const { vouched } = inventory
    if (!resumed && !(this.options.sinceLast && entry.seen !== null && vouched !== undefined)) return false
    entry.content = content
    entry.data = mode === "d"
    entry.source = resumed || vouched === "stamped" ? "kept" : "trusted"
    return true
  }

  /**
   * What an earlier export read of a resource that has changed since, where nothing that the listing shows says that
   * what belongs to it has.
   *
   * @since 0.1.0
   */
  before(inventory: Inventory, entry: Entry): Effect.Effect<Kept | undefined, Fault.Fault> {
    const mark = inventory.marks.get(entry.id)
    if (mark === undefined || mark.stamp === null || entry.seen === null) return Effect.succeed(undefined)
    const isSame = mark.digest.startsWith(`${inventory.fingerprint}.`)
      && shownOf(inventory.table, mark.stamp) === shownOf(inventory.table, entry.seen)
    if (!isSame) return Effect.succeed(undefined)
    return Effect.map(this.read(entry.type, [entry.id]), ([found]) => found?.[1])
  }

  /**
   * Keeps what was read of a resource; what is kept already is not written again. What is incomplete is never taken up
   * later.
   *
   * @since 0.1.0
   */
  add(inventory: Inventory, entry: Entry, kept: Kept, incomplete = false): void {
    const value = JSON.stringify([kept.values, kept.files, kept.dependsOn])
    entry.content = digestOf(value)
    const digest = `${incomplete ? "" : inventory.fingerprint}.${entry.content}.${entry.data ? "d" : "m"}.`
    const known = inventory.marks.get(entry.id)
    const isWhole = inventory.table.read === undefined && entry.origin === undefined
    if (isWhole && known?.digest.startsWith(digest) === true && known.stamp === entry.seen) return
    this.put(this.collectionOf(entry.type), {
      key: entry.id,
      stamp: entry.seen,
      digest: `${digest}${this.serial}`,
      value
    })
  }

  /**
   * Keeps anything else, with the next batch.
   *
   * @since 0.1.0
   */
  put(collection: string, item: Collection.Item): void {
    const items = this.pending.get(collection)
    if (items === undefined) this.pending.set(collection, [item])
    else items.push(item)
    this.count += 1
    this.size += item.value.length
  }

  /**
   * Writes what was added, if that is worth it by now.
   *
   * @since 0.1.0
   */
  get due(): Effect.Effect<void, Fault.Fault> {
    if (this.count === 0) return Effect.void
    const now = this.options.clock.unsafeCurrentTimeMillis()
    if (this.since === 0) this.since = now
    const isDue = this.count >= batch || this.size >= largest || now - this.since >= patience
    return isDue ? this.flush : Effect.void
  }

  /**
   * Writes what was added. Not to be interrupted, and bounded in time by the store.
   *
   * @since 0.1.0
   */
  readonly flush: Effect.Effect<void, Fault.Fault> = Effect.uninterruptible(Effect.suspend(() => {
    const changes = Array.from(this.pending, ([collection, items]): Collection.Change => ({
      _tag: "Put",
      collection,
      items
    }))
    this.pending.clear()
    this.count = 0
    this.size = 0
    this.since = 0
    return changes.length === 0 ? Effect.void : this.options.collections.write(changes)
  }))

  /**
   * Writes what was added also while nothing is added: a long wait for the API must not keep it from the store.
   *
   * @since 0.1.0
   */
  get watch(): Effect.Effect<never, Fault.Fault> {
    return Effect.forever(Effect.delay(this.flush, patience))
  }

  /**
   * Marks the export as ended.
   *
   * @since 0.1.0
   */
  get ended(): Collection.Change {
    return state(this.options.organisation, "ended", this.serial)
  }

  /**
   * What is kept of these resources of one type, in their order.
   *
   * @since 0.1.0
   */
  read(
    type: TypeName,
    ids: ReadonlyArray<string>
  ): Effect.Effect<ReadonlyArray<readonly [id: string, kept: Kept]>, Fault.Fault> {
    return Effect.flatMap(
      this.options.collections.getMany(this.collectionOf(type), ids),
      (items) => {
        const found: Array<readonly [id: string, kept: Kept]> = []
        for (const id of ids) {
          const item = items.get(id)
          const kept = item === undefined ? undefined : keptOf(item.value)
          if (kept === undefined) return corrupt(`${type} ${id}`)
          found.push([id, kept])
        }
        return Effect.succeed(found)
      }
    )
  }
}

/** It is what `add` wrote: to look through all of it again would cost more than to read it. */
const keptOf = (text: string): Kept | undefined => {
  try {
    const parsed: readonly [Model.Values, ReadonlyArray<Model.File>, Model.Resource["dependsOn"]] = JSON.parse(text)
    const [values, files, dependsOn] = parsed
    return { values, files, dependsOn }
  } catch {
    return undefined
  }
}

/**
 * @since 0.1.0
 * @category getters
 */
export const prefix = (organisation: string): string => `genesys/${organisation}/`

const stateOf = (organisation: string): string => `${prefix(organisation)}export`

const state = (organisation: string, stamp: "running" | "ended", serial: number): Collection.Change => ({
  _tag: "Put",
  collection: stateOf(organisation),
  items: [{ key: "state", stamp, digest: String(serial), value: "null" }]
})

/**
 * Opens the spool of an organisation, and goes on with the export that did not end, if there is one.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (options: Options): Effect.Effect<Spool, Fault.Fault> =>
  Effect.gen(function*() {
    const { collections, organisation } = options
    const now = yield* collections.now
    const found = Option.getOrUndefined(yield* collections.get(stateOf(organisation), "state"))
    const last = Number(found?.digest ?? 0)
    const serial = !Number.isSafeInteger(last) ? now : found?.stamp === "running" ? last : last + 1
    yield* collections.write([state(organisation, "running", serial)])
    return new Spool(options, serial, now, found === undefined)
  })
