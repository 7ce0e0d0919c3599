/**
 * How a command of a simulated process ends: by itself, or as was drawn for it.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import type * as Fault from "../../src/kernel/Fault.ts"
import type { Ending } from "./Ending.ts"

/** `A` is what it reports, and `Cut` what it reports where it was interrupted. */
export type End<A, Cut = A> =
  | { readonly _tag: "Reported"; readonly report: A }
  | { readonly _tag: "Faulted"; readonly fault: Fault.Fault }
  /** Without a report, where it had none yet. `millis`: how long it took to clean up. */
  | { readonly _tag: "Interrupted"; readonly report: Cut | undefined; readonly millis: number }
  | { readonly _tag: "Killed" }
  /** It did not end within any reasonable time. */
  | { readonly _tag: "Endless" }
  | { readonly _tag: "Crashed"; readonly message: string }

/** A command that runs, whatever becomes of the fiber that began it. */
export type Running<A> = Fiber.Fiber<Either.Either<A, Fault.Fault>>

export const start = <A, R>(command: Effect.Effect<A, Fault.Fault, R>): Effect.Effect<Running<A>, never, R> =>
  Effect.forkDaemon(Effect.either(command))

export const killed = { _tag: "Killed" } as const

export const endless = { _tag: "Endless" } as const

/** Waits for its own end. */
export const of = <A>(running: Running<A>): Effect.Effect<End<A, never>> =>
  Effect.map(Fiber.await(running), (exit): End<A, never> => {
    if (exit._tag === "Failure") return { _tag: "Crashed", message: String(exit.cause) }
    return Either.isLeft(exit.value)
      ? { _tag: "Faulted", fault: exit.value.left }
      : { _tag: "Reported", report: exit.value.right }
  })

/** Interrupts it, and says how long it took to clean up. */
export const interrupt = <A, Cut>(
  running: Running<A>,
  millis: () => number,
  cut: () => Cut | undefined
): Effect.Effect<End<A, Cut>> =>
  Effect.suspend(() => {
    const from = millis()
    return Effect.flatMap(Fiber.interrupt(running), (exit): Effect.Effect<End<A, Cut>> =>
      // It may have ended at that very moment.
      exit._tag === "Success"
        ? of(running)
        : Effect.sync(() => ({ _tag: "Interrupted", report: cut(), millis: millis() - from })))
  })

/** Waits for its end, or for the moment that was drawn for one. Who is killed at a request dies by that. */
export const meet = <A, Cut>(
  ended: Effect.Effect<End<A, Cut>>,
  ending: Ending,
  { interrupt, kill }: { readonly interrupt: Effect.Effect<End<A, Cut>>; readonly kill: Effect.Effect<void> }
): Effect.Effect<End<A, Cut>> =>
  ending._tag === "Runs" || ending._tag === "KilledAt"
    ? ended
    : Effect.flatMap(Effect.timeoutOption(ended, ending.afterMillis), (end) => {
      if (end._tag === "Some") return Effect.succeed(end.value)
      return ending._tag === "Killed" ? Effect.as(kill, killed) : interrupt
    })
