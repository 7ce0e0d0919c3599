/**
 * Chance that replays: a number drawn from a seed and a place, not from a stream. What is drawn at one place does
 * not depend on what was drawn elsewhere before, so a new rule or another interleaving shifts nothing.
 *
 * @since 0.1.0
 */

const mix = (hash: number, value: number): number => {
  let mixed = Math.imul(hash ^ value, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) + 0x9e3779b9
}

/**
 * A number from 0 up to, not including, 1. The seed and the coordinates are integers.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Chance from "holdfast/simulation/Chance"
 *
 * Chance.unit(7, 1, 2) === Chance.unit(7, 1, 2) // true
 */
export const unit = (seed: number, ...coordinates: ReadonlyArray<number>): number => {
  let hash = mix(mix(0x2545f491, seed >>> 0), Math.floor(seed / 2 ** 32) >>> 0)
  for (const coordinate of coordinates) hash = mix(hash, coordinate)
  return (mix(hash, coordinates.length) >>> 0) / 2 ** 32
}
