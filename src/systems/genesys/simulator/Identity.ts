/**
 * Ids that can be read back: an entity's id is made of its type and number, scrambled so that it looks like any
 * UUID, and the simulator finds the entity by its id without keeping a list.
 *
 * Every answer is full of ids, so this is arithmetic on 32 bits and nothing else.
 *
 * @since 0.1.0
 */

/** How many entities one type can have. */
const indexBits = 24

/** Odd, so that multiplying by the one undoes multiplying by the other. */
const [forth, back] = [0x9e3779b1, 0x0e8b2f51] as const

const pairs: ReadonlyArray<string> = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

const hex4 = (value: number): string => `${pairs[(value >>> 8) & 255]}${pairs[value & 255]}`

const hex8 = (value: number): string => hex4(value >>> 16) + hex4(value)

const mix = (hash: number, value: number): number => {
  let mixed = Math.imul(hash ^ value, 0x85ebca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) + forth
}

const mask = (seed: number): number => mix(0x1d, seed)

const scramble = (seed: number, payload: number): number => {
  const mixed = Math.imul(payload ^ mask(seed), forth)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const unscramble = (seed: number, scrambled: number): number =>
  (Math.imul(scrambled ^ (scrambled >>> 16), back) ^ mask(seed)) >>> 0

/** A UUID of version 4 that begins with 32 given bits; the rest is drawn. */
const format = (first: number, place: number): string => {
  const second = mix(place, 1)
  const third = mix(second, 2)
  const fourth = mix(third, 3)
  const tail = hex8(mix(fourth, 4))
  return `${hex8(first)}-${hex4(second)}-4${hex4(third).slice(1)}-${hex4(0x8000 | (fourth & 0x3fff))}-${
    hex4(third >>> 16)
  }${tail}`
}

/**
 * The id of the so-manieth entity of a type.
 *
 * @since 0.1.0
 * @category constructors
 */
export const uuid = (seed: number, kind: number, index: number): string => {
  const payload = (kind << indexBits) | index
  return format(scramble(seed, payload), mix(mix(0x2545f491, seed), payload))
}

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
export const drawn = (seed: number, what: number, index = 0, place = 0): string => {
  const where = mix(mix(mix(mix(0x5bd1e995, seed), what), index), place)
  return format(mix(where, 0), where)
}
