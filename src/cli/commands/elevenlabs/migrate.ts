/**
 * `holdfast elevenlabs migrate`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Asked from "./Asked.ts"
import * as InGit from "./InGit.ts"
import type { migrate as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const { dryRun, legacy } = input
    // A key of the old file is understood by all sites there are, never by some of them.
    const asked = yield* Asked.fromFlags({ ...input, site: [] })
    const done = yield* InGit.work("migrate", asked, (targets) => Operations.migrate(legacy, targets, { dryRun }))
    const { problems, sites } = done.value
    yield* Output.print({
      json: () => ({ ...done.value, dryRun, ...InGit.json(done.git) }),
      text: (paint) => [
        ...sites.map(({ files, orphans, site }) =>
          `${paint.bold(site)}: ${files} ${files === 1 ? "file" : "files"} ${dryRun ? "to take over" : "taken over"}`
          + (orphans === 0 ? "" : `, and ${orphans} documents that no file leads to`)
        ),
        ...problems.map(({ message, path }) => `${paint.red("!")} ${path}: ${message}`),
        ...(sites.length + problems.length === 0 ? ["nothing to take over"] : []),
        ...InGit.lines(done.git, paint)
      ]
    })
    return InGit.codeOf(ExitCode.ofItems({ done: sites.length, failed: problems.length }), done.git)
  })
