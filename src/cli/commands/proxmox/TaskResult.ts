/**
 * How a task ended, as a result of the command.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { TaskEnd } from "../../../systems/proxmox/Report.ts"
import { faultJson, faultLines } from "../../ErrorText.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import type { Session } from "../../Session.ts"

const json = (end: TaskEnd) => {
  const result = end._tag.toLowerCase()
  switch (end._tag) {
    case "Ok":
      return { task: end.task, result }
    case "Warnings":
      return { task: end.task, result, warnings: end.lines }
    case "Failed":
    case "Unknown":
      return { task: end.task, result, fault: faultJson(end.fault), log: end.log }
  }
}

const text = (end: TaskEnd) => (paint: Paint): ReadonlyArray<string> => {
  switch (end._tag) {
    case "Ok":
      return [`${end.task}: ${paint.green("OK")}`]
    case "Warnings":
      return [`${end.task}: ${paint.yellow("OK with warnings")}`, ...end.lines.map((line) => `  ${line}`)]
    case "Failed":
    case "Unknown":
      return [
        `${end.task}: ${paint.red(end._tag === "Failed" ? "failed" : "nobody recorded how it ended")}`,
        ...faultLines(end.fault, paint, false).map((line) => `  ${line}`),
        ...end.log.map((line) => `  | ${line}`)
      ]
  }
}

/**
 * Prints it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const print = (end: TaskEnd): Effect.Effect<void, never, Session> =>
  Output.print({ json: () => json(end), text: text(end) })

/**
 * @since 0.1.0
 * @category getters
 */
export const code = (end: TaskEnd): ExitCode.ExitCode =>
  end._tag === "Ok" || end._tag === "Warnings" ? ExitCode.done : ExitCode.failed
