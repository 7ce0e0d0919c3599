import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as FaultInjector from "../../src/simulation/FaultInjector.ts"
import * as Serve from "../../src/simulation/Serve.ts"

/** No text: not valid UTF-8. */
const bytes = Uint8Array.from([0x52, 0x49, 0x46, 0x46, 0x00, 0xff, 0xfe, 0x80])

const audio: Endpoint.Endpoint = () =>
  Effect.succeed(Endpoint.answer({ headers: { "content-type": "audio/wav" }, bytes }))

describe("a body of bytes", () => {
  it.effect("arrives in process as it is", () =>
    Effect.gen(function*() {
      const response = yield* Endpoint.toHttpClient(audio).get("http://simulated/a.wav")
      assert.strictEqual(response.headers["content-length"], "8")
      assert.deepStrictEqual(new Uint8Array(yield* response.arrayBuffer), bytes)
    }))

  it.scopedLive("arrives over a port as it is", () =>
    Effect.gen(function*() {
      const server = yield* Serve.serve(audio)
      const response = yield* Effect.promise(() => fetch(`${server.url}/a.wav`))
      assert.strictEqual(response.headers.get("content-type"), "audio/wav")
      assert.deepStrictEqual(new Uint8Array(yield* Effect.promise(() => response.arrayBuffer())), bytes)
    }))

  it.effect("is torn in its middle", () =>
    Effect.gen(function*() {
      const injector = yield* FaultInjector.make({ rules: [{ effect: { type: "truncated" } }] })
      const reply = yield* injector.apply(audio)({ method: "GET", url: "/a.wav", headers: {}, body: "" })
      assert.strictEqual(reply._tag === "Answer" ? reply.truncateAt : undefined, 4)
      const response = yield* Endpoint.toHttpClient(injector.apply(audio)).get("http://simulated/a.wav")
      assert.strictEqual((yield* Effect.exit(response.arrayBuffer))._tag, "Failure")
    }))
})

const asked = () => {
  const seen: Array<Endpoint.Request> = []
  const endpoint: Endpoint.Endpoint = (request) =>
    Effect.sync(() => {
      seen.push(request)
      return Endpoint.answer({})
    })
  const requests = () =>
    seen.map((request) => [request.bytes === undefined, Buffer.from(Endpoint.requestBytes(request)).toString("hex")])
  return { endpoint, requests, sizes: () => seen.map(({ headers }) => headers["content-length"]) }
}

describe("a request of bytes", () => {
  /** With a byte order mark, which decoders like to drop. */
  const text = "\ufeffgrün"

  const expected = [[false, Buffer.from(bytes).toString("hex")], [true, Buffer.from(text).toString("hex")]]

  it.effect("is seen in process as it was sent", () =>
    Effect.gen(function*() {
      const { endpoint, requests, sizes } = asked()
      for (const body of [bytes, new TextEncoder().encode(text)]) {
        yield* Endpoint.toHttpClient(endpoint).execute(
          HttpClientRequest.bodyUint8Array(HttpClientRequest.post("http://simulated/"), body, "audio/wav")
        )
      }
      assert.deepStrictEqual(requests(), expected)
      assert.deepStrictEqual(sizes(), ["8", "8"])
    }))

  it.scopedLive("is seen behind a port as it was sent", () =>
    Effect.gen(function*() {
      const { endpoint, requests } = asked()
      const server = yield* Serve.serve(endpoint)
      for (const body of [bytes, new TextEncoder().encode(text)]) {
        yield* Effect.promise(() => fetch(server.url, { method: "POST", body }))
      }
      assert.deepStrictEqual(requests(), expected)
    }))
})
