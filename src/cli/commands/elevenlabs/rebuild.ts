/**
 * `holdfast elevenlabs rebuild`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import * as InGit from "./InGit.ts"
import type { rebuild as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const { dryRun } = input
    const asked = yield* Asked.fromFlags(input)
    const done = yield* connected(
      InGit.work("rebuild", asked, (targets) => Operations.rebuild(targets, { dryRun }))
    )
    yield* Output.print({
      json: () => ({ sites: done.value, dryRun, ...InGit.json(done.git) }),
      text: (paint) => [
        ...done.value.map(({ documents, orphans, site }) =>
          `${paint.bold(site)}: ${Output.count(Object.keys(documents).length, "file")} ${dryRun ? "found" : "recorded"}`
          + (orphans.length === 0 ? "" : `, and ${orphans.length} documents that no file leads to`)
        ),
        ...InGit.lines(done.git, paint)
      ]
    })
    return InGit.codeOf(ExitCode.done, done.git)
  })
