/**
 * One run of the command: what was asked for in general, where to write, and how it will end.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type { Globals } from "./CommandLine.ts"
import * as ExitCode from "./ExitCode.ts"
import type { Screen } from "./Screen.ts"
import type { Settings } from "./Settings.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  readonly globals: Globals
  readonly screen: Screen
  readonly settings: Settings
  /** The exit status so far, and whether anything may have been changed by now. */
  readonly ending: { code: ExitCode.ExitCode; begun: boolean }
  /** Should the run be interrupted: how to resume, and with `--json` what to print. */
  readonly resume: { hint: string | undefined; document: unknown }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Session extends Context.Tag("holdfast/cli/Session")<Session, Service>() {}

/**
 * Ends the command with this code once it returns.
 *
 * @since 0.1.0
 * @category combinators
 */
export const conclude = (code: ExitCode.ExitCode): Effect.Effect<void, never, Session> =>
  Effect.map(Session, (session) => {
    session.ending.code = code
  })

/**
 * What to print if the rest of the run is interrupted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const whenInterrupted = (hint: string): Effect.Effect<void, never, Session> =>
  Effect.map(Session, (session) => {
    session.resume.hint = hint
  })
