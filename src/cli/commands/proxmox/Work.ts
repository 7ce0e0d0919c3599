/**
 * What apply and destroy share: options from flags and settings, progress, and the last words after an interruption.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Report } from "../../../systems/proxmox/Report.ts"
import { paint } from "../../Paint.ts"
import * as ProgressBars from "../../ProgressBars.ts"
import { Session, whenInterrupted } from "../../Session.ts"
import { durationMillis } from "../../Settings.ts"
import { names } from "./Connection.ts"
import * as Describe from "./Describe.ts"

interface Flags {
  readonly only: string | undefined
  readonly parallel: number | undefined
  readonly timeout: number | undefined
}

/** What happened to the machines that were being worked on. */
const lastWords = (report: Report): Effect.Effect<void, never, Session> =>
  Effect.map(Session, ({ resume, screen }) => {
    resume.document = { interrupted: true, ...Describe.reportJson(report) }
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
