/**
 * The documents that an agent names: where, in which order, how used. An agent names documents not only in its own
 * prompt but in those of its languages and of the nodes of its workflow; whoever overlooks a place leaves an agent with
 * a document that is gone.
 *
 * Everything here is pure and works on the agent as the API gave it. What is not touched is kept as it is: other
 * people's entries, their order, fields that are not known here.
 *
 * Source: the places where the API description has a `KnowledgeBaseLocator` below `GetAgentResponseModel`.
 *
 * @since 0.1.0
 */
import * as Json from "../../kernel/Json.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly id: string
  readonly name: string
  /** `file`, `text`, `url` or `folder`. */
  readonly type: string
  /** `auto`: found by retrieval where that is on; `prompt`: always in the prompt. */
  readonly usageMode: string
}

/**
 * A list of documents in an agent.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  /** The keys that lead to it: `conversation_config`, `agent`, `prompt`, `knowledge_base`. */
  readonly path: ReadonlyArray<string>
  /** Those that are readable, in their order. */
  readonly entries: ReadonlyArray<Entry>
}

type Fields = { readonly [key: string]: Json.Json }
type List = ReadonlyArray<Json.Json>
type Path = ReadonlyArray<string>

const any = "*"
const ofPrompt: Path = ["agent", "prompt", "knowledge_base"]
const ofLanguage: Path = ["language_presets", any, "overrides", ...ofPrompt]

const main: Path = ["conversation_config", ...ofPrompt]

const patterns: ReadonlyArray<Path> = [
  main,
  ["conversation_config", ...ofLanguage],
  ["workflow", "nodes", any, "additional_knowledge_base"],
  ["workflow", "nodes", any, "conversation_config", ...ofPrompt],
  ["workflow", "nodes", any, "conversation_config", ...ofLanguage]
]

const isFields = (json: Json.Json | undefined): json is Fields =>
  typeof json === "object" && json !== null && !Array.isArray(json)

const isList = (json: Json.Json | undefined): json is List => Array.isArray(json)

/** An own field only: a key may be any text. */
const field = (json: Json.Json | undefined, key: string): Json.Json | undefined =>
  isFields(json) && Object.hasOwn(json, key) ? json[key] : undefined

const withField = (fields: Fields, key: string, value: Json.Json): Fields =>
  fields[key] === value && Object.hasOwn(fields, key)
    ? fields
    // Not by spreading a literal: of a key `__proto__` that would make a prototype.
    : Object.fromEntries(
      Object.hasOwn(fields, key)
        ? Object.entries(fields).map(([name, old]) => [name, name === key ? value : old])
        : [...Object.entries(fields), [key, value]]
    )

const at = (json: Json.Json | undefined, path: Path): Json.Json | undefined =>
  path.reduce<Json.Json | undefined>((inner, key) => field(inner, key), json)

/** The same value where nothing changed. */
const update = (
  json: Json.Json,
  pattern: Path,
  change: (list: List, path: Path) => List,
  path: Path = []
): Json.Json => {
  const [key, ...rest] = pattern
  if (key === undefined) return isList(json) ? change(json, path) : json
  if (!isFields(json)) return json
  let fields = json
  for (const name of key === any ? Object.keys(json) : [key]) {
    const inner = field(json, name)
    if (inner !== undefined) fields = withField(fields, name, update(inner, rest, change, [...path, name]))
  }
  return fields
}

const updateAll = (agent: Json.Json, change: (list: List) => List): Json.Json =>
  patterns.reduce((json, pattern) => update(json, pattern, change), agent)

const textOr = (json: Json.Json | undefined, otherwise: string): string => typeof json === "string" ? json : otherwise

const idOf = (json: Json.Json): string | undefined => {
  const id = field(json, "id")
  return typeof id === "string" ? id : undefined
}

const entryOf = (json: Json.Json): ReadonlyArray<Entry> => {
  const id = idOf(json)
  return id === undefined ? [] : [{
    id,
    name: textOr(field(json, "name"), ""),
    type: textOr(field(json, "type"), "file"),
    usageMode: textOr(field(json, "usage_mode"), "auto")
  }]
}

/**
 * Every list of documents that an agent has, empty ones as well.
 *
 * @since 0.1.0
 * @category getters
 */
export const places = (agent: Json.Json): ReadonlyArray<Place> => {
  const found: Array<Place> = []
  for (const pattern of patterns) {
    update(agent, pattern, (list, path) => {
      found.push({ path, entries: list.flatMap(entryOf) })
      return list
    })
  }
  return found
}

/**
 * How an agent uses a document, at each place where it names it.
 *
 * @since 0.1.0
 * @category getters
 */
export const usageModes = (agent: Json.Json, id: string): ReadonlyArray<string> =>
  isFields(agent) ? usesOf(agent).get(id) ?? [] : []

const usesOf = (agent: Fields): ReadonlyMap<string, ReadonlyArray<string>> => {
  const known = uses.get(agent)
  if (known !== undefined) return known
  const found = new Map<string, Array<string>>()
  for (const { entries } of places(agent)) {
    for (const { id, usageMode } of entries) {
      const modes = found.get(id)
      if (modes === undefined) found.set(id, [usageMode])
      else modes.push(usageMode)
    }
  }
  uses.set(agent, found)
  return found
}

/** Asked for with every document, and what was read of an agent never changes. */
const uses = new WeakMap<Fields, ReadonlyMap<string, ReadonlyArray<string>>>()

/**
 * The ids of all documents that an agent names, wherever.
 *
 * @since 0.1.0
 * @category getters
 */
export const documents = (agent: Json.Json): ReadonlySet<string> =>
  new Set(places(agent).flatMap(({ entries }) => entries.map(({ id }) => id)))

/**
 * The procedures of an agent that name a document. They are things of their own: the agent cannot be changed to not
 * name it.
 *
 * @since 0.1.0
 * @category getters
 */
export const procedures = (agent: Json.Json, id: string): ReadonlyArray<string> => {
  const all = field(agent, "procedures")
  return isFields(all)
    ? Object.entries(all).flatMap(([key, procedure]) => {
      const named = field(procedure, "referenced_kb_ids")
      return isList(named) && named.includes(id) ? [textOr(field(procedure, "name"), "") || key] : []
    })
    : []
}

const ragOf = (config: Json.Json | undefined): Json.Json | undefined => at(config, ["agent", "prompt", "rag"])

/** The embedding model where the API names none. */
const defaultModel = "e5_mistral_7b_instruct"

/**
 * The embedding models by which an agent looks things up: a document it names needs an index for each. Empty where it
 * has everything in its prompt.
 *
 * @since 0.1.0
 * @category getters
 */
export const embeddingModels = (agent: Json.Json): ReadonlySet<string> => {
  const own = ragOf(field(agent, "conversation_config"))
  const ownEnabled = field(own, "enabled") === true
  const ownModel = textOr(field(own, "embedding_model"), defaultModel)
  const found = new Set<string>(ownEnabled ? [ownModel] : [])
  const nodes = at(agent, ["workflow", "nodes"])
  for (const node of isFields(nodes) ? Object.values(nodes) : []) {
    const rag = ragOf(field(node, "conversation_config"))
    const enabled = field(rag, "enabled")
    if (typeof enabled === "boolean" ? enabled : ownEnabled) found.add(textOr(field(rag, "embedding_model"), ownModel))
  }
  return found
}

/**
 * What stands in the place of a document; `null` for nothing.
 *
 * @since 0.1.0
 * @category models
 */
export type Successor = { readonly id: string; readonly name: string; readonly type?: string | undefined } | null

/**
 * The agent with some documents in place of others, wherever those are named: at their positions, used as they were. In a
 * list that has both already, the old one goes. None of them may take the place of another that goes.
 *
 * @since 0.1.0
 * @category combinators
 */
export const exchange = (agent: Json.Json, by: ReadonlyMap<string, Successor>): Json.Json =>
  updateAll(agent, (list) => {
    const ids = list.map(idOf)
    if (!ids.some((id) => id !== undefined && by.has(id))) return list
    const there = new Set(ids)
    const placed = new Set<string>()
    return list.flatMap((entry, index) => {
      const id = ids[index]
      const next = id === undefined ? undefined : by.get(id)
      if (!isFields(entry) || next === undefined) return [entry]
      // A document that was named twice is named once now.
      if (next === null || next.id !== id && there.has(next.id) || placed.has(next.id)) return []
      placed.add(next.id)
      const typed = next.type === undefined ? entry : withField(entry, "type", next.type)
      return [withField(withField(typed, "id", next.id), "name", next.name)]
    })
  })

/**
 * The agent with one document in place of another: see {@link exchange}.
 *
 * @since 0.1.0
 * @category combinators
 */
export const replace = (agent: Json.Json, id: string, by: NonNullable<Successor>): Json.Json =>
  exchange(agent, new Map([[id, by]]))

/**
 * The agent without a document, wherever it was named.
 *
 * @since 0.1.0
 * @category combinators
 */
export const remove = (agent: Json.Json, id: string): Json.Json => exchange(agent, new Map([[id, null]]))

const appended = (list: List, entries: ReadonlyArray<Entry>): List => {
  const there = new Set(list.map(idOf))
  const missing = entries.filter(({ id }) => !there.has(id))
  return missing.length === 0
    ? list
    : [...list, ...missing.map(({ id, name, type, usageMode }) => ({ type, name, id, usage_mode: usageMode }))]
}

const insertAt = (json: Json.Json | undefined, path: Path, entries: ReadonlyArray<Entry>): Json.Json => {
  const [key, ...rest] = path
  if (key === undefined) return appended(isList(json) ? json : [], entries)
  return withField(isFields(json) ? json : {}, key, insertAt(field(json, key), rest, entries))
}

/**
 * The agent with documents at the end of those of its own prompt, unless they are there already. How they are used then is
 * left as it is.
 *
 * @since 0.1.0
 * @category combinators
 */
export const insert = (agent: Json.Json, ...entries: ReadonlyArray<Entry>): Json.Json =>
  entries.length === 0 ? agent : insertAt(agent, main, entries)

const differs = (before: Json.Json | undefined, after: Json.Json | undefined): boolean =>
  !Json.equals(before ?? null, after ?? null)

/**
 * What to send so that the agent names what it does after a change and everything else stays; `undefined` where
 * nothing changed.
 *
 * Of the agent's own prompt only the list is sent. The languages and the workflow are sent whole: whether the API
 * merges the entries of such a map is not said, and sent whole they come out the same either way.
 *
 * @since 0.1.0
 * @category conversions
 */
export const patch = (before: Json.Json, after: Json.Json): Fields | undefined => {
  const changed = (path: Path): Json.Json | undefined => {
    const value = at(after, path)
    return value !== undefined && differs(at(before, path), value) ? value : undefined
  }
  const list = changed(main)
  const languages = changed(["conversation_config", "language_presets"])
  const workflow = changed(["workflow"])
  if (list === undefined && languages === undefined && workflow === undefined) return undefined
  return {
    ...(list === undefined && languages === undefined ? {} : {
      conversation_config: {
        ...(list === undefined ? {} : { agent: { prompt: { knowledge_base: list } } }),
        ...(languages === undefined ? {} : { language_presets: languages })
      }
    }),
    ...(workflow === undefined ? {} : { workflow })
  }
}
