/**
 * Groups, teams and locations. Users are in a file of their own.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Entity, Table } from "../Table.ts"
import { block, blocks, boolean, list, ref, set, string } from "../Table.ts"
import { division, elements, isDeleted, isObject, objects, phoneNumber, text } from "./Conversions.ts"

/** A number may only be there as it is shown; without a plus and short, it is an extension. */
const groupAddress = (address: Entity): Entity => {
  const shown = phoneNumber(address["display"] ?? null)
  const isBare = typeof shown === "string" && address["address"] === undefined && address["extension"] === undefined
  const field = isBare && (shown.startsWith("+") || shown.length > 9) ? "address" : "extension"
  return isBare ? { ...address, [field]: shown } : address
}

const group: Table = {
  type: "genesyscloud_group",
  family: "groups",
  list: [{ path: "/api/v2/groups", paging: "pages", pageSize: 500 }],
  read: {
    path: "/api/v2/groups/{id}",
    listed: true,
    extras: {
      individuals: { path: "/api/v2/groups/{id}/individuals", paging: "once" },
      voicemail: { path: "/api/v2/voicemail/groups/{id}/policy", optional: true }
    }
  },
  stamp: "version",
  shows: ["memberCount"],
  skip: isDeleted,
  attributes: {
    name: string({ required: true }),
    addresses: blocks({
      type: string({ required: true }),
      extension: string(),
      number: string({ from: "address", convert: phoneNumber })
    }, {
      convert: (value) => objects(value).filter((each) => each["mediaType"] === "PHONE").map(groupAddress)
    }),
    calls_enabled: boolean(),
    description: string(),
    include_owners: boolean(),
    member_ids: set({ from: "@individuals.id", computed: true, ref: ref("genesyscloud_user") }),
    owner_ids: list({ from: "owners.id", computed: true, emptyList: true, ref: ref("genesyscloud_user") }),
    roles_enabled: boolean(),
    rules_visible: boolean(),
    type: string(),
    visibility: string(),
    // To write the block is to turn voicemail on.
    voicemail_policy: block({
      disable_email_pii: boolean(),
      include_email_transcriptions: boolean(),
      send_email_notifications: boolean()
    }, {
      from: "@voicemail",
      convert: (value) => isObject(value) && value["enabled"] !== false ? value : undefined
    })
  }
}

const team: Table = {
  type: "genesyscloud_team",
  family: "teams",
  list: [{ path: "/api/v2/teams", query: { expand: "entities.division" }, paging: "cursor" }],
  read: {
    path: "/api/v2/teams/{id}",
    query: { expand: "entities.division" },
    listed: true,
    extras: { members: { path: "/api/v2/teams/{id}/members", paging: "cursor" } }
  },
  stamp: "dateModified",
  shows: ["memberCount"],
  attributes: {
    division_id: division({ required: true }),
    name: string({ required: true }),
    description: string(),
    member_ids: set({ from: "@members.id", emptyList: true, ref: ref("genesyscloud_user") })
  },
  permissions: ["groups:team:view"]
}

const firstAncestor = (path: Json.Json | undefined): string | undefined => {
  const first = elements(path)[0]
  return typeof first === "string" ? first : undefined
}

const location: Table = {
  type: "genesyscloud_location",
  family: "locations",
  list: [{ path: "/api/v2/locations", paging: "pages" }],
  stamp: "version",
  skip: isDeleted,
  data: (entity) => entity["name"] === "Default PCV Location",
  label: (entity, lookup) => {
    const name = text(entity, "name")
    const ancestor = firstAncestor(entity["path"])
    const above = ancestor === undefined ? undefined : text(lookup("genesyscloud_location", ancestor), "name")
    return above === undefined || name === undefined ? name : `${above}_${name}`
  },
  labelNeeds: ["genesyscloud_location"],
  attributes: {
    name: string({ required: true }),
    address: block({
      city: string({ required: true }),
      country: string({ required: true }),
      street1: string({ required: true }),
      zip_code: string({ from: "zipcode", required: true }),
      state: string(),
      street2: string()
    }),
    emergency_number: block({
      number: string({ required: true, convert: phoneNumber }),
      type: string()
    }),
    notes: string(),
    path: list({ ref: ref("genesyscloud_location") })
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [group, team, location]
