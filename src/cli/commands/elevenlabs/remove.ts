/**
 * `holdfast elevenlabs remove`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { Handler, Resume } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Prompting from "../../Prompting.ts"
import { usage } from "../../UsageFault.ts"
import * as Asked from "./Asked.ts"
import type { remove as verb } from "./verbs.ts"
import * as Work from "./Work.ts"

/** It has been agreed to. */
const work = (asked: Asked.Asked) =>
  Work.carryOut("remove", asked, (targets, options) => Operations.remove(targets, { ...options, files: asked.files }))

const question = (hosts: ReadonlyArray<string>, files: ReadonlyArray<string>): string => {
  const what = files.length === 0
    ? "every document"
    : files.length === 1
    ? "the document of 1 file"
    : `the documents of ${files.length} files`
  return `Take ${what} of ${hosts.join(" and ")} from all agents and delete ${files.length === 1 ? "it" : "them"}?`
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    if (input.site.length === 0) return yield* usage("remove wants at least one --site", "name each site to remove")
    if (!input.yes && !Prompting.isInteractive()) {
      return yield* usage("remove asks before it deletes, and there is no terminal to ask on", "say --yes")
    }
    const asked = yield* Asked.fromFlags(input)
    const targets = yield* Asked.targets(asked)
    const hosts = targets.map(({ site }) => site.host)
    if (!input.yes && !(yield* Prompting.confirm(question(hosts, input.file)))) {
      return yield* Effect.as(Output.say("nothing was removed"), ExitCode.refused)
    }
    return yield* work(input.file.length === 0 ? asked : { ...asked, files: input.file })
  })

/**
 * @since 0.1.0
 * @category handlers
 */
export const resume: Resume = (recorded, wait) => Effect.flatMap(Asked.fromRun(recorded, wait), work)
