/**
 * Campaigns, and the lists of contacts and of numbers not to call that they work on.
 *
 * Sources: the resource documentation of the provider 1.84.1 (`outbound_campaign`, `outbound_contact_list`,
 * `outbound_contactlistfilter`, `outbound_dnclist`) and the definitions `Campaign`, `ContactList`, `ContactListFilter`
 * and `DncList` of the platform API.
 *
 * @since 0.1.0
 */
import type { Table } from "../Table.ts"
import { block, blocks, boolean, list, number, ref, set, string } from "../Table.ts"
import { division, idOf, script } from "./Conversions.ts"

const contactList = "genesyscloud_outbound_contact_list"

/** Without it, the listings of outbound answer an error where there is nothing. What they list is whole. */
const query = { allowEmptyResult: "true" }

const campaign: Table = {
  type: "genesyscloud_outbound_campaign",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/campaigns", paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:campaign:view"],
  attributes: {
    contact_list_id: idOf("contactList", contactList, { required: true }),
    dialing_mode: string({ required: true }),
    name: string({ required: true }),
    phone_columns: blocks({ column_name: string({ required: true }) }, { required: true }),
    abandon_rate: number(),
    agent_owned_column: string(),
    always_running: boolean(),
    auto_answer: boolean({ from: "callbackAutoAnswer" }),
    call_analysis_language: string(),
    call_analysis_response_set_id: idOf(
      "callAnalysisResponseSet",
      "genesyscloud_outbound_callanalysisresponseset"
    ),
    callable_time_set_id: idOf("callableTimeSet", "genesyscloud_outbound_callabletimeset"),
    caller_address: string(),
    caller_name: string(),
    // Terraform can turn a campaign on and off. One that is stopping, complete or invalid does not run.
    campaign_status: string({
      computed: true,
      convert: (status) => status === null ? undefined : status === "on" ? "on" : "off"
    }),
    contact_list_filter_ids: list({
      from: "contactListFilters",
      ref: ref("genesyscloud_outbound_contactlistfilter")
    }),
    contact_sorts: blocks({
      field_name: string({ required: true }),
      direction: string(),
      numeric: boolean()
    }),
    diagnostics_settings: block({ report_low_max_calls_per_agent_alert: boolean() }),
    division_id: division(),
    dnc_list_ids: set({ from: "dncLists", ref: ref("genesyscloud_outbound_dnclist") }),
    dynamic_contact_queueing_settings: block({ filter: boolean(), sort: boolean() }, { computed: true }),
    dynamic_line_balancing_settings: block(
      { enabled: boolean(), relative_weight: number() },
      { computed: true }
    ),
    edge_group_id: idOf("edgeGroup", "genesyscloud_telephony_providers_edges_edge_group"),
    max_calls_per_agent: number(),
    max_calls_per_agent_decimal: number({ readOnly: true }),
    no_answer_timeout: number({ computed: true }),
    outbound_line_count: number(),
    // 0: nothing is called by itself.
    preview_time_out_seconds: number({ zero: true }),
    priority: number({ computed: true }),
    queue_id: idOf("queue", "genesyscloud_routing_queue"),
    rule_set_ids: list({ from: "ruleSets", ref: ref("genesyscloud_outbound_ruleset") }),
    script_id: string({ from: "script.id", ref: script }),
    site_id: idOf("site", "genesyscloud_telephony_providers_edges_site"),
    skill_columns: list(),
    skip_preview_disabled: boolean()
  }
}

/** The contacts belong to what is exported, and their change does not change the version of their list. */
const contactLists: Table = {
  type: contactList,
  family: "outbound",
  list: [{ path: "/api/v2/outbound/contactlists", query: { ...query, includeSize: "true" }, paging: "pages" }],
  read: { path: "/api/v2/outbound/contactlists/{id}", query: { includeSize: "true" }, listed: true },
  stamp: "version",
  shows: ["size", "dateModified"],
  files: { folder: "contacts", writer: "contacts" },
  permissions: ["outbound:contactList:view"],
  attributes: {
    column_names: list({ required: true }),
    name: string({ required: true }),
    attempt_limit_id: idOf("attemptLimits", "genesyscloud_outbound_attempt_limit"),
    automatic_time_zone_mapping: boolean(),
    column_data_type_specifications: blocks({
      column_name: string({ required: true }),
      column_data_type: string({ computed: true }),
      max: number(),
      max_length: number(),
      min: number()
    }),
    contacts_file_content_hash: string({ readOnly: true, file: "hash" }),
    contacts_filepath: string({ file: "path" }),
    // The column that the export of contacts puts first.
    contacts_id_name: string({ from: ".", file: "with", convert: () => "inin-outbound-id" }),
    contacts_record_count: number({ from: "size", readOnly: true }),
    division_id: division(),
    email_columns: blocks(
      {
        column_name: string({ required: true }),
        type: string({ required: true }),
        contactable_time_column: string({ deprecated: true }),
        contactable_time_column_name: string()
      },
      { nesting: "set" }
    ),
    phone_columns: blocks(
      {
        column_name: string({ required: true }),
        type: string({ required: true }),
        callable_time_column: string({ deprecated: true }),
        callable_time_column_name: string()
      },
      { nesting: "set" }
    ),
    preview_mode_accepted_values: list(),
    preview_mode_column_name: string(),
    trim_whitespace: boolean(),
    whats_app_columns: blocks(
      { column_name: string({ required: true }), type: string({ required: true }) },
      { nesting: "set" }
    ),
    zip_code_column_name: string()
  }
}

const contactListFilter: Table = {
  type: "genesyscloud_outbound_contactlistfilter",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/contactlistfilters", query, paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:contactListFilter:view"],
  attributes: {
    name: string({ required: true }),
    clauses: blocks({
      filter_type: string(),
      predicates: blocks({
        operator: string({ required: true }),
        column: string(),
        column_type: string(),
        inverted: boolean(),
        value: string(),
        var_range: block(
          {
            in_set: list(),
            max: string(),
            max_inclusive: boolean(),
            min: string(),
            min_inclusive: boolean()
          },
          { nesting: "set", from: "range" }
        )
      })
    }),
    contact_list_id: idOf("contactList", contactList),
    contact_list_template_id: idOf("contactListTemplate", "genesyscloud_outbound_contact_list_template"),
    filter_type: string()
  }
}

/** The numbers themselves are not answered with a list; they are to be had as a file only. */
const dncList: Table = {
  type: "genesyscloud_outbound_dnclist",
  family: "outbound",
  list: [{ path: "/api/v2/outbound/dnclists", query, paging: "pages" }],
  stamp: "version",
  permissions: ["outbound:dncList:view"],
  notInApi: ["entries", "entries.expiration_date", "entries.phone_numbers"],
  attributes: {
    dnc_source_type: string({ required: true }),
    name: string({ required: true }),
    campaign_id: string(),
    contact_method: string(),
    custom_exclusion_column: string(),
    division_id: division(),
    dnc_codes: list(),
    license_id: string(),
    login_id: string()
  }
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [campaign, contactLists, contactListFilter, dncList]
