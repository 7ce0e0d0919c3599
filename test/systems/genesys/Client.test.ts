import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as TestClock from "effect/TestClock"
import * as Tracer from "effect/Tracer"
import * as Util from "node:util"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Client from "../../../src/systems/genesys/Client.ts"
import * as Api from "./Api.ts"

const ask = { path: "/api/v2/routing/queues/{id}", at: { id: "8c7f" }, subject: "queue \"Sales\"" }

const build = (options: Client.Options) => Effect.map(Layer.build(Client.layer(options)), Context.get(Client.Client))

/** A client over real connections of its own, both ways: over the agent and over a general client. */
const served = (script: Api.Script) =>
  Effect.gen(function*() {
    const { calls, endpoint } = Api.scripted(script)
    const { url } = yield* Serve.serve(endpoint)
    const made = { origin: url, clients: Api.options.clients }
    return { calls, url, clients: [yield* build(made), yield* build({ ...made, transformClient: (http) => http })] }
  })

/** An answer that breaks off in its body. */
const cut = (options: { readonly status?: number; readonly body: string }): Endpoint.Reply => {
  const { body, status } = options
  return { _tag: "Answer", status: status ?? 200, statusText: "", headers: {}, body, truncateAt: 3 }
}

/** Keeps the spans, and shows all that they are told. */
const recording = (spans: Array<Tracer.Span>, show: (value: unknown) => void): Tracer.Tracer =>
  Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      let status: Tracer.SpanStatus = { _tag: "Started", startTime }
      show(name)
      const span: Tracer.Span = {
        _tag: "Span",
        spanId: String(spans.length),
        traceId: "1",
        sampled: true,
        name,
        parent,
        context,
        links,
        kind,
        attributes,
        get status() {
          return status
        },
        addLinks: () => {},
        attribute: (key, value) => {
          attributes.set(key, value)
          show([key, value])
        },
        event: (event, _, attributes) => show([event, attributes]),
        end: (endTime, exit) => {
          status = { _tag: "Ended", startTime, endTime, exit }
          show(exit)
        }
      }
      spans.push(span)
      return span
    },
    context: (f) => f()
  })

const echo = (seen: Api.Seen) => `${JSON.stringify(seen.headers)} ${Api.secret} ${encodeURIComponent(Api.secret)}`

const replies = (seen: Api.Seen): ReadonlyArray<Endpoint.Reply> => [
  Api.json({ message: echo(seen), code: "x" }, { status: 400 }),
  Api.json({ message: echo(seen) }, { status: 401 }),
  Api.json({ error: "invalid_client", description: echo(seen) }, { status: 401 }),
  Api.json({ error: "odd", message: echo(seen) }, { status: 500 }),
  Endpoint.answer({ body: `{"x": "${echo(seen)}` }),
  Endpoint.answer({ body: `<title>${echo(seen)}` }),
  Endpoint.reset
]

describe("Client", () => {
  it.scoped("fills and escapes; a value that would make another path never leaves the process", () =>
    Effect.gen(function*() {
      const { calls, service } = yield* Api.client({ api: () => Api.json({ ok: 1 }) })
      yield* service.json({
        path: "/a/{b.c}/d",
        at: { "b.c": "x/../y?z#ü" },
        query: { q: "a&b=c d", none: undefined, yes: true, n: 1 }
      })
      const [call] = calls
      assert.strictEqual(call?.path, "/a/x%2F..%2Fy%3Fz%23%C3%BC/d")
      assert.strictEqual(call?.query, "q=a%26b%3Dc%20d&yes=true&n=1")
      for (const value of ["", ".", "..", undefined]) {
        const fault = yield* Effect.flip(
          service.json({ path: "/a/{id}", at: value === undefined ? {} : { id: value } })
        )
        assert.deepStrictEqual([fault.kind, fault.sent], ["invalid", "no"])
      }
      assert.strictEqual(calls.length, 1)
    }))

  it.scopedLive("over sockets: JSON, text, POST, no trace header, and what breaks is a fault", () =>
    Effect.gen(function*() {
      const { calls, clients } = yield* served({
        api: ({ path }) => {
          switch (path) {
            case "/reset":
              return Endpoint.reset
            case "/cut":
              return cut({ body: "{\"id\":\"12345\"}" })
            case "/half":
              return Endpoint.answer({ body: "{\"id\":" })
            case "/page":
              return Endpoint.answer({ body: "<html><title>Sign in</title>" })
            case "/none":
              return Endpoint.answer({ status: 204 })
            case "/gone":
              return cut({ status: 404, body: "{\"code\":\"not.found\",\"contextId\":\"c\"}" })
            default:
              return Api.json({ name: "grün" })
          }
        }
      })
      for (const client of clients) {
        assert.deepStrictEqual(yield* client.json(ask), { name: "grün" })
        assert.strictEqual(yield* client.text(ask), "{\"name\":\"grün\"}")
        assert.deepStrictEqual(yield* client.json({ method: "POST", path: "/p", body: { a: "ü" } }), { name: "grün" })
        assert.deepStrictEqual([calls.at(-1)?.body, calls.at(-1)?.headers["content-type"]], [
          "{\"a\":\"ü\"}",
          "application/json"
        ])
        assert.isUndefined(calls.at(-1)?.headers["traceparent"])
        assert.isNull(yield* client.json({ path: "/none" }))
        const codes: Array<readonly [Fault.Kind, string | undefined]> = []
        for (const path of ["/reset", "/cut", "/half", "/page", "/gone"]) {
          const fault = yield* Effect.flip(client.json({ path }))
          codes.push([fault.kind, fault.code])
        }
        assert.deepStrictEqual(codes, [
          ["transient", "connection-lost"],
          ["transient", "truncated"],
          ["transient", "truncated"],
          ["transient", "not-json"],
          ["not-found", "not-found"]
        ])
      }
    }))

  it.scopedLive("a download follows to another host without the token, and tells nobody the signed address", () =>
    Effect.gen(function*() {
      const elsewhere = Api.scripted({
        api: ({ path }) => Endpoint.answer(path === "/f" ? { body: "bytes" } : { status: 403 })
      })
      const other = yield* Serve.serve(elsewhere.endpoint)
      const { calls, clients } = yield* served({
        api: ({ path }) =>
          path.startsWith("/to/")
            ? Endpoint.answer({ status: 303, headers: { location: `${other.url}/${path.slice(4)}?Signature=abc` } })
            : path === "/loop"
            ? Endpoint.answer({ status: 307, headers: { location: "/loop" } })
            : Endpoint.answer({ body: "own" })
      })
      for (const client of clients) {
        const text = (link: string) => Effect.map(client.download(link), (bytes) => new TextDecoder().decode(bytes))
        assert.strictEqual(yield* text("/to/f"), "bytes")
        assert.isTrue((calls.at(-1)?.headers["authorization"] ?? "").startsWith("Bearer "))
        assert.isUndefined(elsewhere.calls.at(-1)?.headers["authorization"])
        assert.strictEqual(yield* text(`${client.origin}/own`), "own")
        const refused = yield* Effect.flip(text("/to/g"))
        assert.strictEqual(refused.kind, "denied")
        assert.notInclude(Util.inspect(refused, { depth: 9 }), "Signature")
        assert.strictEqual((yield* Effect.flip(text("/loop"))).code, "too-many-redirects")
        assert.strictEqual((yield* Effect.flip(text("http://example.com/x"))).code, "insecure-link")
      }
    }))

  it.scoped("a request has a span only where it failed or was slow, with the times it had", () =>
    Effect.gen(function*() {
      const spans: Array<Tracer.Span> = []
      const tracer = recording(spans, () => {})
      const { service } = yield* Api.client({
        api: ({ path }) =>
          path === "/slow" ? Effect.as(Effect.sleep("6 seconds"), Api.json({})) : path === "/bad"
            ? Endpoint.answer({ status: 500 })
            : Api.json({})
      })
      yield* service.json({ path: "/quick" })
      const fiber = yield* Effect.all([
        service.json({ path: "/quick" }),
        Effect.exit(service.json({ path: "/bad" })),
        service.json({ path: "/slow" })
      ]).pipe(Effect.withTracer(tracer), Effect.fork)
      yield* TestClock.adjust("6 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(spans.map(({ attributes, name }) => [name, attributes.get("url.template")]), [
        ["Genesys.request", "/bad"],
        ["Genesys.request", "/slow"]
      ])
      const slow = spans[1]?.status
      assert.strictEqual(slow?._tag === "Ended" ? slow.endTime - slow.startTime : 0n, 6_000_000_000n)
    }))

  it.scoped("secret and token are in no fault, log or span, whatever the other side repeats", () =>
    Effect.gen(function*() {
      const shown: Array<string> = []
      const show = (value: unknown) => shown.push(Util.inspect(value, { depth: 12 }))
      const tracer = recording([], show)
      const logger = Logger.make(({ cause, message }) => show([message, cause, Cause.pretty(cause)]))
      const bearer = "tOken.text+of/the=API"
      const basic = Buffer.from(`11111111-aaaa:${Api.secret}`).toString("base64")
      for (let n = 0; n < 7; n++) {
        for (const at of ["login", "api"]) {
          const { service } = yield* Api.client({
            login: (seen) => at === "login" ? replies(seen)[n] ?? Endpoint.reset : Api.token(bearer),
            api: (seen) => replies(seen)[n] ?? Endpoint.reset
          })
          // What succeeds is the caller's own; only failures are shown.
          const calls = [service.json(ask), service.text(ask), service.download("/file")]
          const call = Effect.map(
            Effect.forEach(calls, (call) => Effect.either<unknown, Fault.Fault, never>(call)),
            (results) => results.flatMap((result) => result._tag === "Left" ? [result.left] : [])
          )
          const fiber = yield* call.pipe(
            Effect.tap((results) => Effect.forEach(results, (result) => Effect.logError("failed", result))),
            Effect.withSpan("operation"),
            Effect.tap((results) => Effect.sync(() => show(results))),
            Effect.withTracer(tracer),
            Effect.provide(Logger.replace(Logger.defaultLogger, logger)),
            Effect.fork
          )
          yield* Api.pass(120)
          yield* Fiber.join(fiber)
        }
      }
      const all = shown.join("\n")
      assert.include(all, "Genesys.request")
      assert.include(all, "Genesys.token")
      for (const text of [Api.secret, encodeURIComponent(Api.secret), basic, bearer, encodeURIComponent(bearer)]) {
        assert.notInclude(all, text)
      }
    }))
})
