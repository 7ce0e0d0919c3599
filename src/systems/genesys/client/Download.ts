/**
 * Files that an answer links to. Those of the API are asked for with a token; what lies elsewhere, on the storage that
 * the API redirects to, never sees one. Links there are signed: whoever has the address has the file, so that of an
 * address only the origin is ever told.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Exchange from "../../../transport/Exchange.ts"
import * as Failure from "../Failure.ts"
import type { Head, Manner, Wire } from "./Wire.ts"

const operation = "Genesys.download"
const mostRedirects = 5

const redirects = new Set([301, 302, 303, 307, 308])
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

const refuse = (code: string, detail: string, subject: string | undefined): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    code,
    system: "genesys",
    operation,
    detail,
    ...(subject === undefined ? {} : { subject })
  })

type Found = { readonly bytes: Uint8Array } | { readonly location: string }

const read = (reply: Exchange.Bytes): Found =>
  redirects.has(reply.status) ? { location: reply.headers["location"] ?? "" } : { bytes: reply.bytes }

const isAnswer = (status: number): boolean => (status >= 200 && status < 300) || redirects.has(status)

const textOf = (reply: Exchange.Bytes): string => new TextDecoder().decode(reply.bytes.subarray(0, 64 * 1024))

/** Where a link leads, seen from where it stood; or why not to follow it. */
const resolve = (link: string, base: string, subject: string | undefined): URL | Fault.Fault => {
  if (link === "" || !URL.canParse(link, base)) {
    return refuse("invalid-url", "The link to the file is not a valid address", subject)
  }
  const url = new URL(link, base)
  const clear = url.protocol === "http:" && loopback.test(url.hostname)
  return url.protocol === "https:" || clear
    ? url
    : refuse("insecure-link", `The link to the file leads to ${url.protocol}//${url.hostname}, unencrypted`, subject)
}

/** A file on another host. What it answers when it refuses is not the API's error body. */
const elsewhere = (
  exchange: Exchange.Exchange,
  url: URL,
  subject: string | undefined,
  onReply: () => void
) =>
  Effect.flatMap(
    exchange.bytes(
      { method: "GET", origin: url.origin, path: url.pathname + url.search, headers: { accept: "*/*" }, onReply },
      { system: "genesys", operation, subject }
    ),
    (reply: Exchange.Bytes): Effect.Effect<Found, Fault.Fault> =>
      isAnswer(reply.status)
        ? Effect.succeed(read(reply))
        : Effect.fail(Failure.classify({ status: reply.status }, { operation, subject }))
  )

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  origin: string,
  wire: Wire,
  exchange: Exchange.Exchange,
  gate: Exchange.Gate
) => {
  const manner: Manner<Exchange.Bytes, Found> = {
    accept: "*/*",
    send: exchange.bytes,
    text: textOf,
    isSuccess: isAnswer,
    read: (reply: Head & Exchange.Bytes) => read(reply)
  }
  const follow = (
    link: string,
    base: string,
    subject: string | undefined,
    left: number
  ): Effect.Effect<Uint8Array, Fault.Fault> => {
    const url = resolve(link, base, subject)
    if (Fault.isFault(url)) return Effect.fail(url)
    const found = url.origin === origin
      ? wire.call(manner, { path: url.pathname + url.search, route: "file of the API", subject })
      : gate((replied) => elsewhere(exchange, url, subject, replied))
    return Effect.flatMap(found, (found) => {
      if ("bytes" in found) return Effect.succeed(found.bytes)
      return left === 0
        ? Effect.fail(refuse("too-many-redirects", `The link to the file redirects ${mostRedirects} times`, subject))
        : follow(found.location, url.href, subject, left - 1)
    })
  }
  return (url: string, subject?: string): Effect.Effect<Uint8Array, Fault.Fault> =>
    follow(url, origin, subject, mostRedirects)
}
