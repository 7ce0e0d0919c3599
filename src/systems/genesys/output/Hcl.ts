/**
 * Configuration as HCL, in the form that `terraform fmt` leaves as it is: attributes before blocks, the `=` of
 * consecutive one-line attributes in one column, no heredocs.
 *
 * Source: hashicorp/hcl, hclwrite/format.go: lines that open a bracket and do not close it take no part in a column.
 *
 * @since 0.1.0
 */
import * as Escape from "./Escape.ts"
import { type Block, Blocks, type Body, Encoded, Entries, Expression, isList, type Rendered } from "./Rendered.ts"
import type { Replaced } from "./Shape.ts"

/**
 * A block of its own, with a line break at its end.
 *
 * @since 0.1.0
 * @category conversions
 */
export const block = ({ keyword, label, text, type }: Block): string => `${keyword} "${type}" "${label}" {\n${text}}\n`

/**
 * What stands in a block.
 *
 * @since 0.1.0
 * @category conversions
 */
export const inside = (body: Body, indent: string): string => {
  const nested = body.filter(([, value]) => value instanceof Blocks)
  const assigned = body.flatMap(([name, value]): ReadonlyArray<Assigned> =>
    value instanceof Blocks ? [] : [[name, expression(value, indent)]]
  )
  let text = aligned(assigned, indent, "\n")
  for (const [name, value] of nested) {
    if (!(value instanceof Blocks)) continue
    for (const body of value.bodies) {
      text += `${text === "" ? "" : "\n"}${indent}${name} {\n${inside(body, `${indent}  `)}${indent}}\n`
    }
  }
  return text
}

type Assigned = readonly [lead: string, value: string]

/**
 * Assignments below each other. Names that stand in quotes are quoted already.
 *
 * @since 0.1.0
 * @category conversions
 */
export const aligned = (assigned: ReadonlyArray<Assigned>, indent: string, end: string): string => {
  let text = ""
  let from = 0
  while (from < assigned.length) {
    let to = from
    let width = 0
    for (; to < assigned.length; to += 1) {
      const [lead, value] = assigned[to] ?? ["", ""]
      if (value.includes("\n")) break
      width = Math.max(width, columns(lead))
    }
    for (const [lead, value] of assigned.slice(from, to)) {
      text += `${indent}${lead}${" ".repeat(width - columns(lead))} = ${value}${end}`
    }
    const [lead, value] = assigned[to] ?? ["", ""]
    if (to < assigned.length) text += `${indent}${lead} = ${value}${end}`
    from = to + 1
  }
  return text
}

// oxlint-disable-next-line no-control-regex
const plain = /^[\0-\x7f]*$/

const segmenter = new Intl.Segmenter("en", { granularity: "grapheme" })

const columns = (text: string): number => plain.test(text) ? text.length : [...segmenter.segment(text)].length

/**
 * The text of a value, with the indentation of the line that it begins on.
 *
 * @since 0.1.0
 * @category conversions
 */
export const expression = (value: Rendered, indent: string): string => {
  if (typeof value === "string") return Escape.quoted(value)
  if (typeof value === "number" || typeof value === "boolean") return String(value)
  if (value instanceof Expression) return value.source
  if (value instanceof Encoded) return `jsonencode(${encoded(value.json, indent)})`
  if (value instanceof Entries) {
    return braced(value.entries.map(([key, each]) => [Escape.quoted(key), expression(each, `${indent}  `)]), indent)
  }
  return isList(value) ? bracketed(value.map((each) => expression(each, `${indent}  `)), indent) : "[]"
}

const encoded = (json: Replaced<Expression>, indent: string): string => {
  if (json === null) return "null"
  if (typeof json === "string") return Escape.quoted(json)
  if (typeof json === "number" || typeof json === "boolean") return String(json)
  if (json instanceof Expression) return json.source
  const deeper = `${indent}  `
  if (isArray(json)) return bracketed(json.map((each) => encoded(each, deeper)), indent)
  return braced(Object.entries(json).map(([key, each]) => [Escape.quoted(key), encoded(each, deeper)]), indent)
}

const isArray = (json: Replaced<Expression>): json is ReadonlyArray<Replaced<Expression>> => Array.isArray(json)

const braced = (entries: ReadonlyArray<Assigned>, indent: string): string =>
  entries.length === 0 ? "{}" : `{\n${aligned(entries, `${indent}  `, "\n")}${indent}}`

const bracketed = (elements: ReadonlyArray<string>, indent: string): string => {
  if (elements.length === 0) return "[]"
  const [only = ""] = elements
  if (elements.length === 1 && !only.includes("\n")) return `[${only}]`
  return `[\n${elements.map((each) => `${indent}  ${each},\n`).join("")}${indent}]`
}
