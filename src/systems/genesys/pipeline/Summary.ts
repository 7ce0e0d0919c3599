/**
 * The report of an export, the same for two exports of one organisation.
 *
 * @since 0.1.0
 */
import * as Order from "effect/Order"
import type { Changes, Exception, Report, TypeSummary } from "../Report.ts"
import type { Inventory } from "./Inventory.ts"
import type { Pattern } from "./Pattern.ts"
import type { Work } from "./Work.ts"

const byPlace: Order.Order<Exception> = Order.combineAll([
  Order.mapInput(Order.string, ({ type }: Exception) => type),
  Order.mapInput(Order.string, ({ id }: Exception) => id),
  Order.mapInput(Order.string, ({ reason }: Exception) => reason),
  Order.mapInput(Order.string, ({ attribute }: Exception) => attribute ?? ""),
  Order.mapInput(Order.string, ({ detail }: Exception) => detail)
])

const summaryOf = (inventory: Inventory, skipped: number): TypeSummary => ({
  type: inventory.table.type,
  listed: inventory.entries.size + inventory.skipped.size,
  wanted: inventory.wanted + skipped,
  exported: inventory.count("present"),
  vanished: inventory.count("vanished"),
  failed: inventory.count("failed"),
  skipped,
  denied: inventory.problem?.reason === "denied"
})

/** What is not exported by nature, of what was asked for. */
const skippedOf = (work: Work, inventory: Inventory): ReadonlyArray<Exception> => {
  const { type } = inventory.table
  return Array.from(inventory.skipped, ([id, name]) => ({ type, id, name }))
    .filter((one) => work.selection.wants(one))
    .map(({ id, name }) => ({
      type,
      id,
      name,
      reason: "skipped",
      attribute: null,
      detail: "it is deleted or was never published",
      hint: null,
      correlationId: null
    }))
}

/**
 * What was asked for of a type and is not there.
 *
 * @since 0.1.0
 * @category getters
 */
export const unmatched = (work: Work, inventories: ReadonlyArray<Inventory>): ReadonlyArray<Pattern> =>
  inventories.flatMap((inventory) => unmatchedOf(work, inventory))

const unmatchedOf = (work: Work, inventory: Inventory): ReadonlyArray<Pattern> => {
  if (inventory.problem !== undefined) return []
  return work.selection.asked.filter(({ matches, table }) => {
    if (table.type !== inventory.table.type) return false
    for (const entry of inventory.entries.values()) if (matches(entry)) return false
    for (const [id, name] of inventory.skipped) if (matches({ id, name })) return false
    return true
  })
}

/** An expression may well match nothing; an id or a name is of something that should be there. */
const absentOf = (unmatched: ReadonlyArray<Pattern>): ReadonlyArray<Exception> =>
  unmatched.filter(({ kind }) => kind !== "expression").map(({ kind, rest, table }) => ({
    type: table.type,
    id: rest,
    name: null,
    reason: "absent",
    attribute: null,
    detail: `it was asked for by this ${kind}, and the organisation has none of it`,
    hint: `Check the ${kind}, and that the client may see the division it is in`,
    correlationId: null
  }))

/** What a report is made of besides. */
interface Summarised {
  readonly organisation: Report["organisation"]
  readonly inventories: ReadonlyArray<Inventory>
  readonly unmatched: ReadonlyArray<Pattern>
  readonly changes: Changes | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const of = (work: Work, { changes, inventories, organisation, unmatched }: Summarised): Report => {
  const skipped = new Map(inventories.map((inventory) => [inventory, skippedOf(work, inventory)]))
  const exceptions = [...work.exceptions, ...[...skipped.values()].flat(), ...absentOf(unmatched)]
  return {
    organisation,
    types: inventories.map((inventory) => summaryOf(inventory, skipped.get(inventory)?.length ?? 0)),
    exceptions: exceptions.toSorted(byPlace),
    ...(changes === undefined ? {} : { changes })
  }
}
