/**
 * Does what a plan says: first what gives agents something, many files at once, and only then what takes something away.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Bulkhead from "../../../kernel/Bulkhead.ts"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Name from "../documents/Name.ts"
import * as Scan from "../documents/Scan.ts"
import type * as Plan from "../plan/Plan.ts"
import type { DocumentReport, Outcome } from "../Report.ts"
import * as State from "../state/State.ts"
import * as Converge from "./Converge.ts"
import * as Dependents from "./Dependents.ts"
import { finished } from "./Finish.ts"
import * as Remote from "./Remote.ts"
import * as Retire from "./Retire.ts"
import * as Telling from "./Telling.ts"
import type * as Upload from "./Upload.ts"
import * as Work from "./Work.ts"

/**
 * What became of each action so far, in their order.
 *
 * @since 0.1.0
 * @category models
 */
export type Board = Ref.Ref<ReadonlyArray<DocumentReport>>

/**
 * @since 0.1.0
 * @category models
 */
export interface Input {
  readonly work: Work.Work
  readonly plan: Plan.Plan
  readonly remote: Remote.Remote
  /** Files that are sent at once. */
  readonly concurrency: number
  readonly board: Board
}

const itemOf = (action: Plan.Action): string => "file" in action ? action.file : action.documentId

/**
 * The actions of a plan, none of them begun.
 *
 * @since 0.1.0
 * @category constructors
 */
export const notStarted = (plan: Plan.Plan): ReadonlyArray<DocumentReport> =>
  plan.actions.map((action) => ({
    item: itemOf(action),
    action,
    outcome: { _tag: action._tag === "Keep" || action._tag === "Hold" ? "Done" : "NotStarted" }
  }))

const phases: ReadonlyArray<ReadonlySet<Plan.Action["_tag"]>> = [
  new Set(["Create", "Update", "Adopt"]),
  new Set(["Attach"]),
  new Set(["Detach"]),
  new Set(["Remove"]),
  new Set(["DeletePending"])
]

const sourceOf = (document: Scan.Document, files: FileSystem.FileSystem): Upload.Source => ({
  file: document.file,
  name: document.name,
  hash: document.hash,
  size: document.size,
  mediaType: document.mediaType,
  load: Effect.provideService(Scan.load(document), FileSystem.FileSystem, files)
})

/** What of its own to put where a document to be deleted is named: its name tells which file it was of. */
const placesOf = (
  { plan, work }: Input,
  id: string,
  listed: ReadonlyMap<string, string>
): Effect.Effect<Retire.Places, Fault.Fault> =>
  Effect.gen(function*() {
    const name = listed.get(id) ?? Option.getOrUndefined(yield* Work.look(work, id))?.name ?? ""
    const file = Name.parse(name)?.file
    if (file === undefined) return { _tag: "Leave" }
    const entry = State.entryOf(work.ledger.now(), file)
    if (entry !== undefined) return { _tag: "Replace", by: { id: entry.documentId, name: entry.name ?? "" } }
    const isThere = plan.actions.some((action) => "file" in action && action.file === file && action._tag !== "Remove")
    return { _tag: isThere ? "Leave" : "Drop" }
  })

/** Noted as to be deleted before anything is done about it. */
const note = (work: Work.Work, id: string): Effect.Effect<void, Fault.Fault> => work.ledger.change({ toDelete: [id] })

const perform = (
  input: Input,
  action: Plan.Action,
  folder: Effect.Effect<string, Fault.Fault>,
  listed: ReadonlyMap<string, string>,
  files: FileSystem.FileSystem
): Effect.Effect<void, Fault.Fault> => {
  const { work } = input
  switch (action._tag) {
    case "Create":
      return Effect.flatMap(
        folder,
        (folder) => Converge.replace(work, sourceOf(action.document, files), folder, action.supersedes ?? undefined)
      )
    case "Update": {
      const source = sourceOf(action.document, files)
      return action.strategy === "in-place"
        ? Converge.inPlace(work, source, action.documentId)
        : Effect.flatMap(folder, (folder) => Converge.replace(work, source, folder, action.documentId))
    }
    case "Adopt": {
      const source = sourceOf(action.document, files)
      const found = { id: action.documentId, name: listed.get(action.documentId) ?? action.document.name }
      return action.reason === "taken-over"
        ? finished(Converge.commit(work, source, found, undefined))
        : Effect.zipRight(
          finished(note(work, found.id)),
          Converge.adopt(work, source, found, action.supersedes ?? undefined)
        )
    }
    case "Attach": {
      const target = { agent: action.agentId, branch: action.branchId }
      const named = { id: action.documentId, name: listed.get(action.documentId) ?? "" }
      return Converge.attach(work, target, named, action.replaces ?? undefined)
    }
    case "Detach":
      return finished(
        work.attach({ agent: action.agentId, branch: action.branchId }, { _tag: "Drop", id: action.documentId })
      )
    case "Remove":
      return Converge.remove(work, action.file, action.documentId)
    case "DeletePending":
      return finished(Effect.zipRight(
        note(work, action.documentId),
        Effect.flatMap(
          placesOf(input, action.documentId, listed),
          (places) => Retire.retire(work, action.documentId, places)
        )
      ))
    case "Hold":
    case "Keep":
      return Effect.void
  }
}

/** Files that are worked on at once: those that are not being sent wait for an agent, an index or the disk. */
const waiting = 256

/** The document that goes, where one does. */
const outgoing = (action: Plan.Action): ReadonlyArray<string> => {
  switch (action._tag) {
    case "Update":
    case "Remove":
      return [action.documentId]
    case "Create":
    case "Adopt":
      return action.supersedes === null ? [] : [action.supersedes]
    default:
      return []
  }
}

/** The document that holds its file now. */
const heldBy = ({ ledger }: Work.Work, action: Plan.Action): string | undefined =>
  "file" in action ? State.entryOf(ledger.now(), action.file)?.documentId : undefined

const once = (act: Effect.Effect<unknown>): Effect.Effect<void> => {
  let isDone = false
  return Effect.suspend(() => {
    if (isDone) return Effect.void
    isDone = true
    return Effect.asVoid(act)
  })
}

/**
 * @since 0.1.0
 * @category operations
 */
export const execute = (input: Input): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.scoped(Effect.gen(function*() {
    const { board, concurrency, plan, remote } = input
    const line = yield* Bulkhead.make({
      permits: concurrency,
      queue: Number.POSITIVE_INFINITY,
      name: "elevenlabs-sending"
    })
    const work: Work.Work = {
      ...input.work,
      sending: (send) => line.withPermitsUntil(1)((sent) => send(Effect.sync(sent))),
      namedBy: yield* Dependents.planned(input.work, plan.actions.flatMap(outgoing))
    }
    const files = yield* FileSystem.FileSystem
    const folder = yield* Effect.cached(finished(Remote.ensureFolder(work, remote)))
    const telling = yield* Telling.make(work.site.host, yield* Ref.get(board))
    const listed = new Map([...remote.inFolder, ...remote.elsewhere].map(({ id, name }) => [id, name]))
    const one = (action: Plan.Action, index: number): Effect.Effect<void> =>
      Effect.gen(function*() {
        yield* telling.begins(action, itemOf(action))
        const arrived = once(Effect.sync(() => work.coming.count -= 1))
        const own = { ...input, work: { ...work, arrived } }
        const outcome: Outcome = yield* perform(own, action, folder, listed, files).pipe(
          Effect.ensuring(arrived),
          Effect.map((): Outcome => ({ _tag: "Done", documentId: heldBy(work, action) })),
          Effect.catchAll((fault) => Effect.succeed({ _tag: "Failed" as const, fault }))
        )
        const report: DocumentReport = { item: itemOf(action), action, outcome }
        yield* Ref.update(board, (reports) => reports.with(index, report))
        yield* telling.ends(report)
      })
    for (const phase of phases) {
      const due = plan.actions.flatMap((action, index) => phase.has(action._tag) ? [{ action, index }] : [])
      let begun = 0
      work.coming.count += due.length
      yield* Effect.forEach(due, ({ action, index }) =>
        Effect.suspend(() => {
          begun += 1
          return one(action, index)
        }), { concurrency: Math.max(waiting, concurrency), discard: true }).pipe(
          Effect.ensuring(Effect.sync(() => {
            work.coming.count -= due.length - begun
          }))
        )
    }
    yield* telling.over
  }))
