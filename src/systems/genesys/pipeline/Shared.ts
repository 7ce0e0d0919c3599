/**
 * What is the same for all resources of an export and asked for once: whoever comes second waits for the first.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import type { Extra } from "../Table.ts"
import * as Path from "./Path.ts"

/**
 * Whether an extra is the same for all entities: nothing of them is in its path.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isShared = ({ path }: Extra): boolean => Path.holesOf(path).length === 0

const keyOf = ({ path, query = {} }: Pick<Extra, "path" | "query">): string => `${path} ${JSON.stringify(query)}`

/**
 * @since 0.1.0
 * @category models
 */
export class Shared {
  private readonly answers = new Map<string, Deferred.Deferred<Json.Json, Fault.Fault>>()

  /**
   * Makes known what was asked for already.
   *
   * @since 0.1.0
   */
  keep(extra: Pick<Extra, "path" | "query">, answer: Json.Json): void {
    const done = Deferred.unsafeMake<Json.Json, Fault.Fault>(FiberId.none)
    Deferred.unsafeDone(done, Effect.succeed(answer))
    this.answers.set(keyOf(extra), done)
  }

  /**
   * The answer to it. One that failed is asked for again by the next who wants it.
   *
   * @since 0.1.0
   */
  get(extra: Extra, ask: Effect.Effect<Json.Json, Fault.Fault>): Effect.Effect<Json.Json, Fault.Fault> {
    return Effect.suspend(() => {
      const key = keyOf(extra)
      const known = this.answers.get(key)
      if (known !== undefined) return Deferred.await(known)
      const answer = Deferred.unsafeMake<Json.Json, Fault.Fault>(FiberId.none)
      this.answers.set(key, answer)
      return Effect.onExit(ask, (exit) => {
        if (Exit.isFailure(exit)) this.answers.delete(key)
        return Deferred.done(answer, exit)
      })
    })
  }
}
