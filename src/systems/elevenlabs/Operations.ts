/**
 * What one does with the knowledge bases of sites. The command and an embedding program call these.
 *
 * Every operation compares the files, what is recorded and what is there, and does the difference. So running the same
 * operation again is the recovery from any crash, lost reply or interruption.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Journal } from "../../kernel/Journal.ts"
import * as Logging from "../../observe/Logging.ts"
import type { Client } from "./Client.ts"
import type * as Plan from "./plan/Plan.ts"
import type { Report, SiteReport } from "./Report.ts"
import * as SiteSync from "./run/SiteSync.ts"
import * as Work from "./run/Work.ts"

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
  /** Files of a site at once. Defaults to 16. The API's own limit holds below. */
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
  concurrency: Math.max(1, options.parallel ?? 16),
  lockTimeout: options.lockTimeout ?? "30 seconds"
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
  Effect.gen(function*() {
    const begun = yield* Clock.currentTimeMillis
    const reached = yield* Ref.make<ReadonlyMap<string, SiteReport>>(new Map())
    const keep = (report: SiteReport) => Ref.update(reached, (sites) => new Map(sites).set(report.site, report))
    const { onInterrupted } = options
    return yield* eachSite(targets, options, (target, shared) =>
      Effect.tap(SiteSync.sync(shared, target, optionsOf(options), keep), keep)).pipe(
        Effect.onInterrupt(() =>
          onInterrupted === undefined ?
            Effect.void :
            Effect.flatMap(Ref.get(reached), (sites) =>
              Effect.flatMap(Clock.currentTimeMillis, (now) =>
                onInterrupted({
                  sites: targets.map(({ site }) =>
                    sites.get(site.host) ?? untouched(site.host)
                  ),
                  durationMillis: now - begun
                })))
        )
      )
  }).pipe(Effect.withSpan("ElevenLabs.sync"))

const untouched = (site: string): SiteReport => ({
  site,
  outcome: { _tag: "NotStarted" },
  documents: [],
  refused: [],
  drift: [],
  pendingDelete: []
})
