/**
 * Puts the new content of a file into the document that it has. The agents that name it are left alone; the old content
 * cannot be had back.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Model from "../Model.ts"
import * as State from "../state/State.ts"
import * as Upload from "./Upload.ts"
import * as Work from "./Work.ts"

/** How long what nobody waits for any more may be on its way. */
const actsWithin = "5 seconds"

/** Until it is known to be there, nobody knows what the content is. */
const mark = (work: Work.Work, file: string): Effect.Effect<void, Fault.Fault> =>
  Effect.suspend(() => {
    const entry = State.entryOf(work.ledger.now(), file)
    return entry === undefined || entry.hash === null ?
      Effect.void :
      work.ledger.change({ file: [file, { ...entry, hash: null }] })
  })

const send = (work: Work.Work, source: Upload.Source, id: string): Effect.Effect<Model.Created, Fault.Fault> => {
  const { client, journal, policies } = work
  const settle = Effect.gen(function*() {
    const content = yield* policies.read(client.source(id))
    if (createHash("sha256").update(content).digest("hex") !== source.hash) return Mutation.notDone
    const { name } = yield* policies.read(client.get(id))
    return Mutation.done<Model.Created>({ id, name })
  })
  return Mutation.next({
    series: Work.seriesOf(work, "update", source.file),
    operation: "ElevenLabs.updateFile",
    system: "elevenlabs",
    subject: `file ${source.file}`,
    intent: { id, hash: source.hash },
    result: Model.Created,
    send: Effect.flatMap(source.load, (content) =>
      policies.change(client.updateFile({
        id,
        filename: Upload.filenameOf(source.file),
        mediaType: source.mediaType,
        content
      }))),
    settle,
    // Whatever an earlier run sent, it is written over, once it cannot come after this any more.
    settleEarlier: () => Effect.succeed(Mutation.notDone),
    actsWithin
  }).pipe(Effect.provideService(Journal.Journal, journal))
}

/** The document got the name of its file; by ours it is found. */
const rename = (work: Work.Work, { id, name }: Model.Created): Effect.Effect<void, Fault.Fault> => {
  const { client, journal, policies } = work
  const settle = Effect.map(
    policies.read(client.get(id)),
    (found) => found.name === name ? Mutation.done<Model.Created>({ id, name }) : Mutation.notDone
  )
  return Mutation.next({
    series: Work.seriesOf(work, "rename", id),
    operation: "ElevenLabs.rename",
    system: "elevenlabs",
    subject: `document ${id}`,
    intent: { id, name },
    result: Model.Created,
    send: policies.change(client.rename({ id, name })),
    settle,
    settleEarlier: () => Effect.succeed(Mutation.notDone),
    actsWithin
  }).pipe(Effect.provideService(Journal.Journal, journal), Effect.asVoid)
}

/**
 * @since 0.1.0
 * @category operations
 */
export const update = (work: Work.Work, source: Upload.Source, id: string): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    yield* mark(work, source.file)
    const updated = yield* send(work, source, id)
    if (updated.name !== source.name) yield* rename(work, { id, name: source.name })
  }).pipe(Effect.withSpan("ElevenLabs.updateFile", { attributes: { "holdfast.bytes": source.size } }))
