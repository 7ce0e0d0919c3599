/**
 * One call of the API: addressed, let in by a token, sent once (once more when the token was refused, which means that
 * nothing was done), and read or classified.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Metrics from "../../../kernel/Metrics.ts"
import type { Asked } from "../../../transport/Answer.ts"
import type * as Exchange from "../../../transport/Exchange.ts"
import * as Http from "../../../transport/Http.ts"
import * as Redaction from "../../../transport/Redaction.ts"
import type * as TransportFault from "../../../transport/TransportFault.ts"
import type { Request } from "../Client.ts"
import * as Failure from "../Failure.ts"
import * as Address from "./Address.ts"
import { clockOf, now } from "./Moment.ts"
import type { Ticket, TokenPool } from "./TokenPool.ts"
import * as Trace from "./Trace.ts"

/**
 * What every reply has, whatever its body is read as.
 *
 * @since 0.1.0
 * @category models
 */
export type Head = Omit<Http.Reply, "text">

/**
 * How a call is sent and what it gives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Manner<R extends Head, A> {
  readonly accept: "application/json" | "*/*"
  readonly send: (request: Exchange.Request, context: TransportFault.Context) => Effect.Effect<R, Fault.Fault>
  /** The text of a reply that failed. */
  readonly text: (reply: R) => string
  readonly isSuccess: (status: number) => boolean
  readonly read: (reply: R, context: TransportFault.Context) => A | Fault.Fault
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Wire {
  readonly json: (request: Request) => Effect.Effect<Json.Json, Fault.Fault>
  readonly text: (request: Request) => Effect.Effect<string, Fault.Fault>
  /** A call whose path and query are written out. */
  readonly call: <R extends Head, A>(
    manner: Manner<R, A>,
    target: { readonly path: string; readonly route: string; readonly subject: string | undefined }
  ) => Effect.Effect<A, Fault.Fault>
}

const operation = "Genesys.request"

const certificateHint = (fingerprint: string): string =>
  "The certificate is not one of Genesys Cloud's. Where a proxy of your own stands in between, set HOLDFAST_GENESYS_CA " +
  `to its certificate authority after comparing the fingerprint ${fingerprint}`

const contextOf = (subject: string | undefined): TransportFault.Context => ({
  system: "genesys",
  operation,
  subject,
  certificateHint
})

const parse: (text: string) => Json.Json = JSON.parse

const notJson = {
  who: "The API",
  hint: "Check the region or the origin, and that no proxy or login page is in between"
}

const readJson = (reply: Http.Reply, context: Asked): Json.Json | Fault.Fault => {
  if (reply.status === 204) return null
  try {
    return parse(reply.text)
  } catch {
    // What the parser says is dropped, because it quotes the body.
    return Failure.notJson(reply, notJson, context)
  }
}

const isSuccess = (status: number): boolean => status >= 200 && status < 300

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  origin: string,
  pool: TokenPool,
  exchange: Exchange.Exchange,
  gate: Exchange.Gate
): Wire => {
  const counters = {
    requests: Metrics.counter("holdfast_genesys_requests", "Requests sent to the API", "genesys"),
    failures: Metrics.counter("holdfast_genesys_failures", "Requests that failed", "genesys"),
    throttles: Metrics.counter("holdfast_genesys_throttles", "Requests that the API refused as too many", "genesys")
  }

  const asJson: Manner<Http.Reply, Json.Json> = {
    accept: "application/json",
    send: exchange.text,
    text: ({ text }) => text,
    isSuccess,
    read: readJson
  }
  const asText: Manner<Http.Reply, string> = {
    accept: "*/*",
    send: exchange.text,
    text: ({ text }) => text,
    isSuccess,
    read: ({ text }) => text
  }

  /** In a refusal the other side may repeat what it was sent. */
  const classify = (reply: Head, text: string, subject: string | undefined, at: number): Fault.Fault => {
    const throttled = reply.status === 429
    if (throttled) counters.throttles.add(1)
    return Failure.classify({
      status: reply.status,
      headers: reply.headers,
      body: Redaction.scrub(text, pool.hidden()),
      // What the server asked for it asked of one token; another may be free at once.
      ...(throttled ? { retryAfterMillis: pool.delay(at) } : {})
    }, { operation, subject })
  }

  const perform = <R extends Head, A>(
    manner: Manner<R, A>,
    sent: Pick<Exchange.Request, "method" | "path" | "body">,
    route: string,
    subject: string | undefined
  ): Effect.Effect<A, Fault.Fault> =>
    gate((replied) =>
      Effect.withFiberRuntime((fiber) => {
        const clock = clockOf(fiber)
        const context = contextOf(subject)

        const report = (fault: Fault.Fault, start: bigint, status: number | undefined): Fault.Fault => {
          counters.failures.add(1)
          trace(fiber, sent.method, origin, route, start, status, Exit.fail(fault))
          return fault
        }

        const attempt = (ticket: Ticket, again: boolean): Effect.Effect<A, Fault.Fault> => {
          const start = clock.unsafeCurrentTimeNanos()
          const number = ticket.member.rate.send()
          counters.requests.add(1)
          // What is sent again is still the same request.
          const onReply = (status: number): void => status === 401 && again ? undefined : replied()
          const request = {
            method: sent.method,
            origin,
            path: sent.path,
            headers: headersOf(ticket, manner, sent),
            body: sent.body,
            onReply
          }
          return Effect.matchEffect(manner.send(request, context), {
            onFailure: (fault) => Effect.fail(report(fault, start, undefined)),
            onSuccess: (reply) => {
              const { headers, status } = reply
              const at = now(clock)
              ticket.member.rate.observe(number, status, headers, at, clock.unsafeCurrentTimeMillis())
              if (status === 401 && again) return Effect.flatMap(pool.renew(ticket), (next) => attempt(next, false))
              const value = manner.isSuccess(status)
                ? manner.read(reply, context)
                : classify(reply, manner.text(reply), subject, at)
              if (Fault.isFault(value)) return Effect.fail(report(value, start, status))
              if (at - Number(start) / 1e6 > Trace.slowMillis) {
                trace(fiber, sent.method, origin, route, start, status, Exit.void)
              }
              return Effect.succeed(value)
            }
          })
        }

        const ticket = pool.tryTake(now(clock))
        return ticket === undefined
          ? Effect.flatMap(pool.take, (ticket) => attempt(ticket, true))
          : attempt(ticket, true)
      })
    )

  const ask = <A>(manner: Manner<Http.Reply, A>) => (request: Request): Effect.Effect<A, Fault.Fault> => {
    const path = Address.of(request)
    if (path === undefined) return Effect.fail(unfillable(request))
    const body = request.body === undefined ? undefined : JSON.stringify(request.body)
    return perform(manner, { method: request.method ?? "GET", path, body }, request.path, request.subject)
  }

  return {
    json: ask(asJson),
    text: ask(asText),
    call: (manner, { path, route, subject }) => perform(manner, { method: "GET", path }, route, subject)
  }
}

const headersOf = (
  { grant }: Ticket,
  { accept }: { readonly accept: string },
  { body }: Pick<Exchange.Request, "body">
): Readonly<Record<string, string>> =>
  accept === "application/json" && body === undefined
    ? grant.headers
    : { ...grant.headers, accept, ...(body === undefined ? {} : { "content-type": "application/json" }) }

const unfillable = (request: Request): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    code: "param",
    system: "genesys",
    operation,
    sent: "no",
    detail: `${request.path} cannot be filled: a value is missing, empty or a relative path`,
    ...(request.subject === undefined ? {} : { subject: request.subject })
  })

/** The route and not the path: ids make no good names, and a download's path may be a secret. */
const trace = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  method: string,
  origin: string,
  route: string,
  start: bigint,
  status: number | undefined,
  exit: Exit.Exit<unknown, Fault.Fault>
): void =>
  Trace.record(fiber, start, {
    "http.request.method": method,
    "http.response.status_code": status,
    "server.address": origin,
    "url.template": route
  }, exit)
