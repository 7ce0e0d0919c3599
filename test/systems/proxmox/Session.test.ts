import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"

interface Seen {
  readonly method: string
  readonly path: string
  readonly form: Readonly<Record<string, string>>
  readonly headers: Readonly<Record<string, string>>
}

/** A server with tickets: which are good, who may log in, and everything it was asked. */
const makeServer = () => {
  const seen: Array<Seen> = []
  const good = new Set<string>()
  let issued = 0
  const server = {
    seen,
    good,
    passwords: new Set(["c0rrect horse"]),
    logins: () => seen.filter(({ path }) => path === "/api2/json/access/ticket"),
    /** Holds every login until opened. */
    gate: undefined as Deferred.Deferred<void> | undefined,
    /** Answers a login instead of the usual way. */
    loginReply: undefined as ((form: Seen["form"]) => Endpoint.Reply | undefined) | undefined
  }
  const login = (form: Seen["form"]): Effect.Effect<Endpoint.Reply> =>
    Effect.gen(function*() {
      if (server.gate !== undefined) yield* Deferred.await(server.gate)
      const special = server.loginReply?.(form)
      if (special !== undefined) return special
      const password = form["password"] ?? ""
      if (!server.passwords.has(password) && !good.has(password)) {
        return Endpoint.answer({ status: 401, statusText: "authentication failure" })
      }
      issued++
      const ticket = `PVE:root@pam:6543210${issued}::sIgn/+a==ture${issued}`
      good.add(ticket)
      return Endpoint.answer({
        body: JSON.stringify({
          data: { ticket, CSRFPreventionToken: `6543210${issued}:cSrf${issued}`, username: "root@pam" }
        })
      })
    })
  const endpoint: Endpoint.Endpoint = (request) =>
    Effect.suspend(() => {
      const [path = "", query = ""] = request.url.split("?")
      const form = Object.fromEntries(new URLSearchParams(request.body === "" ? query : request.body))
      seen.push({ method: request.method, path, form, headers: request.headers })
      if (path === "/api2/json/access/ticket") return login(form)
      const cookie = decodeURIComponent((request.headers["cookie"] ?? "").replace(/^PVEAuthCookie=/, ""))
      if (!good.has(cookie)) {
        return Effect.succeed(Endpoint.answer({ status: 401, statusText: "permission denied - invalid PVE ticket" }))
      }
      const number = /(\d+)$/.exec(cookie)?.[1]
      if (request.method !== "GET" && request.headers["csrfpreventiontoken"] !== `6543210${number}:cSrf${number}`) {
        return Effect.succeed(Endpoint.answer({ status: 401, statusText: "Permission denied - invalid csrf token" }))
      }
      return Effect.succeed(Endpoint.answer({
        body: request.method === "GET"
          ? "{\"data\":{\"version\":\"9.1.1\",\"release\":\"9.1\"}}"
          : "{\"data\":\"UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:root@pam:\"}"
      }))
    })
  return Object.assign(server, { endpoint })
}

const connect = (server: { readonly endpoint: Endpoint.Endpoint }, options?: Partial<Client.Options>) =>
  Client.make({
    endpoint: "http://127.0.0.1:8006",
    username: "root@pam",
    password: Redacted.make("c0rrect horse"),
    ...options
  }).pipe(Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(server.endpoint)))

const clone = { node: "pve1", vmid: 9000, newid: 401 }

const challenged = (form: Seen["form"]): Endpoint.Reply | undefined => {
  if (form["tfa-challenge"] === "PVE:!tfa!challenge") {
    return form["password"] === "totp:123456"
      ? undefined
      : Endpoint.answer({ status: 401, statusText: "authentication failure" })
  }
  return Endpoint.answer({
    body: JSON.stringify({ data: { ticket: "PVE:!tfa!challenge", NeedTFA: 1, username: "root@pam" } })
  })
}

describe("Session", () => {
  it.effect("fifty callers whose ticket expired share one login, and every mutation is done once", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server)
      yield* client.version
      assert.strictEqual(server.logins().length, 1)
      server.good.clear()
      server.gate = yield* Deferred.make<void>()
      const callers = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, index) => ({ ...clone, newid: 400 + index })),
        (request) => Effect.fork(client.clone(request))
      )
      // All of them have been refused and wait.
      while (server.seen.length < 1 + 1 + 50 + 1) yield* Effect.yieldNow()
      yield* Deferred.succeed(server.gate, undefined)
      const upids = yield* Effect.forEach(callers, Fiber.join)
      assert.strictEqual(upids.length, 50)
      assert.strictEqual(server.logins().length, 2)
      const clones = server.seen.filter(({ path }) => path.endsWith("/clone"))
      assert.strictEqual(clones.length, 100)
      for (let index = 0; index < 50; index++) {
        assert.strictEqual(clones.filter(({ form }) => form["newid"] === String(400 + index)).length, 2)
      }
    }))

  it.effect("the caller who logs in may go away; those behind it still get in, by one more login", () =>
    Effect.gen(function*() {
      const server = makeServer()
      server.gate = yield* Deferred.make<void>()
      const client = yield* connect(server)
      const leader = yield* Effect.fork(client.version)
      while (server.logins().length < 1) yield* Effect.yieldNow()
      const followers = yield* Effect.forEach([1, 2, 3], () => Effect.fork(client.version))
      for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow()
      const gone = yield* Fiber.interrupt(leader)
      assert.isTrue(Exit.isInterrupted(gone))
      while (server.logins().length < 2) yield* Effect.yieldNow()
      yield* Deferred.succeed(server.gate, undefined)
      const versions = yield* Effect.forEach(followers, Fiber.join)
      assert.deepStrictEqual(versions.map(({ version }) => version), ["9.1.1", "9.1.1", "9.1.1"])
      assert.strictEqual(server.logins().length, 2)
    }))

  it.effect("a wrong password is tried once for a hundred callers, and again after a minute", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server, { password: Redacted.make("wr0ng horse") })
      const results = yield* Effect.forEach(Array.from({ length: 100 }), () => Effect.either(client.version), {
        concurrency: 10
      })
      assert.strictEqual(server.logins().length, 1)
      for (const result of results) {
        const fault = Either.isLeft(result) ? result.left : undefined
        assert.deepStrictEqual([fault?.kind, fault?.operation, fault?.subject], [
          "unauthenticated",
          "Proxmox.login",
          "user root@pam"
        ])
        assert.notInclude(fault?.message ?? "", "wr0ng horse")
      }
      server.passwords.add("wr0ng horse")
      assert.isTrue(Either.isLeft(yield* Effect.either(client.version)))
      yield* TestClock.adjust("61 seconds")
      assert.strictEqual((yield* client.version).version, "9.1.1")
      assert.strictEqual(server.logins().length, 2)
    }))

  it.effect("sends the cookie escaped, and the CSRF header with everything that is not a GET", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server)
      yield* client.version
      yield* client.clone(clone)
      const [login, read, mutation] = server.seen
      assert.deepStrictEqual(login?.form, { username: "root@pam", password: "c0rrect horse", "new-format": "1" })
      assert.isUndefined(login?.headers["cookie"])
      assert.strictEqual(
        read?.headers["cookie"],
        "PVEAuthCookie=PVE%3Aroot%40pam%3A65432101%3A%3AsIgn%2F%2Ba%3D%3Dture1"
      )
      assert.isUndefined(read?.headers["csrfpreventiontoken"])
      assert.strictEqual(mutation?.headers["csrfpreventiontoken"], "65432101:cSrf1")
    }))

  it.effect("renews after an hour with the old ticket, long before the server forgets it", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server)
      yield* client.version
      yield* TestClock.adjust("59 minutes")
      yield* client.version
      assert.strictEqual(server.logins().length, 1)
      yield* TestClock.adjust("2 minutes")
      yield* client.version
      assert.strictEqual(server.logins().length, 2)
      assert.match(server.logins()[1]?.form["password"] ?? "", /^PVE:root@pam:65432101:/)
    }))

  it.effect("renews with the password when the old ticket is refused, or older than two hours", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server)
      yield* client.version
      yield* TestClock.adjust("90 minutes")
      server.good.clear()
      yield* client.version
      assert.deepStrictEqual(server.logins().map(({ form }) => (form["password"] ?? "").slice(0, 3)), [
        "c0r",
        "PVE",
        "c0r"
      ])
      yield* TestClock.adjust("121 minutes")
      yield* client.version
      assert.deepStrictEqual(server.logins().slice(3).map(({ form }) => form["password"]), ["c0rrect horse"])
    }))

  it.effect("keeps a ticket that is still good when the renewal fails, and tries again a minute later", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server)
      yield* client.version
      yield* TestClock.adjust("61 minutes")
      server.loginReply = () => Endpoint.reset
      assert.strictEqual((yield* client.version).version, "9.1.1")
      assert.strictEqual((yield* client.version).version, "9.1.1")
      assert.strictEqual(server.logins().length, 2)
      yield* TestClock.adjust("61 seconds")
      server.loginReply = undefined
      yield* client.version
      assert.strictEqual(server.logins().length, 3)
    }))

  it.effect("a server that refuses every ticket is asked twice, not for ever", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect({
        endpoint: (request) => Effect.tap(server.endpoint(request), () => Effect.sync(() => server.good.clear()))
      })
      const fault = yield* Effect.flip(client.clone(clone))
      assert.deepStrictEqual([fault.kind, fault.code], ["unauthenticated", "ticket-expired"])
      assert.strictEqual(server.seen.filter(({ path }) => path.endsWith("/clone")).length, 2)
    }))

  it.effect("a second factor that is asked for and not there is a clear fault", () =>
    Effect.gen(function*() {
      const server = makeServer()
      server.loginReply = challenged
      const fault = yield* Effect.flip(Effect.flatMap(connect(server), (client) => client.version))
      assert.deepStrictEqual([fault.kind, fault.code], ["unauthenticated", "second-factor"])
      assert.include(fault.message, "API token")
    }))

  it.effect("answers the challenge with the one-time code, once", () =>
    Effect.gen(function*() {
      const server = makeServer()
      server.passwords.add("totp:123456")
      server.loginReply = challenged
      const client = yield* connect(server, { otp: Redacted.make("123456") })
      assert.strictEqual((yield* client.version).version, "9.1.1")
      assert.deepStrictEqual(server.logins()[1]?.form, {
        username: "root@pam",
        password: "totp:123456",
        "tfa-challenge": "PVE:!tfa!challenge",
        "new-format": "1"
      })
      server.good.clear()
      const fault = yield* Effect.flip(client.version)
      assert.strictEqual(fault.code, "second-factor")
      assert.include(fault.message, "new one-time code")
      assert.strictEqual(server.logins().length, 3)
    }))

  it.effect("an answer to the login that is no ticket is not quoted", () =>
    Effect.gen(function*() {
      const server = makeServer()
      server.loginReply = () => Endpoint.answer({ body: "{\"data\":{\"tickets\":\"PVE:s3cret-s3cret\"}}" })
      const fault = yield* Effect.flip(Effect.flatMap(connect(server), (client) => client.version))
      assert.deepStrictEqual([fault.kind, fault.code], ["invalid", "unexpected-reply"])
      assert.notInclude(JSON.stringify(fault), "s3cret")
    }))

  it.effect("a token is refused once and for all: no login, no second try", () =>
    Effect.gen(function*() {
      const server = makeServer()
      const client = yield* connect(server, { token: Redacted.make("root@pam!test=1a2b3c4d-5e6f") })
      const fault = yield* Effect.flip(client.clone(clone))
      assert.strictEqual(fault.kind, "unauthenticated")
      assert.strictEqual(server.seen.length, 1)
      assert.strictEqual(server.seen[0]?.headers["authorization"], "PVEAPIToken=root@pam!test=1a2b3c4d-5e6f")
      assert.isUndefined(server.seen[0]?.headers["csrfpreventiontoken"])
    }))
})
