/**
 * `holdfast proxmox apply`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Handler, Resume } from "../../CommandTree.ts"
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

const work = (asked: Work.Asked) =>
  Effect.gen(function*() {
    const fleet = yield* loadFleet(asked.fleet)
    const options = yield* Work.options(asked)
    const onInterrupt = yield* whenInterrupted(asked.onInterrupt)
    const report = yield* Operations.apply(fleet, { ...options, onInterrupt }).pipe(
      Work.tracked("apply", fleet.name, asked),
      Work.watched(`holdfast proxmox apply ${asked.fleet}`),
      connected
    )
    yield* Output.print({ json: () => Describe.reportJson(report), text: Describe.reportText(report) })
    return Describe.reportCode(report)
  })

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Run = (input) =>
  input.dryRun
    ? plan.run(input)
    : Effect.flatMap(fleetPath(input.fleet), (fleet) => work({ ...input, fleet }))

/**
 * @since 0.1.0
 * @category handlers
 */
export const resume: Resume = (recorded, wait) => Effect.flatMap(Work.recorded(recorded, wait), work)
