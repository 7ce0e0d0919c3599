/**
 * How slow and how forgetful the service is, what other people do meanwhile, and what goes wrong on the way, drawn from a
 * seed.
 */
import type * as FaultPlan from "../../../src/simulation/FaultPlan.ts"
import type { Dice } from "../Dice.ts"

/** What the service is like, always. */
export interface World {
  readonly latencyMillis: number
  readonly concurrencyLimit: number
  readonly listingLagMillis: number
  readonly deletionLagMillis: number
  readonly dependencyLagMillis: number
  readonly indexMillis: number
  readonly attachLimit: number | undefined
}

export interface Trouble {
  readonly rules: ReadonlyArray<FaultPlan.Rule>
  /** Share of the reads and saves of an agent after which somebody else saves it. */
  readonly edits: number
  /** Share of the new documents that cannot be indexed. */
  readonly unindexed: number
}

export const world = (dice: Dice): World => ({
  latencyMillis: dice.pick(2, 20, 120),
  concurrencyLimit: dice.pick(2, 5, 15),
  listingLagMillis: dice.pick(0, 0, 1000, 7000),
  deletionLagMillis: dice.pick(0, 0, 3000),
  dependencyLagMillis: dice.pick(0, 0, 2000, 9000),
  indexMillis: dice.pick(0, 1500, 20_000),
  attachLimit: dice.chance(0.1) ? dice.pick(2, 5) : undefined
})

/** A request that is on its way acts in the end, whatever became of who sent it; so long at most, in milliseconds. */
const longestWay = 4000

const answer = (dice: Dice): FaultPlan.BuiltIn => {
  const [status, code] = dice.pick<readonly [number, string]>(
    [500, "internal_server_error"],
    [502, "bad_gateway"],
    [503, "service_unavailable"],
    [504, "gateway_timeout"],
    [429, "rate_limit_exceeded"],
    [429, "system_busy"],
    // What is spent comes back: somebody frees some of it, or the month ends.
    [401, "quota_exceeded"],
    [402, "insufficient_credits"]
  )
  return {
    type: "answer",
    status,
    headers: {
      "content-type": "application/json",
      ...(status === 429 && dice.chance(0.5) ? { "retry-after": "1" } : {})
    },
    body: JSON.stringify({ detail: { status: code, message: "Something is not right." } }),
    // Who is told to wait, or that nothing is left, was not served.
    acted: status >= 500 && dice.chance(0.5)
  }
}

const effect = (dice: Dice): FaultPlan.BuiltIn =>
  dice.chance(0.4) ? answer(dice) : dice.pick<FaultPlan.BuiltIn>(
    { type: "reset-before" },
    { type: "reset-after" },
    { type: "reset-after" },
    { type: "refused" },
    { type: "truncated" },
    { type: "html" },
    { type: "html", status: 502, statusText: "Bad Gateway" },
    { type: "latency", millis: 1000, maxMillis: longestWay }
  )

/** A web page instead of a file looks like the file. */
const isPage = (what: FaultPlan.BuiltIn): boolean => what.type === "html" && what.status === undefined

const match = (dice: Dice, what: FaultPlan.BuiltIn): FaultPlan.Match =>
  dice.chance(0.4) ? { path: isPage(what) ? "^/v1/" : "^/(?:v1|storage)/" } : dice.pick<FaultPlan.Match>(
    { method: "POST", path: "/file$" },
    { method: "POST|PATCH|DELETE", path: "^/v1/" },
    { method: "PATCH", path: "/agents/" },
    { method: "PATCH", path: "/knowledge-base/" },
    { method: "DELETE", path: "^/v1/" },
    { method: "GET", path: "/agents/" },
    { method: "GET", path: "/knowledge-base\\?" },
    { path: "/dependent-agents" },
    { path: "/rag-index" },
    { path: "/folder$" }
  )

const rule = (dice: Dice, index: number): FaultPlan.Rule => {
  const what = effect(dice)
  return {
    name: `${index}: ${what.type}${
      what.type === "answer" ? ` ${what.status}${what.acted === true ? " acted" : ""}` : ""
    }`,
    match: match(dice, what),
    after: dice.pick(0, 0, 3, 15),
    times: dice.between(1, dice.pick(1, 3, 10)),
    probability: dice.pick(0.05, 0.2, 1),
    effect: what
  }
}

export const draw = (dice: Dice): Trouble => ({
  rules: Array.from({ length: dice.pick(0, 0, 1, 2, 4) }, (_, index) => rule(dice.of(index), index + 1)),
  edits: dice.pick(0, 0, 0.05, 0.3),
  unindexed: dice.pick(0, 0, 0, 0.3)
})

export const describe = ({ edits, rules, unindexed }: Trouble): string =>
  [
    `${edits} edits`,
    `${unindexed} not indexed`,
    ...rules.map(({ after, effect, match, name, probability, times }) =>
      `${name} ${JSON.stringify({ ...match, after, times, probability, ...effect })}`
    )
  ].join(", ")
