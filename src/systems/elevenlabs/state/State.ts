/**
 * What is recorded of one site: which document holds which file. One file a site, in one canonical form, so that equal
 * states are equal byte for byte and a difference in git shows what changed.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import type { Json } from "../../../kernel/Json.ts"
import * as Grammar from "./Grammar.ts"
import * as Repair from "./Repair.ts"
import * as Settle from "./Settle.ts"

/**
 * The document that holds a file. Where a state was taken over from another tool, what is not known is `null`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly documentId: string
  /** The name on the remote, as it was given. */
  readonly name: string | null
  /** The SHA-256 of the bytes that were sent, in hex; `md5:` and the MD5 for what an older tool sent. */
  readonly hash: string | null
  /** In bytes. */
  readonly size: number | null
  /** An instant in UTC: `2026-01-31T12:00:00.000Z`. */
  readonly uploadedAt: string | null
}

/**
 * Something that {@link Repair.repair} could make no sense of, kept as it was found.
 *
 * @since 0.1.0
 * @category models
 */
export interface Quarantined {
  /** Where it stood: `documents["a.txt"]`. */
  readonly path: string
  readonly reason: string
  readonly value: Json
}

/**
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly version: 1
  /** The canonical host. */
  readonly site: string
  /** The folder on the remote that holds the documents; `null` where none is known. */
  readonly folderId: string | null
  /** By file: relative to the site's folder, with `/`. */
  readonly documents: Readonly<Record<string, Entry>>
  /** Documents that another one has taken the place of, and that are to be deleted once no agent names them. */
  readonly pendingDelete: ReadonlyArray<string>
  /** Documents that once held a file of this site and that no record leads to. */
  readonly orphans: ReadonlyArray<string>
  readonly quarantine: ReadonlyArray<Quarantined>
}

/**
 * One thing that is wrong with a state file. `path` is as in `documents["a.txt"].hash`, and empty for the whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  readonly path: string
  readonly message: string
}

/**
 * Why a state file is not used.
 *
 * - `not-json`: torn, or merged by hand.
 * - `newer-version`: written by a later version of holdfast. It is neither read nor repaired.
 * - `other-site`: it tells of another site.
 * - `invalid`: it breaks its contract; {@link Repair.text} can mend it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refusal {
  readonly reason: "not-json" | "newer-version" | "other-site" | "invalid"
  readonly problems: ReadonlyArray<Problem>
}

/**
 * A site that nothing is recorded of.
 *
 * @since 0.1.0
 * @category constructors
 */
export const empty = (site: string): State => ({
  version: 1,
  site,
  folderId: null,
  documents: {},
  pendingDelete: [],
  orphans: [],
  quarantine: []
})

/**
 * The document that holds a file.
 *
 * @since 0.1.0
 * @category getters
 */
export const entryOf = (state: State, file: string): Entry | undefined =>
  Object.hasOwn(state.documents, file) ? state.documents[file] : undefined

/**
 * Every document id in the state.
 *
 * @since 0.1.0
 * @category getters
 */
export const idsOf = (state: State): ReadonlySet<string> => {
  const known = ids.get(state)
  if (known !== undefined) return known
  const found = new Set([
    ...Object.values(state.documents).map((entry) => entry.documentId),
    ...state.pendingDelete,
    ...state.orphans
  ])
  ids.set(state, found)
  return found
}

/** Asked for with every document, and a state never changes. */
const ids = new WeakMap<State, ReadonlySet<string>>()

/**
 * Changes parts of a state. An id that a file has, or gets, leaves `pendingDelete` and `orphans`; the id that a file had
 * is the caller's to keep in one of them.
 *
 * @since 0.1.0
 * @category combinators
 */
export const change = (
  state: State,
  changes: {
    readonly folderId?: string | null | undefined
    readonly documents?: Readonly<Record<string, Entry>> | undefined
    readonly pendingDelete?: Iterable<string> | undefined
    readonly orphans?: Iterable<string> | undefined
  }
): State =>
  Settle.settle({
    site: state.site,
    folderId: changes.folderId === undefined ? state.folderId : changes.folderId,
    claims: Object.entries(changes.documents ?? state.documents).map(([file, entry]) => ({ file, entry })),
    pendingDelete: changes.pendingDelete ?? state.pendingDelete,
    orphans: changes.orphans ?? state.orphans,
    quarantine: state.quarantine
  }).state

/**
 * The one text of a state: keys sorted, two spaces, a line's end at the end.
 *
 * @since 0.1.0
 * @category conversions
 */
export const encode = ({ documents, ...rest }: State): string => {
  const entries = Object.entries(documents).toSorted(([left], [right]) => Settle.compare(left, right))
  const lines = entries.map(([file, entry]) => `    ${JSON.stringify(file)}: ${textOf(entry)}`)
  const block = lines.length === 0 ? "{}" : `{\n${lines.join(",\n")}\n  }`
  // The first of its keys.
  return `{\n  "documents": ${block},${written(rest).slice(1)}\n`
}

const written = (value: unknown): string =>
  JSON.stringify(value, (_, inner: unknown) => Grammar.isMapping(inner) ? sorted(inner) : inner, 2)

const sorted = (value: Readonly<Record<string, unknown>>): unknown =>
  Object.fromEntries(Object.entries(value).toSorted(([left], [right]) => Settle.compare(left, right)))

/** What stands in a state file of an entry. A state of thousands is written again and again, and few of them change. */
const textOf = (entry: Entry): string => {
  const known = texts.get(entry)
  if (known !== undefined) return known
  const text = written(entry).replaceAll("\n", "\n    ")
  texts.set(entry, text)
  return text
}

const texts = new WeakMap<Entry, string>()

/**
 * Reads the bytes of a state file, or says everything that is wrong with them. Never throws.
 *
 * @since 0.1.0
 * @category constructors
 */
export const decode = (content: Uint8Array | string, site?: string): Either.Either<State, Refusal> =>
  Either.flatMap(
    Grammar.read(content),
    ({ repeated, value }) =>
      Either.flatMap(Repair.repair(value, site), ({ repairs, state }) => {
        const problems = [
          ...repeated.map((key) => ({ path: "", message: `the key ${JSON.stringify(key)} stands more than once` })),
          ...repairs.map(({ path, problem }) => ({ path, message: problem }))
        ]
        return problems.length === 0 ? Either.right(state) : Either.left({ reason: "invalid", problems })
      })
  )

/**
 * The refusal of a state file as a failure: code `state-newer`, `state-other-site` or `state-corrupt`.
 *
 * @since 0.1.0
 * @category errors
 */
export const toFault = (path: string, { problems, reason }: Refusal): Fault.Fault => {
  const shown = problems.slice(0, 50).map((problem) =>
    problem.path === "" ? `  ${problem.message}` : `  ${problem.path}: ${problem.message}`
  )
  const more = problems.length > shown.length ? [`  and ${problems.length - shown.length} more`] : []
  return Fault.make({
    kind: "invalid",
    system: "elevenlabs",
    operation: "ElevenLabs.state",
    subject: path,
    detail: [`the state file is not used`, ...shown, ...more].join("\n"),
    hint: remedies[reason].hint,
    sent: "no",
    code: remedies[reason].code
  })
}

const remedies: { readonly [K in Refusal["reason"]]: { readonly code: string; readonly hint: string } } = {
  "not-json": {
    code: "state-corrupt",
    hint: "Nothing was done: take the file back from git, or run `holdfast elevenlabs rebuild`"
  },
  "newer-version": { code: "state-newer", hint: "Nothing was done: use the version of holdfast that wrote it" },
  "other-site": { code: "state-other-site", hint: "Nothing was done: check which file belongs to which site" },
  "invalid": {
    code: "state-corrupt",
    hint: "Nothing was done: take the file back from git, or run `holdfast elevenlabs repair`"
  }
}
