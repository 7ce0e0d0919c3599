/**
 * The sweep: where a command can die, and a trial for each place.
 */
import * as Effect from "effect/Effect"
import * as Chance from "../../src/simulation/Chance.ts"
import type { Call, Moment, Stop } from "./Door.ts"
import * as Door from "./Door.ts"
import type { Scenario } from "./System.ts"
import * as Trial from "./Trial.ts"

export interface Options {
  /** The path of the built command. */
  readonly command: string
  /** Processes at a time. They sleep most of their lives, so it may be several for each core. */
  readonly parallel: number
  /**
   * `complete`: every call at every moment, and every recovery soon and late.
   *
   * `brief`: every change, at every moment that a process or the server can tell from another. Of reads, which leave the
   * server as it was, one of each kind and state of what is read, at one moment.
   */
  readonly extent: "brief" | "complete"
  /** How many trials with a second crash during the recovery, drawn from all; or all of them. */
  readonly second: number | "all"
  readonly seed: number
  readonly onTrial?: ((trial: Trial.Trial, done: number) => void) | undefined
}

export interface Outcome {
  readonly trials: number
  readonly processes: number
  /** Repeated looks at a task that were not needed whenever they were to be met. */
  readonly unmet: ReadonlyArray<Trial.Trial>
  readonly failed: ReadonlyArray<Trial.Trial>
  /** The longest that an interrupted process took to end, in milliseconds from the signal. */
  readonly slowestInterruption: number
  readonly calls: Readonly<Record<string, number>>
}

/** A look at a task comes earlier or later, so one that did not come is waited for again. */
const tries = 3

/** Reads of one kind see the same, where what they read is in the same state. */
const distinct = (calls: ReadonlyArray<Call>): ReadonlyArray<Call> => {
  const seen = new Set<string>()
  return calls.filter(({ phase, read, route }) => {
    const kind = `${route} ${phase}`
    return !read || (seen.has(kind) ? false : seen.add(kind))
  })
}

const chosen = (calls: ReadonlyArray<Call>, extent: Options["extent"]): ReadonlyArray<Call> =>
  extent === "brief" ? distinct(calls) : calls

const momentsOf = ({ read }: Call, extent: Options["extent"]): ReadonlyArray<Moment> => {
  if (extent === "complete") return Door.moments
  return read ? ["before"] : ["before", "acted", "noted"]
}

const stopsAt = (call: Call, signal: Stop["signal"], moments: ReadonlyArray<Moment>): ReadonlyArray<Stop> =>
  moments.map((moment) => ({ signal, moment, call: call.id }))

/** What is read of the cluster as a whole is read before anything is done, when an interruption has nothing to clean up. */
const interruptionsAt = (call: Call, extent: Options["extent"]): ReadonlyArray<Stop> => {
  if (extent === "complete") return stopsAt(call, "SIGINT", Door.moments)
  return call.read && call.phase === "" ? [] : stopsAt(call, "SIGINT", [call.read ? "before" : "acted"])
}

/** What was begun is met in the middle by who comes soon, and at its end by who comes late. */
const gapsOf = ({ moment }: Stop, extent: Options["extent"]): ReadonlyArray<Trial.Plan["gap"]> => {
  if (extent === "complete") return ["soon", "late"]
  return [moment === "noted" ? "late" : "soon"]
}

/** Every plan with one stop. */
const single = (
  seen: ReadonlyArray<Call>,
  scenario: Scenario,
  extent: Options["extent"]
): ReadonlyArray<Trial.Plan> => {
  const calls = chosen(seen, extent)
  // Dying before a read is dying after the last change; what another command finds then, the same one finds too.
  const deadly = extent === "brief" && scenario.recovery !== undefined ? calls.filter(({ read }) => !read) : calls
  const kills = deadly.flatMap((call) => stopsAt(call, "SIGKILL", momentsOf(call, extent)))
  const interruptions = scenario.recovery === undefined ? calls.flatMap((call) => interruptionsAt(call, extent)) : []
  return [
    ...kills.flatMap((stop) => gapsOf(stop, extent).map((gap): Trial.Plan => ({ stops: [stop], gap }))),
    ...interruptions.map((stop): Trial.Plan => ({ stops: [stop], gap: "soon" }))
  ]
}

/** Every plan that stops the recovery of a trial too. */
const double = ({ plan, runs }: Trial.Trial, extent: Options["extent"]): ReadonlyArray<Trial.Plan> =>
  chosen(runs.at(-1)?.calls ?? [], extent).flatMap((call) =>
    stopsAt(call, "SIGKILL", momentsOf(call, extent)).map((stop) => ({ ...plan, stops: [...plan.stops, stop] }))
  )

/** So many of them, by the seed alone. */
const draw = <A>(all: ReadonlyArray<A>, count: number | "all", seed: number): ReadonlyArray<A> => {
  if (count === "all" || all.length <= count) return all
  const drawn = all.map((item, index) => ({ item, index, chance: Chance.unit(seed, index) }))
    .toSorted((a, b) => a.chance - b.chance)
  return drawn.slice(0, count).toSorted((a, b) => a.index - b.index).map(({ item }) => item)
}

const persistently = (options: Options, scenario: Scenario, plan: Trial.Plan): Effect.Effect<Trial.Trial> => {
  const attempt = (left: number): Effect.Effect<Trial.Trial> =>
    Effect.flatMap(
      Trial.run(options.command, scenario, plan),
      (trial) => trial.unmet === undefined || left <= 1 ? Effect.succeed(trial) : attempt(left - 1)
    )
  return attempt(tries)
}

type Case = readonly [Scenario, Trial.Plan]

export const run = (scenarios: ReadonlyArray<Scenario>, options: Options): Effect.Effect<Outcome> =>
  Effect.gen(function*() {
    let done = 0
    const all = (cases: ReadonlyArray<Case>): Effect.Effect<ReadonlyArray<Trial.Trial>> =>
      Effect.forEach(
        cases,
        ([scenario, plan]) =>
          Effect.tap(persistently(options, scenario, plan), (trial) =>
            Effect.sync(() => options.onTrial?.(trial, ++done))),
        { concurrency: options.parallel }
      )

    const undisturbed = yield* all(scenarios.map((scenario) => [scenario, { stops: [], gap: "soon" }]))
    const whole = undisturbed.every(({ problems }) => problems.length === 0)
    const singles = !whole ?
      [] :
      yield* all(
        scenarios.flatMap((scenario, index) =>
          single(undisturbed[index]?.runs[0]?.calls ?? [], scenario, options.extent).map((
            plan
          ): Case => [scenario, plan])
        )
      )
    const recovered = singles.filter(({ plan, problems, runs }) =>
      problems.length === 0 && runs.length === 2 && plan.stops[0]?.signal === "SIGKILL"
    )
    const doubles = recovered.flatMap((trial) => {
      const scenario = scenarios.find(({ name }) => name === trial.scenario)
      return scenario === undefined ? [] : double(trial, options.extent).map((plan): Case => [scenario, plan])
    })
    const trials = [...undisturbed, ...singles, ...(yield* all(draw(doubles, options.second, options.seed)))]
    const interrupted = trials.flatMap(({ plan, runs }) =>
      runs.filter((_, index) => plan.stops[index]?.signal === "SIGINT")
    )
    return {
      trials: trials.length,
      processes: trials.reduce((sum, { runs }) => sum + runs.length, 0),
      unmet: trials.filter(({ unmet }) => unmet !== undefined),
      failed: trials.filter(({ problems }) => problems.length > 0),
      slowestInterruption: Math.max(0, ...interrupted.map(({ ended }) => ended.stoppingMillis)),
      calls: Object.fromEntries(undisturbed.map(({ runs, scenario }) => [scenario, runs[0]?.calls.length ?? 0]))
    }
  })
