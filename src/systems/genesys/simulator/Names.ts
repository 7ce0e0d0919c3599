/**
 * Names as people give them: in many scripts, with what configuration languages take for their own, twice, empty, and
 * such that only their labels are equal.
 *
 * @since 0.1.0
 */

/** Of so many names in a row, each has its own peculiarity; the rest are plain. */
const round = 64

const plain = [
  "Sales",
  "Support",
  "Billing",
  "After Hours",
  "North",
  "VIP",
  "Returns",
  "Claims",
  "Onboarding",
  "Night-Shift",
  "EMEA",
  "Tier_2"
]

type Peculiar = (word: string, group: number) => string

/** By place in the round. Neighbours from an even place on belong together. */
const peculiar: ReadonlyArray<Peculiar | undefined> = [
  undefined,
  undefined,
  (word, group) => `${word} Shared ${group >> 2}`,
  (word, group) => `${word} Shared ${group >> 2}`,
  (word, group) => `${word}/${group}`,
  (word, group) => `${word}:${group}`,
  (word, group) => `\${${word}.${group}}`,
  (word, group) => `%{if ${word} ${group}}`,
  (word, group) => `"${word}" \\ '${group}'`,
  (word, group) => `${word}\nnumber ${group}`,
  (word, group) => `${group + 1}st ${word}`,
  (word, group) => `${word} 🚀 ${group}`,
  (word, group) => `Отдел продаж ${word} ${group}`,
  (word, group) => `営業部 ${group} ${word}`,
  (word, group) => `خدمة ${word} ${group}`,
  (word, group) => `שירות ${word} ${group}`,
  undefined,
  undefined,
  (word, group) => `Größe ${word} – ${group}`,
  (word, group) => `  ${word} ${group}  `,
  (word, group) => `-${word} ${group}`,
  (word, group) => `${word}.${group}.*`,
  (word, group) => `한국 지사 ${word} ${group}`,
  (word, group) => `ไทย ${word} ${group}`,
  (word, group) => `${word} <b>&amp;</b> ${group}`,
  (word, group) => `${word}::${group}::403`,
  (word, group) => `${word} ${group} ${"long ".repeat(30)}end`,
  (word, group) => `Ελληνικά ${word} ${group}`,
  (word, group) => `हिन्दी ${word} ${group}`,
  (word, group) => `\${var.${word}}_${group}`,
  (word, group) => `// ${word} # ${group} /* */`,
  (word, group) => `<<EOT ${word} ${group}`,
  (word, group) => `${word} ${group}`,
  (word, group) => `${word} ${group}`.toUpperCase(),
  (word, group) => `${word} Twice ${group >> 2}`,
  (word, group) => `${word} Twice ${group >> 2}`,
  (word, group) => `${word} (${group})`,
  (word, group) => `${word} [${group}]`
]

/**
 * The name of the so-manieth entity of a type. `offset` sets the types apart, so that a small organisation has a bit
 * of everything.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (word: string, offset: number, index: number): string => {
  const place = index + 2 * offset
  const group = Math.floor(place / round)
  const within = place % round
  if (within === round - 1) return ""
  const special = peculiar[within]
  return special === undefined
    ? `${word} ${plain[place % plain.length] ?? ""} ${index}`
    : special(word, group)
}
