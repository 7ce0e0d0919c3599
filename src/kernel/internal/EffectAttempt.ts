/**
 * An attempt whose work is an effect. Without a limit it runs in the caller's fiber; with one, in a child fiber.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fault from "../Fault.ts"
import { Attempt, faultOf } from "./Attempt.ts"
import { boundedIn } from "./Bounded.ts"
import type { Call, Memory } from "./Call.ts"
import { retryOrFail } from "./Retrying.ts"

export class EffectAttempt<A, E, R> extends Attempt<A, E, R> {
  private readonly effect: Effect.Effect<A, E, R>

  constructor(call: Call, number: number, memory: Memory, effect: Effect.Effect<A, E, R>) {
    super(call, number, memory)
    this.effect = effect
  }

  again(memory: Memory): EffectAttempt<A, E, R> {
    return new EffectAttempt(this.call, this.number + 1, memory, this.effect)
  }

  protected work(millis: number): Effect.Effect<A, E | Fault.Fault, R> {
    return millis === Number.POSITIVE_INFINITY ? this.inPlace() : this.inChild(millis)
  }

  private inPlace(): Effect.Effect<A, E | Fault.Fault, R> {
    return Effect.matchCauseEffect(this.call.restore(this.effect), {
      onFailure: (cause) => {
        this.failed(errorOf(cause))
        return retryOrFail(this, cause)
      },
      onSuccess: (value) => {
        this.succeeded()
        return Effect.succeed(value)
      }
    })
  }

  private inChild(millis: number): Effect.Effect<A, E | Fault.Fault, R> {
    const limited = boundedIn(
      this.call,
      this.effect,
      {
        millis,
        list: millis === this.call.setup.attemptTimeout ? this.call.setup.attemptAlarms : undefined,
        onTimeout: () => this.timeout()
      },
      {
        onExit: (exit) => Exit.isSuccess(exit) ? this.succeeded() : this.failed(errorOf(exit.cause)),
        onTimeout: () => this.timedOut(),
        onInterrupt: () => this.interrupted(),
        onStopped: () => this.stopped()
      }
    )
    return Effect.matchCauseEffect(limited, {
      onFailure: (cause) => retryOrFail(this, cause),
      onSuccess: Effect.succeed
    })
  }

  ring(): void {
    // The limit of an effect is its child's affair.
  }
}

/** What the machines are told of a failure: nothing of a defect or an interruption. */
const errorOf = (cause: Cause.Cause<unknown>): unknown => cause._tag === "Fail" ? cause.error : faultOf(cause)
