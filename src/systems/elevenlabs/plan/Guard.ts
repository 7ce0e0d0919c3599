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
 * How many may go. A share of them is rounded down, but not to nothing, unless it is nothing that is asked for: the one
 * file of a site may be renamed, which removes a document and makes another. An empty folder is refused elsewhere.
 */
const allowed = (total: number, max: MaxDelete): number => {
  if ("count" in max) return max.count
  return max.percent === 0 ? 0 : Math.max(1, Math.floor(total * max.percent / 100))
}

/**
 * Refuses where `removals` of `total` documents are more than may go.
 *
 * @since 0.1.0
 * @category predicates
 */
export const check = (removals: number, total: number, max: MaxDelete): ReadonlyArray<Refusal> => {
  const most = allowed(total, max)
  if (removals <= most) return []
  const limit = "count" in max ? `${most}` : `${max.percent}% (${most})`
  return [{
    code: "too-many-deletions",
    message: `${removals} of ${total} documents would be removed; at most ${limit} may go without ` +
      `--max-delete ${removals}: check the folder first`
  }]
}
