/**
 * Which fields an answer shows.
 *
 * @since 0.1.0
 */
import type { Entity, Query } from "./Kind.ts"

/**
 * The entity without some of its fields.
 *
 * @since 0.1.0
 * @category combinators
 */
export const without = (...names: ReadonlyArray<string>): (entity: Entity) => Entity => {
  const hidden = new Set(names)
  return (entity) => Object.fromEntries(Object.entries(entity).filter(([name]) => !hidden.has(name)))
}

/**
 * The entity without those of these fields that `expand` does not ask for.
 *
 * @since 0.1.0
 * @category combinators
 */
export const expanding = (...names: ReadonlyArray<string>) => (entity: Entity, query: Query): Entity => {
  const asked = new Set((query["expand"] ?? "").split(","))
  return without(...names.filter((name) => !asked.has(name)))(entity)
}
