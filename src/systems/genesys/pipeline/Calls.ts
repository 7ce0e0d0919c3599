/**
 * Everything an export asks of the API goes through here: one policy for each family of the API, under one budget of
 * retries, and all of it counted. How many requests are under way at once is the affair of `Slots`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as CircuitRegistry from "../../../kernel/CircuitRegistry.ts"
import * as Fault from "../../../kernel/Fault.ts"
import * as Policy from "../../../kernel/Policy.ts"
import * as RetryBudget from "../../../kernel/RetryBudget.ts"
import * as RetryPolicy from "../../../kernel/RetryPolicy.ts"

/** Runs of a call, the first one included. */
const maxAttempts = 8

/**
 * What one call is part of.
 *
 * @since 0.1.0
 * @category models
 */
export interface Purpose {
  /** Of the API, as its table says. */
  readonly family: string
  /** `genesyscloud_routing_queue` */
  readonly type: string
  /** As in the span name: `Genesys.read`. */
  readonly operation: string
  /** What the log calls it: an id, or the type. */
  readonly name: string
  /** Also waits for an open circuit to close. */
  readonly patient: boolean
}

/**
 * What a type has cost so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cost {
  attempts: number
  retries: number
  /** Milliseconds. */
  throttled: number
}

const seconds = (millis: number): string => `${Math.round(millis / 100) / 10}s`

/**
 * @since 0.1.0
 * @category models
 */
export class Calls {
  /** @since 0.1.0 */
  retries = 0
  /** @since 0.1.0 */
  readonly costs = new Map<string, Cost>()
  private readonly policies: ReadonlyMap<string, Policy.Policy>
  private attempts = 0
  private unanswered = 0

  constructor(policies: ReadonlyMap<string, Policy.Policy>) {
    this.policies = policies
  }

  /**
   * Requests that the API answered, well or badly. Right when none is under way.
   *
   * @since 0.1.0
   */
  get answered(): number {
    return this.attempts - this.unanswered
  }

  /**
   * Counts a request that was answered before all others.
   *
   * @since 0.1.0
   */
  before(): void {
    this.attempts += 1
  }

  /**
   * Runs one request under the policy of its family.
   *
   * @since 0.1.0
   */
  run<A>(request: Effect.Effect<A, Fault.Fault>, purpose: Purpose): Effect.Effect<A, Fault.Fault> {
    const policy = this.policies.get(purpose.family)
    if (policy === undefined) return Effect.dieMessage(`no policy for the family ${purpose.family}`)
    return policy.run(this.counted(request, purpose), {
      operation: purpose.operation,
      leaf: true,
      retryWhen: purpose.patient ? isWorthWaiting : Fault.isRetryable,
      onRetry: (retry) => this.retried(retry, purpose)
    })
  }

  /** @since 0.1.0 */
  costOf(type: string): Cost {
    const known = this.costs.get(type)
    if (known !== undefined) return known
    const cost: Cost = { attempts: 0, retries: 0, throttled: 0 }
    this.costs.set(type, cost)
    return cost
  }

  private counted<A>(request: Effect.Effect<A, Fault.Fault>, { type }: Purpose): Effect.Effect<A, Fault.Fault> {
    const cost = this.costOf(type)
    return Effect.suspend(() => {
      this.attempts += 1
      cost.attempts += 1
      return Effect.catchAll(request, (fault) => {
        if (fault.sent !== "yes") this.unanswered += 1
        return Effect.fail(fault)
      })
    })
  }

  private retried({ attempt, delayMillis, fault }: Policy.Retry, purpose: Purpose): Effect.Effect<void> {
    this.retries += 1
    const cost = this.costOf(purpose.type)
    cost.retries += 1
    if (fault.kind === "throttled") cost.throttled += delayMillis
    return Effect.logInfo(
      `Retrying resource ${purpose.name} (attempt ${attempt + 1}/${maxAttempts}) after ${seconds(delayMillis)} backoff`
    )
  }
}

const isWorthWaiting = (fault: Fault.Fault): boolean => Fault.isRetryable(fault) || fault.code === "circuit-open"

/**
 * What was not sent, or not again, for the sake of all calls: it is worth coming back to when the others are done.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPutOff = (fault: Fault.Fault): boolean =>
  fault.code === "circuit-open" || fault.code === "budget-exhausted"

/**
 * Reads are tried 8 times within 10 minutes, 1 s to 30 s apart with full jitter and never sooner than the server asks.
 * How long an attempt may take is the client's to say, who knows when it has a token and the request is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  families: Iterable<string>,
  maxConcurrent: number
): Effect.Effect<Calls> =>
  Effect.gen(function*() {
    const breakers = yield* CircuitRegistry.make({
      name: "genesys",
      system: "genesys",
      consecutiveFailures: Math.max(5, maxConcurrent),
      openFor: "15 seconds"
    })
    const budget = yield* RetryBudget.make({ ratio: 0.5, perSecond: 5, capacity: 200 })
    const retry = RetryPolicy.make({
      maxAttempts,
      maxElapsed: "10 minutes",
      base: "1 second",
      cap: "30 seconds",
      budget
    })
    const policies = new Map<string, Policy.Policy>()
    for (const family of new Set(families)) {
      policies.set(
        family,
        yield* Policy.make({
          name: `genesys-${family}`,
          system: "genesys",
          retry,
          breaker: yield* breakers.get(family)
        })
      )
    }
    return new Calls(policies)
  })
