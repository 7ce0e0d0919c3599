/**
 * The text of a fleet file, YAML or JSON, with the line and column of everything in it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Alias, Document, LineCounter, Pair } from "yaml"
import type { Issue, Path } from "./FleetDecode.ts"

/** Both count from 1. */
interface Position {
  readonly line: number
  readonly column: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** The data. A key with nothing behind it is `undefined`; a `null` is one that is written. */
  readonly value: unknown
  /** What is wrong with the text itself. Where there is something, `value` is not to be used. */
  readonly problems: ReadonlyArray<Position & { readonly message: string }>
  /** Where a path is, or the nearest thing above it that is there. */
  readonly locate: (path: Path, at: Issue["at"]) => Position
}

type Yaml = typeof import("yaml")

const remedies: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "the same key is there twice: keep one"],
  ["MULTIPLE_DOCS", "a second document begins here: a file holds one fleet"],
  ["TAB_AS_INDENT", "a tab indents this line: YAML wants spaces"]
])

/**
 * Reads the text. JSON is read as the YAML it also is. The parser is loaded when this first runs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Effect.Effect<Source> =>
  // Of a CommonJS module a bundle has the default export only.
  Effect.map(Effect.promise(() => import("yaml")), ({ default: yaml }) => read(yaml, text))

/** The parser and the conversion throw on what is nested or repeated beyond all bounds. */
const read = (yaml: Yaml, text: string): Source =>
  Either.getOrElse(Either.try(() => readUnsafe(yaml, text)), (error) => {
    const message = error instanceof RangeError ? tooDeep : reason(error)
    return { value: undefined, problems: [{ line: 1, column: 1, message }], locate: () => ({ line: 1, column: 1 }) }
  })

const tooDeep = "is nested too deeply"

const reason = (error: unknown): string => error instanceof Error ? error.message : String(error)

const readUnsafe = (yaml: Yaml, text: string): Source => {
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    merge: true,
    logLevel: "error"
  })
  const problems = [...document.errors, ...document.warnings].map((error) => ({
    ...position(lines, error.pos[0]),
    message: remedies.get(error.code) ?? (/call stack/.test(error.message) ? tooDeep : error.message)
  }))
  markBlanks(yaml, document)
  return {
    value: problems.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined,
    problems: firstOfEachLine(problems),
    locate: (path, at) => locate(yaml, document, lines, path, at)
  }
}

/** What follows the first mistake of a line is mostly its echo. */
const firstOfEachLine = (problems: Source["problems"]): Source["problems"] =>
  problems.filter(({ line }, index) => problems.findIndex((other) => other.line === line) === index)

/** A key with nothing behind it is `undefined`, so that it differs from a `null` that somebody wrote. */
const markBlanks = (yaml: Yaml, document: Document): void => {
  yaml.visit(document, {
    Pair: (_, pair) => {
      if (pair.value === null) pair.value = new yaml.Scalar(undefined)
      else if (yaml.isScalar(pair.value) && pair.value.value === null && pair.value.source === "") {
        pair.value.value = undefined
      }
    }
  })
}

const position = (lines: LineCounter, offset: number): Position => {
  const { col, line } = lines.linePos(offset)
  return { line: Math.max(1, line), column: Math.max(1, col) }
}

const locate = (yaml: Yaml, document: Document, lines: LineCounter, path: Path, at: Issue["at"]): Position => {
  let node: unknown = document.contents
  let offset = start(yaml, node) ?? 0
  for (const [index, step] of path.entries()) {
    const target = yaml.isAlias(node) ? resolve(node, document) : node
    if (yaml.isMap(target)) {
      const pair = find(yaml, document, target.items, String(step))
      if (pair === undefined) break
      const isLast = index === path.length - 1
      offset = (isLast && at === "key" ? undefined : start(yaml, pair.value)) ?? start(yaml, pair.key) ?? offset
      node = pair.value
    } else if (yaml.isSeq(target)) {
      node = target.items[Number(step)]
      offset = start(yaml, node) ?? offset
    } else break
  }
  return position(lines, offset)
}

const resolve = (alias: Alias, document: Document): unknown => alias.resolve(document)

/** The pair of a key, also when it comes through a merge (`<<`). */
const find = (yaml: Yaml, document: Document, pairs: ReadonlyArray<Pair>, key: string): Pair | undefined => {
  const own = pairs.find((pair) => yaml.isScalar(pair.key) ? String(pair.key.value) === key : pair.key === key)
  if (own !== undefined) return own
  for (const pair of pairs) {
    if (!yaml.isScalar(pair.key) || String(pair.key.value) !== "<<" && typeof pair.key.value !== "symbol") continue
    const merged = yaml.isSeq(pair.value) ? pair.value.items : [pair.value]
    for (const item of merged) {
      const target = yaml.isAlias(item) ? resolve(item, document) : item
      const found = yaml.isMap(target) ? target.items.find((inner) => String(inner.key) === key) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

const start = (yaml: Yaml, node: unknown): number | undefined =>
  yaml.isNode(node) && node.range !== null && node.range !== undefined ? node.range[0] : undefined
