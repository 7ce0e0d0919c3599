/**
 * The sweep: where a command can die, and a trial for each place.
 */
import * as Effect from "effect/Effect"
import * as Chance from "../../src/simulation/Chance.ts"
import type { Call, Moment, Stop } from "./Door.ts"
import * as Door from "./Door.ts"
import type { Scenario } from "./System.ts"
import * as Trial from "./Trial.ts"

/**
 * `complete`: every call at every moment, by SIGKILL and by SIGINT, and every recovery soon and late.
 *
 * `every`: every call, by SIGKILL at every moment that the process or the server can tell from another, and by SIGINT.
 * To both a read of which the process gets no answer is one that was not sent.
 *
 * `brief`: every change, by SIGKILL when the server has acted; and so many others, drawn from those of `every`.
 */
export type Extent = "brief" | "every" | "complete"

export interface Options {
  /** The path of the built command. */
  readonly command: string
  /** Trials at a time. Processes sleep most of their lives, so it may be several for each core. */
  readonly parallel: number
  readonly extent: Extent
  /** For `brief`: how many beside the changes. */
  readonly others: number
  /** How many trials with a second crash during the recovery, drawn from all; or all of them. */
  readonly second: number | "all"
  readonly seed: number
  readonly onTrial?: ((trial: Trial.Trial, done: number) => void) | undefined
}

export interface Outcome {
  readonly trials: number
  readonly processes: number
  /** Of these nothing is proved, and nothing is known to be wrong. Looks at a task come more or less often. */
  readonly unmet: ReadonlyArray<Trial.Trial>
  /** Those of them that were to stop a command the first time at a change: changes are always made. */
  readonly missed: ReadonlyArray<Trial.Trial>
  readonly failed: ReadonlyArray<Trial.Trial>
  /** The longest that an interrupted process took to end, in milliseconds from the signal. */
  readonly slowestInterruption: number
  readonly calls: Readonly<Record<string, number>>
}

const stopsAt = (call: Call, signal: Stop["signal"], moments: ReadonlyArray<Moment>): ReadonlyArray<Stop> =>
  moments.map((moment) => ({ signal, moment, call: call.id }))

const killsAt = (call: Call, extent: Extent): ReadonlyArray<Stop> =>
  stopsAt(call, "SIGKILL", call.read && extent !== "complete" ? ["before", "noted"] : Door.moments)

const interruptionsAt = (call: Call, extent: Extent): ReadonlyArray<Stop> =>
  stopsAt(call, "SIGINT", extent === "complete" ? Door.moments : [call.read ? "before" : "acted"])

/** What was begun is met in the middle by who comes soon, and at its end by who comes late. */
const gapsOf = ({ moment }: Stop, extent: Extent): ReadonlyArray<Trial.Plan["gap"]> => {
  if (extent === "complete") return ["soon", "late"]
  return [moment === "noted" ? "late" : "soon"]
}

/** Every plan with one stop. */
const single = (calls: ReadonlyArray<Call>, scenario: Scenario, extent: Extent): ReadonlyArray<Trial.Plan> => {
  const again = scenario.recovery === undefined
  // Dying before a read is dying after the last change; what another command finds then, the same one finds too.
  const deadly = extent === "complete" || again ? calls : calls.filter(({ read }) => !read)
  const kills = deadly.flatMap((call) => killsAt(call, extent))
  const interruptions = again ? calls.flatMap((call) => interruptionsAt(call, extent)) : []
  return [
    ...kills.flatMap((stop) => gapsOf(stop, extent).map((gap): Trial.Plan => ({ stops: [stop], gap }))),
    ...interruptions.map((stop): Trial.Plan => ({ stops: [stop], gap: "soon" }))
  ]
}

/** Every plan that stops the recovery of a trial too. */
const double = ({ plan, runs }: Trial.Trial, extent: Extent): ReadonlyArray<Trial.Plan> =>
  (runs.at(-1)?.calls ?? []).flatMap((call) =>
    killsAt(call, extent).map((stop) => ({ ...plan, stops: [...plan.stops, stop] }))
  )

/** So many of them, by the seed alone. */
const draw = <A>(all: ReadonlyArray<A>, count: number | "all", seed: number): ReadonlyArray<A> => {
  if (count === "all" || all.length <= count) return all
  const drawn = all.map((item, index) => ({ item, index, chance: Chance.unit(seed, index) }))
    .toSorted((a, b) => a.chance - b.chance)
  return drawn.slice(0, count).toSorted((a, b) => a.index - b.index).map(({ item }) => item)
}

interface Case {
  readonly scenario: Scenario
  readonly plan: Trial.Plan
  /** Whether it is stopped for the first time at a change. */
  readonly change: boolean
}

const casesOf = (
  scenarios: ReadonlyArray<Scenario>,
  undisturbed: ReadonlyArray<Trial.Trial>,
  { extent, others, seed }: Options
): ReadonlyArray<Case> => {
  const all = scenarios.flatMap((scenario, index) => {
    const calls = undisturbed[index]?.runs[0]?.calls ?? []
    const changes = new Set(calls.flatMap(({ id, read }) => read ? [] : [id]))
    return single(calls, scenario, extent).map((plan): Case => ({
      scenario,
      plan,
      change: changes.has(plan.stops[0]?.call ?? "")
    }))
  })
  if (extent !== "brief") return all
  const isFixed = ({ change, plan: { stops: [stop] }, scenario }: Case): boolean =>
    change && scenario.recovery === undefined && stop?.signal === "SIGKILL" && stop.moment === "acted"
  return [...all.filter(isFixed), ...draw(all.filter((one) => !isFixed(one)), others, seed)]
}

const secondsOf = (
  cases: ReadonlyArray<Case>,
  trials: ReadonlyArray<Trial.Trial>,
  { extent, second, seed }: Options
): ReadonlyArray<Case> => {
  const all = cases.flatMap(({ scenario }, index) => {
    const trial = trials[index]
    const recovered = trial !== undefined && trial.problems.length === 0 && trial.runs.length === 2 &&
      trial.plan.stops[0]?.signal === "SIGKILL"
    return recovered ? double(trial, extent).map((plan): Case => ({ scenario, plan, change: false })) : []
  })
  return draw(all, second, seed)
}

export const run = (scenarios: ReadonlyArray<Scenario>, options: Options): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    let done = 0
    const all = (cases: ReadonlyArray<Case>): Effect.Effect<ReadonlyArray<Trial.Trial>> =>
      Effect.forEach(
        cases,
        ({ plan, scenario }) =>
          Effect.tap(Trial.run(options.command, scenario, plan), (trial) =>
            Effect.sync(() => options.onTrial?.(trial, ++done))),
        { concurrency: options.parallel }
      )

    const undisturbed = yield* all(
      scenarios.map((scenario) => ({ scenario, plan: { stops: [], gap: "soon" }, change: false }))
    )
    // What does not work undisturbed need not be disturbed.
    const whole = undisturbed.every(({ problems }) => problems.length === 0)
    const cases = whole ? casesOf(scenarios, undisturbed, options) : []
    const singles = yield* all(cases)
    const doubles = yield* all(secondsOf(cases, singles, options))
    const trials = [...undisturbed, ...singles, ...doubles]
    const interrupted = trials.flatMap(({ plan, runs }) =>
      runs.filter((_, index) => plan.stops[index]?.signal === "SIGINT")
    )
    return {
      trials: trials.length,
      processes: trials.reduce((sum, { runs }) => sum + runs.length, 0),
      unmet: trials.filter(({ unmet }) => unmet !== undefined),
      missed: singles.filter(({ unmet }, index) =>
        unmet?.because === "the call did not come" && cases[index]?.change === true
      ),
      failed: trials.filter(({ problems }) => problems.length > 0),
      slowestInterruption: Math.max(0, ...interrupted.map(({ ended }) => ended.stoppingMillis)),
      calls: Object.fromEntries(undisturbed.map(({ runs, scenario }) => [scenario, runs[0]?.calls.length ?? 0]))
    }
  })
