/**
 * `holdfast proxmox plan`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as Output from "../../Output.ts"
import { connected, loadFleet, names } from "./Connection.ts"
import * as Describe from "./Describe.ts"
import type { plan as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const fleet = yield* loadFleet(input.fleet)
    const plan = yield* connected(Operations.plan(fleet, { only: names(input.only) }))
    yield* Output.print({ json: () => Describe.planJson(plan), text: Describe.planText(plan) })
    return Describe.planCode(plan)
  })
