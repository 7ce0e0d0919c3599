/**
 * The folder of a site in the workspace, and what is in it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Paging from "../client/Paging.ts"
import * as Model from "../Model.ts"
import * as Work from "./Work.ts"

/** What the folder of a site is called. */
const folderName = (host: string): string => `holdfast/${host}`

const byAge = (left: Model.Document, right: Model.Document): number =>
  left.metadata.createdAt - right.metadata.createdAt || (left.id < right.id ? -1 : 1)

/** Those of the site's name, the oldest first: two machines may have made one each. */
const named = ({ client, policies, site }: Site): Effect.Effect<ReadonlyArray<Model.Document>, Fault.Fault> => {
  const name = folderName(site.host)
  return Effect.map(
    Paging.documents(client, { prefix: name, types: ["folder"] }, policies.read),
    (found) => found.filter((folder) => folder.type === "folder" && folder.name === name).toSorted(byAge)
  )
}

/**
 * What is in a folder of the site, the oldest first. `[]` where there is no such folder.
 */
const inFolder = ({ client, policies }: Site, folder: string) =>
  Paging.documents(client, { folder, types: ["file", "url", "text"] }, policies.read).pipe(
    Effect.map((all) => all.filter(({ type }) => type !== "folder").toSorted(byAge)),
    Effect.catchIf((fault) => fault.kind === "not-found", () => Effect.succeed<ReadonlyArray<Model.Document>>([]))
  )

/** What is needed of it to look. */
type Site = Pick<Work.Work, "client" | "policies" | "site" | "ledger">

/**
 * @since 0.1.0
 * @category models
 */
export interface Remote {
  /** The folder that new documents go to; `null` where there is none yet. */
  readonly folder: string | null
  /** What is in the site's folder, the oldest first. */
  readonly inFolder: ReadonlyArray<Model.Document>
  /** What is recorded and lies elsewhere. */
  readonly elsewhere: ReadonlyArray<Model.Document>
}

/**
 * What there is of a site. Where everything is where it is recorded to be, that is one listing.
 *
 * @since 0.1.0
 * @category accessors
 */
export const observe = (work: Site): Effect.Effect<Remote, Fault.Fault> =>
  Effect.gen(function*() {
    const { documents, folderId } = work.ledger.now()
    const recorded = Object.values(documents).map(({ documentId }) => documentId)
    const known = folderId === null ? [] : yield* inFolder(work, folderId)
    // An empty folder may be one that is gone.
    const folders = folderId !== null && (known.length > 0 || recorded.length === 0)
      ? []
      : (yield* named(work)).filter(({ id }) => id !== folderId)
    const others = yield* Effect.forEach(folders, ({ id }) => inFolder(work, id))
    const all = [...known, ...others.flat()]
    const seen = new Set(all.map(({ id }) => id))
    const missing = recorded.filter((id) => !seen.has(id))
    const folder = known.length > 0 ? folderId : folders[0]?.id ?? (yield* stillThere(work, folderId))
    return { folder, inFolder: all, elsewhere: yield* find(work, missing) }
  })

/** Asked for only where nothing else says that it is there. */
const stillThere = (work: Site, folderId: string | null): Effect.Effect<string | null, Fault.Fault> =>
  folderId === null
    ? Effect.succeed(null)
    : Effect.map(Work.look(work, folderId), (found) => Option.isSome(found) ? folderId : null)

/** More than these are looked for in the list of everything. */
const fewMissing = 4

/** What is not in the folder may lie elsewhere, or be too new to be listed. */
const find = (
  work: Site,
  ids: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Model.Document>, Fault.Fault> =>
  Effect.gen(function*() {
    if (ids.length === 0) return []
    const wanted = new Set(ids)
    const listed = ids.length <= fewMissing
      ? []
      : (yield* Paging.documents(work.client, { types: ["file", "url", "text"] }, work.policies.read)).filter((
        { id }
      ) => wanted.has(id))
    const found = new Set(listed.map(({ id }) => id))
    const rest = yield* Effect.forEach(ids.filter((id) => !found.has(id)), (id) => Work.look(work, id), {
      concurrency: 8
    })
    return [...listed, ...rest.flatMap(Option.toArray)]
  })

/**
 * The folder for new documents: found, or made. It is recorded before anything is put into it.
 *
 * @since 0.1.0
 * @category operations
 */
export const ensureFolder = (work: Work.Work, remote: Remote): Effect.Effect<string, Fault.Fault> =>
  Effect.gen(function*() {
    const folder = remote.folder ?? (yield* make(work))
    if (work.ledger.now().folderId !== folder) {
      yield* work.ledger.change({ folderId: folder })
    }
    return folder
  })

const make = (work: Work.Work): Effect.Effect<string, Fault.Fault> =>
  Effect.gen(function*() {
    const { client, journal, listingLag, policies, site } = work
    const series = Work.seriesOf(work, "folder")
    const before = yield* Work.unrecorded(work, series)
    if (Option.isSome(before) && Option.isSome(yield* Work.look(work, before.value.id))) return before.value.id
    const name = folderName(site.host)
    const settle = Effect.map(
      named(work),
      ([folder]) => folder === undefined ? Mutation.notDone : Mutation.done({ id: folder.id, name })
    )
    const made = yield* Mutation.next({
      series,
      operation: "ElevenLabs.createFolder",
      system: "elevenlabs",
      subject: `folder ${name}`,
      intent: { name },
      result: Model.Created,
      send: policies.change(client.createFolder({ name })),
      settle,
      settleEarlier: () => settle,
      actsWithin: listingLag
    }).pipe(Effect.provideService(Journal.Journal, journal))
    return made.id
  })
