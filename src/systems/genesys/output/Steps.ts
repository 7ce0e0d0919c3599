/**
 * Where a write of the output stands, for whoever wants to stop it there.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"

/**
 * What happens before each step that changes something on the disk. Does nothing unless a test replaces it.
 *
 * @since 0.1.0
 * @category services
 */
export class Steps extends Context.Reference<Steps>()("holdfast/systems/genesys/output/Steps", {
  defaultValue: (): (step: string) => Effect.Effect<void> => () => Effect.void
}) {}

/**
 * @since 0.1.0
 * @category combinators
 */
export const before = (step: string): Effect.Effect<void> => Effect.flatMap(Steps, (steps) => steps(step))
