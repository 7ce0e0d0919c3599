/**
 * Sites with their number plans and outbound routes, trunks, edge groups, and pools of numbers.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`telephony_providers_edges_*`) and the definitions
 * `Site`, `NumberPlan`, `OutboundRouteBase`, `TrunkBase`, `EdgeGroup`, `ExtensionPool` and `DIDPool` of the platform
 * API.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Attributes, Entity, Listing, Table } from "../Table.ts"
import { block, blocks, boolean, json, list, ref, set, string } from "../Table.ts"
import { division, idOf, isDeleted, isObject, localTime, phoneNumber, recurrence, text } from "./Conversions.ts"
import * as Phones from "./phones.ts"

const site = "genesyscloud_telephony_providers_edges_site"
const trunkBase = "genesyscloud_telephony_providers_edges_trunkbasesettings"
const permissions = ["telephony:plugin:all"]

const isManaged = (entity: Entity): boolean => entity["managed"] === true

/** What Genesys Cloud manages is not among the rest: it has to be asked for on its own. */
const bothManaged = (path: string): ReadonlyArray<Listing> => [
  { path, query: { managed: "false" }, paging: "pages" },
  { path, query: { managed: "true" }, paging: "pages" }
]

const sitesPath = "/api/v2/telephony/providers/edges/sites"

const range: Attributes = { end: string(), start: string() }

/** The one site that the organisation names as its default. */
const isDefaultSite = (defaultId: Json.Json, entity: Entity): Json.Json | undefined =>
  typeof defaultId === "string" ? defaultId === entity["id"] : undefined

/** Neither another number plan nor another default site changes the version of a site. */
const sites: Table = {
  type: site,
  family: "telephony",
  list: bothManaged(sitesPath),
  read: {
    path: `${sitesPath}/{id}`,
    listed: true,
    extras: {
      numberPlans: { path: `${sitesPath}/{id}/numberplans` },
      organization: { path: "/api/v2/organizations/me" }
    }
  },
  stamp: "version",
  skip: isDeleted,
  data: isManaged,
  attributes: {
    location_id: idOf("location", "genesyscloud_location", { required: true }),
    media_model: string({ required: true }),
    name: string({ required: true }),
    caller_id: string({ convert: phoneNumber }),
    caller_name: string(),
    description: string(),
    edge_auto_update_config: block({
      end: string({ required: true, convert: localTime }),
      rrule: string({ required: true, convert: recurrence }),
      start: string({ required: true, convert: localTime }),
      time_zone: string({ required: true })
    }),
    managed: boolean({ readOnly: true }),
    media_regions: list({ computed: true }),
    media_regions_use_latency_based: boolean(),
    number_plans: blocks(
      {
        classification: string({ required: true }),
        match_type: string({ required: true }),
        name: string({ required: true }),
        digit_length: block(range),
        match_format: string({ from: "match" }),
        normalized_format: string(),
        numbers: blocks(range)
      },
      { from: "@numberPlans", computed: true }
    ),
    primary_sites: list({ ref: ref(site), computed: true }),
    secondary_sites: list({ ref: ref(site), computed: true }),
    set_as_default_site: boolean({ from: "@organization.defaultSiteId", convert: isDefaultSite })
  }
}

/** Of a site, whose id is part of that of the route; whole in its listing. */
const outboundRoute: Table = {
  type: "genesyscloud_telephony_providers_edges_site_outbound_route",
  family: "telephony",
  list: bothManaged(sitesPath).map((listing) => ({
    path: `${sitesPath}/{siteId}/outboundroutes`,
    paging: "pages",
    each: { listing, hole: "siteId", field: "id" }
  })),
  id: (entity) => {
    const siteId = text(entity["@parent"], "id")
    const routeId = text(entity, "id")
    return siteId === undefined || routeId === undefined ? undefined : `${siteId}:${routeId}`
  },
  stamp: "version",
  skip: isDeleted,
  data: (entity) => {
    const parent = entity["@parent"]
    return isObject(parent) && isManaged(parent)
  },
  dataSource: { name: "name", site_id: "site_id" },
  permissions,
  attributes: {
    classification_types: list({ required: true }),
    name: string({ required: true }),
    site_id: idOf("@parent", site, { required: true }),
    description: string(),
    distribution: string(),
    enabled: boolean(),
    external_trunk_base_ids: list({ from: "externalTrunkBases", ref: ref(trunkBase) }),
    route_id: string({ from: "id", readOnly: true })
  }
}

/** In the names of what Genesys Cloud makes by itself for its edges and its own voice service. */
const ownTrunks = [
  "Cloud Proxy Tie TrunkBase for EdgeGroup",
  "Direct Tie TrunkBase for EdgeGroup",
  "Genesys Cloud - CDM SIP Phone Trunk",
  "Genesys Cloud - CDM WebRTC Phone Trunk",
  "Indirect Tie TrunkBase for EdgeGroup",
  "PureCloud Voice - AWS",
  "Tie TrunkBase for EdgeGroup"
]

const trunkBaseSettings: Table = {
  type: trunkBase,
  family: "telephony",
  list: [
    {
      path: "/api/v2/telephony/providers/edges/trunkbasesettings",
      query: { ignoreHidden: "true", expand: "properties" },
      paging: "pages"
    }
  ],
  stamp: "version",
  // Those of type EDGE are made for each edge, and go with it.
  skip: (entity) => isDeleted(entity) || entity["trunkType"] === "EDGE",
  data: (entity) => ownTrunks.some((name) => text(entity, "name")?.includes(name) === true),
  permissions,
  attributes: {
    name: string({ required: true }),
    trunk_meta_base_id: string({ from: "trunkMetabase.id", required: true }),
    trunk_type: string({ required: true }),
    description: string(),
    inbound_site_id: idOf("inboundSite", site),
    managed: boolean(),
    properties: json({ computed: true }),
    site_id: idOf("site", site, { computed: true }),
    state: string({ computed: true })
  }
}

const edgeGroup: Table = {
  type: "genesyscloud_telephony_providers_edges_edge_group",
  family: "telephony",
  list: bothManaged("/api/v2/telephony/providers/edges/edgegroups"),
  read: { path: "/api/v2/telephony/providers/edges/edgegroups/{id}" },
  stamp: "version",
  skip: isDeleted,
  data: isManaged,
  dataSource: { managed: "managed", name: "name" },
  permissions,
  attributes: {
    name: string({ required: true }),
    phone_trunk_base_ids: set({ from: "phoneTrunkBases", ref: ref(trunkBase), required: true }),
    description: string(),
    hybrid: boolean(),
    managed: boolean(),
    state: string({ computed: true })
  }
}

const extensionPool: Table = {
  type: "genesyscloud_telephony_providers_edges_extension_pool",
  family: "telephony",
  list: [{ path: "/api/v2/telephony/providers/edges/extensionpools", paging: "pages" }],
  label: (entity) => text(entity, "startNumber"),
  stamp: "version",
  skip: isDeleted,
  dataSource: { end_number: "end_number", start_number: "start_number" },
  permissions: ["telephony:extensionPool:view"],
  attributes: {
    end_number: string({ required: true }),
    start_number: string({ required: true }),
    description: string(),
    division_id: division()
  }
}

const didPool: Table = {
  type: "genesyscloud_telephony_providers_edges_did_pool",
  family: "telephony",
  list: [{ path: "/api/v2/telephony/providers/edges/didpools", paging: "pages" }],
  label: (entity) => text(entity, "startPhoneNumber"),
  stamp: "version",
  skip: isDeleted,
  dataSource: { end_phone_number: "end_phone_number", start_phone_number: "start_phone_number" },
  permissions,
  attributes: {
    end_phone_number: string({ required: true, convert: phoneNumber }),
    start_phone_number: string({ required: true, convert: phoneNumber }),
    comments: string(),
    description: string(),
    pool_provider: string({ from: "provider" })
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [
  ...Phones.tables,
  sites,
  outboundRoute,
  trunkBaseSettings,
  edgeGroup,
  extensionPool,
  didPool
]
