/**
 * The end of a clone: by its task where that is known, and by reading the machine where it is not or where the task
 * cannot tell.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import * as Poll from "../../../kernel/Poll.ts"
import type { Target } from "./Clone.ts"
import * as Identity from "../plan/Identity.ts"
import type { TaskEnd } from "../Report.ts"
import * as Task from "./Task.ts"
import * as Track from "./Track.ts"
import type * as Upid from "../Upid.ts"
import * as Work from "./Work.ts"

/**
 * What stands at the id of a clone.
 *
 * @since 0.1.0
 * @category models
 */
export type State =
  | { readonly _tag: "Gone" }
  | { readonly _tag: "Hidden"; readonly found: Work.Found }
  | { readonly _tag: "Locked"; readonly found: Work.Found; readonly lock: string }
  | { readonly _tag: "Finished"; readonly found: Work.Found }
  | { readonly _tag: "Stranger"; readonly found: Work.Found; readonly because: string }

type Where = Pick<Target, "spec" | "template" | "node">

const operation = "Proxmox.cloneMachine"

/**
 * @since 0.1.0
 * @category accessors
 */
export const look = (work: Work.Work, target: Where, vmid: number): Effect.Effect<State, Fault.Fault> =>
  Effect.map(Work.find(work, vmid, target.template.node), (option): State => {
    if (Option.isNone(option)) return { _tag: "Gone" }
    const found = option.value
    const whose = Identity.whose(found.config, { fleet: work.fleet, machine: target.spec.name })
    if (whose._tag === "Hidden") return { _tag: "Hidden", found }
    // What is left of another machine, and in a moment nothing.
    if (whose._tag === "Dying") return { _tag: "Gone" }
    if (whose._tag === "Stranger") return { _tag: "Stranger", found, because: whose.because }
    const lock = found.config["lock"]
    return lock === "clone" || lock === "create" ? { _tag: "Locked", found, lock } : { _tag: "Finished", found }
  })

/** Locked or hidden, and nobody works on it: looked at once more, because it may just have ended. */
const isDead = (work: Work.Work, target: Where, vmid: number): Effect.Effect<boolean, Fault.Fault> =>
  Effect.gen(function*() {
    if ((yield* Work.runningClones(work, target.template)).length > 0) return false
    const again = yield* look(work, target, vmid)
    return again._tag === "Hidden" || again._tag === "Locked"
  })

/** A task may not show although it runs: its log was removed, or it is somebody's whose tasks we may not see. */
const graceMillis = 60_000

const until = (
  work: Work.Work,
  target: Where,
  vmid: number,
  done: (state: State) => boolean
): Effect.Effect<State, Fault.Fault> =>
  Effect.suspend(() => {
    let deadSince: number | undefined
    const read = Effect.gen(function*() {
      const state = yield* look(work, target, vmid)
      if (done(state) || (state._tag !== "Hidden" && state._tag !== "Locked")) return state
      const dead = yield* isDead(work, target, vmid)
      const now = yield* Track.monotonic
      deadSince = dead ? deadSince ?? now : undefined
      if (deadSince === undefined || now - deadSince < graceMillis) return state
      const lock = state.found.config["lock"] ?? "clone"
      return yield* Work.leftover({ operation, vmid, node: state.found.node, lock })
    })
    return Poll.until(read, done, {
      operation,
      system: "proxmox",
      subject: Work.nameOf(vmid, target.node),
      first: "500 millis",
      describe: (state) => `VM ${vmid} is ${state._tag === "Gone" ? "gone" : "still being cloned"}`
    })
  })

/**
 * Waits until it shows whose the machine is.
 *
 * @since 0.1.0
 * @category combinators
 */
export const revealed = (work: Work.Work, target: Where, vmid: number): Effect.Effect<State, Fault.Fault> =>
  until(work, target, vmid, (state) => state._tag !== "Hidden")

/** Its task is not known: by the machine, and by the one task that it can be, where there is only one. */
const byReading = (
  work: Work.Work,
  track: Track.Track,
  target: Where,
  vmid: number
): Effect.Effect<Work.Found, Fault.Fault> =>
  Effect.gen(function*() {
    const now = yield* look(work, target, vmid)
    if (now._tag === "Locked" || now._tag === "Hidden") {
      const running = (yield* Work.runningClones(work, target.template)).filter(({ text }) => !work.claimed.has(text))
      const [only] = running
      if (only !== undefined && running.length === 1) {
        work.claimed.add(only.text)
        yield* Track.update(track, { cloning: { source: target.template, vmid, task: only } })
        yield* Effect.logInfo(`found the clone to VM ${vmid} running`).pipe(Effect.annotateLogs("task", only.text))
        yield* follow(work, track, target, vmid, only)
      }
    }
    const state = yield* until(work, target, vmid, ({ _tag }) => _tag !== "Hidden" && _tag !== "Locked")
    switch (state._tag) {
      case "Finished":
        return state.found
      case "Stranger":
        return yield* strangerTook(target, vmid, state)
      default:
        return yield* vanished(target, vmid, "its clone ended and left nothing")
    }
  })

/** With an automatic id it is no failure: the next id will do. */
const strangerTook = (
  target: Where,
  vmid: number,
  state: Extract<State, { readonly _tag: "Stranger" }>
): Fault.Fault => {
  const fault = Work.stranger({ machine: target.spec.name, vmid, found: state.found, because: state.because })
  return target.spec.vmid === "auto" ? fault.with({ code: "vmid-taken" }) : fault
}

const vanished = (target: Where, vmid: number, detail: string): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "proxmox",
    operation,
    subject: Work.nameOf(vmid, target.node),
    code: "clone-vanished",
    detail,
    remote: `there is no VM ${vmid}`,
    hint: "run the same command again"
  })

const follow = (
  work: Work.Work,
  track: Track.Track,
  target: Where,
  vmid: number,
  task: Upid.Upid
): Effect.Effect<Option.Option<TaskEnd>, Fault.Fault> =>
  Task.wait(work, task, {
    subject: Work.nameOf(vmid, target.node),
    onProgress: (fraction) =>
      Effect.zipRight(
        Track.enter(track, "cloning", { fraction }),
        Effect.logInfo(`cloning, ${Math.floor(fraction * 100)}%`).pipe(Effect.annotateLogs("task", task.text))
      )
  }).pipe(
    Effect.asSome,
    // Nobody knows the task any more; the machine itself does.
    Effect.catchIf((fault) => fault.code === "task-lost", () => Effect.succeedNone)
  )

/**
 * Waits for the end of a clone and tells where the machine is. Fails with what the task said where nothing is left, with
 * code `vmid-taken` where somebody else was faster, `clone-leftover` where a dead clone is left, and `clone-vanished`
 * where its worker was killed and left nothing.
 *
 * @since 0.1.0
 * @category combinators
 */
export const end = (
  work: Work.Work,
  track: Track.Track,
  target: Where,
  vmid: number,
  task: Upid.Upid | undefined
): Effect.Effect<{ readonly vmid: number; readonly node: string }, Fault.Fault> =>
  Effect.gen(function*() {
    const ended = task === undefined ? Option.none() : yield* follow(work, track, target, vmid, task)
    const node = yield* Option.match(ended, {
      onNone: () => Effect.map(byReading(work, track, target, vmid), (found) => found.node),
      onSome: (ended) => conclude(work, track, target, vmid, ended)
    })
    if (node !== target.template.node) yield* arrived(work, vmid, node)
    yield* Track.update(track, { vmid, node, cloning: undefined })
    return { vmid, node }
  })

const conclude = (
  work: Work.Work,
  track: Track.Track,
  target: Where,
  vmid: number,
  ended: TaskEnd
): Effect.Effect<string, Fault.Fault> => {
  switch (ended._tag) {
    case "Ok":
      return Effect.succeed(target.node)
    case "Warnings":
      return Effect.as(Track.warn(track, ended.lines), target.node)
    default:
      return Effect.gen(function*() {
        yield* Effect.logDebug(`the clone's task ended badly: ${ended.log.join(" | ")}`)
        if (ended.fault.code === "vmid-taken") return yield* taken(work, track, target, vmid, ended.fault)
        const state = yield* look(work, target, vmid)
        const subject = Work.nameOf(vmid, target.node)
        const hint = ended.fault.hint ?? `see holdfast proxmox task log ${ended.task}`
        if (state._tag === "Finished" && ended._tag === "Unknown") {
          yield* Track.warn(track, ["the clone's task ended without a record; the machine is there and whole"])
          return state.found.node
        }
        if (state._tag === "Hidden" || state._tag === "Locked") {
          if (yield* isDead(work, target, vmid)) {
            return yield* Work.leftover({ operation, vmid, node: state.found.node, lock: "clone" })
          }
          // Another clone to this id was faster and is at work: perhaps our own, from a run beside or before this one.
          return (yield* byReading(work, track, target, vmid)).node
        }
        if (ended._tag === "Unknown" && state._tag === "Gone") {
          return yield* vanished(target, vmid, "the worker of its clone was killed")
        }
        const remote = state._tag === "Finished" ? `VM ${vmid} exists` : `nothing is left of VM ${vmid}`
        return yield* ended.fault.with({ subject, remote, hint })
      })
  }
}

/** Somebody was faster than the worker. It may have been ourselves, in a run that was killed. */
const taken = (
  work: Work.Work,
  track: Track.Track,
  target: Where,
  vmid: number,
  fault: Fault.Fault
): Effect.Effect<string, Fault.Fault> =>
  Effect.flatMap(revealed(work, target, vmid), (state) => {
    if (state._tag === "Locked" || state._tag === "Finished") {
      return Effect.map(byReading(work, track, target, vmid), (found) => found.node)
    }
    return Effect.fail(state._tag === "Stranger" ? strangerTook(target, vmid, state) : fault)
  })

/** On another node a new machine is known a moment later. */
const arrived = (work: Work.Work, vmid: number, node: string): Effect.Effect<void, Fault.Fault> =>
  Poll.until(work.policies.read.run(work.client.config({ node, vmid })), () => true, {
    operation,
    system: "proxmox",
    subject: Work.nameOf(vmid, node),
    first: "100 millis",
    deadline: "1 minute",
    tolerate: (fault) => Fault.isRetryable(fault) || fault.code === "config-missing"
  }).pipe(Effect.asVoid)
