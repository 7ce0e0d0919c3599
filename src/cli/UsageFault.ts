/**
 * What is wrong with a command line beyond what its parser can see.
 *
 * @since 0.1.0
 */
import * as Fault from "../kernel/Fault.ts"
import * as ExitCode from "./ExitCode.ts"

/**
 * A fault of the command line: exit status 64.
 *
 * @since 0.1.0
 * @category constructors
 */
export const usage = (detail: string, hint: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Holdfast.commandLine",
    code: ExitCode.usageCode,
    sent: "no",
    detail,
    hint
  })
