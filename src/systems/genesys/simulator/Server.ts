/**
 * From a request to its reply: token, rate limit, route, permission, answer.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Endpoint from "../../../simulation/Endpoint.ts"
import type * as Access from "./Access.ts"
import * as Answer from "./Answer.ts"
import * as Calls from "./Calls.ts"
import * as Catalogue from "./Catalogue.ts"
import type { Entity, Name, Query } from "./Kind.ts"
import type { Inhabited } from "./Organisation.ts"
import * as Routes from "./Routes.ts"
import * as Wire from "./Wire.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly latencyMillis: number
  readonly denied: ReadonlySet<Name>
  readonly notEnabled: ReadonlySet<Name>
  readonly repeating: boolean
  readonly record: boolean
  readonly scheme: "http" | "https" | undefined
}

const unescaped = (text: string): string => {
  if (!/[%+]/.test(text)) return text
  const spaced = text.replaceAll("+", " ")
  try {
    return decodeURIComponent(spaced)
  } catch {
    return spaced
  }
}

/** Several of one name are one, parted by commas, as the API reads its lists. */
const parse = (text: string): Query => {
  const query: Record<string, string> = {}
  if (text === "") return query
  for (const part of text.split("&")) {
    const equals = part.indexOf("=")
    const name = unescaped(equals < 0 ? part : part.slice(0, equals))
    const value = equals < 0 ? "" : unescaped(part.slice(equals + 1))
    const before = query[name]
    query[name] = before === undefined ? value : `${before},${value}`
  }
  return query
}

const isEntity = (value: unknown): value is Entity =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const bodyOf = (text: string): Entity | undefined => {
  if (text === "") return {}
  try {
    const value: unknown = JSON.parse(text)
    return isEntity(value) ? value : undefined
  } catch {
    return undefined
  }
}

const malformed = Answer.failure(
  400,
  "bad.request",
  "The request could not be understood by the server due to malformed syntax."
)

const wrongMethod = Answer.failure(405, "method.not.allowed", "The requested method is not allowed.")

const permit = (options: Options, kind: Name | undefined): Answer.Answer | undefined => {
  if (kind === undefined) return undefined
  const permissions = (Catalogue.find(kind)?.permissions ?? []).join(", ")
  if (options.notEnabled.has(kind)) {
    return Answer.failure(501, "not.implemented", "This feature is not enabled for your organization.")
  }
  return options.denied.has(kind)
    ? Answer.failure(
      403,
      "missing.any.permissions",
      "Unable to perform the requested action. You must have at least one of the following permissions assigned: {permissions}",
      { permissions: `[${permissions}]` }
    )
    : undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  organisation: Inhabited,
  access: Access.Access,
  calls: Calls.Calls,
  options: Options
): Endpoint.Endpoint => {
  const routes = Routes.all({ repeating: (name) => options.repeating && organisation.number(name) % 2 === 0 })
  const find = Routes.finder(routes)
  const jobs = new Map<string, Answer.Job>()

  const answer = (
    request: Endpoint.Request,
    now: number,
    limits: Record<string, string>
  ): Answer.Answer => {
    const mark = request.url.indexOf("?")
    const path = mark < 0 ? request.url : request.url.slice(0, mark)
    const found = find(request.method, path)
    const open = found !== undefined && found !== "method" && found.route.open === true
    const refused = open ? undefined : access.admit(request.headers, now, limits)
    if (refused !== undefined) return refused
    if (found === undefined) return Answer.notFound
    if (found === "method") return wrongMethod
    Calls.count(calls.routes, `${request.method} ${found.route.path}`)
    const denied = permit(options, found.route.kind)
    if (denied !== undefined) return denied
    const body = bodyOf(request.body)
    if (body === undefined) return malformed
    const query = parse(mark < 0 ? "" : request.url.slice(mark + 1))
    return found.route.answer({ organisation, at: found.at, query, path, body, jobs })
  }

  const handle = (request: Endpoint.Request, now: number): Endpoint.Reply => {
    calls.total++
    const reply = request.url.startsWith("/oauth/token")
      ? access.grant(request, now)
      : api(request, now)
    const status = reply._tag === "Answer" ? reply.status : 0
    Calls.count(calls.statuses, status)
    if (options.record) calls.log.push({ method: request.method, url: request.url, status })
    return reply
  }

  const api = (request: Endpoint.Request, now: number): Endpoint.Reply => {
    const headers: Record<string, string> = {}
    const correlation = Wire.correlation(organisation.seed, calls.total)
    const origin = Wire.originOf(request.headers["host"] ?? "api.mypurecloud.com", options.scheme)
    return Wire.reply(answer(request, now, headers), { correlation, origin, headers })
  }

  const serve: Endpoint.Endpoint = (request) => Effect.map(Clock.currentTimeMillis, (now) => handle(request, now))

  if (!(options.latencyMillis > 0)) return serve
  // The work comes first: what it takes is part of the latency and not added to it.
  const latency = Effect.sleep(options.latencyMillis)
  return (request) => Effect.zipLeft(serve(request), latency)
}
