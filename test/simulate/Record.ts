/**
 * What happens in the simulation of a seed: for people, line by line, where that is asked for; and in any case a digest
 * of every call, which is the same in two runs of one seed.
 */
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import { createHash } from "node:crypto"

export interface Event {
  /** Milliseconds since the world began. */
  readonly at: number
  readonly text: string
  /** It changes something, or is out of the ordinary. */
  readonly matters: boolean
}

export interface Record {
  /** Empty unless they are recorded. */
  readonly events: ReadonlyArray<Event>
  readonly note: (text: () => string, matters?: boolean) => void
  readonly tell: (text: string) => Effect.Effect<void>
  /** Takes a call into the digest. */
  readonly call: (text: string) => void
  readonly trace: () => string
  /** What processes write to their logs. */
  readonly logging: Layer.Layer<never>
}

/** @param millis Since the world began. */
export const make = (isRecorded: boolean, millis: () => number): Record => {
  const events: Array<Event> = []
  const hash = createHash("sha1")
  const note = (text: () => string, matters = true): void => {
    if (isRecorded) events.push({ at: millis(), text: text(), matters })
  }
  // Also where nobody listens: a fiber yields after so many steps, and it must be the same ones.
  const logger = Logger.make(({ annotations, logLevel, message }) => {
    note(() => {
      const machine = Option.getOrUndefined(HashMap.get(annotations, "machine"))
      const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
      return `  ${machine === undefined ? "" : `${String(machine)}: `}${text}`
    }, LogLevel.greaterThanEqual(logLevel, LogLevel.Info))
  })
  return {
    events,
    note,
    tell: (text) => Effect.sync(() => note(() => text)),
    call: (text) => void hash.update(`${text} ${millis()}\n`),
    trace: () => hash.copy().digest("hex").slice(0, 16),
    logging: Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Info))
  }
}
