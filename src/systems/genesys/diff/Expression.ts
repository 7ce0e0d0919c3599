/**
 * What `jsonencode(...)` in HCL says, as the text that it has in JSON syntax, so that the two can be compared.
 *
 * @since 0.1.0
 */
import * as Json from "../../../kernel/Json.ts"
import * as Shape from "../output/Shape.ts"
import * as Template from "../validate/Template.ts"

/**
 * The template of a string attribute in one form: `${jsonencode({ "a" = b.c.id })}` becomes `{"a":"${b.c.id}"}`.
 * Templates that are something else, and expressions that are no plain values, stay as they are.
 *
 * @since 0.1.0
 * @category conversions
 */
export const canonical = (template: string): string => {
  const source = /^\$\{\s*jsonencode\(([\s\S]*)\)\s*\}$/.exec(template)?.[1]
  if (source === undefined) return reordered(template)
  const parsed = value({ tokens: tokens(source), at: 0 })
  return parsed === undefined ? template : Json.canonical(parsed)
}

/** JSON in the canonical order of its keys. */
const reordered = (text: string): string => {
  const json = /^[[{]/.test(text) ? Shape.decoded(text) : undefined
  return json === undefined ? text : Json.canonical(json)
}

const token =
  /\s+|#[^\n]*|\/\/[^\n]*|\/\*[\s\S]*?\*\/|(-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)|([\p{ID_Start}_][\p{ID_Continue}.-]*)|([{}[\]=:,])/uy

type Token =
  | { readonly _tag: "number" | "name" | "mark"; readonly text: string }
  | { readonly _tag: "string"; readonly text: string }

/** `undefined` at what is none of these. */
const tokens = (source: string): ReadonlyArray<Token> | undefined => {
  const found: Array<Token> = []
  for (let index = 0; index < source.length;) {
    if (source[index] === "\"") {
      const end = Template.endOfQuoted(source, index)
      found.push({ _tag: "string", text: unescaped(source.slice(index + 1, end - 1)) })
      index = end
      continue
    }
    token.lastIndex = index
    const match = token.exec(source)
    if (match === null) return undefined
    const [all, number, name, mark] = match
    if (number !== undefined) found.push({ _tag: "number", text: number })
    else if (name !== undefined) found.push({ _tag: "name", text: name })
    else if (mark !== undefined) found.push({ _tag: "mark", text: mark })
    index += all.length
  }
  return found
}

const escapes: ReadonlyMap<string, string> = new Map([["n", "\n"], ["r", "\r"], ["t", "\t"]])

/** Escapes of quotation marks, outside of sequences. */
const unescaped = (quoted: string): string =>
  quoted.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (_, short: string | undefined, long: string | undefined, letter: string | undefined) =>
      letter === undefined
        ? String.fromCodePoint(Number.parseInt(short ?? long ?? "fffd", 16))
        : escapes.get(letter) ?? letter
  )

interface Cursor {
  readonly tokens: ReadonlyArray<Token> | undefined
  at: number
}

const literals: ReadonlyMap<string, Json.Json> = new Map<string, Json.Json>([
  ["true", true],
  ["false", false],
  ["null", null]
])

const value = (cursor: Cursor): Json.Json | undefined => {
  const next = cursor.tokens?.[cursor.at]
  cursor.at += 1
  if (next === undefined) return undefined
  if (next._tag === "string") return next.text
  if (next._tag === "number") return Number(next.text)
  if (next._tag === "name") return literals.has(next.text) ? literals.get(next.text) : `\${${next.text}}`
  if (next.text === "[") return list(cursor)
  return next.text === "{" ? object(cursor) : undefined
}

const isMark = ({ at, tokens }: Cursor, text: string): boolean =>
  tokens?.[at]?._tag === "mark" && tokens[at].text === text

const list = (cursor: Cursor): Json.Json | undefined => {
  const elements: Array<Json.Json> = []
  while (!isMark(cursor, "]")) {
    const element = value(cursor)
    if (element === undefined) return undefined
    elements.push(element)
    if (isMark(cursor, ",")) cursor.at += 1
  }
  cursor.at += 1
  return elements
}

const object = (cursor: Cursor): Json.Json | undefined => {
  const entries: Array<readonly [string, Json.Json]> = []
  while (!isMark(cursor, "}")) {
    const key = cursor.tokens?.[cursor.at]
    cursor.at += 1
    if (key === undefined || key._tag === "mark" || !(isMark(cursor, "=") || isMark(cursor, ":"))) return undefined
    cursor.at += 1
    const each = value(cursor)
    if (each === undefined) return undefined
    entries.push([key.text, each])
    if (isMark(cursor, ",")) cursor.at += 1
  }
  cursor.at += 1
  return Object.fromEntries(entries)
}
