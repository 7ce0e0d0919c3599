/**
 * Agents, their branches and versions. Every save makes a version that never changes; nothing guards a save against one
 * that came in between, so the last of two wins.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import type { Ids } from "./Ids.ts"
import * as Tree from "./Tree.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Version {
  readonly id: string
  readonly branch: string
  /** Counted from 1. */
  readonly sequence: number
  /** Milliseconds since 1970. */
  readonly savedAt: number
  readonly description: string
  /** Saved by somebody else. */
  readonly foreign: boolean
  /** The version before, on this branch. */
  readonly parent: string | null
  /** Of the first of a branch: the version it was made from. */
  readonly origin: string | null
  /** `name`, `conversation_config`, `platform_settings`, `workflow`, `tags`. */
  readonly content: Tree.Fields
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Branch {
  readonly id: string
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly archived: boolean
  readonly parent: string | null
  /** All of them, the newest last. */
  readonly versions: Array<Version>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Agent {
  readonly id: string
  readonly createdAt: number
  /** The key may not see it. */
  readonly hidden: boolean
  readonly main: string
  /** In the order in which they were made, the main one first. */
  readonly branches: Map<string, Branch>
}

/**
 * An agent as it is put into a world.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewAgent {
  readonly name: string
  /** What its main branch has from the start, in order. Defaults to none. */
  readonly documents?: ReadonlyArray<Attached> | undefined
  /** Whether it retrieves from its documents. Defaults to `false`. */
  readonly retrieval?: boolean | undefined
  /** With which model. Defaults to `e5_mistral_7b_instruct`. */
  readonly embeddingModel?: "e5_mistral_7b_instruct" | "multilingual_e5_large_instruct" | undefined
  /** Nodes of a workflow that have documents of their own: by the node's name. Defaults to none. */
  readonly nodes?: Readonly<Record<string, ReadonlyArray<Attached>>> | undefined
  /** The key may not see it: dependents are told its id only. Defaults to `false`. */
  readonly hidden?: boolean | undefined
}

/**
 * An entry of a knowledge base list.
 *
 * @since 0.1.0
 * @category models
 */
export interface Attached {
  readonly id: string
  readonly name: string
  readonly type: "file" | "text" | "url" | "folder"
  /** Defaults to `auto`. */
  readonly usage?: "auto" | "prompt" | undefined
}

interface Saving {
  readonly description: string
  readonly foreign: boolean
  readonly now: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Agents {
  readonly all: ReadonlyMap<string, Agent>
  readonly add: (agent: NewAgent, now: number) => Agent
  readonly branch: (
    agent: Agent,
    from: Version,
    options: { readonly name: string; readonly description: string; readonly archived: boolean; readonly now: number }
  ) => Branch
  readonly save: (agent: Agent, branch: Branch, content: Tree.Fields, saving: Saving) => Version
  readonly remove: (id: string) => void
}

/**
 * Its newest version.
 *
 * @since 0.1.0
 * @category getters
 */
export const tip = (branch: Branch): Version => {
  const last = branch.versions.at(-1)
  if (last === undefined) throw new Error(`branch ${branch.id} has no version`)
  return last
}

/**
 * @since 0.1.0
 * @category conversions
 */
export const locator = ({ id, name, type, usage }: Attached): Tree.Fields => ({
  type,
  name,
  id,
  usage_mode: usage ?? "auto"
})

const nodeOf = (label: string, documents: ReadonlyArray<Attached>): Tree.Fields => ({
  type: "override_agent",
  position: { x: 0, y: 0 },
  edge_order: [],
  conversation_config: {},
  additional_prompt: "",
  additional_knowledge_base: documents.map(locator),
  additional_tool_ids: [],
  label,
  entry_behavior: "auto"
})

const contentOf = (agent: NewAgent): Tree.Fields => ({
  name: agent.name,
  conversation_config: {
    tts: { voice_id: "cjVigY5qzO86Huf0OWal" },
    agent: {
      first_message: "Hello, how can I help?",
      language: "en",
      prompt: {
        prompt: `You answer for ${agent.name}.`,
        llm: "gemini-2.5-flash",
        temperature: 0,
        tool_ids: [],
        knowledge_base: (agent.documents ?? []).map(locator),
        rag: {
          enabled: agent.retrieval ?? false,
          embedding_model: agent.embeddingModel ?? "e5_mistral_7b_instruct",
          max_documents_length: 50_000
        }
      }
    }
  },
  platform_settings: { archived: false },
  workflow: {
    edges: {},
    nodes: {
      start_node: { type: "start", position: { x: 0, y: 0 }, edge_order: [] },
      ...Object.fromEntries(
        Object.entries(agent.nodes ?? {}).map(([name, documents]): readonly [string, Json.Json] => [
          name,
          nodeOf(name, documents)
        ])
      )
    },
    prevent_subagent_loops: false
  },
  tags: []
})

/**
 * @param saved Is told of every version.
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  ids: Ids,
  saved: (agent: Agent, version: Version, before: Version | undefined) => void
): Agents => {
  const all = new Map<string, Agent>()

  const put = (
    agent: Agent,
    branch: Branch,
    content: Tree.Fields,
    saving: Saving,
    origin: string | null
  ): Version => {
    const before = branch.versions.at(-1)
    const version: Version = {
      id: ids.version(),
      branch: branch.id,
      sequence: branch.versions.length + 1,
      savedAt: saving.now,
      description: saving.description,
      foreign: saving.foreign,
      parent: before?.id ?? null,
      origin,
      content
    }
    branch.versions.push(version)
    saved(agent, version, before)
    return version
  }

  const grow = (
    agent: Agent,
    branch: Branch,
    content: Tree.Fields,
    saving: Saving,
    origin: string | null
  ): Branch => {
    agent.branches.set(branch.id, branch)
    put(agent, branch, content, saving, origin)
    return branch
  }

  const add = (given: NewAgent, now: number): Agent => {
    const main = ids.branch()
    const agent: Agent = {
      id: ids.agent(),
      createdAt: now,
      hidden: given.hidden ?? false,
      main,
      branches: new Map()
    }
    all.set(agent.id, agent)
    grow(
      agent,
      { id: main, name: "Main", description: "", createdAt: now, archived: false, parent: null, versions: [] },
      contentOf(given),
      { description: "Created", foreign: true, now },
      null
    )
    return agent
  }

  const branch: Agents["branch"] = (agent, from, { archived, description, name, now }) =>
    grow(
      agent,
      { id: ids.branch(), name, description, createdAt: now, archived, parent: from.branch, versions: [] },
      from.content,
      { description: `Branched from ${from.id}`, foreign: true, now },
      from.id
    )

  const save: Agents["save"] = (agent, branch, content, saving) => put(agent, branch, content, saving, null)

  return { all, add, branch, save, remove: (id) => void all.delete(id) }
}
