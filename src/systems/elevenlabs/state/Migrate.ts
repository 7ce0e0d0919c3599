/**
 * Takes over the one state file of the tool before: a mapping of sites, dotted or hyphenated, each a mapping of files.
 *
 * ```json
 * { "example-com": { "llms-example-com-1.txt": { "hash": "<md5>", "document_id": "...", "uploaded_at": "..." } } }
 * ```
 *
 * A key means a site only through the configured sites. Where two keys mean one site, files are merged one by one: an
 * entry with a document id, then the later upload, then the entry of the hyphenated key wins, and the id of the other one
 * is kept as an orphan.
 *
 * @since 0.1.0
 */
import * as Site from "../site/Site.ts"
import * as Grammar from "./Grammar.ts"
import * as Settle from "./Settle.ts"
import * as State from "./State.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Migrated {
  /** One for each site that the file tells of, in the order of their hosts. */
  readonly states: ReadonlyArray<State.State>
  /** What could not be taken over; none of it is lost, for the old file is left as it is. */
  readonly problems: ReadonlyArray<State.Problem>
}

/**
 * Takes over what was read as JSON. The order of keys does not matter. What `current` records already stays, and gets the
 * ids of the old file that it does not know as orphans; so to run it again changes nothing.
 *
 * @since 0.1.0
 * @category conversions
 */
export const legacy = (
  input: unknown,
  configured: ReadonlyArray<Site.Site>,
  current: ReadonlyArray<State.State> = []
): Migrated => {
  if (!Grammar.isMapping(input)) return { states: [], problems: [{ path: "", message: "is no mapping of sites" }] }
  const problems: Array<State.Problem> = []
  const drafts = new Map<string, Draft>()
  for (const [key, files] of Object.entries(input)) {
    const resolved = Site.resolve(key, configured)
    if (resolved._tag !== "Known") {
      problems.push({ path: JSON.stringify(key), message: unresolved(resolved, files) })
      continue
    }
    const { host } = resolved.site
    const draft = drafts.get(host) ?? { claims: [], ids: [], quarantine: [] }
    drafts.set(host, draft)
    readFiles(draft, key, files)
  }
  const states = [...drafts].toSorted(([left], [right]) => Settle.compare(left, right)).map(([host, draft]) =>
    toState(host, draft, current.find(({ site }) => site === host))
  )
  return { states, problems: problems.toSorted((left, right) => Settle.compare(left.path, right.path)) }
}

interface Draft {
  readonly claims: Array<Settle.Claim>
  readonly ids: Array<string>
  readonly quarantine: Array<State.Quarantined>
}

const unresolved = (resolved: Exclude<Site.Resolution, { readonly _tag: "Known" }>, files: unknown): string => {
  const count = Grammar.idsBelow(files).size
  const left = `${count === 1 ? "1 document stays" : `${count} documents stay`} in the old file`
  if (resolved._tag === "Unknown") return `${resolved.reason}: ${left}; add the site to the sites file`
  const hosts = resolved.candidates.map(({ host }) => host).join(" or ")
  return `may mean ${hosts}: ${left}; write the host in place of the key`
}

const readFiles = (draft: Draft, key: string, files: unknown): void => {
  draft.ids.push(...Grammar.idsBelow(files))
  if (!Grammar.isMapping(files)) {
    draft.quarantine.push({ path: JSON.stringify(key), reason: "is no mapping of files", value: Grammar.keep(files) })
    return
  }
  for (const [file, value] of Object.entries(files)) {
    const reason = !Grammar.isFile(file)
      ? "is no file below the site's folder"
      : Grammar.isMapping(value)
      ? undefined
      : "is no mapping"
    if (reason !== undefined || !Grammar.isMapping(value)) {
      const path = `${JSON.stringify(key)}[${JSON.stringify(file)}]`
      draft.quarantine.push({ path, reason: reason ?? "is no mapping", value: Grammar.keep(value) })
    } else {
      const documentId = value["document_id"]
      // Without a document there is nothing to record: the file is uploaded like a new one.
      if (Grammar.isId(documentId)) {
        draft.claims.push({ file, entry: readEntry(documentId, value), preferred: !key.includes(".") })
      }
    }
  }
}

const readEntry = (documentId: string, value: Readonly<Record<string, unknown>>): State.Entry => {
  const { file_size: size, hash, uploaded_at: uploadedAt } = value
  return {
    documentId,
    name: null,
    hash: typeof hash === "string" && /^[0-9a-f]{32}$/i.test(hash) ? `md5:${hash.toLowerCase()}` : null,
    size: Grammar.isSize(size) ? size : null,
    uploadedAt: typeof uploadedAt === "string" ? toInstant(uploadedAt) : null
  }
}

/**
 * The old tool wrote local time without saying so, on build machines whose clock is UTC.
 *
 * Source: Python `datetime.now().isoformat()`.
 */
const toInstant = (text: string): string | null => {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:?\d\d)?$/.exec(text.trim())
  if (match === null) return null
  const [, day, time, fraction = "", zone = "Z"] = match
  const instant = new Date(`${day}T${time}${fraction.slice(0, 4)}${zone}`)
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString()
}

const toState = (site: string, draft: Draft, current: State.State | undefined): State.State => {
  const recorded = Object.entries(current?.documents ?? {}).map(([file, entry]) => ({ file, entry }))
  const files = new Set(recorded.map(({ file }) => file))
  const ids: ReadonlySet<string> = current === undefined ? new Set() : State.idsOf(current)
  const isNew = ({ entry, file }: Settle.Claim): boolean => !files.has(file) && !ids.has(entry.documentId)
  return Settle.settle({
    site,
    folderId: current?.folderId ?? null,
    claims: [...recorded, ...draft.claims.filter(isNew)],
    pendingDelete: current?.pendingDelete ?? [],
    orphans: [...current?.orphans ?? [], ...draft.ids],
    quarantine: [...current?.quarantine ?? [], ...draft.quarantine]
  }).state
}
