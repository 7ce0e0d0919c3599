/**
 * Taking the machines of a fleet away again: only what carries our mark and the uuid of that mark, whatever its id or
 * name. An id whose machine is gone may belong to somebody else a moment later, so the uuid is read again before every
 * request.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { Deadline } from "../../../kernel/Deadline.ts"
import * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import * as Poll from "../../../kernel/Poll.ts"
import * as Crew from "./Crew.ts"
import * as Demolition from "../plan/Demolition.ts"
import * as Dying from "../plan/Dying.ts"
import type { MachineSpec } from "../Fleet.ts"
import * as Identity from "../plan/Identity.ts"
import * as Observation from "../plan/Observation.ts"
import * as Leftovers from "./Leftovers.ts"
import * as Policies from "./Policies.ts"
import * as Power from "./Power.ts"
import type { MachineReport, Outcome, Report } from "../Report.ts"
import * as Settle from "./Settle.ts"
import * as Task from "./Task.ts"
import * as Track from "./Track.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly parallel: number
  /** For one machine, in milliseconds. */
  readonly timeoutMillis: number
  readonly shutdownSeconds: number
  readonly onInterrupted?: ((report: Report) => Effect.Effect<void>) | undefined
}

const operation = "Proxmox.destroyMachine"

/** Its configuration while it is there and not being destroyed and still the one we mean; fails where somebody else has the id now. */
const sameMachine = (
  work: Work.Work,
  { node, proof, spec, vmid }: Demolition.Doomed
): Effect.Effect<Option.Option<Work.Found>, Fault.Fault> =>
  Effect.flatMap(Dying.end(work, { vmid, node }), (found): Effect.Effect<Option.Option<Work.Found>, Fault.Fault> => {
    if (Option.isNone(found)) return Effect.succeedNone
    const whose = Identity.whose(found.value.config, { fleet: work.fleet, machine: spec.name })
    const now = Demolition.proofOf(found.value.config, whose)
    if (now !== undefined && Demolition.isSame(proof, now)) return Effect.succeed(found)
    const because = whose._tag === "Stranger" ? whose.because : "it is another machine than a moment ago"
    return Effect.fail(Work.stranger({ machine: spec.name, vmid, found: found.value, because }))
  })

const isGone = (work: Work.Work, doomed: Demolition.Doomed): Effect.Effect<boolean, Fault.Fault> =>
  sameMachine(work, doomed).pipe(
    Effect.map(Option.isNone),
    // Ours is gone, and somebody has taken the id since.
    Effect.catchIf((fault) => fault.code === "stranger", () => Effect.succeed(true))
  )

/** Whatever holds it ends first: a backup, or the clone that makes it. */
const unlocked = (
  work: Work.Work,
  track: Track.Track,
  doomed: Demolition.Doomed
): Effect.Effect<Option.Option<Work.Found>, Fault.Fault> =>
  Poll.until(
    Effect.tap(sameMachine(work, doomed), (found) => {
      const lock = Option.isSome(found) ? found.value.config["lock"] : undefined
      if (lock !== "clone") return Effect.void
      return Effect.flatMap(Demolition.isCloning(work, doomed), (cloning) =>
        cloning ? Effect.void : stillDead(work, doomed, lock))
    }),
    (found) =>
      Option.isNone(found) || found.value.config["lock"] === undefined,
    {
      operation,
      system: "proxmox",
      subject: Work.nameOf(doomed.vmid, doomed.node),
      first: "500 millis",
      cap: "5 seconds",
      describe: (found) => `it is locked (${Option.isSome(found) ? found.value.config["lock"] ?? "?" : "?"})`,
      onProgress: (found) =>
        Option.isSome(found) && found.value.config["lock"] !== undefined
          ? Track.enter(track, "waiting", { detail: `it is locked (${found.value.config["lock"]})` })
          : Effect.void
    }
  )

/** Looked at once more: the clone may have ended between the two reads. */
const stillDead = (work: Work.Work, doomed: Demolition.Doomed, lock: string): Effect.Effect<void, Fault.Fault> =>
  Effect.flatMap(sameMachine(work, doomed), (found) =>
    Option.isSome(found) && found.value.config["lock"] === lock
      ? Effect.fail(Work.leftover({ operation, vmid: doomed.vmid, node: doomed.node, lock }))
      : Effect.void)

const purge = (
  work: Work.Work,
  track: Track.Track,
  doomed: Demolition.Doomed
): Effect.Effect<void, Fault.Fault, Journal> => {
  const { node, proof, spec, vmid } = doomed
  return Effect.zipRight(
    Track.enter(track, "destroying"),
    Settle.change(work, track, {
      machine: spec.name,
      vmid,
      node,
      step: "destroy",
      operation,
      intent: { vmid, node, proof },
      send: Effect.flatMap(
        sameMachine(work, doomed),
        (found) =>
          Option.isNone(found) ? Effect.succeedNone : Effect.asSome(
            work.client.destroy({ vmid, node: found.value.node, purge: true, destroyUnreferencedDisks: true })
          )
      ),
      isDone: isGone(work, doomed)
    })
  ).pipe(Track.timed(track, "destroy"))
}

const remains = ({ node, vmid }: Demolition.Doomed): Fault.Fault =>
  Fault.make({
    kind: "locked",
    system: "proxmox",
    operation,
    subject: Work.nameOf(vmid, node),
    code: "still-there",
    detail: "the server said that it was destroyed, and it is still there",
    hint: "run the same command again"
  })

const once = (
  work: Work.Work,
  track: Track.Track,
  doomed: Demolition.Doomed,
  shutdownSeconds: number
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    const found = yield* unlocked(work, track, doomed)
    if (Option.isNone(found)) return
    const here = { ...doomed, node: found.value.node }
    yield* Power.stop(work, track, { vmid: here.vmid, node: here.node }, shutdownSeconds).pipe(
      Effect.zipRight(purge(work, track, here)),
      // Somebody else was faster: a run before or beside this one, whose task was under way.
      Effect.catchIf((fault) => fault.code === "config-missing", () => Effect.void)
    )
    if (!(yield* isGone(work, here))) return yield* remains(here)
  })

/** Somebody started it in between. */
const isRunningAgain = (fault: Fault.Fault): boolean => fault.code === "vm-running"

/**
 * Stops and destroys one machine, and verifies that it is gone.
 *
 * @since 0.1.0
 * @category operations
 */
const destroyMachine = Effect.fn("Proxmox.destroyMachine")(
  function*(work: Work.Work, track: Track.Track, doomed: Demolition.Doomed, shutdownSeconds: number) {
    yield* Effect.annotateCurrentSpan({ "holdfast.machine": doomed.spec.name })
    const begun = yield* Track.monotonic
    yield* Track.update(track, { vmid: doomed.vmid, node: doomed.node })
    yield* once(work, track, doomed, shutdownSeconds).pipe(
      Effect.retry({ times: 2, while: isRunningAgain }),
      Policies.patiently((fault, millis) => Track.waitFor(track, "destroying", fault, millis)),
      // Ours is gone; what is there now is not ours to touch.
      Effect.catchIf(
        (fault) => fault.code === "stranger",
        (fault) => Effect.flatMap(isGone(work, doomed), (gone) => gone ? Effect.void : fault)
      )
    )
    yield* Leftovers.afterDestroy(work, doomed.spec, true)
    const total = (yield* Track.monotonic) - begun
    yield* Effect.logInfo(`destroyed ${Work.nameOf(doomed.vmid, doomed.node)} after ${Track.seconds(total)}`)
    const state = yield* Ref.get(track.state)
    const done: Outcome = {
      _tag: "Done",
      changed: true,
      changes: [],
      warnings: state.warnings,
      pendingReboot: [],
      addresses: [],
      durations: Crew.durations(state, total)
    }
    return done
  }
)

const cleanUp = (track: Track.Track): Effect.Effect<Outcome> =>
  Effect.map(Ref.get(track.state), ({ node, phase, vmid }): Outcome => ({
    _tag: "Interrupted",
    left: `VM ${vmid ?? "?"} on ${node ?? "?"} was interrupted while ${phase}; the next destroy finishes it`
  }))

const nothing: Outcome = {
  _tag: "Done",
  changed: false,
  changes: [],
  warnings: [],
  pendingReboot: [],
  addresses: [],
  durations: { total: 0 }
}

const member = (work: Work.Work, fate: Demolition.Fate, options: Options): Effect.Effect<Crew.Member<Journal>> =>
  Effect.map(Track.make(fate.spec.name), (track) => {
    const common = { track, cleanUp: cleanUp(track) }
    switch (fate._tag) {
      case "Absent":
        return { ...common, action: "absent", run: Effect.as(Leftovers.afterDestroy(work, fate.spec, false), nothing) }
      case "Refused":
        return { ...common, action: "refuse", run: Effect.succeed<Outcome>({ _tag: "Refused", faults: [fate.fault] }) }
      case "Doomed":
        return {
          ...common,
          action: "destroy",
          vmid: fate.vmid,
          node: fate.node,
          run: Effect.flatMap(
            Track.monotonic,
            (start) =>
              destroyMachine(work, track, fate, options.shutdownSeconds).pipe(
                Effect.provideService(Deadline, start + options.timeoutMillis),
                Effect.catchAll((fault) => Effect.succeed<Outcome>({ _tag: "Failed", fault }))
              )
          )
        }
    }
  })

/**
 * Clones whose machine does not show yet, and machines that are being destroyed and show nothing any more: a destroy
 * right after a killed run must not overlook them.
 */
const settledFates = (work: Work.Work, specs: ReadonlyArray<MachineSpec>) =>
  Effect.gen(function*() {
    const first = yield* Observation.observe(work, specs)
    const fates = Demolition.decideAll(work.fleet, specs, first)
    const running = [...first.clones.values()].flat()
    const dying = Dying.among(first)
    if ((running.length === 0 && dying.length === 0) || fates.every((fate) => fate._tag === "Doomed")) return fates
    const busy = `${running.length} running clones and ${dying.length} machines that are being destroyed`
    yield* Effect.logInfo(`waiting for ${busy}: one may be a machine of this fleet`)
    const stuck = new Map<number | "auto", Fault.Fault>()
    yield* Effect.forEach(dying, (place) =>
      Effect.catchIf(Dying.end(work, place), (fault) =>
        fault.code === "destroy-leftover", (fault) =>
        Effect.sync(() =>
          stuck.set(place.vmid, fault)
        )), { concurrency: 4, discard: true })
    yield* Effect.forEach(
      running,
      (task) =>
        Effect.catchIf(Task.wait(work, task), (fault) => fault.code === "task-lost", () => Effect.void),
      { concurrency: 4, discard: true }
    )
    return Demolition.decideAll(work.fleet, specs, yield* Observation.observe(work, specs)).map((fate) => {
      const fault = stuck.get(fate.spec.vmid)
      return fate._tag === "Absent" && fault !== undefined
        ? { _tag: "Refused" as const, spec: fate.spec, fault }
        : fate
    })
  })

/**
 * @since 0.1.0
 * @category operations
 */
export const destroy = Effect.fn("Proxmox.destroy")(
  function*(work: Work.Work, specs: ReadonlyArray<MachineSpec>, options: Options) {
    yield* Effect.annotateCurrentSpan({ "holdfast.fleet": work.fleet, "holdfast.machines": specs.length })
    const fates = yield* settledFates(work, specs)
    const members = yield* Effect.forEach(fates, (fate) => member(work, fate, options))
    const report = yield* Crew.run(work.fleet, members, options)
    yield* Effect.logInfo(`fleet ${work.fleet} took ${Duration.format(Duration.millis(report.durationMillis))}`)
    return report
  }
)

/**
 * What destroy would do.
 *
 * @since 0.1.0
 * @category operations
 */
export const plan = Effect.fn("Proxmox.planDestroy")(
  function*(work: Work.Work, specs: ReadonlyArray<MachineSpec>) {
    const observation = yield* Observation.observe(work, specs)
    const machines = Demolition.decideAll(work.fleet, specs, observation).map((fate): MachineReport => {
      const machine = fate.spec.name
      switch (fate._tag) {
        case "Absent":
          return { machine, action: "absent", outcome: { _tag: "NotStarted" } }
        case "Refused":
          return { machine, action: "refuse", outcome: { _tag: "Refused", faults: [fate.fault] } }
        case "Doomed":
          return { machine, action: "destroy", vmid: fate.vmid, node: fate.node, outcome: { _tag: "NotStarted" } }
      }
    })
    const report: Report = { fleet: work.fleet, machines, durationMillis: 0 }
    return report
  }
)
