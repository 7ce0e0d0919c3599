/**
 * What the parts of one export share.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Policy from "../../../kernel/Policy.ts"
import * as RetryPolicy from "../../../kernel/RetryPolicy.ts"
import type * as Client from "../Client.ts"
import type * as Model from "../Model.ts"
import type { ExportOptions } from "../Options.ts"
import type * as Prepared from "../output/Prepared.ts"
import * as Report from "../Report.ts"
import type { Table, TypeName } from "../Table.ts"
import type { Calls } from "./Calls.ts"
import type * as Files from "./Files.ts"
import type { Entry, Inventory } from "./Inventory.ts"
import * as Path from "./Path.ts"
import type { Selection } from "./Selection.ts"
import type { Shared } from "./Shared.ts"
import type { Spool } from "./Spool.ts"
import type { Told } from "./Told.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Work {
  readonly client: Client.Service
  /** The same, for pages of listings. */
  readonly lister: Client.Service
  readonly options: ExportOptions
  readonly maxConcurrent: number
  readonly tables: ReadonlyMap<string, Table>
  readonly selection: Selection
  readonly calls: Calls
  readonly spool: Spool
  readonly files: Files.Kept
  /** Makes what can be made of a resource as soon as it is read. */
  readonly prepared: Prepared.Shelf | undefined
  readonly shared: Shared
  readonly told: Told
  /** Every type that was listed, or is being listed. */
  readonly inventories: Map<TypeName, Inventory>
  readonly exceptions: Array<Report.Exception>
  /** Families whose refusals to authenticate were looked into. */
  readonly authenticated: Set<string>
}

/**
 * Of the API, that tells who we are.
 *
 * @since 0.1.0
 * @category constants
 */
export const family = "organizations"

/**
 * Who we are, with all that the API says of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  readonly organisation: { readonly id: string; readonly name: string }
  readonly answer: Json.Json
}

/**
 * Asked for who we are, which every token may ask.
 *
 * @since 0.1.0
 * @category constants
 */
export const organisation = { path: "/api/v2/organizations/me", subject: "the organisation" }

/**
 * @since 0.1.0
 * @category accessors
 */
export const whoAmI = (
  client: Client.Service,
  calls: Calls
): Effect.Effect<Identity, Fault.Fault> =>
  calls.run(client.json(organisation), {
    family,
    type: "organisation",
    operation: "Genesys.export",
    name: "organisation",
    patient: true
  }).pipe(Effect.flatMap(identityOf))

/**
 * The same, asked by itself and for somebody who waits: given up within seconds, unless the API asks to wait.
 *
 * @since 0.1.0
 * @category accessors
 */
export const identify = (client: Client.Service): Effect.Effect<Identity, Fault.Fault> =>
  Effect.gen(function*() {
    const policy = yield* Policy.make({
      name: "genesys-identify",
      system: "genesys",
      retry: RetryPolicy.make({ maxAttempts: 2, maxElapsed: "2 minutes", base: "1 second", cap: "2 seconds" }),
      // In it the token is fetched, whose endpoint may ask to wait for a minute.
      attemptTimeout: "90 seconds"
    })
    return yield* identityOf(yield* policy.run(client.json(organisation), { operation: "Genesys.identify" }))
  })

const identityOf = (answer: Json.Json): Effect.Effect<Identity, Fault.Fault> => {
  const { id, name } = Path.isEntity(answer) ? answer : {}
  if (typeof id === "string" && id !== "") {
    return Effect.succeed({ organisation: { id, name: typeof name === "string" ? name : "" }, answer })
  }
  return Fault.make({
    kind: "invalid",
    system: "genesys",
    operation: "Genesys.export",
    subject: organisation.subject,
    detail: "the API does not say which organisation this is"
  })
}

/**
 * Passes on what ends the whole export: the store is not to be had, or the credentials are no good any more. Everything
 * else is about one resource or type, and given back.
 *
 * @since 0.1.0
 * @category combinators
 */
export const unlessFatal = (
  work: Work,
  fault: Fault.Fault,
  of: string
): Effect.Effect<Fault.Fault, Fault.Fault> => {
  if (fault.system === "holdfast" && fault.code?.startsWith("store-") === true) return Effect.fail(fault)
  if (fault.kind !== "unauthenticated" || work.authenticated.has(of)) return Effect.succeed(fault)
  return Effect.matchEffect(whoAmI(work.client, work.calls), {
    onFailure: () => Effect.fail(fault),
    // It is this part of the API that does not take the token.
    onSuccess: () => {
      work.authenticated.add(of)
      return Effect.succeed(fault)
    }
  })
}

/**
 * As what a resource is exported.
 *
 * @since 0.1.0
 * @category getters
 */
export const modeOf = ({ selection }: Work, entry: Entry): Model.Resource["mode"] =>
  entry.data || selection.asData(entry) ? "data" : "managed"

/**
 * How many resources there are, as far as they are listed.
 *
 * @since 0.1.0
 * @category getters
 */
export const listed = ({ inventories }: Pick<Work, "inventories">): number => {
  let sum = 0
  for (const { entries } of inventories.values()) sum += entries.size
  return sum
}

/**
 * @since 0.1.0
 * @category operations
 */
export const except = (
  work: Work,
  about: { readonly type: string; readonly id: string; readonly name?: string | undefined },
  reason: Report.Reason,
  fault: Fault.Fault
): void => {
  work.exceptions.push(Report.exception({ ...about, reason }, fault))
}
