/**
 * What belongs to an entity but is asked for apart from it.
 *
 * @since 0.1.0
 */
import * as Answer from "../Answer.ts"
import * as Catalogue from "../Catalogue.ts"
import type { Draw } from "../Draw.ts"
import type { Entity, Name } from "../Kind.ts"
import * as Architect from "../kinds/Architect.ts"
import * as Content from "../kinds/Content.ts"
import * as Directory from "../kinds/Directory.ts"
import * as Integrations from "../kinds/Integrations.ts"
import * as Queues from "../kinds/Queues.ts"
import * as Telephony from "../kinds/Telephony.ts"
import * as Listing from "../Listing.ts"

/** A route below an entity that must be there. */
const below = (
  kind: Name,
  path: string,
  hole: string,
  answer: (draw: Draw, call: Answer.Call, index: number) => Answer.Answer
): Answer.Route => ({
  method: "GET",
  path,
  kind,
  answer: (call) => {
    const index = call.organisation.find(kind, call.at[hole] ?? "")
    return index === undefined || call.organisation.isGhost(kind, index)
      ? Answer.notFound
      : answer(call.organisation.draw(kind, index), call, index)
  }
})

const utilization = (draw: Draw): Entity => {
  const media = (): Entity => ({
    maximumCapacity: draw.between(0, 5),
    interruptableMediaTypes: draw.chance(0.4) ? ["call", "email"] : [],
    includeNonAcd: draw.chance(0.5)
  })
  const own = draw.index % 3 === 0
  return {
    utilization: { call: media(), callback: media(), chat: media(), email: media(), message: media() },
    labelUtilizations: own
      ? { [draw.uuid()]: { maximumCapacity: 2, interruptingLabelIds: [draw.uuid()], labelName: "label" } }
      : {},
    level: own ? "Agent" : "Organization"
  }
}

const skillsOf = (call: Answer.Call, index: number, field: "skills" | "languages"): ReadonlyArray<Entity> => {
  const found = call.organisation.build("user", index)[field]
  return Array.isArray(found) ? found : []
}

/** The children of one parent, as a listing of their own. */
const children = (name: Name, path: string, hole: string, maximum = 100): Answer.Route => ({
  method: "GET",
  path,
  kind: name,
  answer: (call) => {
    const kind = Catalogue.find(name)
    const parent = kind?.parent === undefined ? undefined : call.organisation.find(kind.parent, call.at[hole] ?? "")
    if (kind === undefined || parent === undefined) return Answer.notFound
    const numbers = call.organisation.children(name, parent)
    return Listing.ofKind(
      kind,
      { path, style: "pages", maximum, totals: name.startsWith("telephony") },
      () => numbers,
      false,
      call
    )
  }
})

const responses: Answer.Route = {
  method: "GET",
  path: "/api/v2/responsemanagement/responses",
  kind: "responsemanagement_response",
  answer: (call) => {
    const kind = Catalogue.find("responsemanagement_response")
    const library = call.organisation.find("responsemanagement_library", call.query["libraryId"] ?? "")
    if (kind === undefined) return Answer.notFound
    if (library === undefined) {
      return Answer.failure(400, "bad.request", "The parameter {name} is required.", { name: "libraryId" })
    }
    const numbers = call.organisation.children(kind.name, library)
    return Listing.ofKind(kind, { path: "", style: "pages" }, () => numbers, false, call)
  }
}

const words = (value: unknown): ReadonlyArray<string> =>
  (Array.isArray(value) ? value : [value]).filter((one) => typeof one === "string").map((one) => one.toLowerCase())

/** Whether an entity is what a search is for: of its criteria, all must hold, and of a criterion any field and value. */
const matches = (query: unknown): ((entity: Entity) => boolean) | undefined => {
  const criteria = Array.isArray(query) ? query.map((one) => new Map(Object.entries(Object(one)))) : []
  if (criteria.length === 0) return undefined
  return (entity) =>
    criteria.every((criterion) => {
      const wanted = [...words(criterion.get("value")), ...words(criterion.get("values"))]
      const found = words(criterion.get("fields")).flatMap((field) => words(entity[field]))
      switch (criterion.get("type")) {
        case "EXACT":
          return wanted.some((value) => found.includes(value))
        case "STARTS_WITH":
          return wanted.some((value) => found.some((text) => text.startsWith(value)))
        default:
          return wanted.some((value) => found.some((text) => text.includes(value)))
      }
    })
}

const search = (name: Name, path: string): Answer.Route => ({
  method: "POST",
  path,
  kind: name,
  answer: (call) => {
    const kind = Catalogue.find(name)
    if (kind === undefined) return Answer.notFound
    const every = call.organisation.order(name, undefined)
    const isFound = matches(call.body["query"])
    const { expand } = call.body
    const asking = Array.isArray(expand) ? { ...call.query, expand: expand.join(",") } : call.query
    const numbers = isFound === undefined
      ? every
      : every.filter((index) => isFound(call.organisation.build(name, index)))
    return Listing.page({
      listing: { style: "search" },
      length: numbers.length,
      slice: (from, to) =>
        Array.from(numbers.subarray(from, to), (index) => {
          const entity = call.organisation.build(name, index)
          return kind.shown === undefined ? entity : kind.shown(entity, asking)
        }),
      repeating: false,
      beside: { types: [`${name}s`] }
    }, call)
  }
})

const webVersions = (draw: Draw): ReadonlyArray<Entity> => {
  const latest = Number(Content.webVersion(draw))
  const entity = draw.organisation.kind("webdeployments_configuration").build(draw)
  return Array.from({ length: latest }, (_, index) => ({ ...entity, version: String(latest - index) }))
}

const webVersion = (draw: Draw, call: Answer.Call): Answer.Answer => {
  const asked = (call.at["versionId"] ?? "draft").toLowerCase()
  if (asked !== "draft" && !/^\d+$/.test(asked)) return Answer.notFound
  call.organisation.stir("webdeployments_configuration", draw.index)
  const entity = call.organisation.build("webdeployments_configuration", draw.index)
  if (asked === "draft") return Answer.value({ ...entity, version: "DRAFT" })
  return Number(asked) > Number(entity["version"])
    ? Answer.notFound
    : Answer.value({ ...entity, version: asked })
}

const action = "/api/v2/integrations/actions/{actionId}"
const site = "/api/v2/telephony/providers/edges/sites/{siteId}"
const configuration = "/api/v2/webdeployments/configurations/{configurationId}/versions"

const schemaOf = (title: string): Entity => ({
  $schema: "http://json-schema.org/draft-04/schema#",
  title,
  type: "object",
  properties: {},
  additionalProperties: true
})

const credentialTypes: ReadonlyArray<Entity> = ["basicAuth", "userDefined", "userDefinedOAuth"].map((id) => ({
  id,
  name: id,
  properties: { userName: { type: "string" } },
  displayOrder: ["userName"],
  required: ["userName"]
}))

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Answer.Route> = [
  below(
    "routing_queue",
    "/api/v2/routing/queues/{queueId}/members",
    "queueId",
    (draw, call) => Listing.of(Queues.members(draw), "bare", call)
  ),
  below("routing_queue", "/api/v2/routing/queues/{queueId}/wrapupcodes", "queueId", (draw, call) =>
    Listing.of(
      draw.targets("routing_wrapupcode", 6).map((code) => draw.ref("routing_wrapupcode", code)),
      "pages",
      call
    )),
  below(
    "routing_skill_group",
    "/api/v2/routing/skillgroups/{skillGroupId}/members/divisions",
    "skillGroupId",
    (draw) => Answer.value({ entities: [draw.ref("auth_division", 0), ...draw.refs("auth_division", 2)] })
  ),
  below(
    "group",
    "/api/v2/groups/{groupId}/individuals",
    "groupId",
    (draw, call) => Listing.of(Directory.individuals(draw), "all", call)
  ),
  below("group", "/api/v2/voicemail/groups/{groupId}/policy", "groupId", (draw) =>
    Answer.value({
      name: draw.name,
      group: { id: draw.id, name: draw.name, type: "official", rulesVisible: true, visibility: "public" },
      enabled: draw.chance(0.5),
      sendEmailNotifications: draw.chance(0.5),
      disableEmailPii: draw.chance(0.5),
      includeEmailTranscriptions: draw.chance(0.5)
    })),
  below("user", "/api/v2/routing/users/{userId}/utilization", "userId", (draw) => Answer.value(utilization(draw))),
  below(
    "user",
    "/api/v2/users/{userId}/routingskills",
    "userId",
    (_, call, index) => Listing.of(skillsOf(call, index, "skills"), "pages", call)
  ),
  below(
    "user",
    "/api/v2/users/{userId}/routinglanguages",
    "userId",
    (_, call, index) => Listing.of(skillsOf(call, index, "languages"), "pages", call)
  ),
  below("user", "/api/v2/voicemail/userpolicies/{userId}", "userId", (draw) =>
    Answer.value({
      enabled: true,
      alertTimeoutSeconds: draw.between(0, 60),
      modifiedDate: draw.modified(),
      sendEmailNotifications: draw.chance(0.5)
    })),
  {
    method: "GET",
    path: "/api/v2/users/{subjectId}/roles",
    kind: "oauth_client",
    answer: () => Answer.value({ roles: [], unusedRoles: [], permissions: [], permissionPolicies: [] })
  },
  below(
    "team",
    "/api/v2/teams/{teamId}/members",
    "teamId",
    (draw, call) => Listing.of(Directory.teamMembers(draw), "cursor", call)
  ),
  children("architect_datatable_row", "/api/v2/flows/datatables/{datatableId}/rows", "datatableId"),
  children("routing_email_route", "/api/v2/routing/email/domains/{domainName}/routes", "domainName"),
  children("telephony_providers_edges_site_outbound_route", `${site}/outboundroutes`, "siteId"),
  below(
    "telephony_providers_edges_site",
    `${site}/numberplans`,
    "siteId",
    (draw) => Answer.value(Telephony.numberPlans(draw))
  ),
  responses,
  search("user", "/api/v2/users/search"),
  search("group", "/api/v2/groups/search"),
  search("location", "/api/v2/locations/search"),
  below(
    "architect_user_prompt",
    "/api/v2/architect/prompts/{promptId}/resources",
    "promptId",
    (draw, call) => Listing.of(Architect.promptResources(draw), "pages", call)
  ),
  below(
    "architect_user_prompt",
    "/api/v2/architect/prompts/{promptId}/resources/{languageCode}",
    "promptId",
    (draw, call) => {
      const found = Architect.promptResources(draw).find(({ language }) => language === call.at["languageCode"])
      return found === undefined ? Answer.notFound : Answer.value(found)
    }
  ),
  {
    method: "GET",
    path: "/api/v2/telephony/providers/edges/phonebasesettings/template",
    kind: "telephony_providers_edges_phonebasesettings",
    answer: (call) => Answer.value(call.organisation.build("telephony_providers_edges_phonebasesettings", 0))
  },
  {
    method: "GET",
    path: "/api/v2/stations",
    kind: "telephony_providers_edges_phone",
    answer: (call) =>
      Listing.of(
        [{ id: call.organisation.id("user", 0), name: "station", status: "AVAILABLE", type: "inin_webrtc_softphone" }],
        "pages",
        call
      )
  },
  {
    method: "GET",
    path: "/api/v2/integrations/types/{typeId}",
    kind: "integration",
    answer: (call) => {
      const id = call.at["typeId"] ?? ""
      return Answer.value({ id, name: id, category: "CRM", selfUri: `/api/v2/integrations/types/${id}` })
    }
  },
  {
    method: "GET",
    path: "/api/v2/integrations/types/{typeId}/configschemas/{configType}",
    kind: "integration",
    answer: (call) => Answer.value(schemaOf(`${call.at["typeId"] ?? ""} ${call.at["configType"] ?? ""}`))
  },
  below(
    "integration",
    "/api/v2/integrations/{integrationId}/config/current",
    "integrationId",
    (draw) => Answer.value(Integrations.configuration(draw))
  ),
  {
    method: "GET",
    path: "/api/v2/integrations/credentials/types",
    kind: "integration_credential",
    answer: () => Answer.value(credentialTypes)
  },
  below("integration_action", `${action}/templates/{fileName}`, "actionId", (draw, call) => {
    const text = Integrations.template(draw, call.at["fileName"] ?? "")
    return text === undefined ? Answer.notFound : { _tag: "Text", text, type: "text/plain;charset=UTF-8" }
  }),
  below(
    "integration_action",
    `${action}/draft`,
    "actionId",
    (_, call, index) => Answer.value(call.organisation.build("integration_action", index))
  ),
  ...["function", "draft/function"].map((path) =>
    below("integration_action", `${action}/${path}`, "actionId", (draw) => {
      const found = Integrations.functionOf(draw)
      return found === undefined ? Answer.notFound : Answer.value(found)
    })
  ),
  below("webdeployments_configuration", configuration, "configurationId", (draw, call) =>
    Listing.page({
      listing: { style: "cursor", total: true },
      length: webVersions(draw).length,
      slice: (from, to) => webVersions(draw.organisation.draw(draw.kind, draw.index)).slice(from, to),
      repeating: false
    }, call)),
  below("webdeployments_configuration", `${configuration}/draft`, "configurationId", webVersion),
  below("webdeployments_configuration", `${configuration}/{versionId}`, "configurationId", webVersion),
  {
    method: "GET",
    path: "/api/v2/scripts/published",
    kind: "script",
    answer: (call) =>
      Listing.of(
        Array.from(call.organisation.order("script", undefined), (index) => call.organisation.build("script", index)),
        "pages",
        call
      )
  },
  {
    method: "GET",
    path: "/api/v2/scripts/uploads/{uploadId}/status",
    kind: "script",
    answer: () => Answer.value({ succeeded: true, message: "" })
  }
]
