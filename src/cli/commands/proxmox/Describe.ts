/**
 * Plans, reports and drift as text and as JSON.
 *
 * @since 0.1.0
 */
import type * as Fault from "../../../kernel/Fault.ts"
import type { Change } from "../../../systems/proxmox/difference/Difference.ts"
import type {
  Action,
  Drift,
  MachineDrift,
  MachineReport,
  Outcome,
  Plan,
  Report
} from "../../../systems/proxmox/Report.ts"
import { faultJson, faultLines } from "../../ErrorText.ts"
import * as ExitCode from "../../ExitCode.ts"
import { count, table } from "../../Output.ts"
import type { Paint } from "../../Paint.ts"

const change = ({ from, key, to }: Change): string => {
  if (from === undefined) return `${key}: ${to ?? ""}`
  return to === undefined ? `${key}: remove ${from}` : `${key}: ${from} -> ${to}`
}

const indented = (lines: ReadonlyArray<string>, by: string): ReadonlyArray<string> => lines.map((line) => by + line)

const faults = (list: ReadonlyArray<Fault.Fault>, paint: Paint): ReadonlyArray<string> =>
  list.flatMap((fault) => indented(faultLines(fault, paint, false), "    "))

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** `3 to create, 1 to keep`, in a fixed order. */
const tally = (words: ReadonlyArray<string>, order: ReadonlyArray<string>): string =>
  order.flatMap((word) => {
    const amount = words.filter((candidate) => candidate === word).length
    return amount === 0 ? [] : [`${amount} ${word}`]
  }).join(", ")

const place = (action: Exclude<Action, { readonly _tag: "Refuse" }>): string =>
  `VM ${action.vmid === "auto" ? "(next free id)" : action.vmid} on ${action.node}`

const planLines = (machine: string, action: Action, paint: Paint): ReadonlyArray<string> => {
  const name = paint.bold(machine)
  switch (action._tag) {
    case "Create":
      return [
        `${paint.green("+")} ${name}: create ${place(action)} from ${action.template.name} (${action.template.vmid})`,
        ...indented(action.changes.map(change), "    "),
        ...(action.start ? ["    start it"] : [])
      ]
    case "Update":
      return [
        `${paint.yellow("~")} ${name}: change ${place(action)}`,
        ...indented(action.changes.map(change), "    "),
        ...(action.start ? ["    start it"] : [])
      ]
    case "Resume":
      return [
        `${paint.yellow("~")} ${name}: finish ${place(action)}: ${action.reason}`,
        ...(action.task === undefined ? [] : [`    ${action.task}`]),
        ...(action.start ? ["    start it"] : [])
      ]
    case "Keep":
      return [`${paint.dim("=")} ${name}: nothing to do, ${place(action)}${action.running ? "" : " (stopped)"}`]
    case "Refuse":
      return [`${paint.red("!")} ${name}: refused, and not touched`, ...faults(action.faults, paint)]
  }
}

const planWords = {
  Create: "to create",
  Update: "to change",
  Resume: "to finish",
  Keep: "as wanted",
  Refuse: "refused"
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const planText = (plan: Plan) => (paint: Paint): ReadonlyArray<string> => [
  ...plan.machines.flatMap(({ action, machine }) => planLines(machine, action, paint)),
  "",
  `fleet ${plan.fleet}: ${
    tally(plan.machines.map(({ action }) => planWords[action._tag]), Object.values(planWords)) || "no machines"
  }`
]

/**
 * @since 0.1.0
 * @category conversions
 */
export const planJson = (plan: Plan) => ({
  fleet: plan.fleet,
  machines: plan.machines.map(({ action, machine }) => ({
    machine,
    ...(action._tag === "Refuse" ? { action: "refuse", faults: action.faults.map(faultJson) } : actionJson(action))
  }))
})

const actionJson = ({ _tag, ...fields }: Exclude<Action, { readonly _tag: "Refuse" }>) => ({
  action: _tag.toLowerCase(),
  ...fields
})

/**
 * 3 where anything is refused, as apply would do nothing of it.
 *
 * @since 0.1.0
 * @category getters
 */
export const planCode = (plan: Plan): ExitCode.ExitCode =>
  plan.machines.some(({ action }) => action._tag === "Refuse") ? ExitCode.refused : ExitCode.done

const verbs = {
  create: "created",
  update: "changed",
  resume: "finished",
  keep: "unchanged",
  refuse: "refused",
  destroy: "destroyed",
  absent: "not there"
}

/** One word for how it ended. */
const word = ({ action, outcome }: MachineReport): string => {
  switch (outcome._tag) {
    case "Done":
      return outcome.changed || action === "absent" ? verbs[action] : "unchanged"
    case "Failed":
      return "failed"
    case "Refused":
      return "refused"
    case "NotStarted":
      return "not started"
    case "Interrupted":
      return "interrupted"
  }
}

const tone = (outcome: Outcome, paint: Paint): (text: string) => string => {
  if (outcome._tag === "Done") return outcome.changed ? paint.green : paint.dim
  return outcome._tag === "NotStarted" ? paint.yellow : paint.red
}

const phases = ["clone", "configure", "resize", "start", "stop", "destroy", "total"] as const

const timing = (outcome: Outcome): string =>
  outcome._tag !== "Done"
    ? ""
    : phases.flatMap((phase) => {
      const millis = outcome.durations[phase]
      return millis === undefined || (phase !== "total" && millis < 50) ? [] : [`${phase} ${seconds(millis)}`]
    }).join(", ")

const notes = ({ machine, outcome }: MachineReport, paint: Paint): ReadonlyArray<string> => {
  switch (outcome._tag) {
    case "Done":
      return [
        ...outcome.warnings.map((line) => `${paint.yellow("warning:")} ${machine}: ${line}`),
        ...(outcome.pendingReboot.length === 0
          ? []
          : [`${paint.yellow("note:")} ${machine}: ${outcome.pendingReboot.join(", ")} in force after a reboot`])
      ]
    case "Failed":
      return [`${paint.bold(machine)} failed`, ...faults([outcome.fault], paint)]
    case "Refused":
      return [`${paint.bold(machine)} was refused, and not touched`, ...faults(outcome.faults, paint)]
    case "Interrupted": {
      const task = outcome.task === undefined ? [] : [`    task ${outcome.task}`]
      return [`${paint.bold(machine)} was interrupted: ${outcome.left ?? "nothing is left of it"}`, ...task]
    }
    case "NotStarted":
      return []
  }
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const reportText = (report: Report) => (paint: Paint): ReadonlyArray<string> => {
  const rows = report.machines.map((entry) => [
    entry.machine,
    entry.vmid === undefined ? "-" : String(entry.vmid),
    entry.node ?? "-",
    tone(entry.outcome, paint)(word(entry)),
    paint.dim(
      [timing(entry.outcome), entry.outcome._tag === "Done" ? entry.outcome.addresses.join(" ") : ""]
        .filter((text) => text !== "").join("; ")
    )
  ])
  const more = report.machines.flatMap((entry) => notes(entry, paint))
  return [
    ...(rows.length === 0 ? [] : table(rows, ["machine", "id", "node", "result", "time"])),
    ...(more.length === 0 ? [] : ["", ...more]),
    "",
    `fleet ${report.fleet}: ${reportSummary(report)} in ${seconds(report.durationMillis)}`
  ]
}

/**
 * `3 machines: 2 created, 1 failed`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const reportSummary = (report: Report): string => {
  const words = report.machines.map(word)
  return `${count(words.length, "machine")}: ${tally(words, [...new Set(words)].toSorted())}`
}

const outcomeJson = (outcome: Outcome) => {
  const { _tag } = outcome
  const kind = `${_tag.slice(0, 1).toLowerCase()}${_tag.slice(1)}`
  switch (_tag) {
    case "Failed":
      return { outcome: kind, fault: faultJson(outcome.fault) }
    case "Refused":
      return { outcome: kind, faults: outcome.faults.map(faultJson) }
    case "NotStarted":
      return { outcome: kind }
    case "Done":
    case "Interrupted": {
      const { _tag: _, ...fields } = outcome
      return { outcome: kind, ...fields }
    }
  }
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const reportJson = (report: Report) => ({
  fleet: report.fleet,
  durationMillis: Math.round(report.durationMillis),
  machines: report.machines.map(({ outcome, ...entry }) => ({ ...entry, ...outcomeJson(outcome) }))
})

/**
 * 0 all done, 2 some, 1 none and something failed, 3 nothing but refusals.
 *
 * @since 0.1.0
 * @category getters
 */
export const reportCode = (report: Report): ExitCode.ExitCode => {
  const tags = report.machines.map(({ outcome }) => outcome._tag)
  const done = tags.filter((tag) => tag === "Done").length
  if (tags.length > 0 && tags.every((tag) => tag === "Refused")) return ExitCode.refused
  return ExitCode.ofItems({ done, failed: tags.length - done })
}

const driftLines = (entry: MachineDrift, paint: Paint): ReadonlyArray<string> => {
  const where = entry.vmid === undefined
    ? ""
    : ` VM ${entry.vmid}${entry.node === undefined ? "" : ` on ${entry.node}`}`
  const same = entry.state === "same" && entry.pendingReboot.length === 0
  const head = `${same ? paint.dim("=") : paint.yellow("~")} ${paint.bold(entry.machine)}: ${entry.state}${where}`
  const pending = entry.pendingReboot.length === 0 ? [] : [`in force after a reboot: ${entry.pendingReboot.join(", ")}`]
  return [head, ...indented([...entry.changes.map(change), ...pending], "    "), ...faults(entry.faults, paint)]
}

const hasDrifted = (entry: MachineDrift): boolean => entry.state !== "same"

/**
 * @since 0.1.0
 * @category conversions
 */
export const driftText = (drift: Drift) => (paint: Paint): ReadonlyArray<string> => [
  ...drift.machines.flatMap((entry) => driftLines(entry, paint)),
  "",
  `fleet ${drift.fleet}: ${drift.machines.filter(hasDrifted).length} of ${
    count(drift.machines.length, "machine")
  } drifted`
]

/**
 * @since 0.1.0
 * @category conversions
 */
export const driftJson = (drift: Drift) => ({
  fleet: drift.fleet,
  drifted: drift.machines.some(hasDrifted),
  machines: drift.machines.map((entry) => ({ ...entry, faults: entry.faults.map(faultJson) }))
})

/**
 * 0 where nothing has drifted, 2 where something has, 1 where a machine could not be read.
 *
 * @since 0.1.0
 * @category getters
 */
export const driftCode = (drift: Drift): ExitCode.ExitCode => {
  if (drift.machines.some((entry) => entry.state === "unknown")) return ExitCode.failed
  return drift.machines.some(hasDrifted) ? ExitCode.partlyFailed : ExitCode.done
}
