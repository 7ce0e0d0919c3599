/**
 * What the command's exit status means. Scripts depend on these numbers; they are part of the interface.
 *
 * @since 0.1.0
 */
import type * as Fault from "../kernel/Fault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type ExitCode = 0 | 1 | 2 | 3 | 64 | 70 | 129 | 130 | 143

/**
 * Everything asked for is done.
 *
 * @since 0.1.0
 * @category constants
 */
export const done: ExitCode = 0

/**
 * The work was begun and failed.
 *
 * @since 0.1.0
 * @category constants
 */
export const failed: ExitCode = 1

/**
 * Some items are done and others failed.
 *
 * @since 0.1.0
 * @category constants
 */
export const partlyFailed: ExitCode = 2

/**
 * A check refused, so nothing was done.
 *
 * @since 0.1.0
 * @category constants
 */
export const refused: ExitCode = 3

/**
 * The command line itself is wrong (`EX_USAGE` of sysexits.h).
 *
 * @since 0.1.0
 * @category constants
 */
export const usage: ExitCode = 64

/**
 * A defect of holdfast itself (`EX_SOFTWARE` of sysexits.h).
 *
 * @since 0.1.0
 * @category constants
 */
export const defect: ExitCode = 70

/**
 * Interrupted by Ctrl-C (128 + SIGINT).
 *
 * @since 0.1.0
 * @category constants
 */
export const interrupted: ExitCode = 130

/**
 * The meaning of each code, as the help prints it.
 *
 * @since 0.1.0
 * @category constants
 */
export const meanings: ReadonlyArray<readonly [code: string, meaning: string]> = [
  ["0", "done"],
  ["1", "failed"],
  ["2", "partly failed: some items are done, others are not"],
  ["3", "nothing done, because a check refused"],
  ["64", "the command line is wrong"],
  ["70", "a defect of holdfast itself"],
  ["130", "interrupted (143 by SIGTERM, 129 by SIGHUP)"]
]

/**
 * The code of a fault that says the command line is wrong in a way the parser cannot see.
 *
 * @since 0.1.0
 * @category constants
 */
export const usageCode = "usage"

const refusals: ReadonlySet<Fault.Kind> = new Set([
  "invalid",
  "conflict",
  "denied",
  "not-found",
  "rejected",
  "unauthenticated"
])

/**
 * The code of a command that ended with this fault and had done nothing before it: `3` where holdfast itself
 * refused without sending anything, `64` where the command line is to blame, `1` otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofFault = (fault: Fault.Fault): ExitCode => {
  if (fault.code === usageCode) return usage
  return fault.sent === "no" && refusals.has(fault.kind) ? refused : failed
}

/**
 * The code where it is known that nothing can have been done yet: whatever holdfast lacks itself is a refusal then.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofFaultBefore = (fault: Fault.Fault): ExitCode => {
  const code = ofFault(fault)
  return code === failed && fault.system === "holdfast" ? refused : code
}

/**
 * The code of work over many items.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofItems = (counts: { readonly done: number; readonly failed: number }): ExitCode => {
  if (counts.failed === 0) return done
  return counts.done === 0 ? failed : partlyFailed
}
