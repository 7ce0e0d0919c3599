/**
 * The files of a site: which there are, and in which version. The same version is the same text.
 */
import type { Dice } from "../Dice.ts"

/** By the name of a file, its version. */
export type Files = Readonly<Record<string, number>>

/** A text of a file; of an odd version it is too small to be indexed. */
const textOf = (file: string, version: number): string =>
  `# ${file}, version ${version}\n${version % 3 === 2 ? "" : "All there is to know about it. ".repeat(20)}\n`

export const texts = (files: Files): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(files).map(([file, version]) => [file, textOf(file, version)]))

const shapes: ReadonlyArray<(stem: string) => string> = [
  (stem) => `${stem}.txt`,
  (stem) => `${stem}.txt`,
  (stem) => `sub/${stem}.md`,
  (stem) => `${stem}.txt.txt`,
  (stem) => `${stem} é.html`
]

/** No name comes twice: of a file that was removed agents need nothing any more. */
const fresh = (dice: Dice, prefix: string, number: number): string => {
  const [first = (stem: string) => stem, ...others] = shapes
  return dice.pick(first, ...others)(`${prefix}${number}`)
}

const version = (dice: Dice): number => dice.between(1, 3)

/** @param sites How many there are: the more, the fewer files each has. */
export const draw = (dice: Dice, site: number, sites: number): Files =>
  Object.fromEntries(
    Array.from(
      { length: dice.between(1, dice.pick(2, 4, Math.ceil(8 / sites))) },
      (_, index) => [fresh(dice, "abc"[site] ?? "x", index + 1), version(dice)]
    )
  )

/** Others, or fewer. Never none: an empty folder is refused. */
export const change = (dice: Dice, files: Files, how: "changed" | "removed"): Files => {
  const before = Object.entries(files)
  const kept = before.filter(() => !dice.chance(how === "removed" ? 0.5 : 0.1))
  const left = kept.length === 0 ? before.slice(0, 1) : kept
  const changed = left.map(([file, old]): readonly [string, number] => [
    file,
    dice.chance(how === "removed" ? 0.1 : 0.6) ? version(dice) : old
  ])
  const [first = "a1"] = Object.keys(files)
  const prefix = /[a-z](?=\d)/.exec(first)?.[0] ?? "x"
  const added = how === "changed" && dice.chance(0.4)
    ? [[fresh(dice, prefix, 10 + dice.between(0, 1_000_000)), version(dice)] as const]
    : []
  return Object.fromEntries([...changed, ...added])
}

export const describe = (files: Files): string =>
  Object.entries(files).map(([file, version]) => `${file}=${version}`).join(" ")
