/**
 * Phones and the settings they are based on.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`telephony_providers_edges_phone`,
 * `telephony_providers_edges_phonebasesettings`) and the definitions `Phone`, `PhoneBase`, `Line` and `LineBase` of the
 * platform API.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Attributes, Entity, Table } from "../Table.ts"
import { block, boolean, json, list, number, ref, string } from "../Table.ts"
import { idOf, isDeleted, isObject, objects, text } from "./Conversions.ts"

const capabilities: Attributes = {
  allow_reboot: boolean(),
  cdm: boolean(),
  dual_registers: boolean(),
  hardware_id_type: string(),
  media_codecs: list(),
  no_cloud_provisioning: boolean(),
  no_rebalance: boolean(),
  provisions: boolean(),
  registers: boolean()
}

/** Telephony keeps a setting as `{ "<name>": { "value": { "instance": ... } } }`. */
const setting = (of: Entity, name: string): Json.Json | undefined => {
  const properties = of["properties"]
  const property = isObject(properties) ? properties[name] : undefined
  const value = isObject(property) ? property["value"] : undefined
  return isObject(value) ? value["instance"] : undefined
}

const settings = (lines: Json.Json, name: string): ReadonlyArray<string> =>
  objects(lines).flatMap((line) => {
    const found = setting(line, name)
    return typeof found === "string" && found !== "" ? [found] : []
  })

/** The numbers of a stand-alone phone's lines, or of a remote station; a plain phone's lines have neither. */
const lineProperties = (lines: Json.Json): Json.Json => ({
  lineAddress: settings(lines, "station_identity_address"),
  remoteAddress: settings(lines, "station_remote_address")
})

/** All phones of these settings share one line base, the first. */
const lineBase = (lines: Json.Json): Json.Json | undefined => {
  const [first] = objects(lines)
  if (first === undefined) return undefined
  return {
    stationPersistentEnabled: setting(first, "station_persistent_enabled") ?? null,
    stationPersistentTimeout: setting(first, "station_persistent_timeout") ?? null,
    stationPersistentWebrtcEnabled: setting(first, "station_persistent_webrtc_enabled") ?? null
  }
}

/** What is read of a line address is a list that is empty for most phones, and no attribute then. */
const unlessEmpty = (value: Json.Json): Json.Json | undefined =>
  Array.isArray(value) && value.length > 0 ? value : undefined

/**
 * Phones are whole in their listing, as the provider takes them: one call for a hundred instead of one each. Sorted by
 * id, the listing does not end at 10,000.
 */
const phone: Table = {
  type: "genesyscloud_telephony_providers_edges_phone",
  family: "telephony",
  list: [
    {
      path: "/api/v2/telephony/providers/edges/phones",
      query: { sortBy: "id", expand: "lines,properties", fields: "webRtcUser" },
      paging: "pages"
    }
  ],
  stamp: "version",
  skip: isDeleted,
  permissions: ["telephony:plugin:all"],
  attributes: {
    name: string({ required: true }),
    phone_base_settings_id: idOf(
      "phoneBaseSettings",
      "genesyscloud_telephony_providers_edges_phonebasesettings",
      { required: true }
    ),
    site_id: idOf("site", "genesyscloud_telephony_providers_edges_site", { required: true }),
    capabilities: block(capabilities, { computed: true }),
    line_base_settings_id: string({ from: "lineBaseSettings.id", computed: true, excluded: true }),
    line_properties: block(
      {
        line_address: list({ convert: unlessEmpty }),
        remote_address: list({ convert: unlessEmpty })
      },
      { from: "lines", convert: lineProperties }
    ),
    phone_meta_base_id: string({ from: "phoneMetaBase.id", computed: true }),
    properties: json({ computed: true }),
    state: string(),
    web_rtc_user_id: string({ from: "webRtcUser.id", ref: ref("genesyscloud_user") })
  }
}

const phoneBaseSettings: Table = {
  type: "genesyscloud_telephony_providers_edges_phonebasesettings",
  family: "telephony",
  list: [
    {
      path: "/api/v2/telephony/providers/edges/phonebasesettings",
      query: { expand: "properties,lines" },
      paging: "pages"
    }
  ],
  stamp: "version",
  skip: isDeleted,
  permissions: ["telephony:plugin:all"],
  attributes: {
    name: string({ required: true }),
    phone_meta_base_id: string({ from: "phoneMetaBase.id", required: true }),
    capabilities: block(capabilities, { computed: true }),
    description: string(),
    line_base: block(
      {
        station_persistent_enabled: boolean(),
        station_persistent_timeout: number(),
        station_persistent_webrtc_enabled: boolean()
      },
      { from: "lines", convert: lineBase }
    ),
    line_base_settings_id: string({
      from: "lines",
      computed: true,
      convert: (lines) => text(objects(lines)[0], "id")
    }),
    properties: json({ computed: true })
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [phone, phoneBaseSettings]
