/**
 * Finalizers that lose no interruption. `Effect.addFinalizer` and `Effect.acquireRelease` of Effect 3.22.4 put back the
 * fiber's references as they were before the finalizer ran, and with them what the fiber knew of its interruption:
 * who is interrupted while a finalizer waits for something goes on with its work as if nothing had happened.
 *
 * Nothing here is specific to holdfast; it can go where Effect does it itself.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"

/**
 * Like `Effect.addFinalizer`. The finalizer has the services of whoever adds it, and the fiber references of whoever
 * closes the scope. It is not interruptible.
 *
 * @since 0.1.0
 * @category combinators
 */
export const add = <X, R>(
  finalizer: (exit: Exit.Exit<unknown, unknown>) => Effect.Effect<X, never, R>
): Effect.Effect<void, never, R | Scope.Scope> =>
  Effect.contextWithEffect((context: Context.Context<R | Scope.Scope>) =>
    Scope.addFinalizerExit(
      Context.get(context, Scope.Scope),
      (exit) => Effect.uninterruptible(Effect.provide(finalizer(exit), context))
    )
  )

/**
 * Like `Effect.acquireRelease`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const acquireRelease = <A, E, R, X, R2>(
  acquire: Effect.Effect<A, E, R>,
  release: (resource: A, exit: Exit.Exit<unknown, unknown>) => Effect.Effect<X, never, R2>
): Effect.Effect<A, E, R | R2 | Scope.Scope> =>
  Effect.uninterruptible(Effect.tap(acquire, (resource) => add((exit) => release(resource, exit))))
