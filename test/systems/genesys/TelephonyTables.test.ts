/**
 * Attributes of telephony that are written in another way than the API answers them.
 */
import { assert, describe, it } from "@effect/vitest"
import { bodyOf, referencesOf, tableOf, valuesOf } from "./TableLab.ts"

const instance = (value: string | number | boolean) => ({ value: { instance: value } })

describe("telephony_providers_edges_phone", () => {
  const name = "telephony_providers_edges_phone"

  it("takes the numbers of stand-alone and remote phones out of the lines", () => {
    const lines = [
      { id: "l1", properties: { station_identity_address: instance("+13175550001") } },
      { id: "l2", properties: { station_identity_address: instance("+13175550002"), other: instance(true) } },
      { id: "l3", properties: { station_remote_address: instance("+13175550003") } }
    ]
    assert.deepStrictEqual(valuesOf(name, { id: "1", lines })["line_properties"], [
      { line_address: ["+13175550001", "+13175550002"], remote_address: ["+13175550003"] }
    ])
  })

  it.each([
    [{ id: "1" }],
    [{ id: "1", lines: [] }],
    [{ id: "1", lines: [{ id: "l1" }, { id: "l2", properties: { station_identity_address: instance("") } }] }],
    [{ id: "1", lines: [{ properties: { station_identity_address: { value: {} }, station_remote_address: null } }] }]
  ])("says nothing of the lines of a plain phone: %j", (entity) => {
    assert.isUndefined(valuesOf(name, entity)["line_properties"])
  })

  it("has its properties as JSON, and knows the user of a WebRTC phone", () => {
    const entity = {
      id: "1",
      properties: { phone_standalone: instance(true), a: 1 },
      webRtcUser: { id: "u1" },
      site: { id: "s1" },
      phoneBaseSettings: { id: "b1", name: "Generic" },
      lineBaseSettings: { id: "x" }
    }
    assert.strictEqual(
      valuesOf(name, entity)["properties"],
      "{\"a\":1,\"phone_standalone\":{\"value\":{\"instance\":true}}}"
    )
    assert.deepStrictEqual(referencesOf(name, entity), [
      "phone_base_settings_id telephony_providers_edges_phonebasesettings b1",
      "site_id telephony_providers_edges_site s1",
      "web_rtc_user_id user u1"
    ])
    assert.isFalse(bodyOf(name, entity).has("line_base_settings_id"))
  })

  it("skips what is deleted", () => {
    assert.isTrue(tableOf(name).skip?.({ id: "1", state: "deleted" }))
    assert.isFalse(tableOf(name).skip?.({ id: "1", state: "active" }))
  })
})

describe("telephony_providers_edges_phonebasesettings", () => {
  it("has the settings and the id of the first line base", () => {
    const lines = [
      {
        id: "first",
        properties: {
          station_persistent_enabled: instance(false),
          station_persistent_timeout: instance(600),
          station_persistent_webrtc_enabled: instance(true)
        }
      },
      { id: "second", properties: { station_persistent_timeout: instance(1) } }
    ]
    const values = valuesOf("telephony_providers_edges_phonebasesettings", { id: "1", lines })
    assert.strictEqual(values["line_base_settings_id"], "first")
    assert.deepStrictEqual(values["line_base"], [{
      station_persistent_enabled: false,
      station_persistent_timeout: 600,
      station_persistent_webrtc_enabled: true
    }])
  })

  it("has none where there is no line", () => {
    const values = valuesOf("telephony_providers_edges_phonebasesettings", { id: "1", lines: [] })
    assert.deepStrictEqual(values, {})
  })
})

describe("telephony_providers_edges_site", () => {
  const name = "telephony_providers_edges_site"

  it("writes times, rules and numbers as the provider reads them", () => {
    const values = valuesOf(name, {
      id: "1",
      callerId: "+1 (317) 555-0001",
      edgeAutoUpdateConfig: {
        timeZone: "America/New_York",
        rrule: "FREQ=DAILY;INTERVAL=01",
        start: "2026-02-01T02:00:00.000",
        end: "2026-02-01T05:00:00Z"
      }
    })
    assert.strictEqual(values["caller_id"], "+13175550001")
    assert.deepStrictEqual(values["edge_auto_update_config"], [{
      time_zone: "America/New_York",
      rrule: "FREQ=DAILY;INTERVAL=1",
      start: "2026-02-01T02:00:00.000000",
      end: "2026-02-01T05:00:00.000000"
    }])
  })

  it("keeps the order of the number plans, which is their priority", () => {
    const values = valuesOf(name, {
      id: "1",
      "@numberPlans": [
        {
          id: "n2",
          name: "National",
          match: "^1?(\\d{10})$",
          normalizedFormat: "+1$1",
          matchType: "regex",
          classification: "National",
          priority: 1
        },
        {
          id: "n1",
          name: "Extension",
          matchType: "numberList",
          classification: "Extension",
          numbers: [{ start: "100", end: "199" }, { start: "911" }],
          digitLength: { start: "3" }
        }
      ]
    })
    assert.deepStrictEqual(values["number_plans"], [
      {
        name: "National",
        match_format: "^1?(\\d{10})$",
        normalized_format: "+1$1",
        match_type: "regex",
        classification: "National"
      },
      {
        name: "Extension",
        match_type: "numberList",
        classification: "Extension",
        numbers: [{ start: "100", end: "199" }, { start: "911" }],
        digit_length: [{ start: "3" }]
      }
    ])
  })

  it.each(
    [
      [{ id: "1", "@organization": { defaultSiteId: "1" } }, true],
      [{ id: "2", "@organization": { defaultSiteId: "1" } }, false],
      [{ id: "2", "@organization": {} }, undefined]
    ] as const
  )("asks the organisation for its default site: %j", (entity, expected) => {
    assert.strictEqual(valuesOf(name, entity)["set_as_default_site"], expected)
  })

  it("is a data block where Genesys Cloud manages it", () => {
    assert.isTrue(tableOf(name).data?.({ id: "1", managed: true }))
    assert.isFalse(tableOf(name).data?.({ id: "1", managed: false }))
    assert.deepStrictEqual(tableOf(name).list.map(({ query }) => query?.["managed"]), ["false", "true"])
  })
})

describe("telephony_providers_edges_site_outbound_route", () => {
  const name = "telephony_providers_edges_site_outbound_route"
  const route = {
    id: "r1",
    name: "Default Outbound Route",
    classificationTypes: ["National", "International"],
    externalTrunkBases: [{ id: "t2" }, { id: "t1" }],
    "@parent": { id: "s1", managed: true }
  }

  it("is known by its site and itself", () => {
    assert.strictEqual(tableOf(name).id?.(route), "s1:r1")
    assert.isUndefined(tableOf(name).id?.({ id: "r1" }))
    assert.strictEqual(valuesOf(name, route)["route_id"], "r1")
    assert.isFalse(bodyOf(name, route).has("route_id"))
  })

  it("keeps the order of its trunks, which are tried one after another", () => {
    assert.deepStrictEqual(valuesOf(name, route)["external_trunk_base_ids"], ["t2", "t1"])
    assert.deepStrictEqual(referencesOf(name, route), [
      "external_trunk_base_ids telephony_providers_edges_trunkbasesettings t1",
      "external_trunk_base_ids telephony_providers_edges_trunkbasesettings t2",
      "site_id telephony_providers_edges_site s1"
    ])
  })

  it("is a data block where its site is managed", () => {
    assert.isTrue(tableOf(name).data?.(route))
    assert.isFalse(tableOf(name).data?.({ ...route, "@parent": { id: "s1", managed: false } }))
  })
})

describe("telephony_providers_edges_trunkbasesettings", () => {
  const table = tableOf("telephony_providers_edges_trunkbasesettings")

  it("leaves the trunks of the edges out", () => {
    assert.isTrue(table.skip?.({ id: "1", trunkType: "EDGE" }))
    assert.isFalse(table.skip?.({ id: "1", trunkType: "EXTERNAL" }))
  })

  it.each([
    ["PureCloud Voice - AWS", true],
    ["Direct Tie TrunkBase for EdgeGroup abc", true],
    ["Our own", false]
  ])("tells its own from those of the organisation: %s", (name, expected) => {
    assert.strictEqual(table.data?.({ id: "1", name }), expected)
  })
})

const none = () => undefined

describe("pools of numbers", () => {
  it("are called by their first number", () => {
    const pool = { id: "1", name: "x", startNumber: "100", endNumber: "199" }
    const dids = {
      id: "1",
      startPhoneNumber: "+1 317-555-0001",
      endPhoneNumber: "+13175550009",
      provider: "PURE_CLOUD"
    }
    assert.strictEqual(tableOf("telephony_providers_edges_extension_pool").label?.(pool, none), "100")
    assert.strictEqual(tableOf("telephony_providers_edges_did_pool").label?.(dids, none), "+1 317-555-0001")
    assert.deepStrictEqual(valuesOf("telephony_providers_edges_did_pool", dids), {
      end_phone_number: "+13175550009",
      pool_provider: "PURE_CLOUD",
      start_phone_number: "+13175550001"
    })
  })
})
