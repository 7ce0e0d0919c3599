/**
 * Campaigns and what they dial by.
 *
 * @since 0.1.0
 */
import type { Draw } from "../Draw.ts"
import { without } from "../Shown.ts"
import type { Entity, Kind } from "../Kind.ts"

/**
 * What all of outbound has in common.
 *
 * @since 0.1.0
 * @category constructors
 */
export const common = (draw: Draw): Entity => ({
  id: draw.id,
  name: draw.name,
  dateCreated: draw.created(),
  dateModified: draw.modified(),
  version: draw.version()
})

const columnNames = ["Phone", "Email", "first name", "Größe", "zip"]

const campaigns: Kind = {
  name: "outbound_campaign",
  weight: 12,
  word: "Campaign",
  permissions: ["outbound:campaign:view"],
  listing: { path: "/api/v2/outbound/campaigns", style: "pages" },
  read: "/api/v2/outbound/campaigns/{campaignId}",
  build: (draw) => ({
    ...common(draw),
    contactList: draw.ref("outbound_contact_list"),
    queue: draw.maybe(0.8, () => draw.ref("routing_queue")),
    dialingMode: draw.pick(["preview", "power", "predictive", "progressive", "agentless"]),
    script: draw.ref("script", draw.chance(0.2) ? 0 : draw.target("script")),
    edgeGroup: draw.maybe(0.3, () => draw.ref("telephony_providers_edges_edge_group")),
    site: draw.maybe(0.3, () => draw.ref("telephony_providers_edges_site")),
    campaignStatus: draw.pick(["on", "off", "complete"]),
    phoneColumns: [{ columnName: "Phone", type: "cell" }],
    abandonRate: 5.5,
    dncLists: draw.refs("outbound_dnclist", 2),
    callableTimeSet: draw.maybe(0.5, () => draw.ref("outbound_callabletimeset")),
    callAnalysisResponseSet: draw.ref("outbound_callanalysisresponseset"),
    callerName: draw.name,
    callerAddress: "+13175550123",
    outboundLineCount: draw.between(0, 8),
    ruleSets: draw.refs("outbound_ruleset", 2),
    skipPreviewDisabled: draw.chance(0.5),
    // Zero is meant.
    previewTimeOutSeconds: draw.between(0, 2),
    alwaysRunning: draw.chance(0.3),
    contactSorts: [{ fieldName: "zip", direction: "ASC", numeric: false }],
    noAnswerTimeout: draw.between(15, 40) + draw.revision,
    callAnalysisLanguage: "en-us",
    priority: draw.between(1, 5),
    contactListFilters: draw.refs("outbound_contactlistfilter", 1),
    division: draw.division(),
    dynamicContactQueueingSettings: { sort: draw.chance(0.5), filter: false },
    agentOwnedColumn: draw.maybe(0.2, () => "first name"),
    skillColumns: draw.several(1, () => "first name"),
    maxCallsPerAgent: draw.between(1, 9),
    maxCallsPerAgentDecimal: 1.5,
    callbackAutoAnswer: draw.chance(0.5),
    dynamicLineBalancingSettings: { enabled: true, relativeWeight: draw.between(1, 100) },
    diagnosticsSettings: { reportLowMaxCallsPerAgentAlert: draw.chance(0.5) },
    selfUri: draw.uri
  })
}

const contactLists: Kind = {
  name: "outbound_contact_list",
  weight: 15,
  word: "Contacts",
  permissions: ["outbound:contactList:view"],
  listing: { path: "/api/v2/outbound/contactlists", style: "pages" },
  read: "/api/v2/outbound/contactlists/{contactListId}",
  shown: (entity, query) => query["includeSize"] === "true" ? entity : without("size")(entity),
  build: (draw) => ({
    size: contactCount(draw.organisation.draw("outbound_contact_list", draw.index)),
    ...common(draw),
    division: draw.division(),
    columnNames,
    phoneColumns: [{
      columnName: "Phone",
      type: "cell",
      callableTimeColumn: "zip",
      callableTimeColumnName: draw.maybe(0.5, () => "zip")
    }],
    emailColumns: draw.several(1, () => ({
      columnName: "Email",
      type: "WORK",
      contactableTimeColumn: "zip",
      contactableTimeColumnName: draw.maybe(0.5, () => "zip")
    })),
    whatsAppColumns: draw.several(1, () => ({ columnName: "Phone", type: "cell" })),
    previewModeColumnName: draw.maybe(0.3, () => "first name"),
    previewModeAcceptedValues: [
      ...draw.several(2, (index) => `value \${${index}}`),
      ...(draw.revision === 0 ? [] : [`revision ${draw.revision}`])
    ],
    attemptLimits: draw.maybe(0.6, () => draw.ref("outbound_attempt_limit")),
    automaticTimeZoneMapping: draw.chance(0.5),
    zipCodeColumnName: draw.maybe(0.3, () => "zip"),
    columnDataTypeSpecifications: draw.several(1, () => ({
      columnName: "zip",
      columnDataType: "NUMERIC",
      min: 0,
      max: 99_999,
      maxLength: 5
    })),
    trimWhitespace: draw.chance(0.5),
    selfUri: draw.uri
  })
}

const cell = (text: string): string => `"${text.replaceAll("\"", "\"\"")}"`

const contactCount = (draw: Draw): number => draw.between(0, 12)

/**
 * The contacts of a list as CSV, with commas, quotes and line breaks in cells, and with columns on how they were reached.
 *
 * @since 0.1.0
 * @category constructors
 */
export const contacts = (draw: Draw): string => {
  const rows = Array.from({ length: contactCount(draw) }, (_, index) =>
    [
      `contact-${draw.index}-${index}`,
      draw.number(),
      `c${index}@example.com`,
      `O"Brien, \${first} ${index}`,
      "zwei\nZeilen",
      String(10_000 + index),
      "1",
      draw.modified()
    ].map(cell).join(","))
  return [
    ["inin-outbound-id", ...columnNames, "ContactCallable", "CallRecordLastAttempt-Phone"].map(cell).join(","),
    ...rows,
    ""
  ].join("\r\n")
}

const dncLists: Kind = {
  name: "outbound_dnclist",
  weight: 4,
  word: "Do Not Call",
  permissions: ["outbound:dncList:view"],
  listing: { path: "/api/v2/outbound/dnclists", style: "pages" },
  read: "/api/v2/outbound/dnclists/{dncListId}",
  build: (draw) => ({
    ...common(draw),
    dncSourceType: draw.pick(["rds", "dnc.com", "gryphon"]),
    contactMethod: draw.pick(["Phone", "Email"]),
    loginId: draw.maybe(0.3, () => "login"),
    campaignId: draw.maybe(0.3, () => "campaign 7"),
    customExclusionColumn: draw.maybe(0.2, () => "Phone"),
    dncCodes: draw.maybe(0.3, () => ["B", "C"]),
    licenseId: draw.revision === 0 ? draw.maybe(0.3, () => "license") : `license ${draw.revision}`,
    division: draw.division(),
    selfUri: draw.uri
  })
}

const callableTimes: Kind = {
  name: "outbound_callabletimeset",
  weight: 2,
  word: "Callable",
  permissions: ["outbound:callableTimeSet:view"],
  listing: { path: "/api/v2/outbound/callabletimesets", style: "pages" },
  read: "/api/v2/outbound/callabletimesets/{callableTimeSetId}",
  build: (draw) => ({
    ...common(draw),
    callableTimes: [{
      name: draw.maybe(0.5, () => "all week"),
      timeZoneId: "Africa/Abidjan",
      timeSlots: [1, 5].map((day) => ({ startTime: "07:00:00", stopTime: `1${draw.revision % 10}:30:00`, day }))
    }],
    selfUri: draw.uri
  })
}

const outcomes = [
  "disposition.classification.callable.busy",
  "disposition.classification.callable.disconnect",
  "disposition.classification.callable.fax",
  "disposition.classification.callable.lineconnected",
  "disposition.classification.callable.machine",
  "disposition.classification.callable.noanswer",
  "disposition.classification.callable.person",
  "disposition.classification.callable.sit",
  "disposition.classification.uncallable.notfound",
  "disposition.classification.uncallable.sit"
]

const reaction = (draw: Draw): Entity =>
  draw.chance(0.3)
    ? flowReaction(draw)
    : { reactionType: draw.pick(["hangup", "transfer"]) }

const flowReaction = (draw: Draw): Entity => {
  const { id, name } = draw.ref("flow")
  return { reactionType: "transfer_flow", name, data: id }
}

const responseSets: Kind = {
  name: "outbound_callanalysisresponseset",
  weight: 2,
  word: "Response Set",
  permissions: ["outbound:responseSet:view"],
  listing: { path: "/api/v2/outbound/callanalysisresponsesets", style: "pages" },
  read: "/api/v2/outbound/callanalysisresponsesets/{callAnalysisSetId}",
  build: (draw) => ({
    ...common(draw),
    responses: Object.fromEntries(outcomes.flatMap((outcome) => draw.chance(0.8) ? [[outcome, reaction(draw)]] : [])),
    beepDetectionEnabled: draw.revision % 2 === 1,
    amdSpeechDistinguishEnabled: false,
    liveSpeakerDetectionMode: "Medium",
    selfUri: draw.uri
  })
}

const filters: Kind = {
  name: "outbound_contactlistfilter",
  weight: 10,
  word: "Filter",
  permissions: ["outbound:contactListFilter:view"],
  listing: { path: "/api/v2/outbound/contactlistfilters", style: "pages" },
  read: "/api/v2/outbound/contactlistfilters/{contactListFilterId}",
  build: (draw) => ({
    ...common(draw),
    contactList: draw.ref("outbound_contact_list"),
    sourceType: "ContactList",
    clauses: [{
      filterType: "AND",
      predicates: [
        {
          column: "zip",
          columnType: "numeric",
          operator: "GREATER_THAN",
          value: String(draw.revision),
          inverted: false
        },
        {
          column: "Email",
          columnType: "alphabetic",
          operator: "IN",
          range: { inSet: ["a@example.com", "${b}"] },
          inverted: draw.chance(0.5)
        },
        ...draw.several(1, () => ({
          column: "zip",
          columnType: "numeric",
          operator: "BETWEEN",
          range: { min: "1", max: "5", minInclusive: true, maxInclusive: draw.chance(0.5) }
        }))
      ]
    }],
    filterType: draw.pick(["AND", "OR"]),
    selfUri: draw.uri
  })
}

const attemptLimits: Kind = {
  name: "outbound_attempt_limit",
  weight: 2,
  word: "Attempts",
  permissions: ["outbound:attemptLimits:view"],
  listing: { path: "/api/v2/outbound/attemptlimits", style: "pages" },
  read: "/api/v2/outbound/attemptlimits/{attemptLimitsId}",
  build: (draw) => ({
    ...common(draw),
    maxAttemptsPerContact: draw.between(1, 9),
    maxAttemptsPerNumber: draw.between(1, 9) + draw.revision,
    timeZoneId: "America/Chicago",
    resetPeriod: draw.pick(["NEVER", "TODAY"]),
    recallEntries: {
      fax: { nbrAttempts: 1, minutesBetweenAttempts: draw.between(5, 60) },
      busy: { nbrAttempts: draw.between(1, 5), minutesBetweenAttempts: 10 },
      noAnswer: { nbrAttempts: draw.between(1, 5), minutesBetweenAttempts: 30 },
      answeringMachine: { nbrAttempts: 1, minutesBetweenAttempts: 5 }
    },
    selfUri: draw.uri
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [
  campaigns,
  contactLists,
  dncLists,
  callableTimes,
  responseSets,
  filters,
  attemptLimits
]
