/**
 * What somebody who wrote an unknown key may have meant.
 *
 * @since 0.1.0
 */

import * as Suggestion from "../../../kernel/Suggestion.ts"

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

/**
 * The known word that is meant most likely, if any.
 *
 * @since 0.1.0
 * @category getters
 */
export const nearest = (word: string, known: ReadonlyArray<string>): string | undefined =>
  Suggestion.nearest(word, known, { synonyms })

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
