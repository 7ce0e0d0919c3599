/**
 * A state that changes piece by piece: what a change costs does not depend on how much is recorded.
 *
 * @since 0.1.0
 */
import * as Settle from "./Settle.ts"
import type { Entry, State } from "./State.ts"

/**
 * One thing that is to be recorded. All of it, or nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface Change {
  readonly folderId?: string | undefined
  /** A file and the document that holds it from now on; `null` for none. The one that held it is to be deleted. */
  readonly file?: readonly [file: string, entry: Entry | null] | undefined
  /** To be deleted, unless they hold a file. */
  readonly toDelete?: ReadonlyArray<string> | undefined
  /** Gone: they are not to be deleted any more. */
  readonly deleted?: ReadonlyArray<string> | undefined
}

/**
 * What {@link make} gives.
 *
 * @since 0.1.0
 * @category models
 */
export interface Draft {
  /** Whether that changed anything. */
  readonly apply: (change: Change) => boolean
  /** What `State.change` would have made of it. */
  readonly state: () => State
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (from: State): Draft => {
  const documents = new Map(Object.entries(from.documents))
  const files = new Map([...documents].map(([file, { documentId }]) => [documentId, file]))
  const pendingDelete = new Set(from.pendingDelete)
  const orphans = new Set(from.orphans)
  let folderId = from.folderId

  const doom = (id: string): boolean => {
    if (files.has(id) || pendingDelete.has(id)) return false
    orphans.delete(id)
    pendingDelete.add(id)
    return true
  }

  /** The file has no document any more. */
  const release = (file: string): boolean => {
    const id = documents.get(file)?.documentId
    if (id === undefined) return false
    documents.delete(file)
    files.delete(id)
    return doom(id)
  }

  const put = (file: string, entry: Entry): boolean => {
    const { documentId } = entry
    const before = documents.get(file)
    if (before === entry) return false
    const other = files.get(documentId)
    if (other !== undefined && other !== file) documents.delete(other)
    if (before !== undefined && before.documentId !== documentId) release(file)
    documents.set(file, entry)
    files.set(documentId, file)
    pendingDelete.delete(documentId)
    orphans.delete(documentId)
    return true
  }

  return {
    apply: (change) => {
      let isOther = change.folderId !== undefined && change.folderId !== folderId
      folderId = change.folderId ?? folderId
      if (change.file !== undefined) {
        const [file, entry] = change.file
        isOther = (entry === null ? release(file) : put(file, entry)) || isOther
      }
      for (const id of change.toDelete ?? []) isOther = doom(id) || isOther
      for (const id of change.deleted ?? []) {
        const was = pendingDelete.delete(id)
        isOther = orphans.delete(id) || was || isOther
      }
      return isOther
    },
    state: () => ({
      version: 1,
      site: from.site,
      folderId,
      documents: Object.fromEntries([...documents].toSorted(([left], [right]) => Settle.compare(left, right))),
      pendingDelete: [...pendingDelete].toSorted(Settle.compare),
      orphans: [...orphans].toSorted(Settle.compare),
      quarantine: from.quarantine
    })
  }
}
