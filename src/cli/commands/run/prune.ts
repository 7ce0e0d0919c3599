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

const nothing = { pruned: 0, changes: 0, outcomes: 0, open: 0 }

const counted = (amount: number, one: string, many: string): string => amount === 1 ? `1 ${one}` : `${amount} ${many}`

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ dryRun, olderThan }) =>
  Effect.gen(function*() {
    const pruning = Effect.gen(function*() {
      const { changes, open, runs } = yield* Effect.flatMap(
        Runs.Runs,
        (service) => service.prune({ olderThan, dryRun })
      )
      const { expired, sweep } = yield* Effect.promise(() => import("../../../store/Idempotency.ts"))
      return { pruned: runs, changes, outcomes: yield* dryRun ? expired : sweep, open }
    })
    const found = yield* Stored.openExisting(pruning, Effect.succeed(nothing))
    yield* Output.print({
      json: () => found,
      text: () => [
        `${counted(found.pruned, "run", "runs")}, ${counted(found.changes, "change", "changes")} and ` +
        `${counted(found.outcomes, "outcome", "outcomes")} ${dryRun ? "would be" : "are"} forgotten`,
        ...(found.open === 0 ? [] : [
          `${counted(found.open, "run stays", "runs stay")}: a change is open that nobody has looked at since`
        ])
      ]
    })
    return ExitCode.done
  })
