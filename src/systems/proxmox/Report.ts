/**
 * What the operations answer: one entry a machine, in the order of the fleet, whatever happened to the others.
 *
 * @since 0.1.0
 */
import type * as Fault from "../../kernel/Fault.ts"
import type { Change } from "./difference/Difference.ts"

/**
 * What apply would do with one machine.
 *
 * - `Create`: clone it from its template. `changes` follow the clone.
 * - `Update`: it is ours and differs, or it is stopped and should run.
 * - `Resume`: an earlier run left it half-made; apply finishes it. `reason` says how it was found.
 * - `Keep`: nothing to do.
 * - `Refuse`: it cannot be had; apply touches nothing of it. Every reason is given, at least one.
 *
 * @since 0.1.0
 * @category models
 */
export type Action =
  | {
    readonly _tag: "Create"
    readonly node: string
    readonly vmid: number | "auto"
    readonly template: Template
    readonly changes: ReadonlyArray<Change>
    readonly start: boolean
  }
  | {
    readonly _tag: "Update"
    readonly node: string
    readonly vmid: number
    readonly changes: ReadonlyArray<Change>
    readonly start: boolean
  }
  | {
    readonly _tag: "Resume"
    readonly node: string
    readonly vmid: number
    readonly reason: string
    /** The running task, where there is exactly one that it can be. */
    readonly task?: string | undefined
    readonly start: boolean
  }
  | { readonly _tag: "Keep"; readonly node: string; readonly vmid: number; readonly running: boolean }
  | { readonly _tag: "Refuse"; readonly faults: ReadonlyArray<Fault.Fault> }

/**
 * @since 0.1.0
 * @category models
 */
export interface Template {
  readonly vmid: number
  readonly node: string
  readonly name: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface MachinePlan {
  readonly machine: string
  readonly action: Action
}

/**
 * The same world and the same fleet give the same plan, to the byte.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  readonly fleet: string
  readonly machines: ReadonlyArray<MachinePlan>
}

/**
 * Milliseconds by phase, only of phases that took place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Durations {
  readonly clone?: number | undefined
  readonly configure?: number | undefined
  readonly resize?: number | undefined
  readonly start?: number | undefined
  readonly stop?: number | undefined
  readonly destroy?: number | undefined
  readonly total: number
}

/**
 * How it ended for one machine.
 *
 * - `Done`: it is as asked for. `changed` is false where nothing had to be done.
 * - `Failed`: see the fault: what, which machine, what is known of the remote state, what to do next.
 * - `Refused`: nothing was touched.
 * - `NotStarted`: the work ended before its turn came.
 * - `Interrupted`: in the middle. `task` runs on (detached) or could not be verified as gone; `left` says what may be
 *   left on the server, absent where nothing is.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | {
    readonly _tag: "Done"
    readonly changed: boolean
    readonly changes: ReadonlyArray<Change>
    /** From tasks that ended with warnings. */
    readonly warnings: ReadonlyArray<string>
    /** Configuration keys that take effect with the next reboot, sorted. */
    readonly pendingReboot: ReadonlyArray<string>
    /** From the guest agent, where it was asked. */
    readonly addresses: ReadonlyArray<string>
    readonly durations: Durations
  }
  | { readonly _tag: "Failed"; readonly fault: Fault.Fault }
  | { readonly _tag: "Refused"; readonly faults: ReadonlyArray<Fault.Fault> }
  | { readonly _tag: "NotStarted" }
  | { readonly _tag: "Interrupted"; readonly task?: string | undefined; readonly left?: string | undefined }

/**
 * @since 0.1.0
 * @category models
 */
export interface MachineReport {
  readonly machine: string
  readonly vmid?: number | undefined
  readonly node?: string | undefined
  /** What was to be done. `absent`: there was nothing to destroy. */
  readonly action: "create" | "update" | "resume" | "keep" | "refuse" | "destroy" | "absent"
  readonly outcome: Outcome
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Report {
  readonly fleet: string
  /** In the order of the fleet. */
  readonly machines: ReadonlyArray<MachineReport>
  readonly durationMillis: number
}

/**
 * How a machine of the fleet differs from what it should be.
 *
 * @since 0.1.0
 * @category models
 */
export interface MachineDrift {
  readonly machine: string
  readonly vmid?: number | undefined
  readonly node?: string | undefined
  /** `unknown`: it could not be read, see `faults`. `foreign`: something else is where it should be. */
  readonly state: "same" | "differs" | "missing" | "half-made" | "foreign" | "unknown"
  readonly changes: ReadonlyArray<Change>
  /** Configuration keys that take effect with the next reboot, sorted. */
  readonly pendingReboot: ReadonlyArray<string>
  readonly faults: ReadonlyArray<Fault.Fault>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Drift {
  readonly fleet: string
  readonly machines: ReadonlyArray<MachineDrift>
}

/**
 * A machine or template of the cluster.
 *
 * @since 0.1.0
 * @category models
 */
export interface InventoryEntry {
  readonly vmid: number
  readonly name: string
  readonly node: string
  readonly template: boolean
  /** Live where it is ours; up to ten seconds old otherwise. */
  readonly status: string
  readonly lock?: string | undefined
  readonly tags: ReadonlyArray<string>
  /** The fleet and machine that made it, where holdfast did. */
  readonly madeBy?: { readonly fleet: string; readonly machine: string } | undefined
}

/**
 * How a task ended.
 *
 * @since 0.1.0
 * @category models
 */
export type TaskEnd =
  | { readonly _tag: "Ok"; readonly task: string }
  | { readonly _tag: "Warnings"; readonly task: string; readonly lines: ReadonlyArray<string> }
  | {
    readonly _tag: "Failed"
    readonly task: string
    readonly fault: Fault.Fault
    /** The last lines of its log. */
    readonly log: ReadonlyArray<string>
  }
  /** Nobody recorded how: the worker was killed, or its node went down. Only the state of the object can tell. */
  | {
    readonly _tag: "Unknown"
    readonly task: string
    readonly fault: Fault.Fault
    readonly log: ReadonlyArray<string>
  }
