/**
 * One change of a machine that the server does in a task: sent once, waited for, and its warnings kept.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import type * as Fault from "../../../kernel/Fault.ts"
import type { Journal } from "../../../kernel/Journal.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Change from "./Change.ts"
import * as Task from "./Task.ts"
import * as Track from "./Track.ts"
import * as Upid from "../Upid.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<R> {
  readonly machine: string
  readonly vmid: number
  readonly node: string
  readonly step: string
  readonly operation: string
  readonly intent: unknown
  readonly send: Effect.Effect<Option.Option<Upid.Upid>, Fault.Fault, R>
  /** Whether the machine shows that it was done. */
  readonly isDone: Effect.Effect<boolean, Fault.Fault>
}

/**
 * Makes the change and waits until the server has ended it. A task that was killed, or that nobody knows any more, is
 * settled by looking whether the change is there.
 *
 * Nothing here may be sent twice with harm: a configuration carries the digest it was made for, sizes are absolute, and
 * a machine that runs, or is stopped, or is gone, is so only once.
 *
 * @since 0.1.0
 * @category combinators
 */
export const change = <R>(
  work: Work.Work,
  track: Track.Track,
  options: Options<R>
): Effect.Effect<void, Fault.Fault, R | Journal> =>
  Effect.gen(function*() {
    const subject = Work.nameOf(options.vmid, options.node)
    const task = yield* Change.run({
      fleet: work.fleet,
      machine: options.machine,
      step: options.step,
      operation: options.operation,
      subject,
      intent: options.intent,
      result: Change.TaskName,
      send: Effect.map(options.send, Option.match({ onNone: () => null, onSome: (upid) => upid.text })),
      settle: Effect.map(options.isDone, (isDone) => isDone ? Mutation.done(null) : Mutation.notDone),
      policy: work.policies.mutate
    })
    const upid = task === null ? Option.none() : Either.getRight(Upid.parse(task))
    if (Option.isSome(upid)) yield* settled(work, track, options, upid.value)
  })

const settled = <R>(
  work: Work.Work,
  track: Track.Track,
  options: Options<R>,
  upid: Upid.Upid
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const subject = Work.nameOf(options.vmid, options.node)
    const end = yield* Task.wait(work, upid, { subject }).pipe(
      Effect.catchIf((fault) => fault.code === "task-lost", (fault) =>
        Effect.succeed({ _tag: "Unknown", task: upid.text, fault, log: [] } as const))
    )
    switch (end._tag) {
      case "Ok":
        return
      case "Warnings":
        return yield* Track.warn(track, end.lines)
      case "Failed":
        yield* Effect.logDebug(`task ${upid.type} failed: ${end.log.join(" | ")}`)
        return yield* end.fault.with({
          operation: options.operation,
          subject,
          hint: end.fault.hint ?? `see holdfast proxmox task log ${upid.text}, then run the same command again`
        })
      case "Unknown":
        if (yield* options.isDone) {
          return yield* Track.warn(track, [`the task ${upid.type} ended without a record; what it was to do is done`])
        }
        return yield* end.fault.with({
          operation: options.operation,
          subject,
          kind: "locked",
          code: "task-killed",
          remote: "what it was to do is not done"
        })
    }
  })
