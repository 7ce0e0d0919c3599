/**
 * `holdfast proxmox list`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { InventoryEntry } from "../../../systems/proxmox/Report.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import { connected } from "./Connection.ts"
import type { list as verb } from "./verbs.ts"

const row = (paint: Paint) => (entry: InventoryEntry): ReadonlyArray<string> => [
  String(entry.vmid),
  entry.name,
  entry.node,
  entry.template ? "template" : entry.status + (entry.lock === undefined ? "" : ` (${entry.lock})`),
  entry.madeBy === undefined ? "" : paint.cyan(`${entry.madeBy.fleet}/${entry.madeBy.machine}`),
  entry.tags.join(" ")
]

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const machines = yield* connected(Operations.list({ mine: input.mine }))
    yield* Output.print({
      json: () => ({ machines }),
      text: (paint) => Output.table(machines.map(row(paint)), ["id", "name", "node", "state", "made by", "tags"])
    })
    return ExitCode.done
  })
