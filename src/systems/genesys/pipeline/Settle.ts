/**
 * What becomes of a resource: it is kept, it has vanished, or it could not be read.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Model from "../Model.ts"
import * as Values from "../output/Values.ts"
import type { Entity } from "../Table.ts"
import type * as Dependencies from "./Dependencies.ts"
import * as Files from "./Files.ts"
import * as Inventory from "./Inventory.ts"
import * as Work from "./Work.ts"

/**
 * What belongs to a resource besides itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface More {
  readonly fetched: Files.Fetched
  readonly dependsOn: Dependencies.Tracked
  /** What an earlier export read, in place of what was not read this time: attributes, and all files. */
  readonly before?: { readonly values: Model.Values; readonly files: ReadonlyArray<Model.File> } | undefined
}

/**
 * @since 0.1.0
 * @category constants
 */
export const nothing: More = { fetched: Files.none, dependsOn: [] }

/**
 * Keeps what was read. A table that cannot make anything of it is the failure of this resource and of no other.
 *
 * @since 0.1.0
 * @category operations
 */
export const kept = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entry: Inventory.Entry,
  entity: Entity,
  { before, dependsOn, fetched }: More
): Effect.Effect<void, Fault.Fault> => {
  const own = valuesOf(inventory, entry, entity)
  if (Fault.isFault(own)) return failed(work, inventory, entry, own)
  const values = before === undefined ? own : inOrder({ ...own, ...before.values })
  entry.spooled = true
  const files = before?.files ?? Files.named(inventory.table, values, fetched.files)
  work.spool.add(inventory, entry, { values, files, dependsOn }, fetched.incomplete)
  const { id, name, type } = entry
  work.prepared?.add(
    { type, id, name, mode: Work.modeOf(work, entry), values, files, dependsOn },
    () => Work.listed(work)
  )
  return ended(work, inventory, entry, "present")
}

/**
 * Keeps what was listed, where that is all there is; wanted or not, for it may be wanted later.
 *
 * @since 0.1.0
 * @category operations
 */
export const whole = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entry: Inventory.Entry,
  entity: Entity
): Effect.Effect<void, Fault.Fault> => {
  if (entry.state === "wanted") return kept(work, inventory, entry, entity, nothing)
  const values = valuesOf(inventory, entry, entity)
  if (Fault.isFault(values)) return Effect.void
  entry.spooled = true
  work.spool.add(inventory, entry, { values, files: [], dependsOn: [] })
  return Effect.void
}

/** As `Values.of` puts them: what is kept is compared by its text. */
const inOrder = (values: Model.Values): Model.Values =>
  Object.fromEntries(
    Object.entries(values).toSorted(([left], [right]) =>
      Number(left === Values.dataKey) - Number(right === Values.dataKey) || (left < right ? -1 : 1)
    )
  )

const valuesOf = (
  inventory: Inventory.Inventory,
  entry: Inventory.Entry,
  entity: Entity
): Model.Values | Fault.Fault => {
  try {
    entry.data = inventory.table.data?.(entity) ?? false
    return Values.of(inventory.table, entity)
  } catch (thrown) {
    return Fault.make({
      kind: "invalid",
      system: "genesys",
      operation: "Genesys.read",
      subject: Inventory.subjectOf(entry),
      code: "unexpected-reply",
      detail: "what the API answered has another shape than its description says",
      cause: thrown
    })
  }
}

/**
 * @since 0.1.0
 * @category operations
 */
export const reused = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entry: Inventory.Entry
): Effect.Effect<void, Fault.Fault> => {
  entry.spooled = true
  return ended(work, inventory, entry, "present")
}

/**
 * It was there when it was listed. That is no failure: an organisation changes.
 *
 * @since 0.1.0
 * @category operations
 */
export const vanished = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entry: Inventory.Entry,
  fault: Fault.Fault
): Effect.Effect<void, Fault.Fault> => {
  Work.except(work, entry, "vanished", fault)
  return Effect.zipRight(
    Effect.logInfo(`Removing resource ${entry.id} from export map`),
    ended(work, inventory, entry, "vanished")
  )
}

/**
 * @since 0.1.0
 * @category operations
 */
export const failed = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entry: Inventory.Entry,
  fault: Fault.Fault
): Effect.Effect<void, Fault.Fault> => {
  Work.except(work, entry, "failed", fault)
  return Effect.zipRight(
    Effect.logWarning(`${Inventory.subjectOf(entry)} is not exported: ${fault.message}`),
    ended(work, inventory, entry, "failed")
  )
}

const ended = (
  work: Work.Work,
  inventory: Inventory.Inventory,
  entry: Inventory.Entry,
  state: "present" | "vanished" | "failed"
): Effect.Effect<void, Fault.Fault> => {
  inventory.move(entry, state)
  entry.origin = undefined
  const { due } = work.spool
  const told = work.told.moved(inventory)
  // For most resources there is nothing to write and nothing to say, and each step of a fiber costs.
  return due === Effect.void ? told : Effect.zipRight(due, told)
}
