/**
 * One trial: a command in a world of its own, stopped at the given calls, run again to its end, and the world judged.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Child from "./Child.ts"
import * as Door from "./Door.ts"
import type { Scenario, World } from "./System.ts"
import * as WorldClock from "./WorldClock.ts"

/** Whether the next process begins before anything has changed in the world, or an hour later. */
type Gap = "soon" | "late"

export interface Plan {
  /** One for each process but the last. */
  readonly stops: ReadonlyArray<Door.Stop>
  readonly gap: Gap
}

export interface Run {
  readonly calls: ReadonlyArray<Door.Call>
  readonly ended: Child.Ended
}

/** Why there is no verdict on what a stop does: nothing is wrong with the command, and nothing is proved. */
interface Unmet {
  readonly stop: Door.Stop
  /** The call was not made, or the machine gave the process no time to end as it should. */
  readonly because: "the call did not come" | "the processor was taken"
}

export interface Trial {
  readonly scenario: string
  readonly plan: Plan
  readonly runs: ReadonlyArray<Run>
  readonly unmet: Unmet | undefined
  readonly problems: ReadonlyArray<string>
}

/** One line that says it all, and by which it can be run again. */
export const idOf = (scenario: string, { gap, stops }: Plan): string =>
  [scenario, ...stops.map(({ call, moment, signal }) => `${signal} ${moment} ${call}`), gap].join(" | ")

/** A run takes seconds, on a machine with much else to do a minute; one that takes so long hangs. */
const patience = "5 minutes"
const hour = 3_600_000

const folderOf = ({ files, folder }: Scenario) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const path = mkdtempSync(join(tmpdir(), "holdfast-crash-"))
      if (folder !== undefined) cpSync(folder, path, { recursive: true })
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(path, name)), { recursive: true })
        writeFileSync(join(path, name), text)
      }
      return path
    }),
    (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
  )

const hung: Child.Ended = {
  code: null,
  signal: null,
  stdout: "",
  stderr: "",
  stoppingMillis: Infinity,
  starvedMillis: 0
}

/** Who has the last answer may be done before the signal comes. */
const asKilled = ({ code, signal }: Child.Ended, { moment }: Door.Stop): ReadonlyArray<string> =>
  signal === "SIGKILL" || (code === 0 && (moment === "replied" || moment === "noted"))
    ? []
    : [`it was killed and ended with ${code ?? signal}`]

/** It cleans up for some seconds of the clock, and most of them others had the processor. */
const isStarved = ({ starvedMillis, stoppingMillis }: Child.Ended): boolean =>
  stoppingMillis > 3000 && starvedMillis > stoppingMillis / 2

const asInterrupted = (ended: Child.Ended, scenario: Scenario): ReadonlyArray<string> => {
  // It was done when the signal came.
  if (ended.code === 0) return []
  return [
    ...(ended.code === 130 ? [] : [`it was interrupted and ended with ${ended.code ?? ended.signal}`]),
    ...(ended.stderr.includes(scenario.resume) ? [] : [`it does not say how to go on: ${scenario.resume}`]),
    ...(ended.stderr.includes("left at once") ? ["it did not end in an orderly way"] : [])
  ]
}

const asDone = ({ code, signal }: Child.Ended): ReadonlyArray<string> =>
  code === 0 ? [] : [`the last run ended with ${code ?? signal}`]

/**
 * @param inspect Told the world and the folder when all is over.
 */
export const run = (
  command: string,
  scenario: Scenario,
  plan: Plan,
  inspect: (world: World, folder: string) => Effect.Effect<void> = () => Effect.void
): Effect.Effect<Trial> =>
  Effect.gen(function*() {
    const clock = WorldClock.make(scenario.idleMillis)
    const cwd = yield* folderOf(scenario)
    const world = yield* scenario.world(clock, cwd)
    const door = Door.make(world)
    const server = yield* Effect.orDie(Serve.serve(door.endpoint, { grace: 0 }))
    const runs: Array<Run> = []

    const live = (stop: Door.Stop | undefined) =>
      Effect.gen(function*() {
        const first = runs.length === 0
        let child: Child.Child | undefined
        const life = door.begin({
          stop,
          send: (signal) => {
            if (signal === "SIGKILL") clock.stop()
            child?.send(signal)
          },
          first: () => clock.resume(!first && plan.gap === "late" ? hour : 0)
        })
        const words = first ? scenario.words : scenario.recovery ?? scenario.words
        child = yield* Child.start({ command, words, cwd, environment: scenario.environment(server.url) })
        const ended = Option.getOrElse(yield* Effect.timeoutOption(child.ended, patience), () => hung)
        if (stop !== undefined) clock.stop()
        door.end()
        runs.push({ calls: life.calls, ended })
        return { ended, met: life.met() !== undefined }
      }).pipe(Effect.scoped)

    const trial = (problems: ReadonlyArray<string>, unmet?: Unmet): Trial => ({
      scenario: scenario.name,
      plan,
      runs,
      unmet,
      problems
    })

    if (plan.stops.length === 0 && scenario.recovery !== undefined) {
      const problems = asDone((yield* live(undefined)).ended)
      if (problems.length > 0) return trial(problems)
    }
    for (const stop of plan.stops) {
      const { ended, met } = yield* live(stop)
      if (!met) {
        // It has run to its end, so that can be judged.
        const isLast = runs.length > 1 || scenario.recovery === undefined
        const problems = [...asDone(ended), ...(isLast ? yield* world.problems(cwd) : [])]
        return trial(problems, { stop, because: "the call did not come" })
      }
      const problems = stop.signal === "SIGKILL"
        ? asKilled(ended, stop)
        : [...asInterrupted(ended, scenario), ...(yield* world.afterInterruption)]
      if (problems.length > 0) {
        return isStarved(ended) ? trial([], { stop, because: "the processor was taken" }) : trial(problems)
      }
    }
    const { ended } = yield* live(undefined)
    const problems = [...asDone(ended), ...(yield* world.problems(cwd))]
    yield* inspect(world, cwd)
    return trial(problems)
  }).pipe(Effect.scoped)

/** The reverse of {@link idOf}. */
export const parse = (id: string): readonly [scenario: string, plan: Plan] => {
  const [scenario = "", ...rest] = id.split(" | ")
  const gap = rest.at(-1)
  const stops = rest.slice(0, -1).map((text): Door.Stop => {
    const [, signal, moment, call = ""] = /^(SIGKILL|SIGINT) (\w+) (.+)$/.exec(text) ?? []
    const known = Door.moments.find((one) => one === moment)
    if ((signal !== "SIGKILL" && signal !== "SIGINT") || known === undefined) throw new Error(`"${text}" is no stop`)
    return { signal, moment: known, call }
  })
  if (gap !== "soon" && gap !== "late") throw new Error(`"${id}" does not end with soon or late`)
  return [scenario, { stops, gap }]
}
