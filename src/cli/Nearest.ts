/**
 * The word somebody probably meant.
 *
 * @since 0.1.0
 */

/** Edits (insert, delete, replace, swap of neighbours) that turn one word into the other. */
const distance = (from: string, to: string): number => {
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
 * The closest of `words`, if one is close enough to be a slip: up to a third of its letters, and a word that
 * merely begins another one always counts.
 *
 * @since 0.1.0
 * @category combinators
 */
export const nearest = (word: string, words: Iterable<string>): string | undefined => {
  const wanted = word.toLowerCase()
  let best: { readonly word: string; readonly score: number } | undefined
  for (const candidate of words) {
    const other = candidate.toLowerCase()
    const begins = wanted.length > 1 && other.startsWith(wanted)
    const score = begins ? 0.5 : distance(wanted, other)
    const limit = Math.max(1, Math.ceil(Math.max(wanted.length, other.length) / 3))
    if (score <= limit && (best === undefined || score < best.score)) best = { word: candidate, score }
  }
  return best?.word
}
