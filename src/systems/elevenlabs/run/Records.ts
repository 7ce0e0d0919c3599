/**
 * What is done about the records of sites alone: taking over those of an older tool, mending them, and making them anew
 * from what is there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { createHash } from "node:crypto"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import * as Agents from "../Agents.ts"
import * as Name from "../documents/Name.ts"
import type * as Model from "../Model.ts"
import * as LastGood from "../state/LastGood.ts"
import * as Migrate from "../state/Migrate.ts"
import * as Repair from "../state/Repair.ts"
import * as State from "../state/State.ts"
import * as Ledger from "./Ledger.ts"
import * as Remote from "./Remote.ts"
import * as SiteSync from "./SiteSync.ts"
import { StateFiles } from "./StateFiles.ts"
import type * as Work from "./Work.ts"

type Place = Pick<SiteSync.Target, "site" | "state">

/**
 * @since 0.1.0
 * @category models
 */
export interface Migrated {
  readonly site: string
  /** How many files have a record now. */
  readonly files: number
  /** How many documents no record leads to. */
  readonly orphans: number
}

const unusable = (path: string, detail: string, cause?: unknown): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "elevenlabs",
    operation: "ElevenLabs.migrate",
    subject: path,
    code: "legacy-state",
    sent: "no",
    detail,
    hint: "Name the one file in which the older tool keeps its state",
    ...(cause === undefined ? {} : { cause })
  })

const textOf = (path: string) => Effect.flatMap(StateFiles, (files) => files.read(path))

const legacyOf = (path: string): Effect.Effect<unknown, Fault.Fault> =>
  Effect.flatMap(textOf(path), (text) =>
    Option.isNone(text)
      ? unusable(path, "there is no such file")
      : Effect.try({
        try: (): unknown => JSON.parse(text.value),
        catch: (cause) => unusable(path, "it is no JSON", cause)
      }))

/**
 * Takes over the one file of the older tool. That is left as it is; to do it again changes nothing.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate = (
  path: string,
  targets: ReadonlyArray<Place>,
  options: Pick<SiteSync.Options, "lockTimeout">,
  dryRun: boolean
): Effect.Effect<
  { readonly sites: ReadonlyArray<Migrated>; readonly problems: ReadonlyArray<State.Problem> },
  Fault.Fault,
  SiteSync.Needs
> =>
  Effect.gen(function*() {
    const legacy = yield* legacyOf(path)
    const configured = targets.map(({ site }) => site)
    const { problems, states } = Migrate.legacy(legacy, configured)
    const concerned = targets.filter(({ site }) => states.some((state) => state.site === site.host))
    const sites = yield* Effect.forEach(concerned, (target) => {
      const one = Effect.gen(function*() {
        const current = yield* Ledger.read(target.state, target.site.host)
        const state = Migrate.legacy(legacy, configured, [current]).states.find(({ site }) => site === target.site.host)
        if (state !== undefined && !dryRun) yield* Ledger.write(target.state, state)
        const { documents, orphans } = state ?? current
        return { site: target.site.host, files: Object.keys(documents).length, orphans: orphans.length }
      })
      return dryRun ? one : SiteSync.locked(target, options, "migrate", one)
    })
    return { sites, problems }
  }).pipe(Effect.withSpan("ElevenLabs.migrate"))

/**
 * @since 0.1.0
 * @category models
 */
export interface Repaired {
  readonly site: string
  readonly repairs: Repair.Repaired["repairs"]
}

/**
 * Mends the state file of a site. What could not be read is in its quarantine, and no document id is lost.
 *
 * @since 0.1.0
 * @category operations
 */
export const repair = (
  target: Place,
  options: Pick<SiteSync.Options, "lockTimeout">,
  dryRun: boolean
): Effect.Effect<Repaired, Fault.Fault, SiteSync.Needs> => {
  const host = target.site.host
  const one = Effect.gen(function*() {
    const text = yield* textOf(target.state)
    if (Option.isNone(text)) return { site: host, repairs: [] }
    const { repairs, state } = yield* mended(target.state, text.value, host)
    if (repairs.length > 0 && !dryRun) yield* Ledger.write(target.state, state)
    return { site: host, repairs }
  }).pipe(Effect.withSpan("ElevenLabs.repair"))
  return dryRun ? one : SiteSync.locked(target, options, "repair", one)
}

/** A last good copy that cannot be read is no reason to mend nothing. */
const mended = (path: string, text: string, host: string): Effect.Effect<Repair.Repaired, Fault.Fault> =>
  Effect.gen(function*() {
    const files = yield* StateFiles
    const repaired = Repair.text(text, host)
    if (Either.isLeft(repaired)) return yield* State.toFault(path, repaired.left)
    const copy = yield* Effect.orElseSucceed(files.readLastGood(path), Option.none<string>)
    return Option.match(copy, {
      onNone: () => repaired.right,
      onSome: (copy) => LastGood.recall(repaired.right, copy)
    })
  })

/** What can be read of the old record: its ids are kept, whatever else is wrong with it. */
const salvaged = (path: string, host: string): Effect.Effect<State.State, Fault.Fault> =>
  Effect.flatMap(textOf(path), (text) => {
    if (Option.isNone(text)) return Effect.succeed(State.empty(host))
    return Effect.map(mended(path, text.value, host), ({ state }) => state)
  })

const entryOf = (
  { client, policies }: Work.Shared,
  { id, metadata, name }: Model.Document
): Effect.Effect<State.Entry, Fault.Fault> =>
  Effect.map(policies.read(client.source(id)), (content) => ({
    documentId: id,
    name,
    hash: createHash("sha256").update(content).digest("hex"),
    size: content.length,
    uploadedAt: new Date(metadata.createdAt * 1000).toISOString()
  }))

/**
 * Makes the record of a site anew from the documents in its folder. Of several of one file, that which an agent names is
 * taken, then the newest; the others are noted, and the next sync sees to them. Contents are downloaded, because a name
 * tells only the beginning of a hash.
 *
 * @since 0.1.0
 * @category operations
 */
export const rebuild = (
  shared: Work.Shared,
  target: SiteSync.Target,
  options: Pick<SiteSync.Options, "lockTimeout">,
  dryRun: boolean
): Effect.Effect<State.State, Fault.Fault, SiteSync.Needs> => {
  const { agents, site, state: path } = target
  const one = Effect.gen(function*() {
    const old = yield* salvaged(path, site.host)
    const blank = State.empty(site.host)
    const remote = yield* Remote.observe({ ...shared, site, ledger: Ledger.make(path, blank) })
    const named = new Set(
      (yield* Effect.forEach(agents, (agent) => shared.agent({ agent, branch: null }))).flatMap((agent) => [
        ...Agents.documents(agent)
      ])
    )
    const chosen = new Map<string, Model.Document>()
    // The oldest first: a later one takes its place, unless only the earlier one is named.
    for (const document of remote.inFolder) {
      const file = Name.parse(document.name)?.file
      const before = file === undefined ? undefined : chosen.get(file)
      if (file === undefined || before !== undefined && named.has(before.id) && !named.has(document.id)) continue
      chosen.set(file, document)
    }
    const entries = yield* Effect.forEach(
      chosen,
      ([file, document]) => Effect.map(entryOf(shared, document), (entry) => [file, entry] as const),
      { concurrency: 4 }
    )
    const rebuilt = State.change(old, {
      folderId: remote.folder,
      documents: Object.fromEntries(entries),
      orphans: [...old.orphans, ...Object.values(old.documents).map(({ documentId }) => documentId)]
    })
    if (!dryRun) yield* Ledger.write(path, rebuilt)
    return rebuilt
  }).pipe(Effect.withSpan("ElevenLabs.rebuild"))
  return dryRun ? one : SiteSync.locked(target, options, "rebuild", one)
}
