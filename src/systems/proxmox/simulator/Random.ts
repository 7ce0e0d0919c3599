/**
 * Everything random in a simulated world, from one seed.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Random {
  /** A number from 0 to 1, 1 excluded. */
  readonly next: () => number
  /** An integer from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  /** Around 1: from `1 - spread` to `1 + spread`. */
  readonly jitter: (spread: number) => number
  readonly hex: (digits: number) => string
  /** A version-4 uuid. */
  readonly uuid: () => string
  /** With the prefix that Proxmox gives its own since version 8, `BC:24:11`. */
  readonly mac: () => string
}

/**
 * A generator of the "mulberry32" family: small, fast, and good enough to decide a jitter.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (seed: number): Random => {
  let state = (Math.imul(seed | 0, 0x9E3779B1) ^ 0x5DEECE66) >>> 0
  const next = (): number => {
    state = (state + 0x6D2B79F5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1))
  const hex = (digits: number): string => {
    let text = ""
    for (let index = 0; index < digits; index++) text += between(0, 15).toString(16)
    return text
  }
  return {
    next,
    between,
    jitter: (spread) => 1 - spread + 2 * spread * next(),
    hex,
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-${"89ab".charAt(between(0, 3))}${hex(3)}-${hex(12)}`,
    mac: () => {
      const tail = hex(6).toUpperCase()
      return `BC:24:11:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4, 6)}`
    }
  }
}
