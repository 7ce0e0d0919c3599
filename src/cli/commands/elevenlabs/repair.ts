/**
 * `holdfast elevenlabs repair`.
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
import type { repair as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const { dryRun } = input
    const asked = yield* Asked.fromFlags(input)
    const done = yield* InGit.work("repair", asked, (targets) => Operations.repair(targets, { dryRun }))
    yield* Output.print({
      json: () => ({ sites: done.value, dryRun, ...InGit.json(done.git) }),
      text: (paint) => [
        ...done.value.flatMap(({ repairs, site }) => [
          `${paint.bold(site)}: ${
            repairs.length === 0 ? "nothing is wrong" : `${repairs.length} ${dryRun ? "to mend" : "mended"}`
          }`,
          ...repairs.map(({ path, problem, remedy }) => `  ${path === "" ? "the file" : path} ${problem}: ${remedy}`)
        ]),
        ...InGit.lines(done.git, paint)
      ]
    })
    return InGit.codeOf(ExitCode.done, done.git)
  })
