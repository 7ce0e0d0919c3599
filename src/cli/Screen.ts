/**
 * Where the command writes. Results go to standard output and everything else to standard error; a live region may
 * stand at the bottom of a terminal, and whatever is printed meanwhile appears above it.
 *
 * Plain functions, because the last words of a dying process and a signal handler must be able to use them.
 *
 * @since 0.1.0
 */
import { writeSync } from "node:fs"

/**
 * One of the two streams of the process, as much of it as is needed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  readonly rows?: number | undefined
  readonly fd?: number | undefined
  readonly write: (text: string, done?: (error?: Error | null) => void) => boolean
  readonly on: (event: "error", listener: (error: NodeJS.ErrnoException) => void) => unknown
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Screen {
  /** Whether standard output, and standard error, may carry colours. */
  readonly color: { readonly out: boolean; readonly err: boolean }
  /** Whether bars can be drawn: standard error is a terminal that understands it. */
  readonly live: boolean
  /** Whether the terminal draws more than ASCII. */
  readonly unicode: boolean
  readonly size: () => { readonly columns: number; readonly rows: number }
  /** A result. */
  readonly out: (text: string) => void
  /** A line for the person watching. Stands above the live region. */
  readonly err: (line: string) => void
  /** Replaces the live region; no lines remove it. */
  readonly draw: (lines: ReadonlyArray<string>) => void
  /** Text that must never appear: every later occurrence is printed as `<redacted>`. */
  readonly conceal: (secret: string) => void
  /** Nobody reads standard output any more. */
  readonly closed: () => boolean
  /** Waits until what was written has left the process. */
  readonly flush: () => Promise<void>
  /** Removes the live region and shows the cursor, at once and whatever else happens. */
  readonly restore: () => void
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly out: Stream
  readonly err: Stream
  readonly environment: Readonly<Record<string, string | undefined>>
  /** `--no-color` was given. Defaults to `false`. */
  readonly noColor?: boolean | undefined
}

// oxlint-disable-next-line no-control-regex
const ansi = /\u001b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g

/**
 * The text without colours and cursor movements.
 *
 * @since 0.1.0
 * @category combinators
 */
export const stripAnsi = (text: string): string => text.replaceAll(ansi, "")

/** Everything that is not text, a line break, a tab or a colour: a server's text must not drive the terminal. */
// oxlint-disable-next-line no-control-regex
const controls = /\u001b(?!\[[0-9;]*m)|[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]/g

const isColor = (sequence: string): boolean => sequence.startsWith("\u001b[") && sequence.endsWith("m")

const harmless = (text: string, colored: boolean): string =>
  text.replaceAll(ansi, (sequence) => (colored && isColor(sequence) ? sequence : "")).replaceAll(controls, "")

const drain = (stream: Stream): Promise<void> => new Promise((resolve) => stream.write("", () => resolve()))

const hide = "\u001b[?25l"
const show = "\u001b[?25h"
const eraseBelow = "\u001b[0J"

const wantsColor = (stream: Stream, { environment, noColor }: Options): boolean =>
  noColor !== true && (environment["NO_COLOR"] ?? "") === "" && stream.isTTY === true && environment["TERM"] !== "dumb"

const isUnicode = (environment: Options["environment"]): boolean =>
  /utf-?8/i.test(environment["LC_ALL"] || environment["LC_CTYPE"] || environment["LANG"] || "")

/** Characters a line takes on the terminal, and so how many rows it fills once wrapped. */
const rowsOf = (line: string, columns: number): number =>
  Math.max(1, Math.ceil(stripAnsi(line).length / Math.max(1, columns)))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Screen => {
  const { environment, err, out } = options
  const color = { out: wantsColor(out, options), err: wantsColor(err, options) }
  const live = err.isTTY === true && environment["TERM"] !== "dumb" && options.noColor !== true &&
    (environment["NO_COLOR"] ?? "") === ""
  const secrets: Array<string> = []
  let closed = false
  let drawn: ReadonlyArray<string> = []
  let hidden = false

  // A reader that has gone away (`| head`) is the end of our audience, not a failure.
  out.on("error", () => {
    closed = true
  })
  err.on("error", () => {})

  const size = () => ({ columns: err.columns || 80, rows: err.rows || 24 })
  const concealed = (text: string) => secrets.reduce((shown, secret) => shown.replaceAll(secret, "<redacted>"), text)
  const clean = (text: string, colored: boolean) => harmless(concealed(text), colored)

  const erase = (): string => {
    if (drawn.length === 0) return ""
    const { columns } = size()
    const rows = drawn.reduce((sum, line) => sum + rowsOf(line, columns), 0)
    return `\r\u001b[${rows}A${eraseBelow}`
  }

  const region = (): string => drawn.map((line) => `${line}\n`).join("")

  const draw = (lines: ReadonlyArray<string>) => {
    if (!live || (lines.length === 0 && drawn.length === 0)) return
    const before = erase() + (hidden ? "" : hide)
    drawn = lines.map((line) => clean(line, color.err))
    hidden = lines.length > 0
    err.write(before + region() + (hidden ? "" : show))
  }

  return {
    color,
    live,
    unicode: isUnicode(environment),
    size,
    out: (text) => {
      if (closed) return
      const below = erase()
      if (below !== "") err.write(below)
      out.write(clean(text, color.out))
      if (below !== "") err.write(region())
    },
    err: (line) => void err.write(`${erase()}${clean(line, color.err)}\n${region()}`),
    draw,
    conceal: (secret) => {
      if (secret.length >= 6 && !secrets.includes(secret)) secrets.push(secret)
    },
    closed: () => closed,
    flush: async () => {
      await Promise.all([closed ? undefined : drain(out), drain(err)])
    },
    restore: () => {
      const last = erase() + (hidden ? show : "")
      drawn = []
      hidden = false
      if (last === "") return
      // Not through the stream: this may be the last thing the process does.
      try {
        writeSync(err.fd ?? 2, last)
      } catch {
        // The terminal is gone, and with it what was to be restored.
      }
    }
  }
}
