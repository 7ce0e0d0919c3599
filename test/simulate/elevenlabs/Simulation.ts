/**
 * Whole operations of the ElevenLabs system on a simulated workspace, in virtual time, with everything drawn from a seed;
 * and in the end, when nothing goes wrong any more, the same once again.
 */
import * as Effect from "effect/Effect"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as System from "../System.ts"
import * as Changes from "./Changes.ts"
import * as Checks from "./Checks.ts"
import * as Lab from "./Lab.ts"
import * as Run from "./Run.ts"
import * as Scenario from "./Scenario.ts"

interface Notes {
  readonly problems: Array<System.Problem>
  readonly counts: Map<string, number>
}

const count = ({ counts }: Notes, name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by)

const noteEnd = (notes: Notes, command: Scenario.Command, { end }: Run.Result): void => {
  count(notes, `${command.name} ${end._tag}${end._tag === "Faulted" ? ` ${end.fault.code ?? end.fault.kind}` : ""}`)
  const sites = end._tag === "Reported" ? end.report : end._tag === "Interrupted" ? end.report?.sites ?? [] : []
  for (const { documents, outcome } of sites) {
    if (outcome._tag === "Failed") count(notes, `site failed ${outcome.fault.code ?? outcome.fault.kind}`)
    for (const { action, outcome } of documents) {
      count(
        notes,
        outcome._tag === "Failed"
          ? `failed ${outcome.fault.code ?? outcome.fault.kind}`
          : `${action._tag}${"strategy" in action ? ` ${action.strategy}` : ""} ${outcome._tag}`
      )
    }
  }
}

const stage = (lab: Lab.Lab, notes: Notes, one: Scenario.Stage, number: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    yield* Effect.sleep(one.pauseMillis)
    for (const change of one.before) yield* Changes.make(lab, change)
    for (const command of one.commands) if (command.name === "remove") Changes.give(lab, command.sites)
    lab.rough.is = !one.quiet
    const [first, second] = one.commands
    if (second === undefined) {
      const result = yield* Run.run(lab, `P${number}`, first, lab.entries)
      noteEnd(notes, first, result)
      notes.problems.push(...Checks.afterCommand(first, result, true))
      return
    }
    lab.watch.crowded = true
    const results = yield* Effect.all([
      Run.run(lab, `P${number}a`, first, lab.entries),
      Effect.delay(Run.run(lab, `P${number}b`, second, new Map()), one.secondAfterMillis)
    ], { concurrency: 2 })
    // What the second has begun and not ended, nobody knows.
    Changes.forget(lab, 10_000)
    for (const [index, result] of results.entries()) {
      const command = index === 0 ? first : second
      noteEnd(notes, command, result)
      notes.problems.push(...Checks.afterCommand(command, result, false))
    }
  })

/** What brings everything in step once nothing goes wrong any more. */
const finale = (lab: Lab.Lab, notes: Notes): Effect.Effect<void> =>
  Effect.gen(function*() {
    lab.rough.is = false
    for (const { id } of lab.simulator.world.documents()) lab.simulator.world.failIndex(id, false)
    yield* lab.record.tell("nothing goes wrong any more")
    yield* Effect.sleep("1 minute")
    const run = (name: Scenario.Command["name"], who: string) => {
      const command: Scenario.Command = {
        name,
        sites: lab.targets.map((_, index) => index),
        ending: { _tag: "Runs" },
        strategy: undefined,
        force: false,
        parallel: 16,
        attachBatch: 20,
        one: false
      }
      return Effect.map(Run.run(lab, who, command, lab.entries), (result) => {
        notes.problems.push(...Checks.afterCommand(command, result, true), ...Checks.done(command, result))
        return result
      })
    }
    yield* run("sync", "F1")
    lab.watch.crowded = false
    yield* run("assign", "F2")
    yield* Effect.sleep("1 minute")
    notes.problems.push(...Checks.atRest(yield* run("sync", "F3")))
    lab.watch.look("in the end")
    notes.problems.push(...lab.watch.problems, ...Checks.atTheEnd(lab))
  })

const play = (
  scenario: Scenario.Scenario,
  record: boolean
): Effect.Effect<readonly [Lab.Lab, System.Verdict]> =>
  Effect.scoped(Effect.gen(function*() {
    const lab = yield* Lab.make(scenario, record)
    const notes: Notes = { problems: [], counts: new Map() }
    count(notes, `kind ${scenario.kind}`)
    for (const [index, one] of scenario.stages.entries()) yield* stage(lab, notes, one, index + 1)
    yield* finale(lab, notes)
    for (const { fired, rule } of yield* lab.fired) {
      if (fired > 0) count(notes, `way ${rule.replace(/^\d+: /, "")}`, fired)
    }
    const verdict: System.Verdict = {
      seed: scenario.seed,
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

export const system = System.make("elevenlabs", (seed, record) => play(Scenario.draw(seed), record))

/** What becomes of a scenario that was not drawn. */
export const verdictOf = (scenario: Scenario.Scenario): Effect.Effect<System.Verdict> =>
  Effect.map(VirtualClock.run(play(scenario, false)), ([, verdict]) => verdict)
