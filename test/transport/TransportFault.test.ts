import { assert, describe, it } from "@effect/vitest"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Net from "node:net"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Http from "../../src/transport/Http.ts"
import * as Tls from "../../src/transport/Tls.ts"
import * as TransportFault from "../../src/transport/TransportFault.ts"
import * as Certificates from "./Certificates.ts"
import * as Listening from "./Listening.ts"

const context = { system: "proxmox", operation: "Proxmox.clone", subject: "VM 401 from VM 9000 on pve1" }

const post = (url: string, options: Tls.Options = {}) =>
  Effect.flatMap(Tls.make(options), (client) =>
    Http.exchange(
      client,
      HttpClientRequest.post(url).pipe(HttpClientRequest.bodyText("newid=401", "application/x-www-form-urlencoded")),
      context
    ))

/** A raw TCP server. What `onConnect` does with a connection is all it does. */
const raw = (onConnect: (socket: Net.Socket) => void) => Listening.listen(Net.createServer(onConnect))

const expectFault = (fault: Fault.Fault, code: string, sent: Fault.Sent, kind: Fault.Kind) => {
  assert.deepStrictEqual([fault.code, fault.sent, fault.kind], [code, sent, kind], fault.message)
  assert.strictEqual(fault.system, "proxmox")
  assert.strictEqual(fault.operation, "Proxmox.clone")
}

const raised = (cause: unknown) =>
  TransportFault.fromClientError(
    new HttpClientError.RequestError({
      request: HttpClientRequest.post("https://pve1:8006/x?y=z"),
      reason: "Transport",
      cause
    }),
    context
  )
const coded = (code: string, syscall?: string) =>
  Object.assign(new Error(code), { code, ...(syscall === undefined ? {} : { syscall }) })

describe("TransportFault", () => {
  it.scopedLive("nothing listens: not sent, and worth another try", () =>
    Effect.gen(function*() {
      // A port that was free a moment ago.
      const port = yield* Effect.scoped(raw(() => {}))
      const fault = yield* Effect.flip(post(`http://127.0.0.1:${port}/x?token=abc`))
      expectFault(fault, "connection-refused", "no", "transient")
      assert.isTrue(Fault.mayResend(fault))
      assert.include(fault.message, `http://127.0.0.1:${port} refused the connection`)
      assert.notInclude(fault.message, "abc")
    }))

  it.scopedLive("the connection is reset after the request was written: perhaps sent, never to be sent again blindly", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) => socket.once("data", () => socket.resetAndDestroy()))
      const fault = yield* Effect.flip(post(`http://127.0.0.1:${port}/`))
      expectFault(fault, "connection-lost", "maybe", "transient")
      assert.isTrue(Fault.isOutcomeUnknown(fault))
      assert.isFalse(Fault.mayResend(fault))
    }))

  it.scopedLive("the connection is closed politely instead of an answer: perhaps sent", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) => socket.once("data", () => socket.end()))
      expectFault(yield* Effect.flip(post(`http://127.0.0.1:${port}/`)), "connection-lost", "maybe", "transient")
    }))

  it.scopedLive("a reset in the middle of the TLS handshake: not sent", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) => socket.once("data", () => socket.resetAndDestroy()))
      const fault = yield* Effect.flip(post(`https://127.0.0.1:${port}/`, { insecure: true }))
      expectFault(fault, "connect-failed", "no", "transient")
      assert.isTrue(Fault.mayResend(fault))
    }))

  it.scopedLive("a server that accepts and never shakes hands: not sent, within the time for connecting", () =>
    Effect.gen(function*() {
      const port = yield* raw(() => {})
      const fault = yield* Effect.flip(
        post(`https://127.0.0.1:${port}/`, { insecure: true, connectTimeout: "50 millis" })
      )
      expectFault(fault, "connect-timeout", "no", "transient")
    }))

  it.scopedLive("HTTPS to a port that speaks plain HTTP: not sent, and hopeless", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) => socket.once("data", () => socket.end("HTTP/1.1 400 Bad\r\n\r\n")))
      const fault = yield* Effect.flip(post(`https://127.0.0.1:${port}/`, { insecure: true }))
      expectFault(fault, "tls-handshake", "no", "invalid")
    }))

  it.scopedLive("something that is not HTTP answered a mutation: its outcome is unknown", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) => socket.once("data", () => socket.end("SSH-2.0-OpenSSH_9.6\r\n")))
      expectFault(yield* Effect.flip(post(`http://127.0.0.1:${port}/`)), "not-http", "yes", "unknown")
    }))

  it.scopedLive("the answer breaks off: the server has read the request", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{\"data\":\"UPID:pve"))
      )
      const fault = yield* Effect.flip(post(`http://127.0.0.1:${port}/`))
      expectFault(fault, "truncated", "yes", "transient")
      assert.isTrue(Fault.isOutcomeUnknown(fault))
    }))

  it.scopedLive("an error answer that breaks off still tells its status and reason", () =>
    Effect.gen(function*() {
      const port = yield* raw((socket) =>
        socket.once("data", () => socket.end("HTTP/1.1 500 VM is locked (clone)\r\ncontent-length: 100\r\n\r\n{\"da"))
      )
      const reply = yield* post(`http://127.0.0.1:${port}/`)
      assert.strictEqual(reply.status, 500)
      assert.strictEqual(reply.statusText, "VM is locked (clone)")
    }))

  it("tells the time before a connection from the time after, for any client", () => {
    expectFault(raised(coded("ECONNREFUSED")), "connection-refused", "no", "transient")
    expectFault(raised(coded("ENOTFOUND", "getaddrinfo")), "unknown-host", "no", "transient")
    expectFault(raised(coded("EAI_AGAIN", "getaddrinfo")), "unknown-host", "no", "transient")
    expectFault(raised(coded("EHOSTUNREACH", "connect")), "unreachable", "no", "transient")
    expectFault(raised(coded("ETIMEDOUT", "connect")), "connect-failed", "no", "transient")
    expectFault(raised(coded("ETIMEDOUT", "read")), "connection-lost", "maybe", "transient")
    expectFault(raised(coded("ECONNRESET", "read")), "connection-lost", "maybe", "transient")
    expectFault(raised(coded("EPIPE", "write")), "connection-lost", "maybe", "transient")
    expectFault(raised(coded("UND_ERR_SOCKET")), "connection-lost", "maybe", "transient")
    expectFault(
      raised(new TypeError("fetch failed", { cause: coded("ECONNREFUSED", "connect") })),
      "connection-refused",
      "no",
      "transient"
    )
    expectFault(raised("no error at all"), "connection-lost", "maybe", "transient")
    expectFault(raised(coded("UND_ERR_DESTROYED")), "client-closed", "no", "rejected")
  })

  it("never takes the request along", () => {
    const request = HttpClientRequest.post("https://pve1:8006/x", {
      headers: { authorization: "PVEAPIToken=s3cr3t-s3cr3t" }
    })
    for (const reason of ["Transport", "Encode", "InvalidUrl"] as const) {
      const fault = TransportFault.fromClientError(
        new HttpClientError.RequestError({ request, reason, cause: coded("ECONNRESET") }),
        context
      )
      assert.isFalse(fault.cause instanceof HttpClientError.RequestError)
      assert.notInclude(JSON.stringify(fault), "s3cr3t")
    }
  })

  it.scopedLive("knows a certificate hint of the system", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(() => Effect.succeed(Endpoint.answer({})), { tls: Certificates.node })
      const client = yield* Tls.make({})
      const fault = yield* Effect.flip(Http.exchange(client, HttpClientRequest.get(url), {
        ...context,
        certificateHint: (fingerprint) => `set PIN=${fingerprint}`
      }))
      assert.include(fault.message, `Set PIN=${Certificates.node.fingerprint}`)
    }))
})
