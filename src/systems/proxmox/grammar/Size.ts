/**
 * Sizes of disks, in bytes, and of memory, in MiB.
 *
 * A unit is binary as everywhere in Proxmox VE (`G` is GiB), and a size is printed in the largest unit that holds it
 * exactly: 1025 GiB is `1025G`, never `1.01T`, because a rounded size would ask for another disk.
 *
 * Source: the size grammar of pve-common `PVE::JSONSchema` (9.2.1).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * @since 0.1.0
 * @category constants
 */
export const KiB = 1024

/**
 * @since 0.1.0
 * @category constants
 */
export const MiB = 1024 * KiB

/**
 * @since 0.1.0
 * @category constants
 */
export const GiB = 1024 * MiB

/**
 * @since 0.1.0
 * @category constants
 */
export const TiB = 1024 * GiB

const units: ReadonlyMap<string, number> = new Map([["", 1], ["K", KiB], ["M", MiB], ["G", GiB], ["T", TiB]])
const grammar = /^(\d+(?:\.\d+)?)\s*(?:([KMGT])(?:iB?)?)?$/i
const decimal = /^\d+(?:\.\d+)?\s*([KMGT])B$/i

/**
 * Reads a size in bytes: `100G`, `1.5T`, `8192M`, `100 GiB`; without a unit it is bytes, as in the server's own
 * grammar. A size that is no whole number of bytes is refused, and so is `GB`, which says neither.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<number, string> => {
  const trimmed = text.trim()
  const ambiguous = decimal.exec(trimmed)
  if (ambiguous !== null) {
    const unit = (ambiguous[1] ?? "").toUpperCase()
    return Either.left(`"${text}" mixes two units: write ${unit} or ${unit}iB, which are both binary here`)
  }
  const match = grammar.exec(trimmed)
  if (match === null) return Either.left(`"${text}" is not a size such as 100G, 1.5T or 8192M`)
  const bytes = Number(match[1]) * (units.get((match[2] ?? "").toUpperCase()) ?? 1)
  if (!Number.isSafeInteger(bytes)) {
    return Either.left(
      bytes > Number.MAX_SAFE_INTEGER ? `"${text}" is too large` : `"${text}" is not a whole number of bytes`
    )
  }
  return Either.right(bytes)
}

/**
 * The size in the largest unit that holds it exactly.
 *
 * @since 0.1.0
 * @category conversions
 */
export const print = (bytes: number): string => {
  for (const [unit, factor] of [["T", TiB], ["G", GiB], ["M", MiB], ["K", KiB]] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`
  }
  return String(bytes)
}

/**
 * Reads an amount of memory in MiB: a number of MiB, or a text with a unit (`8GiB`, `8G`, `8192M`). A text without a
 * unit is MiB too.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseMemory = (input: string | number): Either.Either<number, string> => {
  if (typeof input === "number" || /^\s*\d+\s*$/.test(input)) {
    const amount = Number(input)
    return Number.isSafeInteger(amount)
      ? Either.right(amount)
      : Either.left(`${input} is not a whole number of MiB`)
  }
  const bytes = parse(input)
  if (Either.isLeft(bytes) && !grammar.test(input.trim())) return bytes
  return Either.isRight(bytes) && bytes.right % MiB === 0
    ? Either.right(bytes.right / MiB)
    : Either.left(`"${input}" is not a whole number of MiB`)
}

/**
 * An amount of memory for people: `8 GiB`, `1536 MiB`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const printMemory = (mebibytes: number): string =>
  mebibytes >= 1024 && mebibytes % 1024 === 0 ? `${mebibytes / 1024} GiB` : `${mebibytes} MiB`
