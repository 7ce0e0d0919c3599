/**
 * Waiting for a task of the server: until it has stopped, and how it ended.
 *
 * The status call is the authority, because it looks at the process itself. The task list lags and may forget; it is
 * asked only where the status call does not know the task, and only a row with the very same name counts. A task that
 * cannot be asked for a while (network, a busy node) goes on all the same, so such failures do not end the wait.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Fault from "../../../kernel/Fault.ts"
import * as Poll from "../../../kernel/Poll.ts"
import type { Asked } from "../../../transport/Answer.ts"
import * as Failure from "../Failure.ts"
import type * as Model from "../Model.ts"
import type { TaskEnd } from "../Report.ts"
import * as TaskLog from "./TaskLog.ts"
import * as TaskProgress from "./TaskProgress.ts"
import type { Upid } from "../Upid.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Tools extends TaskLog.Tools {
  readonly experience: TaskProgress.Experience
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** For the whole wait, beside the deadline it inherits. Defaults to none. */
  readonly timeout?: Duration.DurationInput | undefined
  /** Which object it works on, for messages: `VM 401 on pve1`. Defaults to the task. */
  readonly subject?: string | undefined
  /** Told how far a copy has come, from 0 to 1, whenever that is known. */
  readonly onProgress?: ((fraction: number) => Effect.Effect<void>) | undefined
}

/** As many lines of a failed task as say why. */
const tailLines = 10
/** Enough to hold every warning of a task that is not absurd. */
const warningLines = 200

/** How often the server may say that there is no such task before the list is asked. */
const patience = 5

type Exit =
  | { readonly _tag: "Ok" }
  | { readonly _tag: "Warnings"; readonly count: number }
  | { readonly _tag: "Failed"; readonly fault: Fault.Fault }
  | { readonly _tag: "Unknown"; readonly fault: Fault.Fault }

/**
 * What an exit text means.
 *
 * @since 0.1.0
 * @category constructors
 */
const decodeExit = (text: string | undefined, context?: Asked): Exit => {
  if (text === "OK") return { _tag: "Ok" }
  const warnings = /^WARNINGS: (\d+)$/.exec(text ?? "")
  if (warnings !== null) return { _tag: "Warnings", count: Number(warnings[1]) }
  const fault = Failure.fromExitStatus(text ?? "unexpected status", context)
  return fault.code === "unexpected-status" ? { _tag: "Unknown", fault } : { _tag: "Failed", fault }
}

/**
 * Waits until the task has stopped. Fails with `timed-out` at the deadline, with `denied` where it may not be asked
 * for, and with code `task-lost` where the server knows nothing of it any more.
 *
 * @since 0.1.0
 * @category combinators
 */
export const wait = (tools: Tools, upid: Upid, options: Options = {}): Effect.Effect<TaskEnd, Fault.Fault> =>
  Effect.gen(function*() {
    const exit = yield* follow(tools, upid, options).pipe(
      Effect.catchIf(
        (fault) => fault.code === "no-such-task",
        () => look(tools, upid, options)
      )
    )
    return yield* conclude(tools, upid, decodeExit(exit, { operation: "Proxmox.waitTask", ...subjectOf(options) }))
  })

const subjectOf = (options: Options) => (options.subject === undefined ? {} : { subject: options.subject })

const monotonic: Effect.Effect<number> = Effect.map(
  Effect.clock,
  (clock) => Number(clock.unsafeCurrentTimeNanos()) / 1e6
)

/** A page of some proxy in place of the answer says nothing about the task. */
const isGarbled = (fault: Fault.Fault): boolean => fault.code === "not-json" || fault.code === "unexpected-reply"

interface Seen {
  readonly status: Model.TaskStatus
  readonly remaining: number | undefined
  /** How far it has come, where the log has just told. */
  readonly fraction: number | undefined
}

const follow = (tools: Tools, upid: Upid, options: Options): Effect.Effect<string | undefined, Fault.Fault> =>
  Effect.gen(function*() {
    const expected = tools.experience.expect(upid.type)
    const startedAt = yield* monotonic
    const progress = yield* Ref.make(TaskProgress.begin(startedAt, expected))
    let missing = 0
    let seenRunning = startedAt
    yield* Effect.sleep(TaskProgress.firstLook(upid.type, expected))
    const seen = yield* Poll.until(read(tools, upid, progress), (seen) => seen.status.status === "stopped", {
      operation: "Proxmox.waitTask",
      system: "proxmox",
      subject: options.subject ?? `task ${upid.text}`,
      deadline: options.timeout,
      tolerate: (fault) =>
        Fault.isRetryable(fault) || isGarbled(fault) || (fault.code === "no-such-task" && ++missing < patience),
      remaining: (seen) => seen.remaining,
      onProgress: (seen) =>
        Effect.zipRight(
          Effect.map(monotonic, (now) => {
            if (seen.status.status === "running") seenRunning = now
          }),
          report(upid, seen, options)
        ),
      describe: (seen) => `task ${upid.text} is ${seen.status.status}`
    })
    if (seen.status.exitstatus === "OK") {
      // It ended somewhere between the last two looks.
      tools.experience.learn(upid.type, (seenRunning + (yield* monotonic)) / 2 - startedAt, seenRunning > startedAt)
    }
    return seen.status.exitstatus
  })

const report = (upid: Upid, seen: Seen, options: Options): Effect.Effect<void> =>
  Effect.logDebug(
    `task ${upid.type} is ${seen.status.status}` +
      (seen.fraction === undefined ? "" : ` (${Math.floor(seen.fraction * 100)}%)`)
  ).pipe(
    Effect.annotateLogs("task", upid.text),
    Effect.zipRight(
      seen.fraction === undefined || options.onProgress === undefined ? Effect.void : options.onProgress(seen.fraction)
    )
  )

const read = (
  { client, policies }: Tools,
  upid: Upid,
  progress: Ref.Ref<TaskProgress.State>
): Effect.Effect<Seen, Fault.Fault> =>
  Effect.gen(function*() {
    const status = yield* policies.poll.run(client.taskStatus(upid))
    const before = yield* Ref.get(progress)
    const now = yield* monotonic
    if (status.status === "running" && now >= before.nextLogAt) {
      // The log only makes the estimate better: without it the polls are less well aimed, and nothing else.
      const log = yield* Effect.option(policies.poll.run(TaskLog.lines(client, upid, before.lines, 500)))
      const found = log._tag === "Some" ? log.value : { lines: [], total: before.lines }
      yield* Ref.set(progress, TaskProgress.logged(before, yield* monotonic, found.lines, found.total))
    }
    const state = yield* Ref.get(progress)
    return {
      status,
      remaining: TaskProgress.remaining(state, yield* monotonic),
      fraction: state.sample === before.sample ? undefined : state.sample?.transfer.fraction
    }
  })

/** The list of the node, by the exact name. */
const look = (tools: Tools, upid: Upid, options: Options): Effect.Effect<string | undefined, Fault.Fault> =>
  Effect.gen(function*() {
    const { client, policies } = tools
    const rows = yield* policies.read.run(client.tasks({
      node: upid.node,
      typefilter: upid.type,
      source: "all",
      since: upid.starttime - 1,
      limit: 500
    }))
    const row = rows.find((row) => row.upid === upid.text)
    if (row?.status !== undefined && row.status !== "RUNNING") return row.status
    return yield* Fault.make({
      kind: "unknown",
      system: "proxmox",
      operation: "Proxmox.waitTask",
      subject: options.subject ?? `task ${upid.text}`,
      code: "task-lost",
      detail: row === undefined
        ? `the server knows nothing of task ${upid.text} any more`
        : `the server lists task ${upid.text} as running and cannot tell its state`,
      hint: "run the same command again; it looks at the machine itself"
    })
  })

const conclude = (tools: Tools, upid: Upid, exit: Exit): Effect.Effect<TaskEnd> => {
  switch (exit._tag) {
    case "Ok":
      return Effect.succeed({ _tag: "Ok", task: upid.text })
    case "Warnings":
      return Effect.map(TaskLog.tail(tools, upid, warningLines), (log) => ({
        _tag: "Warnings",
        task: upid.text,
        lines: warningsOf(log, exit.count)
      }))
    default:
      return Effect.map(TaskLog.tail(tools, upid, tailLines), (log) => ({
        _tag: exit._tag,
        task: upid.text,
        fault: exit.fault,
        log
      }))
  }
}

const warningsOf = (log: ReadonlyArray<string>, count: number): ReadonlyArray<string> => {
  const lines = log.flatMap((line) => /^\s*(?:WARN|WARNING):?\s+(.*)$/i.exec(line)?.[1]?.trim() ?? [])
  const told = lines.filter((line) => !/^\d+$/.test(line))
  return told.length > 0 ? told : [`the task ended with ${count} warning${count === 1 ? "" : "s"}`]
}

/** The server kills what has not ended by itself five seconds after it was asked to. */
const killedWithin = "6 seconds"

const stopped = (
  { client, policies }: Tools,
  upid: Upid,
  options: Options
): Effect.Effect<Model.TaskStatus, Fault.Fault> =>
  Poll.until(policies.poll.run(client.taskStatus(upid)), (status) => status.status === "stopped", {
    operation: "Proxmox.abortTask",
    system: "proxmox",
    subject: options.subject ?? `task ${upid.text}`,
    deadline: options.timeout ?? "30 seconds",
    cap: "1 second",
    describe: () => `task ${upid.text} is still running`
  })

/** Whether the server got it, where that is known. */
const signal = ({ client, policies }: Tools, upid: Upid): Effect.Effect<boolean, Fault.Fault> =>
  policies.read.run(client.abortTask(upid), { retryWhen: Fault.mayResend }).pipe(
    Effect.as(true),
    Effect.catchIf(Fault.isOutcomeUnknown, () => Effect.succeed(false))
  )

/**
 * Asks the server to end the task and waits until it has stopped. The server asks the process politely and kills it
 * after five seconds. A second signal would cut off the clean-up that the first one began; so where it is not known
 * whether the server got the first, it is sent again only when that one would have killed the task by now.
 *
 * @since 0.1.0
 * @category combinators
 */
export const abort = (tools: Tools, upid: Upid, options: Options = {}): Effect.Effect<TaskEnd, Fault.Fault> =>
  Effect.gen(function*() {
    const end = stopped(tools, upid, options)
    const known = yield* signal(tools, upid)
    const early = known ? Option.none() : yield* Effect.timeoutOption(end, killedWithin)
    if (!known && Option.isNone(early)) yield* signal(tools, upid)
    const { exitstatus } = Option.isSome(early) ? early.value : yield* end
    return yield* conclude(
      tools,
      upid,
      decodeExit(exitstatus, { operation: "Proxmox.abortTask", ...subjectOf(options) })
    )
  })
