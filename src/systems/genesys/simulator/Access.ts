/**
 * Clients, their tokens, and how often a token may ask.
 *
 * Source: the token endpoint refuses with 400 and `{error, description}`; limits are counted for each token in windows
 * of a minute, and said in `inin-ratelimit-count`, `-allowed` and `-reset`.
 *
 * @since 0.1.0
 */
import * as Endpoint from "../../../simulation/Endpoint.ts"
import * as Answer from "./Answer.ts"
import * as Identity from "./Identity.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly id: string
  readonly secret: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly seed: number
  readonly clients: number
  /** Requests a minute for one token. */
  readonly rateLimit: number
  /** Tokens a minute for one client. */
  readonly tokenLimit: number
  readonly tokenMillis: number
}

interface Window {
  /** When it ends, in milliseconds since the epoch. */
  end: number
  count: number
}

interface Token {
  readonly expires: number
  readonly window: Window
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Access {
  readonly credentials: readonly [Credentials, ...ReadonlyArray<Credentials>]
  /** The answer of the token endpoint. */
  readonly grant: (request: Endpoint.Request, now: number) => Endpoint.Reply
  /** Counts a request of a token, and writes the headers of its limit; a failure where it may not go on. */
  readonly admit: (
    headers: Readonly<Record<string, string>>,
    now: number,
    limits: Record<string, string>
  ) => Answer.Answer | undefined
  /** No token that was granted is good any more. */
  readonly revoke: () => void
}

const windowMillis = 60_000

const used = (window: Window, now: number): number => {
  if (now >= window.end) {
    window.end = now + windowMillis
    window.count = 0
  }
  window.count++
  return window.count
}

const client = (number: number): Credentials => ({
  id: Identity.drawn(0, 0xc11e, number),
  secret: `sim-${Identity.drawn(0, 0x5ec, number).replaceAll("-", "").slice(0, 27)}`
})

/**
 * How so many clients sign in; the same in every world. The values are made up.
 *
 * @since 0.1.0
 * @category constructors
 */
export const credentials = (clients: number): Access["credentials"] => [
  client(0),
  ...Array.from({ length: Math.max(0, clients - 1) }, (_, index) => client(index + 1))
]

const refusal = (status: number, error: string, description: string): Endpoint.Reply =>
  Endpoint.answer({
    status,
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ error, description, error_description: description })
  })

/** Of `Authorization: Basic`. */
const basic = (header: string | undefined): Credentials | undefined => {
  if (header === undefined || !/^basic /i.test(header)) return undefined
  const text = Buffer.from(header.slice(6).trim(), "base64").toString("utf8")
  const colon = text.indexOf(":")
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) }
}

const required = Answer.failure(
  401,
  "authentication.required",
  "No authentication bearer token specified in authorization header."
)

const bad = Answer.failure(401, "bad.credentials", "Invalid login credentials.")

const throttled = (limit: number, seconds: number): Answer.Answer => ({
  _tag: "Failure",
  status: 429,
  code: "too.many.requests",
  message: "Rate limit exceeded the maximum [{limit}] requests within [{seconds}] seconds",
  parameters: { limit: String(limit), seconds: String(windowMillis / 1000) },
  headers: { "Retry-After": String(seconds) }
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Access => {
  const known = credentials(options.clients)
  const tokens = new Map<string, Token>()
  const asked = new Map(known.map(({ id }): [string, Window] => [id, { end: 0, count: 0 }]))
  let granted = 0

  const grant: Access["grant"] = (request, now) => {
    const given = basic(request.headers["authorization"])
    const asking = known.find(({ id }) => id === given?.id)
    const window = asked.get(given?.id ?? "")
    if (given === undefined || asking === undefined || window === undefined) {
      return refusal(400, "invalid_client", `client not found: ${given?.id ?? "none"}`)
    }
    if (asking.secret !== given.secret) return refusal(401, "invalid_client", "authentication failed")
    if (new URLSearchParams(request.body).get("grant_type") !== "client_credentials") {
      return refusal(400, "unsupported_grant_type", "the grant type is not supported for this client")
    }
    if (used(window, now) > options.tokenLimit) {
      const seconds = Math.ceil((window.end - now) / 1000)
      return refusal(400, "invalid_request", `rate limit exceeded; try again in ${seconds} seconds`)
    }
    for (const [token, { expires }] of tokens) if (expires <= now) tokens.delete(token)
    const token = Buffer.from(
      Identity.drawn(options.seed, 0x70, granted++) + Identity.drawn(options.seed, 0x71, granted)
    )
      .toString("base64url")
    tokens.set(token, { expires: now + options.tokenMillis, window: { end: 0, count: 0 } })
    return Endpoint.answer({
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        access_token: token,
        token_type: "bearer",
        expires_in: Math.floor(options.tokenMillis / 1000)
      })
    })
  }

  const admit: Access["admit"] = (headers, now, limits) => {
    const header = headers["authorization"]
    if (header === undefined || !/^bearer ./i.test(header)) return required
    const token = tokens.get(header.slice(7))
    if (token === undefined || token.expires <= now) return bad
    const count = used(token.window, now)
    const seconds = Math.max(1, Math.ceil((token.window.end - now) / 1000))
    if (options.rateLimit === Infinity) return undefined
    limits["inin-ratelimit-count"] = String(Math.min(count, options.rateLimit))
    limits["inin-ratelimit-allowed"] = String(options.rateLimit)
    limits["inin-ratelimit-reset"] = String(seconds)
    return count > options.rateLimit ? throttled(options.rateLimit, seconds) : undefined
  }

  return {
    credentials: known,
    grant,
    admit,
    revoke: () => tokens.clear()
  }
}
