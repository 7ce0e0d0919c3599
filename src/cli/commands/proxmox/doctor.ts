/**
 * `holdfast proxmox doctor`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Check } from "../../../systems/proxmox/doctor/Check.ts"
import * as Connection from "../../../systems/proxmox/Connection.ts"
import * as Doctor from "../../../systems/proxmox/Doctor.ts"
import * as Needs from "../../../systems/proxmox/doctor/Needs.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import { connected, loadFleet } from "./Connection.ts"
import type { doctor as verb } from "./verbs.ts"

const mark = (check: Check, paint: Paint): string => {
  switch (check.state) {
    case "ok":
      return paint.green("ok  ")
    case "warn":
      return paint.yellow("warn")
    case "fail":
      return paint.red("FAIL")
    case "skipped":
      return paint.dim("skip")
  }
}

const lines = (checks: ReadonlyArray<Check>) => (paint: Paint): ReadonlyArray<string> => {
  const failed = checks.filter(({ state }) => state === "fail").length
  return [
    ...checks.flatMap((check) => [
      `${mark(check, paint)}  ${paint.bold(check.name)}: ${check.detail}`,
      ...(check.hint === undefined ? [] : [`      ${paint.dim("next:")} ${check.hint}`])
    ]),
    "",
    failed === 0 ? "nothing stands in the way" : `${failed} of ${checks.length} checks failed`
  ]
}

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
    yield* Output.print({ json: () => ({ healthy, checks }), text: lines(checks) })
    return healthy ? ExitCode.done : ExitCode.refused
  })
