/**
 * Live progress: a bar for each item on a terminal, a line for each step elsewhere. On standard error.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Finalizer from "../kernel/Finalizer.ts"
import type { Level } from "../observe/Logging.ts"
import { Progress, type Update } from "../observe/Progress.ts"
import { type Paint, paint } from "./Paint.ts"
import type { Screen } from "./Screen.ts"
import { Session } from "./Session.ts"

/**
 * What is known of one item, with the clock's milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row {
  readonly update: Update
  readonly since: number
  /** When it was done, failed or skipped. */
  readonly until: number | undefined
}

const settled = (update: Update): boolean => update.state !== "waiting" && update.state !== "running"

/**
 * The row after an update.
 *
 * @since 0.1.0
 * @category combinators
 */
export const advance = (row: Row | undefined, update: Update, now: number): Row => {
  const begun = row === undefined || row.update.state === "waiting" ? now : row.since
  return { update, since: begun, until: settled(update) ? row?.until ?? now : undefined }
}

const two = (value: number): string => String(value).padStart(2, "0")

/** `0:07`, `12:34`, `1:02:03`. */
const elapsed = (millis: number): string => {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`
}

const spinners = { unicode: "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", ascii: "|/-\\" }

interface Look {
  readonly columns: number
  readonly rows: number
  readonly unicode: boolean
  readonly colors: Paint
}

/** A piece of a line and its colour, put on after the line was cut to the terminal. */
type Piece = readonly [text: string, color?: (text: string) => string]

const mark = (update: Update, now: number, { colors, unicode }: Look): Piece => {
  const frames = [...(unicode ? spinners.unicode : spinners.ascii)]
  switch (update.state) {
    case "done":
      return [unicode ? "✔" : "+", colors.green]
    case "failed":
      return [unicode ? "✖" : "x", colors.red]
    case "skipped":
      return ["-", colors.dim]
    case "waiting":
      return [unicode ? "·" : ".", colors.dim]
    case "running":
      return [frames[Math.floor(now / 100) % frames.length] ?? "", colors.cyan]
  }
}

const bar = (update: Update, width: number, { colors, unicode }: Look): ReadonlyArray<Piece> => {
  if (update.fraction === undefined || update.state !== "running") return [[" ".repeat(width + 5)]]
  const fraction = Math.min(1, Math.max(0, update.fraction))
  const full = Math.round(fraction * width)
  const [on, off] = unicode ? ["█", "░"] : ["#", "-"]
  const percent = `${Math.floor(fraction * 100)}%`.padStart(5)
  return [[on.repeat(full), colors.cyan], [off.repeat(width - full), colors.dim], [percent]]
}

const cell = (text: string, width: number): string => {
  const line = text.replaceAll(/\s*\n\s*/g, " ")
  return line.length <= width ? line.padEnd(width) : `${line.slice(0, width - 1)}…`
}

const fit = (pieces: ReadonlyArray<Piece>, columns: number): string => {
  let room = columns
  return pieces.map(([text, color]) => {
    const shown = text.length <= room ? text : `${text.slice(0, Math.max(0, room - 1))}${room > 0 ? "…" : ""}`
    room -= shown.length
    return color === undefined ? shown : color(shown)
  }).join("").trimEnd()
}

const rowLine = (row: Row, now: number, nameWidth: number, look: Look): string => {
  const { update } = row
  const time = update.state === "waiting" ? "" : elapsed((row.until ?? now) - row.since)
  const detail = (update.detail ?? "").replaceAll(/\s*\n\s*/g, " ")
  const pieces: ReadonlyArray<Piece> = [
    mark(update, now, look),
    [` ${cell(update.item, nameWidth)}  ${cell(update.phase, 16)} `],
    ...(look.columns < 70 ? [] : bar(update, look.columns < 100 ? 10 : 20, look)),
    [`${time.padStart(8)} `],
    [detail, look.colors.dim]
  ]
  return fit(pieces, look.columns - 1)
}

const order: { readonly [S in Update["state"]]: number } = { failed: 0, running: 1, done: 2, skipped: 3, waiting: 4 }

/**
 * The lines of the live region: every item where they fit, otherwise those that matter most, and a summary.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lines = (rows: ReadonlyArray<Row>, begun: number, now: number, look: Look): ReadonlyArray<string> => {
  if (rows.length === 0) return []
  const room = Math.max(1, look.rows - 2)
  const nameWidth = Math.min(
    32,
    Math.max(8, Math.floor(look.columns / 3)),
    Math.max(...rows.map((row) => row.update.item.length))
  )
  const shown = rows.length <= room
    ? rows
    : rows.toSorted((left, right) => order[left.update.state] - order[right.update.state]).slice(0, room)
  const count = (state: Update["state"]) => rows.filter((row) => row.update.state === state).length
  const failed = count("failed")
  const summary = [
    `${count("done") + count("skipped")} of ${rows.length} done`,
    ...(failed === 0 ? [] : [`${failed} failed`]),
    ...(shown.length === rows.length ? [] : [`${rows.length - shown.length} more not shown`]),
    elapsed(now - begun)
  ].join(", ")
  return [
    ...shown.map((row) => rowLine(row, now, nameWidth, look)),
    fit([[summary, look.colors.dim]], look.columns - 1)
  ]
}

/** Whether an update says more than the last printed one: another step, or another quarter of it. */
const isNews = (last: Update | undefined, update: Update): boolean => {
  if (last === undefined || last.state !== update.state || last.phase !== update.phase) return true
  return (update.fraction ?? 0) - (last.fraction ?? 0) >= 0.25
}

/** An update as a plain line. */
const plainLine = (update: Update): string => {
  const percent = update.fraction === undefined ? "" : ` ${Math.floor(update.fraction * 100)}%`
  const detail = update.detail === undefined ? "" : ` (${update.detail.replaceAll(/\s*\n\s*/g, " ")})`
  const state = update.state === "running" || update.phase === update.state ? "" : `${update.state} `
  return `${update.item}: ${state}${update.phase}${percent}${detail}`
}

const lookOf = (screen: Screen): Look => ({
  ...screen.size(),
  unicode: screen.unicode,
  colors: paint(screen.color.err)
})

const drawing = (screen: Screen) =>
  Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const rows = new Map<string, Row>()
    const redraw = Effect.map(Clock.currentTimeMillis, (now) => {
      screen.draw(lines([...rows.values()], begun, now, lookOf(screen)))
    })
    yield* redraw.pipe(Effect.repeat(Schedule.spaced("100 millis")), Effect.forkScoped)
    // The last picture stays above what is printed next.
    yield* Finalizer.add(() =>
      Effect.map(Clock.currentTimeMillis, (now) => {
        const last = lines([...rows.values()], begun, now, lookOf(screen))
        screen.draw([])
        for (const line of last) screen.err(line)
      })
    )
    return {
      report: (update: Update) =>
        Effect.map(Clock.currentTimeMillis, (now) => {
          rows.set(update.item, advance(rows.get(update.item), update, now))
        })
    }
  })

const printing = (screen: Screen) =>
  Effect.sync(() => {
    const printed = new Map<string, Update>()
    return {
      report: (update: Update) =>
        Effect.sync(() => {
          if (update.state === "waiting" || !isNews(printed.get(update.item), update)) return
          printed.set(update.item, update)
          screen.err(plainLine(update))
        })
    }
  })

const tellsAll = (level: Level): boolean => level === "info" || level === "debug"

/**
 * Shows progress for as long as the layer lives; nothing with `--quiet`. Where no bars can be drawn and the log already
 * tells every step, it stays silent.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never, never, Session> = Layer.unwrapScoped(
  Effect.gen(function*() {
    const { globals, screen, settings } = yield* Session
    if (globals.quiet) return Layer.empty
    if (!screen.live && [settings.level, ...Object.values(settings.systems)].every(tellsAll)) return Layer.empty
    const service = yield* screen.live ? drawing(screen) : printing(screen)
    return Layer.succeed(Progress, service)
  })
)
