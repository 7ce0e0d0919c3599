/**
 * A save of an agent: what is sent is merged into the newest version of the branch, whatever that has become.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Agents from "./Agents.ts"
import * as Answer from "./Answer.ts"
import type { Call } from "./Call.ts"
import * as Indexing from "./Indexing.ts"
import * as Tree from "./Tree.ts"

const kept = ["name", "conversation_config", "platform_settings", "workflow", "tags"]

const kinds: ReadonlySet<Json.Json | undefined> = new Set(["file", "url", "text", "folder"])
const usages: ReadonlySet<Json.Json | undefined> = new Set([undefined, "auto", "prompt"])

/** What is wrong with an entry of a list of documents. */
const wrong = (entry: Json.Json, loc: ReadonlyArray<string | number>): Answer.Answer | undefined => {
  if (!Tree.isFields(entry)) {
    return Answer.invalid(loc, "Input should be a valid dictionary or object", "model_attributes_type")
  }
  for (const name of ["type", "name", "id"]) {
    if (typeof entry[name] !== "string") return Answer.missing(...loc, name)
  }
  if (!kinds.has(entry["type"])) {
    return Answer.invalid([...loc, "type"], "Input should be 'file', 'url', 'text' or 'folder'", "enum")
  }
  return usages.has(entry["usage_mode"])
    ? undefined
    : Answer.invalid([...loc, "usage_mode"], "Input should be 'prompt' or 'auto'", "enum")
}

const listed = (change: Tree.Fields): Answer.Answer | undefined => {
  const given = Tree.at(change, "conversation_config", "agent", "prompt", "knowledge_base")
  if (given !== undefined && !Tree.isList(given)) {
    return Answer.invalid(
      ["body", "conversation_config", "agent", "prompt", "knowledge_base"],
      "Input should be a valid list",
      "list_type"
    )
  }
  for (const { list, path } of Tree.places(change)) {
    for (const [index, entry] of list.entries()) {
      const refused = wrong(entry, ["body", ...path.split("."), index])
      if (refused !== undefined) return refused
    }
  }
  return undefined
}

/** What retrieval needs of an entry that is new. */
const retrieved = (content: Tree.Fields, added: ReadonlySet<string>, call: Call): Answer.Answer | undefined => {
  const rag = Tree.at(content, "conversation_config", "agent", "prompt", "rag") ?? {}
  const model = Tree.at(rag, "embedding_model") ?? "e5_mistral_7b_instruct"
  if (Tree.at(rag, "enabled") !== true || !Indexing.isModel(model)) return undefined
  const { attachUnindexed, indexing, library } = call.workspace
  for (const entry of Tree.places(content).flatMap(({ list }) => list)) {
    const item = library.items.get(Tree.idOf(entry))
    if (item === undefined || !added.has(item.id) || Tree.at(entry, "usage_mode") === "prompt") continue
    if (indexing.isReady(item, model, call.now)) continue
    if (!attachUnindexed) {
      return Answer.failure(
        422,
        "validation_error",
        "rag_index_not_ready",
        `The index of document ${item.id} is not ready.`,
        { param: "knowledge_base" }
      )
    }
    indexing.ensure(item, model, call.now)
  }
  return undefined
}

/**
 * The version that was made; an answer where none was.
 *
 * @since 0.1.0
 * @category combinators
 */
export const save = (
  agent: Agents.Agent,
  branch: Agents.Branch,
  body: Tree.Fields,
  call: Call
): Agents.Version | Answer.Answer => {
  const change = Object.fromEntries(
    kept.flatMap((name): ReadonlyArray<readonly [string, Json.Json]> => {
      const value = body[name]
      return value === undefined || value === null ? [] : [[name, value]]
    })
  )
  const refused = listed(change)
  if (refused !== undefined) return refused
  const before = Agents.tip(branch).content
  const content = Tree.merge(before, change)
  const had = Tree.named(before)
  const added = new Set([...Tree.named(content)].filter((id) => !had.has(id)))
  for (const id of added) if (!call.workspace.library.items.has(id)) return Answer.noDocument(id)
  if (added.size > call.workspace.limits.attached) {
    return Answer.failure(
      400,
      "validation_error",
      "invalid_parameters",
      `At most ${call.workspace.limits.attached} documents can be added at once.`,
      { param: "knowledge_base" }
    )
  }
  const description = body["version_description"]
  return retrieved(content, added, call) ??
    call.workspace.agents.save(agent, branch, content, {
      description: typeof description === "string" ? description : "",
      foreign: false,
      now: call.now
    })
}
