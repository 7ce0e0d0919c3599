/**
 * What flows depend on, and their export as YAML by jobs.
 *
 * @since 0.1.0
 */
import * as Answer from "../Answer.ts"
import type { Draw } from "../Draw.ts"
import * as Identity from "../Identity.ts"
import type { Entity, Name } from "../Kind.ts"
import * as Architect from "../kinds/Architect.ts"
import * as Listing from "../Listing.ts"

/** The types that dependency tracking names, by what it calls them. */
const consumable: ReadonlyArray<readonly [string, Name]> = [
  ["QUEUE", "routing_queue"],
  ["ACDSKILL", "routing_skill"],
  ["ACDLANGUAGE", "routing_language"],
  ["ACDWRAPUPCODE", "routing_wrapupcode"],
  ["DATAACTION", "integration_action"],
  ["DATATABLE", "architect_datatable"],
  ["USERPROMPT", "architect_user_prompt"],
  ["SCHEDULEGROUP", "architect_schedulegroups"],
  ["SCHEDULE", "architect_schedules"],
  ["EMERGENCYGROUP", "architect_emergencygroup"],
  ["GROUP", "group"],
  ["USER", "user"],
  ["RESPONSE", "responsemanagement_response"],
  ["CONTACTLIST", "outbound_contact_list"],
  ["COMPOSERSCRIPT", "script"],
  ["GRAMMAR", "architect_grammar"]
]

/** A type of flows as dependency tracking calls it. */
const flowObject = (index: number): string => {
  const type = Architect.flowType(index)
  return type === "WORKFLOW" ? type : `${type}FLOW`
}

const dependency = (draw: Draw, type: string, kind: Name, index: number): Entity => ({
  id: draw.organisation.id(kind, index),
  name: draw.organisation.nameOf(kind, index),
  version: kind === "flow" ? Architect.flowVersion(draw.organisation.draw("flow", index)) : "",
  type,
  deleted: false,
  updated: false,
  stateUnknown: false
})

/**
 * What a flow uses. The first two of every eight flows use each other, and the next one uses the flow before it.
 */
const consumed = (draw: Draw): Array<Entity> => {
  const last = draw.organisation.space("flow").referable - 1
  const place = draw.index % 8
  const partner = place < 2 ? draw.index ^ 1 : place === 2 ? draw.index - 1 : undefined
  const flows = partner === undefined || partner > last || draw.index > last ? [] : [partner]
  const others = draw.several(5, () => {
    const [type, kind] = consumable[Math.floor(draw.unit() * consumable.length)] ?? ["QUEUE", "routing_queue"]
    return dependency(draw, type, kind, draw.target(kind))
  })
  return [
    ...flows.map((flow) => dependency(draw, flowObject(flow), "flow", flow)),
    ...others,
    // What the export knows no type for.
    { id: draw.uuid(), name: "en-us", type: "LANGUAGE", deleted: false, updated: false, stateUnknown: false }
  ]
}

const required = (name: string): Answer.Answer =>
  Answer.failure(400, "bad.request", "The parameter {name} is required.", { name })

const consumedResources = (call: Answer.Call): Answer.Answer => {
  const { id, objectType, version } = call.query
  if (id === undefined) return required("id")
  if (version === undefined) return required("version")
  if (objectType === undefined) return required("objectType")
  const index = call.organisation.find("flow", id)
  if (index === undefined || call.organisation.isGhost("flow", index)) return Answer.notFound
  const draw = call.organisation.draw("flow", index)
  return objectType === flowObject(index)
    ? Listing.of(consumed(draw), "pages", call)
    : Answer.failure(400, "invalid.value", "Value [{value}] is not valid for field type [objectType].", {
      value: objectType
    })
}

const yamlText = (text: string): string => JSON.stringify(text)

/**
 * A flow as Archy writes it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const yaml = (draw: Draw): string =>
  [
    `${Architect.flowType(draw.index).toLowerCase()}:`,
    `  name: ${yamlText(draw.name)}`,
    `  description: ${yamlText(draw.text(draw.name))}`,
    "  defaultLanguage: en-us",
    "  startUpRef: \"/tasks/task[first_10]\"",
    "  tasks:",
    "    - task:",
    "        name: First Task",
    "        refId: first_10",
    "        actions:",
    ...consumed(draw).slice(0, 2).map(({ name, type }) => `          # uses ${String(type)} ${yamlText(String(name))}`),
    `          - disconnect: { name: "Disconnect \${${draw.revision}}" }`,
    ""
  ].join("\n")

const flowIds = (body: Entity): ReadonlyArray<string> => {
  const flows = body["flows"]
  if (!Array.isArray(flows)) return []
  return flows.flatMap((entry: unknown) => {
    const flow = typeof entry === "object" && entry !== null && "flow" in entry ? entry.flow : undefined
    return typeof flow === "object" && flow !== null && "id" in flow && typeof flow.id === "string" ? [flow.id] : []
  })
}

const register = (call: Answer.Call): Answer.Answer => {
  const [first, ...more] = flowIds(call.body)
  if (first === undefined || more.length > 0) {
    return Answer.failure(400, "bad.request", "Exactly one flow must be given, not {count}.", {
      count: String(flowIds(call.body).length)
    })
  }
  const index = call.organisation.find("flow", first)
  if (index === undefined || call.organisation.isGhost("flow", index)) return Answer.notFound
  const id = Identity.drawn(call.organisation.seed, 0x6a6f62, call.jobs.size)
  call.jobs.set(id, { kind: "flow", index, polls: 0 })
  return Answer.value({
    id,
    status: "Registered",
    totalFlows: 1,
    selfUri: `/api/v2/flows/export/jobs/${id}`
  })
}

/** Done when it is asked for the second time. */
const exportJob = (call: Answer.Call): Answer.Answer => {
  const id = call.at["jobId"] ?? ""
  const job = call.jobs.get(id)
  if (job === undefined) return Answer.notFound
  job.polls++
  const done = job.polls > 1
  return Answer.value({
    id,
    status: done ? "Success" : "Started",
    command: "Export",
    downloadUrl: done
      ? `/storage/flows/${call.organisation.id("flow", job.index)}.yaml?job=${id}`
      : undefined,
    messages: [],
    selfUri: `/api/v2/flows/export/jobs/${id}`
  })
}

const logLevel = (draw: Draw): Entity => ({
  id: draw.id,
  name: draw.name,
  type: Architect.flowType(draw.index).toLowerCase(),
  dateModified: draw.modified(),
  logLevelCharacteristics: { level: "Base" },
  selfUri: `${draw.uri}/instances/settings/loglevels`
})

const get = (path: string, answer: Answer.Route["answer"]): Answer.Route => ({
  method: "GET",
  path,
  kind: "flow",
  answer
})

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Answer.Route> = [
  get("/api/v2/architect/dependencytracking/consumedresources", consumedResources),
  get("/api/v2/architect/dependencytracking/build", () => Answer.value({ id: "1", status: "OPERATIONAL" })),
  { method: "POST", path: "/api/v2/flows/export/jobs", kind: "flow", answer: register },
  get("/api/v2/flows/export/jobs/{jobId}", exportJob),
  get(
    "/api/v2/flows/jobs/{jobId}",
    (call) => Answer.value({ id: call.at["jobId"], status: "Success", command: "Publish", messages: [] })
  ),
  get(
    "/api/v2/flows/instances/settings/loglevels",
    (call) => Listing.of([logLevel(call.organisation.draw("flow", 0))], "pages", call)
  ),
  get("/api/v2/flows/{flowId}/instances/settings/loglevels", (call) => {
    const index = call.organisation.find("flow", call.at["flowId"] ?? "")
    return index === undefined ? Answer.notFound : Answer.value(logLevel(call.organisation.draw("flow", index)))
  })
]
