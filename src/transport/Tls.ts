/**
 * Whom to trust over TLS: the usual authorities, a private one, or exactly the certificate with a known SHA-256
 * fingerprint, as Proxmox users do with self-signed certificates. Nothing is trusted without being told, and not one
 * byte of a request leaves before the certificate was judged.
 *
 * @since 0.1.0
 */
import type * as HttpClient from "@effect/platform/HttpClient"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Scope from "effect/Scope"
import { X509Certificate } from "node:crypto"
import * as Fs from "node:fs/promises"
import type { Socket } from "node:net"
import { TLSSocket } from "node:tls"
import { Agent, buildConnector } from "undici"
import * as Fault from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import { codeOf, ConnectError } from "./ConnectError.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** A private certificate authority, or several: PEM text, or the path of a PEM file. Only these are trusted then. */
  readonly ca?: string | undefined
  /**
   * SHA-256 fingerprints of certificates, with colons or without, separated by commas. A certificate with one of them
   * is trusted, whoever signed it, whatever its name and dates; no other is.
   */
  readonly fingerprint?: string | undefined
  /** Trust any certificate. Anybody in between can then read and change everything. Defaults to `false`. */
  readonly insecure?: boolean | undefined
  /** For connecting, the TLS handshake included. Defaults to 10 seconds. */
  readonly connectTimeout?: Duration.DurationInput | undefined
  /** The most connections to one host; further requests wait for one. Defaults to 32. */
  readonly connections?: number | undefined
}

/** What stands behind the options. `pins` is empty where none is given. */
interface Trust {
  readonly authorities: ReadonlyArray<string>
  readonly pins: ReadonlySet<string>
  readonly insecure: boolean
}

/**
 * A SHA-256 fingerprint as `AA:BB:…`, from any usual way of writing it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseFingerprint = (text: string): Either.Either<string, string> => {
  const digits = text.trim().replace(/^sha-?256[:=]/i, "").replaceAll(":", "").toUpperCase()
  return /^[0-9A-F]{64}$/.test(digits)
    ? Either.right(digits.replace(/..(?=.)/g, "$&:"))
    : Either.left(
      `"${text.trim()}" is not a SHA-256 fingerprint: 32 pairs of hexadecimal digits, with colons or without`
    )
}

const refuse = (system: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({ kind: "invalid", code: "tls-options", system, operation: "Tls.make", detail, hint, sent: "no" })

const block = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g

const certificates = (pem: string, from: string, system: string): Effect.Effect<ReadonlyArray<string>, Fault.Fault> => {
  const hint = "Give PEM text (-----BEGIN CERTIFICATE-----) or the path of a PEM file"
  const blocks = pem.match(block) ?? []
  return blocks.length === 0
    ? Effect.fail(refuse(system, `${from} holds no certificate`, hint))
    : Effect.forEach(blocks, (text) =>
      Effect.try({
        try: () => new X509Certificate(text).toString(),
        catch: () => refuse(system, `${from} holds a certificate that cannot be read`, hint)
      }))
}

const authorities = (ca: string | undefined, system: string): Effect.Effect<ReadonlyArray<string>, Fault.Fault> => {
  if (ca === undefined || ca.trim() === "") return Effect.succeed([])
  if (ca.includes("-----BEGIN")) return certificates(ca, "The certificate authority", system)
  return Effect.tryPromise({
    try: (signal) => Fs.readFile(ca, { encoding: "utf8", signal }),
    catch: (cause) =>
      refuse(system, `The certificate authority ${ca} cannot be read (${codeOf(cause) ?? "no code"})`, "Check the path")
  }).pipe(Effect.flatMap((pem) => certificates(pem, ca, system)))
}

const trust = (options: Options, system: string): Effect.Effect<Trust, Fault.Fault> =>
  Effect.gen(function*() {
    const pins = new Set<string>()
    for (const text of (options.fingerprint ?? "").split(",").filter((text) => text.trim() !== "")) {
      pins.add(
        yield* Either.mapLeft(
          parseFingerprint(text),
          (detail) =>
            refuse(system, detail, "On the server: openssl x509 -noout -fingerprint -sha256 -in <certificate>")
        )
      )
    }
    return { pins, authorities: yield* authorities(options.ca, system), insecure: options.insecure ?? false }
  })

/** What is wrong with the certificate of a connection that just came to stand; `undefined` when nothing is. */
const judge = (socket: Socket, trusted: Trust): ConnectError | undefined => {
  if (!(socket instanceof TLSSocket)) return new ConnectError("The connection is not encrypted", { code: "NO_TLS" })
  const { fingerprint256, valid_to } = socket.getPeerCertificate()
  const seen = fingerprint256 ?? "none"
  const certificate = { fingerprint: seen, validTo: valid_to ?? "" }
  if (trusted.pins.size > 0) {
    return trusted.pins.has(seen) ? undefined : new ConnectError("The certificate is not the pinned one", {
      code: "CERTIFICATE_NOT_PINNED",
      certificate: { ...certificate, pinned: true, problem: "not the pinned one" }
    })
  }
  if (trusted.insecure || socket.authorized) return undefined
  const problem = String(socket.authorizationError ?? "not authorized")
  return new ConnectError("The certificate is not trusted", {
    code: problem,
    certificate: { ...certificate, pinned: false, problem }
  })
}

/**
 * Node itself is told to let any certificate pass, and {@link judge} decides on what Node found (`authorized` covers
 * the chain, the dates and the name), because only then can the message give the fingerprint. The socket is handed
 * over only after the verdict. Sessions are not resumed: a resumed one skips the check of the name.
 */
const connector = (trusted: Trust, timeout: number): buildConnector.connector => {
  const connect = buildConnector({
    timeout,
    maxCachedSessions: 0,
    rejectUnauthorized: false,
    ...(trusted.authorities.length === 0 ? {} : { ca: [...trusted.authorities] })
  })
  return (options, callback) =>
    connect(options, (...[error, socket]) => {
      if (error !== null) {
        callback(new ConnectError(error.message, { code: codeOf(error) ?? "no code", cause: error }), null)
        return
      }
      const problem = options.protocol === "https:" ? judge(socket, trusted) : undefined
      if (problem === undefined) {
        callback(null, socket)
        return
      }
      socket.destroy()
      callback(problem, null)
    })
}

/**
 * What an agent is made of, and whose faults these are.
 *
 * @since 0.1.0
 * @category models
 */
export interface Owned extends Options {
  /** `proxmox`. Defaults to `holdfast`. */
  readonly system?: string | undefined
}

/**
 * Connections of their own, closed with the scope. Fails before any connection when the options cannot be right.
 *
 * @since 0.1.0
 * @category constructors
 */
export const agent = (options: Owned): Effect.Effect<Agent, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const trusted = yield* trust(options, options.system ?? "holdfast")
    return yield* Finalizer.acquireRelease(
      Effect.sync(() =>
        new Agent({
          connect: connector(trusted, Duration.toMillis(options.connectTimeout ?? "10 seconds")),
          connections: options.connections ?? 32
        })
      ),
      (agent) => Effect.promise(() => agent.destroy())
    )
  })

/**
 * An HTTP client over connections of its own, closed with the scope. Fails before any connection when the options
 * cannot be right.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Owned): Effect.Effect<HttpClient.HttpClient, Fault.Fault, Scope.Scope> =>
  Effect.map(agent(options), NodeHttpClient.makeUndici)
