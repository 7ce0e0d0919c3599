/**
 * Running one command of a scenario to its end, whatever that is.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import type { DocumentReport, Report, SiteReport } from "../../../src/systems/elevenlabs/Report.ts"
import * as Process from "../Process.ts"
import type { Entries, Lab } from "./Lab.ts"
import type { Command } from "./Scenario.ts"

/** How a command ended. */
export type End =
  | { readonly _tag: "Reported"; readonly sites: ReadonlyArray<SiteReport> }
  | { readonly _tag: "Faulted"; readonly fault: Fault.Fault }
  /** `millis`: how long it took to clean up. */
  | { readonly _tag: "Interrupted"; readonly report: Report | undefined; readonly millis: number }
  | { readonly _tag: "Killed" }
  /** It did not end within any reasonable time. */
  | { readonly _tag: "Endless" }
  | { readonly _tag: "Crashed"; readonly message: string }

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
    yield* lab.tell(`${who} begins: ${command.name}`)
    const recorded = ({ site, state }: Operations.Target): ReadonlyArray<string> =>
      Object.keys(lab.watch.stateOf({ host: site.host, state })?.documents ?? {})
    const effect = program(lab, command, (report) =>
      Effect.sync(() => {
        cut = report
      }), recorded)
    const fiber = yield* lab.within(process, entries, effect, ending._tag === "KilledAt" ? ending : undefined).pipe(
      Effect.either,
      Effect.forkDaemon
    )
    const ended = Effect.map(Fiber.await(fiber), (exit): End => {
      if (exit._tag === "Failure") return { _tag: "Crashed", message: String(exit.cause) }
      return Either.isLeft(exit.value)
        ? { _tag: "Faulted", fault: exit.value.left }
        : { _tag: "Reported", sites: exit.value.right }
    })
    const interrupted = Effect.gen(function*() {
      yield* lab.tell(`${who} is interrupted`)
      const from = lab.millis()
      const exit = yield* Fiber.interrupt(fiber)
      // It may have ended at that very moment.
      if (exit._tag === "Success") return yield* ended
      return { _tag: "Interrupted", report: cut, millis: lab.millis() - from } satisfies End
    })
    const killed = Effect.as(lab.kill(process), { _tag: "Killed" } as const)
    const watched: Effect.Effect<End> = Effect.raceFirst(
      Effect.raceFirst(ended, Effect.as(process.died, { _tag: "Killed" } as const)),
      Effect.as(Effect.sleep(endless), { _tag: "Endless" } as const)
    )
    const end: End = ending._tag === "Runs" || ending._tag === "KilledAt"
      ? yield* watched
      : yield* Effect.flatMap(
        Effect.timeoutOption(watched, ending.afterMillis),
        (end) => end._tag === "Some" ? Effect.succeed(end.value) : ending._tag === "Killed" ? killed : interrupted
      )
    yield* lab.tell(`${who} ended: ${describe(end)}`)
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
      return `done${end.sites.map((site) => `\n    ${siteText(site)}`).join("")}`
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
