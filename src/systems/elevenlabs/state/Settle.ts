/**
 * Puts what several sources say about one site together, so that every document id stands in exactly one place and none
 * is lost.
 *
 * @since 0.1.0
 */
import * as Json from "../../../kernel/Json.ts"
import type { Entry, Quarantined, State } from "./State.ts"

/**
 * That a file is held by a document. Of several claims to one file, or to one document, the later upload wins, then the
 * one that is `preferred`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  readonly file: string
  readonly entry: Entry
  readonly preferred?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Parts {
  readonly site: string
  readonly folderId: string | null
  readonly claims: Iterable<Claim>
  readonly pendingDelete: Iterable<string>
  readonly orphans: Iterable<string>
  readonly quarantine: Iterable<Quarantined>
  /** Where the ids of claims go that lose. Defaults to `orphans`. */
  readonly losers?: "orphans" | "pendingDelete" | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Settled {
  readonly state: State
  /** The claims that lost. */
  readonly lost: ReadonlyArray<Claim>
}

/**
 * The state that the parts make, whatever their order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settle = (parts: Parts): Settled => {
  const documents = new Map<string, Entry>()
  const used = new Set<string>()
  const lost: Array<Claim> = []
  for (const claim of ordered([...parts.claims])) {
    if (documents.has(claim.file) || used.has(claim.entry.documentId)) lost.push(claim)
    else {
      documents.set(claim.file, claim.entry)
      used.add(claim.entry.documentId)
    }
  }
  const losers = lost.map(({ entry }) => entry.documentId)
  const toDelete = parts.losers === "pendingDelete"
  const pendingDelete = free([...parts.pendingDelete, ...(toDelete ? losers : [])], used)
  const orphans = free([...parts.orphans, ...(toDelete ? [] : losers)], new Set([...used, ...pendingDelete]))
  return {
    lost,
    state: {
      version: 1,
      site: parts.site,
      folderId: parts.folderId,
      documents: Object.fromEntries([...documents].toSorted(([left], [right]) => compare(left, right))),
      pendingDelete,
      orphans,
      quarantine: quarantined(parts.quarantine)
    }
  }
}

/**
 * An order of texts that depends on no language.
 *
 * @since 0.1.0
 * @category instances
 */
export const compare = (left: string, right: string): number => left < right ? -1 : left > right ? 1 : 0

const free = (ids: ReadonlyArray<string>, used: ReadonlySet<string>): ReadonlyArray<string> =>
  [...new Set(ids)].filter((id) => !used.has(id)).toSorted(compare)

const quarantined = (items: Iterable<Quarantined>): ReadonlyArray<Quarantined> => {
  const byText = new Map([...items].map((item) => [Json.canonical({ ...item }), item]))
  return [...byText].toSorted(([left], [right]) => compare(left, right)).map(([, item]) => item)
}

/** States change with every document, and claims that do not clash need no order. */
const ordered = (claims: ReadonlyArray<Claim>): ReadonlyArray<Claim> => {
  const files = new Set(claims.map(({ file }) => file))
  const ids = new Set(claims.map(({ entry }) => entry.documentId))
  return files.size < claims.length || ids.size < claims.length ? claims.toSorted(byStrength) : claims
}

/** The strongest first. A total order of all that differ, so that the order in which they came does not matter. */
const byStrength = (left: Claim, right: Claim): number =>
  instant(right) - instant(left) ||
  Number(right.preferred === true) - Number(left.preferred === true) ||
  compare(left.file, right.file) ||
  compare(Json.canonical({ ...left.entry }), Json.canonical({ ...right.entry }))

const instant = ({ entry }: Claim): number => {
  const parsed = entry.uploadedAt === null ? Number.NaN : Date.parse(entry.uploadedAt)
  return Number.isNaN(parsed) ? 0 : parsed
}
