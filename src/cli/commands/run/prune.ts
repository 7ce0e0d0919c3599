/**
 * `holdfast run prune`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Runs from "../../../store/Runs.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Stored from "../../Stored.ts"
import type { prune as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ olderThan }) =>
  Effect.gen(function*() {
    const pruned = yield* Stored.openExisting(
      Effect.flatMap(Runs.Runs, (service) => service.prune({ olderThan })),
      Effect.succeed(0)
    )
    yield* Output.print({
      json: () => ({ pruned }),
      text: () => [`${pruned === 1 ? "1 run is" : `${pruned} runs are`} forgotten`]
    })
    return ExitCode.done
  })
