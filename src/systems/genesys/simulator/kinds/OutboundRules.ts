/**
 * What a campaign decides by.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"
import { common } from "./Outbound.ts"

const mappings = [{ contactColumnName: "Phone", dataActionField: "id" }]

const conditions = (draw: Draw): Array<Entity> => [
  {
    type: "wrapupCondition",
    inverted: draw.chance(0.5),
    codes: draw.ids("routing_wrapupcode", 3)
  },
  ...draw.several(1, () => ({
    type: "dataActionCondition",
    inverted: false,
    dataAction: draw.ref("integration_action"),
    dataNotFoundResolution: false,
    contactIdField: "id",
    callAnalysisResultField: "result",
    agentWrapupField: "wrapup",
    contactColumnToDataActionFieldMappings: mappings,
    predicates: [{
      outputField: "status",
      outputOperator: "EQUALS",
      comparisonValue: "${open}",
      inverted: false,
      outputFieldMissingResolution: true
    }]
  })),
  ...draw.several(1, () => ({
    type: "timeAndDateCondition",
    inverted: false,
    matchAnyConditions: true,
    timeZoneId: "Europe/Berlin",
    subConditions: [{
      type: "dayOfWeek",
      operator: "IN",
      inverted: false,
      range: { inSet: ["1", "2"] }
    }, {
      type: "specificDate",
      operator: "AFTER",
      inverted: true,
      includeYear: true,
      thresholdValue: "2026-01-31"
    }, {
      type: "timeOfDay",
      operator: "BETWEEN",
      inverted: false,
      range: { min: "08:00", max: "17:00" }
    }]
  })),
  ...draw.several(1, () => ({
    type: "contactAttributeCondition",
    inverted: false,
    attributeName: "zip",
    value: "${zip}",
    valueType: "STRING",
    operator: "CONTAINS"
  })),
  ...draw.several(1, () => ({
    type: "contactPropertyCondition",
    inverted: true,
    property: "Phone",
    propertyType: "LAST_ATTEMPT_BY_COLUMN",
    value: "P1D",
    valueType: "PERIOD",
    operator: "BEFORE"
  }))
]

const ruleActions = (draw: Draw): Array<Entity> => [
  { type: "Action", actionTypeName: "DO_NOT_DIAL", updateOption: "SET", properties: {} },
  {
    type: "Action",
    actionTypeName: "SET_SKILLS",
    updateOption: "SET",
    properties: { skills: JSON.stringify(draw.ids("routing_skill", 3)) }
  },
  ...draw.several(1, () => ({
    type: "dataActionBehavior",
    actionTypeName: "DATA_ACTION",
    dataAction: draw.ref("integration_action"),
    contactColumnToDataActionFieldMappings: mappings,
    contactIdField: "id",
    callAnalysisResultField: "result",
    agentWrapupField: "wrapup"
  }))
]

/**
 * @since 0.1.0
 * @category constants
 */
export const ruleSets: Kind = {
  name: "outbound_ruleset",
  weight: 8,
  word: "Rules",
  permissions: ["outbound:ruleSet:view"],
  listing: { path: "/api/v2/outbound/rulesets", style: "pages" },
  read: "/api/v2/outbound/rulesets/{ruleSetId}",
  build: (draw) => ({
    ...common(draw),
    contactList: draw.maybe(0.6, () => draw.ref("outbound_contact_list")),
    queue: draw.maybe(0.6, () => draw.ref("routing_queue")),
    rules: Array.from({ length: draw.between(1, 2) }, (_, order) => ({
      id: draw.uuid(),
      name: `Rule "${order}" v${draw.revision}`,
      order,
      category: draw.pick(["DIALER_PRECALL", "DIALER_WRAPUP"]),
      conditions: conditions(draw),
      actions: ruleActions(draw)
    })),
    selfUri: draw.uri
  })
}
