/**
 * Users.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Entity, Table } from "../Table.ts"
import { block, blocks, boolean, number, ref, set, string } from "../Table.ts"
import { division, idOf, isDeleted, isObject, objects, phoneNumber, text } from "./Conversions.ts"

const expanded = ["skills", "languages", "locations", "profileSkills", "certifications", "employerInfo"]
const expand = expanded.join(",")

const withoutBrackets = (value: string): string => value.replace(/^[()]+|[()]+$/g, "")

/**
 * A phone number stands in one of four forms: as `address`; as an `extension` that is shown as it is, which is an
 * internal one; as an `extension` beside another `display`, which then is the number; as a `display` alone, which is an
 * extension of no pool.
 */
const phone = (contact: Entity, pools: Json.Json | undefined): Entity => {
  const { mediaType = null, type = null } = contact
  const address = text(contact, "address")
  const display = text(contact, "display")
  const extension = text(contact, "extension")
  if (extension === undefined) {
    return address === undefined && display !== undefined
      ? { mediaType, type, extension: withoutBrackets(display) }
      : { mediaType, type, number: phoneNumber(address ?? null) ?? null }
  }
  return display === undefined || display === extension
    ? { mediaType, type, ...extensionOf(withoutBrackets(extension), pools) }
    : { mediaType, type, extension, number: phoneNumber(display) ?? null }
}

/**
 * An internal extension with the pool whose numbers it is one of. Where several pools have it, which one it is of cannot
 * be told.
 */
const extensionOf = (extension: string, pools: Json.Json | undefined): Entity => {
  const found = objects(pools).filter((pool) => {
    const [start, end] = [text(pool, "startNumber") ?? "", text(pool, "endNumber") ?? ""]
    const isAlike = start.length === extension.length && end.length === extension.length
    return !isDeleted(pool) && isAlike && start <= extension && extension <= end
  })
  const [pool, ...others] = found
  const extensionPoolId = pool === undefined || others.length > 0 ? undefined : text(pool, "id")
  return extensionPoolId === undefined ? { extension } : { extension, extensionPoolId }
}

const addresses = (value: Json.Json, entity: Entity): Json.Json | undefined => {
  const contacts = objects(value)
  return {
    otherEmails: contacts.filter((contact) => contact["mediaType"] === "EMAIL"),
    phoneNumbers: contacts.filter(({ mediaType }) => mediaType === "PHONE" || mediaType === "SMS").map((contact) =>
      phone(contact, entity["@pools"])
    )
  }
}

/** Settings that are the organisation's are not the user's. */
const utilization = (value: Json.Json): Json.Json | undefined =>
  isObject(value) && value["level"] !== "Organization" ? value : undefined

const media = (name: string) =>
  block({
    include_non_acd: boolean(),
    interruptible_media_types: set({ from: "interruptableMediaTypes" }),
    maximum_capacity: number({ zero: true })
  }, { from: `utilization.${name}`, computed: true })

const labels = (value: Json.Json): Json.Json | undefined =>
  isObject(value)
    ? Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([labelId, settings]) => ({ ...(isObject(settings) ? settings : {}), labelId }))
    : undefined

/** The API refuses inactive users beyond so many, and lists active ones without an end. */
const cap = 10_000

/**
 * As a search finds them by the beginning of their address, with all that a listing has of them.
 *
 * Source: `UserSearchRequest` and `UserSearchCriteria` of the platform's SDK, 262.
 */
const ways = (state: string) =>
  [..."abcdefghijklmnopqrstuvwxyz0123456789_"].map((value) => ({
    method: "POST",
    path: "/api/v2/users/search",
    query: {},
    entities: "results",
    pageSize: 100,
    body: {
      expand: expanded,
      query: [
        { type: "EXACT", fields: ["state"], value: state },
        { type: "STARTS_WITH", fields: ["email"], value }
      ]
    }
  } as const))

const user: Table = {
  type: "genesyscloud_user",
  family: "users",
  list: ["active", "inactive"].map((state) => ({
    path: "/api/v2/users",
    query: { state, expand },
    paging: "pages",
    pageSize: 500,
    beyond: { cap, backwards: { sortOrder: "descending" }, ways: ways(state) }
  })),
  read: {
    path: "/api/v2/users/{id}",
    query: { expand },
    listed: true,
    extras: {
      voicemail: { path: "/api/v2/voicemail/userpolicies/{id}", optional: true },
      utilization: { path: "/api/v2/routing/users/{id}/utilization", optional: true },
      // Which pool an extension is of is known only from the pools themselves.
      pools: { path: "/api/v2/telephony/providers/edges/extensionpools", paging: "pages", optional: true }
    }
  },
  label: (entity) => text(entity, "email"),
  hashed: ["name", "department", "primaryContactInfo", "addresses"],
  stamp: "version",
  dataSource: { email: "email" },
  attributes: {
    email: string({ required: true }),
    name: string({ required: true }),
    acd_auto_answer: boolean(),
    addresses: block({
      other_emails: blocks({ address: string(), type: string() }, { nesting: "set" }),
      phone_numbers: blocks({
        extension: string(),
        extension_pool_id: string({ ref: ref("genesyscloud_telephony_providers_edges_extension_pool") }),
        media_type: string(),
        number: string(),
        type: string()
      }, { nesting: "set" })
    }, { computed: true, convert: addresses }),
    certifications: set({ computed: true }),
    department: string(),
    division_id: division(),
    employer_info: block({
      date_hire: string(),
      employee_id: string(),
      employee_type: string(),
      official_name: string()
    }, { computed: true }),
    locations: blocks({
      location_id: idOf("locationDefinition", "genesyscloud_location"),
      notes: string()
    }, { nesting: "set", computed: true, removeIfMissing: ["location_id"] }),
    manager: idOf("manager", "genesyscloud_user"),
    profile_skills: set({ computed: true }),
    routing_languages: blocks({
      language_id: string({ from: "id", ref: ref("genesyscloud_routing_language") }),
      proficiency: number({ zero: true })
    }, { from: "languages", nesting: "set", computed: true, emptyList: true, removeIfMissing: ["language_id"] }),
    routing_skills: blocks({
      proficiency: number({ zero: true }),
      skill_id: string({ from: "id", ref: ref("genesyscloud_routing_skill") })
    }, { from: "skills", nesting: "set", computed: true, emptyList: true, removeIfMissing: ["skill_id"] }),
    routing_utilization: block({
      call: media("call"),
      callback: media("callback"),
      chat: media("chat"),
      email: media("email"),
      label_utilizations: blocks({
        interrupting_label_ids: set(),
        label_id: string(),
        maximum_capacity: number({ zero: true })
      }, { from: "labelUtilizations", computed: true, convert: labels }),
      message: media("message")
    }, { from: "@utilization", computed: true, convert: utilization }),
    state: string(),
    title: string(),
    voicemail_userpolicies: block({
      alert_timeout_seconds: number(),
      send_email_notifications: boolean({ computed: true })
    }, { from: "@voicemail", computed: true, removeIfMissing: ["alert_timeout_seconds"] })
  },
  notInApi: ["password"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [user]
