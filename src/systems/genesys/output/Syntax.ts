/**
 * What writes the configuration, in one of the two syntaxes.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Fault from "../../../kernel/Fault.ts"
import type { TypeName } from "../Table.ts"
import type { Block } from "./Rendered.ts"
import type { Variables } from "./Variables.ts"

/**
 * Called for one type after the other, in the order of their names: `begin`, `add` for each block with `drained` now and
 * then, `end`; and at last `finish`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Syntax {
  readonly begin: (type: TypeName) => void
  readonly add: (block: Block) => void
  /** Writes what waits, if it is enough to be worth it. */
  readonly drained: Effect.Effect<void, Fault.Fault, Scope.Scope>
  readonly end: Effect.Effect<void, Fault.Fault, Scope.Scope>
  readonly finish: (variables: Variables) => Effect.Effect<void, Fault.Fault, Scope.Scope>
}
