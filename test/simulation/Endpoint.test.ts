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
