/**
 * The word that somebody who wrote another one probably meant.
 *
 * @since 0.1.0
 */

/**
 * How many letters must be put in, taken out, replaced or swapped with the next to turn one word into the other, where
 * no letter is touched twice.
 *
 * @since 0.1.0
 * @category getters
 * @example
 * import * as Suggestion from "holdfast/kernel/Suggestion"
 *
 * Suggestion.distance("memroy", "memory") // 1
 */
export const distance = (from: string, to: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, column) => column)
  for (let row = 1; row <= from.length; row++) {
    const current = [row]
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1]
      let best = Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1)
      )
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1]
      if (swapped) best = Math.min(best, (beforeLast[column - 2] ?? 0) + 1)
      current.push(best)
    }
    beforeLast = last
    last = current
  }
  return last[to.length] ?? 0
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** What others call the same: their word, in lower case and without dashes, to ours. Defaults to none. */
  readonly synonyms?: ReadonlyMap<string, string> | undefined
}

/** Longer words are nobody's slip, and would take long to compare. */
const longest = 64

const plain = (word: string): string => word.toLowerCase().replace(/[-_\s]/g, "").slice(0, longest)

/**
 * The known word that is meant most likely, if any is near enough: the same but for case and dashes, a synonym, one that
 * begins with it, or one in which up to a third of the letters are wrong. Of those as near, the first.
 *
 * @since 0.1.0
 * @category getters
 * @example
 * import * as Suggestion from "holdfast/kernel/Suggestion"
 *
 * Suggestion.nearest("lsit", ["list", "plan"]) // "list"
 */
export const nearest = (word: string, known: Iterable<string>, options: Options = {}): string | undefined => {
  const wanted = plain(word)
  const words = [...known]
  const same = words.find((candidate) => plain(candidate) === wanted)
  if (same !== undefined) return same
  const synonym = options.synonyms?.get(wanted)
  if (synonym !== undefined && words.includes(synonym)) return synonym
  let best: { readonly word: string; readonly steps: number } | undefined
  for (const candidate of words) {
    const other = plain(candidate)
    const steps = wanted.length > 1 && other.startsWith(wanted) ? 0.5 : distance(wanted, other)
    const near = steps <= Math.max(1, Math.floor(other.length / 3))
    if (near && (best === undefined || steps < best.steps)) best = { word: candidate, steps }
  }
  return best?.word
}
