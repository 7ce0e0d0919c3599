/**
 * What the verbs that change something share: the run they are, progress, and the last words after an interruption.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import type * as Runs from "../../../store/Runs.ts"
import * as Client from "../../../systems/elevenlabs/Client.ts"
import type * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { Report } from "../../../systems/elevenlabs/Report.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import { paint } from "../../Paint.ts"
import * as ProgressBars from "../../ProgressBars.ts"
import { Session, whenInterrupted } from "../../Session.ts"
import * as Stored from "../../Stored.ts"
import * as Tracked from "../../Tracked.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import * as Describe from "./Describe.ts"

const outcome = (report: Report): Runs.Outcome => ({
  state: Describe.reportCode(report) === ExitCode.done ? "done" : "failed",
  detail: Describe.summary(report)
})

/**
 * One run at a time in a workspace: the same agent may be of several sites, and the API has no way to save an agent only
 * if nobody else has.
 */
const tracked = <R>(verb: string, asked: Asked.Asked, effect: Effect.Effect<Report, never, R>) =>
  Stored.open(Effect.gen(function*() {
    const journal = yield* Journal.Journal
    const { host } = new URL((yield* Client.Client).origin)
    return yield* Tracked.run({
      command: `elevenlabs ${verb}`,
      target: `elevenlabs/${host}`,
      input: Asked.recorded(asked),
      wait: asked.wait,
      resumes: asked.resumes,
      outcome
    }, Effect.provideService(effect, Journal.Journal, Journal.prefixed(journal, `${host}/`)))
  }))

/** What happened to the sites that were being worked on. */
const lastWords = (report: Report): Effect.Effect<void, never, Session> =>
  Effect.map(Session, ({ resume, screen }) => {
    resume.document = { interrupted: true, next: resume.hint, ...Describe.reportJson(report) }
    for (const line of Describe.reportText(report)(paint(screen.color.err))) screen.err(line)
  })

/**
 * Prints a report. Its code is the exit status.
 *
 * @since 0.1.0
 * @category combinators
 */
export const show = (report: Report): Effect.Effect<ExitCode.ExitCode, never, Session> =>
  Effect.as(
    Output.print({ json: () => Describe.reportJson(report), text: Describe.reportText(report) }),
    Describe.reportCode(report)
  )

/**
 * Does it as a run, kept in the store.
 *
 * @since 0.1.0
 * @category combinators
 */
export const carryOut = (
  verb: string,
  asked: Asked.Asked,
  operation: (
    targets: ReadonlyArray<Operations.Target>,
    options: Operations.SyncOptions
  ) => Effect.Effect<Report, never, Operations.Needs>
): Effect.Effect<ExitCode.ExitCode, Fault.Fault, FileSystem.FileSystem | Path.Path | Session> =>
  Effect.gen(function*() {
    const session = yield* Session
    const options = yield* Asked.options(asked)
    const targets = yield* Asked.targets(asked)
    yield* whenInterrupted("what was begun is noted; to go on, run the same command again")
    const work = operation(targets, {
      ...options,
      onInterrupted: (report) => Effect.provideService(lastWords(report), Session, session)
    })
    return yield* show(yield* tracked(verb, asked, work).pipe(connected, Effect.provide(ProgressBars.layer)))
  })
