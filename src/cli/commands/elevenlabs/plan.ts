/**
 * `holdfast elevenlabs plan`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import type { plan as verb } from "./verbs.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const asked = yield* Asked.fromFlags(input)
    const options = yield* Asked.options(asked)
    const targets = yield* Asked.targets(asked)
    return yield* Work.show({ value: yield* connected(Operations.plan(targets, options)), git: undefined })
  })
