/**
 * What is done with one file: the new document is uploaded, indexed and put in the place of the old one wherever an agent
 * names that, then recorded, and only then the old one goes. So at no moment an agent is without the file, and no document
 * is without a record.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Agents from "../Agents.ts"
import * as State from "../state/State.ts"
import type * as Attach from "./Attach.ts"
import { finished } from "./Finish.ts"
import * as InPlace from "./InPlace.ts"
import * as Indexing from "./Indexing.ts"
import * as Retire from "./Retire.ts"
import * as Upload from "./Upload.ts"
import type { Work } from "./Work.ts"

interface Named {
  readonly id: string
  readonly name: string
}

/** Those that shall know it, and those that know what it takes the place of. */
const targetsOf = (
  work: Work,
  old: string | undefined
): Effect.Effect<ReadonlyArray<Attach.Target>, Fault.Fault> =>
  Effect.map(old === undefined ? Effect.succeed([]) : Effect.map(work.namedBy(old), ({ targets }) => targets), (
    dependents
  ) => [
    ...work.agents.map((agent): Attach.Target => ({ agent, branch: null })),
    ...dependents.filter(({ agent, branch }) => branch !== null || !work.agents.includes(agent))
  ])

/** The models by which those look things up who have it found by retrieval. */
const modelsOf = (
  work: Work,
  targets: ReadonlyArray<Attach.Target>,
  old: string | undefined
): Effect.Effect<ReadonlySet<string>, Fault.Fault> =>
  Effect.map(
    Effect.forEach(targets, (target) =>
      work.agent(target).pipe(
        Effect.map((agent) => {
          const named = old === undefined ? [] : Agents.usageModes(agent, old)
          const modes = named.length === 0 ? [work.usageMode] : named
          return modes.every((mode) => mode === "prompt") ? [] : [...Agents.embeddingModels(agent)]
        }),
        Effect.catchIf((fault) => isGone(work, target, fault), () => Effect.succeed([]))
      )),
    (models) => new Set(models.flat())
  )

/** An agent that somebody deleted needs no document. One that shall have it is missed. */
const isGone = (work: Work, { agent }: Attach.Target, fault: Fault.Fault): boolean =>
  fault.kind === "not-found" && fault.code !== "document-not-found" && !work.agents.includes(agent)

const attachAll = (
  work: Work,
  targets: ReadonlyArray<Attach.Target>,
  created: Named,
  old: string | undefined
): Effect.Effect<void, Fault.Fault> =>
  Effect.zipRight(
    work.arrived,
    Effect.forEach(targets, (target) => {
      const usageMode = target.branch === null && work.agents.includes(target.agent) ? work.usageMode : null
      const change = old === undefined || old === created.id
        ? { _tag: "Add" as const, ...created, usageMode: usageMode ?? work.usageMode }
        : { _tag: "Swap" as const, from: old, to: created, usageMode }
      return finished(work.attach(target, change)).pipe(
        Effect.catchIf((fault) => isGone(work, target, fault), () => Effect.void)
      )
    }, { concurrency: 8, discard: true })
  )

/**
 * Gives an agent a document that is there, in the place of another where one is named.
 *
 * @since 0.1.0
 * @category operations
 */
export const attach = (
  work: Work,
  target: Attach.Target,
  named: Named,
  replaces: string | undefined
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    yield* Indexing.index(work, named.id, yield* modelsOf(work, [target], replaces))
    yield* work.arrived
    const { usageMode } = work
    yield* finished(work.attach(
      target,
      replaces === undefined
        ? { _tag: "Add", ...named, usageMode }
        : { _tag: "Swap", from: replaces, to: named, usageMode }
    ))
  })

/**
 * From here on the document is the one of the file.
 *
 * @since 0.1.0
 * @category operations
 */
export const commit = (
  work: Work,
  source: Upload.Source,
  created: Named,
  old: string | undefined
): Effect.Effect<void, Fault.Fault> =>
  Effect.flatMap(DateTime.now, (now) =>
    work.ledger.change({
      file: [source.file, {
        documentId: created.id,
        name: created.name,
        hash: source.hash,
        size: source.size,
        uploadedAt: DateTime.formatIso(now)
      }],
      toDelete: old === undefined ? [] : [old]
    }))

/**
 * Makes a document that is there the one of its file, in the place of the old one. Where it cannot be indexed, it goes
 * and the old one stays.
 *
 * @since 0.1.0
 * @category operations
 */
export const adopt = (
  work: Work,
  source: Upload.Source,
  created: Named,
  old: string | undefined
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const targets = yield* targetsOf(work, old)
    const models = yield* modelsOf(work, targets, old)
    yield* Indexing.index(work, created.id, models).pipe(
      Effect.tapError((fault) => fault.kind === "failed" ? rollBack(work, created.id, old) : Effect.void)
    )
    yield* attachAll(work, targets, created, old)
    yield* finished(commit(work, source, created, old))
    if (old !== undefined && old !== created.id) {
      yield* finished(Retire.retire(work, old, { _tag: "Replace", by: created }))
    }
  })

/** Nobody names the new one yet, save where an earlier run got that far. */
const rollBack = (work: Work, id: string, old: string | undefined): Effect.Effect<void, Fault.Fault> =>
  finished(
    Effect.gen(function*() {
      const entry = Object.values(work.ledger.now().documents).find(({ documentId }) => documentId === old)
      yield* Retire.retire(
        work,
        id,
        old === undefined || entry === undefined
          ? { _tag: "Leave" }
          : { _tag: "Replace", by: { id: old, name: entry.name ?? "" } }
      )
    })
  )

/**
 * Uploads a file and makes the document the one of its file, in the place of the old one.
 *
 * @since 0.1.0
 * @category operations
 */
export const replace = (
  work: Work,
  source: Upload.Source,
  folder: string,
  old: string | undefined
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    // Asked for meanwhile. What goes wrong with it is told when it is needed.
    if (old !== undefined) yield* Effect.fork(Effect.ignore(work.namedBy(old)))
    const created = yield* work.sending((sent) => finished(Upload.upload(work, source, { folder, sent })))
    yield* adopt(work, source, created, old)
  })

/**
 * Puts the content of a file into the document it has, and gives that to the agents that shall know it, if it was not the
 * one of its file yet.
 *
 * @since 0.1.0
 * @category operations
 */
export const inPlace = (work: Work, source: Upload.Source, id: string): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const isRecorded = State.entryOf(work.ledger.now(), source.file)?.documentId === id
    yield* work.sending(() => finished(InPlace.update(work, source, id)))
    const targets = yield* targetsOf(work, id)
    yield* Indexing.index(work, id, yield* modelsOf(work, targets, id))
    const created = { id, name: source.name }
    if (!isRecorded) yield* attachAll(work, targets, created, undefined)
    yield* finished(commit(work, source, created, undefined))
  })

/**
 * Takes the document of a file that is no more from its agents, then from the record, then from the workspace.
 *
 * @since 0.1.0
 * @category operations
 */
export const remove = (work: Work, file: string, id: string): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    yield* finished(Retire.release(work, id, undefined, work.namedBy))
    yield* finished(work.ledger.change({ file: [file, null], toDelete: [id] }))
    yield* finished(Retire.retire(work, id, { _tag: "Drop" }))
  })
