/**
 * Indexes for retrieval: of one document, of many, and how much of the quota they use.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../../kernel/Json.ts"
import * as Answer from "../Answer.ts"
import * as Call from "../Call.ts"
import * as Indexing from "../Indexing.ts"
import type * as Library from "../Library.ts"
import * as Tree from "../Tree.ts"

const root = "/v1/convai/knowledge-base"
const one = `${root}/{documentation_id}/rag-index`

const shown = (item: Library.Item, index: Library.Index, call: Call.Call): Tree.Fields => {
  const state = call.workspace.indexing.state(item, index, call.now)
  return {
    id: index.id,
    model: index.model,
    status: state.status,
    progress_percentage: state.progress,
    document_model_index_usage: { used_bytes: state.usedBytes }
  }
}

/** A folder has no index, and says so in the words of one. */
const ofFolder = (item: Library.Item, model: Library.Model): Tree.Fields => ({
  id: item.id,
  model,
  status: "cannot_index_folder",
  progress_percentage: 0,
  document_model_index_usage: { used_bytes: 0 }
})

const ensure = (item: Library.Item, model: Library.Model, call: Call.Call): Tree.Fields =>
  item.kind === "folder"
    ? ofFolder(item, model)
    : shown(item, call.workspace.indexing.ensure(item, model, call.now), call)

const unknownModel = (...loc: ReadonlyArray<string | number>): Answer.Answer =>
  Answer.invalid(loc, `Input should be ${Indexing.models.map((model) => `'${model}'`).join(" or ")}`, "enum")

const create = Call.withItem((item, call) =>
  Call.withFields((body) => {
    const model = body["model"]
    if (model === undefined) return Answer.missing("body", "model")
    return Indexing.isModel(model) ? Answer.value(ensure(item, model, call)) : unknownModel("body", "model")
  })(call)
)

const list = Call.withItem((item, call) =>
  Answer.value({ indexes: [...item.indexes.values()].map((index) => shown(item, index, call)) })
)

const remove = Call.withItem((item, call) => {
  const id = call.at["rag_index_id"] ?? ""
  const index = [...item.indexes.values()].find((known) => known.id === id)
  if (index === undefined) {
    return Answer.failure(404, "not_found", "rag_index_not_found", `RAG index with id ${id} not found.`)
  }
  const before = shown(item, index, call)
  item.indexes.delete(index.model)
  return Answer.value(before)
})

interface Wanted {
  readonly document: string
  readonly model: Library.Model
  readonly create: boolean
}

const wanted = (entry: Json.Json, index: number): Wanted | { readonly refused: Answer.Answer } => {
  const [document, model, create] = [
    Tree.at(entry, "document_id"),
    Tree.at(entry, "model"),
    Tree.at(entry, "create_if_missing")
  ]
  if (typeof document !== "string") return { refused: Answer.missing("body", "items", index, "document_id") }
  if (typeof create !== "boolean") return { refused: Answer.missing("body", "items", index, "create_if_missing") }
  return Indexing.isModel(model)
    ? { document, model, create }
    : { refused: unknownModel("body", "items", index, "model") }
}

const single = (asked: Wanted, call: Call.Call): Answer.Answer => {
  const item = call.workspace.library.items.get(asked.document)
  if (item === undefined) return Answer.noDocument(asked.document)
  const there = item.indexes.get(asked.model)
  if (there === undefined && !asked.create) {
    return Answer.failure(404, "not_found", "rag_index_not_found", `Document ${item.id} has no such index.`)
  }
  return Answer.value(ensure(item, asked.model, call))
}

const many = Call.withFields((body, call) => {
  const items = body["items"]
  if (!Tree.isList(items)) return Answer.missing("body", "items")
  if (items.length < 1 || items.length > 100) {
    return Answer.invalid(["body", "items"], "List should have 1 to 100 items", "too_long")
  }
  const outcomes: Record<string, Json.Json> = {}
  const asked = items.map(wanted)
  for (const entry of asked) if ("refused" in entry) return entry.refused
  for (const entry of asked) {
    if (!("refused" in entry)) outcomes[entry.document] = Call.outcome(single(entry, call))
  }
  return Answer.value(outcomes)
})

const overview = ({ workspace: { indexing } }: Call.Call): Answer.Answer => {
  const models = Indexing.models.map((model) => ({ model, used_bytes: indexing.used(model) }))
  return Answer.value({
    total_used_bytes: models.reduce((sum, { used_bytes }) => sum + used_bytes, 0),
    total_max_bytes: indexing.limitBytes,
    models: models.filter(({ used_bytes }) => used_bytes > 0)
  })
}

/**
 * @since 0.1.0
 * @category constants
 */
export const routes: ReadonlyArray<Call.Route> = [
  { method: "POST", path: one, answer: create },
  { method: "GET", path: one, answer: list },
  { method: "DELETE", path: `${one}/{rag_index_id}`, answer: remove },
  { method: "POST", path: `${root}/rag-index`, answer: many },
  { method: "GET", path: `${root}/rag-index`, answer: overview }
]
