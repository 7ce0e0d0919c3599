/**
 * A system whose whole operations can be simulated from a seed.
 *
 * To add a system: a folder with its `System`; its name in `main.ts` and the system itself in `worker.ts`; a test that
 * runs its first seeds. `run` draws everything from the seed by `Dice`: a world, what is done with it, what goes wrong
 * meanwhile. It runs on `VirtualClock`, with the simulator as an in-process `HttpClient` and `Process` around everything
 * that dies with a process, and in the end, when nothing goes wrong any more, the same once again. What an export keeps in
 * the store is part of its world: the next process of the seed finds it.
 */
import * as Effect from "effect/Effect"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"
import type * as Record from "./Record.ts"

/** Something that must not be. */
export interface Problem {
  /** The invariant, in few words: problems of one kind have the same. */
  readonly invariant: string
  readonly detail: string
}

export interface Verdict {
  readonly seed: number
  /** What was drawn, in one line. */
  readonly drawn: string
  readonly problems: ReadonlyArray<Problem>
  /** Of every call with its time and its answer. Two runs of one seed have the same. */
  readonly trace: string
  readonly calls: number
  readonly virtualSeconds: number
  /** How often what was met: faults that fired, outcomes reported, what had to be excused. */
  readonly counts: Readonly<Record<string, number>>
  /** What happened, line by line, where it was asked for. */
  readonly story: ReadonlyArray<string>
}

export interface System {
  readonly name: string
  /** `story`: `none`, what matters (`short`), or every call (`long`). */
  readonly run: (seed: number, story: "none" | "short" | "long") => Promise<Verdict>
}

const line = ({ at, text }: Record.Event): string => `${(at / 1000).toFixed(3).padStart(9)} ${text}`

/**
 * A system by what simulates a seed: the laboratory that saw it, and the verdict without its story. `prepare` runs once,
 * in real time, and loads what is loaded where it is used first: the virtual clock does not wait for that.
 */
export const make = (
  name: string,
  simulate: (
    seed: number,
    told: boolean
  ) => Effect.Effect<readonly [{ readonly record: Record.Record }, Verdict]>,
  prepare: Effect.Effect<unknown> = Effect.void
): System => {
  let prepared: Promise<unknown> | undefined
  return {
    name,
    run: async (seed, story) => {
      await (prepared ??= Effect.runPromise(prepare))
      return simulate(seed, story !== "none").pipe(
        VirtualClock.run,
        Effect.map(([lab, verdict]): Verdict => ({
          ...verdict,
          story: lab.record.events.filter((event) => story === "long" || event.matters).map(line)
        })),
        Effect.runPromise
      )
    }
  }
}

/** What one needs to go after a seed that failed: what was drawn, what happened, and how to do it again. */
export const tell = async (system: System, verdict: Verdict): Promise<string> => {
  const { story } = await system.run(verdict.seed, "short")
  const problems = verdict.problems.map(({ detail, invariant }) => `${invariant}: ${detail}`)
  const again = `npm run simulate -- --system ${system.name} --seed ${verdict.seed}`
  return [verdict.drawn, ...story, ...problems, again].join("\n")
}
