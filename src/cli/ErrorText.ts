/**
 * How an error reads: what happened, to which object, what is known of the remote state, and what to do next.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Fault from "../kernel/Fault.ts"
import type { Paint } from "./Paint.ts"

/** What can be said of the remote state where nobody has said more. */
const state = (fault: Fault.Fault): string | undefined => {
  if (fault.remote !== undefined) return fault.remote
  if (fault.sent === "no") return "nothing was done"
  if (fault.kind === "unknown") return "not known: the request may have taken effect"
  const refused = fault.status !== undefined && fault.status >= 400 && Fault.traits[fault.kind].refused
  return refused ? "the server refused and changed nothing" : undefined
}

const next = (fault: Fault.Fault): string | undefined => {
  const hint = Fault.hintOf(fault)
  if (hint !== undefined) return hint
  return Fault.isRetryable(fault) || Fault.isOutcomeUnknown(fault)
    ? "Run the same command again; it continues from what is there"
    : undefined
}

const origin = (fault: Fault.Fault): string =>
  [
    fault.operation,
    fault.code ?? fault.kind,
    fault.status === undefined ? "" : `HTTP ${fault.status}`,
    fault.requestId === undefined ? "" : `request ${fault.requestId}`
  ].filter((part) => part !== "").join(", ")

/**
 * The lines about a fault. With `debug` also its origin and what was thrown below it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const faultLines = (fault: Fault.Fault, paint: Paint, debug: boolean): ReadonlyArray<string> => {
  // A task's name ends in a colon of its own.
  const head = fault.subject === undefined ? fault.detail : `${fault.subject.replace(/:$/, "")}: ${fault.detail}`
  const [first = "", ...more] = head.split("\n")
  const lines = [`${paint.red("error:")} ${first}`, ...more.map((line) => `  ${line}`)]
  const known = state(fault)
  const todo = next(fault)
  if (known !== undefined) lines.push(`  ${paint.dim("state:")} ${known}`)
  if (todo !== undefined) lines.push(`  ${paint.dim("next:")}  ${todo}`)
  if (debug) {
    lines.push(`  ${paint.dim("at:")}    ${origin(fault)}`)
    if (fault.cause !== undefined) lines.push(...String(stackOf(fault.cause)).split("\n").map((line) => `    ${line}`))
  }
  return lines
}

const stackOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return String(thrown)
  const below = thrown.cause === undefined ? "" : `\ncaused by ${stackOf(thrown.cause)}`
  return `${thrown.stack ?? thrown.message}${below}`
}

/**
 * A fault as a document.
 *
 * @since 0.1.0
 * @category constructors
 */
export const faultJson = (fault: Fault.Fault): Readonly<Record<string, unknown>> => {
  const { cause: _cause, ...fields } = fault.options
  return { ...fields, message: fault.message, state: state(fault), next: next(fault) }
}

/**
 * The lines about a defect, which is ours to mend.
 *
 * @since 0.1.0
 * @category constructors
 */
export const defectLines = (cause: Cause.Cause<unknown>, paint: Paint, debug: boolean): ReadonlyArray<string> => {
  const thrown = Cause.squash(cause)
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  const lines = [`${paint.red("error:")} holdfast has a defect: ${message.split("\n")[0] ?? ""}`]
  if (!debug) return [...lines, `  ${paint.dim("next:")}  run again with --debug and report what it prints`]
  return [...lines, ...Cause.pretty(cause, { renderErrorCause: true }).split("\n").map((line) => `    ${line}`)]
}
