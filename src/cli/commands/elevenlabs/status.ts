/**
 * `holdfast elevenlabs status`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/elevenlabs/Operations.ts"
import type { SiteInventory, SiteReport, SiteStatus } from "../../../systems/elevenlabs/Report.ts"
import type { Handler } from "../../CommandTree.ts"
import { faultJson } from "../../ErrorText.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import type { Paint } from "../../Paint.ts"
import * as Asked from "./Asked.ts"
import { connected } from "./Connection.ts"
import * as Describe from "./Describe.ts"
import type { status as verb } from "./verbs.ts"

/** What there is to say beyond the plan. */
const findings = (inventory: SiteInventory): ReadonlyArray<string> => [
  ...inventory.missing.map(({ documentId, file }) => `${file}: its document ${documentId} is gone`),
  ...inventory.lacking.map(({ agent, file }) => `${file}: ${agent} does not know it (holdfast elevenlabs assign)`),
  ...inventory.orphans.map((id) => `${id}: no file leads to it`),
  ...(inventory.quarantine === 0 ? [] : [`${inventory.quarantine} unreadable pieces of the record were put away`])
]

const isInStep = ({ documents, drift, outcome, refused }: SiteReport): boolean =>
  outcome._tag === "NotStarted" && refused.length === 0 && drift.every(({ kind }) => kind === "foreign")
  && documents.every(({ action }) => action._tag === "Keep")

const lines = ({ inventory, lockedBy, site }: SiteStatus, paint: Paint): ReadonlyArray<string> => [
  ...("fault" in inventory ? [] : findings(inventory).map((line) => `  ${paint.yellow("?")} ${site}: ${line}`)),
  ...(lockedBy === undefined ? [] : [`  ${paint.cyan("*")} ${site}: ${lockedBy} works on it`])
]

const json = ({ inventory, lockedBy, site }: SiteStatus) => ({
  site,
  inventory: "fault" in inventory ? { error: faultJson(inventory.fault) } : inventory,
  lockedBy: lockedBy ?? null
})

const planOf = (sites: ReadonlyArray<SiteStatus>) => ({ sites: sites.map(({ plan }) => plan), durationMillis: 0 })

const codeOf = (sites: ReadonlyArray<SiteStatus>): ExitCode.ExitCode => {
  const code = Describe.reportCode(planOf(sites))
  if (code !== ExitCode.done) return code
  const fine = sites.every(({ inventory, plan }) =>
    isInStep(plan) && !("fault" in inventory) && findings(inventory).length === 0
  )
  return fine ? ExitCode.done : ExitCode.partlyFailed
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const targets = yield* Effect.flatMap(Asked.fromFlags(input), Asked.targets)
    const sites = yield* connected(Operations.status(targets))
    const { sites: plans } = Describe.reportJson(planOf(sites))
    yield* Output.print({
      json: () => ({ sites: sites.map((site, index) => ({ ...json(site), plan: plans[index] })) }),
      text: (paint) => [
        ...Describe.reportText(planOf(sites))(paint),
        ...sites.flatMap((site) => lines(site, paint))
      ]
    })
    return codeOf(sites)
  })
