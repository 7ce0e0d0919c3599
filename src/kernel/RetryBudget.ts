/**
 * The allowance of retries that all calls to one service share, so that an outage is not answered with a storm:
 * a call that must be made earns a fraction of a retry, a retry costs one. When everything fails, the load on the
 * service grows by that fraction and not by the number of attempts. The scheme is Finagle's `RetryBudget` (a
 * percentage of the calls and a reserve per second), with its tokens kept instead of expiring.
 *
 * The budget is asked when a retry is scheduled and not after its wait, so that what is spent is known at once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Retries that a first attempt earns. Defaults to `0.2`: one retry for five calls. */
  readonly ratio?: number | undefined
  /** Retries that come back each second without any call, so that a quiet program may retry. Defaults to `1`. */
  readonly perSecond?: number | undefined
  /** The most retries that can be saved up, and what the budget starts with. Defaults to `100`. */
  readonly capacity?: number | undefined
}

/**
 * The machine: plain, synchronous, with the clock passed in. Times are milliseconds on a monotonic scale.
 *
 * @since 0.1.0
 * @category models
 */
export class RetryBudget {
  /** @since 0.1.0 */
  readonly ratio: number
  /** @since 0.1.0 */
  readonly perSecond: number
  /** @since 0.1.0 */
  readonly capacity: number
  private tokens: number
  private refilledAt: number | undefined
  private refused = 0

  constructor(options: Options = {}) {
    this.ratio = atLeastZero("ratio", options.ratio ?? 0.2)
    this.perSecond = atLeastZero("perSecond", options.perSecond ?? 1)
    this.capacity = atLeastZero("capacity", options.capacity ?? 100)
    this.tokens = this.capacity
  }

  /**
   * A first attempt is being sent. Counted at sending and not at its end, so that a hanging service earns too.
   *
   * @since 0.1.0
   */
  deposit(): void {
    this.tokens = Math.min(this.capacity, this.tokens + this.ratio)
  }

  /**
   * Takes one retry out of the budget, or says that there is none.
   *
   * @since 0.1.0
   */
  tryWithdraw(now: number): boolean {
    this.refill(now)
    if (this.tokens < 1) {
      this.refused += 1
      return false
    }
    this.tokens -= 1
    return true
  }

  /**
   * Retries that may be scheduled now.
   *
   * @since 0.1.0
   */
  available(now: number): number {
    this.refill(now)
    return Math.floor(this.tokens)
  }

  /**
   * How many retries were refused so far.
   *
   * @since 0.1.0
   */
  get refusals(): number {
    return this.refused
  }

  private refill(now: number): void {
    const elapsed = this.refilledAt === undefined ? 0 : Math.max(0, now - this.refilledAt)
    this.refilledAt = this.refilledAt === undefined ? now : Math.max(this.refilledAt, now)
    this.tokens = Math.min(this.capacity, this.tokens + elapsed * this.perSecond / 1000)
  }
}

const atLeastZero = (name: string, value: number): number => {
  if (Number.isFinite(value) && value >= 0) return value
  throw new RangeError(`RetryBudget: ${name} must be a number of at least 0, not ${value}`)
}

/**
 * A budget for one service; give the same one to every policy that calls it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options?: Options): Effect.Effect<RetryBudget> => Effect.sync(() => new RetryBudget(options))
