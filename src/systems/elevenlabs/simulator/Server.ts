/**
 * From a request to its reply: concurrency and rate limits, key, route, answer, and what others do next.
 *
 * Source: the API reference, "Errors": the headers `current-concurrent-requests` and `maximum-concurrent-requests`, and
 * the two codes of 429, one to wait for one's own requests and one to come back later.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Endpoint from "../../../simulation/Endpoint.ts"
import * as Answer from "./Answer.ts"
import * as Calls from "./Calls.ts"
import type { Others } from "./Others.ts"
import * as Routes from "./Routes.ts"
import * as Wire from "./Wire.ts"
import type { Workspace } from "./Workspace.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly apiKey: string
  /** The key may read and not change anything. */
  readonly readOnly: boolean
  readonly latencyMillis: number
  readonly concurrencyLimit: number
  readonly requestsPerMinute: number
  readonly errors: Wire.Errors
  readonly record: boolean
  readonly scheme: "http" | "https" | undefined
}

/**
 * A request, as it comes in and once it has taken effect, before its answer is on the way.
 *
 * @since 0.1.0
 * @category models
 */
export interface Moment {
  readonly when: "before" | "after"
  readonly call: Calls.Call
}

/**
 * @since 0.1.0
 * @category models
 */
export type Listener = (moment: Moment) => Effect.Effect<void>

const messageOf = (defect: unknown): string => defect instanceof Error ? defect.message : String(defect)

/**
 * @since 0.1.0
 * @category models
 */
export interface Server {
  readonly endpoint: Endpoint.Endpoint
  readonly calls: Calls.Calls
  readonly listeners: Set<Listener>
  /** What listeners threw. */
  readonly broken: Array<string>
  /** Requests of others that the service works on. */
  others: number
}

const windowMillis = 60_000

/** Without a certificate to go by: a port, or this machine, is asked by plain HTTP. */
const originOf = (host: string, scheme: Options["scheme"]): string => {
  const local = /^(localhost|127\.|\[::1\])|:\d+$/.test(host)
  return `${scheme ?? (local ? "http" : "https")}://${host}`
}

const tooMany = Answer.failure(
  429,
  "rate_limit_error",
  "concurrent_limit_exceeded",
  "Too many concurrent requests. Wait for your own requests to end.",
  { legacy: "too_many_concurrent_requests" }
)

const tooOften = Answer.failure(
  429,
  "rate_limit_error",
  "rate_limit_exceeded",
  "You have sent too many requests. Please try again later."
)

const noKey = Answer.failure(
  401,
  "authentication_error",
  "missing_api_key",
  "Neither authorization header nor xi-api-key received, please provide one.",
  { legacy: "needs_authorization" }
)

const wrongKey = Answer.failure(401, "authentication_error", "invalid_api_key", "Invalid API key")

const mayNot = Answer.failure(
  401,
  "authentication_error",
  "missing_permissions",
  "The API key you used is missing the permission convai_write to execute this operation."
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (workspace: Workspace, others: Others, options: Options): Server => {
  const calls = Calls.make()
  const listeners = new Set<Listener>()
  const window = { end: 0, count: 0 }
  let atOnce = 0

  const permit = (request: Endpoint.Request, now: number): Answer.Answer | undefined => {
    const key = request.headers["xi-api-key"]
    if (key === undefined || key === "") return noKey
    if (key !== options.apiKey) return wrongKey
    if (options.readOnly && request.method !== "GET") return mayNot
    if (now >= window.end) Object.assign(window, { end: now + windowMillis, count: 0 })
    window.count++
    return window.count > options.requestsPerMinute ? tooOften : undefined
  }

  const answer = (
    request: Endpoint.Request,
    found: ReturnType<typeof Routes.find>,
    now: number
  ): Answer.Answer => {
    const open = found !== undefined && found !== "method" && found.route.open === true
    if (open && request.headers["xi-api-key"] !== undefined) calls.keysGivenAway++
    const refused = open ? undefined : permit(request, now)
    if (refused !== undefined) return refused
    if (found === undefined) return { _tag: "Plain", status: 404, text: "Not Found" }
    if (found === "method") return { _tag: "Plain", status: 405, text: "Method Not Allowed" }
    const mark = request.url.indexOf("?")
    return found.route.answer({
      workspace,
      request,
      now,
      at: found.at,
      query: new URLSearchParams(mark < 0 ? "" : request.url.slice(mark + 1)),
      origin: originOf(request.headers["host"] ?? "api.elevenlabs.io", options.scheme)
    })
  }

  /** Others act on what the caller has just seen or done. */
  const disturb = (found: Routes.Found, request: Endpoint.Request, now: number): void => {
    if (request.method !== "GET") others.afterChange(now)
    if (found.route.path !== "/v1/convai/agents/{agent_id}") return
    const agent = workspace.agents.all.get(found.at["agent_id"] ?? "")
    const asked = new URL(request.url, "http://simulated").searchParams.get("branch_id")
    const branch = agent?.branches.get(asked ?? agent.main)
    if (agent !== undefined && branch !== undefined) others.afterRead(agent, branch, now)
  }

  /** A mistake of a listener leaves no request unanswered. */
  const tell = (moment: Moment): Effect.Effect<void> =>
    listeners.size === 0
      ? Effect.void
      : Effect.forEach([...listeners], (listener) =>
        Effect.catchAllDefect(
          Effect.suspend(() => listener(moment)),
          (defect) => Effect.sync(() => void server.broken.push(messageOf(defect)))
        ), { discard: true })

  const finish = (call: Calls.Call, said: Answer.Answer): Endpoint.Reply => {
    const headers = {
      "current-concurrent-requests": String(atOnce + server.others),
      "maximum-concurrent-requests": String(options.concurrencyLimit)
    }
    const legacy = options.errors === "legacy" || (options.errors === "mixed" && call.number % 2 === 0)
    const reply = Wire.reply(said, { requestId: call.requestId, headers, legacy })
    const status = reply._tag === "Answer" ? reply.status : 0
    Calls.count(calls.statuses, status)
    if (options.record) calls.log.push({ ...call, status })
    return reply
  }

  const wait = options.latencyMillis > 0 ? Effect.sleep(options.latencyMillis / 2) : Effect.void

  const work = (
    request: Endpoint.Request,
    call: Calls.Call,
    found: ReturnType<typeof Routes.find>
  ): Effect.Effect<Endpoint.Reply> =>
    Effect.gen(function*() {
      yield* tell({ when: "before", call })
      yield* wait
      const now = yield* Clock.currentTimeMillis
      const said = answer(request, found, now)
      if (found !== undefined && found !== "method") disturb(found, request, now)
      const reply = finish(call, said)
      yield* tell({ when: "after", call: { ...call, status: reply._tag === "Answer" ? reply.status : 0 } })
      yield* wait
      return reply
    })

  const endpoint: Endpoint.Endpoint = (request) =>
    Effect.suspend(() => {
      const found = Routes.find(request.method, request.url.split("?", 1)[0] ?? "")
      const route = found === undefined || found === "method" ? "" : `${found.route.method} ${found.route.path}`
      calls.total++
      Calls.count(calls.routes, route)
      const call: Calls.Call = {
        number: calls.total,
        method: request.method,
        url: request.url,
        route,
        status: 0,
        requestId: workspace.ids.request()
      }
      // Files do not come from the API, and do not count as requests to it.
      if (found !== undefined && found !== "method" && found.route.open === true) return work(request, call, found)
      if (atOnce + server.others >= options.concurrencyLimit) return Effect.succeed(finish(call, tooMany))
      atOnce++
      calls.mostAtOnce = Math.max(calls.mostAtOnce, atOnce)
      return Effect.ensuring(work(request, call, found), Effect.sync(() => atOnce--))
    })

  const server: Server = { endpoint, calls, listeners, broken: [], others: 0 }
  return server
}
