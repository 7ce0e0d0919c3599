/**
 * What apply and destroy share: options from flags and settings, the run they are, progress, and the last words after
 * an interruption.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Json from "../../../kernel/Json.ts"
import { CurrentRun } from "../../../store/CurrentRun.ts"
import type { Run } from "../../../store/Run.ts"
import * as Runs from "../../../store/Runs.ts"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Report } from "../../../systems/proxmox/Report.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import { paint } from "../../Paint.ts"
import * as ProgressBars from "../../ProgressBars.ts"
import { Session, whenInterrupted } from "../../Session.ts"
import { durationMillis } from "../../Settings.ts"
import * as Stored from "../../Stored.ts"
import { names } from "./Connection.ts"
import * as Describe from "./Describe.ts"

interface Flags {
  readonly only: string | undefined
  readonly parallel: number | undefined
  readonly timeout: number | undefined
}

/** What a run keeps to be run again. It holds no secrets. */
const Recorded = Schema.Struct({
  fleet: Schema.String,
  folder: Schema.String,
  only: Schema.optional(Schema.String),
  parallel: Schema.optional(Schema.Number),
  timeout: Schema.optional(Schema.Number),
  onInterrupt: Schema.optional(Schema.Literal("abort", "detach"))
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Asked extends Flags {
  /** The path of the fleet file. */
  readonly fleet: string
  readonly onInterrupt: "abort" | "detach" | undefined
  /** How long to wait for another run, in milliseconds. */
  readonly wait: number | undefined
  /** The run that is run again. */
  readonly resumes?: Run | undefined
}

/**
 * What was asked for when a run began.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recorded = (run: Run, wait: number | undefined): Effect.Effect<Asked, Fault.Fault> =>
  Option.match(Schema.decodeUnknownOption(Recorded)(run.input), {
    onNone: () => Effect.fail(refuse(run, "not-resumable", "what it was asked for cannot be read", again(run))),
    onSome: ({ fleet, onInterrupt, only, parallel, timeout }) =>
      Effect.succeed({ fleet, only, parallel, timeout, onInterrupt, wait, resumes: run })
  })

const again = (run: Run): string => `run holdfast ${run.command} itself`

const refuse = (run: Run, code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Runs.resume",
    subject: `run ${run.id}`,
    code,
    sent: "no",
    detail,
    hint
  })

const input = ({ fleet, onInterrupt, only, parallel, timeout }: Asked): Json.Json =>
  Option.getOrElse(
    Json.fromUnknown({ fleet: Path.resolve(fleet), folder: process.cwd(), only, parallel, timeout, onInterrupt }),
    () => null
  )

const outcome = (report: Report): Runs.Outcome => {
  const state = Describe.reportCode(report) === ExitCode.done ? "done" : "failed"
  return { state, detail: Describe.reportSummary(report) }
}

/** Who stands in front of us in the line, for the person who waits. */
const sayWhoHolds = (runs: Runs.Service, target: string, wait: number) =>
  Effect.gen(function*() {
    const [run] = yield* runs.list({ target, limit: 1 })
    if (run?.state !== "running") return
    const who = `run ${run.id} (${run.command}, process ${run.holder.pid} on ${run.holder.host})`
    yield* Output.say(`waiting for ${who}, at most ${Math.round(wait / 1000)} s`)
  })

/** The refusal says who has it; what can be done about it is ours to say. */
const withWayOut = (fault: Fault.Fault): Fault.Fault =>
  fault.code === "run-held"
    ? fault.with({ hint: "wait for it with --wait; `holdfast run list` tells what it does" })
    : fault

/**
 * Does it as a run, kept in the store: nobody else works on this fleet of this cluster meanwhile, and whatever becomes
 * of this process, the next one knows what it had begun.
 *
 * @since 0.1.0
 * @category combinators
 */
export const tracked = (verb: "apply" | "destroy", fleet: string, asked: Asked) =>
<R>(
  effect: Effect.Effect<Report, Fault.Fault, R>
) =>
  Stored.open(Effect.gen(function*() {
    const runs = yield* Runs.Runs
    const journal = yield* Journal.Journal
    const cluster = yield* Operations.cluster
    const target = `proxmox/${cluster}/${fleet}`
    const { resumes, wait } = asked
    if (resumes !== undefined && resumes.target !== target) {
      return yield* refuse(
        resumes,
        "other-target",
        `it was about ${resumes.target}, and this is ${target}`,
        again(resumes)
      )
    }
    if (wait !== undefined) yield* sayWhoHolds(runs, target, wait)
    const work = Effect.zipRight(tellHowToResume, effect).pipe(
      Effect.provideService(Journal.Journal, Journal.prefixed(journal, `${cluster}/`)),
      Stored.begins
    )
    return yield* runs.track({ command: `proxmox ${verb}`, target, input: input(asked), wait, outcome }, work)
  })).pipe(Effect.mapError(withWayOut))

/** Besides the same command, should the run be interrupted. */
const tellHowToResume: Effect.Effect<void, never, Session> = Effect.gen(function*() {
  const { resume } = yield* Session
  const run = yield* CurrentRun
  if (run !== undefined && resume.hint !== undefined) resume.hint += `\n  or: holdfast run resume ${run.id}`
})

/** What happened to the machines that were being worked on. */
const lastWords = (report: Report): Effect.Effect<void, never, Session> =>
  Effect.map(Session, ({ resume, screen }) => {
    resume.document = { interrupted: true, next: resume.hint, ...Describe.reportJson(report) }
    for (const line of Describe.reportText(report)(paint(screen.color.err))) screen.err(line)
  })

/**
 * Flags first, then the settings.
 *
 * @since 0.1.0
 * @category constructors
 */
export const options = (flags: Flags) =>
  Effect.map(Session, (session) => {
    const { settings } = session
    const parallel = settings.get("proxmox.parallel")
    const timeout = settings.get("proxmox.timeout")
    return {
      only: names(flags.only),
      parallel: flags.parallel ?? (parallel === undefined ? undefined : Number(parallel)),
      timeout: flags.timeout ?? (timeout === undefined ? undefined : durationMillis(timeout)),
      onInterrupted: (report: Report) => Effect.provideService(lastWords(report), Session, session)
    }
  })

/**
 * Shows the progress of an effect while it runs; `line` is the command that continues it after an interruption.
 *
 * @since 0.1.0
 * @category combinators
 */
export const watched = (line: string) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | Session> =>
  Effect.zipRight(
    whenInterrupted(`to continue from what is there: ${line}`),
    Effect.provide(effect, ProgressBars.layer)
  )
