/**
 * `holdfast elevenlabs list`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { SiteInventory } from "../../../systems/elevenlabs/Report.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import type { list as verb } from "./verbs.ts"

const rows = ({ documents, site }: SiteInventory, paint: Paint): ReadonlyArray<ReadonlyArray<string>> =>
  documents.map(({ agents, file, id, name, sizeBytes, standing }) => [
    site,
    file ?? paint.dim(name),
    id,
    String(sizeBytes),
    standing === "recorded" ? standing : paint.yellow(standing),
    String(agents.length)
  ])

const heading = ["site", "file", "document", "bytes", "standing", "agents"]

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const targets = yield* Effect.flatMap(Asked.fromFlags(input), Asked.targets)
    const sites = yield* connected(Operations.list(targets))
    yield* Output.print({
      json: () => ({ sites }),
      text: (paint) => Output.table(sites.flatMap((site) => rows(site, paint)), heading)
    })
    return ExitCode.done
  })
