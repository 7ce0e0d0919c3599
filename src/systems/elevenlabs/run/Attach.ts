/**
 * Changes what agents name, though the API has nothing to guard a change with: the agent is read, its lists are changed
 * where they are, only they are sent, and then it is read what the new version followed. Where somebody else had saved
 * in between, their lists are taken and ours is done in them.
 *
 * Documents that come for one agent while it is saved go together in its next version.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Agents from "../Agents.ts"
import type * as Model from "../Model.ts"
import * as AgentChange from "./AgentChange.ts"
import * as AgentSave from "./AgentSave.ts"
import * as Indexing from "./Indexing.ts"
import * as Together from "./Together.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Target = AgentSave.Target

/**
 * Done when the agent was seen to be as it should.
 *
 * @since 0.1.0
 * @category models
 */
export type Attach = (target: Target, change: AgentChange.AgentChange) => Effect.Effect<void, Fault.Fault>

/**
 * @since 0.1.0
 * @category models
 */
export interface Needs extends AgentSave.Needs, Indexing.Needs {
  /** How many documents a save of an agent waits for, while more are on their way. */
  readonly attachBatch: number
  /** How many more are on their way. */
  readonly coming: { readonly count: number }
}

/** How often somebody else may get in between. */
const tries = 5
/** How long a save that could take more documents waits for those that are on their way. */
const patience = "1 second"
/** It takes up to so many times as many where they came while the one before it was under way: saves cannot overlap. */
const backlog = 5

/** Whole batches, for the documents that go are deleted as these have come. */
const sizeOf = (waiting: number, batch: number): number =>
  batch * Math.max(1, Math.min(backlog, Math.floor(waiting / batch)))

const busy = (target: Target): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "elevenlabs",
    operation: AgentSave.operation,
    subject: AgentSave.nameOf(target),
    code: "agent-busy",
    detail: `somebody else changed it again and again while its documents were changed`,
    remote: "the old document is still there",
    hint: "run the same command again when nobody edits the agent"
  })

/** What was wanted, where somebody else had saved before us and perhaps after us as well. */
const together = (
  needs: Needs,
  target: Target,
  { by, changes, version }: AgentSave.Lost,
  { before, now, wanted }: { readonly before: Json.Json; readonly wanted: Json.Json; readonly now: Model.Agent }
): Effect.Effect<Json.Json, Fault.Fault> =>
  Effect.gen(function*() {
    yield* Effect.logWarning(
      `${AgentSave.nameOf(target)} was saved by somebody else meanwhile; their change is put back`
    )
    const theirs = yield* AgentSave.read(needs, target, version)
    const both = AgentChange.rebase(before, wanted, theirs.json, changes)
    if (now.versionId === by) return both
    const ours = yield* AgentSave.read(needs, target, by)
    return AgentChange.rebase(ours.json, both, now.json, changes)
  })

/** The agent with what an earlier save overwrote. */
const withLost = (
  needs: Needs,
  target: Target,
  now: Model.Agent,
  lost: AgentSave.Lost | null
): Effect.Effect<Json.Json, Fault.Fault> =>
  Effect.gen(function*() {
    if (lost === null) return now.json
    const before = yield* AgentSave.read(needs, target, lost.seen)
    const wanted = yield* AgentSave.read(needs, target, lost.by)
    return yield* together(needs, target, lost, { before: before.json, wanted: wanted.json, now })
  })

const attach = (
  needs: Needs,
  target: Target,
  changes: ReadonlyArray<AgentChange.AgentChange>,
  memory: AgentSave.Memory
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    let now = yield* AgentSave.recent(needs, target, memory)
    let lost = memory.isSettled ? null : yield* AgentSave.unfinished(needs, target, now.versionId)
    let wanted = AgentChange.apply(yield* withLost(needs, target, now, lost), changes)
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const before = now
      const body = Agents.patch(before.json, wanted)
      if (body === undefined) return
      const intent: AgentSave.Intent = { seen: before.versionId, changes, lost }
      const saved = yield* Effect.either(AgentSave.save(needs, target, intent, body, memory))
      now = yield* AgentSave.recent(needs, target, memory)
      if (saved._tag === "Left") {
        lost = yield* without(needs, target, saved.left, { lost, changes, memory, tip: now.versionId })
        now = yield* AgentSave.recent(needs, target, memory)
        wanted = AgentChange.apply(yield* withLost(needs, target, now, lost), changes)
      } else {
        lost = AgentSave.lostBy(intent, saved.right)
        wanted = lost === null
          ? AgentChange.apply(now.json, changes)
          : yield* together(needs, target, lost, { before: before.json, wanted, now })
      }
    }
    if (Agents.patch(now.json, wanted) !== undefined) return yield* busy(target)
  }).pipe(
    Effect.withSpan(AgentSave.operation, {
      attributes: { "holdfast.agent": target.agent, "holdfast.documents": changes.length }
    })
  )

/** What is to be put back after a save that failed, if it is to be tried again at all. */
const without = (
  needs: Needs,
  target: Target,
  fault: Fault.Fault,
  { changes, lost, memory, tip }: {
    readonly lost: AgentSave.Lost | null
    readonly changes: ReadonlyArray<AgentChange.AgentChange>
    readonly memory: AgentSave.Memory
    readonly tip: string | null
  }
): Effect.Effect<AgentSave.Lost | null, Fault.Fault> =>
  Effect.gen(function*() {
    // What an earlier run had begun has happened after all.
    if (fault.code === "earlier-done") return yield* AgentSave.unfinished(needs, target, tip)
    if (lost === null || !isRefused(fault)) return yield* fault
    // What somebody else had put in is a document no more.
    if (fault.code === "document-not-found") return null
    if (changes.length === 0) {
      yield* putBack(needs, target, lost, memory)
      return null
    }
    // Both may be too much for one save.
    Object.assign(memory, { isSettled: false, seen: undefined })
    yield* attach(needs, target, [], memory)
    return null
  })

/** What others had put in, each by itself. What is a document no more stays away. */
const putBack = (
  needs: Needs,
  target: Target,
  lost: AgentSave.Lost,
  memory: AgentSave.Memory
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const before = yield* AgentSave.recent(needs, target, memory)
    const whole = yield* withLost(needs, target, before, lost)
    const there = Agents.documents(before.json)
    const entries = Agents.places(whole).flatMap(({ entries }) => entries).filter(({ id }) => !there.has(id))
    for (const entry of entries) {
      const more = yield* putBackOne(needs, target, entry, lost, memory)
      if (more !== null) yield* putBack(needs, target, more, memory)
    }
  })

/** What this save overwrote in turn. */
const putBackOne = (
  needs: Needs,
  target: Target,
  entry: Agents.Entry,
  lost: AgentSave.Lost,
  memory: AgentSave.Memory,
  indexed = false
): Effect.Effect<AgentSave.Lost | null, Fault.Fault> =>
  Effect.gen(function*() {
    memory.seen = undefined
    const now = yield* AgentSave.recent(needs, target, memory)
    const body = Agents.patch(now.json, Agents.insert(now.json, entry))
    if (body === undefined) return null
    const intent: AgentSave.Intent = { seen: now.versionId, changes: [], lost }
    const saved = yield* Effect.either(AgentSave.save(needs, target, intent, body, memory))
    if (saved._tag === "Right") return AgentSave.lostBy(intent, saved.right)
    if (!isRefused(saved.left)) return yield* saved.left
    if (saved.left.code !== "index-not-ready" || indexed) return yield* leftOut(target, entry, saved.left)
    // They put it there before it was indexed, or before the agent looked things up.
    const index = yield* Effect.either(Indexing.index(needs, entry.id, Agents.embeddingModels(now.json)))
    if (index._tag === "Right") return yield* putBackOne(needs, target, entry, lost, memory, true)
    return Fault.isRetryable(index.left) || index.left.kind === "timed-out"
      ? yield* index.left
      : yield* leftOut(target, entry, index.left)
  })

const leftOut = (target: Target, { id }: Agents.Entry, fault: Fault.Fault): Effect.Effect<null> =>
  Effect.as(
    Effect.logWarning(
      `document ${id}, which somebody else put there, could not be put back with ${
        AgentSave.nameOf(target)
      }: ${fault.message}`
    ),
    null
  )

/** What became of all of it, and of each change. */
interface Attached {
  readonly all: Exit.Exit<void, Fault.Fault>
  readonly exits: ReadonlyArray<Exit.Exit<void, Fault.Fault>>
}

/** Where one document is at fault, the others need not be: it is looked for by halves. */
const each = (
  needs: Needs,
  target: Target,
  changes: ReadonlyArray<AgentChange.AgentChange>,
  memory: AgentSave.Memory
): Effect.Effect<Attached> =>
  Effect.exit(attach(needs, target, changes, memory)).pipe(
    Effect.tap((all) =>
      Effect.sync(() => {
        memory.isSettled = Exit.isSuccess(all)
        if (!memory.isSettled) memory.seen = undefined
      })
    ),
    Effect.flatMap((all) => {
      if (changes.length < 2 || !isRefusal(all)) return Effect.succeed({ all, exits: changes.map(() => all) })
      const middle = changes.length >> 1
      return Effect.zipWith(
        each(needs, target, changes.slice(0, middle), memory),
        each(needs, target, changes.slice(middle), memory),
        (left, right) => ({ all, exits: [...left.exits, ...right.exits] })
      )
    })
  )

const isRefusal = (exit: Exit.Exit<void, Fault.Fault>): boolean =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" && isRefused(exit.cause.error)

/** The API looked at what was sent and did not like it. */
const isRefused = ({ code, kind }: Fault.Fault): boolean =>
  kind === "invalid" || code === "index-not-ready" || code === "document-not-found"

/** `null`: only what is to be put back. */
type Item = AgentChange.AgentChange | null

const isChange = (item: Item): item is AgentChange.AgentChange => item !== null

/**
 * @since 0.1.0
 * @category models
 */
export interface Attaching {
  readonly attach: Attach
  /** Puts back what an earlier save overwrote, if that is still to be done. Asks only the journal where it is not. */
  readonly restore: (target: Target) => Effect.Effect<void, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (needs: Needs): Attaching => {
  const targets = new Map<string, (item: Item) => Effect.Effect<void, Fault.Fault>>()
  const of = (target: Target) => {
    const key = AgentSave.keyOf(target)
    const found = targets.get(key)
    if (found !== undefined) return found
    const memory: AgentSave.Memory = { isSettled: false, seen: undefined }
    const isExpected = (waiting: number) => waiting < needs.attachBatch && needs.coming.count > 0
    const gathered = Together.gathered(patience, isExpected)
    // What goes wrong with it is told when it is needed.
    const seen = Effect.ignore(AgentSave.recent(needs, target, memory))
    const made = Together.make<Item, void, Fault.Fault>({
      size: (waiting) => sizeOf(waiting, needs.attachBatch),
      // Before the first save the agent is read while that is gathered; later on it was read with the last one.
      ready: (waiting) =>
        memory.seen === undefined && isExpected(waiting())
          ? Effect.zipLeft(gathered(waiting), seen, { concurrent: true })
          : gathered(waiting),
      run: (items) => {
        const changes = AgentChange.inOrder(items.filter(isChange))
        return Effect.map(
          each(needs, target, changes, memory),
          ({ all, exits }) => items.map((item) => isChange(item) ? exits[changes.indexOf(item)] ?? all : all)
        )
      }
    })
    targets.set(key, made)
    return made
  }
  return {
    attach: (target, change) => of(target)(change),
    restore: (target) =>
      Effect.flatMap(
        AgentSave.mayBeUnfinished(needs, target),
        (may) => may ? of(target)(null) : Effect.void
      )
  }
}
