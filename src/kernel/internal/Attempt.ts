/**
 * One attempt of a call: through the breaker, the bulkhead and the rate limit to the work, and back. Everything here
 * runs where interruption is masked; only the waits and the work itself can be interrupted, and each of them stands
 * under a handler that gives back what the attempt holds.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { isOverload, rejection } from "../Bulkhead.ts"
import { settle } from "../CircuitBreaker.ts"
import * as Fault from "../Fault.ts"
import { Alarm } from "./Alarm.ts"
import { bounded } from "./Bounded.ts"
import type { Call, Memory } from "./Call.ts"
import { wait, WaitingFiber } from "./Waiting.ts"

export abstract class Attempt<A, E, R> extends Alarm {
  readonly call: Call
  /** From 1. */
  readonly number: number
  readonly memory: Memory
  /**
   * - `held`: the permits are taken, the work has not begun.
   * - `running`: the work runs and its caller waits.
   * - `ended`: the permits are given back.
   * - `abandoned`: the caller is gone or has its answer, the work runs on and keeps its permits of the bulkhead.
   */
  protected state: "held" | "running" | "ended" | "abandoned" = "held"
  private ticket = 0
  protected startedAt = 0

  constructor(call: Call, number: number, memory: Memory) {
    super()
    this.call = call
    this.number = number
    this.memory = memory
  }

  /** The same work once more. */
  abstract again(memory: Memory): Attempt<A, E, R>

  /** Starts the work; the permits are held. */
  protected abstract work(millis: number): Effect.Effect<A, E | Fault.Fault, R>

  run(): Effect.Effect<A, E | Fault.Fault, R> {
    const call = this.call
    const current = this.number === 1 ? call.startedAt : call.now()
    if (current >= call.deadlineAt) return Effect.fail(this.deadlinePassed("no"))
    const breaker = call.setup.breaker
    if (breaker !== undefined) {
      this.ticket = breaker.machine.tryAcquire(current)
      if (this.ticket === 0) return this.rejected(breaker.rejection(current, call.operation))
    }
    const bulkhead = call.setup.bulkhead
    if (bulkhead !== undefined && !bulkhead.machine.tryAcquire(call.weight)) return this.inLine(current)
    return this.inTurn(current)
  }

  /** Takes every permit at once; where one has to be waited for it takes none and says so. */
  protected takesAll(current: number): boolean {
    const { breaker, bulkhead, rateLimit } = this.call.setup
    if (current >= this.call.deadlineAt) return false
    // An open circuit is told by the attempt that waits, so that it is counted once.
    if (breaker !== undefined && breaker.machine.retryAfter(current) > 0) return false
    if (bulkhead !== undefined && !bulkhead.machine.tryAcquire(this.call.weight)) return false
    if (breaker !== undefined) this.ticket = breaker.machine.tryAcquire(current)
    if ((breaker === undefined || this.ticket !== 0) && rateLimit?.machine.tryAcquire(current, 1) !== false) {
      this.startedAt = current
      this.call.setup.series.attempts.add(1)
      return true
    }
    this.giveBack()
    return false
  }

  private inLine(since: number): Effect.Effect<A, E | Fault.Fault, R> {
    const { bulkhead, series, system } = this.call.setup
    if (bulkhead === undefined) return this.inTurn(since)
    const waiter = new WaitingFiber(bulkhead.machine, this.call.weight, () => this.deadlinePassed("no"))
    const refusal = bulkhead.machine.enqueue(waiter)
    if (refusal !== undefined) {
      this.dropTicket()
      return this.rejected(
        rejection(bulkhead.machine, refusal, { name: bulkhead.name, system, operation: this.call.operation })
      )
    }
    series.waiting.add(1)
    const { clock, deadlineAt, restore } = this.call
    return wait(
      bulkhead.machine,
      waiter,
      { restore, clock, since, millis: deadlineAt - since },
      () => {
        series.waiting.add(-1)
        this.dropTicket()
      },
      () => {
        series.waiting.add(-1)
        const current = this.call.now()
        this.call.event("policy.wait", { "holdfast.wait_for": "permit", "holdfast.wait_ms": current - since })
        return this.inTurn(current)
      }
    )
  }

  private inTurn(current: number): Effect.Effect<A, E | Fault.Fault, R> {
    const rate = this.call.setup.rateLimit
    if (rate === undefined || rate.machine.tryAcquire(current, 1)) return this.start(current)
    const waiting = bounded(rate.wait, {
      millis: this.call.deadlineAt - current,
      onTimeout: () => this.deadlinePassed("no")
    })
    return Effect.matchCauseEffect(
      this.call.restore(this.call.deadlineAt === Number.POSITIVE_INFINITY ? rate.wait : waiting),
      {
        onFailure: (cause) => {
          this.giveBack()
          const fault = faultOf(cause)
          return fault?.kind === "rejected" ? this.rejected(fault) : Effect.failCause(cause)
        },
        onSuccess: () => {
          const started = this.call.now()
          this.call.event("policy.wait", { "holdfast.wait_for": "rate", "holdfast.wait_ms": started - current })
          return this.start(started)
        }
      }
    )
  }

  private start(current: number): Effect.Effect<A, E | Fault.Fault, R> {
    this.startedAt = current
    const remaining = this.call.deadlineAt - current
    if (remaining <= 0) {
      this.giveBack()
      return Effect.fail(this.deadlinePassed("no"))
    }
    this.call.setup.series.attempts.add(1)
    return this.work(Math.min(this.call.setup.attemptTimeout, remaining))
  }

  /** Nothing was sent: the permits go back as if they had not been taken. */
  protected giveBack(): void {
    this.state = "ended"
    this.dropTicket()
    this.call.setup.bulkhead?.machine.release(this.call.weight)
  }

  protected succeeded(): void {
    this.state = "ended"
    const { breaker, bulkhead } = this.call.setup
    if (breaker !== undefined) {
      const current = this.call.now()
      breaker.machine.record(this.ticket, true, current - this.startedAt, current)
    }
    if (bulkhead !== undefined) {
      bulkhead.machine.fine()
      bulkhead.machine.release(this.call.weight)
    }
  }

  /** The work has failed; a defect or an interruption of its own comes as `undefined`. */
  protected failed(error: unknown): void {
    this.state = "ended"
    const { breaker, bulkhead } = this.call.setup
    const current = this.call.now()
    const duration = current - this.startedAt
    // A defect or an interruption of the work itself says nothing, and must not look like the absence of an error.
    if (error === undefined) this.dropTicket()
    else if (breaker !== undefined) settle(breaker, this.ticket, error, duration, current)
    if (bulkhead !== undefined) {
      if (isOverload(error)) bulkhead.machine.overloaded(this.startedAt, current)
      bulkhead.machine.release(this.call.weight)
    }
    const told = Fault.isFault(error) ? { "holdfast.kind": error.kind, "holdfast.code": error.code } : {}
    this.call.event("policy.attempt", {
      "holdfast.attempt": this.number,
      "holdfast.duration_ms": duration,
      ...told
    })
  }

  /** The caller gets its answer now; the work has been told to stop. */
  protected timedOut(): void {
    this.state = "abandoned"
    const { breaker, bulkhead, series } = this.call.setup
    const current = this.call.now()
    if (this.cutByDeadline()) breaker?.machine.drop(this.ticket, current)
    else breaker?.machine.record(this.ticket, false, current - this.startedAt, current)
    bulkhead?.machine.overloaded(this.startedAt, current)
    bulkhead?.machine.abandon(this.call.weight)
    series.timeouts.add(1)
    series.abandoned.add(1)
    this.call.event("policy.timeout", {
      "holdfast.attempt": this.number,
      "holdfast.duration_ms": current - this.startedAt
    })
  }

  /** The caller was interrupted; the work has been told to stop. */
  protected interrupted(): void {
    this.state = "abandoned"
    this.dropTicket()
    this.call.setup.bulkhead?.machine.abandon(this.call.weight)
    this.call.setup.series.abandoned.add(1)
  }

  /** Work that was told to stop has stopped. */
  protected stopped(): void {
    this.state = "ended"
    this.call.setup.bulkhead?.machine.reclaim(this.call.weight)
    this.call.setup.series.abandoned.add(-1)
  }

  /** Less time was left than an attempt is given, so running out of it says nothing about the service. */
  private cutByDeadline(): boolean {
    const { attemptTimeout } = this.call.setup
    return attemptTimeout !== Number.POSITIVE_INFINITY && this.call.deadlineAt - this.startedAt < attemptTimeout
  }

  protected timeout(): Fault.Fault {
    const { attemptTimeout } = this.call.setup
    if (this.call.deadlineAt - this.startedAt < attemptTimeout) return this.deadlinePassed("maybe")
    return this.call.fault({
      kind: "timed-out",
      code: "attempt-timeout",
      sent: "maybe",
      detail: `no answer within ${format(attemptTimeout)}`
    })
  }

  private deadlinePassed(sent: Fault.Sent): Fault.Fault {
    return this.call.fault({
      kind: "timed-out",
      code: "deadline",
      sent,
      detail: `the deadline passed after ${format(this.call.now() - this.call.startedAt)}`
    })
  }

  private rejected(fault: Fault.Fault): Effect.Effect<never, Fault.Fault> {
    this.call.setup.series.rejections.add(1)
    this.call.event("policy.rejected", { "holdfast.code": fault.code })
    return Effect.fail(fault)
  }

  private dropTicket(): void {
    this.call.setup.breaker?.machine.drop(this.ticket, this.call.now())
  }
}

/** The one failure that a policy may act on: a fault, and no defect or interruption beside it. */
export const faultOf = (cause: Cause.Cause<unknown>): Fault.Fault | undefined => {
  if (cause._tag === "Fail") return Fault.isFault(cause.error) ? cause.error : undefined
  if (Cause.isInterrupted(cause) || Option.isSome(Cause.dieOption(cause))) return undefined
  const failure = Option.getOrUndefined(Cause.failureOption(cause))
  return Fault.isFault(failure) ? failure : undefined
}

/** A duration in words, without the digits nobody reads. */
export const format = (millis: number): string =>
  Duration.format(Duration.millis(millis >= 1000 ? Math.round(millis / 100) * 100 : Math.max(0, Math.round(millis))))
