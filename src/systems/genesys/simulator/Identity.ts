/**
 * Ids that can be read back: an entity's id is made of its type and number, scrambled so that it looks like any
 * UUID, and the simulator finds the entity by its id without keeping a list.
 *
 * @since 0.1.0
 */
import * as Chance from "../../../simulation/Chance.ts"

/** How many entities one type can have. */
const indexBits = 24

/** Odd, so that multiplying by them can be undone. */
const [forth, back] = [0x9e3779b1, 0x0e8b2f51] as const

const mask = (seed: number): number => Math.floor(Chance.unit(seed, 0x1d) * 2 ** 32) >>> 0

const scramble = (seed: number, payload: number): number => {
  const mixed = Math.imul(payload ^ mask(seed), forth)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const unscramble = (seed: number, scrambled: number): number =>
  (Math.imul(scrambled ^ (scrambled >>> 16), back) ^ mask(seed)) >>> 0

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0").slice(-digits)

/** A UUID of version 4 from 32 given bits and three drawn numbers. */
const format = (first: number, second: number, third: number, fourth: number): string => {
  const variant = (0x8000 | (third & 0x3fff)) >>> 0
  return `${hex(first, 8)}-${hex(second >>> 16, 4)}-4${hex(second & 0xfff, 3)}-${hex(variant, 4)}-${
    hex(third >>> 16, 4)
  }${hex(fourth, 8)}`
}

const bits = (seed: number, ...place: ReadonlyArray<number>): number =>
  Math.floor(Chance.unit(seed, ...place) * 2 ** 32) >>> 0

/**
 * The id of the so-manieth entity of a type.
 *
 * @since 0.1.0
 * @category constructors
 */
export const uuid = (seed: number, kind: number, index: number): string =>
  format(
    scramble(seed, (kind << indexBits) | index),
    bits(seed, kind, index, 1),
    bits(seed, kind, index, 2),
    bits(seed, kind, index, 3)
  )

/**
 * The number of an entity in its type; `undefined` where the id is none of this world and type.
 *
 * @since 0.1.0
 * @category conversions
 */
export const indexOf = (seed: number, kind: number, id: string): number | undefined => {
  const first = Number.parseInt(id.slice(0, 8), 16)
  if (!(first >= 0)) return undefined
  const payload = unscramble(seed, first)
  const index = payload & (2 ** indexBits - 1)
  return payload >>> indexBits === kind && uuid(seed, kind, index) === id ? index : undefined
}

/**
 * A UUID of something that is no entity: a version, a line, a request.
 *
 * @since 0.1.0
 * @category constructors
 */
export const drawn = (seed: number, ...place: ReadonlyArray<number>): string =>
  format(
    bits(seed, ...place, 0x51),
    bits(seed, ...place, 0x52),
    bits(seed, ...place, 0x53),
    bits(seed, ...place, 0x54)
  )
