/**
 * The word somebody probably meant.
 *
 * @since 0.1.0
 */

/** What other tools call the same thing. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["agent", "agents"],
  ["agentid", "agents"],
  ["agentids", "agents"],
  ["dir", "folder"],
  ["directory", "folder"],
  ["domain", "url"],
  ["host", "url"],
  ["mode", "usageMode"],
  ["name", "url"],
  ["out", "folder"],
  ["path", "folder"],
  ["site", "url"],
  ["usage", "usageMode"],
  ["website", "url"],
  ["websites", "sites"]
])

const plain = (word: string): string => word.toLowerCase().replace(/[-_\s]/g, "").slice(0, 64)

/** How many letters must be put in, taken out or replaced. */
const distance = (from: string, to: string): number => {
  let last: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (const [row, letter] of [...from].entries()) {
    const current = [row + 1]
    for (let column = 1; column <= to.length; column += 1) {
      current.push(Math.min(
        (last[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (last[column - 1] ?? 0) + (letter === to[column - 1] ? 0 : 1)
      ))
    }
    last = current
  }
  return last[to.length] ?? 0
}

/**
 * The known word that is meant most likely, if any.
 *
 * @since 0.1.0
 * @category getters
 */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined => {
  const wanted = plain(word)
  const synonym = synonyms.get(wanted)
  if (synonym !== undefined && known.includes(synonym)) return synonym
  const ranked = known.map((candidate) => ({ candidate, steps: distance(wanted, plain(candidate)) }))
    .filter(({ candidate, steps }) => steps <= Math.max(1, Math.floor(candidate.length / 3)))
    .toSorted((left, right) => left.steps - right.steps)
  return ranked[0]?.candidate
}
