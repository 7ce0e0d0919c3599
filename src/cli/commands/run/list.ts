/**
 * `holdfast run list`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Run } from "../../../store/Run.ts"
import * as Runs from "../../../store/Runs.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Stored from "../../Stored.ts"
import * as Describe from "./Describe.ts"
import type { list as verb } from "./verbs.ts"

const none: ReadonlyArray<Run> = []

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ limit }) =>
  Effect.gen(function*() {
    const runs = yield* Stored.openExisting(
      Effect.flatMap(Runs.Runs, (service) => service.list({ limit })),
      Effect.succeed(none)
    )
    yield* Output.print({
      json: () => ({ runs: runs.map(Describe.runJson) }),
      text: (paint) => (runs.length === 0 ? ["no runs"] : Describe.listText(runs)(paint))
    })
    return ExitCode.done
  })
