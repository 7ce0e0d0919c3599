/**
 * The fields of a fleet file that are about networks.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Address from "../grammar/Address.ts"
import { hostLabel, make, matching, number, type Reader, show, text, whole } from "./Field.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const BridgeName = matching(/^[-_.a-z0-9]{1,15}$/i, "the name of a bridge, such as vmbr0")

/**
 * @since 0.1.0
 * @category schemas
 */
export const Vlan = make(Schema.Union(Schema.Number, Schema.Literal("none")), (input) =>
  input === "none"
    ? Either.right("none" as const)
    : Either.mapLeft(whole(1, 4094, "a VLAN")(input), (message) => `${message}, or none`))

/**
 * One VLAN or a range of them, as in `20-29`.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Trunk = make(Schema.String, (input) => {
  const written = typeof input === "number" || typeof input === "string" ? String(input).trim() : ""
  const match = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(written)
  const first = Number(match?.[1] ?? 0)
  const last = Number(match?.[2] ?? first)
  return first >= 1 && last <= 4094 && first <= last
    ? Either.right(match?.[2] === undefined ? String(first) : `${first}-${last}`)
    : Either.left(`${show(input)} is not a VLAN (1 to 4094) or a range of them, as in "20-29"`)
})

/**
 * Upper case, with colons. The address of one card: a group's (odd first byte) is refused.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Mac = make(Schema.String, (input) =>
  Either.flatMap(text(input), (value) => {
    const mac = value.toUpperCase().replaceAll("-", ":")
    if (!/^[0-9A-F]{2}(:[0-9A-F]{2}){5}$/.test(mac)) {
      return Either.left(`${show(value)} is not a MAC address, as in BC:24:11:00:00:01`)
    }
    return /^.[02468ACE]/.test(mac)
      ? Either.right(mac)
      : Either.left(`${value} is the address of a group: its second digit must be even`)
  }))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Mtu = number(1, 65_520, "an MTU")

/**
 * @since 0.1.0
 * @category schemas
 */
export const Queues = number(0, 64, "a number of queues")

/**
 * @since 0.1.0
 * @category schemas
 */
export const Rate = make(Schema.Number, (input) =>
  typeof input === "number" && Number.isFinite(input) && input >= 0
    ? Either.right(input)
    : Either.left(`${show(input)} is not a rate in megabytes per second`))

const addressOf = (family: 4 | 6): Reader<string> => (input) =>
  Either.flatMap(text(input), (value) =>
    Either.flatMap(Address.parse(value), (address) =>
      address.family === family
        ? Either.right(Address.print(address))
        : Either.left(`"${value}" is an IPv${address.family} address, and this is for IPv${family}`)))

const interfaceOf = (family: 4 | 6, words: ReadonlyArray<string>): Reader<string> => (input) =>
  Either.flatMap(text(input), (value) => {
    if (words.includes(value)) return Either.right(value)
    const parsed = Address.parseInterface(value)
    if (Either.isLeft(parsed)) {
      return Either.left(
        value.includes("/") || /[.:]/.test(value) ? parsed.left : `${parsed.left}, nor ${words.join(" nor ")}`
      )
    }
    if (parsed.right.address.family !== family) {
      return Either.left(`"${value}" is IPv${parsed.right.address.family}, and this is for IPv${family}`)
    }
    return Address.isHost(parsed.right)
      ? Either.right(Address.printInterface(parsed.right))
      : Either.left(`${value} is the network's own or its broadcast address, not a machine's`)
  })

/**
 * @since 0.1.0
 * @category schemas
 */
export const Ip = make(Schema.String, interfaceOf(4, ["dhcp"]))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Ip6 = make(Schema.String, interfaceOf(6, ["auto", "dhcp"]))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Gateway = make(Schema.String, addressOf(4))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Gateway6 = make(Schema.String, addressOf(6))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Nameserver = make(
  Schema.String,
  (input) => Either.flatMap(text(input), (value) => Either.map(Address.parse(value), Address.print))
)

/**
 * @since 0.1.0
 * @category schemas
 */
export const Domain = make(
  Schema.String,
  (input) =>
    Either.flatMap(text(input), (value) =>
      value.length <= 253 && value.split(".").every((part) => hostLabel.test(part))
        ? Either.right(value)
        : Either.left(`${show(value)} is not a domain, such as lab.example.com`))
)
