/**
 * What campaigns go by: rules, times, limits, and what to do about how a call was answered.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`outbound_ruleset`, `outbound_callabletimeset`,
 * `outbound_callanalysisresponseset`, `outbound_attempt_limit`) and the definitions `RuleSet`, `CallableTimeSet`,
 * `ResponseSet` and `AttemptLimits` of the platform API.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Attributes, Block, Table } from "../Table.ts"
import { block, blocks, boolean, list, map, number, ref, string } from "../Table.ts"
import { idOf, isObject } from "./Conversions.ts"

/** Without it, the listings of outbound answer an error where there is nothing. What they list is whole. */
const query = { allowEmptyResult: "true" }

const flow = "genesyscloud_flow"

/** What a data action is given, in conditions and in actions. */
const dataAction: Attributes = {
  agent_wrapup_field: string(),
  call_analysis_result_field: string(),
  contact_column_to_data_action_field_mappings: blocks({
    contact_column_name: string({ required: true }),
    data_action_field: string({ required: true })
  }),
  contact_id_field: string(),
  data_action_id: idOf("dataAction", "genesyscloud_integration_action")
}

const conditions: Attributes = {
  ...dataAction,
  attribute_name: string(),
  codes: list({ ref: ref("genesyscloud_routing_wrapupcode") }),
  data_not_found_resolution: boolean(),
  inverted: boolean(),
  match_any_conditions: boolean(),
  operator: string(),
  predicates: blocks({
    comparison_value: string({ required: true, zero: true }),
    inverted: boolean({ required: true }),
    output_field: string({ required: true }),
    output_field_missing_resolution: boolean({ required: true }),
    output_operator: string({ required: true })
  }),
  property: string(),
  property_type: string(),
  sub_conditions: blocks(
    {
      operator: string({ required: true }),
      type: string({ required: true }),
      include_year: boolean(),
      inverted: boolean(),
      range: block({ in_set: list(), max: string(), min: string() }),
      threshold_value: string()
    },
    { max: 10 }
  ),
  time_zone_id: string(),
  type: string(),
  value: string(),
  value_type: string()
}

const actions: Attributes = {
  ...dataAction,
  action_type_name: string({ required: true }),
  // An empty text is meant: the contact column of that name is emptied. Skills are a JSON array of their ids.
  properties: map({ zero: true, encoded: { skills: { "*": ref("genesyscloud_routing_skill") } } }),
  type: string({ required: true }),
  update_option: string()
}

const ruleSet: Table = {
  type: "genesyscloud_outbound_ruleset",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/rulesets", query, paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:ruleSet:view"],
  attributes: {
    name: string({ required: true }),
    contact_list_id: idOf("contactList", "genesyscloud_outbound_contact_list"),
    queue_id: idOf("queue", "genesyscloud_routing_queue"),
    rules: blocks({
      actions: blocks(actions, { required: true }),
      category: string({ required: true }),
      conditions: blocks(conditions, { required: true }),
      name: string({ required: true }),
      order: number({ zero: true })
    })
  }
}

const callableTimeSet: Table = {
  type: "genesyscloud_outbound_callabletimeset",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/callabletimesets", query, paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:callableTimeSet:view"],
  attributes: {
    name: string({ required: true }),
    callable_times: blocks(
      {
        time_slots: blocks(
          {
            day: number({ required: true }),
            start_time: string({ required: true }),
            stop_time: string({ required: true })
          },
          { nesting: "set", required: true }
        ),
        time_zone_id: string({ required: true }),
        name: string()
      },
      { nesting: "set" }
    )
  }
}

/** What is done with the call. Only of a transfer to a flow are the data an id. */
const reaction: Block = block(
  {
    reaction_type: string({ required: true }),
    data: string({
      ref: {
        to: (siblings) => siblings["reaction_type"] === "transfer_flow" ? flow : undefined,
        among: [flow]
      }
    }),
    name: string()
  },
  { nesting: "set" }
)

/** `disposition.classification.callable.person` is `callable_person`. */
const byClassification = (responses: Json.Json): Json.Json | undefined =>
  isObject(responses)
    ? Object.fromEntries(
      Object.entries(responses).map(([disposition, each]) => [
        disposition
          .replace("disposition.classification.", "")
          .replace(/\.([a-z])/g, (_, letter: string) => letter.toUpperCase()),
        each
      ])
    )
    : undefined

const callAnalysisResponseSet: Table = {
  type: "genesyscloud_outbound_callanalysisresponseset",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/callanalysisresponsesets", query, paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:responseSet:view"],
  attributes: {
    name: string({ required: true }),
    amd_speech_distinguish_enabled: boolean(),
    beep_detection_enabled: boolean(),
    live_speaker_detection_mode: string(),
    responses: block(
      {
        callable_busy: reaction,
        callable_disconnect: reaction,
        callable_fax: reaction,
        callable_lineconnected: reaction,
        callable_machine: reaction,
        callable_noanswer: reaction,
        callable_person: reaction,
        callable_sit: reaction,
        uncallable_notfound: reaction,
        uncallable_sit: reaction
      },
      { convert: byClassification }
    )
  }
}

const recall: Block = block(
  {
    minutes_between_attempts: number({ required: true }),
    nbr_attempts: number({ computed: true })
  },
  { nesting: "set" }
)

const attemptLimit: Table = {
  type: "genesyscloud_outbound_attempt_limit",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/attemptlimits", query, paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:attemptLimits:view"],
  attributes: {
    max_attempts_per_contact: number(),
    max_attempts_per_number: number(),
    name: string(),
    recall_entries: block({ answering_machine: recall, busy: recall, fax: recall, no_answer: recall }),
    reset_period: string(),
    time_zone_id: string()
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [
  ruleSet,
  callableTimeSet,
  callAnalysisResponseSet,
  attemptLimit
]
