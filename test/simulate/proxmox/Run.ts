/**
 * Running one command of a scenario to its end, whatever that is.
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { MachineReport, Outcome, Report } from "../../../src/systems/proxmox/Report.ts"
import * as Ended from "../End.ts"
import * as Process from "../Process.ts"
import type { Lab } from "./Lab.ts"
import type { Command } from "./Scenario.ts"

/** How a command ended. */
export type End = Ended.End<Report>

export interface Result {
  readonly end: End
  readonly calls: number
  readonly millis: number
}

/** Every machine has half an hour; with all of them one after another and the cleaning up this is more than enough. */
const endlessMinutes = (machines: number): `${number} minutes` => `${35 * machines + 10} minutes`

const program = (
  { addresses, fleet, name, onInterrupt, parallel, perStorage, shutdownSeconds }: Command,
  onInterrupted: (report: Report) => Effect.Effect<void>
): Effect.Effect<Report, Fault.Fault, Operations.Needs> => {
  const common = { parallel, limits: { perStorage }, onInterrupted }
  return name === "apply"
    ? Operations.apply(fleet, { ...common, onInterrupt, ...addresses ? { addresses: "20 seconds" } : {} })
    : Operations.destroy(fleet, { ...common, shutdownTimeout: shutdownSeconds * 1000 })
}

export const run = (
  lab: Lab,
  who: string,
  command: Command,
  journal: Journal.Service
): Effect.Effect<Result> =>
  Effect.gen(function*() {
    const process = yield* Process.make(who)
    const { ending } = command
    const before = lab.sent()
    const begun = lab.millis()
    let cut: Report | undefined
    yield* lab.record.tell(`${who} begins: ${command.name}`)
    const effect = program(command, (report) =>
      Effect.sync(() => {
        cut = report
      }))
    const running = yield* Ended.start(
      lab.within(process, journal, effect, ending._tag === "KilledAt" ? ending : undefined)
    )
    const ended: Effect.Effect<End> = Effect.raceAll([
      Ended.of(running),
      Effect.as(process.died, Ended.killed),
      Effect.as(Effect.sleep(endlessMinutes(command.fleet.machines.length)), Ended.endless)
    ])
    const end = yield* Ended.meet(ended, ending, {
      interrupt: Effect.zipRight(
        lab.record.tell(`${who} is interrupted`),
        Ended.interrupt(running, lab.millis, () => cut)
      ),
      kill: process.kill
    })
    yield* lab.record.tell(`${who} ended: ${describe(end)}`)
    return { end, calls: lab.sent() - before, millis: lab.millis() - begun }
  })

export const outcomeText = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "Failed":
      return `Failed: ${outcome.fault.message}`
    case "Refused":
      return `Refused: ${outcome.faults.map((fault) => fault.message).join("; ")}`
    case "Interrupted":
      return `Interrupted: ${outcome.left ?? "nothing is left"} ${outcome.task ?? ""}`
    default:
      return outcome._tag
  }
}

const machineText = ({ action, machine, node, outcome, vmid }: MachineReport): string =>
  `${machine}: ${action}${vmid === undefined ? "" : ` (VM ${vmid} on ${node ?? "?"})`} ${outcomeText(outcome)}`

const reportText = (report: Report): string => report.machines.map((one) => `\n    ${machineText(one)}`).join("")

export const describe = (end: End): string => {
  switch (end._tag) {
    case "Reported":
      return reportText(end.report)
    case "Faulted":
      return `fault ${end.fault.message}`
    case "Interrupted":
      return `interrupted${end.report === undefined ? ", no report" : reportText(end.report)}`
    case "Crashed":
      return `crashed: ${end.message}`
    default:
      return end._tag.toLowerCase()
  }
}

/** What processes of this host have written, and nothing else of them, goes on. */
export const journalOf = (
  entries: Map<string, Journal.Entry>,
  command: Command
): Effect.Effect<Journal.Service> =>
  Effect.suspend(() => {
    if (command.journal === "lost") entries.clear()
    return Journal.makeMemory(entries)
  })
