/**
 * Running one command of a scenario to its end, whatever that is.
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import type { DocumentReport, Report, SiteReport } from "../../../src/systems/elevenlabs/Report.ts"
import * as Ended from "../End.ts"
import * as Process from "../Process.ts"
import type { Entries, Lab } from "./Lab.ts"
import type { Command } from "./Scenario.ts"

/** How a command ended. */
export type End = Ended.End<ReadonlyArray<SiteReport>, Report>

export interface Result {
  readonly end: End
  /** Requests that may have changed something. */
  readonly changes: number
}

const endless = "6 hours"

/** Where the older tool left what it knew. */
export const legacyFile = "/legacy.json"

const program = (
  { targets }: Lab,
  { attachBatch, force, name, one, parallel, sites, strategy }: Command,
  onInterrupted: (report: Report) => Effect.Effect<void>,
  filesOf: (target: Operations.Target) => ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<SiteReport>, Fault.Fault, Operations.Needs> => {
  const concerned = sites.flatMap((index) => targets[index] ?? [])
  const options: Operations.SyncOptions = {
    strategy,
    force,
    maxDelete: { percent: 100 },
    parallel,
    attachBatch,
    onInterrupted
  }
  const reported = Effect.map(({ sites }: Report) => sites)
  switch (name) {
    case "sync":
      return reported(Operations.sync(concerned, options))
    case "plan":
      return reported(Operations.plan(concerned, options))
    case "assign":
      return reported(Operations.assign(concerned, options))
    case "status":
      return Effect.as(Effect.zipRight(Operations.status(concerned, options), Operations.list(concerned)), [])
    case "remove":
      return Effect.map(
        Effect.forEach(concerned, (target) =>
          reported(
            Operations.remove([target], one ? { ...options, files: filesOf(target).slice(0, 1) } : options)
          )),
        (sites) => sites.flat()
      )
    case "rebuild":
      return Effect.as(Operations.rebuild(concerned), [])
    case "repair":
      return Effect.as(Operations.repair(concerned), [])
    case "migrate":
      return Effect.as(Operations.migrate(legacyFile, concerned), [])
  }
}

export const run = (lab: Lab, who: string, command: Command, entries: Entries): Effect.Effect<Result> =>
  Effect.gen(function*() {
    const process = yield* Process.make(who)
    const { ending } = command
    const before = lab.changes()
    let cut: Report | undefined
    yield* lab.record.tell(`${who} begins: ${command.name}`)
    const recorded = ({ site, state }: Operations.Target): ReadonlyArray<string> =>
      Object.keys(lab.watch.stateOf({ host: site.host, state })?.documents ?? {})
    const effect = program(lab, command, (report) =>
      Effect.sync(() => {
        cut = report
      }), recorded)
    const running = yield* Ended.start(
      lab.within(process, entries, effect, ending._tag === "KilledAt" ? ending : undefined)
    )
    const ended: Effect.Effect<End> = Effect.raceAll([
      Ended.of(running),
      Effect.as(process.died, Ended.killed),
      Effect.as(Effect.sleep(endless), Ended.endless)
    ])
    const end = yield* Ended.meet(ended, ending, {
      interrupt: Effect.zipRight(
        lab.record.tell(`${who} is interrupted`),
        Ended.interrupt(running, lab.millis, () => cut)
      ),
      kill: lab.kill(process)
    })
    yield* lab.record.tell(`${who} ended: ${describe(end)}`)
    return { end, changes: lab.changes() - before }
  })

const documentText = ({ action, item, outcome }: DocumentReport): string =>
  `${action._tag}${"reason" in action ? ` (${action.reason})` : ""}${
    "strategy" in action ? ` ${action.strategy}` : ""
  } ${item}: ${outcome._tag === "Failed" ? outcome.fault.message : outcome._tag}`

export const siteText = ({ documents, outcome, site }: SiteReport): string =>
  [
    `${site}: ${
      outcome._tag === "Failed"
        ? outcome.fault.message
        : outcome._tag === "Refused"
        ? outcome.refusals.map(({ message }) => message).join("; ")
        : outcome._tag
    }`,
    ...documents.map(documentText)
  ].join("\n      ")

export const describe = (end: End): string => {
  switch (end._tag) {
    case "Reported":
      return `done${end.report.map((site) => `\n    ${siteText(site)}`).join("")}`
    case "Faulted":
      return `fault ${end.fault.message}`
    case "Interrupted":
      return `interrupted after ${end.millis} ms${
        (end.report?.sites ?? []).map((site) => `\n    ${siteText(site)}`).join("")
      }`
    case "Crashed":
      return `crashed: ${end.message}`
    default:
      return end._tag.toLowerCase()
  }
}
