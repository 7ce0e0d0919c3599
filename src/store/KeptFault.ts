/**
 * A fault as it is kept in the store.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Fault from "../kernel/Fault.ts"

const encode = Schema.encode(Schema.parseJson(Fault.Fault))

/**
 * Without its cause: what was thrown below may hold anything, also what must not be kept.
 *
 * @since 0.1.0
 * @category conversions
 */
export const textOf = (fault: Fault.Fault): Effect.Effect<string> => {
  const { cause: _, ...rest } = fault.options
  return Effect.orDie(encode(Fault.make(rest)))
}
