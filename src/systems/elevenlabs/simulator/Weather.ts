/**
 * A fault plan as bad as the real service gets: resets before and after the act, a busy service, errors after a document
 * was made, torn bodies, a proxy's web pages.
 *
 * @since 0.1.0
 */
import type * as FaultPlan from "../../../simulation/FaultPlan.ts"

const api = { path: "^/v1/" }
const writes = { path: "^/v1/", method: "POST|PATCH|DELETE" }

const answer = (
  status: number,
  code: string,
  message: string,
  options?: { readonly acted?: boolean; readonly headers?: Readonly<Record<string, string>> }
) =>
  ({
    type: "answer",
    status,
    headers: {
      "content-type": "application/json",
      "x-request-id": "0000simulated0000simulated000000",
      ...options?.headers
    },
    body: JSON.stringify({ detail: { status: code, message } }),
    ...(options?.acted === undefined ? {} : { acted: options.acted })
  }) as const

/**
 * Of the requests, about one in twenty meets something. A request that is sent again gets through.
 *
 * @since 0.1.0
 * @category constants
 */
export const rough: FaultPlan.FaultPlan = {
  seed: 1,
  rules: [
    {
      name: "busy",
      match: api,
      probability: 0.01,
      effect: answer(429, "system_busy", "The system is experiencing heavy traffic, please try again.")
    },
    {
      name: "rate limit with a wait",
      match: api,
      probability: 0.004,
      effect: answer(429, "rate_limit_exceeded", "Too many requests.", { headers: { "retry-after": "1" } })
    },
    {
      name: "503 before",
      match: api,
      probability: 0.006,
      effect: answer(503, "service_unavailable", "Service unavailable.")
    },
    {
      name: "503 though it was done",
      match: writes,
      probability: 0.012,
      effect: answer(503, "service_unavailable", "Service unavailable.", { acted: true })
    },
    {
      name: "500 though it was done",
      match: writes,
      probability: 0.006,
      effect: answer(500, "internal_server_error", "Something went wrong.", { acted: true })
    },
    { name: "reset before", match: api, probability: 0.006, effect: { type: "reset-before" } },
    { name: "reset after", match: writes, probability: 0.012, effect: { type: "reset-after" } },
    { name: "refused", match: api, probability: 0.003, effect: { type: "refused" } },
    { name: "torn body", match: { path: "^/(?:v1|storage)/" }, probability: 0.006, effect: { type: "truncated" } },
    { name: "web page", match: api, probability: 0.003, effect: { type: "html", status: 502, title: "Bad Gateway" } },
    { name: "slow", match: api, probability: 0.01, effect: { type: "latency", millis: 500, maxMillis: 5_000 } }
  ]
}
