/**
 * Sites, trunks, phones and number pools.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import { expanding } from "../Shown.ts"
import type { Entity, Kind } from "../Kind.ts"

const base = "/api/v2/telephony/providers/edges"

/** What all of telephony has in common. */
const common = (draw: Draw): Entity => ({
  id: draw.id,
  name: draw.name,
  description: draw.text(draw.name),
  version: draw.version(),
  dateCreated: draw.created(),
  dateModified: draw.modified(),
  createdBy: draw.sureIdOf("user"),
  modifiedBy: draw.sureIdOf("user"),
  createdByApp: "system",
  state: draw.isDead ? "deleted" : "active"
})

const property = (instance: string | number | boolean, type: string): Entity => ({ value: { instance, type } })

const capabilities = {
  provisions: false,
  registers: false,
  dualRegisters: false,
  hardwareIdType: "mac",
  allowReboot: false,
  noRebalance: false,
  noCloudProvisioning: false,
  mediaCodecs: ["audio/opus"],
  cdm: true
}

/** Made and owned by the API: every fifth site. */
const managed = (site: number): boolean => site % 5 === 1

const sites: Kind = {
  name: "telephony_providers_edges_site",
  weight: 3,
  least: 3,
  rooted: true,
  word: "Site",
  permissions: ["telephony:plugin:all", "telephony:sites:view"],
  listing: {
    path: `${base}/sites`,
    style: "pages",
    totals: true,
    part: (query) => query["managed"] === undefined ? undefined : query["managed"] === "true" ? "managed" : "own"
  },
  read: `${base}/sites/{siteId}`,
  part: (draw) => managed(draw.index) ? "managed" : "own",
  owned: (draw) => managed(draw.index),
  build: (draw) => {
    // Neighbours back each other up: a circle.
    const partner = Math.min(draw.index ^ 1, draw.organisation.space("telephony_providers_edges_site").base - 1)
    return {
      ...common(draw),
      primarySites: [draw.ref(draw.kind, draw.index)],
      secondarySites: [draw.ref(draw.kind, partner)],
      edgeAutoUpdateConfig: draw.maybe(0.5, () => ({
        timeZone: "Europe/Berlin",
        rrule: "FREQ=WEEKLY;BYDAY=SU;INTERVAL=01",
        start: "2025-01-05T02:00:00.000000",
        end: "2025-01-05T05:00:00.000000"
      })),
      mediaRegionsUseLatencyBased: true,
      location: draw.ref("location"),
      managed: managed(draw.index),
      mediaModel: draw.pick(["Cloud", "Premises"]),
      coreSite: false,
      mediaRegions: ["us-east-1", "eu-central-1"],
      callerId: draw.maybe(0.5, () => "+1 (317) 555-0142"),
      callerName: draw.maybe(0.5, () => draw.name),
      cloudProxyForceTurn: false,
      selfUri: draw.uri
    }
  }
}

const defaultPlans = ["Emergency", "Extension", "National", "International", "Network", "Suicide Prevention"]

/**
 * The number plans of a site: those it came with, and one of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const numberPlans = (draw: Draw): Array<Entity> =>
  [...defaultPlans, `Own "${draw.index}"`].map((name, priority) => ({
    id: draw.uuid(),
    name,
    description: "",
    version: 1,
    state: "active",
    match: "^(\\d{4})$",
    normalizedFormat: "${1}",
    priority,
    numbers: [{ start: "1000", end: "1999" }],
    digitLength: { start: "4", end: "4" },
    classification: name,
    matchType: priority % 2 === 0 ? "regex" : "numberList"
  }))

const outboundRoutes: Kind = {
  name: "telephony_providers_edges_site_outbound_route",
  weight: 4,
  word: "Outbound Route",
  parent: "telephony_providers_edges_site",
  permissions: ["telephony:plugin:all"],
  read: `${base}/sites/{siteId}/outboundroutes/{outboundRouteId}`,
  owned: (draw) => managed(draw.organisation.parentOf(draw.kind, draw.index)),
  build: (draw) => ({
    ...common(draw),
    classificationTypes: ["National", "International"],
    enabled: true,
    distribution: draw.pick(["SEQUENTIAL", "RANDOM"]),
    externalTrunkBases: draw.refs("telephony_providers_edges_trunkbasesettings", 2),
    selfUri: draw.uri
  })
}

/** Names of the settings that every organisation has. */
const defaultTrunks = ["Cloud Proxy Tie TrunkBase for EdgeGroup", "Genesys Cloud - CDM SIP Phone Trunk"]

const trunks: Kind = {
  name: "telephony_providers_edges_trunkbasesettings",
  weight: 4,
  least: 4,
  dead: 150,
  word: "Trunk",
  permissions: ["telephony:plugin:all"],
  listing: { path: `${base}/trunkbasesettings`, style: "pages", totals: true, show: expanding("properties") },
  read: `${base}/trunkbasesettings/{trunkBaseSettingsId}`,
  named: (draw) => defaultTrunks[draw.index] ?? draw.organisation.plainName(draw.kind, draw.index),
  owned: (draw) => draw.index < defaultTrunks.length,
  build: (draw) => ({
    ...common(draw),
    state: "active",
    trunkMetabase: { id: "external_sip.json", name: "External SIP" },
    properties: {
      trunk_label: property(`label \${${draw.index}}`, "string"),
      trunk_max_dial_timeout: property(draw.between(10, 90), "integer"),
      trunk_media_codec: { value: { instance: ["audio/opus", "audio/pcmu"] } }
    },
    trunkType: draw.isDead ? "EDGE" : draw.pick(["EXTERNAL", "PHONE"]),
    managed: draw.index < defaultTrunks.length,
    site: draw.maybe(0.4, () => draw.ref("telephony_providers_edges_site")),
    inboundSite: draw.maybe(0.4, () => draw.ref("telephony_providers_edges_site")),
    selfUri: draw.uri
  })
}

const trunk = (draw: Draw, index: number): Entity => ({
  ...draw.ref("telephony_providers_edges_trunkbasesettings", index),
  trunkMetabase: { id: "phone_connections_webrtc.json" },
  trunkType: "PHONE"
})

const edgeGroups: Kind = {
  name: "telephony_providers_edges_edge_group",
  weight: 2,
  word: "Edge Group",
  permissions: ["telephony:plugin:all"],
  listing: { path: `${base}/edgegroups`, style: "pages", totals: true },
  read: `${base}/edgegroups/{edgeGroupId}`,
  build: (draw) => ({
    ...common(draw),
    managed: false,
    hybrid: draw.chance(0.5),
    edgeTrunkBaseAssignment: { family: 1 },
    phoneTrunkBases: draw.targets("telephony_providers_edges_trunkbasesettings", 2).map((index) => trunk(draw, index)),
    selfUri: draw.uri
  })
}

const phoneSettings: Kind = {
  name: "telephony_providers_edges_phonebasesettings",
  weight: 3,
  word: "Phone Settings",
  permissions: ["telephony:plugin:all"],
  listing: { path: `${base}/phonebasesettings`, style: "pages", totals: true, show: expanding("properties") },
  read: `${base}/phonebasesettings/{phoneBaseId}`,
  build: (draw) => ({
    ...common(draw),
    phoneMetaBase: { id: "generic_sip.json", name: "Generic SIP Phone" },
    lines: [{
      id: draw.uuid(),
      name: `line of ${draw.index}`,
      state: "active",
      lineMetaBase: { id: "generic_sip_line.json" },
      properties: {
        station_persistent_enabled: property(true, "boolean"),
        station_persistent_timeout: property(draw.between(300, 900), "integer"),
        station_persistent_webrtc_enabled: property(false, "boolean")
      }
    }],
    properties: { phone_label: property("Phone \"one\"", "string"), phone_maxLineKeys: property(1, "integer") },
    capabilities,
    selfUri: draw.uri
  })
}

const phones: Kind = {
  name: "telephony_providers_edges_phone",
  weight: 120,
  dead: 20,
  word: "Phone",
  permissions: ["telephony:plugin:all"],
  listing: {
    path: `${base}/phones`,
    style: "pages",
    totals: true,
    // Sorted by id the limit does not hold.
    cap: (query) => query["sortBy"] === "id" ? undefined : 10_000,
    show: (entity, query) => {
      const fields = (query["expand"] ?? "").split(",")
      const { properties, ...rest } = entity
      return fields.includes("properties") ? { ...rest, properties } : rest
    }
  },
  read: `${base}/phones/{phoneId}`,
  build: (draw) => ({
    ...common(draw),
    site: draw.ref("telephony_providers_edges_site"),
    phoneBaseSettings: draw.ref("telephony_providers_edges_phonebasesettings"),
    lineBaseSettings: { id: draw.uuid(), name: "line settings" },
    phoneMetaBase: { id: "generic_sip.json", name: "Generic SIP Phone" },
    lines: [{
      id: draw.uuid(),
      name: `line of ${draw.index}`,
      state: "active",
      properties: {
        station_identity_address: property(draw.number(), "string"),
        station_remote_address: property(`sip:${draw.index}@example.com`, "string")
      }
    }],
    properties: {
      phone_hardwareId: property(`00-50-C2-${draw.index}`, "string"),
      phone_standalone: property(false, "boolean"),
      phone_label: property(`label ${draw.revision}`, "string")
    },
    capabilities,
    webRtcUser: draw.maybe(0.6, () => draw.ref("user")),
    standAlone: false,
    selfUri: draw.uri
  })
}

/**
 * Where the extensions of a pool begin.
 *
 * @since 0.1.0
 * @category constructors
 */
export const firstExtension = (pool: number): number => 10_000 + pool * 100

const extensionPools: Kind = {
  name: "telephony_providers_edges_extension_pool",
  weight: 4,
  word: "Extensions",
  permissions: ["telephony:extensionPool:view"],
  listing: { path: `${base}/extensionpools`, style: "pages", totals: true },
  read: `${base}/extensionpools/{extensionPoolId}`,
  named: (draw) => String(firstExtension(draw.index)),
  build: (draw) => ({
    ...common(draw),
    division: draw.division(),
    startNumber: String(firstExtension(draw.index)),
    endNumber: String(firstExtension(draw.index) + 99),
    selfUri: draw.uri
  })
}

const didPools: Kind = {
  name: "telephony_providers_edges_did_pool",
  weight: 8,
  word: "Numbers",
  permissions: ["telephony:plugin:all"],
  listing: { path: `${base}/didpools`, style: "pages", totals: true },
  read: `${base}/didpools/{didPoolId}`,
  named: (draw) => `+1317${String(2_000_000 + draw.index * 10)}`,
  build: (draw) => ({
    ...common(draw),
    startPhoneNumber: `+1317${String(2_000_000 + draw.index * 10)}`,
    endPhoneNumber: `+1317${String(2_000_009 + draw.index * 10)}`,
    comments: draw.text("numbers"),
    provider: draw.pick(["PURE_CLOUD", "PURE_CLOUD_VOICE"]),
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [
  sites,
  outboundRoutes,
  trunks,
  edgeGroups,
  phoneSettings,
  phones,
  extensionPools,
  didPools
]
