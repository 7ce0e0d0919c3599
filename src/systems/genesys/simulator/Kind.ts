/**
 * What the simulator knows of a resource type: how many of it an organisation has, where it is listed and read, and
 * how one of it is made up.
 *
 * @since 0.1.0
 */
import type * as Draw from "./Draw.ts"

/**
 * What a field of an answer may be; what is `undefined` is left out.
 *
 * @since 0.1.0
 * @category models
 */
export type Value = string | number | boolean | null | undefined | ReadonlyArray<Value> | Entity

/**
 * @since 0.1.0
 * @category models
 */
export interface Entity {
  readonly [name: string]: Value
}

/**
 * First value of every name.
 *
 * @since 0.1.0
 * @category models
 */
export type Query = Readonly<Record<string, string>>

/**
 * A resource type of the Terraform provider, without `genesyscloud_`.
 *
 * @since 0.1.0
 * @category models
 */
export type Name =
  | "architect_datatable"
  | "architect_datatable_row"
  | "architect_emergencygroup"
  | "architect_grammar"
  | "architect_ivr"
  | "architect_schedulegroups"
  | "architect_schedules"
  | "architect_user_prompt"
  | "auth_division"
  | "auth_role"
  | "flow"
  | "group"
  | "integration"
  | "integration_action"
  | "integration_credential"
  | "location"
  | "oauth_client"
  | "outbound_attempt_limit"
  | "outbound_callabletimeset"
  | "outbound_callanalysisresponseset"
  | "outbound_campaign"
  | "outbound_contact_list"
  | "outbound_contactlistfilter"
  | "outbound_dnclist"
  | "outbound_ruleset"
  | "responsemanagement_library"
  | "responsemanagement_response"
  | "responsemanagement_responseasset"
  | "routing_email_domain"
  | "routing_email_route"
  | "routing_language"
  | "routing_queue"
  | "routing_skill"
  | "routing_skill_group"
  | "routing_wrapupcode"
  | "script"
  | "team"
  | "telephony_providers_edges_did_pool"
  | "telephony_providers_edges_edge_group"
  | "telephony_providers_edges_extension_pool"
  | "telephony_providers_edges_phone"
  | "telephony_providers_edges_phonebasesettings"
  | "telephony_providers_edges_site"
  | "telephony_providers_edges_site_outbound_route"
  | "telephony_providers_edges_trunkbasesettings"
  | "user"
  | "webdeployments_configuration"
  | "webdeployments_deployment"

/**
 * How a listing is paged.
 *
 * - `pages`: `pageNumber`, `pageSize`, `pageCount`, `total` and links.
 * - `until-empty`: as `pages`, but the total counts what the page has: only an empty page tells the end.
 * - `bare`: `pageNumber` and `pageSize` without any total.
 * - `cursor`: `nextUri` with `after`.
 * - `all`: one answer.
 * - `search`: a `POST` whose body has the page; `results` instead of `entities`.
 *
 * @since 0.1.0
 * @category models
 */
type Style = "pages" | "until-empty" | "bare" | "cursor" | "all" | "search"

/**
 * @since 0.1.0
 * @category models
 */
export interface Listing {
  /** As the API description has it. */
  readonly path: string
  readonly style: Style
  /** The largest page; more is cut to it. Defaults to 100. */
  readonly maximum?: number | undefined
  /** A cursor listing that says its total. */
  readonly total?: boolean | undefined
  /** Telephony listings say their total twice. */
  readonly totals?: boolean | undefined
  /** Which part of the entities is asked for; `undefined` is all of them. */
  readonly part?: ((query: Query) => string | undefined) | undefined
  /** Beyond so many entities a page is refused with 400; `undefined` is no limit. */
  readonly cap?: ((query: Query) => number | undefined) | undefined
  /** What the listing has of an entity. Defaults to all that a read has. */
  readonly show?: ((entity: Entity, query: Query) => Entity) | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Kind {
  readonly name: Name
  /** Its share of an organisation's resources, per mille. */
  readonly weight: number
  /** At least so many. Defaults to 2. */
  readonly least?: number | undefined
  /** Entities on top that no export may contain, per mille: deleted, unpublished. Defaults to none. */
  readonly dead?: number | undefined
  /** Any one of these lets a client list and read it. */
  readonly permissions: ReadonlyArray<string>
  /** Absent where it is listed below a parent. */
  readonly listing?: Listing | undefined
  /** With one hole at its end for the id. */
  readonly read: string
  readonly parent?: Name | undefined
  /** Its path with `{id}`, where it is not that of `read`. */
  readonly self?: string | undefined
  /** Which part of the listing an entity belongs to. */
  readonly part?: ((draw: Draw.Draw) => string) | undefined
  /** Nothing of it but its name can change. */
  readonly fixed?: boolean | undefined
  /** Others hang on it: it is neither added nor removed. */
  readonly rooted?: boolean | undefined
  /** Instead of a UUID. */
  readonly id?: ((draw: Draw.Draw, uuid: string) => string) | undefined
  /** What an id was made from: the UUID in it, or the number. */
  readonly idOf?: ((id: string) => string | number | undefined) | undefined
  /** Instead of one drawn in many scripts. */
  readonly named?: ((draw: Draw.Draw) => string) | undefined
  /** The word its names are made with. */
  readonly word: string
  /** The API made it and Terraform must not own it. */
  readonly owned?: ((draw: Draw.Draw) => boolean) | undefined
  /** What a read answers. */
  readonly build: (draw: Draw.Draw) => Entity
  /** What a read leaves out of it by its query. */
  readonly shown?: ((entity: Entity, query: Query) => Entity) | undefined
}

/**
 * How many entities of a type there are, which are gone and which have changed.
 *
 * @since 0.1.0
 * @category models
 */
export interface Space {
  /** Exported from the beginning: numbers from 0. */
  readonly base: number
  /** Deleted or unpublished: the numbers after `base`. */
  readonly dead: number
  /** Numbers below this are referred to; they are never removed. */
  readonly referable: number
  /** The last so many of `base` appear only while a listing is under way. */
  readonly late: number
  /** Made since: the numbers after the dead. */
  added: number
  /** The late have appeared. */
  grown: boolean
  readonly removed: Set<number>
  readonly revisions: Map<number, number>
  /** Numbers in the order of the listing, by part; forgotten when something changes. */
  readonly orders: Map<string, Uint32Array>
}

/**
 * What making up an entity may ask of its organisation.
 *
 * @since 0.1.0
 * @category models
 */
export interface Organisation {
  readonly seed: number
  /** Share of the users that are inactive. */
  readonly inactiveUsers: number
  readonly kind: (name: Name) => Kind
  readonly number: (name: Name) => number
  readonly space: (name: Name) => Space
  readonly id: (name: Name, index: number) => string
  readonly nameOf: (name: Name, index: number) => string
  /** Drawn in many scripts, also for a type that names its entities otherwise. */
  readonly plainName: (name: Name, index: number) => string
  /** The parent's number, where the type has one. */
  readonly parentOf: (name: Name, index: number) => number
  /** An extension within a pool. */
  readonly extensionIn: (pool: number) => string
  /** The path of an entity. */
  readonly uri: (name: Name, index: number) => string
  readonly draw: (name: Name, index: number) => Draw.Draw
}
