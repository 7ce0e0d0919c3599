/**
 * What somebody who wrote an unknown key may have meant.
 *
 * @since 0.1.0
 */

/** What other tools, and the API itself, call the same thing. */
const synonyms: ReadonlyMap<string, string> = new Map([
  ["balloon", "memory"],
  ["cicustom", "snippets"],
  ["ciupgrade", "upgrade"],
  ["ciuser", "user"],
  ["cputype", "cpu"],
  ["cpus", "cores"],
  ["dns", "nameservers"],
  ["gw", "gateway"],
  ["gw6", "gateway6"],
  ["host", "node"],
  ["hostname", "name"],
  ["id", "vmid"],
  ["initialization", "cloudInit"],
  ["ipconfig0", "ip"],
  ["macaddr", "mac"],
  ["notes", "description"],
  ["ram", "memory"],
  ["started", "start"],
  ["tag", "vlan"],
  ["targetnode", "node"],
  ["vlanid", "vlan"],
  ["vms", "machines"]
])

const plain = (word: string): string => word.toLowerCase().replace(/[-_\s]/g, "")

/** How many letters must be put in, taken out, replaced or swapped with the next. */
const distance = (from: string, to: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const row = [i]
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
      row.push(Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + same,
        swapped ? (beforeLast[j - 2] ?? 0) + 1 : Number.MAX_SAFE_INTEGER
      ))
    }
    beforeLast = last
    last = row
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
  const wanted = plain(word).slice(0, 64)
  const same = known.find((candidate) => plain(candidate) === wanted)
  if (same !== undefined) return same
  const synonym = synonyms.get(wanted)
  if (synonym !== undefined && known.includes(synonym)) return synonym
  let best: { readonly word: string; readonly distance: number } | undefined
  for (const candidate of known) {
    const steps = distance(wanted, plain(candidate))
    if (steps <= Math.max(1, Math.floor(candidate.length / 3)) && (best === undefined || steps < best.distance)) {
      best = { word: candidate, distance: steps }
    }
  }
  return best?.word
}

/**
 * A list of known words, with runs of numbered ones drawn together: `ide0-3, scsi0-30`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const enumerate = (known: ReadonlyArray<string>): string => {
  const last = new Map<string, number>()
  for (const word of known) {
    const match = /^(.*\D)(\d+)$/.exec(word)
    const stem = match?.[1] ?? ""
    if (known.includes(`${stem}0`)) last.set(stem, Math.max(last.get(stem) ?? 0, Number(match?.[2])))
    else last.set(word, -1)
  }
  return [...last].map(([stem, index]) => index < 0 ? stem : `${stem}0-${index}`).join(", ")
}
