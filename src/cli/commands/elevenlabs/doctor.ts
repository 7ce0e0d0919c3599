/**
 * `holdfast elevenlabs doctor`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Journal from "../../../kernel/Journal.ts"
import * as Client from "../../../systems/elevenlabs/Client.ts"
import * as Doctor from "../../../systems/elevenlabs/Doctor.ts"
import * as Checklist from "../../Checklist.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Stored from "../../Stored.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import type { doctor as verb } from "./verbs.ts"

/** What earlier runs left open is in the store, if anything was ever kept. */
const withJournal = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Stored.openExisting(
    Effect.gen(function*() {
      const journal = yield* Journal.Journal
      const { host } = new URL((yield* Client.Client).origin)
      return yield* Effect.provideService(effect, Journal.Journal, Journal.prefixed(journal, `${host}/`))
    }),
    effect
  )

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const targets = Asked.targets(yield* Asked.fromFlags(input))
    const checks = yield* withJournal(Doctor.examine(targets)).pipe(
      connected,
      Effect.catchAll((fault) =>
        Effect.map(Doctor.examineLocally(targets), (local) => [Doctor.unconfigured(fault), ...local])
      )
    )
    const healthy = Doctor.isHealthy(checks)
    yield* Output.print({ json: () => ({ healthy, checks }), text: Checklist.lines(checks) })
    return healthy ? ExitCode.done : ExitCode.refused
  })
