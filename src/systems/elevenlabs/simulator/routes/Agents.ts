/**
 * Agents with their branches and versions.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../../kernel/Json.ts"
import * as Agents from "../Agents.ts"
import * as Answer from "../Answer.ts"
import * as Call from "../Call.ts"
import * as Page from "../Page.ts"
import * as Saving from "../Saving.ts"
import * as Shown from "../Shown.ts"
import * as Tree from "../Tree.ts"

const root = "/v1/convai/agents"
const one = `${root}/{agent_id}`

const nameOf = (agent: Agents.Agent): string => {
  const main = agent.branches.get(agent.main)
  return String((main === undefined ? undefined : Tree.at(Agents.tip(main).content, "name")) ?? "")
}

const withAgent =
  (answer: (agent: Agents.Agent, call: Call.Call) => Answer.Answer) => (call: Call.Call): Answer.Answer => {
    const id = call.at["agent_id"] ?? ""
    const agent = call.workspace.agents.all.get(id)
    return agent === undefined || agent.hidden ? Answer.noAgent(id) : answer(agent, call)
  }

const noBranch = (id: string): Answer.Answer =>
  Answer.failure(404, "not_found", "branch_not_found", `Branch with id ${id} not found.`)

const withBranch = (answer: (agent: Agents.Agent, branch: Agents.Branch, call: Call.Call) => Answer.Answer) =>
  withAgent((agent, call) => {
    const id = call.at["branch_id"] ?? call.query.get("branch_id") ?? agent.main
    const branch = agent.branches.get(id)
    return branch === undefined ? noBranch(id) : answer(agent, branch, call)
  })

/** A version of an agent, as it is asked for and as a save answers. */
const shown = (agent: Agents.Agent, version: Agents.Version): Tree.Fields => ({
  ...version.content,
  agent_id: agent.id,
  metadata: {
    created_at_unix_secs: Shown.seconds(agent.createdAt),
    updated_at_unix_secs: Shown.seconds(version.savedAt)
  },
  phone_numbers: [],
  whatsapp_accounts: [],
  access_info: Shown.access(false),
  version_id: version.id,
  branch_id: version.branch,
  main_branch_id: agent.main,
  procedures: {}
})

const read = withBranch((agent, branch, call) => {
  const id = call.query.get("version_id")
  if (id === null || id === "") return Answer.value(shown(agent, Agents.tip(branch)))
  const version = [...agent.branches.values()].flatMap(({ versions }) => versions).find((known) => known.id === id)
  return version === undefined
    ? Answer.failure(404, "not_found", "version_not_found", `Version with id ${id} not found.`)
    : Answer.value(shown(agent, version))
})

const patch = withBranch((agent, branch, call) =>
  Call.withFields((body) => {
    const saved = Saving.save(agent, branch, body, call)
    return "_tag" in saved ? saved : Answer.value(shown(agent, saved))
  })(call)
)

const summary = (agent: Agents.Agent): Tree.Fields => ({
  agent_id: agent.id,
  name: nameOf(agent),
  voice_id: "cjVigY5qzO86Huf0OWal",
  tags: [],
  created_at_unix_secs: Shown.seconds(agent.createdAt),
  access_info: Shown.access(false),
  last_call_time_unix_secs: null,
  archived: false
})

const list = ({ query, workspace }: Call.Call): Answer.Answer => {
  const search = (query.get("search") ?? "").toLowerCase()
  const byName = query.get("sort_by") === "name"
  const entries = [...workspace.agents.all.values()]
    .filter((agent) => !agent.hidden && nameOf(agent).toLowerCase().includes(search))
    .map((agent): Page.Entry<Agents.Agent> => ({
      group: 0,
      key: byName ? nameOf(agent) : agent.createdAt,
      id: agent.id,
      value: agent
    }))
  const paged = Page.of(entries, query, query.get("sort_direction") !== "asc")
  if ("refused" in paged) return paged.refused
  return Answer.value({ agents: paged.page.values.map(summary), ...paged.page.fields })
}

const summaries = ({ query, workspace }: Call.Call): Answer.Answer => {
  const ids = query.getAll("agent_ids")
  if (ids.length === 0) return Answer.missing("query", "agent_ids")
  return Answer.value(Object.fromEntries(ids.map((id) => {
    const agent = workspace.agents.all.get(id)
    const found = agent === undefined || agent.hidden ? Answer.noAgent(id) : Answer.value(summary(agent))
    return [id, Call.outcome(found)]
  })))
}

const branchBase = (agent: Agents.Agent, branch: Agents.Branch): Tree.Fields => ({
  id: branch.id,
  name: branch.name,
  agent_id: agent.id,
  description: branch.description,
  created_at: Shown.seconds(branch.createdAt),
  last_committed_at: Shown.seconds(Agents.tip(branch).savedAt),
  is_archived: branch.archived,
  protection_status: "writer_perms_required",
  access_info: Shown.access(false),
  current_live_percentage: branch.id === agent.main ? 100 : 0
})

const branches = withAgent((agent, { query }) => {
  const asked = query.get("limit")
  const limit = asked === null ? 100 : Number(asked)
  if (!Number.isInteger(limit) || limit < 2 || limit > 100) {
    return Answer.invalid(["query", "limit"], "Input should be greater than 1 and at most 100", "greater_than")
  }
  const found = [...agent.branches.values()].filter(({ archived }) =>
    !archived || query.get("include_archived") === "true"
  )
  return Answer.value({
    meta: { total: found.length, page: 1, page_size: limit },
    results: found.slice(0, limit).map((branch): Json.Json => ({
      ...branchBase(agent, branch),
      parent_branch_id: branch.parent,
      draft_exists: false
    }))
  })
})

const versionOf = (agent: Agents.Agent, version: Agents.Version): Tree.Fields => ({
  id: version.id,
  agent_id: agent.id,
  branch_id: version.branch,
  version_description: version.description,
  seq_no_in_branch: version.sequence,
  time_committed_secs: Shown.seconds(version.savedAt),
  parents: { in_branch_parent_id: version.parent, out_of_branch_parent_id: version.origin },
  access_info: Shown.access(version.foreign)
})

const readBranch = withBranch((agent, branch) => {
  const parent = branch.parent === null ? undefined : agent.branches.get(branch.parent)
  return Answer.value({
    ...branchBase(agent, branch),
    parent_branch: parent === undefined ? null : { id: parent.id, name: parent.name },
    most_recent_versions: branch.versions.slice(-10).toReversed().map((version) => versionOf(agent, version))
  })
})

const readVersion = withAgent((agent, { at }) => {
  const id = at["version_id"] ?? ""
  const version = [...agent.branches.values()].flatMap(({ versions }) => versions).find((known) => known.id === id)
  return version === undefined
    ? Answer.failure(404, "not_found", "version_not_found", `Version with id ${id} not found.`)
    : Answer.value(versionOf(agent, version))
})

/** The vendor counts pages; how large one is nobody says. */
const pageBytes = 2_000

const size = withAgent((agent, { workspace }) => {
  const main = agent.branches.get(agent.main)
  const ids = main === undefined ? [] : [...Tree.named(Agents.tip(main).content)]
  const bytes = ids.reduce((sum, id) => sum + (workspace.library.items.get(id)?.bytes.length ?? 0), 0)
  return Answer.value({ number_of_pages: bytes / pageBytes })
})

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Call.Route> = [
  { method: "GET", path: root, answer: list },
  { method: "GET", path: `${root}/summaries`, answer: summaries },
  { method: "GET", path: one, answer: read },
  { method: "PATCH", path: one, answer: patch },
  { method: "GET", path: `${one}/branches`, answer: branches },
  { method: "GET", path: `${one}/branches/{branch_id}`, answer: readBranch },
  { method: "GET", path: `${one}/versions/{version_id}`, answer: readVersion },
  { method: "GET", path: "/v1/convai/agent/{agent_id}/knowledge-base/size", answer: size }
]
