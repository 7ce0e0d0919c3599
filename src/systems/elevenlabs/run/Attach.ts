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
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Json from "../../../kernel/Json.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Agents from "../Agents.ts"
import type * as Client from "../Client.ts"
import type * as Model from "../Model.ts"
import * as AgentChange from "./AgentChange.ts"
import type { Policies } from "./Policies.ts"
import * as Together from "./Together.ts"

/**
 * The tip of a branch of an agent; `null` is the main one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly agent: string
  readonly branch: string | null
}

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
export interface Needs {
  readonly client: Client.Service
  readonly policies: Policies
  readonly journal: Journal.Service
  /** How many documents are changed by one save of an agent at most. */
  readonly attachBatch: number
}

/** How often somebody else may get in between. */
const tries = 5
/** How far back an overwritten version is looked for. */
const deepest = 20

const operation = "ElevenLabs.attach"

const nameOf = ({ agent, branch }: Target): string =>
  branch === null ? `agent ${agent}` : `agent ${agent}, branch ${branch}`

const keyOf = ({ agent, branch }: Target): string => `elevenlabs/agents/${agent}/${branch ?? "main"}`

const Intent = Schema.Struct({ seen: Schema.NullOr(Schema.String), changes: Schema.Array(AgentChange.AgentChange) })
type Intent = typeof Intent.Type

/** `parent`: what the new version followed; `null` where that is not known. */
const Saved = Schema.Struct({ version: Schema.NullOr(Schema.String), parent: Schema.NullOr(Schema.String) })
type Saved = typeof Saved.Type

/** What a version says of itself, so that it is recognised. */
const describe = (intent: Intent): string =>
  `holdfast ${createHash("sha256").update(Json.canonical(intent)).digest("hex").slice(0, 16)}`

const read = ({ client, policies }: Needs, { agent, branch }: Target, version?: string) =>
  policies.read(client.agent(agent, version === undefined ? { branch } : { version }))

/** `undefined` where the API does not tell. */
const versionOf = (
  { client, policies }: Needs,
  { agent }: Target,
  version: string | null
): Effect.Effect<Model.Version | undefined, Fault.Fault> =>
  version === null
    ? Effect.succeed(undefined)
    : policies.read(client.version(agent, version)).pipe(
      Effect.map((found): Model.Version | undefined => found),
      Effect.catchIf(
        ({ kind }) => kind === "not-found" || kind === "denied" || kind === "invalid",
        () => Effect.succeed(undefined)
      )
    )

/** What a save of ours overwrote without having seen it, and that save, going back from the tip. */
const overwritten = (
  needs: Needs,
  target: Target,
  intent: Intent,
  tip: string | null
): Effect.Effect<{ readonly version: string; readonly by: string } | undefined, Fault.Fault> =>
  Effect.gen(function*() {
    const ours = describe(intent)
    let version = tip
    for (let depth = 0; depth < deepest && version !== null && version !== intent.seen; depth += 1) {
      const found: Model.Version | undefined = yield* versionOf(needs, target, version)
      if (found === undefined) return undefined
      const parent = found.parents.inBranch
      if (found.description === ours) {
        return parent === null || parent === intent.seen ? undefined : { version: parent, by: version }
      }
      version = parent
    }
    return undefined
  })

const save = (
  needs: Needs,
  target: Target,
  intent: Intent,
  body: { readonly [key: string]: Json.Json }
): Effect.Effect<Saved, Fault.Fault> => {
  const { client, journal, policies } = needs
  const settle = ({ changes, seen }: Intent) =>
    Effect.gen(function*() {
      const now = yield* read(needs, target)
      if (!AgentChange.holds(now.json, changes)) return Mutation.notDone
      const lost = yield* overwritten(needs, target, { changes, seen }, now.versionId)
      return Mutation.done<Saved>({ version: lost?.by ?? now.versionId, parent: lost?.version ?? seen })
    })
  return Mutation.next({
    series: keyOf(target),
    operation,
    system: "elevenlabs",
    subject: nameOf(target),
    intent,
    result: Saved,
    actsWithin: "5 seconds",
    // Until it is known what it followed, it is not done: who comes after a crash looks it up.
    send: Effect.gen(function*() {
      const saved = yield* policies.change(
        client.patchAgent(target.agent, { branch: target.branch, body, description: describe(intent) })
      )
      const version = yield* versionOf(needs, target, saved.versionId)
      return { version: saved.versionId, parent: version === undefined ? intent.seen : version.parents.inBranch }
    }),
    settle: settle(intent),
    settleEarlier: (earlier) =>
      Option.match(Schema.decodeUnknownOption(Intent)(earlier), {
        onNone: () => Effect.succeed(Mutation.notDone),
        onSome: settle
      })
  }).pipe(Effect.provideService(Journal.Journal, journal))
}

const busy = (target: Target): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "elevenlabs",
    operation,
    subject: nameOf(target),
    code: "agent-busy",
    detail: `somebody else changed it again and again while its documents were changed`,
    remote: "the old document is still there",
    hint: "run the same command again when nobody edits the agent"
  })

/** The agent as it should be: what an earlier run overwrote, and did not live to put back, is in it. */
const unfinished = (needs: Needs, target: Target, now: Model.Agent): Effect.Effect<Json.Json, Fault.Fault> =>
  Effect.gen(function*() {
    const latest = Option.getOrUndefined(yield* needs.journal.latest(keyOf(target)))
    if (latest === undefined || latest.entry._tag === "Failed") return now.json
    const intent = Option.getOrUndefined(Schema.decodeUnknownOption(Intent)(latest.entry.intent))
    if (intent === undefined) return now.json
    const lost = yield* overwritten(needs, target, intent, now.versionId)
    if (lost === undefined) return now.json
    const theirs = AgentChange.apply((yield* read(needs, target, lost.version)).json, intent.changes)
    if (now.versionId === lost.by) return theirs
    return AgentChange.rebase((yield* read(needs, target, lost.by)).json, theirs, now.json, [])
  })

/** What was wanted, where somebody else had saved before us and perhaps after us as well. */
const together = (
  needs: Needs,
  target: Target,
  changes: ReadonlyArray<AgentChange.AgentChange>,
  { before, now, parent, version, wanted }: {
    readonly before: Json.Json
    readonly wanted: Json.Json
    readonly version: string
    readonly parent: string
    readonly now: Model.Agent
  }
): Effect.Effect<Json.Json, Fault.Fault> =>
  Effect.gen(function*() {
    yield* Effect.logWarning(`${nameOf(target)} was saved by somebody else meanwhile; their change is put back`)
    const theirs = yield* read(needs, target, parent)
    const both = AgentChange.rebase(before, wanted, theirs.json, changes)
    if (now.versionId === version) return both
    const ours = yield* read(needs, target, version)
    return AgentChange.rebase(ours.json, both, now.json, changes)
  })

const attach = (
  needs: Needs,
  target: Target,
  changes: ReadonlyArray<AgentChange.AgentChange>,
  isKnown: boolean
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    let now = yield* read(needs, target)
    let wanted = AgentChange.apply(isKnown ? now.json : yield* unfinished(needs, target, now), changes)
    for (let attempt = 0; attempt < tries; attempt += 1) {
      const before = now
      const body = Agents.patch(before.json, wanted)
      if (body === undefined) return
      const saved = yield* save(needs, target, { seen: before.versionId, changes }, body).pipe(
        Effect.map((saved): Saved | undefined => saved),
        // What an earlier run had begun has happened after all.
        Effect.catchIf((fault) => fault.code === "earlier-done", () => Effect.succeed(undefined))
      )
      now = yield* read(needs, target)
      if (saved === undefined) wanted = AgentChange.apply(yield* unfinished(needs, target, now), changes)
      else if (saved.version === null || saved.parent === null || saved.parent === before.versionId) {
        wanted = AgentChange.apply(now.json, changes)
      } else {
        const { parent, version } = saved
        wanted = yield* together(needs, target, changes, { before: before.json, wanted, version, parent, now })
      }
    }
    if (Agents.patch(now.json, wanted) !== undefined) return yield* busy(target)
  }).pipe(
    Effect.withSpan(operation, {
      attributes: { "holdfast.agent": target.agent, "holdfast.documents": changes.length }
    })
  )

/** Where one document is at fault, the others need not be. */
const each = (
  needs: Needs,
  target: Target,
  changes: ReadonlyArray<AgentChange.AgentChange>,
  isKnown: boolean
): Effect.Effect<ReadonlyArray<Exit.Exit<void, Fault.Fault>>> =>
  Effect.flatMap(
    Effect.exit(attach(needs, target, changes, isKnown)),
    (exit) =>
      Exit.isSuccess(exit) || changes.length === 1 || !isRefusal(exit)
        ? Effect.succeed(changes.map(() => exit))
        : Effect.forEach(changes, (change) => Effect.exit(attach(needs, target, [change], false)))
  )

/** The API looked at what was sent and did not like it. */
const isRefusal = (exit: Exit.Exit<void, Fault.Fault>): boolean =>
  Exit.isFailure(exit) && exit.cause._tag === "Fail" &&
  (exit.cause.error.kind === "invalid" || exit.cause.error.code === "index-not-ready" ||
    exit.cause.error.code === "document-not-found")

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (needs: Needs): Attach => {
  const targets = new Map<string, (change: AgentChange.AgentChange) => Effect.Effect<void, Fault.Fault>>()
  const of = (target: Target) => {
    const key = keyOf(target)
    const found = targets.get(key)
    if (found !== undefined) return found
    // Nothing of an earlier run, or of a save that went wrong, is left to be put back.
    let isKnown = false
    const made = Together.make<AgentChange.AgentChange, void, Fault.Fault>({
      most: needs.attachBatch,
      run: (changes) =>
        Effect.tap(each(needs, target, changes, isKnown), (exits) =>
          Effect.sync(() => {
            isKnown = exits.every(Exit.isSuccess)
          }))
    })
    targets.set(key, made)
    return made
  }
  return (target, change) => of(target)(change)
}
