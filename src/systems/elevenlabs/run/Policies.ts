/**
 * How the operations meet failures of the API: by reading again, or by sending again what the API did not do.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import * as Policy from "../../../kernel/Policy.ts"
import * as RetryPolicy from "../../../kernel/RetryPolicy.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Policies {
  /** Reads: up to 8 attempts within 2 minutes, 0.25 s to 10 s apart. */
  readonly read: <A, R>(effect: Effect.Effect<A, Fault.Fault, R>) => Effect.Effect<A, Fault.Fault, R>
  /** Changes: up to 8 attempts within 5 minutes, 0.5 s to 20 s apart, only where the API did nothing. */
  readonly change: <A, R>(effect: Effect.Effect<A, Fault.Fault, R>) => Effect.Effect<A, Fault.Fault, R>
}

/** What does not pass by itself: something has to be done about it first. */
const stands = new Set(["has-dependents", "index-not-ready"])

const mayResend = (fault: Fault.Fault): boolean => Fault.mayResend(fault) && !stands.has(fault.code ?? "")

/**
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Policies> = Effect.gen(function*() {
  const read = yield* Policy.make({
    name: "elevenlabs-read",
    system: "elevenlabs",
    retry: RetryPolicy.make({ maxAttempts: 8, maxElapsed: "2 minutes", base: 250, cap: "10 seconds" }),
    attemptTimeout: "60 seconds"
  })
  const change = yield* Policy.make({
    name: "elevenlabs-change",
    system: "elevenlabs",
    retry: RetryPolicy.make({ maxAttempts: 8, maxElapsed: "5 minutes", base: 500, cap: "20 seconds" }),
    // 20 MB over a slow line.
    attemptTimeout: "5 minutes"
  })
  return {
    read: (effect) => read.run(effect),
    change: (effect) => change.run(effect, { retryWhen: mayResend })
  }
})
