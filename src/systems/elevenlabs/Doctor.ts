/**
 * Looks whether everything is well with the workspace and the sites, and changes nothing. Whatever fails is one check; the
 * others are made all the same.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { FileSystem } from "@effect/platform/FileSystem"
import type { Path } from "@effect/platform/Path"
import type * as Fault from "../../kernel/Fault.ts"
import { Journal } from "../../kernel/Journal.ts"
import * as Logging from "../../observe/Logging.ts"
import type { Client } from "./Client.ts"
import * as Scan from "./documents/Scan.ts"
import type * as Model from "./Model.ts"
import * as Operations from "./Operations.ts"
import type { Check, SiteInventory, SiteStatus } from "./Report.ts"
import * as Configured from "./run/Configured.ts"
import * as Ledger from "./run/Ledger.ts"
import * as Work from "./run/Work.ts"

const make = (state: Check["state"]) => (name: string, detail: string, hint?: string): Check =>
  hint === undefined ? { name, state, detail } : { name, state, detail, hint }
const ok = make("ok")
const warn = make("warn")
const fail = make("fail")

const ofFault = (name: string, { detail, hint, subject }: Fault.Fault): Check =>
  fail(name, subject === undefined ? detail : `${subject}: ${detail}`, hint)

/** From here on what the plan allows is nearly used up. */
const nearly = 0.9

const quotaCheck = ({ maxBytes, usedBytes }: Model.IndexOverview): Check => {
  const detail = `${usedBytes} of ${maxBytes} bytes are used`
  return usedBytes > maxBytes * nearly
    ? warn("retrieval quota", detail, "free some of it, or change the plan, before more is indexed")
    : ok("retrieval quota", detail)
}

const workspace = ({ client, policies }: Work.Shared): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.gen(function*() {
    const subscription = yield* Effect.either(policies.read(client.subscription))
    if (Either.isLeft(subscription)) return [ofFault("workspace", subscription.left)]
    const quota = yield* Effect.either(policies.read(client.indexOverview))
    return [
      ok("workspace", `${client.origin} answers; the plan is ${subscription.right.tier}`),
      Either.match(quota, { onLeft: (fault) => ofFault("retrieval quota", fault), onRight: quotaCheck })
    ]
  })

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`

const standing = (inventory: SiteInventory, what: SiteInventory["documents"][number]["standing"]): number =>
  inventory.documents.filter(({ standing }) => standing === what).length

const inventoryChecks = (name: string, inventory: SiteInventory): ReadonlyArray<Check> => {
  const sync = "run sync"
  const rows: ReadonlyArray<readonly [count: number, what: string, hint: string]> = [
    [inventory.missing.length, "recorded document is gone", sync],
    [inventory.pendingDelete.length, "document still to be deleted", sync],
    [inventory.orphans.length, "document without a record", sync],
    [standing(inventory, "unrecorded"), "document made and not recorded", sync],
    [standing(inventory, "foreign"), "document of somebody else in the folder", "move it elsewhere"],
    [inventory.lacking.length, "document that an agent of the site does not name", "run assign"],
    [inventory.quarantine, "piece of the record that could not be read", "look at its quarantine"]
  ]
  const found = rows.filter(([count]) => count > 0).map(([count, what, hint]) =>
    warn(`${name}: documents`, `${count} × ${what}`, hint)
  )
  const whole = standing(inventory, "recorded")
  return found.length === 0 ? [ok(`${name}: documents`, `${counted(whole, "document")}, all as recorded`)] : found
}

const planCheck = (name: string, { documents, outcome, refused }: SiteStatus["plan"]): ReadonlyArray<Check> => {
  const files = refused.map(({ fault, file }) => warn(`${name}: ${file}`, fault.detail, fault.hint))
  if (outcome._tag === "Failed") return [ofFault(`${name}: files and state`, outcome.fault), ...files]
  if (outcome._tag === "Refused") {
    return [...outcome.refusals.map(({ message }) => fail(`${name}: plan`, message)), ...files]
  }
  const open = documents.filter(({ outcome }) => outcome._tag === "NotStarted").length
  return [
    open === 0
      ? ok(`${name}: plan`, "nothing is to be done")
      : warn(`${name}: plan`, `${counted(open, "thing")} to be done`, "run sync"),
    ...files
  ]
}

/** What an earlier run had begun with a file and of which nobody knows how it ended. */
const openCheck = ({ plan, site }: SiteStatus): Effect.Effect<ReadonlyArray<Check>, Fault.Fault, Journal> =>
  Effect.flatMap(Journal, (journal) =>
    Effect.map(
      Effect.forEach(plan.documents.filter(({ action }) => "file" in action), ({ item }) =>
        Effect.map(journal.latest(`elevenlabs/${site}/upload/${item}`), (latest) =>
          latest._tag === "Some" && latest.value.entry._tag === "Begun" ? [item] : [])),
      (items) => {
        const open = items.flat()
        return open.length === 0
          ? []
          : [
            warn(
              `site ${site}: journal`,
              `uploads were cut off: ${open.join(", ")}`,
              "run sync: it finds what was done"
            )
          ]
      }
    ))

const inventoryOf = (name: string, { inventory, plan }: SiteStatus): ReadonlyArray<Check> => {
  if (!("fault" in inventory)) return inventoryChecks(name, inventory)
  // Said already where the plan met the same.
  return plan.outcome._tag === "Failed" ? [] : [ofFault(`${name}: documents`, inventory.fault)]
}

const siteChecks = (status: SiteStatus): Effect.Effect<ReadonlyArray<Check>, never, Journal> => {
  const name = `site ${status.site}`
  return openCheck(status).pipe(
    Effect.catchAll((fault) => Effect.succeed([ofFault(`${name}: journal`, fault)])),
    Effect.map((open) => [
      ...(status.lockedBy === undefined ? [] : [lockCheck(name, status.lockedBy)]),
      ...planCheck(name, status.plan),
      ...inventoryOf(name, status),
      ...open
    ])
  )
}

/** Every agent of the sites, once. */
const agentChecks = (
  shared: Work.Shared,
  targets: ReadonlyArray<Operations.Target>
): Effect.Effect<ReadonlyArray<Check>> => {
  const agents = [...new Set(targets.flatMap(({ agents }) => agents))].toSorted()
  return Effect.map(
    Effect.forEach(agents, (agent) =>
      Effect.match(Configured.agent(shared, agent), {
        onFailure: (fault): ReadonlyArray<Check> => [ofFault(`agent ${agent}`, fault)],
        onSuccess: () => []
      }), { concurrency: 4 }),
    (failed) => {
      const checks = failed.flat()
      const there = agents.length - checks.length
      return there === 0 ? checks : [ok("agents", `${counted(there, "agent")} can be read`), ...checks]
    }
  )
}

const sitesCheck = (targets: ReadonlyArray<Operations.Target>): Check =>
  ok("sites file", `${counted(targets.length, "site")}: ${targets.map(({ site }) => site.host).join(", ")}`)

/** What of a site can be looked at without the workspace. */
const localChecks = (
  target: Operations.Target
): Effect.Effect<ReadonlyArray<Check>, never, FileSystem | Path> =>
  Effect.gen(function*() {
    const name = `site ${target.site.host}`
    const state = yield* Effect.either(Ledger.read(target.state, target.site.host))
    const disk = yield* Effect.either(Scan.collect({ folder: target.folder }))
    const lockedBy = yield* Operations.holderOf(target)
    return [
      ...(lockedBy === undefined ? [] : [lockCheck(name, lockedBy)]),
      Either.match(state, {
        onLeft: (fault) => ofFault(`${name}: state`, fault),
        onRight: ({ documents }) =>
          ok(`${name}: state`, `${counted(Object.keys(documents).length, "document")} recorded`)
      }),
      ...Either.match(disk, {
        onLeft: (fault) => [ofFault(`${name}: files`, fault)],
        onRight: ({ documents, refused }) => [
          ok(`${name}: files`, `${counted(documents.length, "document")} in ${target.folder}`),
          ...refused.map(({ fault, file }) => warn(`${name}: ${file}`, fault.detail, fault.hint))
        ]
      })
    ]
  })

const lockCheck = (name: string, lockedBy: string): Check => warn(`${name}: lock`, `${lockedBy} works on it`)

/**
 * What can be said without the workspace: of the sites file, the files, the state files and who works on them.
 *
 * @param targets Where these cannot be told, that is a check too.
 * @since 0.1.0
 * @category operations
 */
export const examineLocally = <R>(
  targets: Effect.Effect<ReadonlyArray<Operations.Target>, Fault.Fault, R>
): Effect.Effect<ReadonlyArray<Check>, never, R | FileSystem | Path> =>
  targets.pipe(
    Effect.flatMap((sites) =>
      Effect.map(Effect.forEach(sites, localChecks), (checks) => [sitesCheck(sites), ...checks.flat()])
    ),
    Effect.catchAll((fault) => Effect.succeed([ofFault("sites file", fault)])),
    Logging.forSystem("elevenlabs")
  )

/**
 * Looks at everything: whether the workspace answers and takes the key, what its plan has left, whether the agents are
 * there, and of each site its files, what is recorded, what is there, and what earlier runs left open.
 *
 * @param targets Where these cannot be told, that is a check too.
 * @since 0.1.0
 * @category operations
 */
export const examine = <R>(
  targets: Effect.Effect<ReadonlyArray<Operations.Target>, Fault.Fault, R>
): Effect.Effect<ReadonlyArray<Check>, never, R | Client | Journal | FileSystem | Path> =>
  Effect.gen(function*() {
    const shared = yield* Work.shared()
    const general = yield* workspace(shared)
    const sites = yield* Effect.either(targets)
    // Of a workspace that does not answer, or does not take the key, nothing else can be said.
    if (Either.isLeft(sites) || general[0]?.state === "fail") {
      return [...general, ...yield* examineLocally(sites)]
    }
    const agents = yield* agentChecks(shared, sites.right)
    const checks = yield* Effect.forEach(yield* Operations.status(sites.right), siteChecks)
    return [...general, sitesCheck(sites.right), ...agents, ...checks.flat()]
  }).pipe(Logging.forSystem("elevenlabs"), Effect.withSpan("ElevenLabs.doctor"))

/**
 * The workspace could not even be asked, for want of a key or a place.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unconfigured = (fault: Fault.Fault): Check => ofFault("configuration", fault)

/**
 * Whether work may begin: nothing failed. A warning says what somebody should know.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHealthy = (checks: ReadonlyArray<Check>): boolean => checks.every(({ state }) => state !== "fail")
