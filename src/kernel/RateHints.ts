/**
 * What a server's reply headers say about its limits, read once and without side effects.
 *
 * Sources: `Retry-After` RFC 9110 section 10.2.3; `RateLimit` and `RateLimit-*` the IETF drafts
 * draft-ietf-httpapi-ratelimit-headers; `inin-ratelimit-*` the Genesys Cloud developer centre;
 * `current-concurrent-requests` and `maximum-concurrent-requests` the ElevenLabs API reference.
 *
 * @since 0.1.0
 */

/**
 * All times are milliseconds from now. What the server did not say is absent.
 *
 * @since 0.1.0
 * @category models
 */
export interface RateHints {
  /** Not before this time has passed. */
  readonly retryAfterMillis?: number | undefined
  /** Calls that the current window allows. */
  readonly limit?: number | undefined
  /** Calls that are left in the current window. */
  readonly remaining?: number | undefined
  /** When the current window ends. */
  readonly resetMillis?: number | undefined
  /** Calls that the server is working on for this account. */
  readonly concurrent?: number | undefined
  /** Calls that it works on at once. */
  readonly maximumConcurrent?: number | undefined
}

type Lookup = (name: string) => string | undefined

const lookupIn = (headers: Readonly<Record<string, string | undefined>>): Lookup => {
  const lower = new Map<string, string>()
  for (const [name, value] of Object.entries(headers)) if (value !== undefined) lower.set(name.toLowerCase(), value)
  return (name) => lower.get(name)?.trim()
}

/** A whole or decimal number; of a list such as `100, 100;w=60` the first. */
const numeric = (text: string | undefined): number | undefined => {
  const match = text === undefined ? null : /^(\d{1,15}(?:\.\d+)?)\s*(?:$|[,;])/.exec(text)
  return match?.[1] === undefined ? undefined : Number(match[1])
}

const httpDate = (text: string | undefined): number | undefined => {
  if (text === undefined || !/^[A-Za-z]{3}/.test(text)) return undefined
  const millis = Date.parse(text)
  return Number.isFinite(millis) ? millis : undefined
}

const seconds = (value: number | undefined): number | undefined => value === undefined ? undefined : value * 1000

/** A date is taken relative to the server's own clock where the reply has it, so that a skew does no harm. */
const retryAfter = (lookup: Lookup, serverNow: number): number | undefined => {
  const millis = numeric(lookup("retry-after-ms"))
  if (millis !== undefined) return millis
  const text = lookup("retry-after")
  const delta = seconds(numeric(text))
  if (delta !== undefined) return delta
  const date = httpDate(text)
  return date === undefined ? undefined : Math.max(0, date - serverNow)
}

/** Seconds from now, or since 1970 in seconds or milliseconds, told apart by size: all three are in use. */
const reset = (value: number | undefined, serverNow: number): number | undefined => {
  if (value === undefined || value < 1e9) return seconds(value)
  return Math.max(0, (value < 1e11 ? value * 1000 : value) - serverNow)
}

type Window = Pick<RateHints, "limit" | "remaining" | "resetMillis">

const genesys = (lookup: Lookup): Window | undefined => {
  const limit = numeric(lookup("inin-ratelimit-allowed"))
  const used = numeric(lookup("inin-ratelimit-count"))
  if (limit === undefined || used === undefined) return undefined
  return { limit, remaining: Math.max(0, limit - used), resetMillis: seconds(numeric(lookup("inin-ratelimit-reset"))) }
}

const prefixed = (lookup: Lookup, serverNow: number): Window | undefined => {
  for (const prefix of ["x-ratelimit-", "x-rate-limit-", "ratelimit-"]) {
    const remaining = numeric(lookup(`${prefix}remaining`))
    if (remaining === undefined) continue
    const resetMillis = reset(numeric(lookup(`${prefix}reset`)), serverNow)
    return { limit: numeric(lookup(`${prefix}limit`)), remaining, resetMillis }
  }
  return undefined
}

/** `RateLimit: "default";r=50;t=30` */
const structured = (lookup: Lookup): Window | undefined => {
  const text = lookup("ratelimit") ?? ""
  const remaining = /;\s*r=(\d+)/.exec(text)?.[1]
  if (remaining === undefined) return undefined
  return { remaining: Number(remaining), resetMillis: seconds(numeric(/;\s*t=(\d+)/.exec(text)?.[1])) }
}

/**
 * Reads the headers of a reply. Names may be in any case; what is malformed counts as not said. `wallMillis` is the
 * wall clock in milliseconds since 1970, used for dates where the reply has no `Date`.
 *
 * @since 0.1.0
 * @category parsing
 * @example
 * import * as RateHints from "holdfast/kernel/RateHints"
 *
 * RateHints.parse({ "inin-ratelimit-count": "1", "inin-ratelimit-allowed": "180", "inin-ratelimit-reset": "61" }, 0)
 * // { limit: 180, remaining: 179, resetMillis: 61000 }
 */
export const parse = (headers: Readonly<Record<string, string | undefined>>, wallMillis: number): RateHints => {
  const lookup = lookupIn(headers)
  const serverNow = httpDate(lookup("date")) ?? wallMillis
  const said: RateHints = {
    retryAfterMillis: retryAfter(lookup, serverNow),
    ...(genesys(lookup) ?? prefixed(lookup, serverNow) ?? structured(lookup)),
    concurrent: numeric(lookup("current-concurrent-requests")),
    maximumConcurrent: numeric(lookup("maximum-concurrent-requests"))
  }
  return Object.fromEntries(Object.entries(said).filter(([, value]) => value !== undefined))
}
