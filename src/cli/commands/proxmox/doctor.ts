/**
 * `holdfast proxmox doctor`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Connection from "../../../systems/proxmox/Connection.ts"
import * as Doctor from "../../../systems/proxmox/Doctor.ts"
import * as Needs from "../../../systems/proxmox/doctor/Needs.ts"
import * as Checklist from "../../Checklist.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import { connected, loadFleet } from "./Connection.ts"
import type { doctor as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const fleet = input.fleet === undefined ? undefined : yield* loadFleet(input.fleet)
    const work = Effect.gen(function*() {
      const options = yield* Effect.mapError(Connection.config, Connection.fromConfigError)
      const connection = yield* Connection.make(options)
      return yield* fleet === undefined
        ? Doctor.run(Needs.none, { connection })
        : Doctor.forFleet(fleet, { connection })
    })
    const checks = yield* connected(work)
    const healthy = Doctor.isHealthy(checks)
    yield* Output.print({ json: () => ({ healthy, checks }), text: Checklist.lines(checks) })
    return healthy ? ExitCode.done : ExitCode.refused
  })
