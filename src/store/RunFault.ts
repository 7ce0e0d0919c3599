/**
 * What stands in the way of a run, and of finding one.
 *
 * @since 0.1.0
 */
import * as Fault from "../kernel/Fault.ts"
import type { Run } from "./Run.ts"

/** Another run has the target. */
export const held = (operation: string, target: string, run: Run | undefined, lease?: Fault.Fault): Fault.Fault =>
  Fault.make({
    kind: "rejected",
    system: "holdfast",
    operation,
    subject: target,
    code: "run-held",
    sent: "no",
    detail: run === undefined
      ? lease?.detail ?? "another run has it"
      : `run ${run.id} (${run.command}, process ${run.holder.pid} on ${run.holder.host}) has it since ` +
        new Date(run.startedAt).toISOString(),
    hint: "wait for it, or run `holdfast run unlock` if it is known to be gone"
  })

export const unknown = (operation: string, id: string): Fault.Fault =>
  Fault.make({
    kind: "not-found",
    system: "holdfast",
    operation,
    subject: `run ${id}`,
    code: "no-such-run",
    sent: "no",
    detail: "there is no such run",
    hint: "see `holdfast run list`"
  })

export const ambiguous = (operation: string, id: string, runs: ReadonlyArray<Run>): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation,
    subject: `run ${id}`,
    code: "ambiguous-run",
    sent: "no",
    detail: `several runs begin so: ${runs.map((run) => run.id).join(", ")}`
  })
