/**
 * Live progress of an operation over many items. Operations report; whoever runs them decides how it looks.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * Where one item stands. Later updates of the same `item` replace earlier ones.
 *
 * @since 0.1.0
 * @category models
 */
export interface Update {
  /** The item's name, stable through the run: `rancher-manager-1`. */
  readonly item: string
  readonly state: "waiting" | "running" | "done" | "failed" | "skipped"
  /** What is being done to it: `cloning`, `configuring`, `starting`. */
  readonly phase: string
  /** From 0 to 1 within the phase, where it is known. */
  readonly fraction?: number
  /** A few words more: a task id, an error, an address. */
  readonly detail?: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly report: (update: Update) => Effect.Effect<void>
}

/**
 * Where updates go. Defaults to nowhere.
 *
 * @since 0.1.0
 * @category references
 */
export class Progress extends Context.Reference<Progress>()("holdfast/observe/Progress", {
  defaultValue: (): Service => ({ report: () => Effect.void })
}) {}

/**
 * @since 0.1.0
 * @category accessors
 */
export const report = (update: Update): Effect.Effect<void> =>
  Effect.flatMap(Progress, (progress) => progress.report(update))
