/**
 * An attempt whose work is an effect. Without a limit it runs in the caller's fiber; with one, in a child fiber.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fault from "../Fault.ts"
import { Attempt, faultOf } from "./Attempt.ts"
import { boundedIn } from "./Bounded.ts"
import type { Call, Memory } from "./Call.ts"
import { retryOrFail } from "./Retrying.ts"

/** What an effect finds in its context, made of what its caller has. */
export type Below<R> = ((context: Context.Context<R>) => Context.Context<R>) | undefined

export class EffectAttempt<A, E, R> extends Attempt<A, E, R> {
  private readonly effect: Effect.Effect<A, E, R>
  private readonly below: Below<R>

  constructor(call: Call, number: number, memory: Memory, effect: Effect.Effect<A, E, R>, below: Below<R>) {
    super(call, number, memory)
    this.effect = effect
    this.below = below
  }

  again(memory: Memory): EffectAttempt<A, E, R> {
    return new EffectAttempt(this.call, this.number + 1, memory, this.effect, this.below)
  }

  protected work(millis: number): Effect.Effect<A, E | Fault.Fault, R> {
    return millis === Number.POSITIVE_INFINITY ? this.inPlace() : this.inChild(millis)
  }

  private inPlace(): Effect.Effect<A, E | Fault.Fault, R> {
    return Effect.matchCauseEffect(this.call.restore(this.within(this.effect)), {
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
    // Set for the fork and not in the child, which then has nothing to give back.
    return Effect.matchCauseEffect(this.within(limited), {
      onFailure: (cause) => retryOrFail(this, cause),
      onSuccess: Effect.succeed
    })
  }

  private within<E2>(effect: Effect.Effect<A, E2, R>): Effect.Effect<A, E2, R> {
    return this.below === undefined ? effect : Effect.mapInputContext(effect, this.below)
  }

  ring(): void {
    // The limit of an effect is its child's affair.
  }
}

/** What the machines are told of a failure: nothing of a defect or an interruption. */
const errorOf = (cause: Cause.Cause<unknown>): unknown => cause._tag === "Fail" ? cause.error : faultOf(cause)
