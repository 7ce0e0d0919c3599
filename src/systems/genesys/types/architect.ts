/**
 * What flows are made with: data tables, call routes, schedules, emergency groups, prompts and grammars.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Entity, Listing, Table } from "../Table.ts"
import { blocks, boolean, json, ref, set, string } from "../Table.ts"
import { division, idOf, isDeleted, isObject, localTime, recurrence, text } from "./Conversions.ts"

const name = string({ required: true })

/** With their schemas, a table is whole in its listing. */
const dataTables: Listing = { path: "/api/v2/flows/datatables", query: { expand: "schema" }, paging: "pages" }

const order = (property: Json.Json): number => {
  const at = isObject(property) ? property["displayOrder"] : undefined
  return typeof at === "number" ? at : 0
}

/** The columns in the order in which they are shown, and those of one place by name. */
const columns = (properties: Json.Json): Json.Json | undefined =>
  isObject(properties)
    ? Object.entries(properties)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .toSorted(([, left], [, right]) => order(left) - order(right))
      .map(([name, column]) => ({ ...(isObject(column) ? column : {}), name }))
    : undefined

const dataTable: Table = {
  type: "genesyscloud_architect_datatable",
  family: "flows",
  list: [dataTables],
  attributes: {
    name,
    properties: blocks({
      name,
      type: string({ required: true }),
      default: string(),
      title: string()
    }, { from: "schema.properties", required: true, convert: columns }),
    description: string(),
    division_id: division()
  },
  permissions: ["architect:datatable:view"]
}

/** The cells of a row without its key, and without what the listing put beside them. */
const cells = (row: Json.Json): Json.Json | undefined =>
  isObject(row)
    ? Object.fromEntries(Object.entries(row).filter(([column]) => column !== "key" && !column.startsWith("@")))
    : undefined

/** A row has no id: its table and its key are one. */
const rowId = (row: Entity): string | undefined => {
  const table = text(row["@parent"], "id")
  const key = text(row, "key")
  return table === undefined || key === undefined ? undefined : `${table}/${key}`
}

const dataTableRow: Table = {
  type: "genesyscloud_architect_datatable_row",
  family: "flows",
  list: [{
    path: "/api/v2/flows/datatables/{datatableId}/rows",
    query: { showbrief: "false" },
    paging: "pages",
    each: { listing: dataTables, hole: "datatableId", field: "id" }
  }],
  id: rowId,
  label: (row) => {
    const table = text(row["@parent"], "name")
    const key = text(row, "key")
    return table === undefined || key === undefined ? key : `${table}_${key}`
  },
  // The provider has no data source for a row.
  dataSource: {},
  attributes: {
    datatable_id: idOf("@parent", "genesyscloud_architect_datatable", { required: true }),
    key_value: string({ from: "key", required: true }),
    properties_json: json({ from: ".", convert: cells })
  },
  permissions: ["architect:datatable:view", "architect:datatableRow:view"]
}

const ivr: Table = {
  type: "genesyscloud_architect_ivr",
  family: "architect",
  list: [{ path: "/api/v2/architect/ivrs", paging: "pages" }],
  stamp: "version",
  skip: isDeleted,
  attributes: {
    name,
    closed_hours_flow_id: idOf("closedHoursFlow", "genesyscloud_flow"),
    description: string(),
    division_id: division(),
    dnis: set(),
    holiday_hours_flow_id: idOf("holidayHoursFlow", "genesyscloud_flow"),
    open_hours_flow_id: idOf("openHoursFlow", "genesyscloud_flow"),
    schedule_group_id: idOf("scheduleGroup", "genesyscloud_architect_schedulegroups")
  },
  permissions: ["routing:callRoute:view"]
}

const schedule: Table = {
  type: "genesyscloud_architect_schedules",
  family: "architect",
  list: [{ path: "/api/v2/architect/schedules", paging: "pages" }],
  stamp: "version",
  skip: isDeleted,
  attributes: {
    end: string({ required: true, convert: localTime }),
    name,
    start: string({ required: true, convert: localTime }),
    description: string(),
    division_id: division(),
    rrule: string({ convert: recurrence })
  },
  permissions: ["routing:schedule:view"]
}

const schedules = (from: string, required?: true) =>
  set({ from: `${from}.id`, required, ref: ref("genesyscloud_architect_schedules") })

const scheduleGroup: Table = {
  type: "genesyscloud_architect_schedulegroups",
  family: "architect",
  list: [{ path: "/api/v2/architect/schedulegroups", paging: "pages" }],
  stamp: "version",
  skip: isDeleted,
  attributes: {
    name,
    open_schedules_id: schedules("openSchedules", true),
    closed_schedules_id: schedules("closedSchedules"),
    description: string(),
    division_id: division(),
    holiday_schedules_id: schedules("holidaySchedules"),
    time_zone: string()
  },
  permissions: ["routing:scheduleGroup:view"]
}

const emergencyGroup: Table = {
  type: "genesyscloud_architect_emergencygroup",
  family: "architect",
  list: [{ path: "/api/v2/architect/emergencygroups", paging: "pages" }],
  stamp: "version",
  skip: isDeleted,
  attributes: {
    name,
    description: string(),
    division_id: division(),
    emergency_call_flows: blocks({
      emergency_flow_id: idOf("emergencyFlow", "genesyscloud_flow", { required: true }),
      ivr_ids: set({ from: "ivrs.id", required: true, ref: ref("genesyscloud_architect_ivr") })
    }),
    enabled: boolean()
  },
  permissions: ["routing:emergencyGroup:view"]
}

/**
 * Prompts end after so many. Backwards there are as many again, whatever they are called; then those that begin alike,
 * as names of prompts do.
 */
const query = { includeMediaUris: "true", includeResources: "true" }

const prompts: Listing = {
  path: "/api/v2/architect/prompts",
  query,
  paging: "pages",
  beyond: {
    cap: 10_000,
    backwards: { sortOrder: "desc" },
    ways: [..."abcdefghijklmnopqrstuvwxyz0123456789_"].map((first) => ({ query: { ...query, name: `${first}*` } }))
  }
}

const userPrompt: Table = {
  type: "genesyscloud_architect_user_prompt",
  family: "architect",
  list: [prompts],
  // Recordings change and leave nothing in the listing but another address, which changes by itself as well.
  read: { path: "/api/v2/architect/prompts/{id}", query, listed: true },
  shows: ["resources"],
  attributes: {
    name,
    description: string(),
    resources: blocks({
      file_content_hash: string({ file: "hash" }),
      filename: string({ file: "path" }),
      language: string(),
      text: string(),
      tts_string: string()
    }, { nesting: "set", computed: true, emptyList: true })
  },
  files: { folder: "audio_prompts", writer: "prompt-audio" },
  permissions: ["architect:userPrompt:view"]
}

const grammar: Table = {
  type: "genesyscloud_architect_grammar",
  family: "architect",
  list: [{ path: "/api/v2/architect/grammars", paging: "pages" }],
  attributes: { name, description: string() },
  permissions: ["architect:grammar:view"]
}

/**
 * @since 0.1.0
 * @category constants
 */
export const tables: ReadonlyArray<Table> = [
  dataTable,
  dataTableRow,
  ivr,
  schedule,
  scheduleGroup,
  emergencyGroup,
  userPrompt,
  grammar
]
