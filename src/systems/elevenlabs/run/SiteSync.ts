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
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Scan from "../documents/Scan.ts"
import type * as Model from "../Model.ts"
import type * as Plan from "../plan/Plan.ts"
import * as Reconcile from "../plan/Reconcile.ts"
import type { SiteOutcome, SiteReport } from "../Report.ts"
import * as Reports from "../Report.ts"
import type { Site } from "../site/Site.ts"
import * as State from "../state/State.ts"
import * as Configured from "./Configured.ts"
import * as Deletion from "./Deletion.ts"
import * as Execute from "./Execute.ts"
import * as Ledger from "./Ledger.ts"
import * as Remote from "./Remote.ts"
import * as SiteJournal from "./SiteJournal.ts"
import { StateFiles } from "./StateFiles.ts"
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

/**
 * A site as it was found, and what is to be done about it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seen {
  readonly work: Work.Work
  readonly plan: Plan.Plan
  readonly remote: Remote.Remote
  readonly refused: ReadonlyArray<Scan.Refused>
  readonly skipped: SiteReport["skipped"]
}

/**
 * A site with what is recorded of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (shared: Work.Shared, target: Target): Effect.Effect<Work.Work, Fault.Fault> =>
  Effect.map(Ledger.read(target.state, target.site.host), (recorded) => ({
    ...shared,
    site: target.site,
    agents: target.agents,
    usageMode: target.usageMode ?? "auto",
    ledger: Ledger.make(target.state, recorded, shared.coming),
    delete: Deletion.make(shared, target.site.host),
    namedBy: shared.dependents,
    sending: (send) => send(Effect.void),
    arrived: Effect.void
  }))

const shown = (isInFolder: boolean) => ({ id, metadata, name, type }: Model.Document): Plan.RemoteDocument => ({
  id,
  name,
  type,
  isInFolder,
  createdAt: metadata.createdAt,
  updatedAt: metadata.updatedAt
})

/** What holds a file, wherever it lies. */
const held = (recorded: State.State, { elsewhere, inFolder }: Remote.Remote): ReadonlyArray<Model.Document> => {
  const ids = new Set(Object.values(recorded.documents).map(({ documentId }) => documentId))
  return [...inFolder, ...elsewhere].filter(({ id }) => ids.has(id))
}

/**
 * What sync would have to do, and why. Only reads.
 *
 * @since 0.1.0
 * @category accessors
 */
export const look = (
  shared: Work.Shared,
  target: Target,
  options: Options
): Effect.Effect<Seen, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const work = yield* open(shared, target)
    const recorded = work.ledger.now()
    // Asked for while the files are read. What goes wrong with it is told when it is needed.
    const observing = yield* Effect.fork(Remote.observe(work))
    const agents = yield* Effect.fork(Effect.forEach(
      target.agents,
      (agent) => Effect.ignore(Configured.agent(work, agent)),
      { concurrency: 4, discard: true }
    ))
    const disk = yield* Scan.collect({
      folder: target.folder,
      md5: (file) => State.entryOf(recorded, file)?.hash?.startsWith("md5:") === true
    }).pipe(Effect.onError(() => Fiber.interruptAll([observing, agents])))
    const remote = yield* Fiber.join(observing)
    const plan = Reconcile.plan({
      site: target.site.host,
      disk,
      recorded,
      remote: {
        documents: [...remote.inFolder.map(shown(true)), ...remote.elsewhere.map(shown(false))],
        agents: yield* Configured.views(work, target.agents, held(work.ledger.now(), remote))
      },
      strategy: options.strategy ?? target.strategy,
      force: options.force,
      maxDelete: options.maxDelete
    })
    return { work, plan, remote, refused: disk.refused, skipped: disk.skipped }
  })

const isChange = ({ _tag }: Plan.Action): boolean => _tag !== "Keep" && _tag !== "Hold"

const reportOf = (
  { plan, refused, skipped, work }: Seen,
  outcome: SiteOutcome,
  documents: SiteReport["documents"]
): SiteReport => ({
  site: work.site.host,
  outcome,
  documents,
  refused: refused.map(({ fault, file }) => ({ file, fault })),
  skipped: skipped.map(({ file, reason }) => ({ file, reason })),
  drift: plan.drift,
  pendingDelete: work.ledger.now().pendingDelete
})

const nothing = ({ site }: Target, outcome: SiteOutcome): SiteReport => Reports.unseen(site.host, outcome)

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

/** What saves of ours overwrote and could not put back, perhaps in an earlier run. If it fails, the next run tries again. */
const restore = ({ work }: Seen): Effect.Effect<void> =>
  Effect.forEach(
    work.agents,
    (agent) => Effect.catchAll(work.restore({ agent, branch: null }), (fault) => Effect.logError(fault.message)),
    { concurrency: 4, discard: true }
  )

/** Nothing to do needs no right to do it. */
const execute = (
  seen: Seen,
  board: Execute.Board,
  { concurrency, lockTimeout }: Options
): Effect.Effect<void, Fault.Fault, FileSystem.FileSystem> =>
  seen.plan.actions.some(isChange)
    ? Effect.scopedWith((scope) =>
      Effect.gen(function*() {
        const { work } = seen
        const journal = yield* Scope.extend(SiteJournal.make(work.journal, work.site.host, lockTimeout), scope)
        const own = { ...work, journal, delete: Deletion.make({ ...work, journal }, work.site.host) }
        yield* Execute.execute({ ...seen, work: own, board, concurrency })
      })
    )
    : Effect.void

/**
 * How a site is worked on: see, then do it, under its lock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Course {
  /** For those who wait for the lock: `sync`. */
  readonly verb: string
  readonly see: Effect.Effect<Seen, Fault.Fault, Needs>
  /** Told how far it got. An interrupted effect has no value, so this is how that gets out. */
  readonly onInterrupted: (report: SiteReport) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category operations
 */
export const carryOut = (
  target: Target,
  options: Options,
  { onInterrupted, see, verb }: Course
): Effect.Effect<SiteReport, never, Needs> => {
  const work = Effect.gen(function*() {
    const seen = yield* see
    const board: Execute.Board = yield* Ref.make(Execute.notStarted(seen.plan))
    if (seen.plan.refusals.length > 0) {
      return reportOf(seen, refusedOr(seen, { _tag: "NotStarted" }), yield* Ref.get(board))
    }
    yield* Effect.zipRight(execute(seen, board, options), restore(seen)).pipe(
      Effect.onInterrupt(() =>
        Effect.flatMap(
          Ref.get(board),
          (documents) => onInterrupted(reportOf(seen, { _tag: "Interrupted" }, documents))
        )
      )
    )
    return reportOf(seen, { _tag: "Done" }, yield* Ref.get(board))
  })
  return locked(target, options, verb, work).pipe(
    Effect.catchAll(failed(target)),
    Effect.annotateLogs("site", target.site.host),
    Effect.withSpan("ElevenLabs.site", { attributes: { "holdfast.site": target.site.host, "holdfast.verb": verb } })
  )
}

/**
 * Does something while nobody else of this machine works on the site.
 *
 * @since 0.1.0
 * @category combinators
 */
export const locked = <A, R>(
  target: Pick<Target, "site" | "state">,
  options: Pick<Options, "lockTimeout">,
  verb: string,
  work: Effect.Effect<A, Fault.Fault, R>
): Effect.Effect<A, Fault.Fault, R> =>
  Effect.flatMap(StateFiles, (files) =>
    files.withLock(work, target.state, {
      purpose: `elevenlabs ${verb} ${target.site.host}`,
      timeout: options.lockTimeout
    }))
