/**
 * Formats of single values, with the server's own words for what is wrong with them.
 *
 * Source: pve-common `JSONSchema.pm` (`register_format`), qemu-server `Cloudinit.pm`, `Drive.pm`, `Network.pm`.
 *
 * @since 0.1.0
 */
import { isIPv4, isIPv6 } from "node:net"
import * as PropertyString from "./PropertyString.ts"

/**
 * What is wrong with a value, or nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type Check = (value: string) => string | undefined

const matching = (pattern: RegExp, problem: (value: string) => string): Check => (value) =>
  pattern.test(value) ? undefined : problem(value)

const look = (what: string) => (value: string): string => `value '${value}' does not look like a valid ${what}`

const label = "[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"

/**
 * @since 0.1.0
 * @category checks
 */
export const dnsName: Check = matching(new RegExp(`^${label}(?:\\.${label})*$`), look("DNS name"))

/**
 * @since 0.1.0
 * @category checks
 */
export const nodeName: Check = matching(
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/,
  look("node name")
)

/**
 * @since 0.1.0
 * @category checks
 */
export const storageId: Check = matching(
  /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i,
  (value) => `storage ID '${value}' contains illegal characters`
)

/**
 * @since 0.1.0
 * @category checks
 */
export const configId: Check = matching(/^[a-z][a-z0-9_-]+$/i, (value) => `invalid configuration ID '${value}'`)

/**
 * @since 0.1.0
 * @category checks
 */
export const poolId: Check = matching(
  /^[A-Za-z0-9.\-_]+(?:\/[A-Za-z0-9.\-_]+){0,2}$/,
  (value) => `invalid pool ID '${value}'`
)

/**
 * A unicast address.
 *
 * @since 0.1.0
 * @category checks
 */
export const mac: Check = matching(
  /^[a-f0-9][02468ace](?::[a-f0-9]{2}){5}$/i,
  (value) => `value '${value}' does not look like a valid unicast MAC address`
)

/**
 * @since 0.1.0
 * @category checks
 */
export const bridge: Check = matching(/^[-_.\w]+$/, (value) => `invalid bridge ID '${value}'`)

/**
 * Percent-encoded as `encodeURIComponent` does it, and nothing else.
 *
 * @since 0.1.0
 * @category checks
 */
export const urlEncoded: Check = matching(/^[-%a-zA-Z0-9_.!~*'()]*$/, () => "invalid urlencoded string")

/**
 * @since 0.1.0
 * @category checks
 */
export const diskSize: Check = (value) =>
  PropertyString.parseSize(value) === undefined ? `invalid format - value '${value}' is not a size` : undefined

const cidr = (value: string, valid: (address: string) => boolean, bits: number): boolean => {
  const [address = "", prefix = "", more] = value.split("/")
  return more === undefined && valid(address) && /^\d{1,3}$/.test(prefix) && Number(prefix) >= 1 &&
    Number(prefix) <= bits
}

/**
 * `dhcp` or an IPv4 address with its prefix.
 *
 * @since 0.1.0
 * @category checks
 */
export const ipv4Config: Check = (value) =>
  value === "dhcp" || cidr(value, isIPv4, 32)
    ? undefined
    : `value does not look like a valid ipv4 network configuration`

/**
 * `auto`, `dhcp` or an IPv6 address with its prefix.
 *
 * @since 0.1.0
 * @category checks
 */
export const ipv6Config: Check = (value) =>
  value === "auto" || value === "dhcp" || cidr(value, isIPv6, 128)
    ? undefined
    : `value does not look like a valid ipv6 network configuration`

/**
 * @since 0.1.0
 * @category checks
 */
export const ipv4: Check = (value) => isIPv4(value) ? undefined : look("IPv4 address")(value)

/**
 * @since 0.1.0
 * @category checks
 */
export const ipv6: Check = (value) => isIPv6(value) ? undefined : look("IPv6 address")(value)

/**
 * Addresses or names, separated by spaces, commas or semicolons.
 *
 * @since 0.1.0
 * @category checks
 */
export const addresses: Check = (value) => {
  for (const address of value.split(/[,;\s]+/)) {
    if (address !== "" && !isIPv4(address) && !isIPv6(address) && dnsName(address) !== undefined) {
      return look("address")(address)
    }
  }
  return undefined
}

/**
 * @since 0.1.0
 * @category checks
 */
export const tags: Check = (value) => {
  for (const tag of value.split(/[,;\s]+/)) {
    if (tag !== "" && !/^[a-z0-9_][a-z0-9_\-+.]*$/i.test(tag)) return `invalid characters in tag`
  }
  return undefined
}

/**
 * `order=scsi0;ide2`, or the legacy letters.
 *
 * @since 0.1.0
 * @category checks
 */
export const boot: Check = (value) => {
  if (value === "" || /^(legacy=)?[acdn]{1,4}$/.test(value)) return undefined
  return /^order=([a-z]+\d+(;[a-z]+\d+)*)?$/.test(value) ? undefined : "invalid boot order string"
}

/**
 * @since 0.1.0
 * @category checks
 */
export const startup: Check = (value) =>
  value.split(",").every((part) => /^(?:(order=)?\d+|up=\d+|down=\d+)$/.test(part.trim()))
    ? undefined
    : "unable to parse startup options"

/**
 * A volume (`storage:name`), `none`, `cdrom` or an absolute path.
 *
 * @since 0.1.0
 * @category checks
 */
export const volume: Check = (value) =>
  value === "none" || value === "cdrom" || value.startsWith("/") || /^[a-z][a-z0-9\-_.]*[a-z0-9]:\S+$/i.test(value)
    ? undefined
    : `unable to parse volume ID '${value}'`

/**
 * @since 0.1.0
 * @category checks
 */
export const uuid: Check = matching(
  /^[a-f0-9]{8}(?:-[a-f0-9]{4}){3}-[a-f0-9]{12}$/i,
  () => "value does not match the regex pattern"
)

/**
 * A list of what one check accepts.
 *
 * @since 0.1.0
 * @category combinators
 */
export const listOf = (check: Check): Check => (value) => {
  for (const item of value.split(/[,;\s]+/)) {
    const problem = item === "" ? undefined : check(item)
    if (problem !== undefined) return problem
  }
  return undefined
}
