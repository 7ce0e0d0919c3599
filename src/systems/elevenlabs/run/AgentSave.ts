/**
 * One save of an agent: how it is sent, recognised among the versions of others, and what it overwrote.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { createHash } from "node:crypto"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Json from "../../../kernel/Json.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import type * as Client from "../Client.ts"
import type * as Model from "../Model.ts"
import * as AgentChange from "./AgentChange.ts"
import type { Policies } from "./Policies.ts"

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
 * @since 0.1.0
 * @category models
 */
export interface Needs {
  readonly client: Client.Service
  readonly policies: Policies
  readonly journal: Journal.Service
}

/** How far back a save of ours is looked for. */
const deepest = 20
/** For how long what was read after a save is what would be read before the next. In milliseconds. */
const freshMillis = 250

/**
 * @since 0.1.0
 * @category constants
 */
export const operation = "ElevenLabs.attach"

/**
 * @since 0.1.0
 * @category getters
 */
export const nameOf = ({ agent, branch }: Target): string =>
  branch === null ? `agent ${agent}` : `agent ${agent}, branch ${branch}`

/**
 * The series of its saves in the journal.
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = ({ agent, branch }: Target): string => `elevenlabs/agents/${agent}/${branch ?? "main"}`

/**
 * A version of somebody else that a save of ours followed without having seen it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Lost = Schema.Struct({
  version: Schema.String,
  /** Our save. */
  by: Schema.String,
  /** What that was made from. */
  seen: Schema.String,
  /** What that was to change. */
  changes: Schema.Array(AgentChange.AgentChange)
})

/**
 * @since 0.1.0
 * @category models
 */
export type Lost = typeof Lost.Type

const Intent = Schema.Struct({
  seen: Schema.NullOr(Schema.String),
  changes: Schema.Array(AgentChange.AgentChange),
  /** What it puts back. */
  lost: Schema.optionalWith(Schema.NullOr(Lost), { default: () => null })
})

/**
 * @since 0.1.0
 * @category models
 */
export type Intent = typeof Intent.Type

const decodeIntent = Schema.decodeUnknownOption(Intent)

/** `parent`: what the new version followed; `null` where that is not known. */
const Saved = Schema.Struct({ version: Schema.NullOr(Schema.String), parent: Schema.NullOr(Schema.String) })

/**
 * @since 0.1.0
 * @category models
 */
export type Saved = typeof Saved.Type

const decodeSaved = Schema.decodeUnknownOption(Saved)

/**
 * What is known of an agent from one save of it to the next.
 *
 * @since 0.1.0
 * @category models
 */
export interface Memory {
  /** Nothing of an earlier run, or of a save that went wrong, is left to be put back. */
  isSettled: boolean
  /** As it was read last, and when: in milliseconds, by the fiber's clock. */
  seen: { readonly agent: Model.Agent; readonly at: number } | undefined
}

/** What a version says of itself, so that it is recognised. */
const describe = (intent: Intent): string =>
  `holdfast ${createHash("sha256").update(Json.canonical(intent)).digest("hex").slice(0, 16)}`

/**
 * @param version Defaults to the newest.
 * @since 0.1.0
 * @category accessors
 */
export const read = ({ client, policies }: Needs, { agent, branch }: Target, version?: string) =>
  policies.read(client.agent(agent, version === undefined ? { branch } : { version }))

const again = (needs: Needs, target: Target, memory: Memory): Effect.Effect<Model.Agent, Fault.Fault> =>
  Effect.gen(function*() {
    const agent = yield* read(needs, target)
    memory.seen = { agent, at: yield* Clock.currentTimeMillis }
    return agent
  })

/**
 * As it is now, or was a moment ago: whoever saved it in between is noticed by what the next version followed.
 *
 * @since 0.1.0
 * @category accessors
 */
export const recent = (needs: Needs, target: Target, memory: Memory): Effect.Effect<Model.Agent, Fault.Fault> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    memory.seen !== undefined && now - memory.seen.at <= freshMillis
      ? Effect.succeed(memory.seen.agent)
      : again(needs, target, memory))

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

/** The version that a save of ours made, going back from the tip; `undefined` where it is not found. */
const made = (
  needs: Needs,
  target: Target,
  intent: Intent,
  tip: string | null
): Effect.Effect<{ readonly version: string; readonly parent: string | null } | undefined, Fault.Fault> =>
  Effect.gen(function*() {
    const ours = describe(intent)
    let version = tip
    for (let depth = 0; depth < deepest && version !== null && version !== intent.seen; depth += 1) {
      const found: Model.Version | undefined = yield* versionOf(needs, target, version)
      if (found === undefined) return undefined
      const parent = found.parents.inBranch
      if (found.description === ours) return { version, parent }
      version = parent
    }
    return undefined
  })

/**
 * What a save overwrote; `null` where that is nothing.
 *
 * @since 0.1.0
 * @category getters
 */
export const lostBy = ({ changes, seen }: Intent, { parent, version }: Saved): Lost | null =>
  version === null || parent === null || seen === null || parent === seen
    ? null
    : { version: parent, by: version, seen, changes }

/**
 * What is still to be put back: what the last save overwrote, or was to put back and did not. An earlier run may not have
 * lived to do it.
 *
 * @since 0.1.0
 * @category accessors
 */
export const unfinished = (
  needs: Needs,
  target: Target,
  tip: string | null
): Effect.Effect<Lost | null, Fault.Fault> =>
  Effect.gen(function*() {
    const latest = Option.getOrUndefined(yield* needs.journal.latest(keyOf(target)))
    const intent = latest === undefined ? undefined : Option.getOrUndefined(decodeIntent(latest.entry.intent))
    if (latest === undefined || intent === undefined) return null
    if (latest.entry._tag === "Completed") {
      return Option.match(decodeSaved(latest.entry.result), {
        onNone: () => null,
        onSome: (saved) => lostBy(intent, saved)
      })
    }
    const ours = latest.entry._tag === "Failed" ? undefined : yield* made(needs, target, intent, tip)
    return ours === undefined ? intent.lost : lostBy(intent, ours)
  })

/**
 * Whether something may still have to be put back, as far as the journal tells.
 *
 * @since 0.1.0
 * @category predicates
 */
export const mayBeUnfinished = (needs: Needs, target: Target): Effect.Effect<boolean, Fault.Fault> =>
  Effect.flatMap(
    needs.journal.latest(keyOf(target)),
    (latest) =>
      Option.isSome(latest) && latest.value.entry._tag === "Begun"
        ? Effect.succeed(true)
        : Effect.map(unfinished(needs, target, null), (lost) => lost !== null)
  )

/**
 * Saves it. Of a save whose reply was lost it is read whether it is there; one that puts something back is so only if its
 * version is found, for its own changes may have been there before.
 *
 * @since 0.1.0
 * @category operations
 */
export const save = (
  needs: Needs,
  target: Target,
  intent: Intent,
  body: { readonly [key: string]: Json.Json },
  memory: Memory
): Effect.Effect<Saved, Fault.Fault> => {
  const { client, journal, policies } = needs
  const settle = (intent: Intent) =>
    Effect.gen(function*() {
      memory.seen = undefined
      const now = yield* read(needs, target)
      if (!AgentChange.holds(now.json, intent.changes)) return Mutation.notDone
      const ours = yield* made(needs, target, intent, now.versionId)
      if (ours !== undefined) return Mutation.done<Saved>(ours)
      return intent.lost === null
        ? Mutation.done<Saved>({ version: now.versionId, parent: intent.seen })
        : Mutation.notDone
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
      memory.seen = undefined
      const reading = yield* Effect.fork(Effect.ignore(again(needs, target, memory)))
      // It is saved, whatever becomes of the reads.
      const version = yield* Effect.mapError(
        versionOf(needs, target, saved.versionId),
        (fault) => fault.with({ kind: "transient", sent: "maybe" })
      )
      yield* Fiber.join(reading)
      return { version: saved.versionId, parent: version === undefined ? intent.seen : version.parents.inBranch }
    }),
    settle: settle(intent),
    settleEarlier: (earlier) =>
      Option.match(decodeIntent(earlier), {
        onNone: () => Effect.succeed(Mutation.notDone),
        onSome: settle
      })
  }).pipe(Effect.provideService(Journal.Journal, journal))
}
