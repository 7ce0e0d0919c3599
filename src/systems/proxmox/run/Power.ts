/**
 * Starting and stopping. What counts is what the machine does, not how the task ended: a machine under high availability
 * is started by somebody else, after the task has said OK.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import * as Poll from "../../../kernel/Poll.ts"
import type * as Client from "../Client.ts"
import type * as Model from "../Model.ts"
import * as Policies from "./Policies.ts"
import * as Settle from "./Settle.ts"
import * as Track from "./Track.ts"
import * as Work from "./Work.ts"

interface At {
  readonly vmid: number
  readonly node: string
}

/**
 * What the machine does right now.
 *
 * @since 0.1.0
 * @category accessors
 */
export const status = ({ client, policies }: Work.Work, { node, vmid }: At): Effect.Effect<Model.Status, Fault.Fault> =>
  policies.read.run(client.status({ node, vmid }))

const reached = (
  work: Work.Work,
  at: At,
  wanted: Model.Status["status"],
  deadline: `${number} seconds`
): Effect.Effect<void, Fault.Fault> =>
  Poll.until(work.policies.poll.run(work.client.status(at)), (seen) => seen.status === wanted, {
    operation: "Proxmox.power",
    system: "proxmox",
    subject: Work.nameOf(at.vmid, at.node),
    deadline,
    describe: (seen) =>
      `it is ${seen.status}${seen.ha?.managed === true ? ", and high availability decides about it" : ""}`
  }).pipe(Effect.asVoid)

const isAlready = (fault: Fault.Fault): boolean => fault.code === "vm-running" || fault.code === "vm-not-running"

const act = (
  work: Work.Work,
  track: Track.Track,
  at: At,
  request: { readonly action: Client.PowerAction; readonly timeout?: number; readonly forceStop?: boolean },
  wanted: Model.Status["status"]
): Effect.Effect<void, Fault.Fault, Journal> =>
  Settle.change(work, track, {
    machine: track.machine,
    ...at,
    step: request.action,
    operation: "Proxmox.power",
    intent: { ...at, ...request },
    send: Effect.asSome(work.client.power({ ...at, ...request })),
    isDone: Effect.map(status(work, at), (seen) => seen.status === wanted)
  }).pipe(
    Effect.catchIf(isAlready, () => Effect.void),
    Policies.patiently((fault, millis) => Track.waitFor(track, request.action, fault, millis))
  )

/**
 * Has the machine running. Answers whether it had to be started.
 *
 * @since 0.1.0
 * @category operations
 */
export const start = (
  work: Work.Work,
  track: Track.Track,
  at: At
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    yield* Track.enter(track, "starting")
    yield* act(work, track, at, { action: "start" }, "running")
    yield* reached(work, at, "running", "180 seconds")
    yield* Effect.logInfo(`started ${Work.nameOf(at.vmid, at.node)}`)
  }).pipe(Track.timed(track, "start"))

/**
 * Has the machine stopped: asked politely first, and hard when the guest does not answer in time.
 *
 * @param seconds How long the guest may take.
 * @since 0.1.0
 * @category operations
 */
export const stop = (
  work: Work.Work,
  track: Track.Track,
  at: At,
  seconds: number
): Effect.Effect<void, Fault.Fault, Journal> =>
  Effect.gen(function*() {
    if ((yield* status(work, at)).status === "stopped") return
    yield* Track.enter(track, "shutting down")
    const polite = act(work, track, at, { action: "shutdown", timeout: seconds }, "stopped").pipe(
      Effect.zipRight(reached(work, at, "stopped", `${seconds + 30} seconds`))
    )
    const outcome = seconds <= 0 ? Option.none() : yield* polite.pipe(
      Effect.asSome,
      Effect.catchIf(isRefusal, (fault) =>
        Effect.as(Effect.logInfo(`no orderly shutdown: ${fault.message}`), Option.none()))
    )
    if (Option.isNone(outcome)) {
      yield* Track.enter(track, "stopping")
      yield* act(work, track, at, { action: "stop" }, "stopped")
      yield* reached(work, at, "stopped", "180 seconds")
    }
    yield* Effect.logInfo(`stopped ${Work.nameOf(at.vmid, at.node)}`)
  }).pipe(Track.timed(track, "stop"))

/** The guest did not do it; the server answers well, so it is worth stopping it hard. */
const isRefusal = (fault: Fault.Fault): boolean =>
  fault.kind === "failed" || fault.kind === "timed-out" || fault.kind === "invalid" || fault.kind === "conflict"
