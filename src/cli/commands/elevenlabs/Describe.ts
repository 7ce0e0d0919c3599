/**
 * Plans and reports as text and as JSON.
 *
 * @since 0.1.0
 */
import type { Action, Drift } from "../../../systems/elevenlabs/plan/Plan.ts"
import type { DocumentReport, Report, SiteReport } from "../../../systems/elevenlabs/Report.ts"
import * as Reports from "../../../systems/elevenlabs/Report.ts"
import { faultJson, faultLines } from "../../ErrorText.ts"
import * as ExitCode from "../../ExitCode.ts"
import type { Paint } from "../../Paint.ts"

interface Words {
  readonly sign: string
  readonly color: "green" | "yellow" | "red" | "dim" | "cyan"
  readonly planned: string
  readonly done: string
}

const words: { readonly [A in Action["_tag"]]: Words } = {
  Create: { sign: "+", color: "green", planned: "to create", done: "created" },
  Update: { sign: "~", color: "yellow", planned: "to update", done: "updated" },
  Adopt: { sign: "~", color: "cyan", planned: "to adopt", done: "adopted" },
  Attach: { sign: "~", color: "cyan", planned: "to attach", done: "attached" },
  Detach: { sign: "~", color: "cyan", planned: "to detach", done: "detached" },
  Remove: { sign: "-", color: "red", planned: "to remove", done: "removed" },
  DeletePending: { sign: "-", color: "red", planned: "to clean up", done: "cleaned up" },
  Hold: { sign: "!", color: "yellow", planned: "held", done: "held" },
  Keep: { sign: "=", color: "dim", planned: "the same", done: "the same" }
}

const word = ({ action, outcome }: DocumentReport): string =>
  outcome._tag === "Failed" ? "failed" : words[action._tag][outcome._tag === "Done" ? "done" : "planned"]

const reasons: Readonly<Record<string, string>> = {
  "new": "new",
  "remote-gone": "its document is gone",
  "content": "its content changed",
  "hash-unknown": "what was sent is not known",
  "remote-changed": "somebody changed its document",
  "forced": "forced",
  "uploaded-before": "it is there already",
  "taken-over": "it is there already, made by another tool",
  "pending": "replaced or removed before",
  "orphan": "no file leads to it",
  "duplicate": "there are two of it",
  "stray": "no file leads to it"
}

const why = (action: Action): string => {
  const reason = "reason" in action ? ` (${reasons[action.reason] ?? action.reason})` : ""
  const place = "agentId" in action ? ` ${action._tag === "Detach" ? "from" : "to"} ${action.agentId}` : ""
  return place + reason
}

const indented = (lines: ReadonlyArray<string>): ReadonlyArray<string> => lines.map((line) => `      ${line}`)

const documentLines = (report: DocumentReport, paint: Paint): ReadonlyArray<string> => {
  const { action, item, outcome } = report
  const { color, sign } = words[action._tag]
  if (outcome._tag === "Failed") {
    return [
      `  ${paint.red("!")} ${item}: ${words[action._tag].planned}, and it failed`,
      ...indented(faultLines(outcome.fault, paint, false))
    ]
  }
  return action._tag === "Keep" ? [] : [`  ${paint[color](sign)} ${item}: ${word(report)}${why(action)}`]
}

const drifts: { readonly [K in Drift["kind"]]: string } = {
  "gone": "somebody deleted it",
  "changed": "somebody changed it",
  "touched": "it was written to after it was sent",
  "renamed": "somebody renamed it",
  "foreign": "it is not ours, and left alone",
  "still-named": "an agent still names it"
}

const driftLine = ({ detail, documentId, file, kind }: Drift, paint: Paint): string =>
  `  ${paint.yellow("?")} ${file ?? documentId}: ${drifts[kind]}${detail === "" ? "" : ` (${detail})`}`

/** `2 created, 3 the same`, in a fixed order. */
const tally = (list: ReadonlyArray<string>): string => {
  const order = [...Object.values(words).flatMap(({ done, planned }) => [done, planned]), "failed", "refused"]
  return [...new Set(order)].flatMap((one) => {
    const amount = list.filter((candidate) => candidate === one).length
    return amount === 0 ? [] : [`${amount} ${one}`]
  }).join(", ")
}

const wordsOf = ({ documents, refused }: SiteReport): ReadonlyArray<string> => [
  ...documents.map(word),
  ...refused.map(() => "refused")
]

const tallyOf = (site: SiteReport): string => tally(wordsOf(site))

/** Over all sites; those of which nothing was done count as a whole. */
const sum = (sites: ReadonlyArray<SiteReport>): string => {
  const stopped = (["Refused", "Failed", "Interrupted"] as const).flatMap((tag) => {
    const amount = sites.filter(({ outcome }) => outcome._tag === tag).length
    return amount === 0 ? [] : [`${amount} ${amount === 1 ? "site" : "sites"} ${tag.toLowerCase()}`]
  })
  const counts = tally(
    sites.filter(({ outcome }) => outcome._tag !== "Refused" && outcome._tag !== "Failed").flatMap(wordsOf)
  )
  return [...(counts === "" ? [] : [counts]), ...stopped].join(", ") || "nothing to do"
}

const headOf = (report: SiteReport, paint: Paint): string => {
  const { outcome } = report
  const counts = tallyOf(report) || "nothing to do"
  switch (outcome._tag) {
    case "Done":
      return `${Reports.isWhole(report) ? paint.green("done") : paint.red("not whole")}: ${counts}`
    case "Refused":
      return `${paint.red("refused")}, and nothing was done`
    case "Failed":
      return `${paint.red("failed")}, and nothing was done`
    case "Interrupted":
      return `${paint.yellow("interrupted")}: ${counts}`
    case "NotStarted":
      return counts
  }
}

const outcomeLines = ({ outcome }: SiteReport, paint: Paint): ReadonlyArray<string> => {
  if (outcome._tag === "Refused") {
    return outcome.refusals.map(({ message }) => `      ${paint.red("error:")} ${message}`)
  }
  return outcome._tag === "Failed" ? indented(faultLines(outcome.fault, paint, false)) : []
}

/** In the middle of a run, what was uploaded is noted there too, until it is the document of its file. */
const openLines = ({ outcome, pendingDelete }: SiteReport, paint: Paint): ReadonlyArray<string> => {
  const amount = pendingDelete.length
  if (outcome._tag === "NotStarted" || amount === 0) return []
  const what = outcome._tag === "Interrupted"
    ? `${amount} ${amount === 1 ? "document is" : "documents are"} not settled: the next run takes up or deletes each`
    : `still to be deleted by the next run: ${pendingDelete.join(", ")}`
  return [`  ${paint.yellow("?")} ${what}`]
}

/** So many names stand in one line. */
const mostNames = 5

/** A folder may hold hundreds of pictures: one line a reason. */
const skippedLines = ({ skipped }: SiteReport, paint: Paint): ReadonlyArray<string> =>
  [...new Set(skipped.map(({ reason }) => reason))].map((reason) => {
    const files = skipped.filter((one) => one.reason === reason).map(({ file }) => file)
    const more = files.length > mostNames ? ` and ${files.length - mostNames} more` : ""
    return `  ${paint.dim("-")} ${files.slice(0, mostNames).join(", ")}${more}: left out (${reason})`
  })

const siteLines = (report: SiteReport, paint: Paint): ReadonlyArray<string> => [
  `${paint.bold(report.site)}: ${headOf(report, paint)}`,
  ...outcomeLines(report, paint),
  ...report.refused.flatMap(({ fault, file }) => [
    `  ${paint.red("!")} ${file}: refused, and not sent`,
    ...indented(faultLines(fault, paint, false))
  ]),
  ...report.documents.flatMap((document) => documentLines(document, paint)),
  ...skippedLines(report, paint),
  ...report.drift.map((drift) => driftLine(drift, paint)),
  ...openLines(report, paint)
]

/**
 * @since 0.1.0
 * @category conversions
 */
export const reportText = ({ sites }: Report) => (paint: Paint): ReadonlyArray<string> => [
  ...sites.flatMap((site) => siteLines(site, paint)),
  ...(sites.length > 1 ? [`${paint.bold(`${sites.length} sites`)}: ${sum(sites)}`] : [])
]

const documentJson = ({ action, item, outcome }: DocumentReport) => {
  const { _tag, ...fields } = action
  // The file's own path and bytes are of no use to a reader.
  const { document: _document, ...rest } = { document: undefined, ...fields }
  const documentId = outcome._tag === "Done" ? outcome.documentId : undefined
  const before = "documentId" in rest && rest.documentId !== documentId ? { replaced: rest.documentId } : {}
  return {
    item,
    action: _tag,
    ...rest,
    ...(documentId === undefined ? {} : { documentId, ...before }),
    outcome: outcome._tag,
    ...(outcome._tag === "Failed" ? { error: faultJson(outcome.fault) } : {})
  }
}

const siteJson = (report: SiteReport) => {
  const { documents, drift, outcome, pendingDelete, refused, site, skipped } = report
  return {
    site,
    outcome: outcome._tag,
    ...(outcome._tag === "Refused" ? { refusals: outcome.refusals } : {}),
    ...(outcome._tag === "Failed" ? { error: faultJson(outcome.fault) } : {}),
    documents: documents.map(documentJson),
    refused: refused.map(({ fault, file }) => ({ file, error: faultJson(fault) })),
    skipped,
    drift,
    pendingDelete
  }
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const reportJson = ({ durationMillis, sites }: Report) => ({ sites: sites.map(siteJson), durationMillis })

/**
 * One line, for the list of runs.
 *
 * @since 0.1.0
 * @category conversions
 */
export const summary = ({ sites }: Report): string =>
  sites.map((site) => {
    const { _tag } = site.outcome
    const how = _tag === "Done" ? tallyOf(site) || "nothing to do" : _tag.toLowerCase()
    return `${site.site}: ${how}`
  }).join("; ")

const siteCode = ({ documents, outcome, refused }: SiteReport): ExitCode.ExitCode => {
  switch (outcome._tag) {
    case "Refused":
      return ExitCode.refused
    case "Failed":
      return ExitCode.ofFault(outcome.fault)
    case "Interrupted":
      return ExitCode.failed
    case "Done":
    case "NotStarted": {
      const failed =
        documents.filter(({ action, outcome }) => outcome._tag === "Failed" || action._tag === "Hold").length
      const fine = documents.length - failed
      return failed + fine === 0 && refused.length > 0
        ? ExitCode.refused
        : ExitCode.ofItems({ done: fine, failed: failed + refused.length })
    }
  }
}

/**
 * That of every site where they are of one mind, otherwise 2 where anything is done and 1 where nothing is.
 *
 * @since 0.1.0
 * @category getters
 */
export const reportCode = ({ sites }: Report): ExitCode.ExitCode => {
  const codes = new Set(sites.map(siteCode))
  const [first = ExitCode.done] = codes
  if (codes.size <= 1) return first
  return codes.has(ExitCode.done) || codes.has(ExitCode.partlyFailed) ? ExitCode.partlyFailed : ExitCode.failed
}
