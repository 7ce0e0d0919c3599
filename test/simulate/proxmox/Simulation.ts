/**
 * Whole operations of the Proxmox VE system against a simulated cluster, in virtual time, with everything drawn from a
 * seed; and in the end the same command once more, when nothing goes wrong any more.
 */
import * as Effect from "effect/Effect"
import * as Journal from "../../../src/kernel/Journal.ts"
import type { Fleet } from "../../../src/systems/proxmox/Fleet.ts"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { Outcome } from "../../../src/systems/proxmox/Report.ts"
import * as Process from "../Process.ts"
import * as System from "../System.ts"
import * as Checks from "./Checks.ts"
import * as Lab from "./Lab.ts"
import * as Remains from "./Remains.ts"
import * as Run from "./Run.ts"
import * as Scenario from "./Scenario.ts"
import * as Trouble from "./Trouble.ts"

interface Notes {
  readonly problems: Array<System.Problem>
  readonly counts: Map<string, number>
}

type Entries = Map<string, Journal.Entry>

const count = ({ counts }: Notes, name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by)

const outcomeName = (outcome: Outcome): string =>
  outcome._tag === "Failed" ? `Failed ${outcome.fault.code ?? outcome.fault.kind}` : outcome._tag

const noteEnd = (notes: Notes, command: Scenario.Command, { end }: Run.Result): void => {
  count(notes, `${command.name} ${end._tag}${end._tag === "Faulted" ? ` ${end.fault.code ?? end.fault.kind}` : ""}`)
  if (end._tag !== "Reported" && end._tag !== "Interrupted") return
  for (const { outcome } of end.report?.machines ?? []) count(notes, outcomeName(outcome))
}

const stage = (
  lab: Lab.Lab,
  notes: Notes,
  entries: Entries,
  one: Scenario.Stage,
  number: number
): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { scenario, simulator } = lab
    yield* Effect.sleep(one.pauseMillis)
    if (!one.quiet) lab.mishaps.on(simulator.world)
    const before = yield* simulator.snapshot
    const [first, second] = one.commands
    const journal = yield* Run.journalOf(entries, first)
    const run = (command: Scenario.Command, who: string, journal: Journal.Service) =>
      Run.run(lab, who, command, journal)
    if (second === undefined) {
      const result = yield* run(first, `P${number}`, journal)
      const now = yield* simulator.snapshot
      noteEnd(notes, first, result)
      notes.problems.push(...Checks.afterCommand(scenario, before, now, first, result, true))
      return
    }
    const other = one.shared ? journal : yield* Journal.makeMemory()
    const results = yield* Effect.all([
      run(first, `P${number}a`, journal),
      Effect.delay(run(second, `P${number}b`, other), one.secondAfterMillis)
    ], { concurrency: 2 })
    const now = yield* simulator.snapshot
    for (const [index, result] of results.entries()) {
      const command = index === 0 ? first : second
      noteEnd(notes, command, result)
      notes.problems.push(...Checks.afterCommand(scenario, before, now, command, result, false))
    }
  })

const everythingDone = (
  lab: Lab.Lab,
  notes: Notes,
  command: Scenario.Command,
  { end }: Run.Result
): Effect.Effect<void> =>
  Effect.map(lab.simulator.snapshot, (snapshot) => {
    if (end._tag !== "Reported") {
      notes.problems.push({ invariant: "no report in the end", detail: Run.describe(end) })
      return
    }
    for (const { machine, outcome } of end.report.machines) {
      const spec = command.fleet.machines.find((one) => one.name === machine)
      const blocked = spec !== undefined && Checks.isBlocked(snapshot, spec)
      if (outcome._tag === "Done" && !(blocked && command.name === "apply")) continue
      if (outcome._tag === "Refused" && blocked) continue
      notes.problems.push({ invariant: "not done in the end", detail: `${machine}: ${Run.outcomeText(outcome)}` })
    }
  })

/** The last command once more, and once more after root has cleared what only root can clear. */
const finale = (lab: Lab.Lab, notes: Notes, entries: Entries, last: Scenario.Command): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { scenario, simulator } = lab
    lab.mishaps.off()
    yield* lab.record.tell("nothing goes wrong any more")
    const command: Scenario.Command = { ...last, ending: { _tag: "Runs" } }
    const once = (who: string) =>
      Effect.gen(function*() {
        const before = yield* simulator.snapshot
        const result = yield* Run.run(lab, who, command, yield* Run.journalOf(entries, command))
        notes.problems.push(
          ...Checks.afterCommand(scenario, before, yield* simulator.snapshot, command, result, true)
        )
        return result
      })
    let result = yield* once("F1")
    const first = yield* simulator.snapshot
    const hidden = Trouble.hidesTasks(scenario.trouble) && first.tasks.some(({ status }) => status === "running")
    if (hidden && Remains.find(first).length > 0) {
      count(notes, "hidden clones waited for")
      yield* simulator.drain
      result = yield* once("F1")
    }
    const remains = Remains.find(yield* simulator.snapshot)
    if (remains.length > 0) {
      count(notes, "remains removed by root", remains.length)
      yield* lab.record.tell(`root removes ${remains.map(({ lock, vmid }) => `VM ${vmid} (${lock})`).join(", ")}`)
      if (!Trouble.leavesRemains(scenario.trouble)) {
        notes.problems.push({
          invariant: "remains of nobody's fault",
          detail: remains.map((one) => one.vmid).join(" ")
        })
      }
      Remains.remove(simulator, remains)
      result = yield* once("F2")
    }
    yield* everythingDone(lab, notes, command, result)
    const now = yield* simulator.snapshot
    const there = new Set(now.machines.map((view) => String(view.vmid)))
    const running = now.tasks.filter((task) => task.status === "running" && there.has(task.id))
    if (running.length > 0) {
      notes.problems.push({ invariant: "tasks running in the end", detail: running.map((task) => task.upid).join(" ") })
    }
    yield* settled(lab, notes, command)
  })

const isChange = (call: { readonly method: string; readonly route: string }): boolean =>
  call.method !== "GET" && call.route !== "POST /access/ticket"

/** Nothing is left to do, by the plan and by doing it. */
const settled = (lab: Lab.Lab, notes: Notes, command: Scenario.Command): Effect.Effect<void> =>
  Effect.gen(function*() {
    const { simulator } = lab
    const snapshot = yield* simulator.drain
    const process = yield* Process.make("plan")
    const actions = yield* lab.within(process, yield* Journal.makeMemory(), planned(command.fleet, command.name)).pipe(
      Effect.catchAll((fault) => Effect.succeed([`${fault.message}`]))
    )
    const expected = command.fleet.machines.map((spec) => {
      if (Checks.isBlocked(snapshot, spec)) return command.name === "apply" ? "Refuse" : "refuse"
      return command.name === "apply" ? "Keep" : "absent"
    })
    if (actions.join(" ") !== expected.join(" ")) {
      notes.problems.push({
        invariant: "the plan is not at rest",
        detail: `${actions.join(" ")} instead of ${expected.join(" ")}`
      })
    }
    const calls = simulator.world.calls.length
    yield* Run.run(lab, "F3", { ...command, journal: "kept" }, yield* Journal.makeMemory())
    const changes = simulator.world.calls.slice(calls).filter(isChange)
    if (changes.length > 0) {
      notes.problems.push({ invariant: "not idempotent", detail: changes.map((call) => call.route).join(", ") })
    }
    const end = yield* simulator.drain
    if (end.orphanedVolumes.length > 0) count(notes, "orphaned volumes", end.orphanedVolumes.length)
    notes.problems.push(...Checks.atTheEnd(lab.scenario, command, end), ...lab.watch.end())
  })

const planned = (fleet: Fleet, name: Scenario.Command["name"]) =>
  name === "apply"
    ? Effect.map(Operations.plan(fleet), (plan) => plan.machines.map((machine) => String(machine.action._tag)))
    : Effect.map(Operations.planDestroy(fleet), (report) => report.machines.map((machine) => String(machine.action)))

const simulate = (seed: number, record: boolean): Effect.Effect<readonly [Lab.Lab, System.Verdict]> =>
  Effect.gen(function*() {
    const scenario = Scenario.draw(seed)
    const lab = yield* Lab.make(scenario, record)
    const notes: Notes = { problems: [], counts: new Map() }
    const entries: Entries = new Map()
    count(notes, `kind ${scenario.kind}`)
    for (const [index, one] of scenario.stages.entries()) yield* stage(lab, notes, entries, one, index + 1)
    const last = scenario.stages.at(-1)?.commands.at(-1)
    if (last !== undefined) yield* finale(lab, notes, entries, last)
    for (const { fired, rule } of yield* lab.fired) {
      if (fired > 0) count(notes, `way ${rule.replace(/^\d+: /, "")}`, fired)
    }
    const verdict: System.Verdict = {
      seed,
      drawn: Scenario.describe(scenario),
      problems: notes.problems,
      trace: lab.record.trace(),
      calls: lab.sent(),
      virtualSeconds: Math.round(((yield* lab.simulator.time.now) - lab.simulator.world.began) / 1000),
      counts: Object.fromEntries(notes.counts),
      story: []
    }
    return [lab, verdict] as const
  })

export const system = System.make("proxmox", simulate)
