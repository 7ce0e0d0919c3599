/**
 * What must hold at every moment of a synchronisation, whatever happens to who does it.
 *
 * - I1: what an agent had, it has: the same document, or another one of the same file, in the same list, on every branch.
 *   Unless somebody else took it out.
 * - I2: every document in the folder is known to who made it: recorded, or being made.
 * - I3: at the end there is exactly one document for each file.
 * - I4: what is recorded of a document's content is what is there.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import type { Item } from "./Library.ts"
import type { Workspace } from "./Workspace.ts"

/**
 * What is expected. What is left out is not checked; I1 always is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Expected {
  /** Files that agents no longer need to have: they were removed on purpose. */
  readonly removed?: Iterable<string> | undefined
  /** The folder that I2 and I3 are about, by its id; what is in its folders counts. Without it neither is checked. */
  readonly folder?: string | undefined
  /** I2: the documents that are written down somewhere, by their ids. */
  readonly recorded?: Iterable<string> | undefined
  /** I2: the documents that may be in the making, by their names. */
  readonly open?: Iterable<string> | undefined
  /** I3: the files there must be, by what `fileOf` makes of their documents' names. */
  readonly files?: Iterable<string> | undefined
  /** I4: SHA-256 of the content, in hex, by the id of the document. */
  readonly hashes?: Iterable<readonly [id: string, hash: string]> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Violation {
  /** `listener`: what was to be looked at on the way could not be. */
  readonly invariant: "I1" | "I2" | "I3" | "I4" | "listener"
  readonly detail: string
}

/**
 * SHA-256 in hex.
 *
 * @since 0.1.0
 * @category conversions
 */
export const hashOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

const attached = (workspace: Workspace, removed: ReadonlySet<string>): ReadonlyArray<Violation> =>
  workspace.ledger.unpaid().filter(({ file }) => !removed.has(file)).map(({ agent, branch, file, place }) => ({
    invariant: "I1",
    detail: `agent ${agent.id}, branch ${branch.name}, ${place} has lost ${file}`
  }))

const known = (documents: ReadonlyArray<Item>, expected: Expected): ReadonlyArray<Violation> => {
  if (expected.recorded === undefined) return []
  const recorded = new Set(expected.recorded)
  const open = new Set(expected.open ?? [])
  return documents.filter(({ id, name }) => !recorded.has(id) && !open.has(name)).map(({ id, name }) => ({
    invariant: "I2",
    detail: `nobody knows of document ${id}, ${name}`
  }))
}

const single = (
  documents: ReadonlyArray<Item>,
  files: Expected["files"],
  fileOf: (name: string) => string | undefined
): ReadonlyArray<Violation> => {
  if (files === undefined) return []
  const counts = new Map([...files].map((file): [string, number] => [file, 0]))
  const violations: Array<Violation> = []
  for (const { id, name } of documents) {
    const file = fileOf(name)
    const count = file === undefined ? undefined : counts.get(file)
    if (file === undefined || count === undefined) {
      violations.push({ invariant: "I3", detail: `document ${id}, ${name} is of no file` })
    } else counts.set(file, count + 1)
  }
  for (const [file, count] of counts) {
    if (count !== 1) violations.push({ invariant: "I3", detail: `${file} has ${count} documents` })
  }
  return violations
}

const same = (workspace: Workspace, hashes: Expected["hashes"]): ReadonlyArray<Violation> =>
  [...hashes ?? []].flatMap(([id, hash]): ReadonlyArray<Violation> => {
    const item = workspace.library.items.get(id)
    if (item === undefined) return [{ invariant: "I4", detail: `recorded document ${id} is not there` }]
    return hashOf(item.bytes) === hash && item.edited === null
      ? []
      : [{ invariant: "I4", detail: `document ${id}, ${item.name} is not what is recorded of it` }]
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const check = (
  workspace: Workspace,
  fileOf: (name: string) => string | undefined,
  expected: Expected
): ReadonlyArray<Violation> => {
  const documents = expected.folder === undefined
    ? []
    : workspace.library.below(expected.folder).filter(({ kind }) => kind !== "folder")
  return [
    ...attached(workspace, new Set(expected.removed ?? [])),
    ...(expected.folder === undefined
      ? []
      : [...known(documents, expected), ...single(documents, expected.files, fileOf)]),
    ...same(workspace, expected.hashes)
  ]
}
