/**
 * Whole exports of a simulated organisation, in virtual time, with everything drawn from a seed: processes that die or
 * are interrupted, faults on the way, entities that vanish or change; and in the end an export when nothing goes wrong
 * any more, which must be what an export writes that knows nothing of all that.
 */
import * as Effect from "effect/Effect"
import * as Collection from "../../../src/store/Collection.ts"
import * as System from "../System.ts"
import * as Checks from "./Checks.ts"
import * as Lab from "./Lab.ts"
import * as Scenario from "./Scenario.ts"

interface Notes {
  readonly problems: Array<System.Problem>
  readonly counts: Map<string, number>
}

const count = ({ counts }: Notes, name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by)

/** Cleaning up is a write to the store, and no waiting. */
const longestCleanUp = 5000

const describe = (end: Lab.End): string => {
  switch (end._tag) {
    case "Faulted":
      return `fault ${end.fault.message}`
    case "Crashed":
      return `crashed: ${end.message}`
    default:
      return end._tag.toLowerCase()
  }
}

const noteEnd = (notes: Notes, end: Lab.End): void => {
  count(notes, `${end._tag}${end._tag === "Faulted" ? ` ${end.fault.code ?? end.fault.kind}` : ""}`)
  if (end._tag === "Reported") {
    for (const { reason } of end.report.report.exceptions) count(notes, `exception ${reason}`)
    if (end.report.reused > 0) count(notes, "exports that went on from an earlier one")
    count(notes, "repeated calls", end.report.retries)
  }
  if (end._tag === "Crashed" || end._tag === "Endless") {
    notes.problems.push({ invariant: end._tag.toLowerCase(), detail: describe(end) })
  }
  if (end._tag === "Interrupted" && end.millis > longestCleanUp) {
    notes.problems.push({ invariant: "slow to clean up", detail: `${end.millis} ms` })
  }
  if (end._tag === "Faulted" && (end.fault.code === "invalid-output" || end.fault.code === "store-corrupt")) {
    notes.problems.push({ invariant: "a fault of its own", detail: end.fault.message })
  }
}

/** One export, judged. */
const once = (
  lab: Lab.Lab,
  notes: Notes,
  scenario: Scenario.Scenario,
  who: string,
  stage: Pick<Scenario.Stage, "ending" | "sinceLast">
): Effect.Effect<Lab.End> =>
  Effect.gen(function*() {
    const before = yield* Lab.tree(lab.folder)
    const options = { ...scenario.options, directory: lab.folder, sinceLast: stage.sinceLast }
    const end = yield* lab.export(who, options, stage.ending)
    const after = yield* Lab.tree(lab.folder)
    yield* lab.record.tell(`${who} ended: ${describe(end)}`)
    noteEnd(notes, end)
    notes.problems.push(
      ...end._tag === "Reported"
        ? yield* Checks.reported(lab.simulator.world, scenario, end.report, lab.folder, after)
        : Checks.same("an export that did not end changed the output", before, after, true)
    )
    return end
  })

const stages = (lab: Lab.Lab, notes: Notes, scenario: Scenario.Scenario): Effect.Effect<void> =>
  Effect.forEach(scenario.stages, (stage, index) =>
    Effect.gen(function*() {
      yield* Effect.sleep(stage.pauseMillis)
      if (stage.changed > 0) lab.simulator.world.mutate(stage.changed)
      yield* once(lab, notes, scenario, `P${index + 1}`, stage)
    }), { discard: true })

const runs: Scenario.Ending = { _tag: "Runs" }

const finale = (lab: Lab.Lab, notes: Notes, scenario: Scenario.Scenario): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* lab.calm
    const first = yield* once(lab, notes, scenario, "F1", { ending: runs, sinceLast: false })
    const resumed = yield* Lab.tree(lab.folder)
    const second = yield* once(lab, notes, scenario, "F2", { ending: runs, sinceLast: true })
    const incremental = yield* Lab.tree(lab.folder)
    const fresh = yield* lab.export(
      "F3",
      { ...scenario.options, directory: lab.otherFolder },
      runs,
      yield* Collection.makeMemory
    )
    const undisturbed = yield* Lab.tree(lab.otherFolder)
    for (const end of [first, second, fresh]) {
      if (end._tag === "Reported") notes.problems.push(...Checks.calm(scenario, end.report))
      else notes.problems.push({ invariant: "no report in the end", detail: describe(end) })
    }
    if (!Scenario.isMoving(scenario)) {
      notes.problems.push(...Checks.same("resumed, and not the same bytes", undisturbed, resumed, true))
      const changes = second._tag === "Reported" ? second.report.report.changes : undefined
      const told = [...changes?.added ?? [], ...changes?.changed ?? [], ...changes?.removed ?? []]
      if (told.length > 0) notes.problems.push({ invariant: "changes where there are none", detail: told.join(" ") })
    }
    notes.problems.push(...Checks.same("incremental, and not the same bytes", undisturbed, incremental, false))
  })

const simulate = (seed: number, record: boolean): Effect.Effect<readonly [Lab.Lab, System.Verdict]> =>
  Effect.scoped(Effect.gen(function*() {
    const scenario = Scenario.draw(seed)
    const lab = yield* Lab.make(scenario, record)
    const notes: Notes = { problems: [], counts: new Map() }
    yield* stages(lab, notes, scenario)
    yield* finale(lab, notes, scenario)
    for (const { fired, rule } of yield* lab.fired) {
      if (fired > 0) count(notes, `way ${rule.replace(/^\d+: /, "")}`, fired)
    }
    const verdict: System.Verdict = {
      seed,
      drawn: Scenario.describe(scenario),
      problems: notes.problems,
      trace: lab.record.trace(),
      calls: lab.sent(),
      virtualSeconds: Math.round(lab.millis() / 1000),
      counts: Object.fromEntries(notes.counts),
      story: []
    }
    return [lab, verdict] as const
  }))

export const system = System.make("genesys", simulate, Lab.prepare)
