/**
 * Filters as a user writes them: `type`, `type::name`, `type::expression`, `type::id`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Table } from "../Table.ts"
import * as Types from "../Types.ts"
import * as Expression from "./Expression.ts"
import * as Label from "./Label.ts"

/**
 * What stands behind the `::`.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = "name" | "expression" | "id"

/**
 * @since 0.1.0
 * @category models
 */
export interface Pattern {
  readonly table: Table
  readonly kind: Kind
  /** What stands behind the `::`. */
  readonly rest: string
  /** Whether it is about every resource of the type. */
  readonly whole: boolean
  /** Of a resource of this type. */
  readonly matches: (resource: { readonly id: string; readonly name: string }) => boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export type Parsed = Either.Either<Pattern, string>

const unknownType = (type: string): string => {
  const meant = Types.suggest(type)
  return `there is no type ${JSON.stringify(type)}${meant.length === 0 ? "" : ` (did you mean ${meant.join(" or ")}?)`}`
}

const always = (): boolean => true

/**
 * The pattern, or what is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string, kind: Kind, tables: ReadonlyArray<Table>): Effect.Effect<Parsed> => {
  const at = text.indexOf("::")
  const type = at < 0 ? text : text.slice(0, at)
  const rest = at < 0 ? undefined : text.slice(at + 2)
  const table = tables.find((table) => table.type === Types.fullName(type))
  if (table === undefined) return Effect.succeed(Either.left(unknownType(type)))
  if (rest === undefined) {
    return Effect.succeed(
      kind === "id"
        ? Either.left(`${JSON.stringify(text)} names no id: write type::id`)
        : Either.right({ table, kind, rest: "", whole: true, matches: always })
    )
  }
  if (rest === "") return Effect.succeed(Either.left(`${JSON.stringify(text)} has nothing behind the "::"`))
  switch (kind) {
    case "id":
      return Effect.succeed(Either.right({ table, kind, rest, whole: false, matches: ({ id }) => id === rest }))
    case "name":
      return Effect.succeed(Either.right({ table, kind, rest, whole: false, matches: ({ name }) => name === rest }))
    case "expression":
      return Effect.map(
        Expression.compile(rest),
        Either.mapBoth({
          onLeft: (problem) => `${JSON.stringify(text)} is no regular expression: ${problem}`,
          onRight: (test) => ({
            table,
            kind,
            rest,
            whole: false,
            matches: ({ name }) => name === rest || test(name) || test(Label.sanitise(name))
          })
        })
      )
  }
}
