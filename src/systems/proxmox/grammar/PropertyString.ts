/**
 * The property strings of Proxmox VE: `virtio=BC:24:11:00:00:01,bridge=vmbr0,tag=20`.
 *
 * A property string is a comma list of `key=value`, with at most one bare value that belongs to the grammar's default
 * key. A value holds no comma and may hold `=`. Parsing loses nothing: a property that the grammar does not know
 * (another server version) is kept, and printed again. Comparing is by meaning: `on` is `1`, and an absent property is
 * its default.
 *
 * Source: `parse_property_string` and `print_property_string` of pve-common `PVE::JSONSchema` (9.2.1).
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Address from "./Address.ts"
import * as Size from "./Size.ts"

/**
 * How the text of a property is compared.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "text" | "boolean" | "number" | "mac" | "size" | "list" | "address"

const yes: ReadonlySet<string> = new Set(["1", "on", "yes", "true"])
const no: ReadonlySet<string> = new Set(["0", "off", "no", "false"])

/**
 * The truth of a boolean as the server reads it: `1`, `on`, `yes`, `true` and their opposites, in any case.
 *
 * @since 0.1.0
 * @category conversions
 */
export const parseBoolean = (text: string): boolean | undefined => {
  const lower = text.trim().toLowerCase()
  return yes.has(lower) ? true : no.has(lower) ? false : undefined
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const printBoolean = (value: boolean): string => (value ? "1" : "0")

/**
 * One spelling for every way to write the same value. What does not parse stands for itself.
 *
 * @since 0.1.0
 * @category conversions
 */
export const canonical = (kind: Kind, text: string): string => {
  switch (kind) {
    case "text":
      return text
    case "boolean": {
      const truth = parseBoolean(text)
      return truth === undefined ? text : printBoolean(truth)
    }
    case "number":
      return text.trim() !== "" && Number.isFinite(Number(text)) ? String(Number(text)) : text
    case "mac":
      return text.toUpperCase().replaceAll("-", ":")
    case "size":
      return Either.match(Size.parse(text), { onLeft: () => text, onRight: String })
    case "list":
      return [...new Set(text.split(";"))].toSorted(compareText).join(";")
    case "address":
      return Either.getOrElse(
        Either.orElse(
          Either.map(Address.parseInterface(text), Address.printInterface),
          () => Either.map(Address.parse(text), Address.print)
        ),
        () => text
      )
  }
}

interface Property {
  readonly kind: Kind
  /** What the server takes an absent one to be. */
  readonly default?: string | undefined
  /** Printed right after the default key. */
  readonly required?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Grammar {
  /** The key whose value may stand bare. */
  readonly defaultKey?: string | undefined
  readonly properties: Readonly<Record<string, Property>>
  /** Other names for a property: `volume` for `file`. */
  readonly aliases?: Readonly<Record<string, string>> | undefined
  /** `<model>=<MAC>`: a property whose key is the value of one property and whose value is that of another. */
  readonly pair?: { readonly key: string; readonly value: string; readonly names: ReadonlySet<string> } | undefined
}

/**
 * Properties by key, aliases resolved, values as written.
 *
 * @since 0.1.0
 * @category models
 */
export type Values = ReadonlyMap<string, string>

/**
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string, grammar: Grammar): Either.Either<Values, string> => {
  const values = new Map<string, string>()
  const put = (key: string, value: string): string | undefined => {
    if (values.has(key)) return `"${key}" is there twice in "${text}"`
    values.set(key, value)
    return undefined
  }
  for (const part of text.split(",")) {
    if (part.trim() === "") continue
    const problem = parsePart(part, grammar, put)
    if (problem !== undefined) return Either.left(`${problem}${problem.includes(text) ? "" : ` in "${text}"`}`)
  }
  return Either.right(values)
}

const parsePart = (
  part: string,
  grammar: Grammar,
  put: (key: string, value: string) => string | undefined
): string | undefined => {
  const at = part.indexOf("=")
  if (at < 0) {
    return grammar.defaultKey === undefined ? `"${part}" needs a key` : put(grammar.defaultKey, part)
  }
  const key = part.slice(0, at)
  const value = part.slice(at + 1)
  if (key === "" || value === "") return `"${part}" is not key=value`
  if (grammar.pair !== undefined && grammar.pair.names.has(key)) {
    return put(grammar.pair.key, key) ?? put(grammar.pair.value, value)
  }
  const aliases = grammar.aliases
  return put(aliases !== undefined && Object.hasOwn(aliases, key) ? aliases[key] ?? key : key, value)
}

/**
 * The property string as the server prints it: the default key bare (or the pair) first, then what is required, then
 * the rest by name.
 *
 * @since 0.1.0
 * @category conversions
 */
export const print = (values: Values, grammar: Grammar): string => {
  const rest = new Map(values)
  const parts: Array<string> = []
  const take = (key: string): string | undefined => {
    const value = rest.get(key)
    rest.delete(key)
    return value
  }
  if (grammar.pair !== undefined && rest.has(grammar.pair.value)) {
    const name = rest.get(grammar.pair.key)
    if (name !== undefined && grammar.pair.names.has(name)) {
      rest.delete(grammar.pair.key)
      parts.push(`${name}=${take(grammar.pair.value)}`)
    }
  }
  if (grammar.defaultKey !== undefined) {
    const bare = take(grammar.defaultKey)
    // A value with `=` would read back as a key of its own.
    if (bare !== undefined) parts.push(bare.includes("=") ? `${grammar.defaultKey}=${bare}` : bare)
  }
  const isRequired = (key: string): boolean =>
    Object.hasOwn(grammar.properties, key) && grammar.properties[key]?.required === true
  const keys = [...rest.keys()].toSorted((a, b) => Number(isRequired(b)) - Number(isRequired(a)) || compareText(a, b))
  for (const key of keys) parts.push(`${key}=${rest.get(key)}`)
  return parts.join(",")
}

/**
 * By code unit, so that the order is the same everywhere.
 *
 * @since 0.1.0
 * @category ordering
 */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * Properties wanted by key; `undefined` wants it absent. A key that is not mentioned is left alone.
 *
 * @since 0.1.0
 * @category models
 */
export type Wanted = ReadonlyMap<string, string | undefined>

/**
 * @since 0.1.0
 * @category models
 */
export interface Amendment {
  /** The observed properties with the wanted ones over them. */
  readonly values: Values
  /** By key, in the order of `wanted`; empty when the two mean the same. */
  readonly changes: ReadonlyArray<
    { readonly key: string; readonly from?: string | undefined; readonly to?: string | undefined }
  >
}

/**
 * Lays wanted properties over observed ones and tells which of them differ in meaning. Properties that mean the same
 * keep the server's own spelling.
 *
 * @since 0.1.0
 * @category combinators
 */
export const amend = (observed: Values, wanted: Wanted, grammar: Grammar): Amendment => {
  const values = new Map(observed)
  const changes: Array<{ key: string; from?: string | undefined; to?: string | undefined }> = []
  for (const [key, to] of wanted) {
    const property = Object.hasOwn(grammar.properties, key) ? grammar.properties[key] : undefined
    const meaning = (text: string | undefined): string | undefined => {
      const said = text ?? property?.default
      return said === undefined ? undefined : canonical(property?.kind ?? "text", said)
    }
    const from = observed.get(key)
    if (meaning(from) === meaning(to)) continue
    if (to === undefined) values.delete(key)
    else values.set(key, to)
    changes.push({ key, from, to })
  }
  return { values, changes }
}
