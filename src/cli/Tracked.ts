/**
 * A command as a run that is kept in the store: nobody else works on its target meanwhile, and whatever becomes of this
 * process, the next one knows what it was about.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../kernel/Fault.ts"
import type * as Json from "../kernel/Json.ts"
import { CurrentRun } from "../store/CurrentRun.ts"
import type { Run } from "../store/Run.ts"
import * as Runs from "../store/Runs.ts"
import * as Output from "./Output.ts"
import { Session } from "./Session.ts"
import * as Stored from "./Stored.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A> {
  /** `proxmox apply` */
  readonly command: string
  readonly target: string
  /** What is needed to run it again, without secrets. */
  readonly input: Json.Json
  /** How long to wait for another run of the target, in milliseconds. */
  readonly wait: number | undefined
  /** The run that is run again. */
  readonly resumes: Run | undefined
  readonly outcome: (value: A) => Runs.Outcome
}

/** Who stands in front of us in the line, for the person who waits. */
const sayWhoHolds = (runs: Runs.Service, target: string, wait: number) =>
  Effect.gen(function*() {
    const [run] = yield* runs.list({ target, limit: 1 })
    if (run?.state !== "running") return
    const who = `run ${run.id} (${run.command}, process ${run.holder.pid} on ${run.holder.host})`
    yield* Output.say(`waiting for ${who}, at most ${Math.round(wait / 1000)} s`)
  })

/** Besides the same command, should the run be interrupted. */
const tellHowToResume: Effect.Effect<void, never, Session> = Effect.gen(function*() {
  const { resume } = yield* Session
  const run = yield* CurrentRun
  if (run !== undefined && resume.hint !== undefined) resume.hint += `\n  or: holdfast run resume ${run.id}`
})

/** The refusal says who has it; what can be done about it is ours to say. */
const withWayOut = (fault: Fault.Fault): Fault.Fault =>
  fault.code === "run-held"
    ? fault.with({ hint: "wait for it with --wait; `holdfast run list` tells what it does" })
    : fault

const again = (run: Run): string => `run holdfast ${run.command} itself`

const refuse = (run: Run, code: string, detail: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Runs.resume",
    subject: `run ${run.id}`,
    code,
    sent: "no",
    detail,
    hint: again(run)
  })

/**
 * What a run was asked for is not to be understood.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unreadable = (run: Run): Fault.Fault =>
  refuse(run, "not-resumable", "what it was asked for cannot be read")

/**
 * Does it as a run. The store must be open.
 *
 * @since 0.1.0
 * @category combinators
 */
export const run = <A, E, R>(
  options: Options<A>,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | Fault.Fault, R | Runs.Runs | Session> =>
  Effect.gen(function*() {
    const runs = yield* Runs.Runs
    const { command, input, outcome, resumes, target, wait } = options
    if (resumes !== undefined && resumes.target !== target) {
      return yield* refuse(resumes, "other-target", `it was about ${resumes.target}, and this is ${target}`)
    }
    if (wait !== undefined) yield* sayWhoHolds(runs, target, wait)
    const work = Stored.begins(Effect.zipRight(tellHowToResume, effect))
    return yield* runs.track({ command, target, input, wait, outcome }, work)
  }).pipe(Effect.mapError((error) => Fault.isFault(error) ? withWayOut(error) : error))
