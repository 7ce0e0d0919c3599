/**
 * Regular expressions as the provider takes them: RE2, found anywhere in a text. The engine is loaded by whoever uses
 * one.
 *
 * Source: the provider is written in Go, whose `regexp` is RE2 (https://pkg.go.dev/regexp/syntax).
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"

/**
 * @since 0.1.0
 * @category models
 */
export type Matches = (text: string) => boolean

/**
 * The test that an expression is, or what is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const compile = (expression: string): Effect.Effect<Either.Either<Matches, string>> =>
  Effect.map(Effect.promise(() => import("re2js")), ({ RE2JS, RE2JSException }) => {
    try {
      const compiled = RE2JS.compile(expression)
      return Either.right((text) => compiled.test(text))
    } catch (thrown) {
      if (thrown instanceof RE2JSException) return Either.left(thrown.message)
      throw thrown
    }
  })
