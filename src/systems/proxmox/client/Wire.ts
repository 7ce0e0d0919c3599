/**
 * One call of the Proxmox VE API: encoded as the server reads it, let in, sent once (once more when the ticket had
 * expired), and decoded or classified.
 *
 * The server reads forms, not chunked bodies, and no bodies of `GET` and `DELETE`, whose options go into the query;
 * it splits at `&`, `;` and every `=`, so all of them are escaped within values. Source: pve-http-server.
 *
 * @since 0.1.0
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as ParseResult from "effect/ParseResult"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Fault from "../../../kernel/Fault.ts"
import * as RateHints from "../../../kernel/RateHints.ts"
import type { Asked } from "../../../transport/Answer.ts"
import * as Http from "../../../transport/Http.ts"
import * as Redaction from "../../../transport/Redaction.ts"
import type { Connection } from "../Connection.ts"
import * as Failure from "../Failure.ts"
import * as Session from "./Session.ts"

/** The names in a route: `"node" | "vmid"` of `/nodes/{node}/qemu/{vmid}`. */
type Holes<Route extends string> = Route extends `${string}{${infer Name}}${infer Rest}` ? Name | Holes<Rest>
  : never

interface Call<Route extends string, A, I> {
  /** The client's method: `clone`. */
  readonly name: string
  readonly method: "GET" | "POST" | "PUT" | "DELETE"
  /** As the API description writes it. */
  readonly route: Route
  readonly at: { readonly [Name in Holes<Route>]: string | number }
  readonly parameters?: Readonly<Record<string, string | number | boolean | undefined>>
  /** The whole envelope: `{ data, total? }`. */
  readonly reply: Schema.Schema<A, I>
  readonly subject?: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Wire {
  readonly call: <Route extends string, A, I>(call: Call<Route, A, I>) => Effect.Effect<A, Fault.Fault>
}

type Parameters = Call<string, unknown, unknown>["parameters"]

const encode = (parameters: Parameters): string => {
  const form = new URLSearchParams()
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (value === undefined) continue
    form.append(name, typeof value === "boolean" ? (value ? "1" : "0") : String(value))
  }
  return form.toString()
}

const hole = /\{(\w+)\}/g

/** A path with every hole filled; `undefined` when a value would change the path's shape. */
const fill = (route: string, at: Readonly<Record<string, string | number>>): string | undefined => {
  const values = Object.values(at).map(String)
  if (values.some((value) => value === "" || value === "." || value === "..")) return undefined
  return route.replace(hole, (_, name: string) => encodeURIComponent(String(at[name] ?? "")))
}

const mayHaveBody = (method: string): boolean => method === "POST" || method === "PUT"

const build = (method: Call<string, unknown, unknown>["method"], url: string, form: string) => {
  const accept = { accept: "application/json" }
  if (!mayHaveBody(method)) {
    return HttpClientRequest.make(method)(form === "" ? url : `${url}?${form}`, { headers: accept })
  }
  return HttpClientRequest.make(method)(url, { headers: accept }).pipe(
    HttpClientRequest.bodyText(form, "application/x-www-form-urlencoded")
  )
}

const certificateHint = (fingerprint: string): string =>
  `Compare with \`pvenode cert info\` on the node, then set HOLDFAST_PROXMOX_FINGERPRINT=${fingerprint}; ` +
  "or set HOLDFAST_PROXMOX_CA to its /etc/pve/pve-root-ca.pem"

const notJson = (reply: Http.Reply, why: Http.NotJson, context: Asked): Fault.Fault => {
  const mutation = reply.method !== "GET"
  if (why._tag === "Truncated") {
    return Fault.make({
      kind: "transient",
      system: "proxmox",
      operation: context.operation ?? "Proxmox.request",
      code: "truncated",
      status: reply.status,
      detail: "The answer broke off in the middle",
      ...(context.subject === undefined ? {} : { subject: context.subject })
    })
  }
  const title = why._tag === "Page" && why.title !== undefined ? ` ("${why.title}")` : ""
  return Failure.unreadable({
    code: "not-json",
    detail: `The server answered with ${Http.called(why)}${title} where JSON was expected`,
    hint: "Check that the endpoint is a Proxmox VE server (https://host:8006) and that no login page is in between",
    status: reply.status,
    mutation
  }, context)
}

/** Where and what was expected. What was there instead stays out: it may be long, and nobody's business. */
const issues = (error: ParseResult.ParseError): string =>
  ParseResult.ArrayFormatter.formatErrorSync(error).slice(0, 3)
    .map(({ message, path }) => `${path.join(".")}: ${message.replace(/, actual [\s\S]*$/, "")}`).join("; ")

const decode = <A, I>(
  value: unknown,
  reply: Http.Reply,
  schema: Schema.Schema<A, I>,
  route: string,
  context: Asked
): Either.Either<A, Fault.Fault> =>
  Either.mapLeft(Schema.decodeUnknownEither(schema)(value), (error) =>
    Failure.unreadable({
      code: "unexpected-reply",
      detail: `The answer to ${reply.method} ${route} is not what the API promises (${issues(error)})`,
      hint: "This version of Proxmox VE may be newer or older than those known",
      status: reply.status,
      mutation: reply.method !== "GET"
    }, context))

type Secrets = ReadonlyArray<Redacted.Redacted<string>>

/** A reply that is to be told of, without the secrets that the other side may have repeated in it. */
const cleaned = (reply: Http.Reply, secrets: Secrets): Http.Reply => ({
  ...reply,
  statusText: Redaction.scrub(reply.statusText, secrets),
  text: Redaction.scrub(reply.text, secrets)
})

const isSuccess = ({ status }: Http.Reply): boolean => status >= 200 && status < 300

/** What a reply gives: what was asked for, or a fault. */
const judge = <A, I>(
  reply: Http.Reply,
  { reply: schema, route }: Pick<Call<string, A, I>, "reply" | "route">,
  context: Asked,
  secrets: Secrets,
  wallMillis: number
): Either.Either<A, Fault.Fault> => {
  if (!isSuccess(reply)) {
    const { headers, statusText, status, text } = cleaned(reply, secrets)
    const { retryAfterMillis } = RateHints.parse(headers, wallMillis)
    return Either.left(Failure.classify({ status, statusText, body: text, retryAfterMillis }, context))
  }
  const value = Http.json(reply)
  return Either.isRight(value)
    ? decode(value.right, reply, schema, route, context)
    : Either.left(notJson(reply, Http.judge(cleaned(reply, secrets).text), context))
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (connection: Connection): Effect.Effect<Wire, never, HttpClient.HttpClient> =>
  Effect.gen(function*() {
    // Calls have spans of their own below; the client's would repeat them with every header.
    const client = Redaction.protect(yield* HttpClient.HttpClient, {
      headers: ["csrfpreventiontoken"],
      untraced: () => true
    })
    const { base, credentials, origin } = connection

    const exchange = (request: HttpClientRequest.HttpClientRequest, context: Asked) =>
      Http.exchange(client, request, {
        system: "proxmox",
        operation: context.operation ?? "Proxmox.request",
        subject: context.subject,
        certificateHint
      })

    const own = credentials._tag === "Token"
      ? [credentials.secret]
      : [credentials.password, ...(credentials.otp === undefined ? [] : [credentials.otp])]

    const login = (form: Readonly<Record<string, string>>) =>
      exchange(build("POST", `${base}/access/ticket`, encode(form)), { operation: "Proxmox.login" }).pipe(
        Effect.map((reply) => isSuccess(reply) ? reply : cleaned(reply, own)),
        Effect.withSpan("Proxmox.login", { kind: "client", attributes: { "server.address": origin } })
      )

    const session = credentials._tag === "Token"
      ? Session.fromToken(credentials)
      : yield* Session.fromPassword(credentials, login)

    const send = (request: HttpClientRequest.HttpClientRequest, grant: Session.Grant, context: Asked) =>
      Effect.map(
        exchange(HttpClientRequest.setHeaders(request, grant.headers(request.method)), context),
        (reply) => ({ reply, grant })
      )

    /** Sends, and when the ticket was refused, which means that nothing was done, once more with a new one. */
    const admitted = (request: HttpClientRequest.HttpClientRequest, context: Asked) =>
      Effect.gen(function*() {
        const first = yield* send(request, yield* session.grant, context)
        if (first.reply.status !== 401) return first
        const renewed = yield* session.renew(first.grant)
        return Option.isNone(renewed) ? first : yield* send(request, renewed.value, context)
      })

    const call = <Route extends string, A, I>(call: Call<Route, A, I>): Effect.Effect<A, Fault.Fault> => {
      const context: Asked = { operation: `Proxmox.${call.name}`, subject: call.subject }
      const path = fill(call.route, call.at)
      if (path === undefined) {
        return Effect.fail(Fault.make({
          kind: "invalid",
          system: "proxmox",
          operation: `Proxmox.${call.name}`,
          code: "param",
          sent: "no",
          detail: `${call.route} cannot be filled: a name is empty or a relative path`
        }))
      }
      return admitted(build(call.method, `${base}${path}`, encode(call.parameters)), context).pipe(
        Effect.tap(({ reply }) => Effect.annotateCurrentSpan("http.response.status_code", reply.status)),
        Effect.zip(Clock.currentTimeMillis),
        Effect.flatMap(([{ grant, reply }, wallMillis]) =>
          judge(reply, call, context, [...own, ...grant.secrets], wallMillis)
        ),
        Effect.withSpan(`Proxmox.${call.name}`, {
          kind: "client",
          attributes: {
            "http.request.method": call.method,
            "server.address": origin,
            "url.path": path,
            "url.template": call.route
          }
        })
      )
    }

    return { call }
  })
