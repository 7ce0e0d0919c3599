/**
 * How many requests one token may still make. The API counts them in windows and says in each answer how many it has
 * counted and when the window ends; until the first answer, windows of a little more than a minute are
 * assumed.
 *
 * Source: `inin-ratelimit-count`, `-allowed` and `-reset` of the platform API, and the limit
 * `client.credentials.token.rate.per.minute`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as RateHints from "../../../kernel/RateHints.ts"
import * as RateLimit from "../../../kernel/RateLimit.ts"

/**
 * An assumed window is longer than the API's minute: it began for the API a little later than for us, and what the
 * first answer tells of it must not be taken for the same.
 */
const windowMillis = 65_000
/** A refusal that does not say for how long. */
const pauseMillis = 1_000
/** Ends are told in whole seconds and answers take their time, so the end of one window is told differently. */
const sameWindowMillis = 2_000

const names = ["inin-ratelimit-count", "inin-ratelimit-allowed", "inin-ratelimit-reset", "retry-after", "date"]

const digits = /^\d{1,9}$/

/** Most of a reply's headers say nothing about rates, and almost every reply says only how much of a window is used. */
const hintsOf = (headers: Readonly<Record<string, string>>, wallMillis: number): RateHints.RateHints | undefined => {
  const allowed = headers["inin-ratelimit-allowed"]
  if (headers["retry-after"] === undefined) {
    if (allowed === undefined) return undefined
    const used = headers["inin-ratelimit-count"] ?? ""
    const reset = headers["inin-ratelimit-reset"] ?? ""
    if (digits.test(allowed) && digits.test(used) && digits.test(reset)) {
      const limit = Number(allowed)
      return { limit, remaining: Math.max(0, limit - Number(used)), resetMillis: Number(reset) * 1000 }
    }
  }
  const said: Record<string, string | undefined> = {}
  for (const name of names) said[name] = headers[name]
  return RateHints.parse(said, wallMillis)
}

/**
 * The machine of one token. Times are milliseconds on the monotonic scale.
 *
 * @since 0.1.0
 * @category models
 */
export class TokenRate {
  /** Requests that were sent; the last one's number. */
  private sent = 0
  /** Of the answers that told a window, the number of the latest request. */
  private heard = 0
  private allowed: number
  private windowEnd = Number.NEGATIVE_INFINITY
  private machine: RateLimit.Machine
  /** Takes over with the first answer that tells a window: what was assumed no longer holds. */
  private readonly told: RateLimit.Machine

  constructor(allowed: number, assumed: RateLimit.Machine, told: RateLimit.Machine) {
    this.allowed = allowed
    this.machine = assumed
    this.told = told
  }

  /** Requests that a window has room for, as far as is known. */
  get perWindow(): number {
    return this.allowed
  }

  /** Whether a request may go now; then it counts. */
  take(now: number): boolean {
    this.open(now)
    return this.machine.take(now, 1)
  }

  /** The number of a request that is sent now. The order of sending is not always that of taking. */
  send(): number {
    return ++this.sent
  }

  /** Milliseconds until the next request may go. */
  delay(now: number): number {
    this.open(now)
    return this.machine.delay(now, 1)
  }

  /** Takes in the answer to the request of that number. */
  observe(
    number: number,
    status: number,
    headers: Readonly<Record<string, string>>,
    now: number,
    wallMillis: number
  ): void {
    const hints = hintsOf(headers, wallMillis)
    if (hints !== undefined) this.hear(number, hints, now)
    if (status === 429 && hints?.retryAfterMillis === undefined && this.delay(now) <= 1) {
      this.machine.observe({ retryAfterMillis: pauseMillis }, now)
    }
  }

  private hear(number: number, hints: RateHints.RateHints, now: number): void {
    const { limit, remaining, resetMillis, retryAfterMillis } = hints
    if (limit !== undefined && remaining !== undefined && resetMillis !== undefined && number > this.heard) {
      const end = now + resetMillis
      const same = this.machine === this.told && Math.abs(end - this.windowEnd) <= sameWindowMillis
      this.machine = this.told
      this.heard = number
      this.allowed = limit
      if (!same) this.windowEnd = end
      // What was sent after it is not in the count of its answer.
      const left = Math.max(0, remaining - (this.sent - number))
      this.machine.observe({ remaining: left, resetMillis: this.windowEnd - now }, now)
    }
    if (retryAfterMillis !== undefined) this.machine.observe({ retryAfterMillis }, now)
  }

  /** A window ended and no answer told of another one yet. */
  private open(now: number): void {
    if (now < this.windowEnd) return
    this.windowEnd = now + windowMillis
    this.machine.observe({ remaining: this.allowed, resetMillis: windowMillis }, now)
  }
}

/** Windows alone decide, so the bucket below is as good as unlimited. */
const windowed: Effect.Effect<RateLimit.RateLimit> = RateLimit.make({
  permits: 60_000_000,
  interval: "1 minute",
  burst: 1_000_000,
  name: "genesys-token"
})

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (requestsPerMinute: number): Effect.Effect<TokenRate> =>
  Effect.zipWith(windowed, windowed, (assumed, told) => new TokenRate(requestsPerMinute, assumed.machine, told.machine))
