/**
 * Runs as text and as JSON.
 *
 * @since 0.1.0
 */
import type { Details, Run, State, Step } from "../../../store/Run.ts"
import { table } from "../../Output.ts"
import type { Paint } from "../../Paint.ts"

const iso = (millis: number): string => new Date(millis).toISOString()

const colored = (state: State | Step["state"], paint: Paint): string => {
  switch (state) {
    case "done":
      return paint.green(state)
    case "failed":
      return paint.red(state)
    case "running":
      return paint.cyan(state)
    case "interrupted":
    case "unknown":
      return paint.yellow(state)
  }
}

const process = (run: Run): string => `process ${run.holder.pid} on ${run.holder.host}`

/**
 * @since 0.1.0
 * @category conversions
 */
export const runJson = ({ endedAt, holder, startedAt, ...run }: Run) => ({
  ...run,
  startedAt: iso(startedAt),
  ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) }),
  holder: { pid: holder.pid, host: holder.host }
})

/**
 * @since 0.1.0
 * @category conversions
 */
export const listText = (runs: ReadonlyArray<Run>) => (paint: Paint): ReadonlyArray<string> =>
  table(
    runs.map((run) => [
      run.id,
      iso(run.startedAt).slice(0, 19) + "Z",
      run.command,
      run.target,
      colored(run.state, paint),
      run.state === "running" ? process(run) : run.detail?.split("\n")[0] ?? ""
    ]),
    ["run", "began", "command", "target", "state", ""]
  )

/**
 * @since 0.1.0
 * @category conversions
 */
export const detailsJson = ({ steps, ...run }: Details) => ({
  ...runJson(run),
  steps: steps.map(({ begunAt, endedAt, ...step }) => ({
    ...step,
    begunAt: iso(begunAt),
    ...(endedAt === undefined ? {} : { endedAt: iso(endedAt) })
  }))
})

const summary = (steps: ReadonlyArray<Step>): string => {
  const states = ["done", "failed", "unknown"] as const
  const counts = states.map((state) => [state, steps.filter((step) => step.state === state).length] as const)
  return counts.flatMap(([state, amount]) => (amount === 0 ? [] : [`${amount} ${state}`])).join(", ")
}

const stepRow = (step: Step, paint: Paint): ReadonlyArray<string> => [
  `  ${colored(step.state, paint)}`,
  step.key,
  step.settledBy === undefined ? "" : paint.dim(`found out by run ${step.settledBy}`)
]

/**
 * @since 0.1.0
 * @category conversions
 */
export const detailsText = (run: Details) => (paint: Paint): ReadonlyArray<string> => [
  `run ${paint.bold(run.id)}: ${run.command}, ${colored(run.state, paint)}`,
  ...(run.detail === undefined ? [] : [`  ${run.detail}`]),
  ...table([
    ["  target", run.target],
    ["  began", iso(run.startedAt)],
    ...(run.endedAt === undefined ? [] : [["  ended", iso(run.endedAt)]]),
    ["  by", process(run)],
    ...(run.traceId === undefined ? [] : [["  trace", run.traceId]])
  ]),
  "",
  run.steps.length === 0 ? "no changes" : `changes: ${summary(run.steps)}`,
  ...table(run.steps.map((step) => stepRow(step, paint))),
  ...(run.state === "interrupted" ? ["", `to finish it: holdfast run resume ${run.id}`] : [])
]
