/**
 * `holdfast run unlock`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as RunFault from "../../../store/RunFault.ts"
import * as Runs from "../../../store/Runs.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Stored from "../../Stored.ts"
import * as Describe from "./Describe.ts"
import type { unlock as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ dryRun, force, id }) =>
  Effect.gen(function*() {
    const unlocked = yield* Stored.openExisting(
      Effect.flatMap(Runs.Runs, (service) => service.unlock(id, { force, dryRun })),
      RunFault.unknown("Runs.unlock", id)
    ).pipe(Effect.mapError((fault) =>
      fault.code === "run-held"
        ? fault.with({ hint: "end that process, or take it away from it with --force" })
        : fault
    ))
    yield* Output.print({
      json: () => Describe.runJson(unlocked),
      text: () => [
        dryRun
          ? `run ${unlocked.id} would hold nothing; ${unlocked.target} would be free`
          : `run ${unlocked.id} holds nothing; ${unlocked.target} is free`
      ]
    })
    return ExitCode.done
  })
