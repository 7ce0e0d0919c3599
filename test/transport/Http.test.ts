import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Http from "../../src/transport/Http.ts"
import * as Tls from "../../src/transport/Tls.ts"

const context = { system: "proxmox", operation: "Proxmox.version" }
const request = HttpClientRequest.get("http://127.0.0.1/")

const web = (body: string | ReadableStream<Uint8Array> | null, init?: ResponseInit): HttpClient.HttpClient =>
  HttpClient.make((request) => Effect.succeed(HttpClientResponse.fromWeb(request, new Response(body, init))))

const reply = (text: string): Http.Reply => ({ method: "GET", status: 200, statusText: "OK", headers: {}, text })

const endpoint: Endpoint.Endpoint = () =>
  Effect.succeed(Endpoint.answer({ status: 500, statusText: "VM 401 already running", body: "{\"data\":null}" }))

const statusTextOf = (init: ResponseInit) =>
  Http.statusText(HttpClientResponse.fromWeb(request, new Response("x", init)))

describe("Http", () => {
  it.scopedLive("keeps the reason phrase, over sockets and in process", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(endpoint)
      for (const client of [yield* Tls.make({}), Endpoint.toHttpClient(endpoint)]) {
        const answer = yield* Http.exchange(client, HttpClientRequest.get(url), context)
        assert.deepStrictEqual([answer.status, answer.statusText], [500, "VM 401 already running"])
        assert.strictEqual(answer.text, "{\"data\":null}")
      }
    }))

  it("a missing reason phrase is an empty text", () => {
    assert.strictEqual(statusTextOf({ status: 500 }), "")
    assert.strictEqual(statusTextOf({ status: 500, statusText: "VM is locked (clone)" }), "VM is locked (clone)")
  })

  it.effect("reads no more than the limit, announced or not", () =>
    Effect.gen(function*() {
      let pulled = 0
      const endless = new ReadableStream<Uint8Array>({
        pull(controller) {
          pulled++
          controller.enqueue(new Uint8Array(1000).fill(120))
        }
      })
      const counted = yield* Effect.flip(Http.exchange(web(endless), request, context, { maxBytes: 10_000 }))
      assert.strictEqual(counted.code, "body-too-large")
      assert.isBelow(pulled, 20)
      const announced = yield* Effect.flip(
        Http.exchange(web("x", { headers: { "content-length": "10001" } }), request, context, { maxBytes: 10_000 })
      )
      assert.strictEqual(announced.code, "body-too-large")
      assert.strictEqual(announced.kind, "invalid")
      const exact = yield* Http.exchange(web("x".repeat(10_000)), request, context, { maxBytes: 10_000 })
      assert.strictEqual(exact.text.length, 10_000)
    }))

  it.effect("reads a body without length, in pieces that split a character, and none at all", () =>
    Effect.gen(function*() {
      const bytes = new TextEncoder().encode("grün, 緑")
      const pieces = new ReadableStream<Uint8Array>({
        start(controller) {
          for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
          controller.close()
        }
      })
      assert.strictEqual((yield* Http.exchange(web(pieces), request, context)).text, "grün, 緑")
      assert.strictEqual((yield* Http.exchange(web(null), request, context)).text, "")
    }))

  it("tells why a body is not JSON", () => {
    assert.deepStrictEqual(Http.json(reply("{\"data\":[1]}")), Either.right({ data: [1] }))
    assert.deepStrictEqual(Http.json(reply("{\"data\":[1")), Either.left({ _tag: "Truncated" }))
    assert.deepStrictEqual(
      Http.json(reply("\n<!DOCTYPE html><html><head><title>\n 502  Bad Gateway</title>")),
      Either.left({ _tag: "Page", title: "502 Bad Gateway" })
    )
    assert.deepStrictEqual(Http.json(reply("<html>")), Either.left({ _tag: "Page", title: undefined }))
    assert.deepStrictEqual(Http.json(reply("")), Either.left({ _tag: "Other", empty: true }))
    assert.deepStrictEqual(Http.json(reply("no route")), Either.left({ _tag: "Other", empty: false }))
  })
})
