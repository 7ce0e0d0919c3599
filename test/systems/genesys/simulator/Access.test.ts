import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Api from "./Api.ts"

const me = "/api/v2/organizations/me"

const token = (api: Api.Api, authorization: string, body = "grant_type=client_credentials") =>
  api.ask({ method: "POST", url: "/oauth/token", headers: { authorization }, body })

const withToken = (api: Api.Api, value: string, url = me) =>
  api.ask({ url, headers: { authorization: `Bearer ${value}` } })

describe("the token endpoint", () => {
  it.effect("knows its clients and their secrets", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ clients: 2 })
      const [first, second] = api.simulator.credentials
      assert.notStrictEqual(first.id, second?.id)
      const good = yield* token(api, Api.basic(second ?? first))
      assert.strictEqual(good.status, 200)
      assert.strictEqual(Api.field(good.body, "expires_in"), 86_400)
      const wrong = yield* token(api, Api.basic({ id: first.id, secret: "wrong" }))
      assert.strictEqual(wrong.status, 401)
      assert.deepStrictEqual(wrong.body, {
        error: "invalid_client",
        description: "authentication failed",
        error_description: "authentication failed"
      })
      assert.strictEqual((yield* token(api, Api.basic({ id: "nobody", secret: "x" }))).status, 400)
      assert.strictEqual((yield* token(api, Api.basic(first), "grant_type=password")).status, 400)
    }))

  it.effect("refuses a client that asks too often, with 400, until the minute is over", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ clients: 2, tokensPerMinute: 3 })
      const [first, second] = api.simulator.credentials
      yield* token(api, Api.basic(first))
      yield* token(api, Api.basic(first))
      const refused = yield* token(api, Api.basic(first))
      assert.strictEqual(refused.status, 400)
      assert.strictEqual(Api.field(refused.body, "error"), "invalid_request")
      assert.match(String(Api.field(refused.body, "description")), /^rate limit exceeded;/)
      assert.strictEqual((yield* token(api, Api.basic(second ?? first))).status, 200)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* token(api, Api.basic(first))).status, 200)
    }))
})

describe("a token", () => {
  it.effect("is asked for", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const none = yield* api.ask({ url: me })
      assert.strictEqual(none.status, 401)
      assert.strictEqual(Api.field(none.body, "code"), "authentication.required")
      const unknown = yield* withToken(api, "unknown")
      assert.strictEqual(unknown.status, 401)
      assert.strictEqual(Api.field(unknown.body, "code"), "bad.credentials")
    }))

  it.effect("ends with its time, or when it is revoked", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ tokenSeconds: 100 })
      yield* TestClock.adjust("99 seconds")
      assert.strictEqual((yield* api.get(me)).status, 200)
      yield* TestClock.adjust("1 seconds")
      assert.strictEqual((yield* api.get(me)).status, 401)
      const another = yield* api.login()
      assert.strictEqual((yield* withToken(api, another)).status, 200)
      yield* api.simulator.revokeTokens
      assert.strictEqual((yield* withToken(api, another)).status, 401)
    }))

  it.effect("may ask so often a minute, and is told so", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ rateLimitPerMinute: 3 })
      const another = yield* api.login()
      yield* TestClock.adjust("1 hour")
      const first = yield* api.get(me)
      yield* TestClock.adjust("20 seconds")
      yield* api.get(me)
      const last = yield* api.get(me)
      assert.deepInclude(first.headers, {
        "inin-ratelimit-count": "1",
        "inin-ratelimit-allowed": "3",
        "inin-ratelimit-reset": "60"
      })
      assert.deepInclude(last.headers, { "inin-ratelimit-count": "3", "inin-ratelimit-reset": "40" })
      const refused = yield* api.get(me)
      assert.strictEqual(refused.status, 429)
      assert.strictEqual(refused.headers["Retry-After"], "40")
      assert.deepInclude(refused.body, {
        code: "too.many.requests",
        status: 429,
        message: "Rate limit exceeded the maximum [3] requests within [60] seconds",
        contextId: refused.headers["ININ-Correlation-Id"]
      })
      assert.strictEqual((yield* withToken(api, another)).status, 200)
      yield* TestClock.adjust("40 seconds")
      assert.strictEqual((yield* api.get(me)).status, 200)
    }))
})

describe("permissions", () => {
  it.effect("are missing by type, and named", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ denied: ["genesyscloud_routing_queue"], notEnabled: ["team"] })
      const [queue = ""] = api.simulator.world.ids("routing_queue")
      for (const url of ["", `/${queue}`, `/${queue}/members`]) {
        const denied = yield* api.get(`/api/v2/routing/queues${url}`)
        assert.strictEqual(denied.status, 403)
        assert.deepInclude(denied.body, {
          code: "missing.any.permissions",
          messageParams: { permissions: "[routing:queue:view]" }
        })
        assert.include(String(Api.field(denied.body, "message")), "[routing:queue:view]")
      }
      assert.strictEqual((yield* api.get("/api/v2/teams")).status, 501)
      assert.strictEqual((yield* api.get("/api/v2/routing/skills")).status, 200)
    }))

  it.effect("of a type there is not are refused", () =>
    Effect.gen(function*() {
      const fault = yield* Effect.flip(Api.make({ denied: ["routing_queues"] }))
      assert.include(fault.detail, "routing_queues")
    }))
})

describe("correlation ids", () => {
  it.effect("are those of the error body, and now and then read like a status", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const seen: Array<string> = []
      for (let index = 0; index < 16; index++) {
        const { body, headers } = yield* api.get("/api/v2/flows/nowhere")
        assert.strictEqual(Api.field(body, "contextId"), headers["ININ-Correlation-Id"])
        seen.push(String(headers["ININ-Correlation-Id"]))
      }
      assert.strictEqual(new Set(seen).size, 16)
      for (const text of ["403", "404", "501", "timeout"]) {
        assert.isTrue(seen.some((id) => id.includes(text)), text)
      }
    }))

  it.effect("of unknown paths and methods come too", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      assert.strictEqual((yield* api.get("/api/v2/nothing")).status, 404)
      assert.strictEqual((yield* api.post("/api/v2/routing/queues", {})).status, 405)
    }))
})
