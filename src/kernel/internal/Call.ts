/**
 * One call through a policy: what its attempts share, and what is told about them.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import type * as Schedule from "effect/Schedule"
import type { Bulkhead } from "../Bulkhead.ts"
import type { CircuitBreaker } from "../CircuitBreaker.ts"
import * as Fault from "../Fault.ts"
import type { PolicySeries } from "../Metrics.ts"
import type { RetryPolicy, State } from "../RetryPolicy.ts"
import type { AlarmList } from "./Alarm.ts"
import { now } from "./Time.ts"

/** What a policy asks of a rate limit. */
export interface Rate {
  readonly machine: { tryAcquire(now: number, weight: number): boolean }
  readonly wait: Effect.Effect<void, Fault.Fault>
}

/** A policy, its options made definite. Times are milliseconds. */
export interface Setup {
  readonly name: string
  readonly system: string
  readonly retry: RetryPolicy | Schedule.Schedule<unknown, Fault.Fault> | undefined
  readonly breaker: CircuitBreaker | undefined
  readonly bulkhead: Bulkhead | undefined
  readonly rateLimit: Rate | undefined
  readonly attemptTimeout: number
  readonly attemptAlarms: AlarmList | undefined
  readonly deadline: number
  readonly series: PolicySeries
}

/** What a caller may say about one call. */
export interface CallOptions {
  /** Which faults are worth another attempt. Defaults to `Fault.isRetryable`; a mutation passes `Fault.mayResend`. */
  readonly retryWhen?: ((fault: Fault.Fault) => boolean) | undefined
  /** Permits of the bulkhead that the call takes, a whole number. Defaults to `1`. */
  readonly weight?: number | undefined
  /** What the faults and events of the policy call it. Defaults to the name of the policy. */
  readonly operation?: string | undefined
  /** The object of the call, for the messages: `VM 401 on pve1`. */
  readonly subject?: string | undefined
  /**
   * Nothing below the call has a policy or a deadline of its own, so nothing there asks who retries and until when: a
   * fiber is spared the steps that would tell it. Defaults to `false`.
   */
  readonly leaf?: boolean | undefined
  /** Told before each wait for another attempt. */
  readonly onRetry?: ((retry: Retry) => Effect.Effect<void>) | undefined
}

/** A retry that is about to be waited for. */
export interface Retry {
  /** The attempt that failed, from 1. */
  readonly attempt: number
  readonly fault: Fault.Fault
  /** The wait before the next attempt, in milliseconds. */
  readonly delayMillis: number
}

/** What the retry policy, or the caller's schedule, remembers from the attempts before. */
export interface Memory {
  readonly state?: State
  readonly step?: unknown
}

export type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

export class Call {
  readonly setup: Setup
  readonly options: CallOptions
  readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  readonly clock: Clock.Clock
  /** Lets what it is given be interrupted. Set anew when a fiber takes over a call that was started without one. */
  restore: Restore
  readonly weight: number
  readonly startedAt: number
  readonly deadlineAt: number
  /** Whether this call retries: its policy does, and no policy above it. */
  readonly retries: boolean

  constructor(
    setup: Setup,
    options: CallOptions,
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    clock: Clock.Clock,
    restore: Restore,
    inheritedDeadline: number,
    owner: string | undefined
  ) {
    this.setup = setup
    this.options = options
    this.fiber = fiber
    this.clock = clock
    this.restore = restore
    this.weight = options.weight ?? 1
    this.startedAt = now(clock)
    this.deadlineAt = Math.min(inheritedDeadline, this.startedAt + setup.deadline)
    this.retries = setup.retry !== undefined && owner === undefined
  }

  now(): number {
    return now(this.clock)
  }

  get operation(): string {
    return this.options.operation ?? this.setup.name
  }

  /** An event on the current span, if there is one. */
  event(name: string, attributes: Record<string, unknown>): void {
    const span = this.fiber.currentSpan
    if (span === undefined || span._tag !== "Span") return
    span.event(name, this.clock.unsafeCurrentTimeNanos(), { "holdfast.policy": this.setup.name, ...attributes })
  }

  fault(
    options:
      & Pick<Fault.Options, "kind" | "detail" | "code" | "sent">
      & Partial<Pick<Fault.Options, "retryAfterMillis" | "hint" | "cause">>
  ): Fault.Fault {
    const base = { system: this.setup.system, operation: this.operation, ...options }
    return Fault.make(this.options.subject === undefined ? base : { ...base, subject: this.options.subject })
  }
}
