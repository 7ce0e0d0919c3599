/**
 * Which fields an answer shows.
 *
 * @since 0.1.0
 */
import type { Entity } from "./Kind.ts"

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
