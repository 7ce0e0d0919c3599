/**
 * Attributes that are written in another way than the API answers them, type by type.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import type * as Model from "../../../src/systems/genesys/Model.ts"
import { Encoded, Entries, Expression } from "../../../src/systems/genesys/output/Rendered.ts"
import * as Rendering from "../../../src/systems/genesys/output/Rendering.ts"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type { Entity, Table } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"

const tableOf = (name: string): Table => Option.getOrThrow(Types.byName(name))

const valuesOf = (name: string, entity: Entity) => Values.of(tableOf(name), entity)

const referencesOf = (name: string, entity: Entity) =>
  Values.references(tableOf(name), valuesOf(name, entity))
    .map(({ id, path, type }) => `${path} ${type.slice("genesyscloud_".length)} ${id}`)
    .toSorted()

/** As it is written when all that it refers to is in the export. */
const bodyOf = (name: string, entity: Entity, files: ReadonlyArray<Model.File> = []) => {
  const render = Rendering.compile(tableOf(name), {
    exportComputed: true,
    exportDeprecated: true,
    omitUnresolved: false,
    excluded: []
  })
  const body = render({
    id: "1",
    values: valuesOf(name, entity),
    files,
    refer: (type, id) => new Expression(`${type}.${id}.id`),
    unresolved: () => undefined,
    variable: (path) => new Expression(`var.${path}`)
  })
  return new Map(body)
}

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

describe("outbound_campaign", () => {
  const name = "outbound_campaign"

  it.each([
    ["on", "on"],
    ["off", "off"],
    ["stopping", "off"],
    ["complete", "off"],
    ["forced_stopping", "off"]
  ])("is %s: %s", (campaignStatus, expected) => {
    assert.strictEqual(valuesOf(name, { id: "1", campaignStatus })["campaign_status"], expected)
  })

  it("says nothing of a status that it has not", () => {
    assert.isUndefined(valuesOf(name, { id: "1" })["campaign_status"])
  })

  it("refers to what it works with, and finds the platform's own script by its name", () => {
    const own = "476c2b71-7429-11e4-9a5b-3f91746bffa3"
    const campaign = {
      id: "1",
      name: "Spring",
      script: { id: own, name: "Default Outbound Script" },
      dncLists: [{ id: "d2" }, { id: "d1" }],
      ruleSets: [{ id: "r2" }, { id: "r1" }],
      contactListFilters: [{ id: "f1" }],
      callbackAutoAnswer: true
    }
    const values = valuesOf(name, campaign)
    assert.deepStrictEqual(values["dnc_list_ids"], ["d1", "d2"])
    assert.deepStrictEqual(values["rule_set_ids"], ["r2", "r1"])
    assert.strictEqual(values["auto_answer"], true)
    assert.deepStrictEqual(values[Values.dataKey], {
      [own]: { name: "Default Outbound Script", type: "genesyscloud_script" }
    })
    assert.deepStrictEqual(referencesOf(name, campaign), [
      "contact_list_filter_ids outbound_contactlistfilter f1",
      "dnc_list_ids outbound_dnclist d1",
      "dnc_list_ids outbound_dnclist d2",
      "rule_set_ids outbound_ruleset r1",
      "rule_set_ids outbound_ruleset r2"
    ])
    assert.deepStrictEqual(referencesOf(name, { id: "1", script: { id: "x1" } }), ["script_id script x1"])
  })

  it("keeps a preview that waits for ever, and drops other zeros", () => {
    const body = bodyOf(name, { id: "1", previewTimeOutSeconds: 0, outboundLineCount: 0, alwaysRunning: false })
    assert.strictEqual(body.get("preview_time_out_seconds"), 0)
    assert.isFalse(body.has("outbound_line_count"))
    assert.strictEqual(body.get("always_running"), false)
  })
})

describe("outbound_contact_list", () => {
  it("counts its contacts in the state only, and names the column that they are known by where there are some", () => {
    const entity = { id: "1", name: "Leads", columnNames: ["Phone"], size: 12, attemptLimits: { id: "a1" } }
    const values = valuesOf("outbound_contact_list", entity)
    assert.strictEqual(values["contacts_record_count"], 12)
    assert.strictEqual(values["attempt_limit_id"], "a1")
    const body = bodyOf("outbound_contact_list", entity)
    assert.isFalse(body.has("contacts_record_count"))
    assert.isFalse(body.has("contacts_id_name"))
    const withContacts = bodyOf("outbound_contact_list", entity, [
      { path: "contacts/Leads.csv", attribute: "contacts_filepath", digest: "00" }
    ])
    assert.strictEqual(withContacts.get("contacts_filepath"), "contacts/Leads.csv")
    assert.strictEqual(withContacts.get("contacts_id_name"), "inin-outbound-id")
  })
})

describe("outbound_contactlistfilter", () => {
  it("has the range of a predicate as a block", () => {
    const entity = {
      id: "1",
      clauses: [{
        filterType: "AND",
        predicates: [
          { column: "Zip", operator: "IN", inverted: false, range: { inSet: ["2", "1"] } },
          { column: "Age", operator: "BETWEEN", range: { min: "1", max: "9", minInclusive: true } }
        ]
      }]
    }
    assert.deepStrictEqual(valuesOf("outbound_contactlistfilter", entity)["clauses"], [{
      filter_type: "AND",
      predicates: [
        { column: "Zip", operator: "IN", inverted: false, var_range: [{ in_set: ["2", "1"] }] },
        { column: "Age", operator: "BETWEEN", var_range: [{ max: "9", min: "1", min_inclusive: true }] }
      ]
    }])
  })
})

describe("outbound_ruleset", () => {
  const name = "outbound_ruleset"
  const ruleSet = {
    id: "1",
    rules: [{
      name: "Skills",
      order: 0,
      category: "DIALER_PRECALL",
      conditions: [
        { type: "wrapupCondition", codes: ["w1"] },
        { type: "dataActionCondition", dataAction: { id: "a1" }, predicates: [{ comparisonValue: "" }] },
        { type: "timeAndDateCondition", subConditions: [{ type: "dayOfWeek", range: { inSet: ["1"] } }] }
      ],
      actions: [{
        type: "Action",
        actionTypeName: "SET_SKILLS",
        properties: { skills: "[\"s2\",\"s1\"]", "contact.Attempts": "" },
        dataAction: { id: "a2" }
      }]
    }]
  }

  it("refers to skills that stand as JSON in a map", () => {
    assert.deepStrictEqual(referencesOf(name, ruleSet), [
      "rules.actions.data_action_id integration_action a2",
      "rules.actions.properties.skills routing_skill s1",
      "rules.actions.properties.skills routing_skill s2",
      "rules.conditions.codes routing_wrapupcode w1",
      "rules.conditions.data_action_id integration_action a1"
    ])
  })

  it("keeps empty texts in that map", () => {
    const table = tableOf(name)
    const rules = table.attributes["rules"]
    const actions = rules?.kind === "block" ? rules.attributes["actions"] : undefined
    assert.isTrue(actions?.kind === "block")
    if (actions?.kind !== "block") return
    const inner: Table = { ...table, attributes: actions.attributes }
    const body = new Map(
      Rendering.compile(inner, { exportComputed: true, exportDeprecated: true, omitUnresolved: false, excluded: [] })({
        id: "1",
        values: Values.of(inner, ruleSet.rules[0]?.actions[0] ?? {}),
        files: [],
        refer: (type, id) => id === "s1" ? new Expression(`${type}.Spanish.id`) : undefined,
        unresolved: () => undefined,
        variable: (path) => new Expression(path)
      })
    )
    assert.deepStrictEqual(
      body.get("properties"),
      new Entries([
        ["contact.Attempts", ""],
        ["skills", new Encoded(["s2", new Expression("genesyscloud_routing_skill.Spanish.id")])]
      ])
    )
  })
})

describe("outbound_callanalysisresponseset", () => {
  const name = "outbound_callanalysisresponseset"
  const set = {
    id: "1",
    responses: {
      "disposition.classification.callable.person": { reactionType: "transfer_flow", name: "Greeter", data: "f1" },
      "disposition.classification.callable.machine": { reactionType: "play_file", data: "hello.wav" },
      "disposition.classification.uncallable.notfound": { reactionType: "hangup" }
    }
  }

  it("names reactions by what the call was", () => {
    assert.deepStrictEqual(valuesOf(name, set)["responses"], [{
      callable_machine: [{ data: "hello.wav", reaction_type: "play_file" }],
      callable_person: [{ data: "f1", name: "Greeter", reaction_type: "transfer_flow" }],
      uncallable_notfound: [{ reaction_type: "hangup" }]
    }])
  })

  it("refers to a flow where the call goes to one", () => {
    assert.deepStrictEqual(referencesOf(name, set), ["responses.callable_person.data flow f1"])
  })
})

describe("outbound_attempt_limit", () => {
  it("has a block for each kind of recall", () => {
    const recallEntries = {
      noAnswer: { nbrAttempts: 1, minutesBetweenAttempts: 5 },
      answeringMachine: { nbrAttempts: 2, minutesBetweenAttempts: 60 }
    }
    assert.deepStrictEqual(valuesOf("outbound_attempt_limit", { id: "1", recallEntries })["recall_entries"], [{
      answering_machine: [{ minutes_between_attempts: 60, nbr_attempts: 2 }],
      no_answer: [{ minutes_between_attempts: 5, nbr_attempts: 1 }]
    }])
  })
})

describe("outbound_callabletimeset", () => {
  it("has times in an order of its own", () => {
    const slots = [
      { day: 2, startTime: "08:00:00", stopTime: "17:00:00" },
      { day: 1, startTime: "08:00:00", stopTime: "17:00:00" }
    ]
    const values = valuesOf("outbound_callabletimeset", {
      id: "1",
      callableTimes: [{ timeZoneId: "Europe/Berlin", timeSlots: slots }]
    })
    assert.deepStrictEqual(values["callable_times"], [{
      time_slots: [
        { day: 1, start_time: "08:00:00", stop_time: "17:00:00" },
        { day: 2, start_time: "08:00:00", stop_time: "17:00:00" }
      ],
      time_zone_id: "Europe/Berlin"
    }])
  })
})

describe("responsemanagement", () => {
  it("refers to libraries and assets, and keeps the id of a schema as it is", () => {
    const entity = {
      id: "1",
      libraries: [{ id: "l2" }, { id: "l1" }],
      assets: [{ id: "a1", selfUri: "/x" }],
      substitutionsSchema: { id: "s1" },
      messagingTemplate: { whatsApp: { name: "n", namespace: "ns", language: "en_US", buttons: [] } }
    }
    const values = valuesOf("responsemanagement_response", entity)
    assert.strictEqual(values["substitutions_schema_id"], "s1")
    assert.deepStrictEqual(values["messaging_template"], [
      { whats_app: [{ language: "en_US", name: "n", namespace: "ns" }] }
    ])
    assert.deepStrictEqual(referencesOf("responsemanagement_response", entity), [
      "asset_ids responsemanagement_responseasset a1",
      "library_ids responsemanagement_library l1",
      "library_ids responsemanagement_library l2"
    ])
  })

  it("finds a response by its name in one of its libraries", () => {
    const by = tableOf("responsemanagement_response").dataSource?.["library_id"]
    assert.isTrue(typeof by === "function")
    if (typeof by !== "function") return
    assert.strictEqual(by({ library_ids: ["l1", "l2"], name: "Hello" }), "l1")
    assert.isUndefined(by({ name: "Hello" }))
  })

  it("has the file of an asset, or asks for one", () => {
    const asset = { id: "1", name: "logo.png", contentLocation: "https://x/logo.png" }
    const file = { path: "response_assets/logo.png", attribute: "filename", digest: "00" }
    assert.deepStrictEqual(
      bodyOf("responsemanagement_responseasset", asset, [file]),
      new Map(Object.entries({
        file_content_hash: new Expression("filesha256(\"response_assets/logo.png\")"),
        filename: "response_assets/logo.png",
        name: "logo.png"
      }))
    )
    assert.deepStrictEqual(
      bodyOf("responsemanagement_responseasset", asset).get("filename"),
      new Expression("var.filename")
    )
  })

  it("searches for assets, and lists responses by library", () => {
    assert.deepInclude(tableOf("responsemanagement_responseasset").list[0], { method: "POST", entities: "results" })
    assert.deepInclude(tableOf("responsemanagement_response").list[0]?.each, { hole: "libraryId", field: "id" })
  })
})

describe("webdeployments_configuration", () => {
  const name = "webdeployments_configuration"
  const holes = (versions: ReadonlyArray<string>) =>
    tableOf(name).read?.holes?.({ id: "1", "@versions": versions.map((version) => ({ id: "1", version })) })

  it("is read in its newest published version", () => {
    assert.deepStrictEqual(holes(["9", "DRAFT", "10", "2"]), { version: "10" })
    assert.deepStrictEqual(holes(["DRAFT"]), { version: "DRAFT" })
    assert.deepStrictEqual(holes([]), { version: "DRAFT" })
  })

  it("refers to knowledge where the configuration really has it", () => {
    assert.deepStrictEqual(
      referencesOf(name, {
        id: "1",
        messenger: { apps: { knowledge: { enabled: true, knowledgeBase: { id: "k1" } } } },
        supportCenter: {
          enabled: true,
          knowledgeBase: { id: "k2" },
          labelFilter: { labels: [{ id: "l1" }, { id: "l2" }] },
          enabledCategories: [{ id: "c1", image: { source: { defaultUrl: "https://x/y.png" } } }]
        },
        authenticationSettings: { enabled: true, integrationId: "i1" }
      }),
      [
        "authentication_settings.integration_id integration i1",
        "messenger.apps.knowledge.knowledge_base_id knowledge_knowledgebase k1",
        "support_center.enabled_categories.category_id knowledge_category c1",
        "support_center.knowledge_base_id knowledge_knowledgebase k2",
        "support_center.label_filter.label_ids knowledge_label l1",
        "support_center.label_filter.label_ids knowledge_label l2"
      ]
    )
  })

  it("drops authentication without an integration, and keeps a position at the very edge", () => {
    const body = bodyOf(name, {
      id: "1",
      version: "3",
      authenticationSettings: { enabled: false },
      position: { alignment: "Auto", sideSpace: 0, bottomSpace: 20 }
    })
    assert.isFalse(body.has("authentication_settings"))
    assert.isFalse(body.has("version"))
    assert.deepStrictEqual(
      body.get("position"),
      bodyOf(name, {
        id: "2",
        position: { bottomSpace: "20", alignment: "Auto", sideSpace: "0" }
      }).get("position")
    )
  })

  it("flattens what the API nests, and the other way round", () => {
    const values = valuesOf(name, {
      id: "1",
      headlessMode: { enabled: true },
      messenger: {
        fileUpload: { enableAttachments: true, modes: [{ fileTypes: ["image/png"], maxFileSizeKB: 100 }] },
        apps: { conversations: { enabled: true, autoStart: { enabled: false }, markdown: { enabled: true } } }
      },
      supportCenter: {
        enabled: false,
        feedback: { enabled: true },
        screens: [{
          type: "Home",
          moduleSettings: [{
            type: "Categories",
            enabled: true,
            compactCategoryModuleTemplate: { active: true },
            detailedCategoryModuleTemplate: { active: false, sidebar: { enabled: true } }
          }]
        }]
      },
      journeyEvents: {
        formsTrackEvents: [{ selector: "#f", formName: "F", captureDataOnFormAbandon: true }],
        scrollDepthEvents: [{ eventName: "top", percentage: 0 }]
      },
      customI18nLabels: [{ language: "en-us", localizedLabels: [{ key: "MessengerHomeHeaderTitle", value: "" }] }]
    })
    assert.strictEqual(values["headless_mode_enabled"], true)
    assert.deepStrictEqual(values["messenger"], [{
      apps: [{ conversations: [{ auto_start_enabled: false, enabled: true, markdown_enabled: true }] }],
      file_upload: [{ enable_attachments: true, mode: [{ file_types: ["image/png"], max_file_size_kb: 100 }] }]
    }])
    assert.deepStrictEqual(values["support_center"], [{
      enabled: false,
      feedback_enabled: true,
      screens: [{
        module_settings: [{
          compact_category_module_template_active: true,
          detailed_category_module_template: [{ active: false, sidebar_enabled: true }],
          enabled: true,
          type: "Categories"
        }],
        type: "Home"
      }]
    }])
    assert.deepStrictEqual(values["journey_events"], [{
      form_track_event: [{ capture_data_on_form_abandon: true, form_name: "F", selector: "#f" }],
      scroll_depth_event: [{ event_name: "top", percentage: 0 }]
    }])
    assert.deepStrictEqual(values["custom_i18n_labels"], [
      { language: "en-us", localized_labels: [{ key: "MessengerHomeHeaderTitle", value: "" }] }
    ])
  })
})

describe("webdeployments_deployment", () => {
  it("names its configuration without the version, which moves on", () => {
    const entity = {
      id: "1",
      name: "Shop",
      snippet: "<script/>",
      configuration: { id: "c1", version: "4", selfUri: "/x" },
      flow: { id: "f1" },
      pushIntegrations: [{ id: "p1", provider: "APNS" }],
      supportedContent: { id: "sc1" }
    }
    assert.deepStrictEqual(valuesOf("webdeployments_deployment", entity)["configuration"], [
      { id: "c1", version: "4" }
    ])
    const body = bodyOf("webdeployments_deployment", entity)
    assert.isFalse(body.has("snippet"))
    assert.deepStrictEqual(
      body.get("configuration"),
      bodyOf("webdeployments_deployment", { ...entity, configuration: { id: "c1", version: "5" } }).get("configuration")
    )
    assert.deepStrictEqual(referencesOf("webdeployments_deployment", entity), [
      "configuration.id webdeployments_configuration c1",
      "flow_id flow f1",
      "push_integrations.id integration p1",
      "supported_content_id conversations_messaging_supportedcontent sc1"
    ])
  })
})
