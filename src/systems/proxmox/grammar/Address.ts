/**
 * IPv4 and IPv6 addresses and networks.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { isIPv4, isIPv6 } from "node:net"

/**
 * @since 0.1.0
 * @category models
 */
export interface Address {
  readonly family: 4 | 6
  readonly value: bigint
}

/**
 * An address and the length of its network's prefix, as in `10.0.20.11/24`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Interface {
  readonly address: Address
  readonly prefix: number
}

const bits = (family: 4 | 6): number => (family === 4 ? 32 : 128)
const fold = (groups: ReadonlyArray<number>, width: bigint): bigint =>
  groups.reduce((sum, group) => (sum << width) | BigInt(group), 0n)

const groupsOf = (half: string): ReadonlyArray<number> =>
  half === "" ? [] : half.split(":").flatMap((group) => {
    if (!group.includes(".")) return [Number.parseInt(group, 16)]
    const [a = 0, b = 0, c = 0, d = 0] = group.split(".").map(Number)
    return [a * 256 + b, c * 256 + d]
  })

/**
 * Reads an address of either family, without a zone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<Address, string> => {
  if (isIPv4(text)) return Either.right({ family: 4, value: fold(text.split(".").map(Number), 8n) })
  if (!isIPv6(text) || text.includes("%")) return Either.left(`"${text}" is not an IP address`)
  const [head = "", tail] = text.split("::")
  const before = groupsOf(head)
  const after = tail === undefined ? [] : groupsOf(tail)
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => 0)
  return Either.right({ family: 6, value: fold([...before, ...zeros, ...after], 16n) })
}

/**
 * The canonical text (RFC 5952 for IPv6, without the mixed notation).
 *
 * @since 0.1.0
 * @category conversions
 */
export const print = ({ family, value }: Address): string => {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join(".")
  const groups = Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const runs = [...groups.map((group) => (group === "0" ? "0" : "x")).join("").matchAll(/0{2,}/g)]
  const longest = runs.reduce<{ readonly at: number; readonly length: number } | undefined>(
    (best, run) => best === undefined || run[0].length > best.length ? { at: run.index, length: run[0].length } : best,
    undefined
  )
  if (longest === undefined) return groups.join(":")
  return `${groups.slice(0, longest.at).join(":")}::${groups.slice(longest.at + longest.length).join(":")}`
}

/**
 * Reads an address with its prefix length.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseInterface = (text: string): Either.Either<Interface, string> => {
  const at = text.indexOf("/")
  const address = parse(at < 0 ? text : text.slice(0, at))
  if (Either.isLeft(address)) return Either.left(address.left)
  const { family } = address.right
  const example = `${text.replace(/\/.*$/, "")}/${family === 4 ? 24 : 64}`
  if (at < 0) return Either.left(`"${text}" lacks the length of its network: write it as in ${example}`)
  const digits = text.slice(at + 1)
  const prefix = /^\d{1,3}$/.test(digits) ? Number(digits) : Number.NaN
  return prefix >= 1 && prefix <= bits(family)
    ? Either.right({ address: address.right, prefix })
    : Either.left(`"/${digits}" is not the length of an IPv${family} network (1 to ${bits(family)}), as in ${example}`)
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const printInterface = ({ address, prefix }: Interface): string => `${print(address)}/${prefix}`

const host = ({ address, prefix }: Interface): { readonly part: bigint; readonly last: bigint } => {
  const last = (1n << BigInt(bits(address.family) - prefix)) - 1n
  return { part: address.value & last, last }
}

/**
 * The network an interface is in, as text: `10.0.20.0/24`.
 *
 * @since 0.1.0
 * @category getters
 */
export const network = (self: Interface): string =>
  printInterface({
    address: { family: self.address.family, value: self.address.value - host(self).part },
    prefix: self.prefix
  })

/**
 * @since 0.1.0
 * @category predicates
 */
export const contains = (self: Interface, other: Address): boolean => {
  if (self.address.family !== other.family) return false
  const shift = BigInt(bits(other.family) - self.prefix)
  return self.address.value >> shift === other.value >> shift
}

/**
 * It names a host: not the IPv4 network itself and not its broadcast address. Point-to-point networks (/31, /32) and
 * IPv6 have neither.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHost = (self: Interface): boolean => {
  if (self.address.family === 6 || self.prefix >= 31) return true
  const { part, last } = host(self)
  return part !== 0n && part !== last
}

/**
 * `fe80::/10`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLinkLocal = ({ family, value }: Address): boolean => family === 6 && value >> 118n === 0x3fan
