/**
 * An attempt whose work is a promise: one suspended fiber, a deadline in a shared list, and no child.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../Fault.ts"
import { clear, withAlarm } from "./Alarm.ts"
import { Attempt } from "./Attempt.ts"
import type { Call, Memory } from "./Call.ts"
import { retryOrFail } from "./Retrying.ts"

/** A function that takes no signal is given this one, which never aborts; a controller for each would cost 2 µs. */
const neverAborts = new AbortController().signal

export interface Work<A> {
  readonly evaluate: (signal: AbortSignal) => PromiseLike<A>
  readonly toFault: (thrown: unknown) => Fault.Fault
}

export class PromiseAttempt<A> extends Attempt<A, never, never> {
  private readonly promise: Work<A>
  private controller: AbortController | undefined = undefined
  private resume: ((effect: Effect.Effect<A, Fault.Fault>) => void) | undefined = undefined

  constructor(call: Call, number: number, memory: Memory, promise: Work<A>) {
    super(call, number, memory)
    this.promise = promise
  }

  again(memory: Memory): PromiseAttempt<A> {
    return new PromiseAttempt(this.call, this.number + 1, memory, this.promise)
  }

  protected work(millis: number): Effect.Effect<A, Fault.Fault> {
    const { attemptAlarms, attemptTimeout } = this.call.setup
    const waiting = Effect.matchCauseEffect(
      this.call.restore(Effect.async<A, Fault.Fault>((resume) => this.begin(resume))),
      {
        onFailure: (cause) => {
          if (this.state === "held") {
            clear(this)
            this.giveBack()
          } else if (this.state === "running") {
            clear(this)
            this.interrupted()
            this.controller?.abort()
          }
          return retryOrFail(this, cause)
        },
        onSuccess: Effect.succeed
      }
    )
    const list = millis === attemptTimeout ? attemptAlarms : undefined
    return withAlarm(this, this.call.clock, this.startedAt, millis, list, waiting)
  }

  private begin(resume: (effect: Effect.Effect<A, Fault.Fault>) => void): void {
    if (this.state !== "held") {
      resume(Effect.fail(this.timeout()))
      return
    }
    this.state = "running"
    this.resume = resume
    try {
      this.promise.evaluate(this.signal()).then(this.onValue, this.onError)
    } catch (thrown) {
      this.onError(thrown)
    }
  }

  private signal(): AbortSignal {
    if (this.promise.evaluate.length === 0) return neverAborts
    this.controller = new AbortController()
    return this.controller.signal
  }

  ring(): void {
    if (this.state === "held") this.giveBack()
    if (this.state !== "running") return
    this.timedOut()
    const fault = this.timeout()
    this.controller?.abort(fault)
    this.resume?.(Effect.fail(fault))
  }

  private readonly onValue = (value: A): void => {
    if (this.state !== "running") {
      this.stopped()
      return
    }
    clear(this)
    this.succeeded()
    this.resume?.(Effect.succeed(value))
  }

  private readonly onError = (thrown: unknown): void => {
    if (this.state !== "running") {
      this.stopped()
      return
    }
    clear(this)
    const outcome = this.classified(thrown)
    this.failed(outcome.fault)
    this.resume?.(outcome.effect)
  }

  /** A classification that throws is a bug of its author, and shows as one. */
  private classified(
    thrown: unknown
  ): { readonly fault?: Fault.Fault; readonly effect: Effect.Effect<never, Fault.Fault> } {
    try {
      const fault = this.promise.toFault(thrown)
      return { fault, effect: Effect.fail(fault) }
    } catch (defect) {
      return { effect: Effect.die(defect) }
    }
  }
}
