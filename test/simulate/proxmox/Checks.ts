/**
 * What must hold: after every command, that its report says the truth; in the end, that everything is as asked for.
 */
import type * as Fault from "../../../src/kernel/Fault.ts"
import type { Fleet, MachineSpec } from "../../../src/systems/proxmox/Fleet.ts"
import type { MachineReport, Report } from "../../../src/systems/proxmox/Report.ts"
import type * as World from "../../../src/systems/proxmox/simulator/World.ts"
import type { Problem } from "../System.ts"
import type { Result } from "./Run.ts"
import type { Command, Scenario } from "./Scenario.ts"
import * as Trouble from "./Trouble.ts"
import * as Wanted from "./Wanted.ts"

/** Cleaning up takes eight seconds at most, beside what is under way on the network. */
const maxCleanUpMillis = 15_000

const problem = (invariant: string, detail: string): Problem => ({ invariant, detail })

const specOf = (fleet: Fleet, name: string): MachineSpec | undefined =>
  fleet.machines.find((spec) => spec.name === name)

/** A stranger has the id that a machine wants by number: then it cannot be had. */
export const isBlocked = (snapshot: World.Snapshot, spec: MachineSpec): boolean =>
  snapshot.machines.some(({ stranger, vmid }) => stranger && vmid === spec.vmid)

/** Texts of a fault that say what is not there. */
const denied = [/there is no VM (\d+)/, /nothing is left of VM (\d+)/]

const remoteIsTrue = (
  snapshot: World.Snapshot,
  fleet: Fleet,
  machine: string,
  fault: Fault.Fault
): ReadonlyArray<Problem> =>
  denied.flatMap((text) => {
    const [, vmid] = text.exec(fault.remote ?? "") ?? []
    const there = Wanted.ours(snapshot, fleet, machine).find((view) => view.vmid === Number(vmid))
    return vmid === undefined || there === undefined
      ? []
      : [problem("a fault says that nothing is there", `${machine}: ${fault.remote ?? ""}, and it is there`)]
  })

const done = (
  snapshot: World.Snapshot,
  { fleet, name }: Command,
  { machine, vmid }: MachineReport,
  crashes: boolean
): ReadonlyArray<Problem> => {
  const spec = specOf(fleet, machine)
  if (spec === undefined) return [problem("a report of nobody", machine)]
  const found = Wanted.ours(snapshot, fleet, machine)
  if (name === "destroy") {
    return found.length === 0 ? [] : [problem("done, and still there", `${machine} as VM ${found[0]?.vmid}`)]
  }
  const [view] = found
  if (view === undefined) return [problem("done, and not there", machine)]
  const faults = [
    ...Wanted.missing(snapshot, spec, view, crashes),
    ...vmid === view.vmid ? [] : [`the report says VM ${vmid}`]
  ]
  return faults.length === 0 ? [] : [problem("done, and not as asked for", `${machine}: ${faults.join(", ")}`)]
}

const interrupted = (
  before: World.Snapshot,
  now: World.Snapshot,
  { fleet, name }: Command,
  { machine, outcome }: MachineReport
): ReadonlyArray<Problem> => {
  if (outcome._tag !== "Interrupted" || outcome.left !== undefined || name === "destroy") return []
  const was = Wanted.ours(before, fleet, machine).length
  const is = Wanted.ours(now, fleet, machine).length
  return is > was ? [problem("interrupted, and something is left", `${machine}: the report says nothing of it`)] : []
}

/** One entry of a report against the world at that moment. */
const entry = (
  scenario: Scenario,
  before: World.Snapshot,
  now: World.Snapshot,
  command: Command,
  one: MachineReport,
  alone: boolean
): ReadonlyArray<Problem> => {
  const { outcome } = one
  switch (outcome._tag) {
    case "Done":
      return done(now, command, one, Trouble.takesNodesDown(scenario.trouble) || !alone)
    case "Failed":
      return alone ? remoteIsTrue(now, command.fleet, one.machine, outcome.fault) : []
    case "Refused":
      return outcome.faults.length > 0 ? [] : [problem("refused for no reason", one.machine)]
    case "NotStarted":
      return command.ending._tag === "Interrupted" ? [] : [problem("not started", one.machine)]
    case "Interrupted":
      return command.ending._tag === "Interrupted"
        ? alone ? interrupted(before, now, command, one) : []
        : [problem("interrupted by nobody", one.machine)]
  }
}

const reported = (
  scenario: Scenario,
  before: World.Snapshot,
  now: World.Snapshot,
  command: Command,
  report: Report,
  alone: boolean
): ReadonlyArray<Problem> => {
  const names = command.fleet.machines.map((spec) => spec.name).join(" ")
  const told = report.machines.map((one) => one.machine).join(" ")
  return [
    ...names === told ? [] : [problem("a report of other machines", `${told} instead of ${names}`)],
    ...report.machines.flatMap((one) => entry(scenario, before, now, command, one, alone))
  ]
}

/** Reads, and waits of a few seconds each. */
const maxCalls = (machines: number, millis: number): number => 60 + machines * (150 + 2 * (millis / 1000))

/** After a command, at the moment it ended. */
export const afterCommand = (
  scenario: Scenario,
  before: World.Snapshot,
  now: World.Snapshot,
  command: Command,
  { calls, end, millis }: Result,
  alone: boolean
): ReadonlyArray<Problem> => {
  const limit = maxCalls(command.fleet.machines.length, millis)
  const many = calls > limit && alone ? [problem("too many calls", `${calls} in ${Math.round(millis / 1000)} s`)] : []
  switch (end._tag) {
    case "Reported":
      return [...many, ...reported(scenario, before, now, command, end.report, alone)]
    case "Interrupted":
      return [
        ...many,
        ...end.millis > maxCleanUpMillis ? [problem("slow to clean up", `${Math.round(end.millis)} ms`)] : [],
        ...end.report === undefined ? [] : reported(scenario, before, now, command, end.report, alone)
      ]
    case "Endless":
      return [problem("endless", `${command.name} did not end within ${Math.round(millis / 60_000)} minutes`)]
    case "Crashed":
      return [problem("crashed", end.message)]
    default:
      return many
  }
}

/** The world when all is over, and every task has ended. */
export const atTheEnd = (
  scenario: Scenario,
  { fleet, name }: Command,
  snapshot: World.Snapshot
): ReadonlyArray<Problem> => {
  const wanted = name === "destroy" ? [] : fleet.machines.filter((spec) => !isBlocked(snapshot, spec))
  const mine = snapshot.machines.filter((view) => !view.stranger)
  const known = new Set<number>()
  const problems: Array<Problem> = []
  for (const spec of wanted) {
    const [view, ...others] = Wanted.ours(snapshot, fleet, spec.name)
    if (view === undefined) problems.push(problem("missing in the end", spec.name))
    else {
      known.add(view.vmid)
      const faults = Wanted.missing(snapshot, spec, view, false)
      if (faults.length > 0) problems.push(problem("not as asked for in the end", `${spec.name}: ${faults.join(", ")}`))
    }
    if (others.length > 0) {
      const ids = [view, ...others].map((one) => one?.vmid).join(", ")
      problems.push(problem("twice in the end", `${spec.name}: VM ${ids}`))
    }
  }
  for (const { config, lock, vmid } of mine) {
    if (!known.has(vmid)) {
      problems.push(problem("left over in the end", `VM ${vmid} ${lock ?? ""} ${config["description"] ?? ""}`))
    }
  }
  const orphans = snapshot.orphanedVolumes.map((volume) => volume.id)
  if (orphans.length > 0 && !Trouble.leavesVolumes(scenario.trouble)) {
    problems.push(problem("orphaned volumes", orphans.join(", ")))
  }
  if (snapshot.locks.length > 0) problems.push(problem("locks held", snapshot.locks.join(", ")))
  return problems
}
