/**
 * What became of an export, as text and as JSON.
 *
 * @since 0.1.0
 */
import {
  type Changes,
  type Exception,
  isWhole,
  type Outcome,
  type Reason,
  type Report,
  type TypeSummary
} from "../../../systems/genesys/Report.ts"
import { oneLine } from "../../../transport/Answer.ts"
import * as ExitCode from "../../ExitCode.ts"
import { count, quoted, table } from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import * as Flags from "./Flags.ts"

/** So many of one kind are told one by one; the others are in the report. */
const shown = 20

const reportFile = "export-report.json"

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

const total = (types: ReadonlyArray<TypeSummary>, column: "listed" | "exported"): number =>
  types.reduce((sum, type) => sum + type[column], 0)

const columns = ["listed", "exported", "vanished", "failed", "skipped"] as const

const cells = (type: TypeSummary, paint: Paint): ReadonlyArray<string> => [
  ...columns.map((column) => {
    const text = String(type[column])
    const alarm = type[column] === 0 ? paint.dim : column === "failed" ? paint.red : column === "vanished"
      ? paint.yellow
      : (text: string) => text
    return alarm(text)
  }),
  type.denied ? paint.red("yes") : ""
]

/** Types that have something, a row each; of the others only how many they are. */
const typeLines = (report: Report, paint: Paint): ReadonlyArray<string> => {
  const some = report.types.filter((type) => type.denied || columns.some((column) => type[column] > 0))
  const empty = report.types.length - some.length
  return [
    ...table(some.map((type) => [type.type, ...cells(type, paint)]), ["type", ...columns, "denied"]),
    ...(empty === 0 ? [] : [paint.dim(`${count(empty, "type")} with nothing in ${empty === 1 ? "it" : "them"}`)])
  ]
}

/** The gravest first. */
const reasons: ReadonlyArray<readonly [reason: Reason, says: string]> = [
  ["denied", "types left out, for they may not be listed"],
  ["not-listed", "types left out, for they could not be listed"],
  ["incomplete", "types of which fewer were listed than promised"],
  ["absent", "resources that were asked for and are not there"],
  ["failed", "resources that could not be read"],
  ["file", "files that could not be had"],
  ["vanished", "resources gone between listing and reading"],
  ["unresolved", "references to what is not in the export"],
  ["cycle", "dependencies left out to break a circle"],
  ["skipped", "resources left out by nature"]
]

const alarming: ReadonlySet<Reason> = new Set(["denied", "not-listed", "incomplete", "absent", "failed", "file"])

const subject = ({ attribute, id, name, type }: Exception): string => {
  const who = id === "*" ? type : `${type} ${name === null ? id : `${JSON.stringify(name)} (${id})`}`
  return attribute === null ? who : `${who}, ${attribute}`
}

const exceptionLines = (exception: Exception, paint: Paint): ReadonlyArray<string> => {
  const request = exception.correlationId === null ? "" : paint.dim(` (request ${exception.correlationId})`)
  return [
    `  ${subject(exception)}: ${Flags.spelled(exception.detail)}${request}`,
    ...(exception.hint === null ? [] : [`    ${paint.dim("next:")} ${Flags.spelled(exception.hint)}`])
  ]
}

const reasonLines = (report: Report, paint: Paint): ReadonlyArray<string> =>
  reasons.flatMap(([reason, says]) => {
    const all = report.exceptions.filter((exception) => exception.reason === reason)
    if (all.length === 0) return []
    const color = alarming.has(reason) ? paint.red : paint.yellow
    return [
      "",
      `${color(reason)} (${all.length}): ${says}`,
      ...all.slice(0, shown).flatMap((exception) => exceptionLines(exception, paint)),
      ...(all.length <= shown ? [] : [`  and ${all.length - shown} more, in ${reportFile}`])
    ]
  })

const changeLines = ({ added, changed, removed }: Changes, paint: Paint): ReadonlyArray<string> => {
  const signs = [["+", added, paint.green], ["~", changed, paint.yellow], ["-", removed, paint.red]] as const
  return [
    "",
    `since the last export: ${added.length} added, ${changed.length} changed, ${removed.length} removed`,
    ...signs.flatMap(([sign, addresses, color]) => [
      ...addresses.slice(0, shown).map((address) => `  ${color(sign)} ${address}`),
      ...(addresses.length <= shown ? [] : [`  ${color(sign)} and ${addresses.length - shown} more`])
    ])
  ]
}

/** What one would do now. */
const next = ({ directory, files, report }: Outcome): ReadonlyArray<string> => {
  const values = files.filter((file) => file.endsWith("terraform.tfvars"))
  return [
    ...(isWhole(report)
      ? []
      : ["see what is missing above; the same command with --since-last tries it again and reads little else"]),
    ...(values.length === 0 ? [] : [`fill in ${values.join(" and ")}: what is there could not be had from the API`]),
    `terraform -chdir=${quoted(directory)} init`
  ]
}

/**
 * One line, for the list of runs.
 *
 * @since 0.1.0
 * @category conversions
 */
export const summary = ({ directory, report }: Outcome): string => {
  const wrong = report.exceptions.filter(({ reason }) => alarming.has(reason)).length
  return `${count(total(report.types, "exported"), "resource")} in ${directory}${
    wrong === 0 ? "" : `, ${count(wrong, "exception")}`
  }`
}

/** How often the API was asked, and where the resources come from. */
const effort = ({ calls, listed, read, retries, reused }: Outcome): string => {
  const again = retries === 0 ? "" : `, ${retries} of them repeated`
  const sources = [
    ...(listed === 0 ? [] : [`${listed} whole in their listings`]),
    ...(read === 0 ? [] : [`${read} read`]),
    ...(reused === 0 ? [] : [`${reused} known from before`])
  ]
  return `${count(calls, "call")}${again}${sources.length === 0 ? "" : `; ${sources.join(", ")}`}`
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const outcomeText = (outcome: Outcome) => (paint: Paint): ReadonlyArray<string> => {
  const { archive, directory, durationMillis, files, report, trusted } = outcome
  const { changes, organisation, types } = report
  return [
    ...typeLines(report, paint),
    ...reasonLines(report, paint),
    ...(changes === undefined ? [] : changeLines(changes, paint)),
    "",
    `${paint.bold(oneLine(organisation.name))} (${organisation.id}): `
    + `${total(types, "exported")} of ${count(total(types, "listed"), "resource")} exported`
    + ` in ${seconds(durationMillis)}`,
    `  ${effort(outcome)}`,
    ...(trusted === 0
      ? []
      : [
        `  ${
          count(trusted, "resource")
        } as the listing has it: what no listing shows is as it was (holdfast genesys types)`
      ]),
    `  ${count(files.length, "file")} in ${directory}${archive === undefined ? "" : `, and all of them in ${archive}`}`,
    ...next(outcome).map((line) => `  ${paint.dim("next:")} ${line}`)
  ]
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const outcomeJson = (outcome: Outcome) => {
  const { report, ...rest } = outcome
  return { ...report, whole: isWhole(report), ...rest, next: next(outcome) }
}

/**
 * 2 where something that was asked for is not in the files.
 *
 * @since 0.1.0
 * @category getters
 */
export const outcomeCode = ({ report }: Outcome): ExitCode.ExitCode =>
  isWhole(report) ? ExitCode.done : ExitCode.partlyFailed
