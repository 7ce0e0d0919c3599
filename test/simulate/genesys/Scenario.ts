/**
 * An organisation, exports of it one after another and what becomes of each, all drawn from a seed.
 */
import type * as FaultPlan from "../../../src/simulation/FaultPlan.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import type * as Simulator from "../../../src/systems/genesys/Simulator.ts"
import * as Dice from "../Dice.ts"

/** How a process ends, if not by itself. */
export type Ending =
  | { readonly _tag: "Runs" }
  | { readonly _tag: "KilledAt"; readonly call: number; readonly acted: boolean }
  /** While that call is on its way. */
  | { readonly _tag: "InterruptedAt"; readonly call: number }

export interface Stage {
  /** So many per cent of the organisation change before it. */
  readonly changed: number
  readonly pauseMillis: number
  readonly sinceLast: boolean
  readonly ending: Ending
}

export interface Scenario {
  readonly seed: number
  readonly ground: Simulator.Options
  /** The same in every stage. */
  readonly options: ExportOptions
  /** Types that are asked for; all, where there are none. */
  readonly types: ReadonlyArray<string>
  readonly rules: ReadonlyArray<FaultPlan.Rule>
  readonly stages: ReadonlyArray<Stage>
}

const names = [
  "routing_queue",
  "user",
  "flow",
  "group",
  "architect_user_prompt",
  "architect_datatable_row",
  "outbound_campaign",
  "outbound_contact_list",
  "routing_email_route",
  "script",
  "telephony_providers_edges_site",
  "webdeployments_configuration"
]

const effect = (dice: Dice.Dice): FaultPlan.BuiltIn =>
  dice.pick<FaultPlan.BuiltIn>(
    { type: "reset-before" },
    { type: "reset-after" },
    { type: "refused" },
    { type: "truncated" },
    { type: "html", status: 502, statusText: "Bad Gateway" },
    { type: "answer", status: 500 },
    { type: "answer", status: 503 },
    { type: "answer", status: 504, acted: true },
    { type: "answer", status: 429, headers: { "retry-after": "3" } },
    { type: "answer", status: 408 },
    { type: "latency", millis: 1000, maxMillis: 20_000 }
  )

const match = (dice: Dice.Dice): FaultPlan.Match =>
  dice.pick<FaultPlan.Match>(
    {},
    {},
    { path: "/oauth/token" },
    { path: "/routing/queues" },
    { path: "/users" },
    { path: "/flows" },
    { path: "/storage" },
    { path: "pageNumber" },
    { method: "POST" }
  )

const rule = (dice: Dice.Dice, index: number): FaultPlan.Rule => {
  const what = effect(dice)
  return {
    name: `${index}: ${what.type}${what.type === "answer" ? ` ${what.status}` : ""}`,
    match: match(dice),
    after: dice.pick(0, 0, 10, 60),
    times: dice.between(1, dice.pick(1, 5, 25)),
    probability: dice.pick(0.05, 0.3, 1),
    effect: what
  }
}

const ending = (dice: Dice.Dice): Ending =>
  dice.pick<Ending>(
    { _tag: "Runs" },
    { _tag: "KilledAt", call: dice.between(1, dice.pick(10, 60, 200)), acted: dice.chance(0.5) },
    { _tag: "KilledAt", call: dice.between(1, dice.pick(10, 60, 200)), acted: dice.chance(0.5) },
    { _tag: "InterruptedAt", call: dice.between(1, dice.pick(10, 60, 200)) }
  )

const stage = (dice: Dice.Dice, index: number): Stage => ({
  changed: index > 0 && dice.chance(0.3) ? dice.pick(2, 10, 30) : 0,
  pauseMillis: dice.pick(0, 1000, 3_600_000, 90_000_000),
  sinceLast: dice.chance(0.4),
  ending: ending(dice)
})

const groundOf = (dice: Dice.Dice, seed: number): Simulator.Options => ({
  seed,
  resources: dice.between(48, dice.pick(60, 90, 140)),
  clients: dice.pick(1, 1, 2),
  latencyMillis: dice.pick(1, 20, 200),
  rateLimitPerMinute: dice.pick(60, 300, 300, 100_000),
  tokenSeconds: dice.pick(86_400, 86_400, 130, 20),
  denied: dice.chance(0.2) ? dice.some(names, dice.between(1, 2)) : [],
  notEnabled: dice.chance(0.1) ? ["outbound_dnclist"] : [],
  trouble: {
    vanishing: dice.pick(0, 0, 0.05, 0.2),
    restless: dice.pick(0, 0, 0.1),
    growing: dice.chance(0.3),
    repeating: dice.chance(0.3)
  }
})

/** No archive: what compresses it runs in threads, which the virtual clock cannot see. */
const optionsOf = (dice: Dice.Dice, types: ReadonlyArray<string>): ExportOptions => ({
  includeStateFile: true,
  // The parser of HCL costs more than everything else together.
  exportFormat: dice.chance(0.8) ? "json" : dice.pick("hcl", "hcl_json"),
  splitFilesByResource: dice.chance(0.3),
  hashedLabels: dice.chance(0.2),
  enableDependencyResolution: dice.chance(0.4),
  exportOmitUnresolvedRefs: dice.chance(0.2),
  useLegacyArchitectFlowExporter: !dice.chance(0.2),
  maxConcurrent: dice.pick(1, 3, 10, 50),
  ...types.length === 0 ? {} : { includeFilterResources: types }
})

export const draw = (seed: number): Scenario => {
  const dice = Dice.make(seed)
  const ground = groundOf(dice.of("ground"), seed)
  const some = dice.of("types")
  // A type less is two calls less, and most of what goes wrong goes wrong with one as well.
  const types = some.chance(0.9) ? some.some(names, some.between(1, 4)) : []
  const trouble = dice.of("trouble")
  const stages = dice.of("stages")
  return {
    seed,
    ground,
    types,
    options: optionsOf(dice.of("options"), types),
    rules: Array.from({ length: trouble.pick(0, 1, 2, 4) }, (_, index) => rule(trouble.of(index), index + 1)),
    stages: Array.from({ length: stages.between(1, 3) }, (_, index) => stage(stages.of(index), index))
  }
}

/** Whether what was read in one stage may not be what is there in the next. */
export const isMoving = ({ ground, stages }: Scenario): boolean =>
  (ground.trouble?.restless ?? 0) > 0 || stages.some(({ changed }) => changed > 0)

export const describe = ({ ground, options, rules, seed, stages }: Scenario): string =>
  `seed ${seed}: ${JSON.stringify({ ...ground, ...options })}; ${
    rules.map(({ name, ...rest }) => `${name} ${JSON.stringify(rest)}`).join(", ") || "no faults"
  }; ${stages.map((one) => JSON.stringify(one)).join(", ")}`
