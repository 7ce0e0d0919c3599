import * as HttpClient from "@effect/platform/HttpClient"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Http from "node:http"
import * as Exchange from "../../src/transport/Exchange.ts"
import * as Tls from "../../src/transport/Tls.ts"
import { listen } from "./Listening.ts"

const context = { system: "genesys", operation: "Genesys.request", subject: "users" }

const get = (origin: string): Exchange.Request => ({ method: "GET", origin, path: "/", headers: {} })

const limits: Exchange.Limits = { text: "300 millis", bytes: "300 millis" }

describe("Exchange", () => {
  it.scopedLive("gives up a reply that does not come, one that stops and one that trickles", () =>
    Effect.gen(function*() {
      const ways: ReadonlyArray<(response: Http.ServerResponse) => void> = [
        () => undefined,
        (response) => {
          response.write("{")
        },
        (response) => {
          const trickle = setInterval(() => response.write(" "), 20)
          response.on("close", () => clearInterval(trickle))
        }
      ]
      const exchange = Exchange.fromAgent(yield* Tls.agent({}), limits)
      const faults = yield* Effect.forEach(ways, (way) =>
        Effect.gen(function*() {
          const port = yield* listen(Http.createServer((_, response) => way(response)))
          return yield* Effect.flip(exchange.text(get(`http://127.0.0.1:${port}`), context))
        }), { concurrency: 3 })
      for (const { code, kind, sent, subject } of faults) {
        assert.deepStrictEqual([kind, code, sent, subject], ["timed-out", "attempt-timeout", "maybe", "users"])
      }
    }))

  it.scopedLive("takes a reply that comes in time, on the same connection", () =>
    Effect.gen(function*() {
      const ports = new Set<number | undefined>()
      const server = Http.createServer((request, response) => {
        ports.add(request.socket.remotePort)
        response.end("{}")
      })
      const origin = `http://127.0.0.1:${yield* listen(server)}`
      const exchange = Exchange.fromAgent(yield* Tls.agent({ connections: 1 }), limits)
      for (let call = 0; call < 3; call++) {
        assert.strictEqual((yield* exchange.text(get(origin), context)).text, "{}")
      }
      assert.strictEqual(ports.size, 1)
    }))

  it.scopedLive("sends every method, with a body of text, of bytes or without one", () =>
    Effect.gen(function*() {
      const server = Http.createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => chunks.push(chunk))
        request.on("end", () => {
          const { "content-length": length, "content-type": type } = request.headers
          response.end([request.method, type, length, Buffer.concat(chunks).toString("latin1")].join(" "))
        })
      })
      const origin = `http://127.0.0.1:${yield* listen(server)}`
      const headers = { "content-type": "text/odd" }
      const exchanges = [Exchange.fromAgent(yield* Tls.agent({})), Exchange.fromHttpClient(yield* Tls.make({}))]
      for (const exchange of exchanges) {
        const told = yield* Effect.forEach(["POST", "PATCH", "DELETE"] as const, (method) =>
          Effect.forEach(["ü", Uint8Array.of(0xff, 0x0d)], (body) =>
            Effect.map(exchange.text({ ...get(origin), method, headers, body }, context), ({ text }) =>
              text)))
        assert.deepStrictEqual(told, [
          ["POST text/odd 2 \u00c3\u00bc", "POST text/odd 2 \u00ff\r"],
          ["PATCH text/odd 2 \u00c3\u00bc", "PATCH text/odd 2 \u00ff\r"],
          ["DELETE text/odd 2 \u00c3\u00bc", "DELETE text/odd 2 \u00ff\r"]
        ])
        const bare = yield* exchange.text({ ...get(origin), method: "DELETE" }, context)
        assert.strictEqual(bare.text.trim(), "DELETE")
      }
    }))

  it.scopedLive("tells of a reply when it has come, before anything is made of it", () =>
    Effect.gen(function*() {
      const server = Http.createServer((request, response) => {
        response.statusCode = 401
        response.end(request.url)
      })
      const origin = `http://127.0.0.1:${yield* listen(server)}`
      const told: Array<string> = []
      const ask = (exchange: Exchange.Exchange, path: string) => {
        const request = { ...get(origin), path, onReply: (status: number) => told.push(`${path} has come: ${status}`) }
        const exchanged = path === "/bytes"
          ? Effect.map(exchange.bytes(request, context), ({ bytes }) => Buffer.from(bytes).toString())
          : Effect.map(exchange.text(request, context), ({ text }) => text)
        return Effect.map(exchanged, (text) => told.push(`${text} is taken`))
      }
      const byAgent = Exchange.fromAgent(yield* Tls.agent({}))
      const byClient = Exchange.fromHttpClient(yield* Tls.make({}))
      for (const exchange of [byAgent, byClient]) {
        for (const path of ["/text", "/bytes"]) yield* ask(exchange, path)
      }
      const one = ["/text has come: 401", "/text is taken", "/bytes has come: 401", "/bytes is taken"]
      assert.deepStrictEqual(told, [...one, ...one])
      told.length = 0
      // Many at once: each is told of and taken once.
      const paths = Array.from({ length: 20 }, (_, index) => `/${index}`)
      yield* Effect.forEach(paths, (path) => ask(byAgent, path), { concurrency: 20 })
      assert.strictEqual(told.length, 40)
      for (const path of paths) {
        assert.isBelow(told.indexOf(`${path} has come: 401`), told.indexOf(`${path} is taken`))
      }
    }))

  it.effect("gives up over any client, by the clock of the program", () =>
    Effect.gen(function*() {
      const exchange = Exchange.fromHttpClient(HttpClient.make(() => Effect.never), limits)
      const request = get("https://api.mypurecloud.ie")
      for (const sent of [Effect.asVoid(exchange.text(request, context)), exchange.bytes(request, context)]) {
        const fiber = yield* Effect.fork(Effect.flip(Effect.asVoid(sent)))
        yield* TestClock.adjust("300 millis")
        assert.strictEqual((yield* Fiber.join(fiber)).code, "attempt-timeout")
      }
    }))
})
