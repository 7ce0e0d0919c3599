/**
 * `holdfast proxmox destroy`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Report } from "../../../systems/proxmox/Report.ts"
import type { Handler, Resume } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import * as Prompting from "../../Prompting.ts"
import { usage } from "../../UsageFault.ts"
import { connected, fleetPath, loadFleet, names } from "./Connection.ts"
import * as Describe from "./Describe.ts"
import type { destroy as verb } from "./verbs.ts"
import * as Work from "./Work.ts"

type Run = Handler<(typeof verb)["flags"], (typeof verb)["args"]>

const show = (report: Report) =>
  Output.print({ json: () => Describe.reportJson(report), text: Describe.reportText(report) })

/** Whether to go on. Nothing has been changed yet. */
const agreed = (wanted: Report) =>
  Effect.gen(function*() {
    const doomed = wanted.machines.filter(({ action }) => action === "destroy")
    for (const { machine, node, vmid } of doomed) yield* Output.say(`  ${machine} (VM ${vmid} on ${node})`)
    return yield* Prompting.confirm(
      `Destroy ${doomed.length === 1 ? "this machine" : `these ${doomed.length} machines`} and their disks?`
    )
  })

const refusal = (wanted: Report): ExitCode.ExitCode =>
  wanted.machines.some(({ action }) => action === "refuse") ? ExitCode.refused : ExitCode.done

/** It has been agreed to. */
const work = (asked: Work.Asked) =>
  Effect.gen(function*() {
    const fleet = yield* loadFleet(asked.fleet)
    const options = yield* Work.options(asked)
    const report = yield* Operations.destroy(fleet, options).pipe(
      Work.tracked("destroy", fleet.name, asked),
      Work.watched(`holdfast proxmox destroy ${asked.fleet}`)
    )
    return yield* Effect.as(show(report), Describe.reportCode(report))
  })

const asking = (input: Parameters<Run>[0], asked: Work.Asked) =>
  Effect.gen(function*() {
    const fleet = yield* loadFleet(asked.fleet)
    const wanted = yield* Operations.planDestroy(fleet, { only: names(input.only) })
    if (input.dryRun || !wanted.machines.some(({ action }) => action === "destroy")) {
      return yield* Effect.as(show(wanted), refusal(wanted))
    }
    if (!(yield* agreed(wanted))) {
      return yield* Effect.as(Output.say("nothing was destroyed"), ExitCode.refused)
    }
    return yield* work(asked)
  })

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Run = (input) => {
  if (!input.yes && !input.dryRun && !Prompting.isInteractive()) {
    return usage("destroy asks before it destroys, and there is no terminal to ask on", "say --yes")
  }
  return Effect.flatMap(fleetPath(input.fleet), (fleet) => {
    const asked: Work.Asked = { ...input, fleet, onInterrupt: undefined }
    return connected(input.yes && !input.dryRun ? work(asked) : asking(input, asked))
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const resume: Resume = (recorded, wait) =>
  Effect.flatMap(Work.recorded(recorded, wait), (asked) => connected(work(asked)))
