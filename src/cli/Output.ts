/**
 * Results on standard output: plain text for people, JSON for programs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { type Paint, paint } from "./Paint.ts"
import { stripAnsi } from "./Screen.ts"
import { Session } from "./Session.ts"

/**
 * A result in both its forms. Only the wanted one is made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Result {
  readonly json: () => unknown
  /** Lines. */
  readonly text: (paint: Paint) => ReadonlyArray<string>
}

/**
 * Prints a result: with `--json` its one document, otherwise its lines.
 *
 * @since 0.1.0
 * @category combinators
 */
export const print = (result: Result): Effect.Effect<void, never, Session> =>
  Effect.map(Session, ({ globals, screen }) => {
    const text = globals.json
      ? JSON.stringify(result.json(), undefined, 2)
      : result.text(paint(screen.color.out)).join("\n")
    if (text !== "") screen.out(`${text}\n`)
  })

/**
 * Prints records as they come: with `--json` one document a line. Ends quietly when nobody reads any more.
 *
 * @since 0.1.0
 * @category combinators
 */
export const stream = <A, E, R>(
  records: Stream.Stream<A, E, R>,
  text: (record: A, paint: Paint) => string
): Effect.Effect<void, E, R | Session> =>
  Effect.flatMap(Session, ({ globals, screen }) =>
    records.pipe(
      Stream.takeWhile(() => !screen.closed()),
      Stream.runForEach((record) =>
        Effect.sync(() =>
          screen.out(`${globals.json ? JSON.stringify(record) : text(record, paint(screen.color.out))}\n`)
        )
      )
    ))

/**
 * `1 file`, `2 files`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const count = (amount: number, singular: string): string => `${amount} ${singular}${amount === 1 ? "" : "s"}`

/**
 * One word of a line for a shell, whatever is in it.
 *
 * @since 0.1.0
 * @category conversions
 */
export const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`

/**
 * A line for the person watching, on standard error; nothing with `--quiet`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const say = (line: string): Effect.Effect<void, never, Session> =>
  Effect.map(Session, ({ globals, screen }) => {
    if (!globals.quiet) screen.err(line)
  })

/**
 * Columns as wide as their widest cell.
 *
 * @since 0.1.0
 * @category combinators
 */
export const table = (
  rows: ReadonlyArray<ReadonlyArray<string>>,
  heading?: ReadonlyArray<string> | undefined
): ReadonlyArray<string> => {
  const all = heading === undefined ? rows : [heading, ...rows]
  const widths: Array<number> = []
  for (const row of all) {
    row.forEach((cell, column) => {
      widths[column] = Math.max(widths[column] ?? 0, stripAnsi(cell).length)
    })
  }
  return all.map((row) =>
    row.map((cell, column) => cell + " ".repeat((widths[column] ?? 0) - stripAnsi(cell).length)).join("  ").trimEnd()
  )
}
