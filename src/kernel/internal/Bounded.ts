/**
 * An effect with a time limit, for one child fiber.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import type * as FiberRefs from "effect/FiberRefs"
import { Alarm, type AlarmList, clear, withAlarm } from "./Alarm.ts"
import { clockOf, now } from "./Time.ts"

/** What happened to the work, told as it happens and not when the waiting fiber gets to run. */
export interface Watcher<A, E> {
  /** The work ended while its caller waited for it. */
  readonly onExit: (exit: Exit.Exit<A, E>) => void
  /** The caller is given its answer and the work is told to stop. */
  readonly onTimeout: () => void
  /** The caller was interrupted and the work is told to stop. */
  readonly onInterrupt: () => void
  /** Work that was told to stop has stopped. */
  readonly onStopped: () => void
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

interface Limit<E2> {
  readonly millis: number
  readonly list?: AlarmList | undefined
  readonly onTimeout: () => E2
}

class Race<A, E, E2> extends Alarm {
  private state: "waiting" | "exited" | "stopping" = "waiting"
  private readonly child: Fiber.RuntimeFiber<A, E>
  private readonly parent: Fiber.RuntimeFiber<unknown, unknown>
  private readonly limit: Limit<E2>
  private readonly watcher: Watcher<A, E> | undefined
  /** What the child began with. */
  private readonly references: FiberRefs.FiberRefs
  private resume: ((effect: Effect.Effect<A, E | E2>) => void) | undefined = undefined

  constructor(
    child: Fiber.RuntimeFiber<A, E>,
    parent: Fiber.RuntimeFiber<unknown, unknown>,
    limit: Limit<E2>,
    watcher: Watcher<A, E> | undefined
  ) {
    super()
    this.child = child
    this.parent = parent
    this.limit = limit
    this.watcher = watcher
    this.references = child.getFiberRefs()
    child.addObserver(this.onExit)
  }

  private readonly onExit = (exit: Exit.Exit<A, E>): void => {
    if (this.state === "stopping") {
      this.watcher?.onStopped()
      return
    }
    this.state = "exited"
    clear(this)
    this.watcher?.onExit(exit)
    this.resume?.(this.outcome(exit))
  }

  /** Where the child has set nothing there is nothing to inherit, and to find that out reference by reference costs. */
  private outcome(exit: Exit.Exit<A, E>): Effect.Effect<A, E> {
    if (this.child.getFiberRefs() === this.references) return exit
    return Effect.zipRight(this.child.inheritAll, exit)
  }

  readonly register = (resume: (effect: Effect.Effect<A, E | E2>) => void): void => {
    this.resume = resume
    const exit = this.child.unsafePoll()
    if (this.state === "stopping") resume(Effect.fail(this.limit.onTimeout()))
    else if (exit !== null) resume(this.outcome(exit))
  }

  ring(): void {
    if (this.state !== "waiting") return
    this.state = "stopping"
    this.watcher?.onTimeout()
    this.child.unsafeInterruptAsFork(this.parent.id())
    this.resume?.(Effect.fail(this.limit.onTimeout()))
  }

  /**
   * The wait has failed. Where that is because the caller was interrupted, the work's own finalizers are waited for,
   * as for any interrupted effect.
   */
  failed(cause: Cause.Cause<E | E2>): Effect.Effect<never, E | E2> {
    clear(this)
    if (this.state !== "waiting") return Effect.failCause(cause)
    this.state = "stopping"
    this.watcher?.onInterrupt()
    return Effect.zipRight(Fiber.interruptAs(this.child, this.parent.id()), Effect.failCause(cause))
  }

  succeeded(value: A): Effect.Effect<A> {
    clear(this)
    return Effect.succeed(value)
  }
}

/**
 * Runs the effect in a child fiber and answers after `millis` at the latest. The child inherits everything and gives
 * its fiber references back. It is interruptible even where its caller is not, else the limit could not stop it; its
 * caller's own interruption reaches it only where the caller can be interrupted.
 */
export const bounded = <A, E, R, E2>(
  effect: Effect.Effect<A, E, R>,
  limit: Limit<E2>
): Effect.Effect<A, E | E2, R> => {
  if (limit.millis <= 0) return Effect.suspend(() => Effect.fail(limit.onTimeout()))
  return Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime<A, E | E2, R>((fiber) => boundedIn({ restore, fiber }, effect, limit))
  )
}

/** The same where interruption is masked already. */
export const boundedIn = <A, E, R, E2>(
  caller: { readonly restore: Restore; readonly fiber: Fiber.RuntimeFiber<unknown, unknown> },
  effect: Effect.Effect<A, E, R>,
  limit: Limit<E2>,
  watcher?: Watcher<A, E>
): Effect.Effect<A, E | E2, R> =>
  Effect.flatMap(Effect.forkDaemon(Effect.interruptible(effect)), (child) => {
    const race = new Race<A, E, E2>(child, caller.fiber, limit, watcher)
    const clock = clockOf(caller.fiber)
    const waiting = Effect.matchCauseEffect(
      caller.restore(Effect.async<A, E | E2>((resume) => race.register(resume))),
      { onFailure: (cause) => race.failed(cause), onSuccess: (value) => race.succeeded(value) }
    )
    return withAlarm(race, clock, now(clock), limit.millis, limit.list, waiting)
  })
