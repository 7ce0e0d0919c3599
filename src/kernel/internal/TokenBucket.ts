/**
 * The machine of a rate limit: a token bucket under what the server says. Plain, synchronous, the clock passed in;
 * times are milliseconds on a monotonic scale.
 *
 * @since 0.1.0
 */
import type { RateHints } from "../RateHints.ts"

/** Sums of fractions miss a whole token by a little. */
const epsilon = 1e-6

/**
 * How late a timer may be without the rate going down: what accrues in this time beyond the burst is kept while
 * somebody waits for it. Longer stalls are not made up for, since a server would see that as a burst.
 */
const latenessMillis = 50

/** A window is the same as before if its end, told in whole seconds, moved by no more than this. */
const sameWindowMillis = 1_500

/** Nothing is sent for this long when the server works on as many calls as it takes. */
const saturatedPauseMillis = 250

export class TokenBucket {
  /** Tokens that accrue each millisecond. */
  readonly perMilli: number
  readonly burst: number
  /** Callers in line. While there are any, nobody passes them. */
  waiting = 0
  private tokens: number
  private refilledAt = Number.NaN
  private blockedUntil = Number.NEGATIVE_INFINITY
  private windowEnd = Number.NEGATIVE_INFINITY
  private windowLeft = Number.POSITIVE_INFINITY

  constructor(perMilli: number, burst: number) {
    this.perMilli = perMilli
    this.burst = burst
    this.tokens = burst
  }

  /** Takes the tokens of a call that stands in no line, unless there is a line. */
  tryAcquire(now: number, weight: number): boolean {
    return this.waiting === 0 && this.take(now, weight)
  }

  /** Takes the tokens of the first in line. A call heavier than the burst goes when it is full, on credit. */
  take(now: number, weight: number): boolean {
    this.refill(now)
    if (now < this.blockedUntil || this.tokens + epsilon < Math.min(weight, this.burst)) return false
    if (now < this.windowEnd) {
      if (this.windowLeft < weight) return false
      this.windowLeft -= weight
    }
    this.tokens -= weight
    return true
  }

  /** How long until `take` may succeed, in whole milliseconds, at least 1. */
  delay(now: number, weight: number): number {
    this.refill(now)
    return this.until(now, Math.min(weight, this.burst), weight)
  }

  /** How long a newcomer will wait behind `ahead` tokens worth of others. */
  estimate(now: number, ahead: number, weight: number): number {
    this.refill(now)
    return this.until(now, ahead + Math.min(weight, this.burst), ahead + weight)
  }

  /** Takes in what the server said; `true` if calls pause because of it. */
  observe(hints: RateHints, now: number): boolean {
    this.refill(now)
    const pausedUntil = this.blockedUntil
    if (hints.retryAfterMillis !== undefined && hints.retryAfterMillis > 0) {
      this.block(now + hints.retryAfterMillis, now)
    }
    const { concurrent, maximumConcurrent } = hints
    if (concurrent !== undefined && maximumConcurrent !== undefined && concurrent >= maximumConcurrent) {
      this.block(now + saturatedPauseMillis, now)
    }
    if (hints.remaining !== undefined && hints.resetMillis !== undefined && hints.resetMillis > 0) {
      this.observeWindow(hints.remaining, now + hints.resetMillis, now)
    }
    return this.blockedUntil > pausedUntil || (now < this.windowEnd && this.windowLeft < 1)
  }

  /** Replies overtake one another, so within a window the smaller number is the newer one. */
  private observeWindow(remaining: number, end: number, now: number): void {
    const same = now < this.windowEnd && Math.abs(end - this.windowEnd) <= sameWindowMillis
    this.windowLeft = same ? Math.min(this.windowLeft, remaining) : remaining
    if (!same) this.windowEnd = end
  }

  /** One call may go when the pause ends, and no burst of them. */
  private block(until: number, now: number): void {
    if (!(until > this.blockedUntil)) return
    const silence = until - Math.max(now, this.blockedUntil)
    this.blockedUntil = until
    this.tokens = Math.min(1, this.tokens + silence * this.perMilli)
  }

  private until(now: number, tokens: number, calls: number): number {
    const accrual = Math.max(0, tokens - epsilon - this.tokens) / this.perMilli
    const block = Math.max(0, this.blockedUntil - now)
    const window = now < this.windowEnd && this.windowLeft < calls ? this.windowEnd - now : 0
    return Math.max(1, Math.ceil(Math.max(block + accrual, window)))
  }

  /** Nothing accrues while the server wants silence. */
  private refill(now: number): void {
    const since = Math.max(Number.isNaN(this.refilledAt) ? now : this.refilledAt, this.blockedUntil)
    this.refilledAt = Number.isNaN(this.refilledAt) ? now : Math.max(this.refilledAt, now)
    if (now <= since) return
    const most = this.burst + (this.waiting > 0 ? latenessMillis * this.perMilli : 0)
    this.tokens = Math.min(most, this.tokens + (now - since) * this.perMilli)
  }
}
