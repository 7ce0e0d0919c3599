/**
 * What the tables make of answers of the API, where it is more than another name.
 */
import { describe, expect, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type { Entity, Lookup, TypeName } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"

const table = (name: string) => Option.getOrThrow(Types.byName(name))
const valuesOf = (name: string, entity: Entity) => Values.of(table(name), entity)

const label = (name: string, entity: Entity, others: Readonly<Record<string, Entity>> = {}) => {
  const lookup: Lookup = (type, id) => others[`${type}/${id}`]
  return table(name).label?.(entity, lookup)
}

const phones = (...addresses: ReadonlyArray<Entity>) => valuesOf("user", { addresses })["addresses"]

const voicemail = (enabled: boolean) =>
  valuesOf("group", { "@voicemail": { enabled, sendEmailNotifications: false } })["voicemail_policy"]

const groupAddress = (address: Entity) =>
  valuesOf("group", { addresses: [{ mediaType: "PHONE", type: "GROUPRING", ...address }] })["addresses"]

const reply = (id: string) =>
  valuesOf("routing_email_route", {
    id: "1",
    "@parent": { id: "example.com" },
    replyEmailAddress: { domain: { id: "example.com" }, route: { id } }
  })["reply_email_address"]

const request = (category: string) =>
  valuesOf("integration_action", {
    category,
    config: { request: { requestType: "POST", requestUrlTemplate: "/f" } }
  })["config_request"]

const ring = (threshold: number) => ({
  expansionCriteria: [{ type: "OTHER", threshold: 9 }, { type: "TIMEOUT_SECONDS", threshold }],
  actions: { skillsToRemove: [{ id: "b" }, { id: "a" }] }
})

describe("user", () => {
  it("takes a number, an internal extension, a number with an extension and an extension of no pool apart", () => {
    expect(phones({ mediaType: "PHONE", type: "WORK", address: "(+1 317-555-0123)" })).toEqual([
      { phone_numbers: [{ media_type: "PHONE", type: "WORK", number: "+13175550123" }] }
    ])
    expect(phones({ mediaType: "PHONE", type: "WORK2", address: "4711", extension: "4711", display: "4711" })).toEqual([
      { phone_numbers: [{ media_type: "PHONE", type: "WORK2", extension: "4711" }] }
    ])
    expect(phones({ mediaType: "SMS", type: "MOBILE", extension: "12", display: "+1 (317) 555-0124" })).toEqual([
      { phone_numbers: [{ media_type: "SMS", type: "MOBILE", extension: "12", number: "+13175550124" }] }
    ])
    expect(phones({ mediaType: "PHONE", type: "HOME", display: "(8000)" })).toEqual([
      { phone_numbers: [{ media_type: "PHONE", type: "HOME", extension: "8000" }] }
    ])
  })

  it("keeps other mail addresses, and what it has none of it leaves out", () => {
    expect(phones({ mediaType: "EMAIL", type: "HOME", address: "ann@example.com" })).toEqual([
      { other_emails: [{ address: "ann@example.com", type: "HOME" }] }
    ])
    expect(phones()).toBeUndefined()
  })

  it("has a utilization only if it is the user's own", () => {
    const utilization = {
      call: { maximumCapacity: 0, interruptableMediaTypes: ["email", "chat"], includeNonAcd: false }
    }
    const labelUtilizations = { second: { maximumCapacity: 2 }, first: { maximumCapacity: 1 } }
    const of = (level: string) =>
      valuesOf("user", { "@utilization": { level, utilization, labelUtilizations } })["routing_utilization"]
    expect(of("Organization")).toBeUndefined()
    expect(of("Agent")).toEqual([{
      call: [{ include_non_acd: false, interruptible_media_types: ["chat", "email"], maximum_capacity: 0 }],
      label_utilizations: [{ label_id: "first", maximum_capacity: 1 }, { label_id: "second", maximum_capacity: 2 }]
    }])
  })

  it("is called by its mail address", () => {
    expect(label("user", { name: "Ann", email: "ann@example.com" })).toBe("ann@example.com")
  })
})

describe("queue", () => {
  it("tells member groups by their type", () => {
    const memberGroups = [{ id: "1", type: "TEAM" }, { id: "2", type: "GROUP" }, { id: "3", type: "SKILLGROUP" }]
    expect(valuesOf("routing_queue", { memberGroups })).toEqual({ groups: ["2"], skill_groups: ["3"], teams: ["1"] })
  })

  it("names no queue in the first rule of conditional group routing", () => {
    const rule = { queue: { id: "1" }, groups: [{ id: "2", type: "TEAM" }] }
    const groups = [{ member_group_id: "2", member_group_type: "TEAM" }]
    const entity = { conditionalGroupRouting: { rules: [rule, rule] } }
    expect(valuesOf("routing_queue", entity)["conditional_group_routing_rules"])
      .toEqual([{ groups }, { groups, queue_id: "1" }])
    expect(Values.references(table("routing_queue"), valuesOf("routing_queue", entity)).map(({ type }) => type))
      .toEqual(["genesyscloud_team", "genesyscloud_team", "genesyscloud_routing_queue"])
  })

  it("takes the timeout of a ring from its criteria, a timeout of nothing as well", () => {
    expect(valuesOf("routing_queue", { bullseye: { rings: [ring(0), ring(2.5)] } })["bullseye_rings"]).toEqual([
      { expansion_timeout_seconds: 0, skills_to_remove: ["a", "b"] },
      { expansion_timeout_seconds: 2.5, skills_to_remove: ["a", "b"] }
    ])
  })

  it("lists the settings of message types by name", () => {
    const subTypeSettings = { whatsapp: { enableAutoAnswer: true }, facebook: { enableAutoAnswer: false } }
    expect(valuesOf("routing_queue", { mediaSettings: { message: { subTypeSettings } } })["media_settings_message"])
      .toEqual([{
        sub_type_settings: [
          { enable_auto_answer: false, media_type: "facebook" },
          { enable_auto_answer: true, media_type: "whatsapp" }
        ]
      }])
  })

  it("refers to scripts of the platform by name, and to others by id", () => {
    const defaultScripts = { CALL: { id: "476c2b71-7429-11e4-9a5b-3f91746bffa3" }, CHAT: { id: "1" } }
    const values = valuesOf("routing_queue", { defaultScripts })
    expect(values["default_script_ids"]).toEqual({ CALL: "476c2b71-7429-11e4-9a5b-3f91746bffa3", CHAT: "1" })
    expect(Values.references(table("routing_queue"), values))
      .toEqual([{ path: "default_script_ids", type: "genesyscloud_script", id: "1" }])
  })
})

describe("email", () => {
  it("replies as another route, or as itself without naming itself", () => {
    expect(reply("2")).toEqual([{ domain_id: "example.com", route_id: "2" }])
    expect(reply("1")).toEqual([{ self_reference_route: true }])
  })

  it("calls a route by its pattern and domain", () => {
    expect(label("routing_email_route", { pattern: "sales", "@parent": { id: "example.com" } })).toBe(
      "salesexample.com"
    )
  })

  it("leaves the domain of the region out of a domain of the platform", () => {
    expect(valuesOf("routing_email_domain", { id: "sales.mypurecloud.ie", subDomain: true })["domain_id"]).toBe("sales")
    expect(valuesOf("routing_email_domain", { id: "example.com", subDomain: false })["domain_id"]).toBe("example.com")
  })
})

describe("architect", () => {
  it("has the columns of a data table in the order in which they are shown", () => {
    const properties = {
      key: { type: "string", title: "Key", displayOrder: 0 },
      open: { type: "boolean", default: false, displayOrder: 2 },
      level: { type: "integer", default: 3, displayOrder: 1 }
    }
    expect(valuesOf("architect_datatable", { schema: { properties } })["properties"]).toEqual([
      { name: "key", title: "Key", type: "string" },
      { default: "3", name: "level", type: "integer" },
      { default: "false", name: "open", type: "boolean" }
    ])
  })

  it("knows a row by its table and its key, and keeps its other cells", () => {
    const row = { "@parent": { id: "t1", name: "Prices" }, key: "a/b", price: 1.5, note: "" }
    expect(table("architect_datatable_row").id?.(row)).toBe("t1/a/b")
    expect(label("architect_datatable_row", row)).toBe("Prices_a/b")
    expect(valuesOf("architect_datatable_row", row))
      .toEqual({ datatable_id: "t1", key_value: "a/b", properties_json: "{\"note\":\"\",\"price\":1.5}" })
  })

  it.each([
    ["2026-11-21T08:00:00.000", "2026-11-21T08:00:00.000000"],
    ["2026-11-21T08:00", "2026-11-21T08:00:00.000000"],
    ["2026-11-21T08:00:01.1234567Z", "2026-11-21T08:00:01.123456"]
  ])("writes the time %s as %s", (start, written) => {
    expect(valuesOf("architect_schedules", { start })["start"]).toBe(written)
  })

  it.each([
    ["FREQ=YEARLY;INTERVAL=01;BYMONTH=01;BYMONTHDAY=05", "FREQ=YEARLY;INTERVAL=1;BYMONTH=1;BYMONTHDAY=5"],
    ["FREQ=YEARLY;BYMONTH=10,01;BYMONTHDAY=-01,20", "FREQ=YEARLY;BYMONTH=10,1;BYMONTHDAY=-1,20"],
    ["FREQ=DAILY;UNTIL=20260101T000000;BYHOUR=08", "FREQ=DAILY;UNTIL=20260101T000000;BYHOUR=08"]
  ])("writes the rule %s as %s", (rrule, written) => {
    expect(valuesOf("architect_schedules", { rrule })["rrule"]).toBe(written)
  })

  it("calls a flow by its type and name, and skips what is deleted or not published", () => {
    const flow = { name: "Main", type: "INBOUNDCALL", publishedVersion: { id: "1" } }
    expect(label("flow", flow)).toBe("INBOUNDCALL_Main")
    const { skip } = table("flow")
    expect([flow, { ...flow, deleted: true }, { name: "Draft", type: "BOT" }].map((each) => skip?.(each)))
      .toEqual([false, true, true])
  })

  it("finds a flow by its name and its type in small letters", () => {
    const type = table("flow").dataSource?.["type"]
    expect(typeof type === "function" ? type({ name: "Main", type: "INBOUNDCALL" }) : type).toBe("inboundcall")
  })
})

describe("people", () => {
  it("writes voicemail of a group only where it is on", () => {
    expect(voicemail(true)).toEqual([{ send_email_notifications: false }])
    expect(voicemail(false)).toBeUndefined()
  })

  it("finds a group's number or extension where it is only shown", () => {
    expect(groupAddress({ address: "+1 317 555 0123" })).toEqual([{ number: "+13175550123", type: "GROUPRING" }])
    expect(groupAddress({ display: "(317) 555-0123" })).toEqual([{ number: "3175550123", type: "GROUPRING" }])
    expect(groupAddress({ display: "4711" })).toEqual([{ extension: "4711", type: "GROUPRING" }])
    expect(groupAddress({ mediaType: "EMAIL", address: "group@example.com" })).toBeUndefined()
  })

  it("calls a location by its first ancestor and its name", () => {
    const floor = { name: "Floor", path: ["1", "2"] }
    expect(label("location", floor, { "genesyscloud_location/1": { name: "House" } })).toBe("House_Floor")
    expect(label("location", floor)).toBe("Floor")
    expect(label("location", { name: "House", path: [] })).toBe("House")
  })

  it("does not own the location that the platform makes", () => {
    expect(table("location").data?.({ name: "Default PCV Location" })).toBe(true)
    expect(table("location").data?.({ name: "House" })).toBe(false)
  })
})

describe("script", () => {
  it("does not own the scripts that the platform brings", () => {
    expect(table("script").data?.({ name: "Default Inbound Script" })).toBe(true)
    expect(table("script").data?.({ name: "Inbound Script" })).toBe(false)
  })
})

describe("integration", () => {
  const weather = { id: "static-1", name: "Weather", category: "Data", integrationId: "9" }

  it("calls an action by its category and name, and one that comes with an integration by that too", () => {
    const others: Readonly<Record<`${TypeName}/${string}`, Entity>> = {
      "genesyscloud_integration/9": { name: "Skies" }
    }
    expect(label("integration_action", { ...weather, id: "1" }, others)).toBe("Data_Weather")
    expect(label("integration_action", weather, others)).toBe("Skies___Data_Weather")
    expect(table("integration_action").data?.(weather)).toBe(true)
    expect(table("integration_action").data?.({ ...weather, id: "1" })).toBe(false)
  })

  it("leaves out what the platform makes of a function, and asks for its archive", () => {
    expect(request("Weather")).toEqual([{ request_type: "POST", request_url_template: "/f" }])
    expect(request("Function Data Actions")).toEqual([{ request_type: "POST" }])
  })

  it("refers to groups, flows and credentials in its configuration", () => {
    const config = {
      notes: "node_dynamodb_empty_string",
      properties: { groups: ["g1", "g2"], timeOffTypes: "f1", size: 3 },
      credentials: { basic: { id: "c1", name: "Basic" } }
    }
    const values = valuesOf("integration", { integrationType: { id: "purecloud-data-actions" }, "@config": config })
    expect(values["config"]).toEqual([{
      credentials: { basic: "c1" },
      properties: "{\"groups\":[\"g1\",\"g2\"],\"size\":3,\"timeOffTypes\":\"f1\"}"
    }])
    expect(Values.references(table("integration"), values).map(({ id, type }) => `${type} ${id}`).toSorted()).toEqual([
      "genesyscloud_flow f1",
      "genesyscloud_group g1",
      "genesyscloud_group g2",
      "genesyscloud_integration_credential c1"
    ])
  })
})

describe("extensions", () => {
  const pools = [
    { id: "p1", startNumber: "4000", endNumber: "4999", state: "active" },
    { id: "p2", startNumber: "4500", endNumber: "4600", state: "deleted" },
    { id: "p3", startNumber: "70000", endNumber: "79999", state: "active" },
    { id: "p4", startNumber: "75000", endNumber: "75999", state: "active" }
  ]
  const numbers = (contact: Entity, known: ReadonlyArray<Entity> | null = pools) => {
    const entity = { addresses: [{ mediaType: "PHONE", type: "WORK", ...contact }], "@pools": known }
    return JSON.stringify(valuesOf("user", entity)["addresses"])
  }

  it.each<readonly [string, Entity, string | undefined]>([
    ["of a pool, as it is shown", { extension: "4711", display: "4711" }, "p1"],
    ["of a pool, in brackets", { extension: "(4711)", display: "(4711)" }, "p1"],
    ["at the end of a pool", { extension: "4999" }, "p1"],
    ["of a pool that is deleted as well", { extension: "4550", display: "4550" }, "p1"],
    ["of no pool", { extension: "5000", display: "5000" }, undefined],
    ["longer than the numbers of a pool", { extension: "47110", display: "47110" }, undefined],
    ["of two pools", { extension: "75100", display: "75100" }, undefined],
    ["beside a number", { extension: "4711", display: "+13175550100" }, undefined],
    ["that is shown and no more", { display: "4711" }, undefined]
  ])("%s", (_, contact, pool) => {
    expect(/"extension_pool_id":"(\w+)"/.exec(numbers(contact))?.[1]).toBe(pool)
    expect(numbers(contact)).toContain("\"extension\":\"")
  })

  it("have no pool where the pools are not known", () => {
    expect(numbers({ extension: "4711" }, null)).not.toContain("pool")
  })
})
