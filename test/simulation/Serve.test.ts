import * as FetchHttpClient from "@effect/platform/FetchHttpClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import * as Net from "node:net"
import * as Undici from "undici"
import * as Deadline from "../../src/kernel/Deadline.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Certificate from "./Certificate.ts"

/** Whatever was sent, on one line; and a few paths that go wrong. */
const echo: Endpoint.Endpoint = (request) => {
  const path = request.url.split("?")[0]
  if (path === "/reset") return Effect.succeed(Endpoint.reset)
  if (path === "/refused") return Effect.succeed(Endpoint.refused)
  if (path?.startsWith("/status/") === true) {
    return Effect.succeed(Endpoint.answer({
      status: Number(path.slice("/status/".length)),
      statusText: "can't lock file '/var/lock/x' - got timeout\nsecond line \u{1F600}",
      headers: { "content-type": "application/json" },
      body: "{\"data\":null}"
    }))
  }
  if (path?.startsWith("/truncated/") === true) {
    return Effect.succeed({
      _tag: "Answer",
      status: 200,
      statusText: "OK",
      headers: { "content-type": "text/plain" },
      body: "0123456789",
      truncateAt: Number(path.slice("/truncated/".length))
    })
  }
  return Effect.succeed(Endpoint.answer({
    headers: { "content-type": "text/plain", "x-world": "simulated" },
    body: `${request.method} ${request.url} ${request.headers["content-type"] ?? "-"} ${
      request.headers["content-length"] ?? "-"
    } ${request.body}`
  }))
}

/** Tells what it can see of whoever runs it. */
const curious: Endpoint.Endpoint = () =>
  Effect.gen(function*() {
    const span = yield* Effect.option(Effect.currentSpan)
    return Endpoint.answer({ body: `${yield* Deadline.remaining} ${span._tag}` })
  })

/** What a client sees of one request, in words that do not depend on the kind of client. */
const observe = (client: HttpClient.HttpClient, base: string, request: HttpClientRequest.HttpClientRequest) =>
  client.execute(HttpClientRequest.prependUrl(request, base)).pipe(
    Effect.flatMap((response) =>
      Effect.map(Effect.either(response.text), (text) => ({
        status: response.status,
        world: response.headers["x-world"],
        type: response.headers["content-type"],
        text: text._tag === "Right" ? text.right : "broken body"
      }))
    ),
    Effect.catchTag("RequestError", (error) => Effect.succeed({ failed: error.reason })),
    Effect.withTracerEnabled(false)
  )

const requests: ReadonlyArray<readonly [string, HttpClientRequest.HttpClientRequest]> = [
  ["a query", HttpClientRequest.get("/a/b?c=d&e=%2520")],
  ["a form", HttpClientRequest.bodyUrlParams(HttpClientRequest.post("/form"), { sshkeys: "ssh-ed25519%20A", ü: "ö" })],
  ["JSON", HttpClientRequest.bodyUnsafeJson(HttpClientRequest.put("/json"), { a: [1, "ß"] })],
  ["no content", HttpClientRequest.del("/status/204")],
  ["HEAD", HttpClientRequest.head("/status/200")],
  ["status 500", HttpClientRequest.get("/status/500")],
  ["status 595", HttpClientRequest.get("/status/595")],
  ["status 596", HttpClientRequest.get("/status/596")],
  ["status 599", HttpClientRequest.get("/status/599")],
  ["a reset", HttpClientRequest.post("/reset")],
  ["a refusal", HttpClientRequest.post("/refused")],
  ["a body cut in the middle", HttpClientRequest.get("/truncated/4")],
  ["a body cut at its start", HttpClientRequest.get("/truncated/0")],
  ["a cut that is beyond the end", HttpClientRequest.get("/truncated/10")]
]

const rawExchange = (port: number, text: string): Effect.Effect<string> =>
  Effect.async<string>((resume) => {
    const socket = Net.connect(port, "127.0.0.1", () => socket.write(text))
    let received = ""
    socket.setEncoding("latin1")
    socket.on("data", (chunk: string) => {
      received += chunk
    })
    socket.once("close", () => resume(Effect.succeed(received)))
    socket.once("error", () => undefined)
  })

describe("Serve", () => {
  it.scopedLive.each(requests)("answers %s over a socket as in process", ([, request]) =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(echo)
      const overSocket = yield* Effect.flatMap(HttpClient.HttpClient, (client) => observe(client, url, request))
      const inProcess = yield* observe(Endpoint.toHttpClient(echo), url, request)
      expect(inProcess).toEqual(overSocket)
    }).pipe(Effect.provide(FetchHttpClient.layer)))

  it.scopedLive("writes the reason phrase on the wire, on one line, and closes when asked to", () =>
    Effect.gen(function*() {
      const { port } = yield* Serve.serve(echo)
      const text = yield* rawExchange(port, "GET /status/596 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
      const [head, body] = text.split("\r\n\r\n")
      expect(head?.split("\r\n")).toEqual([
        "HTTP/1.1 596 can't lock file '/var/lock/x' - got timeout second line ??",
        "content-type: application/json",
        "content-length: 13",
        "Connection: close"
      ])
      expect(body).toBe("{\"data\":null}")
    }))

  it.scopedLive("gives undici the same reason phrase as the client in process", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(echo)
      const response = yield* Effect.promise(() => Undici.fetch(`${url}/status/500`))
      yield* Effect.promise(() => response.text())
      expect(response.statusText).toBe("can't lock file '/var/lock/x' - got timeout second line ??")
    }))

  it.scopedLive("sends the whole content-length of a truncated answer, and only the first bytes", () =>
    Effect.gen(function*() {
      const { port } = yield* Serve.serve(echo)
      const text = yield* rawExchange(port, "GET /truncated/4 HTTP/1.1\r\nHost: x\r\n\r\n")
      expect(text).toContain("content-length: 10\r\n")
      expect(text.split("\r\n\r\n")[1]).toBe("0123")
    }))

  it.scopedLive("resets the connection so that the client reads ECONNRESET", () =>
    Effect.gen(function*() {
      const { port } = yield* Serve.serve(echo)
      const code = yield* Effect.async<unknown>((resume) => {
        const socket = Net.connect(port, "127.0.0.1", () => socket.write("GET /reset HTTP/1.1\r\nHost: x\r\n\r\n"))
        socket.once("end", () => resume(Effect.succeed("ended in order")))
        socket.once("error", (error) => resume(Effect.succeed("code" in error ? error.code : error)))
      })
      expect(code).toBe("ECONNRESET")
    }))

  it.scopedLive("tells of a crash of the endpoint and goes on serving", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve((request) =>
        request.url === "/crash" ? Effect.die(new Error("the world broke")) : echo(request)
      )
      const crashed = yield* Effect.promise(() => fetch(`${url}/crash`))
      expect(crashed.status).toBe(500)
      expect(yield* Effect.promise(() => crashed.text())).toContain("the world broke")
      const next = yield* Effect.promise(() => fetch(`${url}/next`))
      expect(yield* Effect.promise(() => next.text())).toContain("GET /next")
    }))

  it.live("ends a request in flight before it closes, and takes no new ones after", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const arrived = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const { url } = yield* Serve.serve(
        () =>
          Deferred.succeed(arrived, undefined).pipe(
            Effect.zipRight(Deferred.await(release)),
            Effect.as(Endpoint.answer({ body: "late but whole" }))
          ),
        { grace: "20 seconds" }
      ).pipe(Scope.extend(scope))
      const inFlight = yield* Effect.fork(Effect.promise(() => fetch(url).then((response) => response.text())))
      yield* Deferred.await(arrived)
      const closing = yield* Effect.fork(Scope.close(scope, Exit.void))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(release, undefined)
      expect(yield* Fiber.join(inFlight)).toBe("late but whole")
      yield* Fiber.join(closing)
      const after = yield* Effect.exit(Effect.tryPromise(() => fetch(url)))
      expect(Exit.isFailure(after)).toBe(true)
    }))

  it.live("breaks connections that are still open when the grace is over", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const arrived = yield* Deferred.make<void>()
      const { url } = yield* Serve.serve(
        () => Effect.zipRight(Deferred.succeed(arrived, undefined), Effect.never),
        { grace: "10 millis" }
      ).pipe(Scope.extend(scope))
      const inFlight = yield* Effect.fork(Effect.tryPromise(() => fetch(url)))
      yield* Deferred.await(arrived)
      yield* Scope.close(scope, Exit.void)
      expect(Exit.isFailure(yield* Fiber.await(inFlight))).toBe(true)
    }))

  it.scopedLive("names the port and the remedy when the port is taken", () =>
    Effect.gen(function*() {
      const { port } = yield* Serve.serve(echo)
      const fault = yield* Effect.flip(Effect.scoped(Serve.serve(echo, { port })))
      expect(fault).toMatchObject({ kind: "invalid", code: "port-in-use", sent: "no" })
      expect(fault.message).toBe(
        `port ${port} on 127.0.0.1: another program is listening there. ` +
          "Stop that program or choose another port; port 0 takes any free one"
      )
    }))

  it.scopedLive("refuses a port, an address or a key that cannot be", () =>
    Effect.gen(function*() {
      const codes = yield* Effect.forEach(
        [{ port: 70_000 }, { host: "192.0.2.1" }, { tls: { key: "no", cert: "no" } }],
        (options) => Effect.flip(Serve.serve(echo, options))
      )
      expect(codes.map((fault) => [Fault.isFault(fault), fault.code])).toEqual([
        [true, "port-invalid"],
        [true, "host-unavailable"],
        [true, "tls-invalid"]
      ])
    }))

  it.scopedLive("serves HTTPS with the key and certificate given", () =>
    Effect.gen(function*() {
      const tls = { key: Certificate.key, cert: Certificate.cert }
      const { url } = yield* Serve.serve(echo, { tls })
      expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
      const agent = yield* Effect.acquireRelease(
        Effect.sync(() => new Undici.Agent({ connect: { ca: tls.cert } })),
        (agent) => Effect.promise(() => agent.destroy())
      )
      const call = (path: string) =>
        Effect.tryPromise(() =>
          Undici.request(`${url}${path}`, { dispatcher: agent }).then((reply) => reply.body.text())
        )
      expect(yield* call("/secure")).toBe("GET /secure - - ")
      expect(Exit.isFailure(yield* Effect.exit(call("/reset")))).toBe(true)
    }))
})

describe("Endpoint.toHttpClient", () => {
  it.effect("lets the server finish what a lost client asked for", () =>
    Effect.gen(function*() {
      const acted = yield* Deferred.make<void>()
      const arrived = yield* Deferred.make<void>()
      const release = yield* Deferred.make<void>()
      const client = Endpoint.toHttpClient(() =>
        Deferred.succeed(arrived, undefined).pipe(
          Effect.zipRight(Deferred.await(release)),
          Effect.zipRight(Deferred.succeed(acted, undefined)),
          Effect.as(Endpoint.answer({}))
        )
      )
      const call = yield* Effect.fork(client.get("http://world/"))
      yield* Deferred.await(arrived)
      yield* Fiber.interrupt(call)
      yield* Deferred.succeed(release, undefined)
      yield* Deferred.await(acted)
    }))

  it.scopedLive("tells the server nothing of its client, neither its deadline nor its span", () =>
    Effect.gen(function*() {
      const { url } = yield* Deadline.within("1 minute")(Serve.serve(curious))
      const overSocket = yield* Effect.promise(() => fetch(url).then((response) => response.text()))
      const inProcess = yield* Endpoint.toHttpClient(curious).get(url).pipe(
        Effect.flatMap((response) => response.text),
        Deadline.within("1 minute"),
        Effect.withSpan("client")
      )
      expect([overSocket, inProcess]).toEqual(["Infinity None", "Infinity None"])
    }).pipe(Effect.withSpan("server")))

  it.effect("says by its code whether the request can have been read", () =>
    Effect.gen(function*() {
      const client = Endpoint.toHttpClient(echo)
      const causes = yield* Effect.forEach(["/reset", "/refused"], (path) =>
        Effect.map(Effect.flip(client.get(`http://world${path}`)), (error) => [error._tag, error.reason, error.cause]))
      expect(causes).toEqual([
        ["RequestError", "Transport", expect.objectContaining({ code: "ECONNRESET" })],
        ["RequestError", "Transport", expect.objectContaining({ code: "ECONNREFUSED" })]
      ])
    }))

  it.effect("keeps a defect of the endpoint a defect", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Endpoint.toHttpClient(() => Effect.die("broken")).get("http://world/"))
      expect(Exit.isFailure(exit) && Cause.isDie(exit.cause)).toBe(true)
    }))
})
