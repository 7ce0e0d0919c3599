/**
 * Configuration before it is text: the same for both syntaxes of Terraform.
 *
 * @since 0.1.0
 */
import type { TypeName } from "../Table.ts"
import type { Replaced } from "./Shape.ts"

/**
 * What is not a literal: a reference, a variable, a function. `genesyscloud_routing_queue.Sales.id`
 *
 * @since 0.1.0
 * @category models
 */
export class Expression {
  /**
   * @since 0.1.0
   */
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

/**
 * JSON in a string, with references inside: `jsonencode(...)`.
 *
 * @since 0.1.0
 * @category models
 */
export class Encoded {
  /**
   * @since 0.1.0
   */
  readonly json: Replaced<Expression>

  constructor(json: Replaced<Expression>) {
    this.json = json
  }
}

/**
 * A map, by sorted key.
 *
 * @since 0.1.0
 * @category models
 */
export class Entries {
  /**
   * @since 0.1.0
   */
  readonly entries: ReadonlyArray<readonly [key: string, value: Rendered]>

  constructor(entries: ReadonlyArray<readonly [key: string, value: Rendered]>) {
    this.entries = entries
  }
}

/**
 * Nested blocks of one name.
 *
 * @since 0.1.0
 * @category models
 */
export class Blocks {
  /**
   * @since 0.1.0
   */
  readonly bodies: ReadonlyArray<Body>

  constructor(bodies: ReadonlyArray<Body>) {
    this.bodies = bodies
  }
}

/**
 * A number, a truth, a literal string (nothing in it is special), or one of the above.
 *
 * @since 0.1.0
 * @category models
 */
export type Rendered =
  | string
  | number
  | boolean
  | Expression
  | Encoded
  | Entries
  | Blocks
  | ReadonlyArray<Rendered>

/**
 * What stands in a block, by sorted name.
 *
 * @since 0.1.0
 * @category models
 */
export type Body = ReadonlyArray<readonly [name: string, value: Rendered]>

/**
 * A block of its own: `resource "type" "label"` or `data "type" "label"`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Block {
  readonly keyword: "resource" | "data"
  readonly type: TypeName
  readonly label: string
  /** What stands in it. */
  readonly text: string
}

/**
 * @since 0.1.0
 * @category guards
 */
export const isList = (value: Rendered): value is ReadonlyArray<Rendered> => Array.isArray(value)
