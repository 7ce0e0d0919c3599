/**
 * Brings one site in step: under its lock, the files, what is recorded and what is there are compared, and the difference
 * is done.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Fault from "../../../kernel/Fault.ts"
import * as FileLock from "../../../store/FileLock.ts"
import * as Scan from "../documents/Scan.ts"
import type * as Model from "../Model.ts"
import type * as Plan from "../plan/Plan.ts"
import * as Reconcile from "../plan/Reconcile.ts"
import type { SiteOutcome, SiteReport } from "../Report.ts"
import type { Site } from "../site/Site.ts"
import * as State from "../state/State.ts"
import * as Execute from "./Execute.ts"
import * as Ledger from "./Ledger.ts"
import * as Remote from "./Remote.ts"
import type * as Work from "./Work.ts"

/**
 * A site, where its files are and who shall know them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Target {
  readonly site: Site
  /** The folder of its files. */
  readonly folder: string
  /** The file of what is recorded of it. */
  readonly state: string
  /** Agents that shall know every document of it. */
  readonly agents: ReadonlyArray<string>
  /** How agents use what they did not name before. Defaults to `auto`. */
  readonly usageMode?: "auto" | "prompt" | undefined
  /** Defaults to `swap`. */
  readonly strategy?: Plan.Strategy | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Instead of what the sites say. */
  readonly strategy?: Plan.Strategy | undefined
  readonly force: boolean
  readonly maxDelete: Plan.MaxDelete | undefined
  /** Files of a site at once. */
  readonly concurrency: number
  readonly lockTimeout: Duration.DurationInput
}

/**
 * @since 0.1.0
 * @category models
 */
export type Needs = FileSystem.FileSystem | Path.Path

interface Seen {
  readonly work: Work.Work
  readonly plan: Plan.Plan
  readonly remote: Remote.Remote
  readonly refused: ReadonlyArray<Scan.Refused>
}

const shown = (isInFolder: boolean) => ({ id, metadata, name, type }: Model.Document): Plan.RemoteDocument => ({
  id,
  name,
  type,
  isInFolder,
  createdAt: metadata.createdAt,
  updatedAt: metadata.updatedAt
})

/** Only reads. */
const look = (
  shared: Work.Shared,
  target: Target,
  options: Options
): Effect.Effect<Seen, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const { agents, folder, site, state, usageMode = "auto" } = target
    const recorded = yield* Ledger.read(state, site.host)
    const disk = yield* Scan.collect({
      folder,
      md5: (file) => State.entryOf(recorded, file)?.hash?.startsWith("md5:") === true
    })
    const work: Work.Work = { ...shared, site, agents, usageMode, ledger: Ledger.make(state, recorded) }
    const remote = yield* Remote.observe(work)
    const plan = Reconcile.plan({
      site: site.host,
      disk,
      recorded,
      remote: { documents: [...remote.inFolder.map(shown(true)), ...remote.elsewhere.map(shown(false))], agents: [] },
      strategy: options.strategy ?? target.strategy,
      force: options.force,
      maxDelete: options.maxDelete
    })
    return { work, plan, remote, refused: disk.refused }
  })

const isChange = ({ _tag }: Plan.Action): boolean => _tag !== "Keep" && _tag !== "Hold"

/** An agent that is not there is noticed before anything is changed. */
const agentsAreThere = ({ plan, work }: Seen): Effect.Effect<void, Fault.Fault> =>
  plan.actions.some(isChange)
    ? Effect.forEach(work.agents, (agent) => work.agent({ agent, branch: null }), { concurrency: 4, discard: true })
    : Effect.void

const reportOf = (
  { plan, refused, work }: Seen,
  outcome: SiteOutcome,
  documents: SiteReport["documents"]
): SiteReport => ({
  site: work.site.host,
  outcome,
  documents,
  refused: refused.map(({ fault, file }) => ({ file, fault })),
  drift: plan.drift,
  pendingDelete: work.ledger.now().pendingDelete
})

const nothing = ({ site }: Target, outcome: SiteOutcome): SiteReport => ({
  site: site.host,
  outcome,
  documents: [],
  refused: [],
  drift: [],
  pendingDelete: []
})

const failed = (target: Target) => (fault: Fault.Fault): Effect.Effect<SiteReport> =>
  Effect.as(Effect.logError(fault.message), nothing(target, { _tag: "Failed", fault }))

const refusedOr = (seen: Seen, outcome: SiteOutcome): SiteOutcome =>
  seen.plan.refusals.length === 0 ? outcome : { _tag: "Refused", refusals: seen.plan.refusals }

/**
 * What would be done. Changes nothing.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = (
  shared: Work.Shared,
  target: Target,
  options: Options
): Effect.Effect<SiteReport, never, Needs> =>
  look(shared, target, options).pipe(
    Effect.map((seen) => reportOf(seen, refusedOr(seen, { _tag: "NotStarted" }), Execute.notStarted(seen.plan))),
    Effect.catchAll(failed(target)),
    Effect.annotateLogs("site", target.site.host)
  )

/**
 * @param onInterrupted Told how far it got. An interrupted effect has no value, so this is how that gets out.
 * @since 0.1.0
 * @category operations
 */
export const sync = (
  shared: Work.Shared,
  target: Target,
  options: Options,
  onInterrupted: (report: SiteReport) => Effect.Effect<void>
): Effect.Effect<SiteReport, never, Needs> => {
  const locked = Effect.gen(function*() {
    const seen = yield* look(shared, target, options)
    const board: Execute.Board = yield* Ref.make(Execute.notStarted(seen.plan))
    if (seen.plan.refusals.length > 0) {
      return reportOf(seen, refusedOr(seen, { _tag: "NotStarted" }), yield* Ref.get(board))
    }
    yield* agentsAreThere(seen)
    yield* Execute.execute({ ...seen, board, concurrency: options.concurrency }).pipe(
      Effect.onInterrupt(() =>
        Effect.flatMap(
          Ref.get(board),
          (documents) => onInterrupted(reportOf(seen, { _tag: "Interrupted" }, documents))
        )
      )
    )
    return reportOf(seen, { _tag: "Done" }, yield* Ref.get(board))
  })
  return Ledger.prepare(target.state).pipe(
    Effect.zipRight(
      FileLock.withLock(locked, target.state, {
        purpose: `elevenlabs sync ${target.site.host}`,
        timeout: options.lockTimeout
      })
    ),
    Effect.catchAll(failed(target)),
    Effect.annotateLogs("site", target.site.host),
    Effect.withSpan("ElevenLabs.syncSite", { attributes: { "holdfast.site": target.site.host } })
  )
}
