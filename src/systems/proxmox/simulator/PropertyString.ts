/**
 * The comma lists of `key=value` that machine configurations are made of, and the sizes in them.
 *
 * Source: pve-common `JSONSchema.pm` (`parse_property_string`, `print_property_string`, `parse_size`, `format_size`).
 *
 * @since 0.1.0
 */

/**
 * What one property may be. `check` returns what is wrong with a value.
 *
 * @since 0.1.0
 * @category models
 */
export interface Property {
  readonly kind: "text" | "boolean" | "integer" | "number"
  readonly required?: boolean
  /** It may stand first without its name. */
  readonly bare?: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly oneOf?: ReadonlyArray<string>
  /** Another property that must be there too. */
  readonly requires?: string
  readonly check?: (value: string) => string | undefined
}

/**
 * A grammar: its properties, and other names for them. `model=` named by the model itself (`virtio=<MAC>`) is
 * {@link Grammar.keyAlias}.
 *
 * @since 0.1.0
 * @category models
 */
export interface Grammar {
  readonly properties: Readonly<Record<string, Property>>
  readonly alias?: Readonly<Record<string, string>>
  readonly keyAlias?: { readonly names: ReadonlySet<string>; readonly name: string; readonly value: string }
}

/**
 * @since 0.1.0
 * @category models
 */
export type Properties = Readonly<Record<string, string>>

/**
 * Either the properties, or the errors by property (`""` = the text as a whole).
 *
 * @since 0.1.0
 * @category models
 */
export type Parsed =
  | { readonly _tag: "Properties"; readonly properties: Properties }
  | { readonly _tag: "Errors"; readonly errors: ReadonlyArray<readonly [string, string]> }

const truthy = /^(1|on|yes|true)$/i
const falsy = /^(0|off|no|false)$/i

/**
 * `1`, `0`, or `undefined` when it is no boolean.
 *
 * @since 0.1.0
 * @category decoding
 */
export const boolean = (text: string): "1" | "0" | undefined =>
  truthy.test(text) ? "1" : falsy.test(text) ? "0" : undefined

/**
 * What is wrong with one value, in the server's words.
 *
 * @since 0.1.0
 * @category checks
 */
export const wrong = (property: Property, value: string): string | undefined => {
  const { kind } = property
  if (kind === "boolean" && boolean(value) === undefined) return `type check ('boolean') failed - got '${value}'`
  if (kind === "integer" && !/^[+-]?\d+$/.test(value)) return `type check ('integer') failed - got '${value}'`
  if (kind === "number" && !/^[+-]?\d+(\.\d+)?$/.test(value)) return `type check ('number') failed - got '${value}'`
  const number = Number(value)
  if (property.minimum !== undefined && number < property.minimum) {
    return `value must have a minimum value of ${property.minimum}`
  }
  if (property.maximum !== undefined && number > property.maximum) {
    return `value must have a maximum value of ${property.maximum}`
  }
  if (property.oneOf !== undefined && !property.oneOf.includes(value)) {
    return `value '${value}' does not have a value in the enumeration '${property.oneOf.join(", ")}'`
  }
  return property.check?.(value)
}

const bareName = (grammar: Grammar): string | undefined =>
  Object.keys(grammar.properties).find((name) => grammar.properties[name]?.bare === true)

const normal = (property: Property, value: string): string =>
  property.kind === "boolean" ? boolean(value) ?? value : value

/**
 * @since 0.1.0
 * @category decoding
 */
export const parse = (grammar: Grammar, text: string): Parsed => {
  const found: Record<string, string> = {}
  const errors: Array<readonly [string, string]> = []
  const set = (name: string, value: string): void => {
    if (name in found) errors.push(["", `duplicate key in comma-separated list property: ${name}`])
    else found[name] = value
  }
  for (const part of text.split(",")) {
    if (part.trim() === "") continue
    const equals = part.indexOf("=")
    const key = part.slice(0, Math.max(0, equals)).trim()
    const name = grammar.alias?.[key] ?? key
    if (grammar.keyAlias?.names.has(key) === true) {
      set(grammar.keyAlias.name, key)
      set(grammar.keyAlias.value, part.slice(equals + 1).trim())
    } else if (equals > 0 && name in grammar.properties) set(name, part.slice(equals + 1).trim())
    else if (equals > 0) errors.push(["", `invalid key in comma-separated list property: ${key}`])
    else {
      const bare = bareName(grammar)
      if (bare === undefined) errors.push(["", "value without key, but schema does not define a default key"])
      else set(bare, part.trim())
    }
  }
  for (const [name, property] of Object.entries(grammar.properties)) {
    const value = found[name]
    if (value === undefined) {
      if (property.required === true) errors.push([name, "property is missing and it is not optional"])
      continue
    }
    const problem = wrong(property, value)
    if (problem !== undefined) errors.push([name, problem])
    else found[name] = normal(property, value)
    const other = property.requires
    if (other !== undefined && found[other] === undefined) {
      errors.push([other, `missing property - '${name}' requires this property`])
    }
  }
  return errors.length > 0 ? { _tag: "Errors", errors } : { _tag: "Properties", properties: found }
}

/**
 * The properties of a text that was checked before; unknown ones are left out.
 *
 * @since 0.1.0
 * @category decoding
 */
export const read = (grammar: Grammar, text: string): Properties => {
  const parsed = parse(grammar, text)
  return parsed._tag === "Properties" ? parsed.properties : {}
}

/**
 * The default key bare and first, then what is required, then the rest sorted.
 *
 * @since 0.1.0
 * @category encoding
 */
export const print = (grammar: Grammar, properties: Properties): string => {
  const alias = grammar.keyAlias
  const parts: Array<string> = []
  const printed = new Set<string>()
  const model = alias === undefined ? undefined : properties[alias.name]
  const value = alias === undefined ? undefined : properties[alias.value]
  if (alias !== undefined && model !== undefined && value !== undefined) {
    parts.push(`${model}=${value}`)
    printed.add(alias.name).add(alias.value)
  }
  const bare = bareName(grammar)
  const bareValue = bare === undefined ? undefined : properties[bare]
  if (bare !== undefined && bareValue !== undefined && !printed.has(bare)) {
    parts.push(bareValue)
    printed.add(bare)
  }
  const rest = Object.keys(properties).filter((name) => !printed.has(name)).toSorted((a, b) => {
    const first = grammar.properties[a]?.required === true
    const second = grammar.properties[b]?.required === true
    return first === second ? (a < b ? -1 : 1) : first ? -1 : 1
  })
  for (const name of rest) parts.push(`${name}=${properties[name]}`)
  return parts.join(",")
}

const units: Readonly<Record<string, number>> = { "": 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3, T: 1024 ** 4 }

/**
 * Bytes of `10G`, `512M`, `1024`; `undefined` when it is no size.
 *
 * @since 0.1.0
 * @category decoding
 */
export const parseSize = (text: string): number | undefined => {
  const match = /^(\d+(?:\.\d+)?)([KMGT])?(?:iB)?$/.exec(text)
  if (match === null) return undefined
  return Math.round(Number(match[1]) * (units[match[2] ?? ""] ?? 1))
}

/**
 * The largest unit that is exact: 1025 GiB are `1025G`.
 *
 * @since 0.1.0
 * @category encoding
 */
export const printSize = (bytes: number): string => {
  for (const unit of ["T", "G", "M", "K"]) {
    const size = units[unit] ?? 1
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`
  }
  return String(bytes)
}

/**
 * For people: `1.2 GiB`.
 *
 * @since 0.1.0
 * @category encoding
 */
export const bytes = (count: number): string => {
  const names = ["B", "KiB", "MiB", "GiB", "TiB"]
  let value = count
  let index = 0
  while (value >= 1024 && index < names.length - 1) {
    value /= 1024
    index += 1
  }
  return `${value.toFixed(1)} ${names[index]}`
}
