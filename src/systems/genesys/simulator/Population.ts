/**
 * How many entities of each type an organisation of a given size has.
 *
 * @since 0.1.0
 */
import type { Kind, Name, Space } from "./Kind.ts"

/** Of a type's entities, those at the end are never referred to, so that they may go. */
const referred = 0.8

/** Every hundredth appears while a listing is under way. */
const lateShare = 0.01

/** Fewer of a type do not grow: their listings are one page, and nobody would see it. */
const growsFrom = 150

const scale = (kinds: ReadonlyArray<Kind>, resources: number): Map<Name, number> => {
  const weights = kinds.reduce((sum, { weight }) => sum + weight, 0)
  const least = (kind: Kind): number => Math.max(1, Math.min(kind.least ?? 2, Math.floor(resources / kinds.length / 2)))
  const counts = new Map(
    kinds.map((kind) => [kind.name, Math.max(least(kind), Math.floor((resources * kind.weight) / weights))])
  )
  // What the minima cost or rounding left is settled by the largest types.
  let rest = resources - [...counts.values()].reduce((sum, count) => sum + count, 0)
  const largest = kinds.toSorted((a, b) => b.weight - a.weight)
  const enough = rest > 0 ? 12 : largest.length
  for (let round = 0; rest !== 0; round++) {
    const kind = largest[round % enough]
    const count = kind === undefined ? 0 : counts.get(kind.name) ?? 0
    if (kind === undefined || (rest < 0 && count <= least(kind))) continue
    const step = rest > 0 ? 1 : -1
    counts.set(kind.name, count + step)
    rest -= step
  }
  return counts
}

const space = (kind: Kind, base: number, growing: boolean): Space => {
  const late = growing && base >= growsFrom && kind.rooted !== true ? Math.ceil(base * lateShare) : 0
  return {
    base,
    dead: kind.dead === undefined ? 0 : Math.max(1, Math.round((base * kind.dead) / 1000)),
    referable: kind.rooted === true ? base : Math.max(1, Math.floor(base * referred)),
    late,
    added: 0,
    grown: late === 0,
    removed: new Set(),
    revisions: new Map(),
    orders: new Map()
  }
}

/**
 * Exactly as many resources as asked for, but at least one of each type.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  kinds: ReadonlyArray<Kind>,
  resources: number,
  growing: boolean
): ReadonlyMap<Name, Space> => {
  const counts = scale(kinds, Math.max(kinds.length, Math.floor(resources)))
  return new Map(kinds.map((kind) => [kind.name, space(kind, counts.get(kind.name) ?? 1, growing)]))
}

/**
 * One number after the last that was ever used.
 *
 * @since 0.1.0
 * @category accessors
 */
export const end = (space: Space): number => space.base + space.dead + space.added

/**
 * Whether the entity is there at all, deleted and unpublished ones included.
 *
 * @since 0.1.0
 * @category predicates
 */
export const has = (space: Space, index: number): boolean =>
  index < end(space) && !space.removed.has(index) &&
  (space.grown || index < space.base - space.late || index >= space.base)

/**
 * @since 0.1.0
 * @category predicates
 */
export const isDead = (space: Space, index: number): boolean => index >= space.base && index < space.base + space.dead
