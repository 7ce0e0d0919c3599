/**
 * Names made labels: what Terraform calls a block. The rules are the provider's, but where two names make one label it
 * is their ids that decide which of them keeps it, so that an organisation has the same labels every time.
 *
 * Source: the provider's label sanitizers, 1.84.1.
 *
 * @since 0.1.0
 */
import * as Crypto from "node:crypto"
import unidecode from "unidecode"

/**
 * @since 0.1.0
 * @category models
 */
export interface Named {
  readonly id: string
  readonly name: string
  /** Of the fields that tell two of one name apart, for the second algorithm. */
  readonly hash: string | null
}

/** The library's tables still have the escapes of the Perl they were: `\\$` for a dollar. */
const ascii = (char: string): string => char <= "\u007f" ? char : unidecode(char).replace(/\\(?=.)/g, "")

/**
 * The name in letters that a label may have, which need not be unique. A name without any such letter is `_`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const sanitise = (name: string): string => {
  // Character by character: a row of them could look like UTF-8 to the library, which it would leave as it is.
  const plain = /[^ -~]/.test(name) ? Array.from(name, ascii).join("") : name
  const fit = plain.trim().replace(/[^0-9A-Za-z_-]/gu, "_")
  return /^[A-Za-z_]/.test(fit) ? fit : `_${fit}`
}

const sha256 = (text: string): string => Crypto.createHash("sha256").update(text).digest("hex")

const suffix = (named: Pick<Named, "id" | "name">, again: number): string =>
  `_${sha256(`${named.name}${named.id}${again === 0 ? "" : again}`).slice(0, 20)}`

const hashed = ({ hash, name }: Named): string =>
  `${sanitise(name)}__BLH${sha256(name).slice(0, 20)}${hash === null ? "" : `_UFH${hash.slice(0, 16)}`}`

const byId = (left: Named, right: Named): number => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)

/**
 * The labels of all resources of one type, by id. The same for the same resources, in whatever order they come.
 *
 * @param hashes Whether every label carries the hash of its name.
 * @since 0.1.0
 * @category constructors
 */
export const assign = (resources: Iterable<Named>, hashes: boolean): ReadonlyMap<string, string> => {
  const labels = new Map<string, string>()
  const groups = new Map<string, Array<Named>>()
  for (const named of resources) {
    const label = hashes ? hashed(named) : sanitise(named.name)
    const group = groups.get(label)
    if (group === undefined) groups.set(label, [named])
    else group.push(named)
  }
  const taken = new Set(groups.keys())
  const others: Array<readonly [label: string, named: Named]> = []
  for (const [label, group] of groups) {
    const [first, ...rest] = group.toSorted(byId)
    if (first !== undefined) labels.set(first.id, label)
    for (const named of rest) others.push([label, named])
  }
  // Somebody may have named a thing as a suffixed label of another.
  for (const [label, named] of others.toSorted(([, left], [, right]) => byId(left, right))) {
    let again = 0
    while (taken.has(label + suffix(named, again))) again += 1
    const found = label + suffix(named, again)
    taken.add(found)
    labels.set(named.id, found)
  }
  return labels
}

/**
 * What files are called whose resources have these labels, by id, where that is not the label itself: on many disks two
 * names that differ in case alone are one. The smallest id keeps the plain one here as well.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofFiles = (labels: ReadonlyMap<string, string>): ReadonlyMap<string, string> => {
  const taken = new Set(Array.from(labels.values(), (label) => label.toLowerCase()))
  const found = new Map<string, string>()
  // None is like another: there is nothing to sort.
  if (taken.size === labels.size) return found
  const kept = new Set<string>()
  for (const [id, label] of [...labels].toSorted(([left], [right]) => (left < right ? -1 : 1))) {
    if (!kept.has(label.toLowerCase())) {
      kept.add(label.toLowerCase())
      continue
    }
    let again = 0
    const name = () => label + suffix({ id, name: label }, again)
    while (taken.has(name().toLowerCase())) again += 1
    taken.add(name().toLowerCase())
    found.set(id, name())
  }
  return found
}
