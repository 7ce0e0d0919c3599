/**
 * Running one command of a scenario to its end, whatever that is.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { MachineReport, Outcome, Report } from "../../../src/systems/proxmox/Report.ts"
import * as Process from "../Process.ts"
import type { Lab } from "./Lab.ts"
import type { Command } from "./Scenario.ts"

/** How a command ended. */
export type End =
  | { readonly _tag: "Reported"; readonly report: Report }
  | { readonly _tag: "Faulted"; readonly fault: Fault.Fault }
  /** Without a report, where it had none yet. `millis`: how long it took to clean up. */
  | { readonly _tag: "Interrupted"; readonly report: Report | undefined; readonly millis: number }
  | { readonly _tag: "Killed" }
  /** It did not end within any reasonable time. */
  | { readonly _tag: "Endless" }
  | { readonly _tag: "Crashed"; readonly message: string }

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
    const begun = yield* lab.simulator.time.now
    let cut: Report | undefined
    yield* lab.tell(`${who} begins: ${command.name}`)
    const fiber = yield* program(command, (report) =>
      Effect.sync(() => {
        cut = report
      })).pipe(
        (effect) => lab.within(process, journal, effect, ending._tag === "KilledAt" ? ending : undefined),
        Effect.either,
        Effect.forkDaemon
      )
    const ended = Effect.map(Fiber.await(fiber), (exit): End => {
      if (exit._tag === "Failure") return { _tag: "Crashed", message: String(exit.cause) }
      return Either.isLeft(exit.value)
        ? { _tag: "Faulted", fault: exit.value.left }
        : { _tag: "Reported", report: exit.value.right }
    })
    const interrupted = Effect.gen(function*() {
      yield* lab.tell(`${who} is interrupted`)
      const from = yield* lab.simulator.time.now
      const exit = yield* Fiber.interrupt(fiber)
      // It may have ended at that very moment.
      if (exit._tag === "Success") return yield* ended
      const end: End = { _tag: "Interrupted", report: cut, millis: (yield* lab.simulator.time.now) - from }
      return end
    })
    const killed = Effect.as(process.died, { _tag: "Killed" } as const)
    const watched: Effect.Effect<End> = Effect.raceFirst(
      Effect.raceFirst(ended, killed),
      Effect.as(Effect.sleep(endlessMinutes(command.fleet.machines.length)), { _tag: "Endless" } as const)
    )
    const end = yield* cutShort(watched, ending, interrupted, Effect.as(process.kill, { _tag: "Killed" } as const))
    yield* lab.tell(`${who} ended: ${describe(end)}`)
    return { end, calls: lab.sent() - before, millis: (yield* lab.simulator.time.now) - begun }
  })

const cutShort = (
  watched: Effect.Effect<End>,
  ending: Command["ending"],
  interrupted: Effect.Effect<End>,
  killed: Effect.Effect<End>
): Effect.Effect<End> =>
  ending._tag === "Runs" || ending._tag === "KilledAt"
    ? watched
    : Effect.flatMap(
      Effect.timeoutOption(watched, ending.afterMillis),
      (end) => end._tag === "Some" ? Effect.succeed(end.value) : ending._tag === "Killed" ? killed : interrupted
    )

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
