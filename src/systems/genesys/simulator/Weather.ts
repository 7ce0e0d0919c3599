/**
 * A fault plan as bad as the real service gets: bursts of 5xx, resets, torn bodies, a proxy's web pages.
 *
 * @since 0.1.0
 */
import type * as FaultPlan from "../../../simulation/FaultPlan.ts"

/** As the vendor words it; the correlation id reads like another status on purpose. */
const body = (status: number, code: string, message: string): string =>
  JSON.stringify({
    message,
    code,
    status,
    contextId: "5c404d03-4034-4b1a-9e03-404403501fed",
    details: [],
    errors: []
  })

const answer = (status: number, code: string, message: string, headers?: Readonly<Record<string, string>>) =>
  ({
    type: "answer",
    status,
    headers: {
      "content-type": "application/json",
      "ININ-Correlation-Id": "5c404d03-4034-4b1a-9e03-404403501fed",
      ...headers
    },
    body: body(status, code, message)
  }) as const

const range = (from: number, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, index) => from + index)

const api = { path: "^/api/" }

/**
 * Of the requests, about one in fifty fails, and two short bursts fail whole. A request that is sent again gets
 * through.
 *
 * @since 0.1.0
 * @category constants
 */
export const rough: FaultPlan.FaultPlan = {
  seed: 1,
  rules: [
    {
      name: "burst of 503",
      match: api,
      nth: [...range(60, 6), ...range(900, 12)],
      effect: answer(
        503,
        "service.unavailable",
        "Service Unavailable - The server is currently unavailable (because it is overloaded or down for maintenance)."
      )
    },
    {
      name: "503 with a wait",
      match: api,
      probability: 0.003,
      effect: answer(503, "service.unavailable", "Service Unavailable", { "Retry-After": "1" })
    },
    {
      name: "500",
      match: api,
      probability: 0.004,
      effect: answer(
        500,
        "internal.server.error",
        "The server encountered an unexpected condition which prevented it from fulfilling the request."
      )
    },
    {
      name: "504",
      match: api,
      probability: 0.003,
      effect: answer(504, "request.timeout", "The request timed out.")
    },
    { name: "reset before", match: api, probability: 0.003, effect: { type: "reset-before" } },
    { name: "reset after", match: api, probability: 0.002, effect: { type: "reset-after" } },
    { name: "torn body", match: api, probability: 0.003, effect: { type: "truncated" } },
    { name: "web page", match: api, probability: 0.002, effect: { type: "html", status: 502, title: "Bad Gateway" } },
    {
      name: "throttled login",
      match: { path: "^/oauth/" },
      nth: 2,
      effect: {
        type: "answer",
        status: 400,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          error: "invalid_request",
          description: "rate limit exceeded; try again later",
          error_description: "rate limit exceeded; try again later"
        })
      }
    }
  ]
}
