/**
 * What resources depend on: flows by the API's dependency tracking, everything else by the ids it holds.
 *
 * Source of the object types: the provider's flow dependencies, 1.84.1, and the API description of
 * `/api/v2/architect/dependencytracking/consumedresources`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Paging from "../client/Paging.ts"
import type * as Model from "../Model.ts"
import type { Entity, Table, TypeName } from "../Table.ts"
import * as Inventory from "./Inventory.ts"
import * as Path from "./Path.ts"
import type { Work } from "./Work.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Tracked = Model.Resource["dependsOn"]

/**
 * Who reads what belongs to a resource.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reader {
  readonly work: Work
  readonly table: Table
  readonly entry: Inventory.Entry
  /** Runs a request under the policy of the type. */
  readonly run: <A>(request: Effect.Effect<A, Fault.Fault>) => Effect.Effect<A, Fault.Fault>
  /** Fails where the resource is there no more, as far as that can be asked. */
  readonly stillThere: Effect.Effect<void, Fault.Fault>
}

/** What dependency tracking calls them. */
const types: Readonly<Record<string, TypeName>> = {
  ACDLANGUAGE: "genesyscloud_routing_language",
  ACDSKILL: "genesyscloud_routing_skill",
  ACDWRAPUPCODE: "genesyscloud_routing_wrapupcode",
  BRIDGEACTION: "genesyscloud_integration_action",
  COMPOSERSCRIPT: "genesyscloud_script",
  CONTACTLIST: "genesyscloud_outbound_contact_list",
  DATAACTION: "genesyscloud_integration_action",
  DATATABLE: "genesyscloud_architect_datatable",
  DIVISION: "genesyscloud_auth_division",
  EMAILROUTE: "genesyscloud_routing_email_route",
  EMERGENCYGROUP: "genesyscloud_architect_emergencygroup",
  FLOWMILESTONE: "genesyscloud_flow_milestone",
  FLOWOUTCOME: "genesyscloud_flow_outcome",
  GRAMMAR: "genesyscloud_architect_grammar",
  GROUP: "genesyscloud_group",
  IVRCONFIGURATION: "genesyscloud_architect_ivr",
  KNOWLEDGEBASE: "genesyscloud_knowledge_knowledgebase",
  KNOWLEDGEBASEDOCUMENT: "genesyscloud_knowledge_document",
  OAUTHCLIENT: "genesyscloud_oauth_client",
  QUEUE: "genesyscloud_routing_queue",
  RECORDINGPOLICY: "genesyscloud_recording_media_retention_policy",
  RESPONSE: "genesyscloud_responsemanagement_response",
  RESPONSEASSET: "genesyscloud_responsemanagement_responseasset",
  SCHEDULE: "genesyscloud_architect_schedules",
  SCHEDULEGROUP: "genesyscloud_architect_schedulegroups",
  SECUREACTION: "genesyscloud_integration_action",
  USER: "genesyscloud_user",
  USERPROMPT: "genesyscloud_architect_user_prompt"
}

const isFlow = (object: string): boolean => object.endsWith("FLOW")

/** The type of an object of dependency tracking, if Terraform has it. */
const typeOf = (object: string): TypeName | undefined =>
  Object.hasOwn(types, object) ? types[object] : isFlow(object) ? "genesyscloud_flow" : undefined

/** `WORKFLOW` is a flow and called so already. */
const objectOf = (type: string): string => isFlow(type) ? type : `${type}FLOW`

const order = (left: Tracked[number], right: Tracked[number]): number =>
  left.type < right.type || (left.type === right.type && left.id < right.id) ? -1 : 1

/**
 * What the published version of a flow uses, sorted. A draft uses nothing.
 *
 * @since 0.1.0
 * @category operations
 */
export const track = (reader: Reader, flow: Entity): Effect.Effect<Tracked, Fault.Fault> => {
  const { entry, run, work } = reader
  const version = Path.textAt(flow, "publishedVersion.id")
  const type = Path.textAt(flow, "type")
  if (version === undefined || type === undefined) return Effect.succeed([])
  const found = new Map<string, Tracked[number]>()
  return Effect.map(
    Paging.forEachPage(
      (request) => run(work.client.json({ ...request, subject: Inventory.subjectOf(entry) })),
      {
        path: "/api/v2/architect/dependencytracking/consumedresources",
        query: { id: entry.id, version, objectType: objectOf(type) },
        paging: "pages"
      },
      undefined,
      (page) =>
        Effect.sync(() => {
          for (const used of page) {
            const one = usedOf(used)
            if (one !== undefined && one.id !== entry.id) found.set(`${one.type} ${one.id}`, one)
          }
        })
    ),
    () => [...found.values()].toSorted(order)
  )
}

const usedOf = (used: { readonly [key: string]: Json.Json }): Tracked[number] | undefined => {
  const { deleted, id, type: object } = used
  const type = typeof object === "string" ? typeOf(object) : undefined
  return type === undefined || typeof id !== "string" || deleted === true ? undefined : { type, id }
}
