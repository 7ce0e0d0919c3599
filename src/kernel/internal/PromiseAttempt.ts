/**
 * An attempt whose work is a promise: one suspended fiber, a deadline in a shared list, and no child.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fault from "../Fault.ts"
import { clear, setAlarm, withAlarm } from "./Alarm.ts"
import { Attempt } from "./Attempt.ts"
import type { Call, Memory } from "./Call.ts"
import type { Listener } from "./PromiseCall.ts"
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
  private resume: ((exit: Exit.Exit<A, Fault.Fault>) => void) | undefined = undefined

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
          } else this.cancel()
          return retryOrFail(this, cause)
        },
        onSuccess: Effect.succeed
      }
    )
    const list = millis === attemptTimeout ? attemptAlarms : undefined
    return withAlarm(this, this.call.clock, this.startedAt, millis, list, waiting)
  }

  /**
   * Starts the work without a fiber, on the machine's own clock, and says whether it could. Success is told as it is;
   * after a failure a fiber decides about the next attempt.
   */
  startAlone(listener: Listener<A, Fault.Fault>): boolean {
    const { call } = this
    if (!this.takesAll(call.startedAt)) return false
    const millis = Math.min(call.setup.attemptTimeout, call.deadlineAt - call.startedAt)
    const list = millis === call.setup.attemptTimeout ? call.setup.attemptAlarms : undefined
    setAlarm(this, this.startedAt, millis, list)
    this.begin((exit) => {
      if (Exit.isSuccess(exit)) listener.succeeded(exit)
      else listener.goesOn(this.continued(exit))
    })
    return true
  }

  private continued(outcome: Exit.Exit<A, Fault.Fault>): Effect.Effect<A, Fault.Fault> {
    return Effect.uninterruptibleMask((restore) => {
      this.call.restore = restore
      return Effect.matchCauseEffect(outcome, {
        onFailure: (cause) => retryOrFail(this, cause),
        onSuccess: Effect.succeed
      })
    })
  }

  /** The caller of work that was started without a fiber is interrupted. */
  cancel(): void {
    if (this.state !== "running") return
    clear(this)
    this.interrupted()
    this.controller?.abort()
  }

  private begin(resume: (exit: Exit.Exit<A, Fault.Fault>) => void): void {
    if (this.state !== "held") {
      resume(Exit.fail(this.timeout()))
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
    this.resume?.(Exit.fail(fault))
  }

  private readonly onValue = (value: A): void => {
    if (this.state !== "running") {
      this.stopped()
      return
    }
    clear(this)
    this.succeeded()
    this.resume?.(Exit.succeed(value))
  }

  private readonly onError = (thrown: unknown): void => {
    if (this.state !== "running") {
      this.stopped()
      return
    }
    clear(this)
    const outcome = this.classified(thrown)
    this.failed(outcome.fault)
    this.resume?.(outcome.exit)
  }

  /** A classification that throws is a bug of its author, and shows as one. */
  private classified(
    thrown: unknown
  ): { readonly fault?: Fault.Fault; readonly exit: Exit.Exit<never, Fault.Fault> } {
    try {
      const fault = this.promise.toFault(thrown)
      return { fault, exit: Exit.fail(fault) }
    } catch (defect) {
      return { exit: Exit.die(defect) }
    }
  }
}
