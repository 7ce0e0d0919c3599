/**
 * The options of a circuit breaker, and the numbers that its machine works with.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * When a circuit opens, for how long, and how it finds out that it may close.
 *
 * @since 0.1.0
 * @category models
 */
export interface Thresholds {
  /** Opens after this many counted failures in a row. `Infinity` turns it off. Defaults to `5`. */
  readonly consecutiveFailures?: number | undefined
  /** Opens when this share of the calls in the window failed, from above 0 to 1. Defaults to off. */
  readonly failureRate?: number | undefined
  /** Opens when this share of the calls in the window was slow, from above 0 to 1. Defaults to off. */
  readonly slowCallRate?: number | undefined
  /** From how long on a call is slow. Defaults to 10 seconds. */
  readonly slowCallAfter?: Duration.DurationInput | undefined
  /** What the rates are taken over: the last calls, or the last time. Defaults to the last 100 calls. */
  readonly window?: { readonly calls: number } | { readonly time: Duration.DurationInput } | undefined
  /** The rates mean nothing with fewer calls in the window. Defaults to `20`, or the window's size if smaller. */
  readonly minimumCalls?: number | undefined
  /** The first open time. Defaults to 30 seconds. */
  readonly openFor?: Duration.DurationInput | undefined
  /** Growth of the open time each time a probe fails. Defaults to `2`. */
  readonly openFactor?: number | undefined
  /** The longest open time. Defaults to 5 minutes, or `openFor` if that is longer. */
  readonly openCap?: Duration.DurationInput | undefined
  /** The share of the open time that chance may take off, so that processes do not probe together. Defaults to `0.1`. */
  readonly openJitter?: number | undefined
  /** How many calls half-open lets through at once, and in all unless `successesToClose` is larger. Defaults to `1`. */
  readonly probes?: number | undefined
  /** How many probes have to succeed for the circuit to close. Defaults to `probes`. */
  readonly successesToClose?: number | undefined
  /** After how long a probe that has not settled gives its place to another call. Defaults to 1 minute. */
  readonly probeMaxWait?: Duration.DurationInput | undefined
  /** The longest time a server's `Retry-After` may open the circuit for. Defaults to 1 hour. */
  readonly tripCap?: Duration.DurationInput | undefined
}

/** All times in milliseconds; what is off is `Infinity`. */
export interface Settings {
  readonly consecutiveFailures: number
  readonly failureRate: number
  readonly slowCallRate: number
  readonly slowCallAfter: number
  readonly window: { readonly kind: "calls" | "time"; readonly size: number }
  readonly minimumCalls: number
  readonly openFor: number
  readonly openFactor: number
  readonly openCap: number
  readonly openJitter: number
  readonly probes: number
  readonly successesToClose: number
  readonly probeMaxWait: number
  readonly tripCap: number
}

const demand = (holds: boolean, name: string, wanted: string, value: unknown): void => {
  if (!holds) throw new RangeError(`CircuitBreaker: ${name} must be ${wanted}, not ${String(value)}`)
}

const whole = (value: number): boolean => Number.isInteger(value) && value >= 1

const rate = (value: number): boolean => (value > 0 && value <= 1) || value === Number.POSITIVE_INFINITY

const windowOf = (window: Thresholds["window"]): Settings["window"] => {
  if (window === undefined) return { kind: "calls", size: 100 }
  if ("time" in window) return { kind: "time", size: Duration.toMillis(window.time) }
  return { kind: "calls", size: window.calls }
}

const check = (settings: Settings): Settings => {
  const {
    consecutiveFailures,
    failureRate,
    minimumCalls,
    openCap,
    openFactor,
    openFor,
    openJitter,
    probeMaxWait,
    probes,
    slowCallRate,
    successesToClose,
    window
  } = settings
  const timed = window.kind === "time"
  demand(consecutiveFailures >= 1, "consecutiveFailures", "at least 1", consecutiveFailures)
  demand(rate(failureRate), "failureRate", "above 0 and at most 1", failureRate)
  demand(rate(slowCallRate), "slowCallRate", "above 0 and at most 1", slowCallRate)
  demand(timed ? window.size > 0 : whole(window.size), "window", timed ? "above 0" : "1 or more calls", window.size)
  demand(minimumCalls >= 1, "minimumCalls", "at least 1", minimumCalls)
  demand(openFor > 0 && openFor <= openCap, "openFor", "above 0 and at most openCap", openFor)
  demand(Number.isFinite(openCap), "openCap", "finite", openCap)
  demand(openFactor >= 1, "openFactor", "at least 1", openFactor)
  demand(openJitter >= 0 && openJitter < 1, "openJitter", "from 0 to below 1", openJitter)
  demand(whole(probes), "probes", "a whole number of at least 1", probes)
  demand(whole(successesToClose), "successesToClose", "a whole number of at least 1", successesToClose)
  demand(probeMaxWait > 0, "probeMaxWait", "above 0", probeMaxWait)
  demand(Number.isFinite(settings.tripCap), "tripCap", "finite", settings.tripCap)
  return settings
}

/** The numbers behind the options. A mistake in them is one of the program and throws a `RangeError`. */
export const resolve = (options: Thresholds): Settings => {
  const window = windowOf(options.window)
  const openFor = Duration.toMillis(options.openFor ?? "30 seconds")
  const probes = options.probes ?? 1
  return check({
    consecutiveFailures: options.consecutiveFailures ?? 5,
    failureRate: options.failureRate ?? Number.POSITIVE_INFINITY,
    slowCallRate: options.slowCallRate ?? Number.POSITIVE_INFINITY,
    slowCallAfter: Duration.toMillis(options.slowCallAfter ?? "10 seconds"),
    window,
    minimumCalls: options.minimumCalls ?? (window.kind === "calls" ? Math.min(20, window.size) : 20),
    openFor,
    openFactor: options.openFactor ?? 2,
    openCap: options.openCap === undefined ? Math.max(300_000, openFor) : Duration.toMillis(options.openCap),
    openJitter: options.openJitter ?? 0.1,
    probes,
    successesToClose: options.successesToClose ?? probes,
    probeMaxWait: Duration.toMillis(options.probeMaxWait ?? "1 minute"),
    tripCap: Duration.toMillis(options.tripCap ?? "1 hour")
  })
}
