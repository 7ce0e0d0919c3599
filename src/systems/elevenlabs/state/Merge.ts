/**
 * Merges two states of one site that grew from the same one, as two runs on two machines make them. It looks at files and
 * documents and not at lines of text, so it never ends in a conflict, and no document is forgotten.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Settle from "./Settle.ts"
import * as State from "./State.ts"

/**
 * The state that holds both changes, whichever side is called `ours`. What one side changed and the other did not, is as
 * changed. Where both changed a file, the later upload wins, and the document of the other one is to be deleted. `base` is
 * `null` where the two have no common ancestor. Refused are states of different sites.
 *
 * @since 0.1.0
 * @category combinators
 */
export const merge = (
  base: State.State | null,
  ours: State.State,
  theirs: State.State
): Either.Either<State.State, string> => {
  if (ours.site !== theirs.site || base !== null && base.site !== ours.site) {
    return Either.left(`one state is of ${ours.site} and the other of ${theirs.site}`)
  }
  const ancestor = base ?? State.empty(ours.site)
  const files = new Set([ancestor, ours, theirs].flatMap(({ documents }) => Object.keys(documents)))
  return Either.right(
    Settle.settle({
      site: ours.site,
      folderId: mergeFolder(ancestor.folderId, ours.folderId, theirs.folderId),
      claims: [...files].flatMap((file) =>
        mergeEntry(State.entryOf(ancestor, file), State.entryOf(ours, file), State.entryOf(theirs, file))
          .map((entry) => ({ file, entry }))
      ),
      pendingDelete: mergeIds(ancestor.pendingDelete, ours.pendingDelete, theirs.pendingDelete),
      orphans: mergeIds(ancestor.orphans, ours.orphans, theirs.orphans),
      quarantine: [...ours.quarantine, ...theirs.quarantine],
      losers: "pendingDelete"
    }).state
  )
}

type Found = State.Entry | undefined

/** One entry, none, or the two that claim the file. */
const mergeEntry = (base: Found, ours: Found, theirs: Found): ReadonlyArray<State.Entry> => {
  if (same(ours, theirs)) return listed(ours)
  if (same(ours, base)) return listed(theirs)
  if (same(theirs, base)) return listed(ours)
  // What one side removed and the other uploaded anew is there on the remote.
  if (ours === undefined || theirs === undefined) return [...listed(ours), ...listed(theirs)]
  if (ours.documentId !== theirs.documentId) return [ours, theirs]
  // Both wrote into one document. Which of them was the last is not known, so its content is not known either.
  const [latest = ours] = [ours, theirs].toSorted((left, right) => Settle.compare(order(right), order(left)))
  return [ours.hash === theirs.hash ? latest : { ...latest, hash: null }]
}

const listed = (entry: Found): ReadonlyArray<State.Entry> => entry === undefined ? [] : [entry]

const order = (entry: State.Entry): string => JSON.stringify([entry.uploadedAt, entry.name, entry.hash, entry.size])

const same = (left: Found, right: Found): boolean =>
  left === right || left !== undefined && right !== undefined && left.documentId === right.documentId &&
    left.hash === right.hash && left.name === right.name && left.size === right.size &&
    left.uploadedAt === right.uploadedAt

/** What either side added, less what either side took away. */
const mergeIds = (
  base: ReadonlyArray<string>,
  ours: ReadonlyArray<string>,
  theirs: ReadonlyArray<string>
): ReadonlyArray<string> => {
  const [before, left, right] = [new Set(base), new Set(ours), new Set(theirs)]
  return [...new Set([...ours, ...theirs])].filter((id) => !before.has(id) || left.has(id) && right.has(id))
}

/** Where both sides found or made a folder, which one it is has to be looked up again. */
const mergeFolder = (base: string | null, ours: string | null, theirs: string | null): string | null => {
  if (ours === theirs || theirs === base) return ours
  return ours === base ? theirs : null
}
