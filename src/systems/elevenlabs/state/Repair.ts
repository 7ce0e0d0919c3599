/**
 * Mends a state that breaks its contract. What can be read is kept, what cannot goes to `quarantine`, and every document
 * id that is found anywhere stays in the state, so that no document is forgotten on the remote.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Grammar from "./Grammar.ts"
import * as Settle from "./Settle.ts"
import type { Entry, Problem, Quarantined, Refusal, State } from "./State.ts"

interface Change {
  /** As in `documents["a.txt"].hash`; empty for the whole. */
  readonly path: string
  /** What is wrong. */
  readonly problem: string
  /** What was done about it. */
  readonly remedy: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Repaired {
  readonly state: State
  /** In the order of their paths. None for a state that keeps its contract. */
  readonly repairs: ReadonlyArray<Change>
}

/**
 * Mends what was read as JSON. To mend the result again changes nothing, and the order of keys does not matter. Refused
 * are a state of a newer version, and one of another site than `site`: its documents would be taken for this one's.
 *
 * @since 0.1.0
 * @category combinators
 */
export const repair = (input: unknown, site?: string): Either.Either<Repaired, Refusal> => {
  const root = Grammar.isMapping(input) ? input : {}
  const own = (key: string): unknown => Object.hasOwn(root, key) ? root[key] : undefined
  const host = Grammar.isHost(own("site")) ? String(own("site")) : site
  const refused = refusal(own("version"), host, site)
  if (refused !== undefined || host === undefined) return Either.left(refused ?? unnamed)
  const draft: Draft = { changes: [], quarantine: [], claims: [], ids: [] }
  if (!Grammar.isMapping(input)) putAway(draft, "", "is no mapping", input)
  else {
    if (own("version") !== 1) note(draft, "version", "is not 1", "written anew")
    if (own("site") !== host) note(draft, "site", "is no host", "written anew")
    strangers(draft, "", root, known)
  }
  readDocuments(draft, own("documents"))
  const pendingDelete = readIds(draft, "pendingDelete", own("pendingDelete"))
  const orphans = readIds(draft, "orphans", own("orphans"))
  const quarantine = readQuarantine(draft, own("quarantine"))
  const { lost, state } = Settle.settle({
    site: host,
    folderId: readFolder(draft, own("folderId")),
    claims: draft.claims,
    pendingDelete,
    orphans: [...orphans, ...draft.ids, ...strayIds(input)],
    quarantine: [...quarantine, ...draft.quarantine]
  })
  for (const { entry, file } of lost) {
    note(draft, at(file), `${entry.documentId} holds another file as well`, "left to the file that was uploaded last")
  }
  noteMoved(draft, "pendingDelete", pendingDelete, state.pendingDelete)
  noteMoved(draft, "orphans", orphans, state.orphans)
  return Either.right({ state, repairs: draft.changes.toSorted(byPath) })
}

/**
 * Mends the text of a state file. What is no JSON at all, because it is torn or holds the marks of a merge, gives a state
 * without files, whose orphans are the ids that can be found in it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const text = (content: Uint8Array | string, site: string): Either.Either<Repaired, Refusal> => {
  const plain = typeof content === "string" ? content : new TextDecoder("utf-8").decode(content)
  const parsed = Grammar.read(content)
  const ids = idsInText(plain)
  if (Either.isLeft(parsed) && /"version"\s*:\s*([2-9]|[1-9]\d+)\b/.test(plain)) return Either.left(newer)
  const base = Either.isRight(parsed) ? parsed.right : { value: { version: 1, site }, repeated: [] }
  return Either.map(repair(base.value, site), ({ repairs, state }): Repaired => {
    const changes = [...repairs]
    if (Either.isLeft(parsed)) {
      changes.unshift({
        path: "",
        problem: "is no JSON",
        remedy: `${ids.size} document ids were found and are kept as orphans`
      })
    } else {
      for (const key of base.repeated) {
        changes.push({
          path: "",
          problem: `the key ${JSON.stringify(key)} stands more than once`,
          remedy: "the last one is kept, and the ids of the others as orphans"
        })
      }
    }
    if (Either.isRight(parsed) && base.repeated.length === 0) return { repairs: changes, state }
    const claims = Object.entries(state.documents).map(([file, entry]) => ({ file, entry }))
    return { repairs: changes, state: Settle.settle({ ...state, claims, orphans: [...state.orphans, ...ids] }).state }
  })
}

interface Draft {
  readonly changes: Array<Change>
  readonly quarantine: Array<Quarantined>
  readonly claims: Array<Settle.Claim>
  /** Found in what went to quarantine. */
  readonly ids: Array<string>
}

const known: ReadonlySet<string> = new Set([
  "version",
  "site",
  "folderId",
  "documents",
  "pendingDelete",
  "orphans",
  "quarantine"
])

const fields: ReadonlySet<string> = new Set(["documentId", "name", "hash", "size", "uploadedAt"])

const newer: Refusal = {
  reason: "newer-version",
  problems: [{ path: "version", message: "is newer than 1, which this version of holdfast writes" }]
}

const unnamed: Refusal = { reason: "invalid", problems: [{ path: "site", message: "is no host" }] }

const refusal = (version: unknown, host: string | undefined, site: string | undefined): Refusal | undefined => {
  if (typeof version === "number" && version > 1) return newer
  if (site === undefined || host === site) return undefined
  const problem: Problem = { path: "site", message: `is ${host ?? ""}, and the state of ${site} was asked for` }
  return { reason: "other-site", problems: [problem] }
}

const note = (draft: Draft, path: string, problem: string, remedy: string): void => {
  draft.changes.push({ path, problem, remedy })
}

const putAway = (draft: Draft, path: string, reason: string, value: unknown): void => {
  note(draft, path, reason, "kept in quarantine")
  draft.quarantine.push({ path, reason, value: Grammar.keep(value) })
  draft.ids.push(...Grammar.idsBelow(value))
}

const strangers = (
  draft: Draft,
  path: string,
  mapping: Readonly<Record<string, unknown>>,
  expected: ReadonlySet<string>
): void => {
  for (const [key, value] of Object.entries(mapping)) {
    if (!expected.has(key)) putAway(draft, `${path}[${JSON.stringify(key)}]`, "is not a known key", value)
  }
}

const at = (file: string): string => `documents[${JSON.stringify(file)}]`

const readDocuments = (draft: Draft, documents: unknown): void => {
  if (!Grammar.isMapping(documents)) {
    if (documents === undefined) note(draft, "documents", "is missing", "written anew")
    else putAway(draft, "documents", "is no mapping of files", documents)
    return
  }
  for (const [file, value] of Object.entries(documents)) {
    if (!Grammar.isFile(file)) putAway(draft, at(file), "is no file below the site's folder", value)
    else if (!Grammar.isMapping(value)) putAway(draft, at(file), "is no mapping", value)
    else if (!Grammar.isId(value["documentId"])) putAway(draft, at(file), "has no document id", value)
    else draft.claims.push({ file, entry: readEntry(draft, file, value, value["documentId"]) })
  }
}

const readEntry = (
  draft: Draft,
  file: string,
  value: Readonly<Record<string, unknown>>,
  documentId: string
): Entry => {
  strangers(draft, at(file), value, fields)
  const field = <A>(key: string, is: (value: unknown) => value is A, what: string): A | null => {
    const found = Object.hasOwn(value, key) ? value[key] : undefined
    if (found === null || is(found)) return found
    note(draft, `${at(file)}.${key}`, found === undefined ? "is missing" : `is not ${what}`, "taken as not known")
    return null
  }
  return {
    documentId,
    name: field("name", isText, "a text"),
    hash: field("hash", Grammar.isHash, "a SHA-256 in hex"),
    size: field("size", Grammar.isSize, "a number of bytes"),
    uploadedAt: field("uploadedAt", Grammar.isInstant, "an instant in UTC")
  }
}

const isText = (value: unknown): value is string => typeof value === "string"

const readIds = (draft: Draft, path: string, value: unknown): ReadonlyArray<string> => {
  if (!Array.isArray(value)) {
    if (value === undefined) note(draft, path, "is missing", "written anew")
    else putAway(draft, path, "is no list of document ids", value)
    return []
  }
  const items: ReadonlyArray<unknown> = value
  for (const item of items) if (!Grammar.isId(item)) putAway(draft, path, "holds what is no document id", item)
  return items.filter(Grammar.isId)
}

const noteMoved = (draft: Draft, path: string, ids: ReadonlyArray<string>, kept: ReadonlyArray<string>): void => {
  const held = new Set(kept)
  for (const id of new Set(ids)) {
    if (!held.has(id)) note(draft, path, `${id} stands elsewhere as well`, "taken out here")
  }
}

const readFolder = (draft: Draft, value: unknown): string | null => {
  if (value === null || Grammar.isId(value)) return value
  if (value === undefined) note(draft, "folderId", "is missing", "taken as not known")
  else putAway(draft, "folderId", "is no id of a folder", value)
  return null
}

const readQuarantine = (draft: Draft, value: unknown): ReadonlyArray<Quarantined> => {
  if (value === undefined) note(draft, "quarantine", "is missing", "written anew")
  const items: ReadonlyArray<unknown> = Array.isArray(value) ? value : value === undefined ? [] : [value]
  return items.flatMap((item): ReadonlyArray<Quarantined> => {
    const { path, reason, value: kept, ...rest } = Grammar.isMapping(item) ? item : {}
    const isWhole = isText(path) && isText(reason) && kept !== undefined && Object.keys(rest).length === 0
    if (isWhole && JSON.stringify(Grammar.keep(kept)) === safeText(kept)) {
      return [{ path, reason, value: Grammar.keep(kept) }]
    }
    putAway(draft, "quarantine", "is no entry of the quarantine", item)
    return []
  })
}

const safeText = (value: unknown): string | undefined =>
  Either.getOrElse(Either.try(() => JSON.stringify(value)), () => undefined)

/** Ids under keys that say so, also where what is around them is of no use. */
const strayIds = (input: unknown): ReadonlyArray<string> => {
  if (!Grammar.isMapping(input)) return [...Grammar.idsBelow(input)]
  // What is in quarantine was looked through when it got there, and its ids may have been dealt with since.
  const { quarantine: _, ...rest } = input
  return [...Grammar.idsBelow(rest)]
}

/** Also in what is torn, and where a key stands twice. */
const idsInText = (content: string): ReadonlySet<string> => {
  const ids = new Set<string>()
  for (const [, id] of content.matchAll(/"(?:[a-z]+_)*document_?id"\s*:\s*"([A-Za-z0-9_-]+)"/gi)) {
    if (Grammar.isId(id)) ids.add(id)
  }
  for (const [, list] of content.matchAll(/"(?:pendingDelete|orphans)"\s*:\s*\[([^\]{}:]*)/g)) {
    for (const [, id] of (list ?? "").matchAll(/"([A-Za-z0-9_-]+)"/g)) if (Grammar.isId(id)) ids.add(id)
  }
  return ids
}

const byPath = (left: Change, right: Change): number =>
  Settle.compare(left.path, right.path) || Settle.compare(left.problem, right.problem)
