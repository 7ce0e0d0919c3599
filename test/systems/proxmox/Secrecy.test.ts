import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Inspectable from "effect/Inspectable"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Util from "node:util"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Tls from "../../../src/transport/Tls.ts"
import * as Tracing from "../../transport/Tracing.ts"

const secrets = {
  token: "1a2b3c4d-0000-4000-8000-aabbccddeeff",
  password: "c0rrect h0rse/battery",
  otp: "987654",
  ticket: "PVE:root@pam:65432101::sIgnature/of+the==ticket",
  csrf: "65432101:cSrfSignature"
}
/** A secret, the better part of one, and the ways to write it. */
const forms = Object.values(secrets).flatMap((secret) => [
  secret,
  ...(secret.length > 12 ? [secret.slice(0, 12), secret.slice(-12)] : []),
  encodeURIComponent(secret),
  new URLSearchParams({ x: secret }).toString().slice(2),
  Buffer.from(secret).toString("base64")
])

const assertClean = (what: string, text: string) => {
  for (const form of forms) assert.isFalse(text.includes(form), `${what} shows ${form}: ${text.slice(0, 2000)}`)
}

/** Everything a span is given, and everything that is logged. */
const watch = () => {
  const seen: Array<string> = []
  const show = (value: unknown) => {
    seen.push(Inspectable.toStringUnknown(value), Util.inspect(value, { depth: 12, showHidden: false }))
  }
  const tracer = Tracing.tracer({
    span: (name) => {
      seen.push(`span ${name}`)
    },
    attribute: (key, value) => {
      seen.push(`${key}=${String(value)}`)
    },
    event: (name, attributes) => show([name, attributes]),
    end: (exit) => {
      if (Exit.isFailure(exit)) {
        seen.push(Cause.pretty(exit.cause, { renderErrorCause: true }))
        for (const error of Cause.prettyErrors(exit.cause)) show(error)
      }
    }
  })
  const logger = Logger.make(({ annotations, cause, message }) => {
    show(message)
    show(HashMap.toEntries(annotations))
    seen.push(Cause.pretty(cause, { renderErrorCause: true }))
    show(cause)
  })
  return { seen, tracer, logger }
}

const echoed = (request: Endpoint.Request): string =>
  `${request.headers["authorization"] ?? ""} ${decodeURIComponent(request.headers["cookie"] ?? "")} ${
    JSON.stringify(request.headers)
  } ${decodeURIComponent(request.body.replaceAll("+", " "))}`

/** What a server, or a proxy before it, might say with what it was sent in its mouth. */
const echoes = (request: Endpoint.Request): ReadonlyArray<Endpoint.Reply> => {
  const sent = echoed(request)
  return [
    Endpoint.answer({
      status: 500,
      statusText: "died",
      body: JSON.stringify({ data: null, message: `bad request: ${sent}` })
    }),
    Endpoint.answer({ status: 500, statusText: `die ${sent.replace(/\s+/g, " ")}`, body: "{\"data\":null}" }),
    Endpoint.answer({
      status: 400,
      statusText: "Parameter verification failed.",
      body: JSON.stringify({ data: null, errors: { password: sent }, message: "Parameter verification failed." })
    }),
    Endpoint.answer({ status: 403, statusText: `Permission check failed (${sent})` }),
    Endpoint.answer({ status: 200, body: `<html><title>${sent.slice(0, 190)}</title>` }),
    Endpoint.answer({ status: 200, body: JSON.stringify({ data: { odd: sent } }) }),
    Endpoint.answer({ status: 200, body: `{"data": "${sent.replaceAll("\"", "")}` }),
    Endpoint.answer({ status: 401, statusText: `no such user ${sent}` }),
    Endpoint.answer({ status: 596, statusText: sent }),
    Endpoint.reset,
    Endpoint.refused
  ]
}
const kinds = 11

const answering = (reply: (request: Endpoint.Request) => Endpoint.Reply | undefined, login?: Endpoint.Reply) =>
  Endpoint.toHttpClient((request) =>
    Effect.sync(() => (login !== undefined && isLogin(request) ? login : reply(request)) ?? Endpoint.reset)
  )

const isLogin = (request: Endpoint.Request): boolean => request.url.endsWith("/access/ticket")

const ticket = Endpoint.answer({
  body: JSON.stringify({ data: { ticket: secrets.ticket, CSRFPreventionToken: secrets.csrf, username: "root@pam" } })
})

const ways: ReadonlyArray<readonly [string, Partial<Client.Options>]> = [
  ["token", { token: Redacted.make(`root@pam!test=${secrets.token}`) }],
  ["password", {
    username: "root@pam",
    password: Redacted.make(secrets.password),
    otp: Redacted.make(secrets.otp)
  }]
]

const exercise = (client: Client.Service) => {
  const calls: ReadonlyArray<Effect.Effect<unknown, Fault.Fault>> = [
    client.version,
    client.clone({ node: "pve1", vmid: 9000, newid: 401 }),
    client.config({ node: "pve1", vmid: 401 })
  ]
  return Effect.forEach(calls, (call) =>
    call.pipe(
      Effect.tapErrorCause((cause) => Effect.logError("failed", cause)),
      Effect.tapError((fault) => Effect.logDebug(fault)),
      Effect.withSpan("operation"),
      Effect.exit
    ))
}

const encodeFault = Schema.encodeSync(Fault.Fault)

const check = (
  endpoint: string,
  more: Partial<Client.Options>,
  http: (client: Client.Options) => Effect.Effect<Client.Service, Fault.Fault>
) =>
  Effect.gen(function*() {
    const { logger, seen, tracer } = watch()
    const client = yield* http({ endpoint, ...more })
    const exits = yield* exercise(client).pipe(
      Effect.withTracer(tracer),
      Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
      Logger.withMinimumLogLevel(LogLevel.All)
    )
    let failures = 0
    for (const exit of exits) {
      if (Exit.isSuccess(exit)) continue
      failures++
      for (const error of Cause.failures(exit.cause)) {
        seen.push(
          error.message,
          String(error),
          JSON.stringify(error),
          JSON.stringify(encodeFault(error)),
          error.stack ?? ""
        )
        seen.push(Util.inspect(error, { depth: 12 }))
      }
    }
    assert.isAbove(seen.length, 3)
    assertClean("the output", seen.join("\n"))
    return failures
  })

describe("no secret leaves", () => {
  for (const [way, more] of ways) {
    for (let kind = 0; kind < kinds; kind++) {
      it.effect(`with a ${way}, when the server answers calls in way ${kind}`, () =>
        Effect.gen(function*() {
          const http = answering((request) => echoes(request)[kind], ticket)
          const failures = yield* check("https://pve1:8006", more, (options) =>
            Effect.provideService(Client.make(options), HttpClient.HttpClient, http))
          assert.isAbove(failures, 1)
        }))
    }
  }

  for (let kind = 0; kind < kinds; kind++) {
    it.effect(`when the server answers the login in way ${kind}`, () =>
      Effect.gen(function*() {
        const http = answering((request) => echoes(request)[kind])
        const failures = yield* check("https://pve1:8006", ways[1]?.[1] ?? {}, (options) =>
          Effect.provideService(Client.make(options), HttpClient.HttpClient, http))
        assert.strictEqual(failures, 3)
      }))
  }

  it.effect("not even a part of one, wherever a long text is cut", () =>
    Effect.gen(function*() {
      for (const [, more] of ways) {
        for (let length = 880; length < 1010; length += 11) {
          const http = answering((request) =>
            Endpoint.answer({
              status: 500,
              body: JSON.stringify({ message: `${"x".repeat(length)}${echoed(request)}` })
            }), ticket)
          const page = answering((request) =>
            Endpoint.answer({
              body: `<title>${"x".repeat(length - 850)}${echoed(request).slice(0, 400 - length / 4)}</title>`
            }), ticket)
          for (const one of [http, page]) {
            yield* check("https://pve1:8006", more, (options) =>
              Effect.provideService(Client.make(options), HttpClient.HttpClient, one))
          }
        }
      }
    }))

  it.scopedLive("over real sockets that break", () =>
    Effect.gen(function*() {
      for (const [, more] of ways) {
        for (const kind of [0, 6, 9]) {
          const { url } = yield* Serve.serve((request) =>
            Effect.sync(() => isLogin(request) ? ticket : echoes(request)[kind] ?? Endpoint.reset)
          )
          const transport = yield* Tls.make({})
          const failures = yield* check(url, more, (options) =>
            Effect.provide(Client.Client, Client.layerWithoutTransport(options)).pipe(
              Effect.provideService(HttpClient.HttpClient, transport)
            ))
          assert.strictEqual(failures, 3)
        }
      }
    }))
})
