/**
 * The journal of a site for whoever works on it alone: one claim for the whole, so that none is needed for each of its
 * changes.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"

/**
 * Claims the site until the scope closes. Fails with the kind `locked` and the code `site-claimed` where somebody else, on
 * another machine perhaps, has it for longer than one waits.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  journal: Journal.Service,
  host: string,
  patience: Duration.DurationInput
): Effect.Effect<Journal.Service, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    yield* Effect.timeoutFail(journal.claim(`elevenlabs/${host}`), {
      duration: patience,
      onTimeout: () =>
        Fault.make({
          kind: "locked",
          system: "elevenlabs",
          operation: "ElevenLabs.site",
          subject: `site ${host}`,
          code: "site-claimed",
          sent: "no",
          detail: `somebody else has worked on it for ${Duration.format(Duration.decode(patience))}`,
          hint: "run the same command again when that has ended"
        })
    })
    const line = yield* Journal.makeMemory()
    return { ...journal, claim: line.claim }
  })
