/**
 * Uploads one document, once. Whoever lost the reply finds by its name in the site's folder whether it is there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Paging from "../client/Paging.ts"
import * as Model from "../Model.ts"
import * as Work from "./Work.ts"

/**
 * A file as it is to be sent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Source {
  /** Relative to the site's folder, with `/`. */
  readonly file: string
  /** What it is called on the remote. */
  readonly name: string
  /** SHA-256 in hex. */
  readonly hash: string
  /** In bytes. */
  readonly size: number
  readonly mediaType: string
  /** The bytes that have this hash. */
  readonly load: Effect.Effect<Uint8Array, Fault.Fault>
}

const Intent = Schema.Struct({
  name: Schema.String,
  folder: Schema.String
})

/** Of several the oldest, so that all who look take the same. */
const settle = ({ client, policies }: Work.Work, { folder, name }: typeof Intent.Type) =>
  Effect.map(Paging.documents(client, { folder, prefix: name }, policies.read), (listed) => {
    const [found] = listed
      .filter((document) => document.name === name && document.type !== "folder")
      .toSorted((left, right) => left.metadata.createdAt - right.metadata.createdAt || (left.id < right.id ? -1 : 1))
    return found === undefined ? Mutation.notDone : Mutation.done<Model.Created>({ id: found.id, name })
  })

const settleEarlier = (work: Work.Work) => (intent: Json.Json) =>
  Option.match(Schema.decodeUnknownOption(Intent)(intent), {
    onNone: () => Effect.succeed(Mutation.notDone),
    onSome: (earlier) => settle(work, earlier)
  })

/**
 * What its file is called, without folders: the API tells the kind of a file by its ending.
 *
 * @since 0.1.0
 * @category getters
 */
export const filenameOf = (file: string): string => file.slice(file.lastIndexOf("/") + 1).replace(/#\d+$/, "")

/** Written down as to be deleted until it is recorded as the document of its file: so it is never forgotten. */
const keep = (work: Work.Work, id: string): Effect.Effect<void, Fault.Fault> => work.ledger.change({ toDelete: [id] })

const send = (
  work: Work.Work,
  source: Source,
  folder: string
): Effect.Effect<Model.Created, Fault.Fault> => {
  const { client, journal, listingLag, policies } = work
  const intent = { name: source.name, folder }
  return Mutation.next({
    series: Work.seriesOf(work, "upload", source.file),
    operation: "ElevenLabs.upload",
    system: "elevenlabs",
    subject: `file ${source.file}`,
    intent,
    result: Model.Created,
    send: Effect.flatMap(source.load, (content) =>
      policies.change(client.createFile({
        name: source.name,
        filename: filenameOf(source.file),
        mediaType: source.mediaType,
        content,
        folder
      }))),
    settle: settle(work, intent),
    settleEarlier: settleEarlier(work),
    actsWithin: listingLag
  }).pipe(Effect.provideService(Journal.Journal, journal))
}

/**
 * The new document. It is in `pendingDelete` until it is recorded as the document of its file.
 *
 * @param sent Run when it is sent, before it is written down.
 * @since 0.1.0
 * @category operations
 */
export const upload = (
  work: Work.Work,
  source: Source,
  { folder, sent }: { readonly folder: string; readonly sent: Effect.Effect<void> }
): Effect.Effect<Model.Created, Fault.Fault> =>
  Effect.gen(function*() {
    const before = yield* Work.unrecorded(work, Work.seriesOf(work, "upload", source.file))
    if (Option.isSome(before)) {
      const there = yield* Work.look(work, before.value.id)
      if (Option.isSome(there)) {
        yield* keep(work, there.value.id)
        if (there.value.name === source.name) return { id: there.value.id, name: source.name }
      }
    }
    const created = yield* send(work, source, folder).pipe(
      // What an earlier run had begun, with other content, is there after all: it is kept in mind, and ours is sent.
      Effect.catchIf((fault) => fault.code === "earlier-done", () =>
        Effect.zipRight(
          Effect.flatMap(
            Work.unrecorded(work, Work.seriesOf(work, "upload", source.file)),
            (earlier) => Option.isSome(earlier) ? keep(work, earlier.value.id) : Effect.void
          ),
          send(work, source, folder)
        ))
    )
    yield* sent
    yield* keep(work, created.id)
    return created
  }).pipe(
    Effect.withSpan("ElevenLabs.upload", { captureStackTrace: false, attributes: { "holdfast.bytes": source.size } })
  )
