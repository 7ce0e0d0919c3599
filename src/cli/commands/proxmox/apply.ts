/**
 * `holdfast proxmox apply`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as Output from "../../Output.ts"
import { Session } from "../../Session.ts"
import { connected, fleetPath, loadFleet } from "./Connection.ts"
import * as Describe from "./Describe.ts"
import * as plan from "./plan.ts"
import type { apply as verb } from "./verbs.ts"
import * as Work from "./Work.ts"

type Run = Handler<(typeof verb)["flags"], (typeof verb)["args"]>

/** The flag, else the setting. */
const whenInterrupted = (flag: "abort" | "detach" | undefined): Effect.Effect<"abort" | "detach", never, Session> =>
  Effect.map(Session, ({ settings }) => flag ?? (settings.get("proxmox.onInterrupt") === "detach" ? "detach" : "abort"))

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Run = (input) =>
  Effect.gen(function*() {
    if (input.dryRun) return yield* plan.run(input)
    const path = yield* fleetPath(input.fleet)
    const fleet = yield* loadFleet(path)
    const options = yield* Work.options(input)
    const onInterrupt = yield* whenInterrupted(input.onInterrupt)
    const report = yield* Operations.apply(fleet, { ...options, onInterrupt }).pipe(
      Work.watched(`holdfast proxmox apply ${path}`),
      connected
    )
    yield* Output.print({ json: () => Describe.reportJson(report), text: Describe.reportText(report) })
    return Describe.reportCode(report)
  })
