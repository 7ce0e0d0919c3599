/**
 * What goes wrong in a simulated Proxmox VE beyond what any network does: the misbehaviour users report, each by
 * name, at a chosen task or moment. Times count from the start of the world, in virtual seconds.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const optional = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(schema, { exact: true })
const Count = Schema.Int.pipe(Schema.positive())
const Seconds = Schema.Number.pipe(Schema.nonNegative())
const VmId = Schema.Int.pipe(Schema.between(100, 999_999_999))

/** Which of the tasks (or calls) of a type: the first, several by number, or every one. Defaults to 1. */
const Nth = optional(Schema.Union(Count, Schema.Array(Count), Schema.Literal("every")))

/** From when and for how long. `from` defaults to 0, `for` to ever. */
const span = { from: optional(Seconds), for: optional(Seconds) }

/**
 * One thing that goes wrong.
 *
 * @since 0.1.0
 * @category models
 */
export const Fault = Schema.Union(
  /** Another process holds the machine's lock: the call gets it as HTTP 500, or the task as its exit status. */
  Schema.Struct({
    fault: Schema.Literal("lock-timeout"),
    where: Schema.Literal("http", "task"),
    /** `qmclone`, `qmconfig`, `qmresize` (`resize`), `qmstart`, … */
    type: Schema.String,
    nth: Nth
  }),
  /** The task ends in `WARNINGS: n` with these lines in its log. */
  Schema.Struct({
    fault: Schema.Literal("warnings"),
    type: Schema.String,
    nth: Nth,
    lines: optional(Schema.NonEmptyArray(Schema.String))
  }),
  /** The task's process is killed: no clean-up, locks in the configuration stay, exit status `unexpected status`. */
  Schema.Struct({ fault: Schema.Literal("killed"), type: Schema.String, nth: Nth, after: optional(Seconds) }),
  /** The task ends with this text, before it has changed anything. */
  Schema.Struct({ fault: Schema.Literal("exit-status"), type: Schema.String, nth: Nth, text: Schema.NonEmptyString }),
  /** The task could not be started: `got no worker upid - start worker failed`. Nothing was done. */
  Schema.Struct({ fault: Schema.Literal("no-worker"), type: Schema.String, nth: Nth }),
  /** The task's log file is gone: its status is `no such task`. */
  Schema.Struct({ fault: Schema.Literal("lost-task"), type: Schema.String, nth: Nth }),
  /** Work of the task takes that many times as long. */
  Schema.Struct({
    fault: Schema.Literal("slow"),
    type: Schema.String,
    nth: Nth,
    factor: Schema.Number.pipe(Schema.positive())
  }),
  /** Every ticket issued before then is worth nothing. */
  Schema.Struct({ fault: Schema.Literal("expired-tickets"), at: Seconds }),
  /** Somebody else takes the id right after the n-th time that `nextid` called it free. */
  Schema.Struct({ fault: Schema.Literal("stranger"), nth: Nth, node: optional(Schema.String) }),
  /** Somebody else makes a machine of that id. */
  Schema.Struct({ fault: Schema.Literal("stranger-at"), at: Seconds, vmid: VmId, node: optional(Schema.String) }),
  /** Somebody else changes the description of a machine right after the n-th time its configuration was read. */
  Schema.Struct({ fault: Schema.Literal("foreign-change"), vmid: VmId, nth: Nth }),
  /** The cluster takes no changes: `cluster not ready - no quorum?`. */
  Schema.Struct({ fault: Schema.Literal("no-quorum"), ...span }),
  /** Its tasks and machines die at once; calls for it get 595, or no connection if it is the first node. */
  Schema.Struct({ fault: Schema.Literal("node-down"), node: Schema.String, ...span }),
  Schema.Struct({ fault: Schema.Literal("storage-full"), storage: Schema.String, ...span }),
  /** The storage's lock is held by somebody else. */
  Schema.Struct({ fault: Schema.Literal("storage-busy"), storage: Schema.String, ...span }),
  /** Finished tasks appear in the archive that much later. */
  Schema.Struct({ fault: Schema.Literal("archive-lag"), seconds: Seconds })
)

/**
 * @since 0.1.0
 * @category models
 */
export type Fault = typeof Fault.Type

/**
 * @since 0.1.0
 * @category models
 */
export const Plan = Schema.Array(Fault)

/**
 * @since 0.1.0
 * @category models
 */
export type Plan = typeof Plan.Type

/** What is wrong with one task. */
export interface TaskFaults {
  readonly lockTimeout: boolean
  readonly warnings: ReadonlyArray<string>
  /** Milliseconds after its start. */
  readonly killedAfter: number | undefined
  readonly exitStatus: string | undefined
  readonly noWorker: boolean
  readonly lost: boolean
  readonly factor: number
}

const healthy: TaskFaults = {
  lockTimeout: false,
  warnings: [],
  killedAfter: undefined,
  exitStatus: undefined,
  noWorker: false,
  lost: false,
  factor: 1
}

const defaultWarning = "Sum of all thin volume sizes exceeds the size of thin pool pve/data."

const matches = (nth: number | ReadonlyArray<number> | "every" | undefined, count: number): boolean => {
  if (nth === undefined) return count === 1
  if (nth === "every") return true
  return typeof nth === "number" ? nth === count : nth.includes(count)
}

const apply = (faults: TaskFaults, fault: Fault): TaskFaults => {
  switch (fault.fault) {
    case "lock-timeout":
      return fault.where === "task" ? { ...faults, lockTimeout: true } : faults
    case "warnings":
      return { ...faults, warnings: [...faults.warnings, ...fault.lines ?? [defaultWarning]] }
    case "killed":
      return { ...faults, killedAfter: (fault.after ?? 1) * 1000 }
    case "exit-status":
      return { ...faults, exitStatus: fault.text }
    case "no-worker":
      return { ...faults, noWorker: true }
    case "lost-task":
      return { ...faults, lost: true }
    case "slow":
      return { ...faults, factor: faults.factor * fault.factor }
    default:
      return faults
  }
}

const isTaskFault = (fault: Fault): fault is Extract<Fault, { readonly type: string }> => "type" in fault

/**
 * What is wrong with the n-th task of a type, from 1.
 *
 * @since 0.1.0
 * @category getters
 */
export const ofTask = (plan: Plan, type: string, nth: number): TaskFaults => {
  let faults = healthy
  for (const fault of plan) {
    if (isTaskFault(fault) && fault.type === type && matches(fault.nth, nth)) faults = apply(faults, fault)
  }
  return faults
}

/**
 * Whether the n-th call that would start a task of this type meets a held lock.
 *
 * @since 0.1.0
 * @category getters
 */
export const ofCall = (plan: Plan, type: string, nth: number): boolean =>
  plan.some((fault) =>
    fault.fault === "lock-timeout" && fault.where === "http" && fault.type === type && matches(fault.nth, nth)
  )

/**
 * Where the n-th id that `nextid` calls free is taken by somebody else; `undefined` = it is not.
 *
 * @since 0.1.0
 * @category getters
 */
export const stranger = (plan: Plan, nth: number): Extract<Fault, { readonly fault: "stranger" }> | undefined =>
  plan.find((fault): fault is Extract<Fault, { readonly fault: "stranger" }> =>
    fault.fault === "stranger" && matches(fault.nth, nth)
  )

/**
 * Whether somebody changes the machine after its configuration was read the n-th time.
 *
 * @since 0.1.0
 * @category getters
 */
export const foreignChange = (plan: Plan, vmid: number, nth: number): boolean =>
  plan.some((fault) => fault.fault === "foreign-change" && fault.vmid === vmid && matches(fault.nth, nth))

/**
 * One that is on from some moment for some time.
 *
 * @since 0.1.0
 * @category models
 */
export type SpanFault = Extract<
  Fault,
  { readonly fault: "no-quorum" | "node-down" | "storage-full" | "storage-busy" }
>

const isSpanFault = (fault: Fault): fault is SpanFault =>
  fault.fault === "no-quorum" || fault.fault === "node-down" || fault.fault === "storage-full" ||
  fault.fault === "storage-busy"

/**
 * Whether such a fault is on, `seconds` after the start.
 *
 * @since 0.1.0
 * @category getters
 */
export const isOn = (plan: Plan, seconds: number, test: (fault: SpanFault) => boolean): boolean =>
  plan.some((fault) => isSpanFault(fault) && test(fault) && within(fault, seconds))

const within = (span: SpanFault, seconds: number): boolean => {
  const from = span.from ?? 0
  return seconds >= from && (span.for === undefined || seconds < from + span.for)
}
