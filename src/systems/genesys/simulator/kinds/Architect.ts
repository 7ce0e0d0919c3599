/**
 * Flows and what they are made of: prompts, grammars, data tables, schedules, call routes, emergency groups.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import type { Entity, Kind } from "../Kind.ts"
import { without } from "../Shown.ts"

const flowTypes = [
  "INBOUNDCALL",
  "INQUEUECALL",
  "INBOUNDCALL",
  "OUTBOUNDCALL",
  "INBOUNDEMAIL",
  "WORKFLOW",
  "BOT",
  "DIGITALBOT",
  "COMMONMODULE",
  "INBOUNDSHORTMESSAGE",
  "SECURECALL",
  "SURVEYINVITE",
  "VOICEMAIL",
  "WORKITEM"
] as const

/**
 * What kind of flow the so-manieth is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flowType = (index: number): string => flowTypes[index % flowTypes.length] ?? "INBOUNDCALL"

/**
 * The version that is published of a flow; it moves with every change.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flowVersion = (draw: Draw): string => `${1 + (draw.index % 9) + draw.revision}.0`

const publishedVersion = (draw: Draw): Entity => {
  const id = flowVersion(draw)
  return {
    id,
    name: `${draw.name} ${id}`,
    commitVersion: id,
    configurationVersion: id,
    type: "PUBLISH",
    secure: flowType(draw.index) === "SECURECALL",
    dateCreated: Date.parse(draw.modified()),
    datePublished: draw.modified(),
    configurationUri: `${draw.uri}/versions/${id}/configuration`,
    selfUri: `${draw.uri}/versions/${id}`
  }
}

const flows: Kind = {
  name: "flow",
  weight: 40,
  least: 4,
  dead: 80,
  word: "Flow",
  permissions: ["architect:flow:view"],
  listing: { path: "/api/v2/flows", style: "pages", maximum: 500 },
  read: "/api/v2/flows/{flowId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    description: draw.text(draw.name),
    type: flowType(draw.index),
    active: true,
    system: false,
    deleted: false,
    // What was never published cannot be exported.
    publishedVersion: draw.isDead ? undefined : publishedVersion(draw),
    savedVersion: draw.isDead ? { id: "1.0", type: "SAVE" } : undefined,
    supportedLanguages: [{ language: "en-us", isDefault: true }, { language: "de-de", isDefault: false }],
    virtualAgentEnabled: false,
    selfUri: draw.uri
  })
}

const columns = (draw: Draw): ReadonlyArray<readonly [string, Entity]> => [
  ["key", { $id: "/properties/key", title: "Caller \"id\"", type: "string", displayOrder: 0 }],
  ["amount", { $id: "/properties/amount", title: "amount", type: "number", displayOrder: 2, default: 0 }],
  ["is ${open}", {
    $id: "/properties/is ${open}",
    title: "is ${open}",
    type: "boolean",
    displayOrder: 1,
    default: true
  }],
  ["größe", { $id: "/properties/größe", title: "größe", type: "integer", displayOrder: 3, default: draw.revision }]
]

const datatables: Kind = {
  name: "architect_datatable",
  weight: 3,
  rooted: true,
  word: "Table",
  permissions: ["architect:datatable:view"],
  listing: { path: "/api/v2/flows/datatables", style: "pages" },
  read: "/api/v2/flows/datatables/{datatableId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    division: draw.division(),
    description: draw.text(draw.name),
    schema: {
      $schema: "http://json-schema.org/draft-04/schema#",
      title: draw.name,
      type: "object",
      required: ["key"],
      properties: Object.fromEntries(columns(draw)),
      additionalProperties: false
    },
    selfUri: draw.uri
  }),
  shown: (entity, query) => {
    if ((query["expand"] ?? "").split(",").includes("schema")) return entity
    return without("schema")(entity)
  }
}

/** Keys are free text; the number at the end makes them unique. */
const keys: ReadonlyArray<string> = ["row", "north/south", "50%", "${key}", "ключ", "a b", "x?y#z", "quote\"d", "r&d"]

const rows: Kind = {
  name: "architect_datatable_row",
  weight: 150,
  word: "row",
  parent: "architect_datatable",
  permissions: ["architect:datatable:view", "architect:datatableRow:view"],
  read: "/api/v2/flows/datatables/{datatableId}/rows/{rowId}",
  id: (draw) => `${keys[draw.index % keys.length] ?? ""}-${draw.index}`,
  idOf: (id) => {
    const digits = /-(\d{1,7})$/.exec(id)?.[1]
    return digits === undefined ? undefined : Number(digits)
  },
  named: (draw) => draw.id,
  build: (draw) => ({
    key: draw.id,
    amount: draw.between(0, 1000) / 4 + draw.revision,
    "is ${open}": draw.chance(0.5),
    größe: draw.between(0, 9)
  }),
  shown: (entity, query) => query["showbrief"] === "false" ? entity : { key: entity["key"] }
}

const schedules: Kind = {
  name: "architect_schedules",
  weight: 15,
  word: "Schedule",
  permissions: ["routing:schedule:view"],
  listing: { path: "/api/v2/architect/schedules", style: "pages", totals: true },
  read: "/api/v2/architect/schedules/{scheduleId}",
  build: (draw) => {
    const day = String(draw.between(1, 28)).padStart(2, "0")
    return {
      ...architect(draw),
      start: `2025-0${draw.between(1, 9)}-${day}T08:00:00.000`,
      end: `2025-12-${day}T17:30:00.000`,
      rrule: draw.maybe(0.6, () => draw.pick(["FREQ=DAILY;INTERVAL=01", "FREQ=YEARLY;BYMONTH=05;BYMONTHDAY=01"])),
      selfUri: draw.uri
    }
  }
}

const scheduleGroups: Kind = {
  name: "architect_schedulegroups",
  weight: 8,
  word: "Schedule Group",
  permissions: ["routing:scheduleGroup:view"],
  listing: { path: "/api/v2/architect/schedulegroups", style: "pages", totals: true },
  read: "/api/v2/architect/schedulegroups/{scheduleGroupId}",
  build: (draw) => ({
    ...architect(draw),
    timeZone: draw.pick(["Europe/Berlin", "America/New_York", "Asia/Tokyo"]),
    openSchedules: [draw.ref("architect_schedules")],
    closedSchedules: draw.refs("architect_schedules", 2),
    holidaySchedules: draw.refs("architect_schedules", 2),
    selfUri: draw.uri
  })
}

/** What all that Architect routes by has in common. */
const architect = (draw: Draw): Entity => ({
  id: draw.id,
  name: draw.name,
  division: draw.division(),
  description: draw.text(draw.name),
  version: draw.version(),
  dateCreated: draw.created(),
  dateModified: draw.modified(),
  createdBy: draw.sureIdOf("user"),
  modifiedBy: draw.sureIdOf("user"),
  state: draw.isDead ? "deleted" : "active"
})

const callRoutes: Kind = {
  name: "architect_ivr",
  weight: 15,
  word: "Call Route",
  permissions: ["routing:callRoute:view"],
  listing: { path: "/api/v2/architect/ivrs", style: "pages", totals: true },
  read: "/api/v2/architect/ivrs/{ivrId}",
  build: (draw) => ({
    ...architect(draw),
    dnis: draw.several(3, () => draw.number()),
    openHoursFlow: draw.ref("flow"),
    closedHoursFlow: draw.maybe(0.5, () => draw.ref("flow")),
    holidayHoursFlow: draw.maybe(0.3, () => draw.ref("flow")),
    scheduleGroup: draw.maybe(0.5, () => draw.ref("architect_schedulegroups")),
    selfUri: draw.uri
  })
}

const emergencyGroups: Kind = {
  name: "architect_emergencygroup",
  weight: 3,
  dead: 200,
  word: "Emergency",
  permissions: ["routing:emergencyGroup:view"],
  listing: { path: "/api/v2/architect/emergencygroups", style: "pages" },
  read: "/api/v2/architect/emergencygroups/{emergencyGroupId}",
  build: (draw) => ({
    ...architect(draw),
    enabled: draw.chance(0.3),
    emergencyCallFlows: draw.several(2, () => ({
      emergencyFlow: draw.ref("flow"),
      ivrs: draw.refs("architect_ivr", 2)
    })),
    selfUri: draw.uri
  })
}

const languageCodes = ["en-us", "de-de", "ja-jp"] as const

/**
 * The recordings and spoken texts of a prompt.
 *
 * @since 0.1.0
 * @category constructors
 */
export const promptResources = (draw: Draw): Array<Entity> =>
  languageCodes.slice(0, draw.between(1, 3)).map((language, index) => ({
    id: language,
    promptId: draw.id,
    language,
    mediaUri: `/storage/prompts/${draw.id}/${language}.wav?version=${draw.revision}`,
    ttsString: index === 0 ? `Welcome to \${company}, %{caller} ${draw.index}` : "",
    text: draw.maybe(0.6, () => `Willkommen "${draw.index}"\nWie können wir helfen?`),
    uploadStatus: "transcoded",
    uploadUri: `https://uploads.example.com/prompts/${draw.id}/${language}`,
    languageDefault: index === 0,
    durationSeconds: 0.05,
    selfUri: `${draw.uri}/resources/${language}`
  }))

const prompts: Kind = {
  name: "architect_user_prompt",
  weight: 40,
  word: "Prompt",
  permissions: ["architect:userPrompt:view"],
  listing: {
    path: "/api/v2/architect/prompts",
    style: "pages",
    cap: () => 10_000
  },
  read: "/api/v2/architect/prompts/{promptId}",
  named: (draw) => `${draw.index % 13 === 5 ? "_" : ""}Prompt_${draw.index % 17 === 3 ? "Äther_" : ""}${draw.index}`,
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    description: draw.text(draw.name),
    resources: promptResources(draw),
    selfUri: draw.uri
  }),
  shown: (entity, query) => {
    if (query["includeResources"] === "true" || query["includeMediaUris"] === "true") return entity
    return without("resources")(entity)
  }
}

const grammars: Kind = {
  name: "architect_grammar",
  weight: 3,
  word: "Grammar",
  permissions: ["architect:grammar:view"],
  listing: { path: "/api/v2/architect/grammars", style: "pages" },
  read: "/api/v2/architect/grammars/{grammarId}",
  build: (draw) => ({
    id: draw.id,
    name: draw.name,
    description: draw.text(draw.name),
    languages: [{
      id: `${draw.id}-en-us`,
      grammarId: draw.id,
      language: "en-us",
      voiceFileMetadata: {
        fileName: "voice.grxml",
        fileSizeBytes: 1_024,
        dateUploaded: draw.created(),
        fileType: "Grxml"
      },
      selfUri: `${draw.uri}/languages/en-us`
    }],
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [
  flows,
  datatables,
  rows,
  schedules,
  scheduleGroups,
  callRoutes,
  emergencyGroups,
  prompts,
  grammars
]
