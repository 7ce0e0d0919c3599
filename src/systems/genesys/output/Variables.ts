/**
 * The variables that stand for what the API does not give, and the file in which a user fills them in.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as Hcl from "./Hcl.ts"
import { type Body, Entries, Expression, type Rendered } from "./Rendered.ts"
import type { VariableType } from "./Rendering.ts"

/**
 * The variables of an export, while it is written.
 *
 * @since 0.1.0
 * @category models
 */
export class Variables {
  readonly #types = new Map<string, VariableType>()

  /**
   * A new variable for an attribute: `<type>_<label>_<attribute>`. Where two attributes give one name, the later one
   * gets a suffix.
   *
   * @since 0.1.0
   */
  declare(type: string, label: string, attribute: string, of: VariableType): Expression {
    const plain = `${type}_${label}_${attribute.replaceAll(".", "_")}`
    const name = this.#types.has(plain)
      ? `${plain}_${createHash("sha256").update(`${type}.${label}.${attribute}`).digest("hex").slice(0, 16)}`
      : plain
    this.#types.set(name, of)
    return new Expression(`var.${name}`)
  }

  /**
   * @since 0.1.0
   */
  get sorted(): ReadonlyArray<readonly [name: string, type: VariableType]> {
    return [...this.#types].toSorted(([left], [right]) => (left < right ? -1 : 1))
  }
}

/**
 * What stands in the block of a variable.
 *
 * @since 0.1.0
 * @category getters
 */
export const body = (type: VariableType): Body => [["type", new Expression(type)]]

/** Nothing of the type, for the user to replace. */
const nothing = (type: VariableType): Rendered => {
  if (type === "string") return ""
  if (type === "number") return 0
  if (type === "bool") return false
  return type.startsWith("map(") ? new Entries([]) : []
}

/**
 * The text of `terraform.tfvars`: what the user filled in before, or else nothing of the type.
 *
 * @since 0.1.0
 * @category conversions
 */
export const values = (variables: Variables, filled: ReadonlyMap<string, Rendered>): string =>
  Hcl.aligned(
    variables.sorted.map(([name, type]) => [name, Hcl.expression(filled.get(name) ?? nothing(type), "")]),
    "",
    "\n"
  )
