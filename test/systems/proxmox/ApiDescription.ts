/**
 * Holds a server against the vendor's description of its API: what it accepts must be allowed there, what it answers
 * must be as said there. The description is read from the folder `HOLDFAST_SPECS` names; without one nothing is
 * checked.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { existsSync, readFileSync } from "node:fs"
import { isIPv4, isIPv6 } from "node:net"
import { join } from "node:path"
import type * as Endpoint from "../../../src/simulation/Endpoint.ts"

const folder = process.env["HOLDFAST_SPECS"]
const file = folder === undefined ? undefined : join(folder, "proxmox-apidoc.json")

/** Whether there is a description to check against. */
export const isThere = file !== undefined && existsSync(file)

/** Why the checks are skipped, for the name of a test. */
export const skipped = "skipped: HOLDFAST_SPECS names no folder with proxmox-apidoc.json"

const Numeric = Schema.Union(Schema.Number, Schema.NumberFromString)

interface Type {
  readonly type?: string | undefined
  readonly optional?: number | undefined
  readonly properties?: { readonly [name: string]: Type } | undefined
  readonly items?: Type | undefined
  readonly additionalProperties?: unknown
  readonly enum?: ReadonlyArray<string> | null | undefined
  readonly pattern?: string | undefined
  readonly minimum?: number | undefined
  readonly maximum?: number | undefined
  readonly maxLength?: number | undefined
  readonly requires?: string | undefined
  readonly format?: string | { readonly [name: string]: Type } | undefined
  readonly default_key?: number | undefined
  readonly alias?: string | undefined
  readonly keyAlias?: string | undefined
}

interface EncodedType {
  readonly [name: string]: unknown
}

const Type: Schema.Schema<Type, EncodedType> = Schema.Struct({
  type: Schema.optional(Schema.String),
  optional: Schema.optional(Numeric),
  properties: Schema.optional(Schema.Record({ key: Schema.String, value: Schema.suspend(() => Type) })),
  items: Schema.optional(Schema.suspend(() => Type)),
  additionalProperties: Schema.optional(Schema.Unknown),
  enum: Schema.optional(Schema.NullOr(Schema.Array(Schema.String))),
  pattern: Schema.optional(Schema.String),
  minimum: Schema.optional(Numeric),
  maximum: Schema.optional(Numeric),
  maxLength: Schema.optional(Numeric),
  requires: Schema.optional(Schema.String),
  format: Schema.optional(
    Schema.Union(Schema.String, Schema.Record({ key: Schema.String, value: Schema.suspend(() => Type) }))
  ),
  default_key: Schema.optional(Numeric),
  alias: Schema.optional(Schema.String),
  keyAlias: Schema.optional(Schema.String)
})

const Method = Schema.Struct({ parameters: Schema.optional(Type), returns: Schema.optional(Type) })
type Method = typeof Method.Type

const Description = Schema.parseJson(Schema.Struct({
  paths: Schema.Record({ key: Schema.String, value: Schema.Record({ key: Schema.String, value: Method }) })
}))

let paths: (typeof Description.Type)["paths"] | undefined

const description = (): (typeof Description.Type)["paths"] => {
  paths ??= Schema.decodeUnknownSync(Description)(readFileSync(file ?? "", "utf8")).paths
  return paths
}

/** Perl writes `(?^:…)` where JavaScript writes `(?:…)`, and `{,8}` where it needs `{0,8}`. */
const expression = (pattern: string): RegExp =>
  new RegExp(`^(?:${pattern.replaceAll("(?^:", "(?:").replaceAll("{,", "{0,")})$`)

const listOf = (test: (item: string) => boolean) => (value: string): boolean =>
  value.split(/[,;\s]+/).every((item) => item === "" || test(item))

const dnsName = (value: string): boolean =>
  /^(?!-)[a-zA-Z0-9-]{1,63}(?<!-)(\.(?!-)[a-zA-Z0-9-]{1,63}(?<!-))*$/.test(value)
const configId = (value: string): boolean => /^[a-z][a-z0-9_-]+$/i.test(value)
const storageId = (value: string): boolean => /^[a-z][a-z0-9._-]*[a-z0-9]$/i.test(value)
const volumeId = (value: string): boolean => /^[a-z][a-z0-9._-]*[a-z0-9]:\S+$/i.test(value)
const cidr = (valid: (address: string) => boolean) => (value: string): boolean =>
  valid(value.split("/")[0] ?? "") && /^\S+\/\d{1,3}$/.test(value)

/** Named formats whose grammar the description leaves out; the names are the server's. */
const formats: Readonly<Record<string, (value: string) => boolean>> = {
  "pve-node": (value) => /^[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?$/.test(value),
  "pve-vmid": (value) => /^[1-9]\d{2,8}$/.test(value),
  "pve-vmid-list": listOf((item) => /^[1-9]\d{2,8}$/.test(item)),
  "pve-storage-id": storageId,
  "pve-storage-id-list": listOf(storageId),
  "pve-storage-content-list": listOf((item) =>
    ["images", "rootdir", "iso", "vztmpl", "backup", "snippets", "import", "none"].includes(item)
  ),
  "pve-poolid": (value) => /^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+){0,2}$/.test(value),
  "pve-configid": configId,
  "pve-configid-list": listOf(configId),
  "pve-task-status-type-list": listOf((item) => ["ok", "error", "warning", "unknown"].includes(item)),
  "dns-name": dnsName,
  "address-list": listOf((item) => isIPv4(item) !== isIPv6(item) || dnsName(item)),
  "pve-tag-list": listOf((item) => /^[a-z0-9_][a-z0-9_\-+.]*$/i.test(item)),
  "mac-addr": (value) => /^[a-f0-9][02468ace](:[a-f0-9]{2}){5}$/i.test(value),
  "pve-bridge-id": (value) => /^[-_.\w]+$/.test(value),
  "disk-size": (value) => /^\d+(\.\d+)?([KMGT](iB)?)?$/.test(value),
  urlencoded: (value) => /^[-%a-zA-Z0-9_.!~*'()]*$/.test(value),
  "pve-volume-id": volumeId,
  "pve-volume-id-or-qm-path": (value) => value === "none" || value === "cdrom" || value[0] === "/" || volumeId(value),
  "pve-volume-id-or-absolute-path": (value) => value[0] === "/" || volumeId(value),
  "pve-qm-boot": (value) => /^((legacy=)?[acdn]{1,4}|order=([a-z]+\d+)?(;[a-z]+\d+)*)$/.test(value),
  "pve-startup-order": listOf((item) => /^(order=\d+|\d+|up=\d+|down=\d+)$/.test(item)),
  "pve-hotplug-features": listOf((item) => /^[01]$|^(network|disk|cpu|memory|usb|cloudinit)$/.test(item)),
  "pve-qm-smbios1": (value) =>
    value.split(",").every((part) => /^(uuid|version|serial|manufacturer|product|sku|family|base64)=\S*$/.test(part)),
  "pve-vm-cpu-conf": (value) =>
    value.split(",").every((part) => !part.includes("=") || /^(cputype|flags|hidden|phys-bits)=/.test(part)),
  "pve-qm-ipconfig": (value) =>
    value.split(",").every((part) => {
      const [key = "", text = ""] = part.split("=")
      if (key === "ip") return text === "dhcp" || cidr(isIPv4)(text)
      if (key === "ip6") return text === "dhcp" || text === "auto" || cidr(isIPv6)(text)
      return key === "gw" ? isIPv4(text) : key === "gw6" && isIPv6(text)
    }) && (!/(^|,)gw=/.test(value) || /(^|,)ip=/.test(value)),
  "pve-qm-cicustom": (value) =>
    value.split(",").every((part) => /^(user|network|meta|vendor)=[a-z][a-z0-9._-]*:snippets\/\S+$/i.test(part))
}

type Grammar = { readonly [name: string]: Type }

const property = (grammar: Grammar, part: string, where: string, problems: Array<string>): string | undefined => {
  const equals = part.indexOf("=")
  const bare = Object.keys(grammar).find((name) => grammar[name]?.default_key === 1)
  const name = equals < 0 ? bare : part.slice(0, equals)
  const value = part.slice(equals + 1)
  const type = name === undefined ? undefined : grammar[name]
  if (name === undefined || type === undefined) {
    problems.push(`${where}: ${part} is not in the grammar`)
    return undefined
  }
  const target = type.alias === undefined ? type : grammar[type.alias]
  if (target !== undefined) check(target, value, `${where}.${name}`, problems)
  return type.alias === undefined ? name : type.keyAlias ?? type.alias
}

const propertyString = (grammar: Grammar, text: string, where: string, problems: Array<string>): void => {
  const seen = text.split(",").map((part) => property(grammar, part, where, problems))
  for (const name of new Set(seen)) {
    if (seen.filter((other) => other === name).length > 1) problems.push(`${where}: ${name} stands there twice`)
  }
  for (const [name, type] of Object.entries(grammar)) {
    if (type.alias === undefined && type.optional !== 1 && !seen.includes(name)) {
      problems.push(`${where}: ${name} is missing`)
    }
  }
}

const isBoolean = (value: unknown): boolean =>
  value === 0 || value === 1 || (typeof value === "string" && /^(0|1|on|off|yes|no|true|false)$/i.test(value))

const hasType = (type: string | undefined, value: unknown): boolean => {
  switch (type) {
    case "integer":
      return /^[+-]?\d+$/.test(String(value))
    case "number":
      return String(value).trim() !== "" && Number.isFinite(Number(value))
    case "boolean":
      return isBoolean(value)
    case "string":
      return typeof value === "string" || typeof value === "number"
    case "null":
      return value === null
    case "array":
      return Array.isArray(value)
    case "object":
      return typeof value === "object" && value !== null && !Array.isArray(value)
    default:
      return true
  }
}

const scalar = (type: Type, value: string, where: string, problems: Array<string>): void => {
  // The server writes `lock: destroyed` while it removes a machine, which its own description leaves out.
  const known = where.endsWith(" returns.lock") ? [...type.enum ?? [], "destroyed"] : type.enum
  if (known !== undefined && known !== null && !known.includes(value)) {
    problems.push(`${where}: "${value}" is not one of ${known.join(", ")}`)
  }
  if (type.pattern !== undefined && !expression(type.pattern).test(value)) {
    problems.push(`${where}: "${value}" does not match ${type.pattern}`)
  }
  if (type.minimum !== undefined && Number(value) < type.minimum) problems.push(`${where}: ${value} is too small`)
  if (type.maximum !== undefined && Number(value) > type.maximum) problems.push(`${where}: ${value} is too large`)
  if (type.maxLength !== undefined && value.length > type.maxLength) problems.push(`${where}: it is too long`)
  if (typeof type.format === "object") propertyString(type.format, value, where, problems)
  else if (type.format !== undefined && formats[type.format]?.(value) === false) {
    problems.push(`${where}: "${value}" is no ${type.format}`)
  }
}

/** `net0` is described as `net[n]`. */
const described = (properties: Grammar | undefined, name: string): Type | undefined =>
  properties?.[name] ?? properties?.[name.replace(/\d+$/, "[n]")]

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const members = (
  type: Type,
  value: Readonly<Record<string, unknown>>,
  where: string,
  problems: Array<string>
): void => {
  for (const [name, member] of Object.entries(value)) {
    const known = described(type.properties, name)
    if (known !== undefined) check(known, member, `${where}.${name}`, problems)
    else if (type.additionalProperties === 0) problems.push(`${where}.${name}: there is no such name`)
  }
  for (const [name, member] of Object.entries(type.properties ?? {})) {
    if (member.optional !== 1 && !name.endsWith("[n]") && !(name in value)) {
      problems.push(`${where}.${name}: is missing`)
    }
    if (member.requires !== undefined && name in value && !(member.requires in value)) {
      problems.push(`${where}.${name}: needs ${member.requires}`)
    }
  }
}

const check = (type: Type, value: unknown, where: string, problems: Array<string>): void => {
  if (value === null && type.optional === 1) return
  if (!hasType(type.type, value)) {
    problems.push(`${where}: ${JSON.stringify(value)} is no ${type.type}`)
  } else if (Array.isArray(value)) {
    value.forEach((item: unknown, index) => {
      if (type.items !== undefined) check(type.items, item, `${where}[${index}]`, problems)
    })
  } else if (isRecord(value)) members(type, value, where, problems)
  else if (value !== null) scalar(type, String(value), where, problems)
}

/** What is described, by path parts; a parameter's part is `{name}`. */
const find = (
  method: string,
  path: string
): { readonly method: Method; readonly name: string; readonly parameters: Record<string, string> } | undefined => {
  const parts = path.split("/")
  for (const [name, methods] of Object.entries(description())) {
    const wanted = name.split("/")
    const found = methods[method]
    if (found === undefined || wanted.length !== parts.length) continue
    const parameters: Record<string, string> = {}
    const fits = wanted.every((part, index) => {
      const given = decodeURIComponent(parts[index] ?? "")
      if (part.startsWith("{")) parameters[part.slice(1, -1)] = given
      return part.startsWith("{") || part === given
    })
    if (fits) return { method: found, name: `${method} ${name}`, parameters }
  }
  return undefined
}

const given = (request: Endpoint.Request): Record<string, string> => {
  const [, query = ""] = request.url.split("?")
  const parameters = Object.fromEntries(new URLSearchParams(query))
  if (request.body === "") return parameters
  const json = (request.headers["content-type"] ?? "").startsWith("application/json")
  const body: Record<string, unknown> = json
    ? JSON.parse(request.body)
    : Object.fromEntries(new URLSearchParams(request.body))
  for (const [name, value] of Object.entries(body)) parameters[name] = String(value)
  return parameters
}

/** What is wrong with an accepted request, and with the answer to it. */
export const problems = (
  request: Endpoint.Request,
  reply: Extract<Endpoint.Reply, { readonly _tag: "Answer" }>
): ReadonlyArray<string> => {
  const path = request.url.split("?")[0]?.replace("/api2/json", "") ?? ""
  if (reply.status !== 200) return []
  const found = find(request.method, path)
  if (found === undefined) return [`${request.method} ${path}: accepted, but there is no such call`]
  const problems: Array<string> = []
  const parameters = { ...given(request), ...found.parameters }
  if (found.method.parameters !== undefined) check(found.method.parameters, parameters, `${found.name} takes`, problems)
  const body: unknown = JSON.parse(reply.body)
  const data = isRecord(body) ? body["data"] : undefined
  // Where a task runs in the background, an answer may come without one.
  if (found.method.returns !== undefined && !(data === null && /config$|resize$/.test(path))) {
    check(found.method.returns, data, `${found.name} returns`, problems)
  }
  return problems
}

/** The calls that were checked so far in this process, by name. */
export const seen = new Set<string>()

/** The endpoint, which dies where it departs from the description. */
export const checked = (endpoint: Endpoint.Endpoint): Endpoint.Endpoint =>
  isThere
    ? (request) =>
      Effect.tap(endpoint(request), (reply) => {
        if (reply._tag !== "Answer" || reply.truncateAt !== undefined) return Effect.void
        if (!(reply.headers["content-type"] ?? "").startsWith("application/json")) return Effect.void
        if (reply.status === 200) {
          seen.add(find(request.method, request.url.split("?")[0]?.replace("/api2/json", "") ?? "")?.name ?? "")
        }
        const found = problems(request, reply)
        return found.length === 0 ? Effect.void : Effect.dieMessage(found.join("\n"))
      })
    : endpoint
