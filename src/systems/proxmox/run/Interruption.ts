/**
 * What becomes of a machine when the work on it is interrupted. Only a clone needs something: everything else is found
 * and finished by the next run.
 *
 * All of this happens in a finalizer, so it is bounded in time, and leaving in the middle of it is safe: the next run
 * reads what is there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Deadline from "../../../kernel/Deadline.ts"
import type * as Fault from "../../../kernel/Fault.ts"
import * as CloneWait from "./CloneWait.ts"
import type { MachineSpec } from "../Fleet.ts"
import type { Outcome } from "../Report.ts"
import * as Task from "./Task.ts"
import * as Track from "./Track.ts"
import type * as Upid from "../Upid.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Mode = "abort" | "detach"

/**
 * @since 0.1.0
 * @category models
 */
export type Interrupted = Extract<Outcome, { readonly _tag: "Interrupted" }>

/** The server takes up to five seconds to kill what does not want to end. */
const budget = "8 seconds"
/** How long a request whose reply is not known any more is given to show on the server. */
const appearance = 6
const next = "the next apply finishes it"

const leave = (left: string, task?: Upid.Upid): Interrupted => ({
  _tag: "Interrupted",
  left,
  ...(task === undefined ? {} : { task: task.text })
})

interface There {
  readonly state: CloneWait.State
  readonly task: Upid.Upid | undefined
}

/** What the clone has come to. Its task may not be known, because the reply is what was interrupted. */
const locate = (
  work: Work.Work,
  target: Where,
  cloning: Track.Cloning,
  tries: number
): Effect.Effect<There, Fault.Fault> =>
  Effect.gen(function*() {
    const state = yield* CloneWait.look(work, target, cloning.vmid)
    if (cloning.task !== undefined) return { state, task: cloning.task }
    if (state._tag === "Finished" || state._tag === "Stranger") return { state, task: undefined }
    const running = yield* Work.runningClones(work, cloning.source)
    const [task, ...others] = running.filter(({ text }) => !work.claimed.has(text))
    if (state._tag === "Gone" && task === undefined && tries > 1) {
      yield* Effect.sleep("250 millis")
      return yield* locate(work, target, cloning, tries - 1)
    }
    return { state, task: others.length === 0 ? task : undefined }
  })

interface Where {
  readonly spec: MachineSpec
  readonly template: { readonly node: string; readonly vmid: number }
  readonly node: string
}

const abandoned = (vmid: number, node: string, state: CloneWait.State, task: Upid.Upid | undefined): Interrupted => {
  const name = Work.nameOf(vmid, node)
  switch (state._tag) {
    case "Gone":
    case "Stranger":
      return { _tag: "Interrupted" }
    case "Finished":
      return leave(`${name} is cloned and not configured; ${next}`, task)
    default:
      return leave(
        task === undefined
          ? `${name} is being cloned by a task that could not be told from others; ${next}`
          : `${name} is half-cloned and locked; when its task has ended and it is still there: ` +
            `qm unlock ${vmid} && qm destroy ${vmid} --purge, as root on ${node}`,
        task
      )
  }
}

const abort = (work: Work.Work, target: Where, cloning: Track.Cloning): Effect.Effect<Interrupted, Fault.Fault> =>
  Effect.gen(function*() {
    const { vmid } = cloning
    const { state, task } = yield* locate(work, target, cloning, appearance)
    if (task === undefined) return abandoned(vmid, target.node, state, task)
    const subject = Work.nameOf(vmid, target.node)
    yield* Effect.logInfo(`aborting the clone to ${subject}`).pipe(Effect.annotateLogs("task", task.text))
    yield* Task.abort(work, task, { subject, timeout: "7 seconds" })
    const after = yield* CloneWait.look(work, target, vmid)
    return abandoned(vmid, "found" in after ? after.found.node : target.node, after, task)
  })

const detach = (work: Work.Work, target: Where, cloning: Track.Cloning): Effect.Effect<Interrupted, Fault.Fault> =>
  Effect.map(locate(work, target, cloning, appearance), ({ state, task }) => {
    const name = Work.nameOf(cloning.vmid, target.node)
    if (task !== undefined) return leave(`its clone to ${name} runs on; ${next}`, task)
    return abandoned(cloning.vmid, target.node, state, task)
  })

/** Time runs out, or the server does not answer: said as it is. */
const unverified = (track: Track.Track, state: Track.State, why: string): Effect.Effect<Interrupted> =>
  Effect.gen(function*() {
    const { cloning } = state
    const vmid = cloning?.vmid ?? state.vmid ?? 0
    const left = `whether VM ${vmid} is gone could not be verified (${why}); ${next}, or destroy removes it`
    yield* Effect.logWarning(`${track.machine}: ${left}`)
    return leave(left, cloning?.task)
  })

/**
 * Cleans up after one machine and tells what is left of it. Never fails, and takes at most eight seconds.
 *
 * @since 0.1.0
 * @category operations
 */
export const cleanUp = (
  work: Work.Work,
  track: Track.Track,
  spec: MachineSpec,
  mode: Mode
): Effect.Effect<Interrupted> =>
  Effect.gen(function*() {
    const state = yield* Ref.get(track.state)
    const { cloning, node, vmid } = state
    if (cloning === undefined) {
      const touched = state.touched && vmid !== undefined
      const interrupted: Interrupted = touched
        ? leave(`${Work.nameOf(vmid, node ?? "?")} was interrupted while ${state.phase}; ${next}`)
        : { _tag: "Interrupted" }
      return interrupted
    }
    const target: Where = { spec, template: cloning.source, node: node ?? cloning.source.node }
    const ending = mode === "abort" ? abort(work, target, cloning) : detach(work, target, cloning)
    const done = yield* ending.pipe(
      Effect.catchAll((fault) => unverified(track, state, fault.message)),
      Deadline.without,
      // The fiber that runs a finalizer is not interruptible; the limit needs work that is.
      Effect.interruptible,
      Effect.timeoutOption(budget)
    )
    return Option.isSome(done) ? done.value : yield* unverified(track, state, `no answer within ${budget}`)
  })
