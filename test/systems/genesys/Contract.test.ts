/** The simulated organisation against the vendor's API description: every path, every answer. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Api from "./simulator/Api.ts"
import * as Specification from "./simulator/Specification.ts"

/** What a hole of a path stands for, where its name does not say. */
const holes: Readonly<Record<string, string>> = {
  queueId: "routing_queue",
  skillId: "routing_skill",
  languageId: "routing_language",
  codeId: "routing_wrapupcode",
  skillGroupId: "routing_skill_group",
  divisionId: "auth_division",
  roleId: "auth_role",
  groupId: "group",
  userId: "user",
  subjectId: "user",
  flowId: "flow",
  datatableId: "architect_datatable",
  rowId: "architect_datatable_row",
  ivrId: "architect_ivr",
  scheduleId: "architect_schedules",
  scheduleGroupId: "architect_schedulegroups",
  emergencyGroupId: "architect_emergencygroup",
  promptId: "architect_user_prompt",
  grammarId: "architect_grammar",
  locationId: "location",
  phoneId: "telephony_providers_edges_phone",
  phoneBaseId: "telephony_providers_edges_phonebasesettings",
  siteId: "telephony_providers_edges_site",
  outboundRouteId: "telephony_providers_edges_site_outbound_route",
  trunkBaseSettingsId: "telephony_providers_edges_trunkbasesettings",
  edgeGroupId: "telephony_providers_edges_edge_group",
  extensionPoolId: "telephony_providers_edges_extension_pool",
  didPoolId: "telephony_providers_edges_did_pool",
  integrationId: "integration",
  actionId: "integration_action",
  credentialId: "integration_credential",
  clientId: "oauth_client",
  campaignId: "outbound_campaign",
  contactListId: "outbound_contact_list",
  dncListId: "outbound_dnclist",
  callableTimeSetId: "outbound_callabletimeset",
  callAnalysisSetId: "outbound_callanalysisresponseset",
  contactListFilterId: "outbound_contactlistfilter",
  ruleSetId: "outbound_ruleset",
  attemptLimitsId: "outbound_attempt_limit",
  libraryId: "responsemanagement_library",
  responseId: "responsemanagement_response",
  responseAssetId: "responsemanagement_responseasset",
  configurationId: "webdeployments_configuration",
  deploymentId: "webdeployments_deployment",
  scriptId: "script",
  teamId: "team",
  domainId: "routing_email_domain",
  domainName: "routing_email_domain",
  routeId: "routing_email_route"
}

/** Holes that take a word and no id. */
const words: Readonly<Record<string, string>> = {
  languageCode: "en-us",
  typeId: "embedded-client-app",
  configType: "properties",
  fileName: "requesttemplate.vm",
  versionId: "1",
  uploadId: "1",
  jobId: "unknown"
}

/** Queries that a call cannot do without, or that show more of an answer. */
const queries: Readonly<Record<string, ReadonlyArray<string>>> = {
  "GET /api/v2/users": [
    "state=active&expand=skills,languages,locations,profileSkills,certifications,employerInfo",
    "state=inactive"
  ],
  "GET /api/v2/users/{userId}": ["expand=skills,languages,locations,profileSkills,certifications,employerInfo"],
  "GET /api/v2/routing/queues": ["", "hasPeer=true", "hasPeer=false"],
  "GET /api/v2/flows/datatables": ["", "expand=schema"],
  "GET /api/v2/flows/datatables/{datatableId}": ["expand=schema"],
  "GET /api/v2/flows/datatables/{datatableId}/rows": ["showbrief=false", "showbrief=true"],
  "GET /api/v2/flows/datatables/{datatableId}/rows/{rowId}": ["showbrief=false"],
  "GET /api/v2/architect/prompts": ["", "includeMediaUris=true&includeResources=true"],
  "GET /api/v2/architect/prompts/{promptId}": ["includeMediaUris=true&includeResources=true"],
  "GET /api/v2/integrations/actions/{actionId}": ["", "expand=contract&includeConfig=true"],
  "GET /api/v2/telephony/providers/edges/sites": ["managed=true", "managed=false"],
  "GET /api/v2/telephony/providers/edges/phones": ["sortBy=id&expand=lines,properties"],
  "GET /api/v2/telephony/providers/edges/phonebasesettings/template": ["phoneMetabaseId=generic_sip.json"]
}

/** At most so many entities of a type are read by each call. */
const most = 40

const namesIn = (path: string): ReadonlyArray<string> => [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? "")

/** Paths of a call, one for each entity that its last id could stand for. */
const paths = (api: Api.Api, call: string): ReadonlyArray<string> => {
  const { world } = api.simulator
  const path = call.slice(call.indexOf(" ") + 1)
  const asked = namesIn(path)
  const own = asked.findLast((name) => name in holes)
  const ids = own === undefined ? [""] : world.ids(holes[own] ?? "").slice(0, most)
  return ids.map((id) =>
    path.replace(/\{(\w+)\}/g, (_, name: string) => {
      const word = words[name]
      if (word !== undefined) return word
      const above = own === undefined ? undefined : world.parent(holes[own] ?? "", id)
      return encodeURIComponent(name === own ? id : above ?? "")
    })
  )
}

const withQuery = (path: string, query: string): string => query === "" ? path : `${path}?${query}`

/** Listings by parent, dependencies: calls that need something of another. */
const special = (api: Api.Api, call: string): ReadonlyArray<string> | undefined => {
  const { world } = api.simulator
  switch (call) {
    case "GET /api/v2/responsemanagement/responses":
      return world.ids("responsemanagement_library").map((id) => `/api/v2/responsemanagement/responses?libraryId=${id}`)
    case "GET /api/v2/architect/dependencytracking/consumedresources":
      return world.ids("flow").map((id) => {
        const flow = world.entity("flow", id)
        const version = String(Api.field(flow, "publishedVersion", "id"))
        const type = String(flow?.["type"])
        const query = new URLSearchParams({ id, version, objectType: type === "WORKFLOW" ? type : `${type}FLOW` })
        return `/api/v2/architect/dependencytracking/consumedresources?${query.toString()}`
      })
    default:
      return undefined
  }
}

const urls = (api: Api.Api, call: string): ReadonlyArray<string> =>
  special(api, call) ??
    paths(api, call).flatMap((path) => (queries[call] ?? [""]).map((query) => withQuery(path, query)))

/** A text and no JSON. */
const isText = (call: string): boolean => call.includes("/templates/")

/** Missing for some by design: a function of an action that has none, an export nobody asked for. */
const mayMiss = (call: string): boolean => /\/function$|\/templates\/|\/export$|\/jobs\/|users\/me$/.test(call)

const gets = (): ReadonlyArray<string> =>
  [...new Set(Object.values(Specification.calls()).flat())].filter((call) => call.startsWith("GET ")).toSorted()

describe.runIf(Specification.isThere)("every call of the 48 types", () => {
  const calls = Specification.isThere ? gets() : []

  it.effect("and of no other types", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      assert.deepStrictEqual<ReadonlyArray<string>>(
        api.simulator.world.types,
        Object.keys(Specification.calls()).toSorted()
      )
    }))

  it.effect.each(calls)("%s is answered as described", (call) =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 1_500 })
      const found = new Set<string>()
      let good = 0
      for (const url of urls(api, call)) {
        const answer = yield* api.get(url)
        if (answer.status === 200) good++
        else if (!mayMiss(call)) found.add(`${call}: ${answer.status}`)
        if (answer.status === 200 && isText(call)) continue
        for (const problem of Specification.problems(call, answer.status, answer.body)) found.add(problem)
      }
      assert.deepStrictEqual([...found], [])
      if (!mayMiss(call)) assert.isAbove(good, 0)
    }))
})

describe.runIf(Specification.isThere)("calls with a body", () => {
  const searches = [
    "POST /api/v2/users/search",
    "POST /api/v2/groups/search",
    "POST /api/v2/locations/search",
    "POST /api/v2/responsemanagement/responseassets/search"
  ]

  it.effect.each(searches)("%s finds pages", (call) =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 1_500 })
      const answer = yield* api.post(call.slice(5), { pageSize: 7, pageNumber: 2 })
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(Specification.problems(call, 200, answer.body), [])
      assert.strictEqual(Api.field(answer.body, "pageNumber"), 2)
    }))

  it.effect("export a flow by a job", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const [id = ""] = api.simulator.world.ids("flow")
      const registered = yield* api.post("/api/v2/flows/export/jobs", { flows: [{ flow: { id } }] })
      assert.deepStrictEqual(Specification.problems("POST /api/v2/flows/export/jobs", 200, registered.body), [])
      const url = `/api/v2/flows/export/jobs/${String(Api.field(registered.body, "id"))}`
      const states = [yield* api.get(url), yield* api.get(url)]
      for (const { body } of states) {
        assert.deepStrictEqual(Specification.problems("GET /api/v2/flows/export/jobs/{jobId}", 200, body), [])
      }
      assert.deepStrictEqual(states.map(({ body }) => Api.field(body, "status")), ["Started", "Success"])
    }))

  it.effect("export the contacts of a list once they were told to", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const [id = ""] = api.simulator.world.ids("outbound_contact_list")
      const url = `/api/v2/outbound/contactlists/${id}/export`
      const call = "/api/v2/outbound/contactlists/{contactListId}/export"
      assert.strictEqual((yield* api.get(url)).status, 404)
      const told = yield* api.post(url, {})
      assert.deepStrictEqual(Specification.problems(`POST ${call}`, 200, told.body), [])
      const ready = yield* api.get(url)
      assert.deepStrictEqual(Specification.problems(`GET ${call}`, 200, ready.body), [])
    }))
})

describe.skipIf(Specification.isThere)(Specification.skipped, () => {
  it("has nothing to check against", () => assert.isFalse(Specification.isThere))
})
