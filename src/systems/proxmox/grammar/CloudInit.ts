/**
 * The cloud-init keys of a machine: `ciuser`, `sshkeys`, `ipconfig[n]`, `nameserver`, `searchdomain`, `cicustom` and
 * `ciupgrade`. The password (`cipassword`) reads back as asterisks, so it is neither compared nor sent.
 *
 * Source: the API description of pve-docs 9.1.3, and qemu-server 9.2.6 `PVE::QemuServer::Cloudinit`.
 *
 * @since 0.1.0
 */
import type { AddressSpec, SnippetsSpec } from "../Fleet.ts"
import * as PropertyString from "./PropertyString.ts"

/**
 * @since 0.1.0
 * @category models
 */
export const addressGrammar: PropertyString.Grammar = {
  properties: {
    gw: { kind: "address" },
    gw6: { kind: "address" },
    ip: { kind: "address" },
    ip6: { kind: "address" }
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export const snippetsGrammar: PropertyString.Grammar = {
  properties: { meta: { kind: "text" }, network: { kind: "text" }, user: { kind: "text" }, vendor: { kind: "text" } }
}

/**
 * The configuration key of a network card's address: `ipconfig0` for `net0`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const addressKey = (network: string): string => network.replace(/^net/, "ipconfig")

/**
 * The properties of an address. A family that is spoken about is owned whole: its gateway goes when none is wanted,
 * because one left over beside `dhcp` makes the server drop the line without a word.
 *
 * @since 0.1.0
 * @category conversions
 */
export const wantedAddress = (spec: AddressSpec): PropertyString.Wanted => {
  const entries = new Map<string, string | undefined>()
  if (spec.ip !== undefined || spec.gateway !== undefined) {
    entries.set("ip", spec.ip)
    entries.set("gw", spec.gateway)
  }
  if (spec.ip6 !== undefined || spec.gateway6 !== undefined) {
    entries.set("ip6", spec.ip6)
    entries.set("gw6", spec.gateway6)
  }
  return entries
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const wantedSnippets = (spec: SnippetsSpec): PropertyString.Wanted =>
  new Map(
    (["meta", "network", "user", "vendor"] as const).flatMap((part) => {
      const volume = spec[part]
      return volume === undefined ? [] : [[part, volume] as const]
    })
  )

/**
 * Why an address cannot be set: the server either refuses it, or accepts it and then leaves it out. `path` names the
 * field to blame.
 *
 * @since 0.1.0
 * @category predicates
 */
export const problemsOf = (
  spec: AddressSpec
): ReadonlyArray<{ readonly field: "gateway" | "gateway6"; readonly message: string }> =>
  ([["ip", "gateway"], ["ip6", "gateway6"]] as const).flatMap(([ip, field]) => {
    const address = spec[ip]
    const gateway = spec[field]
    if (gateway === undefined) return []
    const remedy = `give a static ${ip} as address/length, or remove ${field}`
    if (address === undefined) return [{ field, message: `there is no ${ip} for the gateway ${gateway}: ${remedy}` }]
    return address === "dhcp" || address === "auto"
      ? [{ field, message: `${ip} is ${address}, which brings its own gateway, so ${gateway} is refused: ${remedy}` }]
      : []
  })

/**
 * The form the server wants: the lines, percent-encoded once. The wire encodes it a second time.
 *
 * @since 0.1.0
 * @category conversions
 */
export const printSshKeys = (keys: ReadonlyArray<string>): string => encodeURIComponent(keys.map(wellFormed).join("\n"))

/** A lone surrogate has no UTF-8, and `encodeURIComponent` throws on it. */
const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, "\uFFFD")

const escaped = /(?:%[0-9a-f]{2})+/gi

/**
 * The keys in a configuration's `sshkeys`. What is not percent-encoded stands for itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseSshKeys = (text: string): ReadonlyArray<string> =>
  text.replace(escaped, (run) => new TextDecoder().decode(Uint8Array.from(octets(run))))
    .split(/\r?\n/)
    .map((line) => line.trim().replace(/\s+/g, " "))
    .filter((line) => line !== "")

const octets = (run: string): ReadonlyArray<number> =>
  run.split("%").slice(1).map((digits) => Number.parseInt(digits, 16))

/**
 * The same set of keys, in whatever order.
 *
 * @since 0.1.0
 * @category predicates
 */
export const sameKeys = (one: ReadonlyArray<string>, other: ReadonlyArray<string>): boolean => {
  const left = new Set(one)
  const right = new Set(other)
  return left.size === right.size && [...left].every((key) => right.has(key))
}

/**
 * The name servers in a configuration, in order, in canonical form.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseNameservers = (text: string): ReadonlyArray<string> =>
  text.split(/[\s,;]+/).filter((server) => server !== "").map((server) => PropertyString.canonical("address", server))
