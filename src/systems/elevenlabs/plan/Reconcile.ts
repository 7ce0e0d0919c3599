/**
 * Compares the files of a site, what is recorded of them, and the remote, and says what is to be done. Pure and total: the
 * same for the same data in whatever order, and nothing that a file needs, or that is not ours, is ever deleted.
 *
 * @since 0.1.0
 */
import * as Name from "../documents/Name.ts"
import type * as Scan from "../documents/Scan.ts"
import * as Settle from "../state/Settle.ts"
import * as State from "../state/State.ts"
import * as Attachment from "./Attachment.ts"
import * as Drifting from "./Drifting.ts"
import * as Guard from "./Guard.ts"
import type { Action, Input, Plan, Refusal, RemoteDocument, Strategy } from "./Plan.ts"

/**
 * @since 0.1.0
 * @category constructors
 */
export const plan = (input: Input): Plan => {
  const view = look(input)
  const files = [...view.disk.values()].map((document) => decide(view, input, document))
  const gone = [...view.entries].filter(([file]) => !view.disk.has(file))
  const held = gone.filter(([file]) => view.isHeld(file))
  const removed = gone.filter(([file]) => !view.isHeld(file))
  const deletions = doomed(view, input.recorded, files)
  const actions: ReadonlyArray<Action> = [
    ...files,
    ...held.map(([file, { documentId }]): Action => ({ _tag: "Hold", file, documentId })),
    ...removed.map(([file, { documentId }]): Action => ({ _tag: "Remove", file, documentId })),
    ...deletions,
    ...Attachment.plan({ agents: input.remote.agents, files, deletions, remote: view.remote })
  ]
  const strays = deletions.filter(({ documentId, reason }) => reason === "stray" && !view.isOnDisk(documentId))
  return {
    actions: actions.toSorted((left, right) => Settle.compare(rank(left), rank(right))),
    refusals: [
      ...contradictions(view, input),
      ...Guard.check(
        removed.length + strays.length,
        view.entries.size + strays.length,
        input.maxDelete ?? Guard.standard
      )
    ],
    drift: Drifting.of({ ...input, remote: view.remote, deletions, agents: input.remote.agents, actions })
  }
}

interface View {
  readonly disk: ReadonlyMap<string, Scan.Document>
  readonly entries: ReadonlyMap<string, State.Entry>
  /** The recorded file of a document. */
  readonly holds: ReadonlyMap<string, string>
  readonly remote: ReadonlyMap<string, RemoteDocument>
  /** Documents in our folder by their names, the oldest first. */
  readonly named: ReadonlyMap<string, ReadonlyArray<RemoteDocument>>
  /** The file is there and is not to be sent. */
  readonly isHeld: (file: string) => boolean
  /** The file that a document was made for is there. */
  readonly isOnDisk: (documentId: string) => boolean
}

const look = ({ disk, recorded, remote }: Input): View => {
  const documents = new Map(disk.documents.toSorted(byFile).map((document) => [document.file, document]))
  const found = new Map(remote.documents.toSorted(byAge).toReversed().map((document) => [document.id, document]))
  const named = new Map<string, Array<RemoteDocument>>()
  for (const document of [...found.values()].filter(isOurs).toSorted(byAge)) {
    named.set(document.name, [...named.get(document.name) ?? [], document])
  }
  const isHeld = (file: string): boolean =>
    disk.refused.some((refused) =>
      file === refused.file || file.startsWith(`${refused.file}#`) || file.startsWith(`${refused.file}/`)
    )
  return {
    disk: documents,
    entries: new Map(Object.entries(recorded.documents)),
    holds: new Map(Object.entries(recorded.documents).map(([file, { documentId }]) => [documentId, file])),
    remote: found,
    named,
    isHeld,
    isOnDisk: (documentId) => {
      const file = fileOf(found.get(documentId))
      return file !== undefined && (documents.has(file) || isHeld(file))
    }
  }
}

const byFile = (left: Scan.Document, right: Scan.Document): number =>
  Settle.compare(left.file, right.file) || Settle.compare(left.hash, right.hash)

const byAge = (left: RemoteDocument, right: RemoteDocument): number =>
  left.createdAt - right.createdAt || Settle.compare(left.id, right.id) || Settle.compare(left.name, right.name)

const isContent = ({ type }: RemoteDocument): boolean => type === "file" || type === "text"

const isOurs = (document: RemoteDocument): boolean =>
  document.isInFolder && isContent(document) && Name.parse(document.name) !== undefined

const fileOf = (document: RemoteDocument | undefined): string | undefined =>
  document === undefined ? undefined : Name.parse(document.name)?.file

type FileAction = Extract<Action, { readonly document: Scan.Document } | { readonly _tag: "Keep" }>

const decide = (view: View, input: Input, document: Scan.Document): FileAction => {
  const { file } = document
  const entry = view.entries.get(file)
  const current = entry === undefined ? undefined : view.remote.get(entry.documentId)
  if (entry === undefined || current === undefined || !isContent(current)) {
    return first(view, document, entry?.documentId ?? null)
  }
  const documentId = current.id
  const update = (reason: Extract<Action, { readonly _tag: "Update" }>["reason"]): FileAction => ({
    _tag: "Update",
    file,
    document,
    documentId,
    strategy: strategyFor(view, document, current, input.strategy),
    reason
  })
  if (entry.hash !== null && isSame(entry.hash, document)) {
    if (isKnownOther(current, document)) return update("remote-changed")
    if (input.force === true) return update("forced")
    if (entry.hash === document.hash) return { _tag: "Keep", file, documentId }
    return { _tag: "Adopt", file, document, documentId, supersedes: null, reason: "taken-over" }
  }
  const uploaded = candidates(view, document).find(({ id }) => id !== documentId)
  if (uploaded !== undefined && current.name !== document.name && !isKnownOther(uploaded, document)) {
    return { _tag: "Adopt", file, document, documentId: uploaded.id, supersedes: documentId, reason: "uploaded-before" }
  }
  return update(entry.hash === null ? "hash-unknown" : "content")
}

/** For a file without a document: perhaps it was uploaded, and whoever did so could not write it down. */
const first = (view: View, document: Scan.Document, supersedes: string | null): FileAction => {
  const { file } = document
  const [uploaded] = candidates(view, document)
  if (uploaded === undefined) {
    return { _tag: "Create", file, document, supersedes, reason: supersedes === null ? "new" : "remote-gone" }
  }
  const { id: documentId } = uploaded
  return isKnownOther(uploaded, document)
    ? { _tag: "Update", file, document, documentId, strategy: "in-place", reason: "remote-changed" }
    : { _tag: "Adopt", file, document, documentId, supersedes, reason: "uploaded-before" }
}

/** Documents with the name of this content that are not another file's. */
const candidates = (view: View, { file, name }: Scan.Document): ReadonlyArray<RemoteDocument> =>
  (view.named.get(name) ?? []).filter(({ id }) => (view.holds.get(id) ?? file) === file)

const strategyFor = (
  view: View,
  { name }: Scan.Document,
  current: RemoteDocument,
  wanted: Strategy | undefined
): Strategy => current.name === name || view.named.has(name) ? "in-place" : wanted ?? "swap"

const isSame = (hash: string, document: Scan.Document): boolean =>
  hash === document.hash || document.md5 !== undefined && hash === `md5:${document.md5}`

const isKnownOther = ({ hash }: RemoteDocument, document: Scan.Document): boolean =>
  hash !== undefined && hash !== document.hash

type Deletion = Extract<Action, { readonly _tag: "DeletePending" }>

/** What is to be deleted: never a document that holds a file, nor one that another action sees to. */
const doomed = (
  view: View,
  { orphans, pendingDelete }: State.State,
  files: ReadonlyArray<FileAction>
): ReadonlyArray<Deletion> => {
  const needed = new Set([...view.entries.values()].map(({ documentId }) => documentId))
  const names = new Set([...view.disk.values()].map(({ name }) => name))
  for (const action of files) if ("documentId" in action) needed.add(action.documentId)
  const deletions = new Map<string, Deletion>()
  const add = (documentId: string, reason: Deletion["reason"]): void => {
    const found = view.remote.get(documentId)
    // To delete a folder deletes what is in it.
    if (needed.has(documentId) || deletions.has(documentId) || found !== undefined && !isContent(found)) return
    deletions.set(documentId, { _tag: "DeletePending", documentId, reason })
  }
  for (const id of pendingDelete) add(id, "pending")
  for (const id of orphans) add(id, "orphan")
  for (const [name, documents] of view.named) {
    const file = Name.parse(name)?.file
    if (file === undefined || view.isHeld(file)) continue
    for (const { id } of documents) add(id, names.has(name) ? "duplicate" : "stray")
  }
  return [...deletions.values()]
}

const contradictions = (view: View, { disk, recorded, site }: Input): ReadonlyArray<Refusal> => {
  const refusals: Array<Refusal> = []
  if (recorded.site !== site) {
    refusals.push({ code: "other-site", message: `the state is of ${recorded.site}, and the files are of ${site}` })
  }
  if (view.disk.size === 0 && disk.refused.length === 0 && view.entries.size > 0) {
    refusals.push({ code: "empty-disk", message: `no file was found, and ${view.entries.size} are recorded` })
  }
  for (const id of [...State.idsOf(recorded)].toSorted(Settle.compare)) {
    const found = view.remote.get(id)
    if (found !== undefined && !isContent(found)) {
      refusals.push({
        code: "not-a-document",
        message: `the state names ${id} as a document, and it is of the type ${found.type}: run repair or rebuild`
      })
    }
  }
  return refusals
}

/** What an agent gets comes before what is taken from it, and that before what is deleted. */
const order: ReadonlyArray<Action["_tag"]> = [
  "Create",
  "Update",
  "Adopt",
  "Attach",
  "Detach",
  "Remove",
  "DeletePending",
  "Hold",
  "Keep"
]

const rank = (action: Action): string =>
  JSON.stringify([
    order.indexOf(action._tag),
    "file" in action ? action.file : "",
    "documentId" in action ? action.documentId : "",
    "agentId" in action ? [action.agentId, action.branchId] : []
  ])
