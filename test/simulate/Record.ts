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
import type * as Endpoint from "../../src/simulation/Endpoint.ts"

export interface Event {
  /** Milliseconds since the world began. */
  readonly at: number
  readonly text: string
  /** It changes something, or is out of the ordinary. */
  readonly matters: boolean
}

/** How a person tells of calls of one system. */
export interface Language {
  readonly request: (request: Endpoint.Request) => string
  readonly reply: (reply: Endpoint.Reply) => string
  /** Nothing is changed by it, and it went as always. */
  readonly isOrdinary: (request: Endpoint.Request, reply: Endpoint.Reply) => boolean
}

export interface Record {
  /** Empty unless they are recorded. */
  readonly events: ReadonlyArray<Event>
  readonly note: (text: () => string, matters?: boolean) => void
  readonly tell: (text: string) => Effect.Effect<void>
  /** The server, of which every call by somebody is recorded, and taken into the digest. */
  readonly calls: (who: string, server: Endpoint.Endpoint) => Endpoint.Endpoint
  /** Requests so far, of all processes. */
  readonly sent: () => number
  readonly trace: () => string
  /** What processes write to their logs. */
  readonly logging: Layer.Layer<never>
}

/** @param millis Since the world began. */
export const make = (isRecorded: boolean, millis: () => number, language: Language): Record => {
  let sent = 0
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
    calls: (who, server) => (request) =>
      Effect.suspend(() => {
        const number = ++sent
        return Effect.map(server(request), (reply) => {
          const { body, method, url } = request
          const status = reply._tag === "Answer" ? `${reply.status} ${reply.body.length}` : reply._tag
          hash.update(`${number} ${who} ${method} ${url} ${body} ${status} ${millis()}\n`)
          note(
            () => `${who} ${number} ${language.request(request)} -> ${language.reply(reply)}`,
            !language.isOrdinary(request, reply)
          )
          return reply
        })
      }),
    sent: () => sent,
    trace: () => hash.copy().digest("hex").slice(0, 16),
    logging: Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Info))
  }
}
