/**
 * A failed trial in words: what every process asked for, and what it said.
 */
import * as Trial from "./Trial.ts"

const ofRun = ({ calls, ended }: Trial.Run, index: number): ReadonlyArray<string> => [
  `  process ${index + 1}, ended with ${ended.code ?? ended.signal ?? "nothing"}:`,
  ...calls.map(({ id, phase }) => `    ${id}${phase === "" ? "" : ` (${phase})`}`),
  ...`${ended.stdout}\n${ended.stderr}`.split("\n").filter((line) => line !== "").map((line) => `    | ${line}`)
]

export const of = ({ plan, problems, runs, scenario, unmet }: Trial.Trial): string =>
  [
    Trial.idOf(scenario, plan),
    ...problems.map((problem) => `  ${problem}`),
    ...(unmet === undefined ? [] : [`  not met, because ${unmet.because}: ${unmet.stop.call}`]),
    ...runs.flatMap(ofRun)
  ].join("\n")
