/**
 * What one does with the knowledge bases of sites. The command and an embedding program call these.
 *
 * Every operation compares the files, what is recorded and what is there, and does the difference. So running the same
 * operation again is the recovery from any crash, lost reply or interruption.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Fault from "../../kernel/Fault.ts"
import type { Journal } from "../../kernel/Journal.ts"
import * as Logging from "../../observe/Logging.ts"
import * as Progress from "../../observe/Progress.ts"
import type { Client } from "./Client.ts"
import type * as Plan from "./plan/Plan.ts"
import type { Report, SiteInventory, SiteReport, SiteStatus } from "./Report.ts"
import * as Reports from "./Report.ts"
import * as Assign from "./run/Assign.ts"
import * as Inventory from "./run/Inventory.ts"
import * as Records from "./run/Records.ts"
import * as Removal from "./run/Removal.ts"
import * as SiteSync from "./run/SiteSync.ts"
import { StateFiles } from "./run/StateFiles.ts"
import * as Work from "./run/Work.ts"
import * as Site from "./site/Site.ts"
import * as Sites from "./site/Sites.ts"
import type * as State from "./state/State.ts"

/**
 * What operations need.
 *
 * @since 0.1.0
 * @category models
 */
export type Needs = Client | Journal | SiteSync.Needs

/**
 * @since 0.1.0
 * @category models
 */
export type Target = SiteSync.Target

/**
 * @since 0.1.0
 * @category models
 */
export interface PlanOptions extends Work.Options {
  /** Defaults to what each site says. */
  readonly strategy?: Plan.Strategy | undefined
  /** Sends every file again, changed or not. Defaults to `false`. */
  readonly force?: boolean | undefined
  /** How many files of a site may lose their documents. Defaults to half of them. */
  readonly maxDelete?: Plan.MaxDelete | undefined
  /** Sites at once. Defaults to 8. The API's own limit holds below. */
  readonly sites?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SyncOptions extends PlanOptions {
  /** Files of a site that are sent, or about to be, at once. Defaults to 24. The API's own limit holds below. */
  readonly parallel?: number | undefined
  /** How long to wait for a site that another process works on. Defaults to 30 seconds. */
  readonly lockTimeout?: Duration.DurationInput | undefined
  /**
   * Called at the end of cleaning up when the operation is interrupted, with what is known of every site then. An
   * interrupted effect has no value, so this is how its report gets out.
   */
  readonly onInterrupted?: ((report: Report) => Effect.Effect<void>) | undefined
}

const optionsOf = (options: SyncOptions): SiteSync.Options => ({
  strategy: options.strategy,
  force: options.force ?? false,
  maxDelete: options.maxDelete,
  concurrency: Math.max(1, options.parallel ?? 24),
  lockTimeout: options.lockTimeout ?? "30 seconds"
})

/**
 * @since 0.1.0
 * @category models
 */
export interface TargetOptions {
  /** Only these sites: URLs, hosts or slugs. Defaults to all. One that is not configured, or may be several, is refused. */
  readonly only?: ReadonlyArray<string> | undefined
  /** The folder of the folders of the sites. Defaults to `out`. */
  readonly root?: string | undefined
  /** The folder of the state files. Defaults to `config/elevenlabs`. */
  readonly states?: string | undefined
}

const unresolved = (resolution: Exclude<Site.Resolution, { readonly _tag: "Known" }>): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "elevenlabs",
    operation: "ElevenLabs.sites",
    subject: `site ${resolution.key}`,
    sent: "no",
    code: resolution._tag === "Ambiguous" ? "ambiguous-site" : "unknown-site",
    detail: resolution._tag === "Ambiguous"
      ? `it may be ${resolution.candidates.map(({ host }) => host).join(" or ")}`
      : resolution.reason,
    hint: resolution._tag === "Ambiguous" ? "name its host" : "name one of the sites file"
  })

/**
 * The configured sites that are asked for, with their folders and state files.
 *
 * @since 0.1.0
 * @category constructors
 */
export const targets = (
  specs: ReadonlyArray<Sites.SiteSpec>,
  options: TargetOptions = {}
): Effect.Effect<ReadonlyArray<Target>, Fault.Fault, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const { only, root = "out", states = "config/elevenlabs" } = options
    const files = yield* FileSystem.FileSystem
    const configured = specs.map(({ site }) => site)
    const hosts = new Set(
      yield* Effect.forEach(only ?? configured.map(({ host }) => host), (key) => {
        const resolution = Site.resolve(key, configured)
        return resolution._tag === "Known" ? Effect.succeed(resolution.site.host) : Effect.fail(unresolved(resolution))
      })
    )
    // A folder that is not there is said to be missing when its site's turn comes.
    const existing = new Set(yield* Effect.orElseSucceed(files.readDirectory(root), (): Array<string> => []))
    return yield* Effect.forEach(specs.filter(({ site }) => hosts.has(site.host)), (spec) =>
      Effect.map(Sites.folderOf(spec, specs, { existing, root }), (folder): Target => ({
        ...spec,
        folder,
        state: `${states}/${spec.site.slug}.json`
      })))
  })

/** One fiber a site. */
const eachSite = <R>(
  targets: ReadonlyArray<Target>,
  options: PlanOptions,
  f: (target: Target, shared: Work.Shared) => Effect.Effect<SiteReport, never, R>
): Effect.Effect<Report, never, R | Client | Journal> =>
  Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const shared = yield* Work.shared(options)
    const sites = yield* Effect.forEach(targets, (target) => f(target, shared), {
      concurrency: Math.max(1, options.sites ?? 8)
    })
    return { sites, durationMillis: (yield* Clock.currentTimeMillis) - begun }
  }).pipe(Logging.forSystem("elevenlabs"))

/**
 * What sync would do. Changes nothing.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = (
  targets: ReadonlyArray<Target>,
  options: PlanOptions = {}
): Effect.Effect<Report, never, Needs> =>
  eachSite(targets, options, (target, shared) => SiteSync.plan(shared, target, optionsOf(options))).pipe(
    Effect.withSpan("ElevenLabs.plan")
  )

/** So that sites are shown in the order in which they were asked for. */
const waits = (site: string): Effect.Effect<void> => Progress.report({ item: site, state: "waiting", phase: "waiting" })

/** Of a site on which no work was begun, nobody else tells. */
const stopped = ({ outcome: { _tag }, site }: SiteReport): Effect.Effect<void> =>
  _tag === "Refused" || _tag === "Failed"
    ? Progress.report({ item: site, state: "failed", phase: _tag.toLowerCase() })
    : Effect.void

/** Works on many sites at once, and tells how far it got if it is cut short. */
const carryOut = (
  verb: string,
  targets: ReadonlyArray<Target>,
  options: SyncOptions,
  see: (target: Target, shared: Work.Shared) => SiteSync.Course["see"]
): Effect.Effect<Report, never, Needs> =>
  Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const reached = yield* Ref.make<ReadonlyMap<string, SiteReport>>(new Map())
    const keep = (report: SiteReport) => Ref.update(reached, (sites) => new Map(sites).set(report.site, report))
    const { onInterrupted = () => Effect.void } = options
    yield* Effect.forEach(targets, ({ site }) => waits(site.host), { discard: true })
    return yield* eachSite(targets, options, (target, shared) =>
      SiteSync.carryOut(target, optionsOf(options), { verb, see: see(target, shared), onInterrupted: keep }).pipe(
        Effect.tap(keep),
        Effect.tap(stopped)
      )).pipe(
        Effect.onInterrupt(() =>
          Effect.zipWith(Ref.get(reached), Clock.currentTimeMillis, (sites, now): Report => ({
            sites: targets.map(({ site }) =>
              sites.get(site.host) ?? Reports.unseen(site.host, { _tag: "NotStarted" })
            ),
            durationMillis: now - begun
          })).pipe(Effect.flatMap(onInterrupted))
        )
      )
  }).pipe(Effect.withSpan(`ElevenLabs.${verb}`))

/**
 * Makes the documents of the sites, and what their agents know, as the files are. What fails for one document or one site
 * is in the report; the others go ahead.
 *
 * @since 0.1.0
 * @category operations
 */
export const sync = (
  targets: ReadonlyArray<Target>,
  options: SyncOptions = {}
): Effect.Effect<Report, never, Needs> =>
  carryOut(
    "sync",
    targets,
    options,
    (target, shared) => SiteSync.look(shared, target, optionsOf(options))
  )

/**
 * Gives the agents of the sites what they lack of them. Sends no file.
 *
 * @since 0.1.0
 * @category operations
 */
export const assign = (
  targets: ReadonlyArray<Target>,
  options: SyncOptions = {}
): Effect.Effect<Report, never, Needs> =>
  carryOut(
    "assign",
    targets,
    options,
    (target, shared) => Assign.look(shared, target, optionsOf(options))
  )

/**
 * @since 0.1.0
 * @category models
 */
export interface RemoveOptions extends SyncOptions {
  /** Of these files, in each of the sites. Defaults to all. A file that no document is recorded of is refused. */
  readonly files?: ReadonlyArray<string> | undefined
}

/**
 * Takes the documents of the sites from their agents and from the workspace. The files stay, and the next sync would send
 * them again.
 *
 * @since 0.1.0
 * @category operations
 */
export const remove = (
  targets: ReadonlyArray<Target>,
  options: RemoveOptions = {}
): Effect.Effect<Report, never, Needs> =>
  carryOut("remove", targets, options, (target, shared) => Removal.look(shared, target, options.files))

/**
 * Every document in the folders of the sites, and those that are recorded elsewhere.
 *
 * @since 0.1.0
 * @category operations
 */
export const list = (
  targets: ReadonlyArray<Target>
): Effect.Effect<ReadonlyArray<SiteInventory>, Fault.Fault, Needs> =>
  Effect.flatMap(
    Work.shared(),
    (shared) => Effect.forEach(targets, (target) => Inventory.look(shared, target), { concurrency: 8 })
  ).pipe(
    Logging.forSystem("elevenlabs"),
    Effect.withSpan("ElevenLabs.list")
  )

/**
 * Who works on a site now, in words; `undefined` where nobody does.
 *
 * @since 0.1.0
 * @category accessors
 */
export const holderOf = ({ state }: Pick<Target, "state">): Effect.Effect<string | undefined> =>
  Effect.flatMap(StateFiles, (files) => files.inspect(state)).pipe(
    Effect.map(({ held, holder }) =>
      held
        ? Option.match(holder, {
          onNone: () => "another process",
          onSome: ({ host, pid, purpose, since }) => `process ${pid} on ${host} since ${since} (${purpose})`
        })
        : undefined
    ),
    // There is no folder for it yet, so nobody works there.
    Effect.orElseSucceed(() => undefined)
  )

/**
 * What sync would do, what there is, and who works on it. Changes nothing.
 *
 * @since 0.1.0
 * @category operations
 */
export const status = (
  targets: ReadonlyArray<Target>,
  options: PlanOptions = {}
): Effect.Effect<ReadonlyArray<SiteStatus>, never, Needs> =>
  Effect.gen(function*() {
    const shared = yield* Work.shared(options)
    return yield* Effect.forEach(targets, (target) =>
      Effect.gen(function*() {
        const planned = yield* SiteSync.plan(shared, target, optionsOf(options))
        const inventory = yield* Effect.either(Inventory.look(shared, target))
        return {
          site: target.site.host,
          plan: planned,
          inventory: Either.isRight(inventory) ? inventory.right : { fault: inventory.left },
          lockedBy: yield* holderOf(target)
        }
      }), { concurrency: Math.max(1, options.sites ?? 8) })
  }).pipe(Logging.forSystem("elevenlabs"), Effect.withSpan("ElevenLabs.status"))

/**
 * @since 0.1.0
 * @category models
 */
export interface RecordOptions {
  /** Tells what it would do and writes nothing. Defaults to `false`. */
  readonly dryRun?: boolean | undefined
  /** How long to wait for a site that another process works on. Defaults to 30 seconds. */
  readonly lockTimeout?: Duration.DurationInput | undefined
}

const lockOf = ({ lockTimeout = "30 seconds" }: RecordOptions) => ({ lockTimeout })

/**
 * Takes over the one state file of the older tool, for the sites it tells of. It is left as it is.
 *
 * @since 0.1.0
 * @category operations
 */
export const migrate = (
  legacy: string,
  targets: ReadonlyArray<Target>,
  options: RecordOptions = {}
): Effect.Effect<
  { readonly sites: ReadonlyArray<Records.Migrated>; readonly problems: ReadonlyArray<State.Problem> },
  Fault.Fault,
  SiteSync.Needs
> => Records.migrate(legacy, targets, lockOf(options), options.dryRun ?? false)

/**
 * Mends the state files of the sites. No document id is lost.
 *
 * @since 0.1.0
 * @category operations
 */
export const repair = (
  targets: ReadonlyArray<Target>,
  options: RecordOptions = {}
): Effect.Effect<ReadonlyArray<Records.Repaired>, Fault.Fault, SiteSync.Needs> =>
  Effect.forEach(targets, (target) => Records.repair(target, lockOf(options), options.dryRun ?? false))

/**
 * Makes the records of the sites anew from what is there.
 *
 * @since 0.1.0
 * @category operations
 */
export const rebuild = (
  targets: ReadonlyArray<Target>,
  options: RecordOptions = {}
): Effect.Effect<ReadonlyArray<State.State>, Fault.Fault, Needs> =>
  Effect.flatMap(
    Work.shared(),
    (shared) =>
      Effect.forEach(targets, (target) => Records.rebuild(shared, target, lockOf(options), options.dryRun ?? false))
  )
