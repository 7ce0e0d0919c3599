/**
 * Waiting for permits: one suspended fiber, no polling, and an optional limit to the wait.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { Alarm, clear, withAlarm } from "./Alarm.ts"
import type { Permits, Waiter } from "./Permits.ts"

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** A fiber in line. */
export class WaitingFiber<E> extends Alarm implements Waiter {
  readonly weight: number
  state: Waiter["state"] = "new"
  previous: Waiter | undefined = undefined
  next: Waiter | undefined = undefined
  private readonly permits: Permits
  private readonly onTimeout: () => E
  private resume: ((effect: Effect.Effect<void, E>) => void) | undefined = undefined

  constructor(permits: Permits, weight: number, onTimeout: () => E) {
    super()
    this.permits = permits
    this.weight = weight
    this.onTimeout = onTimeout
  }

  grant(): void {
    this.resume?.(Effect.void)
  }

  /** The wait took too long: out of the line, unless the permits came in the same moment. */
  ring(): void {
    if (this.state !== "queued") return
    this.permits.leave(this)
    this.resume?.(Effect.fail(this.onTimeout()))
  }

  register(resume: (effect: Effect.Effect<void, E>) => void): void {
    this.resume = resume
    if (this.state === "granted") resume(Effect.void)
    else if (this.state === "left") resume(Effect.fail(this.onTimeout()))
  }
}

/**
 * Waits, in a region where interruption is masked, until the permits are granted, and goes on with what follows. When
 * the wait fails (it was interrupted, or took longer than `millis`) nothing is held, `onFailure` is told, and the
 * failure is passed on.
 */
export const wait = <A, E, E2, R>(
  permits: Permits,
  waiter: WaitingFiber<E>,
  where: { readonly restore: Restore; readonly clock: Clock.Clock; readonly since: number; readonly millis: number },
  onFailure: () => void,
  onGranted: () => Effect.Effect<A, E2, R>
): Effect.Effect<A, E | E2, R> =>
  withAlarm(
    waiter,
    where.clock,
    where.since,
    where.millis,
    undefined,
    Effect.matchCauseEffect(where.restore(Effect.async<void, E>((resume) => waiter.register(resume))), {
      onFailure: (cause) => {
        clear(waiter)
        permits.leave(waiter)
        onFailure()
        return Effect.failCause(cause)
      },
      onSuccess: () => {
        clear(waiter)
        return onGranted()
      }
    })
  )
