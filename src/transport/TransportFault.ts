/**
 * From what an HTTP client raises to a `Fault`: what kind of trouble it is, and above all whether the request was
 * sent. The line is the connection: what fails before it stands has sent nothing (`no`); what breaks afterwards may
 * have been read and done by the server (`maybe`); what breaks in the middle of the reply was read for certain (`yes`).
 *
 * @since 0.1.0
 */
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as Predicate from "effect/Predicate"
import * as Fault from "../kernel/Fault.ts"
import * as ConnectError from "./ConnectError.ts"

/**
 * Which call failed, and what a user of this system can do about a certificate.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context {
  /** `proxmox`, `genesys`, … */
  readonly system: string
  /** As in the span: `Proxmox.clone`. */
  readonly operation: string
  /** `VM 401 on pve1`. */
  readonly subject?: string | undefined
  /** What to do about a certificate with this SHA-256 fingerprint, in the words of the system's settings. */
  readonly certificateHint?: ((fingerprint: string) => string) | undefined
}

type Said = Omit<Fault.Options, "system" | "operation" | "subject">

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (context: Context, said: Said): Fault.Fault =>
  Fault.make({
    ...said,
    system: context.system,
    operation: context.operation,
    ...(context.subject === undefined ? {} : { subject: context.subject })
  })

/** Where a request went, without path, query and user. */
const originOf = (url: string): string => (URL.canParse(url) ? new URL(url).origin : "the server")

const certificateFault = (certificate: ConnectError.Certificate, origin: string, context: Context): Said => {
  const { fingerprint, pinned, problem, validTo } = certificate
  if (pinned) {
    return {
      kind: "denied",
      code: "certificate-changed",
      sent: "no",
      detail: `${origin} shows a certificate that is not the pinned one; nothing was sent. ` +
        `Its SHA-256 fingerprint is ${fingerprint}`,
      hint: "If its certificate was renewed, compare with the one on the server and pin the new fingerprint; " +
        "if not, somebody may stand in between"
    }
  }
  const hint = context.certificateHint?.(fingerprint) ??
    "Give the certificate authority that signed it, or pin it by this fingerprint after comparing it on the server"
  const why = problem === "CERT_HAS_EXPIRED" ? `it expired on ${validTo}` : problem
  return {
    kind: "invalid",
    code: "certificate-untrusted",
    sent: "no",
    detail: `The certificate of ${origin} is not trusted (${why}); nothing was sent. ` +
      `Its SHA-256 fingerprint is ${fingerprint}`,
    hint
  }
}

/** Codes that only a connection attempt gives. */
const beforeConnection: Readonly<Record<string, readonly [code: string, says: string, hint: string]>> = {
  ECONNREFUSED: ["connection-refused", "refused the connection", "Check host and port, and that the service runs"],
  ENOTFOUND: ["unknown-host", "cannot be found: its name does not resolve", "Check the host name"],
  EAI_AGAIN: ["unknown-host", "cannot be found: the name server does not answer", "Check the network"],
  EHOSTUNREACH: ["unreachable", "cannot be reached: no route to the host", "Check the address and the network"],
  EHOSTDOWN: ["unreachable", "cannot be reached: the host is down", "Check the address and the network"],
  ENETUNREACH: ["unreachable", "cannot be reached: no route to its network", "Check the address and the network"],
  UND_ERR_CONNECT_TIMEOUT: [
    "connect-timeout",
    "did not accept the connection in time",
    "Check host and port, and that no firewall drops it"
  ]
}

const tlsCode = /^(?:ERR_SSL_|ERR_TLS_|EPROTO$)/

const notConnected = (code: string, origin: string): Said => {
  const [name, says, hint] = beforeConnection[code] ?? []
  if (name !== undefined) {
    return {
      kind: "transient",
      code: name,
      sent: "no",
      detail: `${origin} ${says}`,
      ...(hint === undefined ? {} : { hint })
    }
  }
  if (tlsCode.test(code)) {
    return {
      kind: "invalid",
      code: "tls-handshake",
      sent: "no",
      detail: `${origin} and holdfast could not agree on TLS (${code})`,
      hint: "Check that the port speaks HTTPS"
    }
  }
  return {
    kind: "transient",
    code: "connect-failed",
    sent: "no",
    detail: `The connection to ${origin} did not come to stand (${code})`
  }
}

const isRead = (method: string): boolean => method === "GET" || method === "HEAD" || method === "OPTIONS"

const afterConnection = (code: string, origin: string, method: string): Said => {
  if (code === "UND_ERR_DESTROYED" || code === "UND_ERR_CLOSED") {
    return { kind: "rejected", code: "client-closed", sent: "no", detail: "The HTTP client is closed already" }
  }
  if (code === "UND_ERR_INVALID_ARG") {
    return { kind: "invalid", code: "param", sent: "no", detail: `The request to ${origin} cannot be written as HTTP` }
  }
  if (code.startsWith("HPE_") || code === "UND_ERR_HEADERS_OVERFLOW") {
    return {
      kind: isRead(method) ? "invalid" : "unknown",
      code: "not-http",
      detail: `What ${origin} answered is not HTTP (${code})`,
      hint: "Check host, port and scheme"
    }
  }
  return {
    kind: "transient",
    code: "connection-lost",
    sent: "maybe",
    detail: `The connection to ${origin} broke before an answer came (${code})`
  }
}

/**
 * What an `HttpClient` raised. The request never goes along as the cause: it holds headers and a body.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromClientError = (error: HttpClientError.HttpClientError, context: Context): Fault.Fault => {
  const origin = originOf(error.request.url)
  if (error._tag === "ResponseError") {
    return make(context, {
      kind: "transient",
      code: "truncated",
      status: error.response.status,
      detail: `The answer of ${origin} broke off in the middle`,
      cause: error.cause
    })
  }
  if (error.reason !== "Transport") {
    return make(context, {
      kind: "invalid",
      code: error.reason === "InvalidUrl" ? "invalid-url" : "param",
      sent: "no",
      detail: error.reason === "InvalidUrl" ? "The address is not a valid URL" : "The request cannot be encoded"
    })
  }
  const cause = error.cause
  if (ConnectError.isConnectError(cause)) {
    const said = cause.certificate === undefined
      ? notConnected(cause.code, origin)
      : certificateFault(cause.certificate, origin, context)
    return make(context, { ...said, cause })
  }
  // undici's parser gives its errors a code only where llhttp had one.
  const code = ConnectError.codeOf(cause) ??
    (Predicate.hasProperty(cause, "name") && cause.name === "HTTPParserError" ? "HPE_INVALID" : "no code")
  const connecting = beforeConnection[code] !== undefined || tlsCode.test(code) ||
    (Predicate.hasProperty(cause, "syscall") && cause.syscall === "connect")
  return make(context, {
    ...(connecting ? notConnected(code, origin) : afterConnection(code, origin, error.request.method)),
    cause
  })
}
