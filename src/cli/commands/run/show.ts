/**
 * `holdfast run show`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import type { Details } from "../../../store/Run.ts"
import * as RunFault from "../../../store/RunFault.ts"
import * as Runs from "../../../store/Runs.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Session } from "../../Session.ts"
import * as Stored from "../../Stored.ts"
import * as Describe from "./Describe.ts"
import type { show as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category accessors
 */
export const find = (id: string): Effect.Effect<Details, Fault.Fault, Session> =>
  Stored.openExisting(
    Effect.flatMap(Runs.Runs, (service) => service.show(id)),
    RunFault.unknown("Runs.show", id)
  )

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ id }) =>
  Effect.gen(function*() {
    const found = yield* find(id)
    yield* Output.print({ json: () => Describe.detailsJson(found), text: Describe.detailsText(found) })
    return ExitCode.done
  })
