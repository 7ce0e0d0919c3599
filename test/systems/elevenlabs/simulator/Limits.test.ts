/** What the simulated service refuses, and in which words. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Simulator from "../../../../src/systems/elevenlabs/Simulator.ts"
import * as Api from "./Api.ts"

const root = Api.knowledgeBase

const code = ({ body }: Api.Answer): unknown => Api.field(body, "detail", "code") ?? Api.field(body, "detail", "status")

describe("the service", () => {
  it.effect("works on so many requests at once, says so, and refuses more", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ concurrencyLimit: 2, latencyMillis: 100, errors: "current" })
      const under = yield* Effect.fork(Effect.all([api.get(root), api.get(root)], { concurrency: 2 }))
      yield* TestClock.adjust(10)
      const refused = yield* api.get(root)
      assert.deepStrictEqual([refused.status, code(refused)], [429, "concurrent_limit_exceeded"])
      assert.strictEqual(refused.headers["maximum-concurrent-requests"], "2")
      assert.strictEqual(refused.headers["current-concurrent-requests"], "2")
      yield* TestClock.adjust(100)
      assert.deepStrictEqual((yield* Fiber.join(under)).map(({ status }) => status), [200, 200])
      const last = yield* Effect.fork(api.get(root))
      yield* TestClock.adjust(100)
      assert.strictEqual((yield* Fiber.join(last)).headers["current-concurrent-requests"], "1")
      assert.strictEqual(api.simulator.calls.mostAtOnce, 2)
    }))

  it.effect("counts the requests of others", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ concurrencyLimit: 3 })
      api.world.setOthers(2)
      assert.strictEqual((yield* api.get(root)).headers["current-concurrent-requests"], "3")
      api.world.setOthers(3)
      assert.strictEqual((yield* api.get(root)).status, 429)
    }))

  it.effect("takes so many requests a minute", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ requestsPerMinute: 2, errors: "current" })
      const statuses = yield* Effect.all([api.get(root), api.get(root), api.get(root)])
      assert.deepStrictEqual(statuses.map(({ status }) => status), [200, 200, 429])
      assert.strictEqual(code(yield* api.get(root)), "rate_limit_exceeded")
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* api.get(root)).status, 200)
    }))

  it.effect("wants the key, and one that may do what is asked", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ errors: "current" })
      assert.strictEqual(code(yield* api.ask({ url: root, headers: {} })), "missing_api_key")
      const wrong = yield* api.ask({ url: root, headers: { "xi-api-key": "sk_other" } })
      assert.deepStrictEqual([wrong.status, code(wrong)], [401, "invalid_api_key"])
      const reader = yield* Api.make({ readOnly: true, errors: "current" })
      assert.strictEqual((yield* reader.get(root)).status, 200)
      const denied = yield* reader.post(`${root}/folder`, { name: "F" })
      assert.deepStrictEqual([denied.status, code(denied)], [401, "missing_permissions"])
      assert.deepStrictEqual(reader.world.folders(), [])
    }))

  it.effect("words its errors in three ways", () =>
    Effect.gen(function*() {
      const shape = (errors: "current" | "legacy") =>
        Effect.flatMap(Api.make({ errors }), (api) =>
          Effect.map(api.get(`${root}/nothing`), ({ body }) => Object.keys(Object(Api.field(body, "detail")))))
      assert.deepStrictEqual(yield* shape("current"), ["type", "code", "message", "status", "request_id"])
      assert.deepStrictEqual(yield* shape("legacy"), ["status", "message"])
      const api = yield* Api.make()
      assert.deepStrictEqual((yield* api.get("/v1/nowhere")).body, { detail: "Not Found" })
      assert.deepStrictEqual((yield* api.patch(root, {})).body, { detail: "Method Not Allowed" })
      const listed = yield* api.get(`${root}?page_size=0`)
      assert.deepStrictEqual(Api.field(listed.body, "detail", 0, "loc"), ["query", "page_size"])
      const mixed = yield* Effect.all([api.get(`${root}/nothing`), api.get(`${root}/nothing`)])
      assert.strictEqual(
        mixed.filter(({ body }) =>
          Api.field(body, "detail", "code") === undefined
        ).length,
        1
      )
    }))

  it.effect("takes no file that is too large, empty, or of a kind it cannot read", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ fileBytes: 1_000, characters: 100, errors: "current" })
      const send = (file: Api.Upload) => Effect.map(api.sendFile("POST", `${root}/file`, file), code)
      const bytes = new Uint8Array(1_001)
      assert.strictEqual(
        yield* send({ content: bytes, filename: "a.pdf", mediaType: "application/pdf" }),
        "file_too_large"
      )
      assert.strictEqual(yield* send({ content: "a".repeat(101) }), "max_character_limit_exceeded")
      assert.strictEqual(yield* send({ content: "é".repeat(100) }), undefined)
      assert.strictEqual(yield* send({ content: "" }), "empty_file")
      assert.strictEqual(
        yield* send({ content: "a", filename: "a.exe", mediaType: "application/octet-stream" }),
        "unsupported_file_type"
      )
      assert.strictEqual(api.world.documents().length, 1)
    }))

  it.effect("takes no more documents than the workspace may have", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ documents: 1, errors: "current" })
      yield* api.upload({ content: "first" })
      const refused = yield* api.post(`${root}/text`, { text: "second", name: "second" })
      assert.deepStrictEqual([refused.status, code(refused)], [401, "quota_exceeded"])
    }))

  it.effect("tells of the plan", () =>
    Effect.gen(function*() {
      const simulator = yield* Simulator.make({ tier: "free" })
      const reply = yield* simulator.endpoint({
        method: "GET",
        url: "/v1/user/subscription",
        headers: { "xi-api-key": simulator.credentials.apiKey },
        body: ""
      })
      assert.strictEqual(reply._tag, "Answer")
      if (reply._tag !== "Answer") return
      assert.include(reply.body, "\"tier\":\"free\"")
      assert.strictEqual(reply.headers["maximum-concurrent-requests"], "2")
    }))
})
