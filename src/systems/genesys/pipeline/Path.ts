/**
 * Holes in the paths of the API, and what fills them.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Entity } from "../Table.ts"

/**
 * @since 0.1.0
 * @category guards
 */
export const isEntity = (json: Json.Json | undefined): json is Entity =>
  typeof json === "object" && json !== null && !Array.isArray(json)

/**
 * What stands at a dotted path of an entity.
 *
 * @since 0.1.0
 * @category getters
 */
export const valueAt = (entity: Entity, path: string): Json.Json | undefined => {
  let value: Json.Json | undefined = entity
  for (const key of path.split(".")) {
    if (!isEntity(value)) return undefined
    value = value[key]
  }
  return value
}

/**
 * The same as text; nothing where there is no text or number.
 *
 * @since 0.1.0
 * @category getters
 */
export const textAt = (entity: Entity, path: string): string | undefined => {
  const value = valueAt(entity, path)
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined
}

const holes = new Map<string, ReadonlyArray<string>>()

/**
 * `{id}` and `{a.b}` of a path, without the braces.
 *
 * @since 0.1.0
 * @category getters
 */
export const holesOf = (path: string): ReadonlyArray<string> => {
  const known = holes.get(path)
  if (known !== undefined) return known
  const found = Array.from(path.matchAll(/\{([^{}]+)\}/g), ([, hole = ""]) => hole)
  holes.set(path, found)
  return found
}

/**
 * What fills the holes of a path, of an entity and its id. `undefined`: the entity lacks something.
 *
 * @since 0.1.0
 * @category getters
 */
export const filling = (path: string, entity: Entity, id: string): Readonly<Record<string, string>> | undefined => {
  const filled: Record<string, string> = {}
  for (const hole of holesOf(path)) {
    const value = hole === "id" ? id : textAt(entity, hole)
    if (value === undefined || value === "") return undefined
    filled[hole] = value
  }
  return filled
}

/**
 * The strings of a list at a path.
 *
 * @since 0.1.0
 * @category getters
 */
export const textsAt = (entity: Entity, path: string): ReadonlyArray<string> => {
  const value = valueAt(entity, path)
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : []
}
