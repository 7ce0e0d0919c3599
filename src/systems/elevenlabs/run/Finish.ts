/**
 * Steps that are finished once they are begun. Whoever interrupts waits for the step in flight, so that what was sent is
 * recorded; if that takes too long it is left, and the journal knows of it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"

/** Whoever presses Ctrl-C does not want to wait longer. */
const patience = "8 seconds"

/**
 * @since 0.1.0
 * @category combinators
 */
export const finished = <A, E, R>(step: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.flatMap(Effect.forkDaemon(Effect.interruptible(step)), (fiber) =>
      restore(Fiber.join(fiber)).pipe(
        Effect.onInterrupt(() =>
          Fiber.await(fiber).pipe(
            // Finalizers are not interruptible, and a time limit needs work that is.
            Effect.interruptible,
            Effect.timeoutOption(patience),
            Effect.zipRight(Fiber.interrupt(fiber))
          )
        )
      ))
  )
