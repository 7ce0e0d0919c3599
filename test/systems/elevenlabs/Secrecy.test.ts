import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Tracer from "effect/Tracer"
import * as Util from "node:util"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"
import * as Api from "./Api.ts"

const show = (value: unknown): string => Util.inspect(value, { depth: 12, showHidden: true, maxStringLength: null })

/** Everything that a tracer is told. */
const listening = (told: Array<string>): Tracer.Tracer =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      told.push(name)
      return {
        _tag: "Span",
        spanId: String(told.length),
        traceId: "1",
        sampled: true,
        name,
        parent,
        context,
        links,
        kind,
        attributes,
        status: { _tag: "Started", startTime },
        addLinks: () => {},
        attribute: (key, value) => {
          told.push(show([key, value]))
        },
        event: (event, _, attributes) => {
          told.push(show([event, attributes]))
        },
        end: (_, exit) => {
          // What a call that went well gave is the caller's, and no exporter has it.
          if (Exit.isFailure(exit)) told.push(show(exit))
        }
      }
    },
    context: (f) => f()
  })

/** A server that repeats all it was sent, in all the ways a failure may look. */
const echoes = (request: Endpoint.Request): ReadonlyArray<Endpoint.Reply> => {
  const echo = `${JSON.stringify(request.headers)} ${Api.key} ${encodeURIComponent(Api.key)}`
  const failure = (status: number, detail: unknown) => Api.json({ detail }, { status, headers: { "x-echo": echo } })
  return [
    failure(400, { code: "invalid_parameters", message: echo, param: echo }),
    failure(401, { status: "invalid_api_key", message: echo }),
    failure(422, [{ loc: ["body", echo], msg: echo, type: "x" }]),
    failure(404, echo),
    failure(500, echo),
    Endpoint.answer({ status: 502, body: `<html><title>${echo}` }),
    Endpoint.answer({ body: `<title>${echo}` }),
    Endpoint.answer({ body: `{"x": ${JSON.stringify(echo)}` }),
    Api.json({ id: [echo], name: echo, agent_id: { echo } }),
    Endpoint.reset
  ]
}

const call = (client: Client.Service, number: number): Effect.Effect<unknown, unknown> => {
  switch (number % 4) {
    case 0:
      return client.createFile({ name: "n", filename: "f", mediaType: "text/plain", content: new Uint8Array(9) })
    case 1:
      return client.agent("a1")
    case 2:
      return client.source("d1")
    default:
      return client.delete("d1")
  }
}

describe("Secrecy", () => {
  it.scopedLive("the key is in no fault, span or log, whatever the other side repeats", () =>
    Effect.gen(function*() {
      let number = 0
      const { calls, endpoint } = Api.scripted((request) => {
        const all = echoes(request)
        return all[number % all.length] ?? Endpoint.reset
      })
      const { url } = yield* Serve.serve(endpoint)
      const told: Array<string> = []
      const logger = Logger.make((entry) => {
        told.push(show(entry.message), show(entry.annotations))
      })
      const talk = Effect.gen(function*() {
        const context = yield* Layer.build(Client.layer({ ...Api.options, origin: url }))
        const client = yield* Effect.provide(Client.Client, context)
        for (number = 0; number < 40; number++) {
          const outcome = yield* Effect.either(call(client, number))
          if (Either.isLeft(outcome)) {
            told.push(show(outcome.left), String(outcome.left))
            yield* Effect.logDebug("failed", outcome.left)
          }
        }
      })
      yield* talk.pipe(
        Effect.withTracer(listening(told)),
        Effect.provide(Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.All)))
      )
      const text = told.join("\n")
      assert.include(text, "ElevenLabs.createFile")
      assert.isTrue(calls.length >= 40 && calls.every(({ headers }) => headers["xi-api-key"] === Api.key))
      for (const secret of [Api.key, encodeURIComponent(Api.key)]) assert.notInclude(text, secret)
      assert.include(text, "<redacted>")
    }))
})
