/**
 * Configuration in Terraform's JSON syntax: every string is a template, and so are the keys of maps.
 *
 * Source: developer.hashicorp.com/terraform/language/syntax/json.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Escape from "./Escape.ts"
import { Blocks, type Body, Encoded, Entries, Expression, isList, type Rendered } from "./Rendered.ts"
import type { Replaced } from "./Shape.ts"

/**
 * What stands in a block, below a key that is indented so.
 *
 * @since 0.1.0
 * @category conversions
 */
export const body = (body: Body, indent: string): string => {
  if (body.length === 0) return "{}"
  const deeper = `${indent}  `
  let text = "{"
  for (const [name, value] of body) {
    const written = name === "depends_on" && isList(value) ? list(value, deeper, bare) : expression(value, deeper)
    text += `${text === "{" ? "\n" : ",\n"}${deeper}"${name}": ${written}`
  }
  return `${text}\n${indent}}`
}

/** Dependencies are names and no templates. */
const bare = (value: Rendered, indent: string): string =>
  value instanceof Expression ? JSON.stringify(value.source) : expression(value, indent)

const list = <A>(values: ReadonlyArray<A>, indent: string, one: (value: A, indent: string) => string): string => {
  if (values.length === 0) return "[]"
  const deeper = `${indent}  `
  let text = "["
  for (const value of values) text += `${text === "[" ? "\n" : ",\n"}${deeper}${one(value, deeper)}`
  return `${text}\n${indent}]`
}

/**
 * As text, below a key that is indented so.
 *
 * @since 0.1.0
 * @category conversions
 */
export const text = (json: Json.Json, indent: string): string => {
  // Inside of so many arrays it is indented so, and what stands around it is cut off: to indent it afterwards costs more.
  let nested = json
  for (let level = 0; level < indent.length; level += 2) nested = [nested]
  const whole = JSON.stringify(nested, undefined, 2)
  const { behind, before } = around(indent)
  return whole.slice(before, whole.length - behind)
}

/** How much stands before and behind what is in so many arrays. */
const around = (indent: string): { readonly before: number; readonly behind: number } => {
  let [before, behind] = [0, 0]
  for (let level = 0; level < indent.length; level += 2) {
    before += "[\n".length + level + 2
    behind += "\n]".length + level
  }
  return { before, behind }
}

const expression = (value: Rendered, indent: string): string => {
  if (typeof value === "string") return quoted(value)
  if (value instanceof Blocks) return list(value.bodies, indent, body)
  // By an object, which has keys that are numbers in an order of its own.
  if (value instanceof Entries) {
    return text(Object.fromEntries(value.entries.map(([key, each]) => [Escape.template(key), scalar(each)])), indent)
  }
  return isList(value) ? list(value, indent, expression) : JSON.stringify(scalar(value))
}

/** What needs no escape, in JSON and in a template. */
const plain = /^[\x20\x21\x23\x26-\x5b\x5d-\x7e]*$/

const quoted = (text: string): string => plain.test(text) ? `"${text}"` : JSON.stringify(Escape.template(text))

const scalar = (value: Rendered): Json.Json => {
  if (typeof value === "string") return Escape.template(value)
  if (typeof value === "number" || typeof value === "boolean") return value
  if (value instanceof Expression) return `\${${value.source}}`
  return value instanceof Encoded ? JSON.stringify(encoded(value.json)) : []
}

/** JSON whose strings are templates: so is its text, for no quotation mark, comma or brace of JSON makes a `${`. */
const encoded = (json: Replaced<Expression>): Json.Json => {
  if (typeof json === "string") return Escape.template(json)
  if (json === null || typeof json === "number" || typeof json === "boolean") return json
  if (json instanceof Expression) return `\${${json.source}}`
  if (isArray(json)) return json.map(encoded)
  return Object.fromEntries(Object.entries(json).map(([key, each]) => [Escape.template(key), encoded(each)] as const))
}

const isArray = (json: Replaced<Expression>): json is ReadonlyArray<Replaced<Expression>> => Array.isArray(json)
