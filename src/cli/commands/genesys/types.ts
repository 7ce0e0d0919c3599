/**
 * `holdfast genesys types`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/genesys/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { types as verb } from "./verbs.ts"

const row = (info: Operations.TypeInfo): ReadonlyArray<string> => [
  info.type,
  info.family,
  info.eachTime.length === 0 ? info.incremental : `each time: ${info.eachTime.join(", ")}`,
  info.files ? "yes" : "no",
  info.permissions.join(" ")
]

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = () =>
  Effect.as(
    Output.print({
      json: () => ({ types: Operations.types }),
      text: () => Output.table(Operations.types.map(row), ["type", "of", "reads since last", "files", "permissions"])
    }),
    ExitCode.done
  )
