/**
 * Who uses a document: an agent is told where its main branch does, branches each for itself.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../../kernel/Json.ts"
import type * as Agents from "../Agents.ts"
import { tip } from "../Agents.ts"
import * as Answer from "../Answer.ts"
import * as Call from "../Call.ts"
import type * as Library from "../Library.ts"
import * as Page from "../Page.ts"
import * as Shown from "../Shown.ts"
import * as Tree from "../Tree.ts"

const root = "/v1/convai/knowledge-base"

interface Row {
  readonly agent: Agents.Agent
  /** Of the documents that were asked for, which each branch uses. */
  readonly branches: Map<Agents.Branch, Set<string>>
}

const nameOf = (branch: Agents.Branch | undefined): string =>
  String((branch === undefined ? undefined : Tree.at(tip(branch).content, "name")) ?? "")

const agentOf = ({ agent, branches }: Row): ReadonlyArray<Json.Json> => {
  const main = agent.branches.get(agent.main)
  const used = main === undefined ? undefined : branches.get(main)
  const referenced_resource_ids = [...used ?? []]
  if (agent.hidden) return [{ type: "unknown", id: agent.id, referenced_resource_ids }]
  if (used === undefined) return []
  return [{
    type: "available",
    id: agent.id,
    name: nameOf(main),
    created_at_unix_secs: Shown.seconds(agent.createdAt),
    access_level: "admin",
    referenced_resource_ids
  }]
}

const branchesOf = ({ agent, branches }: Row): ReadonlyArray<Json.Json> =>
  agent.hidden ? [] : [...branches.keys()].map((branch): Json.Json => ({
    agent_id: agent.id,
    agent_name: nameOf(agent.branches.get(agent.main)),
    branch_id: branch.id,
    branch_name: branch.name,
    is_main: branch.id === agent.main
  }))

const answer = (items: ReadonlyArray<Library.Item>, call: Call.Call): Answer.Answer => {
  const type = call.query.get("dependent_type") ?? "all"
  if (type !== "direct" && type !== "transitive" && type !== "all") {
    return Answer.invalid(["query", "dependent_type"], "Input should be 'direct', 'transitive' or 'all'", "enum")
  }
  const rows = new Map<string, Row>()
  for (const item of items) {
    for (const { agent, branch } of call.workspace.ledger.uses(item, type, call.now)) {
      const row = rows.get(agent.id) ?? { agent, branches: new Map() }
      row.branches.set(branch, (row.branches.get(branch) ?? new Set()).add(item.id))
      rows.set(agent.id, row)
    }
  }
  const entries = [...rows.values()].map((row): Page.Entry<Row> => ({
    group: 0,
    key: row.agent.createdAt,
    id: row.agent.id,
    value: row
  }))
  const paged = Page.of(entries, call.query)
  if ("refused" in paged) return paged.refused
  return Answer.value({
    agents: paged.page.values.flatMap(agentOf),
    branches: paged.page.values.flatMap(branchesOf),
    ...paged.page.fields
  })
}

const many = Call.withFields((body, call) => {
  const asked = Call.idsIn(body, 20)
  if ("refused" in asked) return asked.refused
  const items: Array<Library.Item> = []
  for (const id of asked.ids) {
    const item = call.workspace.library.items.get(id)
    if (item === undefined) return Answer.noDocument(id)
    items.push(item)
  }
  return answer(items, call)
})

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Call.Route> = [
  {
    method: "GET",
    path: `${root}/{documentation_id}/dependent-agents`,
    answer: Call.withItem((item, call) => answer([item], call))
  },
  { method: "POST", path: `${root}/dependent-agents`, answer: many }
]
