/**
 * Which attributes an export is told to leave out: `type or expression.attribute.path`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Attributes, Table } from "../Table.ts"
import * as Types from "../Types.ts"
import * as Expression from "./Expression.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Excluded {
  readonly table: Table
  /** Dotted, without indices. */
  readonly path: string
}

/** Whether a table has this attribute. */
const has = (attributes: Attributes, path: string): boolean => {
  const [first = "", ...rest] = path.split(".")
  const attribute = Object.hasOwn(attributes, first) ? attributes[first] : undefined
  if (attribute === undefined) return false
  if (rest.length === 0) return true
  return attribute.kind === "block" && has(attribute.attributes, rest.join("."))
}

/**
 * What is meant, or what is wrong with it. An expression may have dots in it too, so each of them is tried as the one
 * behind which the attribute begins, from the left.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (
  pattern: string,
  tables: ReadonlyArray<Table>
): Effect.Effect<Either.Either<ReadonlyArray<Excluded>, string>> =>
  Effect.gen(function*() {
    let problem = `${JSON.stringify(pattern)} is not of the form type.attribute`
    for (let dot = pattern.indexOf("."); dot > 0; dot = pattern.indexOf(".", dot + 1)) {
      const [type, path] = [pattern.slice(0, dot), pattern.slice(dot + 1)]
      const named = tables.filter((table) => table.type === Types.fullName(type))
      const matches = named.length > 0 ? Either.right(() => true) : yield* Expression.compile(type)
      if (Either.isLeft(matches)) {
        problem = `${JSON.stringify(type)} in ${JSON.stringify(pattern)}: ${matches.left}`
        continue
      }
      const meant = named.length > 0 ? named : tables.filter((table) => matches.right(table.type))
      const found = meant.filter((table) => has(table.attributes, path))
      if (found.length > 0) return Either.right(found.map((table) => ({ table, path })))
      const [only] = meant
      problem = only === undefined
        ? `${JSON.stringify(pattern)}: there is no type ${JSON.stringify(type)}`
        : `${JSON.stringify(pattern)}: ${meant.length === 1 ? only.type : "no type that matches"} has ${
          meant.length === 1 ? "no" : "the"
        } attribute ${JSON.stringify(path)}`
    }
    return Either.left(problem)
  })
