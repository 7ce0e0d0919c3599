/**
 * Attributes of outbound that are written in another way than the API answers them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Encoded, Entries, Expression } from "../../../src/systems/genesys/output/Rendered.ts"
import * as Rendering from "../../../src/systems/genesys/output/Rendering.ts"
import * as Values from "../../../src/systems/genesys/output/Values.ts"
import type { Table } from "../../../src/systems/genesys/Table.ts"
import { bodyOf, referencesOf, tableOf, valuesOf } from "./TableLab.ts"

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
