/**
 * The text of a sites file, YAML or JSON, with the line and column of everything in it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"

/**
 * Both count from 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Position {
  readonly line: number
  readonly column: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Path = ReadonlyArray<string | number>

/**
 * @since 0.1.0
 * @category models
 */
export interface SitesText {
  readonly value: unknown
  /** What is wrong with the text itself. Where there is something, `value` is not to be used. */
  readonly problems: ReadonlyArray<Position & { readonly message: string }>
  /** Where a path is, or the nearest thing above it that is there; its key, if `key`. */
  readonly locate: (path: Path, at: "key" | "value") => Position
}

type Yaml = typeof import("yaml")

/**
 * Reads the text. JSON is read as the YAML it also is. The parser is loaded when this first runs.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Effect.Effect<SitesText> =>
  // Of a CommonJS module a bundle has the default export only.
  Effect.map(Effect.promise(() => import("yaml")), ({ default: yaml }) =>
    // The parser and the conversion throw on what is nested or repeated beyond all bounds.
    Either.getOrElse(Either.try(() => read(yaml, text)), (error): SitesText => {
      const message = error instanceof RangeError || !(error instanceof Error) ? "is nested too deeply" : error.message
      return { value: undefined, problems: [{ ...top, message }], locate: () => top }
    }))

const top: Position = { line: 1, column: 1 }

const remedies: ReadonlyMap<string, string> = new Map([
  ["DUPLICATE_KEY", "the same key is there twice: keep one"],
  ["MULTIPLE_DOCS", "a second document begins here: a file holds one list of sites"],
  ["TAB_AS_INDENT", "a tab indents this line: YAML wants spaces"]
])

const read = (yaml: Yaml, text: string): SitesText => {
  const lines = new yaml.LineCounter()
  const document = yaml.parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true, logLevel: "error" })
  const position = (offset: number): Position => {
    const { col, line } = lines.linePos(offset)
    return { line: Math.max(1, line), column: Math.max(1, col) }
  }
  const found = [...document.errors, ...document.warnings].map((error) => ({
    ...position(error.pos[0]),
    message: remedies.get(error.code) ?? (/call stack/.test(error.message) ? "is nested too deeply" : error.message)
  }))
  // What follows the first mistake of a line is mostly its echo.
  const problems = found.filter(({ line }, index) => found.findIndex((other) => other.line === line) === index)
  return {
    value: problems.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined,
    problems,
    locate: (path, at) => {
      let node: unknown = document.contents
      let offset = startOf(yaml, node) ?? 0
      for (const [index, step] of path.entries()) {
        if (yaml.isAlias(node)) node = node.resolve(document)
        if (yaml.isMap(node)) {
          const pair = node.items.find(({ key }) => yaml.isScalar(key) && String(key.value) === String(step))
          if (pair === undefined) break
          const wantsKey = index === path.length - 1 && at === "key"
          offset = (wantsKey ? undefined : startOf(yaml, pair.value)) ?? startOf(yaml, pair.key) ?? offset
          node = pair.value
        } else if (yaml.isSeq(node)) {
          node = node.items[Number(step)]
          offset = startOf(yaml, node) ?? offset
        } else break
      }
      return position(offset)
    }
  }
}

const startOf = (yaml: Yaml, node: unknown): number | undefined =>
  yaml.isNode(node) && node.range !== null && node.range !== undefined ? node.range[0] : undefined
