import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as Deadline from "../../../src/kernel/Deadline.ts"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Policy from "../../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../../src/kernel/RetryPolicy.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Api from "./Api.ts"

const ask = { path: "/api/v2/organizations/me" }
const throttled = Api.json({
  error: "invalid_request",
  description: "rate limit exceeded; try again later"
}, { status: 400 })

describe("Token: what breaks in production", () => {
  it.scoped("fifty calls meet a token that the API no longer takes: one renewal, each is sent once more", () =>
    Effect.gen(function*() {
      const { calls, logins, service } = yield* Api.client({
        login: (_, n) => Effect.as(Effect.sleep("1 second"), Api.token(`token-${n}`)),
        api: (seen) =>
          Effect.as(
            Effect.sleep("20 millis"),
            Api.bearer(seen) === "token-1"
              ? Api.json({ code: "bad.credentials" }, { status: 401 })
              : Api.json({ ok: 1 })
          )
      })
      const fiber = yield* Effect.fork(
        Effect.forEach(Array.from({ length: 50 }), () => service.json(ask), { concurrency: 50 })
      )
      yield* Api.pass(5)
      assert.strictEqual((yield* Fiber.join(fiber)).length, 50)
      assert.strictEqual(logins.length, 2)
      assert.strictEqual(calls.length, 100)
    }))

  it.scoped("a token that stays refused is a fault after the second time, and no loop", () =>
    Effect.gen(function*() {
      const { calls, logins, service } = yield* Api.client({
        api: () => Api.json({ code: "bad.credentials", message: "Invalid login credentials." }, { status: 401 })
      })
      const fault = yield* Effect.flip(service.json(ask))
      assert.deepStrictEqual([fault.kind, fault.code, fault.status], ["unauthenticated", "bad.credentials", 401])
      assert.deepStrictEqual([calls.length, logins.length], [2, 2])
    }))

  it.scoped("whoever started the renewal goes away: the others get their token", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const { logins, service } = yield* Api.client({
        login: () => Effect.as(Deferred.await(gate), Api.token("late")),
        api: () => Api.json({ ok: 1 })
      })
      const first = yield* Effect.fork(service.json(ask))
      yield* TestClock.adjust("1 second")
      const others = yield* Effect.fork(Effect.all([service.json(ask), service.json(ask)], { concurrency: 2 }))
      yield* TestClock.adjust("1 second")
      yield* Fiber.interrupt(first)
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Fiber.join(others), [{ ok: 1 }, { ok: 1 }])
      assert.strictEqual(logins.length, 1)
    }))

  it.scoped("a deadline and a retrying policy of the caller end with the caller, and not the renewal", () =>
    Effect.gen(function*() {
      const { logins, service } = yield* Api.client({
        login: (_, n) => n < 3 ? throttled : Api.token("third"),
        api: () => Api.json({ ok: 1 })
      })
      const policy = yield* Policy.make({ name: "test", retry: RetryPolicy.make({ maxAttempts: 2 }) })
      const hurried = yield* Effect.fork(Effect.exit(Deadline.within("10 millis")(policy.run(service.json(ask)))))
      const patient = yield* Effect.fork(service.json(ask))
      yield* Api.pass(60)
      assert.isTrue(Exit.isFailure(yield* Fiber.join(hurried)))
      assert.deepStrictEqual(yield* Fiber.join(patient), { ok: 1 })
      assert.strictEqual(logins.length, 3)
    }))
})

describe("Token", () => {
  it.scoped("asks as the OAuth standard and the vendor want it", () =>
    Effect.gen(function*() {
      const { calls, logins, service } = yield* Api.client({ api: () => Api.json({}) })
      yield* service.json(ask)
      const [login] = logins
      assert.strictEqual(login?.method, "POST")
      assert.strictEqual(login?.headers["host"], "login.mypurecloud.ie")
      assert.strictEqual(login?.headers["content-type"], "application/x-www-form-urlencoded")
      assert.strictEqual(login?.body, "grant_type=client_credentials")
      const pair = Buffer.from(`11111111-aaaa:${Api.secret}`).toString("base64")
      assert.strictEqual(login?.headers["authorization"], `Basic ${pair}`)
      assert.strictEqual(calls[0]?.headers["host"], "api.mypurecloud.ie")
      assert.strictEqual(calls[0]?.headers["authorization"], "Bearer token-11111111-aaaa-1")
    }))

  it.scoped("is renewed a minute before its end, behind the callers' backs", () =>
    Effect.gen(function*() {
      const { calls, logins, service } = yield* Api.client({
        login: (_, n) => n === 1 ? Api.token("first", 3600) : Effect.as(Effect.sleep("5 seconds"), Api.token("second")),
        api: () => Api.json({})
      })
      yield* service.json(ask)
      yield* TestClock.adjust("3539 seconds")
      yield* service.json(ask)
      assert.strictEqual(logins.length, 1)
      yield* TestClock.adjust("1 second")
      yield* service.json(ask)
      yield* service.json(ask)
      yield* Api.pass(5)
      yield* service.json(ask)
      assert.strictEqual(logins.length, 2)
      assert.deepStrictEqual(calls.map(Api.bearer), ["first", "first", "first", "first", "second"])
    }))

  it.scoped("a renewal that fails does no harm while the token is good, and is tried again", () =>
    Effect.gen(function*() {
      let down = false
      const { calls, logins, service } = yield* Api.client({
        login: (_, n) => down ? Endpoint.refused : Api.token(`token-${n}`, 180),
        api: () => Api.json({})
      })
      yield* service.json(ask)
      down = true
      // Longer than one renewal tries.
      for (let n = 0; n < 17; n++) {
        yield* Api.pass(10)
        yield* service.json(ask)
      }
      assert.isTrue(calls.every((seen) => Api.bearer(seen) === "token-1"))
      const before = logins.length
      assert.isAbove(before, 2)
      down = false
      const after = yield* Effect.fork(service.json(ask))
      yield* Api.pass(20)
      yield* Fiber.join(after)
      yield* service.json(ask)
      assert.notStrictEqual(Api.bearer(calls.at(-1) ?? assert.fail("no call")), "token-1")
    }))

  it.scoped("a page in the login's place is asked past, and told of where it stays", () =>
    Effect.gen(function*() {
      let pages = 2
      const page = Endpoint.answer({ status: 200, body: "<html><title>Sign in</title>" })
      const { logins, service } = yield* Api.client({
        login: () => pages-- > 0 ? page : Api.token("good"),
        api: () => Api.json({ name: "Acme" })
      })
      const answer = yield* Effect.fork(service.json(ask))
      yield* Api.pass(60)
      assert.deepStrictEqual(yield* Fiber.join(answer), { name: "Acme" })
      assert.strictEqual(logins.length, 3)
      const other = yield* Api.client({ login: () => page, api: () => Api.json({}) })
      const failing = yield* Effect.fork(Effect.flip(other.service.json(ask)))
      yield* Api.pass(60)
      const fault = yield* Fiber.join(failing)
      assert.deepStrictEqual([fault.kind, fault.code, fault.detail], [
        "transient",
        "not-json",
        "The login answered with a web page where JSON was expected"
      ])
      assert.include(fault.hint ?? "", "login origin")
    }))

  it.scoped("a throttled endpoint is asked again, not for ever, and its fault says what it is", () =>
    Effect.gen(function*() {
      const { logins, service } = yield* Api.client({ login: () => throttled, api: () => Api.json({}) })
      const fiber = yield* Effect.fork(Effect.flip(service.json(ask)))
      yield* Api.pass(180)
      const fault = yield* Fiber.join(fiber)
      assert.deepStrictEqual([fault.kind, fault.code, fault.operation], [
        "throttled",
        "token-throttled",
        "Genesys.token"
      ])
      assert.isTrue(logins.length > 2 && logins.length <= 8, String(logins.length))
    }))

  it.scoped("a login that never answers is given up", () =>
    Effect.gen(function*() {
      const { logins, service } = yield* Api.client({ login: () => Effect.never, api: () => Api.json({}) })
      const fiber = yield* Effect.fork(Effect.flip(service.json(ask)))
      yield* Api.pass(180)
      assert.strictEqual((yield* Fiber.join(fiber)).kind, "timed-out")
      assert.isBelow(logins.length, 9)
    }))

  it.scoped("a wrong secret is told at once, with what to check, and not tried again for a minute", () =>
    Effect.gen(function*() {
      const { calls, logins, service } = yield* Api.client({
        login: () => Api.json({ error: "invalid_client", description: "authentication failed" }, { status: 401 }),
        api: () => Api.json({})
      })
      const faults = yield* Effect.all(Array.from({ length: 10 }, () => Effect.flip(service.json(ask))), {
        concurrency: 10
      })
      for (const fault of faults) {
        assert.deepStrictEqual([fault.kind, fault.code], ["unauthenticated", "invalid_client"])
        assert.include(fault.message, "11111111-aaaa")
        assert.include(fault.hint ?? "", "Client Credentials")
        assert.isFalse(Fault.isRetryable(fault))
      }
      assert.deepStrictEqual([logins.length, calls.length], [1, 0])
      yield* TestClock.adjust("61 seconds")
      yield* Effect.flip(service.json(ask))
      assert.strictEqual(logins.length, 2)
    }))

  it.scoped("what the login answers is classed by its error code", () =>
    Effect.gen(function*() {
      const answers: ReadonlyArray<readonly [Endpoint.Reply, Fault.Kind, string]> = [
        [Api.json({ error: "unauthorized_client" }, { status: 400 }), "unauthenticated", "unauthorized_client"],
        [Api.json({ error: "invalid_request", description: "bad grant" }, { status: 400 }), "invalid", "bad-request"],
        [Api.json({ token: "t" }), "invalid", "unexpected-reply"],
        [Api.json({ access_token: "a b" }), "invalid", "unexpected-reply"],
        [Api.json({ access_token: "a\r\nx: y" }), "invalid", "unexpected-reply"]
      ]
      for (const [reply, kind, code] of answers) {
        const { service } = yield* Api.client({ login: () => reply, api: () => Api.json({}) })
        const fault = yield* Effect.flip(service.json(ask))
        assert.deepStrictEqual([fault.kind, fault.code], [kind, code])
      }
    }))

  it.scoped("a life that is not told, or cannot be right, is taken as an hour", () =>
    Effect.gen(function*() {
      for (const life of [undefined, -5, "soon"]) {
        const { logins, service } = yield* Api.client({
          login: () => Api.json({ access_token: "t", expires_in: life }),
          api: () => Api.json({})
        })
        yield* service.json(ask)
        yield* TestClock.adjust("58 minutes")
        yield* service.json(ask)
        assert.strictEqual(logins.length, 1)
      }
    }))

  it.effect("a renewal under way ends with the client, and nobody waits on", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const { service } = yield* Api.client({ login: () => Effect.never, api: () => Api.json({}) }).pipe(
        Scope.extend(scope)
      )
      const waiting = yield* Effect.fork(Effect.flip(service.json(ask)))
      yield* TestClock.adjust("1 second")
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual((yield* Fiber.join(waiting)).code, "client-closed")
      assert.strictEqual((yield* Effect.flip(service.json(ask))).code, "client-closed")
    }))

  it.scoped("secrets are compared as they are: several clients have tokens of their own", () =>
    Effect.gen(function*() {
      const { logins, service } = yield* Api.client({ api: () => Api.json({}) }, {
        clients: [{ id: "a", secret: Redacted.make("s1") }, { id: "b", secret: Redacted.make("s2") }],
        tokensPerClient: 2
      })
      assert.strictEqual(service.tokens, 4)
      yield* Effect.forEach(Array.from({ length: 4 }), () => service.json(ask), { concurrency: 4 })
      assert.deepStrictEqual(logins.map(Api.clientOf).toSorted(), ["a", "a", "b", "b"])
    }))
})
