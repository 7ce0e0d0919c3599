/**
 * One call of the API: let in by the limiter, sent once, and decoded or classified.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as RateHints from "../../../kernel/RateHints.ts"
import type * as Exchange from "../../../transport/Exchange.ts"
import * as Http from "../../../transport/Http.ts"
import * as Redaction from "../../../transport/Redaction.ts"
import type * as TransportFault from "../../../transport/TransportFault.ts"
import type { Connection } from "../Connection.ts"
import * as Failure from "../Failure.ts"
import type { Limiter } from "./Limiter.ts"
import * as Multipart from "./Multipart.ts"

type QueryValue = string | number | boolean | ReadonlyArray<string> | null | undefined

interface Target {
  /** The client's method: `createFile`. */
  readonly name: string
  readonly method: "GET" | "POST" | "PATCH" | "DELETE"
  /** As the API description writes it: `/v1/convai/knowledge-base/{documentation_id}`. */
  readonly route: string
  /** What fills the holes of the route; escaped here. */
  readonly at?: Readonly<Record<string, string>> | undefined
  /** Lists are repeated; what is `undefined` or `null` is left out. */
  readonly query?: Readonly<Record<string, QueryValue>> | undefined
  readonly body?: Json.Json | undefined
  readonly form?: Multipart.Form | undefined
  readonly subject?: string | undefined
  readonly about?: Failure.Context["about"]
  /** It changes nothing, whatever the method. Defaults to whether the method is `GET`. */
  readonly reads?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Wire {
  /** The answer's JSON by a schema. */
  readonly call: <A, I>(target: Target, reply: Schema.Schema<A, I>) => Effect.Effect<A, Fault.Fault>
  /** The answer as it is. */
  readonly text: (target: Target) => Effect.Effect<string, Fault.Fault>
}

const hole = /\{(\w+)\}/g

/** A path with every hole filled; `undefined` when a value would change the path's shape. */
const fill = (route: string, at: Readonly<Record<string, string>>): string | undefined => {
  const values = Object.values(at)
  if (values.some((value) => value === "" || value === "." || value === "..")) return undefined
  return route.replace(hole, (_, name: string) => encodeURIComponent(at[name] ?? ""))
}

const queryOf = (query: Target["query"]): string => {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query ?? {})) {
    if (value === undefined || value === null) continue
    if (typeof value === "object") { for (const one of value) parameters.append(name, one) }
    else parameters.append(name, String(value))
  }
  const text = parameters.toString()
  return text === "" ? "" : `?${text}`
}

/** What is sent of a target besides its address. */
const contentOf = (
  { body, form }: Target,
  headers: Readonly<Record<string, string>>
): Pick<Exchange.Request, "headers" | "body"> => {
  if (form !== undefined) {
    const { bytes, contentType } = Multipart.encode(form)
    return { headers: { ...headers, "content-type": contentType }, body: bytes }
  }
  return body === undefined
    ? { headers }
    : { headers: { ...headers, "content-type": "application/json" }, body: JSON.stringify(body) }
}

const certificateHint = (fingerprint: string): string =>
  "The certificate is not one of ElevenLabs'. Where a proxy of your own stands in between, set HOLDFAST_ELEVENLABS_CA " +
  `to its certificate authority after comparing the fingerprint ${fingerprint}`

const contextOf = ({ about, name, subject }: Target): Failure.Context => ({
  operation: `ElevenLabs.${name}`,
  subject,
  about
})

const isMutation = ({ method, reads }: Target): boolean => !(reads ?? method === "GET")

const notJson = (reply: Http.Reply, target: Target): Fault.Fault => {
  const why = Http.judge(reply.text)
  const { headers, status } = reply
  if (why._tag === "Truncated") {
    return Failure.unreadable({
      code: "truncated",
      status,
      headers,
      detail: "The answer broke off in the middle",
      mutation: isMutation(target)
    }, contextOf(target))
  }
  return Failure.unreadable({
    code: "not-json",
    status,
    headers,
    detail: `The API answered with ${Http.called(why)} where JSON was expected`,
    hint: "Check the residency or the origin, and that no proxy or login page is in between",
    mutation: isMutation(target)
  }, contextOf(target))
}

/** Where and what was expected. What was there instead stays out: it may be long, and nobody's business. */
const issues = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error).slice(0, 3)
    .map(({ message, path }) => `${path.join(".")}: ${message.replace(/, actual [\s\S]*$/, "")}`).join("; ")

const decode = <A, I>(
  value: unknown,
  reply: Http.Reply,
  schema: Schema.Schema<A, I>,
  target: Target
): Either.Either<A, Fault.Fault> =>
  Either.mapLeft(Schema.decodeUnknownEither(schema)(value), (error) =>
    Failure.unreadable({
      code: "unexpected-reply",
      status: reply.status,
      headers: reply.headers,
      detail: `The answer to ${target.method} ${target.route} is not what the API promises (${issues(error)})`,
      hint: "The API may have changed since this version of holdfast",
      mutation: isMutation(target)
    }, contextOf(target)))

const unfillable = (target: Target): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    code: "param",
    system: "elevenlabs",
    operation: `ElevenLabs.${target.name}`,
    sent: "no",
    detail: `${target.route} cannot be filled: an id is missing, empty or a relative path`,
    ...(target.subject === undefined ? {} : { subject: target.subject })
  })

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (connection: Connection, limiter: Limiter, exchange: Exchange.Exchange): Wire => {
  const { apiKey, origin } = connection
  const secrets = [apiKey]

  const exchanged = (target: Target, path: string, accept: string, context: TransportFault.Context) => {
    const content = contentOf(target, { accept, "xi-api-key": Redacted.value(apiKey) })
    // Files are many; what waits for a single answer goes before those that are not yet under way.
    const gate = target.form === undefined ? limiter.within : limiter.behind
    return gate((replied) =>
      Effect.suspend(() => {
        let own = limiter.own()
        const onReply = (status: number): void => {
          own = Math.max(own, limiter.own())
          // After a refusal nothing is sent before it is known how many may be.
          if (status !== 429) replied()
        }
        const request = { method: target.method, origin, path: path + queryOf(target.query), ...content, onReply }
        return Effect.zipWith(exchange.text(request, context), Clock.currentTimeMillis, (reply, now) => {
          const hints = RateHints.parse(reply.headers, now)
          limiter.observe(hints, reply.status === 429, own)
          return { reply, retryAfterMillis: hints.retryAfterMillis }
        })
      })
    )
  }

  const send = (target: Target, accept: string): Effect.Effect<Http.Reply, Fault.Fault> => {
    const path = fill(target.route, target.at ?? {})
    if (path === undefined) return Effect.fail(unfillable(target))
    const context = contextOf(target)
    return exchanged(target, path, accept, {
      system: "elevenlabs",
      operation: `ElevenLabs.${target.name}`,
      subject: target.subject,
      certificateHint
    }).pipe(
      Effect.tap(({ reply }) => Effect.annotateCurrentSpan("http.response.status_code", reply.status)),
      Effect.flatMap(({ reply, retryAfterMillis }) => {
        const { headers, status } = reply
        // In a refusal the other side may repeat what it was sent.
        return isSuccess(status) ? Effect.succeed(reply) : Effect.fail(
          Failure.classify({ status, headers, body: Redaction.scrub(reply.text, secrets), retryAfterMillis }, context)
        )
      }),
      Effect.withSpan(`ElevenLabs.${target.name}`, {
        kind: "client",
        captureStackTrace: false,
        attributes: {
          "http.request.method": target.method,
          "server.address": origin,
          "url.template": target.route
        }
      })
    )
  }

  return {
    call: (target, schema) =>
      Effect.flatMap(send(target, "application/json"), (reply) => {
        const value = Http.json(reply)
        return Either.isRight(value) ? decode(value.right, reply, schema, target) : notJson(reply, target)
      }),
    text: (target) => Effect.map(send(target, "*/*"), ({ text }) => text)
  }
}
