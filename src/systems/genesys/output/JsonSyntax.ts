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
 * What stands in a block.
 *
 * @since 0.1.0
 * @category conversions
 */
export const body = (body: Body): Json.Json =>
  Object.fromEntries(
    body.map(([name, value]) =>
      [name, name === "depends_on" && isList(value) ? value.map(bare) : expression(value)] as const
    )
  )

/** Dependencies are names and no templates. */
const bare = (value: Rendered): Json.Json => value instanceof Expression ? value.source : expression(value)

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

const expression = (value: Rendered): Json.Json => {
  if (typeof value === "string") return Escape.template(value)
  if (typeof value === "number" || typeof value === "boolean") return value
  if (value instanceof Expression) return `\${${value.source}}`
  if (value instanceof Encoded) return JSON.stringify(encoded(value.json))
  if (value instanceof Blocks) return value.bodies.map(body)
  if (value instanceof Entries) {
    return Object.fromEntries(value.entries.map(([key, each]) => [Escape.template(key), expression(each)] as const))
  }
  return isList(value) ? value.map(expression) : []
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
