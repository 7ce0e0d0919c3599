/**
 * Many machines at once, and one report of all of them, also when it is cut short.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Parallel from "../../../kernel/Parallel.ts"
import * as Logging from "../../../observe/Logging.ts"
import * as Progress from "../../../observe/Progress.ts"
import type { Durations, MachineReport, Outcome, Report } from "../Report.ts"
import * as Track from "./Track.ts"

/**
 * One machine and what is to be done with it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member<R> {
  readonly track: Track.Track
  readonly action: MachineReport["action"]
  readonly vmid?: number | undefined
  readonly node?: string | undefined
  readonly run: Effect.Effect<Outcome, never, R>
  /** What becomes of it when it is interrupted in the middle. */
  readonly cleanUp: Effect.Effect<Outcome>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly parallel: number
  readonly onInterrupted?: ((report: Report) => Effect.Effect<void>) | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const durations = (state: Track.State, total: number): Durations => {
  const known = Object.entries(state.durations).filter(([, millis]) => millis !== undefined)
  return { ...Object.fromEntries(known), total: Math.round(total) }
}

type Board = Ref.Ref<ReadonlyMap<string, Outcome>>

const tell = (machine: string, outcome: Outcome): Effect.Effect<void> => {
  switch (outcome._tag) {
    case "Done":
      return Progress.report({ item: machine, state: "done", phase: outcome.changed ? "done" : "unchanged" })
    case "Failed":
      return Effect.zipRight(
        Progress.report({ item: machine, state: "failed", phase: "failed", detail: outcome.fault.message }),
        Effect.logError(outcome.fault.message)
      )
    case "Refused":
      return Effect.zipRight(
        Progress.report({
          item: machine,
          state: "skipped",
          phase: "refused",
          detail: outcome.faults.map((fault) => fault.message).join("; ")
        }),
        Effect.forEach(outcome.faults, (fault) => Effect.logError(fault.message), { discard: true })
      )
    case "NotStarted":
      return Effect.void
    case "Interrupted":
      return Progress.report({
        item: machine,
        state: "failed",
        phase: "interrupted",
        ...(outcome.left === undefined ? {} : { detail: outcome.left })
      })
  }
}

const keep = (board: Board, machine: string, outcome: Outcome): Effect.Effect<void> =>
  Effect.zipRight(
    Ref.update(board, (outcomes) => new Map(outcomes).set(machine, outcome)),
    tell(machine, outcome)
  )

const reportOf = <R>(
  fleet: string,
  members: ReadonlyArray<Member<R>>,
  board: Board,
  begun: number
): Effect.Effect<Report> =>
  Effect.gen(function*() {
    const outcomes = yield* Ref.get(board)
    const machines = yield* Effect.forEach(members, (member) =>
      Effect.map(Ref.get(member.track.state), (state): MachineReport => ({
        machine: member.track.machine,
        vmid: state.vmid ?? member.vmid,
        node: state.node ?? member.node,
        action: member.action,
        outcome: outcomes.get(member.track.machine) ?? { _tag: "NotStarted" }
      })))
    return { fleet, machines, durationMillis: Math.round((yield* Track.monotonic) - begun) }
  })

const work = <R>(board: Board, { cleanUp, run, track }: Member<R>): Effect.Effect<void, never, R> =>
  run.pipe(
    Effect.flatMap((outcome) => keep(board, track.machine, outcome)),
    Effect.onInterrupt(() => Effect.flatMap(cleanUp, (outcome) => keep(board, track.machine, outcome))),
    Effect.annotateLogs("machine", track.machine),
    Logging.forSystem("proxmox")
  )

/**
 * @since 0.1.0
 * @category combinators
 */
export const run = <R>(
  fleet: string,
  members: ReadonlyArray<Member<R>>,
  options: Options
): Effect.Effect<Report, never, R> =>
  Effect.gen(function*() {
    const begun = yield* Track.monotonic
    const board: Board = yield* Ref.make<ReadonlyMap<string, Outcome>>(new Map())
    yield* Effect.forEach(members, ({ track }) =>
      Progress.report({ item: track.machine, state: "waiting", phase: "waiting" }), { discard: true })
    const result = yield* Parallel.forEach(members, (member) =>
      work(board, member), {
      concurrency: Math.max(1, options.parallel),
      name: "proxmox-machines"
    }).pipe(
      Effect.onInterrupt(() =>
        options.onInterrupted === undefined
          ? Effect.void
          : Effect.flatMap(reportOf(fleet, members, board, begun), options.onInterrupted)
      )
    )
    // A machine's work never fails, so what is left here is a mistake of the program.
    yield* Effect.forEach(
      Parallel.failures(result),
      ([, cause]) =>
        Effect.failCause(cause),
      { discard: true }
    )
    return yield* reportOf(fleet, members, board, begun)
  })
