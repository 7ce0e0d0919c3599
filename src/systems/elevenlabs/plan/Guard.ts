/**
 * Keeps a run from removing more than was meant.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { MaxDelete, Refusal } from "./Plan.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const standard: MaxDelete = { percent: 50 }

/**
 * Reads `12` or `25%`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<MaxDelete, string> => {
  const match = /^(\d{1,9})(%?)$/.exec(text.trim())
  const value = Number(match?.[1])
  if (match === null) {
    return Either.left(`${JSON.stringify(text)} is neither a number of files, as 12, nor a part, as 25%`)
  }
  if (match[2] === "") return Either.right({ count: value })
  return value <= 100 ? Either.right({ percent: value }) : Either.left(`${text.trim()} is more than all: 100% at most`)
}

/**
 * Refuses where `removals` of `total` files are more than allowed.
 *
 * @since 0.1.0
 * @category predicates
 */
export const check = (removals: number, total: number, max: MaxDelete): ReadonlyArray<Refusal> => {
  const allowed = "count" in max ? max.count : Math.floor(total * max.percent / 100)
  if (removals <= allowed) return []
  const limit = "count" in max ? `${max.count}` : `${max.percent}%, which is ${allowed}`
  return [{
    code: "too-many-deletions",
    message: `${removals} of ${total} files would lose their documents, and ${limit} may: check the folder, ` +
      `or allow it with --max-delete ${removals}`
  }]
}
