/**
 * A call of a promise under a policy. As an effect it is like any other. Beside that it can be started without a fiber
 * step, by whoever drives many of them: a fiber that is suspended and resumed for every item costs more than all the
 * machines of the policy together.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Effectable from "effect/Effectable"
import type * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { identity } from "effect/Function"
import { Deadline } from "../Deadline.ts"
import type * as Fault from "../Fault.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import { checkedWeight } from "./Permits.ts"
import { Call, type CallOptions, type Restore, type Setup } from "./Call.ts"
import { PromiseAttempt, type Work } from "./PromiseAttempt.ts"
import { RetryOwner } from "./RetryOwner.ts"
import { clockOf, isLive } from "./Time.ts"

const noMemory = {}

const callOf = (
  setup: Setup,
  options: CallOptions,
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  restore: Restore
): Call => {
  if (options.weight !== undefined) checkedWeight(options.weight)
  const deadline = Context.get(fiber.currentContext, Deadline)
  const owner = Context.get(fiber.currentContext, RetryOwner)
  return new Call(setup, options, fiber, clockOf(fiber), restore, deadline, owner)
}

const deposit = (call: Call): void => {
  if (call.retries && RetryPolicy.isRetryPolicy(call.setup.retry)) call.setup.retry.budget?.deposit()
}

/** Begins a call where interruption is masked; only what its attempts restore can be interrupted. */
export const begin = <A, E, R>(
  setup: Setup,
  options: CallOptions,
  first: (call: Call) => Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime<A, E, R>((fiber) => {
      const call = callOf(setup, options, fiber, restore)
      deposit(call)
      return first(call)
    })
  )

/** What the starter of a call is told: how it succeeded, or what a fiber has to run to find out how it ends. */
export interface Listener<A, E> {
  readonly succeeded: (exit: Exit.Exit<A, E>) => void
  readonly goesOn: (effect: Effect.Effect<A, E>) => void
}

export interface Cancellable {
  readonly cancel: () => void
}

export interface Startable<A, E> {
  /**
   * Starts the call on behalf of a fiber. Where something has to be waited for first nothing is started, and there is
   * nothing to cancel; the call is then to be run as an effect.
   */
  readonly start: (fiber: Fiber.RuntimeFiber<unknown, unknown>, listener: Listener<A, E>) => Cancellable | undefined
}

export class PromiseCall<A> extends Effectable.Class<A, Fault.Fault> implements Startable<A, Fault.Fault> {
  private readonly setup: Setup
  private readonly callOptions: CallOptions
  private readonly promise: Work<A>

  constructor(setup: Setup, options: CallOptions, promise: Work<A>) {
    super()
    this.setup = setup
    this.callOptions = options
    this.promise = promise
  }

  override commit(): Effect.Effect<A, Fault.Fault> {
    return begin(this.setup, this.callOptions, (call) => new PromiseAttempt<A>(call, 1, noMemory, this.promise).run())
  }

  start(
    fiber: Fiber.RuntimeFiber<unknown, unknown>,
    listener: Listener<A, Fault.Fault>
  ): Cancellable | undefined {
    if (!isLive(clockOf(fiber))) return undefined
    const call = callOf(this.setup, this.callOptions, fiber, identity)
    const attempt = new PromiseAttempt<A>(call, 1, noMemory, this.promise)
    if (!attempt.startAlone(listener)) return undefined
    deposit(call)
    return attempt
  }
}

export const isStartable = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): effect is Effect.Effect<A, E, R> & Startable<A, E> => effect instanceof PromiseCall
