/**
 * Draws from a seed. Dice of another name are independent of these, so a new draw in one place shifts nothing elsewhere.
 */
import * as Chance from "../../src/simulation/Chance.ts"

export interface Dice {
  /** From 0 up to, not including, 1. */
  readonly unit: () => number
  /** A whole number, both bounds included. */
  readonly between: (low: number, high: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <A>(first: A, ...others: ReadonlyArray<A>) => A
  /** So many of them, in their order. */
  readonly some: <A>(items: ReadonlyArray<A>, count: number) => ReadonlyArray<A>
  readonly of: (name: string | number) => Dice
}

const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return hash >>> 0
}

export const make = (seed: number, ...place: ReadonlyArray<number>): Dice => {
  let drawn = 0
  const unit = (): number => Chance.unit(seed, ...place, ++drawn)
  const between = (low: number, high: number): number => low + Math.floor(unit() * (high - low + 1))
  return {
    unit,
    between,
    chance: (probability) => unit() < probability,
    pick: (first, ...others) => {
      const index = between(0, others.length)
      return index === 0 ? first : others[index - 1] ?? first
    },
    some: (items, count) => {
      const left = items.map((item, index) => ({ item, index }))
      while (left.length > Math.max(0, count)) left.splice(between(0, left.length - 1), 1)
      return left.map(({ item }) => item)
    },
    of: (name) => make(seed, ...place, hashOf(String(name)))
  }
}
