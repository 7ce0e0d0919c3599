/**
 * Ids as the API makes them, drawn from a seed: the so-manieth document of a world always has the same one.
 *
 * Source: the examples of the API description.
 *
 * @since 0.1.0
 */
import * as Chance from "../../../simulation/Chance.ts"

const mixed = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
const plain = "0123456789abcdefghjkmnpqrstvwxyz"

const drawn = (alphabet: string, length: number, seed: number, kind: number, number: number): string =>
  Array.from(
    { length },
    (_, place) => alphabet[Math.floor(Chance.unit(seed, kind, number, place) * alphabet.length)] ?? ""
  ).join("")

/**
 * Each call gives another one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ids {
  readonly document: () => string
  readonly index: () => string
  readonly agent: () => string
  readonly branch: () => string
  readonly version: () => string
  readonly request: () => string
  /** What makes a link good. */
  readonly signature: () => string
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (seed: number): Ids => {
  const counting = (kind: number, prefix: string, alphabet: string, length: number) => {
    let number = 0
    return () => `${prefix}${drawn(alphabet, length, seed, kind, number++)}`
  }
  return {
    document: counting(1, "", mixed, 20),
    index: counting(2, "", mixed, 20),
    agent: counting(3, "agent_", plain, 28),
    branch: counting(4, "agtbranch_", plain, 28),
    version: counting(5, "agtvrsn_", plain, 28),
    request: counting(6, "", plain, 32),
    signature: counting(7, "", plain, 40)
  }
}
