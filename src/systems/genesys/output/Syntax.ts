/**
 * What writes the configuration, in one of the two syntaxes.
 *
 * @since 0.1.0
 */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Fault from "../../../kernel/Fault.ts"
import type { TypeName } from "../Table.ts"
import type { Block, Body, Expression } from "./Rendered.ts"
import type { Variables } from "./Variables.ts"

/**
 * How what stands in a block is written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Form {
  readonly text: (body: Body) => string
  /** What is written for an expression, or for an id that needs no escape, where an expression may stand. */
  readonly value: (value: Expression | string) => string
  /** Finds the expressions whose names begin so, between `_` and `_` the number of each. */
  readonly pattern: (mark: string) => RegExp
}

/**
 * Called for one type after the other, in the order of their names: `begin`, `add` for each block with `drained` now and
 * then, `end`; and at last `finish`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Syntax {
  readonly form: Form
  readonly begin: (type: TypeName) => void
  readonly add: (block: Block) => void
  /** Writes what waits, if it is enough to be worth it. */
  readonly drained: Effect.Effect<void, Fault.Fault, Scope.Scope>
  readonly end: Effect.Effect<void, Fault.Fault, Scope.Scope>
  readonly finish: (variables: Variables) => Effect.Effect<void, Fault.Fault, Scope.Scope>
}
