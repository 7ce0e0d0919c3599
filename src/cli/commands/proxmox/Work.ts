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
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Json from "../../../kernel/Json.ts"
import type { Run } from "../../../store/Run.ts"
import type * as Runs from "../../../store/Runs.ts"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Report } from "../../../systems/proxmox/Report.ts"
import * as ExitCode from "../../ExitCode.ts"
import { paint } from "../../Paint.ts"
import * as ProgressBars from "../../ProgressBars.ts"
import { Session, whenInterrupted } from "../../Session.ts"
import { durationMillis } from "../../Settings.ts"
import * as Stored from "../../Stored.ts"
import * as Tracked from "../../Tracked.ts"
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
    onNone: () => Effect.fail(Tracked.unreadable(run)),
    onSome: ({ fleet, onInterrupt, only, parallel, timeout }) =>
      Effect.succeed({ fleet, only, parallel, timeout, onInterrupt, wait, resumes: run })
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
    const journal = yield* Journal.Journal
    const cluster = yield* Operations.cluster
    const { resumes, wait } = asked
    return yield* Tracked.run(
      {
        command: `proxmox ${verb}`,
        target: `proxmox/${cluster}/${fleet}`,
        input: input(asked),
        wait,
        resumes,
        outcome
      },
      Effect.provideService(effect, Journal.Journal, Journal.prefixed(journal, `${cluster}/`))
    )
  }))

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
