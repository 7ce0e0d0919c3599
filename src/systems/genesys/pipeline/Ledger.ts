/**
 * What the last export of an organisation had, by address and content: from it the next one tells what was added,
 * changed and removed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Collection from "../../../store/Collection.ts"
import type { Changes } from "../Report.ts"
import type { Inventory } from "./Inventory.ts"
import * as Spool from "./Spool.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Compared {
  readonly changes: Changes
  /** What brings the ledger up to this export. */
  readonly updates: ReadonlyArray<Collection.Change>
}

/** Labels hold no dot, and content hashes none either. */
const digestOf = (label: string, content: string): string => `${label}.${content}`

const labelOf = (digest: string): string => digest.slice(0, digest.lastIndexOf("."))

/**
 * Compares an export with the last one: a resource has changed where its stamp has, or what is exported of it. Nothing is called removed because it could not be listed or read, or because
 * nobody asked for it this time.
 *
 * @param options.hashes Whether every label carries the hash of its name.
 * @param options.isNew Whether there was no export before, which saves looking for it.
 * @since 0.1.0
 * @category constructors
 */
export const compare = (
  collections: Collection.Service,
  organisation: string,
  inventories: Iterable<Inventory>,
  { hashes, isNew }: { readonly hashes: boolean; readonly isNew: boolean }
): Effect.Effect<Compared, Fault.Fault> =>
  Effect.gen(function*() {
    const found: Record<"added" | "changed" | "removed", Array<string>> = { added: [], changed: [], removed: [] }
    const updates: Array<Collection.Change> = []
    for (const inventory of inventories) {
      const { type } = inventory.table
      const collection = `${Spool.prefix(organisation)}last/${type}`
      const known = isNew ? new Map<string, Collection.Mark>() : yield* collections.stamps(collection)
      const items: Array<Collection.Item> = []
      for (const entry of inventory.entries.values()) {
        if (entry.state !== "present") continue
        const label = inventory.labelOf(entry.id, hashes)
        const digest = digestOf(label, entry.content)
        const before = known.get(entry.id)
        if (before?.digest === digest && before.stamp === entry.stamp) continue
        found[before === undefined ? "added" : "changed"].push(`${type}.${label}`)
        items.push({ key: entry.id, stamp: entry.stamp, digest, value: "null" })
      }
      const gone = inventory.problem === undefined ? [...known].filter(([id]) => isGone(inventory, id)) : []
      for (const [, mark] of gone) found.removed.push(`${type}.${labelOf(mark.digest)}`)
      if (gone.length > 0) updates.push({ _tag: "Delete", collection, keys: gone.map(([id]) => id) })
      if (items.length > 0) updates.push({ _tag: "Put", collection, items })
    }
    return {
      changes: { added: found.added.toSorted(), changed: found.changed.toSorted(), removed: found.removed.toSorted() },
      updates
    }
  })

const isGone = (inventory: Inventory, id: string): boolean => {
  const state = inventory.entries.get(id)?.state
  return state === undefined || state === "vanished"
}
