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
import * as Operations from "./Operations.ts"
import type { Check, SiteInventory, SiteStatus } from "./Report.ts"
import * as Work from "./run/Work.ts"

const make = (state: Check["state"]) => (name: string, detail: string, hint?: string): Check =>
  hint === undefined ? { name, state, detail } : { name, state, detail, hint }
const ok = make("ok")
const warn = make("warn")
const fail = make("fail")

const ofFault = (name: string, fault: Fault.Fault): Check => fail(name, fault.message)

/** From here on what the plan allows is nearly used up. */
const nearly = 0.9

const workspace = ({ client, policies }: Work.Shared): Effect.Effect<ReadonlyArray<Check>> =>
  Effect.gen(function*() {
    const subscription = yield* Effect.either(policies.read(client.subscription))
    const quota = yield* Effect.either(policies.read(client.indexOverview))
    return [
      Either.match(subscription, {
        onLeft: (fault) => ofFault("workspace", fault),
        onRight: ({ tier }) => ok("workspace", `${client.origin} answers; the plan is ${tier}`)
      }),
      Either.match(quota, {
        onLeft: (fault) => ofFault("retrieval quota", fault),
        onRight: ({ maxBytes, usedBytes }) => {
          const detail = `${usedBytes} of ${maxBytes} bytes are used`
          return usedBytes > maxBytes * nearly
            ? warn("retrieval quota", detail, "free some of it, or change the plan, before more is indexed")
            : ok("retrieval quota", detail)
        }
      })
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
      ...(status.lockedBy === undefined ? [] : [warn(`${name}: lock`, `${status.lockedBy} works on it`)]),
      ...planCheck(name, status.plan),
      ...inventoryOf(name, status),
      ...open
    ])
  )
}

/**
 * @since 0.1.0
 * @category operations
 */
export const examine = (
  targets: ReadonlyArray<Operations.Target>
): Effect.Effect<ReadonlyArray<Check>, never, Client | Journal | FileSystem | Path> =>
  Effect.gen(function*() {
    const shared = yield* Work.shared()
    const general = yield* workspace(shared)
    // Without a key nothing else can be said.
    if (general[0]?.state === "fail") return general
    const sites = yield* Effect.forEach(yield* Operations.status(targets), siteChecks)
    return [...general, ...sites.flat()]
  }).pipe(Logging.forSystem("elevenlabs"), Effect.withSpan("ElevenLabs.doctor"))
