import { assert, describe, it } from "@effect/vitest"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FileSystem from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import * as NodeTls from "node:tls"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Http from "../../src/transport/Http.ts"
import * as Tls from "../../src/transport/Tls.ts"
import * as Certificates from "./Certificates.ts"
import * as Listening from "./Listening.ts"

const context = { system: "proxmox", operation: "Proxmox.version" }
const secret = "PVEAPIToken=root@pam!test=1a2b3c4d-0000-4000-8000-aabbccddeeff"

const call = (url: string, options: Tls.Options) =>
  Effect.flatMap(
    Tls.make({ ...options, system: "proxmox" }),
    (client) => Http.exchange(client, HttpClientRequest.get(url, { headers: { authorization: secret } }), context)
  )

/** A TLS server that keeps every decrypted byte it was sent, and answers nothing but what `reply` says. */
const listen = (certificate: () => { readonly key: string; readonly cert: string }) =>
  Effect.gen(function*() {
    const received: Array<string> = []
    const closed = yield* Deferred.make<void>()
    const server = NodeTls.createServer({
      ...certificate(),
      SNICallback: (_, done) => done(null, NodeTls.createSecureContext(certificate()))
    }, (socket) => {
      socket.on("error", () => {})
      socket.on("data", (chunk) => {
        received.push(chunk.toString("latin1"))
        socket.write("HTTP/1.1 200 Fine by me\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}")
        socket.end()
      })
    })
    server.on("connection", (socket) => {
      socket.on("close", () => Deferred.unsafeDone(closed, Effect.void))
    })
    server.on("tlsClientError", () => {})
    const port = yield* Listening.listen(server)
    return { port, url: `https://127.0.0.1:${port}/`, received, closed: Deferred.await(closed) }
  })

describe("Tls", () => {
  it.scopedLive("sends not one byte to a server whose certificate is not the pinned one", () =>
    Effect.gen(function*() {
      const server = yield* listen(() => Certificates.impostor)
      const fault = yield* Effect.flip(call(server.url, { fingerprint: Certificates.node.fingerprint }))
      yield* server.closed
      assert.deepStrictEqual(server.received, [])
      assert.strictEqual(fault.kind, "denied")
      assert.strictEqual(fault.code, "certificate-changed")
      assert.strictEqual(fault.sent, "no")
      assert.include(fault.message, Certificates.impostor.fingerprint)
    }))

  it.scopedLive("judges every connection anew: a server replaced between two requests gets nothing", () =>
    Effect.gen(function*() {
      let current = Certificates.node
      const server = yield* listen(() => current)
      const client = yield* Tls.make({ fingerprint: Certificates.node.fingerprint })
      // A name rather than an address, so that the server may change its certificate.
      const request = HttpClientRequest.get(`https://localhost:${server.port}/`, { headers: { authorization: secret } })
      const first = yield* Http.exchange(client, request, context)
      assert.strictEqual(first.status, 200)
      const heard = server.received.length
      current = Certificates.impostor
      const fault = yield* Effect.flip(Http.exchange(client, request, context))
      assert.strictEqual(fault.code, "certificate-changed")
      assert.strictEqual(server.received.length, heard)
    }))

  it.scopedLive("trusts a pinned certificate whoever signed it, however the fingerprint is written", () =>
    Effect.gen(function*() {
      const forms = [
        Certificates.node.fingerprint,
        Certificates.node.fingerprint.replaceAll(":", "").toLowerCase(),
        `sha256:${Certificates.node.fingerprint}`,
        `${Certificates.elsewhere.fingerprint}, ${Certificates.node.fingerprint}`
      ]
      for (const fingerprint of forms) {
        const server = yield* listen(() => Certificates.node)
        const reply = yield* call(server.url, { fingerprint })
        assert.strictEqual(reply.status, 200)
        assert.strictEqual(reply.statusText, "Fine by me")
        assert.include(server.received.join(""), secret)
      }
    }))

  it.scopedLive("a pin holds even where insecure is asked for", () =>
    Effect.gen(function*() {
      const server = yield* listen(() => Certificates.impostor)
      const fault = yield* Effect.flip(
        call(server.url, { fingerprint: Certificates.node.fingerprint, insecure: true })
      )
      assert.strictEqual(fault.code, "certificate-changed")
      assert.deepStrictEqual(server.received, [])
    }))

  it.scopedLive("refuses a self-signed certificate by default, and tells its fingerprint", () =>
    Effect.gen(function*() {
      const server = yield* listen(() => Certificates.node)
      const fault = yield* Effect.flip(call(server.url, {}))
      assert.strictEqual(fault.kind, "invalid")
      assert.strictEqual(fault.code, "certificate-untrusted")
      assert.strictEqual(fault.sent, "no")
      assert.include(fault.message, "DEPTH_ZERO_SELF_SIGNED_CERT")
      assert.include(fault.message, Certificates.node.fingerprint)
      assert.deepStrictEqual(server.received, [])
    }))

  it.scopedLive("trusts a private authority, as text and as a file", () =>
    Effect.gen(function*() {
      const folder = yield* Effect.acquireRelease(
        Effect.promise(() => FileSystem.mkdtemp(Path.join(Os.tmpdir(), "holdfast-tls-"))),
        (folder) => Effect.promise(() => FileSystem.rm(folder, { recursive: true }))
      )
      const file = Path.join(folder, "ca.pem")
      yield* Effect.promise(() => FileSystem.writeFile(file, `some words before\n${Certificates.node.cert}`))
      for (const ca of [Certificates.node.cert, file]) {
        const server = yield* listen(() => Certificates.node)
        assert.strictEqual((yield* call(server.url, { ca })).status, 200)
      }
    }))

  it.scopedLive("a private authority vouches for nothing but what it signed, for the right name and time", () =>
    Effect.gen(function*() {
      const cases = [
        [Certificates.impostor, Certificates.node.cert, "DEPTH_ZERO_SELF_SIGNED_CERT"],
        [Certificates.elsewhere, Certificates.elsewhere.cert, "ERR_TLS_CERT_ALTNAME_INVALID"],
        [Certificates.expired, Certificates.expired.cert, "it expired on Feb  1"]
      ] as const
      for (const [certificate, ca, why] of cases) {
        const server = yield* listen(() => certificate)
        const fault = yield* Effect.flip(call(server.url, { ca }))
        assert.strictEqual(fault.code, "certificate-untrusted")
        assert.include(fault.message, why)
        assert.include(fault.message, certificate.fingerprint)
        assert.deepStrictEqual(server.received, [])
      }
    }))

  it.scopedLive("trusts anything only when asked for by name", () =>
    Effect.gen(function*() {
      const server = yield* listen(() => Certificates.expired)
      assert.strictEqual((yield* call(server.url, { insecure: true })).status, 200)
      assert.strictEqual((yield* Effect.flip(call(server.url, { insecure: false }))).code, "certificate-untrusted")
    }))

  it.scopedLive("options that cannot be right fail before any connection", () =>
    Effect.gen(function*() {
      const cases: ReadonlyArray<readonly [Tls.Options, string]> = [
        [{ fingerprint: "AA:BB" }, "is not a SHA-256 fingerprint"],
        [{ ca: "/nowhere/ca.pem" }, "/nowhere/ca.pem cannot be read (ENOENT)"],
        [{ ca: "-----BEGIN NOTHING-----" }, "holds no certificate"],
        [{ ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----" }, "cannot be read"]
      ]
      for (const [options, says] of cases) {
        const fault = yield* Effect.flip(Tls.make({ ...options, system: "proxmox" }))
        assert.strictEqual(fault.kind, "invalid")
        assert.strictEqual(fault.sent, "no")
        assert.include(fault.message, says)
      }
    }))

  it("reads fingerprints", () => {
    assert.deepStrictEqual(
      Tls.parseFingerprint(` ${Certificates.node.fingerprint.toLowerCase()} `),
      Either.right(Certificates.node.fingerprint)
    )
    assert.isTrue(Either.isLeft(Tls.parseFingerprint(Certificates.node.fingerprint.slice(3))))
    assert.isTrue(Either.isLeft(Tls.parseFingerprint(`${Certificates.node.fingerprint}:00`)))
    assert.isTrue(Either.isLeft(Tls.parseFingerprint(Certificates.node.fingerprint.replace("F3", "G3"))))
  })

  it.scopedLive("works with the room's own server", () =>
    Effect.gen(function*() {
      const { url } = yield* Serve.serve(
        () => Effect.succeed(Endpoint.answer({ statusText: "Quite all right", body: "{\"data\":1}" })),
        { tls: Certificates.node }
      )
      const reply = yield* call(url, { ca: Certificates.node.cert })
      assert.strictEqual(reply.statusText, "Quite all right")
      assert.strictEqual(reply.text, "{\"data\":1}")
    }))
})
