/**
 * The states of a circuit breaker, and what it tells about them.
 *
 * @since 0.1.0
 */

/**
 * - `closed`: calls go through.
 * - `open`: calls are rejected until the open time is over.
 * - `half-open`: a few probes go through, the rest is rejected.
 * - `isolated`: opened by hand; calls are rejected until it is reset.
 *
 * @since 0.1.0
 * @category models
 */
export type State = "closed" | "open" | "half-open" | "isolated"

/**
 * Why the state changed.
 *
 * @since 0.1.0
 * @category models
 */
export type Reason =
  | "consecutive-failures"
  | "failure-rate"
  | "slow-call-rate"
  | "probe-failed"
  | "probes-succeeded"
  | "server"
  | "due"
  | "isolated"
  | "metrics-only"
  | "reset"
  | "restored"

/**
 * @since 0.1.0
 * @category models
 */
export interface Transition {
  readonly from: State
  readonly to: State
  readonly reason: Reason
  /** When, in milliseconds on the scale of the machine. */
  readonly at: number
  /** How long calls will be rejected, in milliseconds; 0 where they are not, `Infinity` while isolated. */
  readonly openMillis: number
}

/**
 * What a machine has seen since it was made.
 *
 * @since 0.1.0
 * @category models
 */
export interface Counts {
  successes: number
  failures: number
  /** Calls that were slow, successes and failures. */
  slow: number
  rejected: number
  /** Permits given back without a result. */
  dropped: number
  /** Results of an earlier state, and of probes that were given up. */
  stale: number
  /** Probes that lost their place because they did not settle in time. */
  reclaimed: number
  openings: number
  /** How often it would have opened, had it not been told only to count. */
  wouldHaveOpened: number
}
