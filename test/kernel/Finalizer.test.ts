import { describe, expect, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Finalizer from "../../src/kernel/Finalizer.ts"

/** Interrupts a fiber while a finalizer of it waits, lets the finalizer end, and tells how the fiber ended. */
const interruptedMeanwhile = (
  body: (waits: Effect.Effect<void>) => Effect.Effect<void>
): Effect.Effect<Exit.Exit<string>> =>
  Effect.gen(function*() {
    const begun = yield* Deferred.make<void>()
    const over = yield* Deferred.make<void>()
    const waits = Effect.zipRight(Deferred.succeed(begun, undefined), Deferred.await(over))
    const fiber = yield* Effect.fork(Effect.as(body(waits), "went on"))
    yield* Deferred.await(begun)
    yield* Fiber.interruptFork(fiber)
    yield* Effect.yieldNow()
    yield* Deferred.succeed(over, undefined)
    return yield* Fiber.await(fiber)
  })

describe("a fiber that is interrupted while one of its finalizers waits", () => {
  const orders: ReadonlyArray<readonly [name: string, body: (waits: Effect.Effect<void>) => Effect.Effect<void>]> = [
    ["alone", (waits) => Effect.scoped(Finalizer.add(() => waits))],
    [
      "after another finalizer",
      (waits) => Effect.scoped(Effect.zipRight(Finalizer.add(() => waits), Finalizer.add(() => Effect.void)))
    ],
    [
      "of a resource among resources",
      (waits) =>
        Effect.scoped(Effect.asVoid(Effect.zipRight(
          Finalizer.acquireRelease(Effect.succeed(1), () => waits),
          Finalizer.acquireRelease(Effect.succeed(2), () => Effect.void)
        )))
    ]
  ]
  it.effect.each(orders)("is interrupted: %s", ([, body]) =>
    Effect.gen(function*() {
      expect(Exit.isInterrupted(yield* interruptedMeanwhile(body))).toBe(true)
    }))
})
