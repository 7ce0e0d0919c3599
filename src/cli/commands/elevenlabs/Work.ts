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
import * as InGit from "./InGit.ts"

type Done = InGit.Done<Report>

const codeOf = ({ git, value }: Done): ExitCode.ExitCode => InGit.codeOf(Describe.reportCode(value), git)

const jsonOf = ({ git, value }: Done) => ({ ...Describe.reportJson(value), ...InGit.json(git) })

const outcome = (done: Done): Runs.Outcome => ({
  state: codeOf(done) === ExitCode.done ? "done" : "failed",
  detail: Describe.summary(done.value)
})

/**
 * One run at a time in a workspace: the same agent may be of several sites, and the API has no way to save an agent only
 * if nobody else has.
 */
const tracked = <E, R>(verb: string, asked: Asked.Asked, effect: Effect.Effect<Done, E, R>) =>
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
export const show = (done: Done): Effect.Effect<ExitCode.ExitCode, never, Session> =>
  Effect.as(
    Output.print({
      json: () => jsonOf(done),
      text: (paint) => [...Describe.reportText(done.value)(paint), ...InGit.lines(done.git, paint)]
    }),
    codeOf(done)
  )

/**
 * Does it as a run, kept in the store. With `--git` the clone is pulled once nobody else works in the workspace, and
 * pushed before anybody else can: so runs that share a store share what is recorded as well.
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
    // What is wrong with the sites file is said before a run begins, unless the right one may be on its way.
    if (asked.git !== true) yield* Asked.targets(asked)
    yield* whenInterrupted("what was begun is noted; to go on, run the same command again")
    const say = (report: Report) => Effect.provideService(lastWords(report), Session, session)
    // Interrupted while it is pushed, the work is done all the same.
    let finished: Report | undefined
    const work = InGit.work(
      verb,
      asked,
      (targets) =>
        Effect.tap(operation(targets, { ...options, onInterrupted: say }), (report) =>
          Effect.sync(() => {
            finished = report
          }))
    ).pipe(Effect.onInterrupt(() => finished === undefined ? Effect.void : say(finished)))
    return yield* show(yield* tracked(verb, asked, work).pipe(connected, Effect.provide(ProgressBars.layer)))
  })
