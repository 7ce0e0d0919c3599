/**
 * Making the machines of a fleet what they should be, many at once. One that cannot be had hides no other.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { Deadline } from "../../../kernel/Deadline.ts"
import type * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import * as Clone from "./Clone.ts"
import * as CloneWait from "./CloneWait.ts"
import * as Configure from "./Configure.ts"
import * as Crew from "./Crew.ts"
import * as Dying from "../plan/Dying.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Guest from "./Guest.ts"
import * as Interruption from "./Interruption.ts"
import * as Leftovers from "./Leftovers.ts"
import * as Observation from "../plan/Observation.ts"
import * as Plan from "../plan/Plan.ts"
import * as Power from "./Power.ts"
import type { MachineReport, Outcome, Report } from "../Report.ts"
import * as Settle from "./Settle.ts"
import * as Task from "./Task.ts"
import * as Track from "./Track.ts"
import type * as Work from "./Work.ts"
import * as Option from "effect/Option"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly parallel: number
  /** For one machine, in milliseconds. */
  readonly timeoutMillis: number
  readonly onInterrupt: Interruption.Mode
  /** How long to wait for addresses, in milliseconds. Absent: not at all. */
  readonly addressesMillis?: number | undefined
  readonly onInterrupted?: ((report: Report) => Effect.Effect<void>) | undefined
}

interface Place {
  readonly vmid: number
  readonly node: string
}

/** Decides again about one machine, because what was seen of it is old. */
const again = (work: Work.Work, decision: Plan.Decision): Effect.Effect<Plan.Decision, Fault.Fault> =>
  Effect.map(Observation.observe(work, [decision.spec]), (observation) => {
    const [fresh] = Plan.decideAll(work.fleet, [decision.spec], observation)
    if (fresh === undefined) return decision
    // The place was found with regard to the others, and stays.
    return fresh.action._tag === "Create" && decision.target !== undefined
      ? { ...fresh, target: decision.target }
      : fresh
  })

/** What somebody has begun and what the machine does not show yet, a clone or its stopping, ends before. */
const awaited = (
  work: Work.Work,
  track: Track.Track,
  decision: Plan.Decision
): Effect.Effect<Plan.Decision, Fault.Fault> =>
  Effect.gen(function*() {
    const { dying } = decision
    if (dying !== undefined) {
      yield* Track.enter(track, "waiting", { detail: `what was VM ${dying.vmid} is being destroyed` })
      yield* Dying.end(work, dying)
      return yield* again(work, decision)
    }
    const tasks = decision.awaited ?? []
    if (tasks.length === 0) return decision
    const isNew = decision.action._tag === "Create"
    yield* Track.enter(track, "waiting", {
      detail: isNew ? "an earlier clone of its template is running" : "an earlier task is stopping it"
    })
    yield* Effect.logInfo(
      isNew
        ? `waiting for ${tasks.length} running clones of its template: one may be this machine`
        : `waiting for what is stopping it: ${tasks.map(({ type }) => type).join(", ")}`
    )
    yield* Effect.forEach(
      tasks,
      (task) => Effect.catchIf(Task.wait(work, task), (fault) => fault.code === "task-lost", () => Effect.void),
      { concurrency: 4, discard: true }
    )
    return yield* again(work, decision)
  })

/** Has the machine there: cloned, unlocked, ours. */
const obtain = (
  work: Work.Work,
  track: Track.Track,
  decision: Plan.Decision
): Effect.Effect<Place, Fault.Fault, Journal> => {
  const { action, target } = decision
  switch (action._tag) {
    case "Create":
      return target === undefined
        ? Effect.dieMessage(`no target for ${decision.spec.name}`)
        : Clone.cloneMachine(work, track, target, action.vmid)
    case "Resume": {
      const { node, vmid } = action
      if (target === undefined) return Effect.succeed({ node, vmid })
      const cloning = { source: target.template, vmid }
      return Track.enter(track, "cloning", { detail: action.reason }).pipe(
        Effect.zipRight(Track.update(track, { vmid, node, cloning, touched: true })),
        Effect.zipRight(CloneWait.end(work, track, target, vmid, undefined)),
        Track.timed(track, "clone"),
        // What ran there ended and left nothing, so there is something to decide again.
        Effect.catchIf(
          (fault) => fault.code === "clone-vanished",
          () =>
            Effect.flatMap(
              again(work, decision),
              (fresh) => fresh.action._tag === "Create" ? obtain(work, track, fresh) : settledOrRefused(fresh)
            )
        )
      )
    }
    default:
      return settledOrRefused(decision)
  }
}

const settledOrRefused = ({ action, spec }: Plan.Decision): Effect.Effect<Place, Fault.Fault> => {
  if (action._tag === "Refuse") {
    const [fault] = action.faults
    return fault === undefined ? Effect.dieMessage(`${spec.name} is refused for no reason`) : Effect.fail(fault)
  }
  return action._tag === "Create" || action.vmid === undefined
    ? Effect.dieMessage(`${spec.name} is not there`)
    : Effect.succeed({ node: action.node, vmid: action.vmid })
}

const joinPool = (
  work: Work.Work,
  track: Track.Track,
  { node, vmid }: Place,
  pool: string
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.zipRight(
    Settle.change(work, track, {
      machine: track.machine,
      vmid,
      node,
      step: "pool",
      operation: "Proxmox.joinPool",
      intent: { vmid, pool },
      send: work.client.poolMembers({ pool, add: [vmid] }).pipe(
        // A request of an earlier run was on its way when the pool was looked at.
        Effect.catchIf((fault) => fault.code === "already-in-pool", () => Effect.void),
        Effect.as(Option.none())
      ),
      isDone: isIn(work, vmid, pool)
    }),
    Track.changed(track, [{ key: "pool", to: pool }])
  )

const isIn = (work: Work.Work, vmid: number, pool: string): Effect.Effect<boolean, Fault.Fault> =>
  Effect.map(
    work.policies.read.run(work.client.machines),
    (rows) => rows.some((row) => row.vmid === vmid && row.pool === pool)
  )

/** The pool that it is not in. A clone is made in its pool, but an earlier run may have wanted another one. */
const missingPool = (
  work: Work.Work,
  { action, spec }: Plan.Decision,
  { vmid }: Place
): Effect.Effect<string | undefined, Fault.Fault> => {
  const { pool } = spec
  if (pool === undefined || action._tag === "Keep") return Effect.succeed(undefined)
  return action._tag === "Update"
    ? Effect.succeed(action.changes.some((change) => change.key === "pool") ? pool : undefined)
    : Effect.map(isIn(work, vmid, pool), (there) => there ? undefined : pool)
}

type Done = Extract<Outcome, { readonly _tag: "Done" }>

const converge = (
  work: Work.Work,
  track: Track.Track,
  planned: Plan.Decision,
  options: Options
): Effect.Effect<Done, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const begun = yield* Track.monotonic
    const { spec } = planned
    const decision = yield* awaited(work, track, planned)
    const place = yield* obtain(work, track, decision)
    yield* Track.update(track, place)
    if (decision.action._tag === "Create" || decision.action._tag === "Resume") yield* Track.changed(track, [])
    const wasRunning = (yield* Power.status(work, place)).status === "running"
    yield* Configure.configureMachine(work, track, { spec, ...place })
    const pool = yield* missingPool(work, decision, place)
    if (pool !== undefined) yield* joinPool(work, track, place, pool)
    const renewed = wasRunning ? yield* Guest.renewCloudInit(work, track, place) : []
    const started = spec.start && !wasRunning
    if (started) {
      yield* Power.start(work, track, place)
      yield* Track.changed(track, [])
    }
    const waiting = wasRunning ? yield* Guest.pendingKeys(work, place) : []
    const addresses = options.addressesMillis === undefined || !(started || wasRunning)
      ? []
      : yield* Guest.addresses(work, track, place, options.addressesMillis)
    yield* Leftovers.afterApply(work, spec, started || wasRunning)
    const total = (yield* Track.monotonic) - begun
    const state = yield* Ref.get(track.state)
    yield* Effect.logInfo(`${state.touched ? "done" : "nothing to do"} after ${Track.seconds(total)}`)
    return {
      _tag: "Done",
      changed: state.touched,
      changes: state.changes.toSorted((a, b) => (a.key < b.key ? -1 : 1)),
      warnings: state.warnings,
      pendingReboot: [...new Set([...waiting, ...renewed])].toSorted(),
      addresses,
      durations: Crew.durations(state, total)
    }
  })

const actionName = (decision: Plan.Decision): MachineReport["action"] => {
  switch (decision.action._tag) {
    case "Create":
      return "create"
    case "Update":
      return "update"
    case "Resume":
      return "resume"
    case "Keep":
      return "keep"
    case "Refuse":
      return "refuse"
  }
}

/** A clone that outlives its deadline runs on; that is part of what is known. */
const explain = (track: Track.Track, fault: Fault.Fault): Effect.Effect<Fault.Fault> =>
  Effect.map(Ref.get(track.state), ({ cloning, phase, vmid }) => {
    const subject = fault.subject ?? `machine ${track.machine}`
    if (fault.kind !== "timed-out") return fault.with({ subject })
    return fault.with({
      subject,
      remote: cloning?.task === undefined
        ? fault.remote ?? (vmid === undefined ? "nothing was made" : `VM ${vmid} was left while ${phase}`)
        : `the clone to VM ${vmid} may still be running (task ${cloning.task.text})`,
      hint: "run the same command again; it goes on from there"
    })
  })

const member = (
  work: Work.Work,
  decision: Plan.Decision,
  options: Options
): Effect.Effect<Crew.Member<Journal>> =>
  Effect.map(Track.make(decision.spec.name), (track) => ({
    track,
    action: actionName(decision),
    ...at(decision),
    run: decision.action._tag === "Refuse"
      ? Effect.succeed<Outcome>({ _tag: "Refused", faults: decision.action.faults })
      : Effect.flatMap(Track.monotonic, (start) =>
        converge(work, track, decision, options).pipe(
          Effect.provideService(Deadline, start + options.timeoutMillis),
          Effect.catchAll((fault) => Effect.map(explain(track, fault), (fault): Outcome => ({ _tag: "Failed", fault })))
        )),
    cleanUp: Interruption.cleanUp(work, track, decision.spec, options.onInterrupt)
  }))

const at = ({ action }: Plan.Decision): { readonly vmid?: number; readonly node?: string } => {
  if (action._tag === "Refuse") return {}
  return action.vmid === "auto" ? { node: action.node } : { node: action.node, vmid: action.vmid }
}

/**
 * @since 0.1.0
 * @category operations
 */
export const apply = Effect.fn("Proxmox.apply")(
  function*(work: Work.Work, specs: ReadonlyArray<MachineSpec>, options: Options) {
    yield* Effect.annotateCurrentSpan({ "holdfast.fleet": work.fleet, "holdfast.machines": specs.length })
    const observation = yield* Observation.observe(work, specs)
    const decisions = Plan.decideAll(work.fleet, specs, observation)
    const members = yield* Effect.forEach(decisions, (decision) => member(work, decision, options))
    const report = yield* Crew.run(work.fleet, members, options)
    yield* Effect.logInfo(`fleet ${work.fleet} took ${Duration.format(Duration.millis(report.durationMillis))}`)
    return report
  }
)
