/**
 * Log records as single lines of `time level message key=value`, with a level for everything and one for each system
 * that wants its own.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import * as HashMap from "effect/HashMap"
import * as Inspectable from "effect/Inspectable"
import * as Layer from "effect/Layer"
import * as List from "effect/List"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category models
 */
export type Level = "error" | "warn" | "info" | "debug"

/**
 * @since 0.1.0
 * @category constants
 */
export const levels: ReadonlyArray<Level> = ["error", "warn", "info", "debug"]

/**
 * @since 0.1.0
 * @category guards
 */
export const isLevel = (text: string): text is Level => levels.some((level) => level === text)

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How much to log. */
  readonly level: Level
  /** Other levels for the records of one system: `{ proxmox: "debug" }`. Defaults to none. */
  readonly systems?: Readonly<Record<string, Level>> | undefined
  /** Receives each line, without its line break. */
  readonly write: (line: string) => void
  /** Paints a line by its level. Defaults to no colour. */
  readonly paint?: ((line: string, level: Level) => string) | undefined
  /** Also say where it happened: causes with their stacks, and the fiber. Defaults to `false`. */
  readonly verbose?: boolean | undefined
}

const effectLevels: { readonly [L in Level]: LogLevel.LogLevel } = {
  error: LogLevel.Error,
  warn: LogLevel.Warning,
  info: LogLevel.Info,
  debug: LogLevel.Debug
}

const levelOf = (level: LogLevel.LogLevel): Level => {
  if (LogLevel.greaterThanEqual(level, LogLevel.Error)) return "error"
  if (LogLevel.greaterThanEqual(level, LogLevel.Warning)) return "warn"
  return LogLevel.greaterThanEqual(level, LogLevel.Info) ? "info" : "debug"
}

/** The annotation that names the system a record belongs to. */
const systemKey = "system"

/**
 * Marks the records of an effect as those of a system, so that its own level decides about them.
 *
 * @since 0.1.0
 * @category combinators
 */
export const forSystem = (system: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.annotateLogs(effect, systemKey, system)

const oneLine = (text: string): string => text.trim().replaceAll(/\s*\n\s*/g, " ")

const plain = (value: unknown): string => {
  if (typeof value === "string") return oneLine(value)
  if (value instanceof Error) return oneLine(value.message === "" ? value.name : value.message)
  return oneLine(Inspectable.toStringUnknown(value, 0))
}

const bare = /^[^\s"=]+$/

const pair = (key: string, value: string): string => `${key}=${bare.test(value) ? value : JSON.stringify(value)}`

const levelNames: { readonly [L in Level]: string } = { error: "error", warn: "warn ", info: "info ", debug: "debug" }

const line = (record: Logger.Logger.Options<unknown>, verbose: boolean): string => {
  const parts = Array.isArray(record.message) ? record.message : [record.message]
  const words = [record.date.toISOString(), levelNames[levelOf(record.logLevel)], parts.map(plain).join(" ")]
  HashMap.forEach(record.annotations, (value, key) => {
    words.push(pair(key, plain(value)))
  })
  List.forEach(record.spans, (span) => {
    words.push(pair(span.label, `${Math.round(record.date.getTime() - span.startTime)}ms`))
  })
  if (!Cause.isEmpty(record.cause)) {
    const cause = verbose ? Cause.pretty(record.cause, { renderErrorCause: true }) : plain(Cause.squash(record.cause))
    words.push(pair("cause", oneLine(cause)))
  }
  if (verbose) words.push(pair("fiber", FiberId.threadName(record.fiberId)))
  return words.join(" ")
}

/**
 * The logger alone. It also holds back what its levels do not want.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Logger.Logger<unknown, void> => {
  const { level: general, paint = (text: string) => text, systems = {}, verbose = false, write } = options
  return Logger.make((record) => {
    const system = Option.getOrUndefined(HashMap.get(record.annotations, systemKey))
    const wanted = typeof system === "string" ? systems[system] ?? general : general
    if (LogLevel.greaterThanEqual(record.logLevel, effectLevels[wanted])) {
      write(paint(line(record, verbose), levelOf(record.logLevel)))
    }
  })
}

/**
 * Logs by {@link make} in place of the default logger, and lets through what any of the levels wants.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: Options): Layer.Layer<never> => {
  const wanted = [options.level, ...Object.values(options.systems ?? {})].map((level) => effectLevels[level])
  const lowest = wanted.reduce((low, level) => (LogLevel.lessThan(level, low) ? level : low))
  return Layer.merge(Logger.replace(Logger.defaultLogger, make(options)), Logger.minimumLogLevel(lowest))
}
