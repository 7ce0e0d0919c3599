/**
 * What is to be changed about the documents that an agent names. Everything here is pure, and doing it again changes
 * nothing.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import type * as Json from "../../../kernel/Json.ts"
import * as Agents from "../Agents.ts"

/**
 * - `Swap`: `to` stands wherever `from` stood. With a `usageMode`, the agent names it in any case.
 * - `Add`: the agent names it, at the end of its own documents if it did not yet.
 * - `Drop`: the agent does not name it anywhere.
 *
 * @since 0.1.0
 * @category schemas
 */
export const AgentChange = Schema.Union(
  Schema.TaggedStruct("Swap", {
    from: Schema.String,
    to: Schema.Struct({ id: Schema.String, name: Schema.String }),
    usageMode: Schema.NullOr(Schema.String)
  }),
  Schema.TaggedStruct("Add", { id: Schema.String, name: Schema.String, usageMode: Schema.String }),
  Schema.TaggedStruct("Drop", { id: Schema.String })
)

/**
 * @since 0.1.0
 * @category models
 */
export type AgentChange = typeof AgentChange.Type

type Successors = ReadonlyMap<string, Agents.Successor>

const successorsOf = (changes: ReadonlyArray<AgentChange>): Successors =>
  new Map(changes.flatMap((change): ReadonlyArray<[string, Agents.Successor]> => {
    if (change._tag === "Add") return []
    return [change._tag === "Drop" ? [change.id, null] : [change.from, { ...change.to, type: "file" }]]
  }))

/** What the agent is to name in any case. */
const wantedBy = (change: AgentChange): ReadonlyArray<Agents.Entry> => {
  if (change._tag === "Drop" || change.usageMode === null) return []
  const { id, name } = change._tag === "Add" ? change : change.to
  return [{ id, name, type: "file", usageMode: change.usageMode }]
}

const applyTogether = (agent: Json.Json, changes: ReadonlyArray<AgentChange>): Json.Json => {
  const exchanged = Agents.exchange(agent, successorsOf(changes))
  const named = Agents.documents(exchanged)
  return Agents.insert(exchanged, ...changes.flatMap(wantedBy).filter(({ id }) => !named.has(id)))
}

const idsIn = (change: AgentChange): ReadonlyArray<string> =>
  change._tag === "Swap" ? [change.from, change.to.id] : [change.id]

/** Whether they have nothing to do with each other. */
const areApart = (changes: ReadonlyArray<AgentChange>): boolean => {
  const ids = changes.flatMap(idsIn)
  return new Set(ids).size === ids.length
}

/**
 * One after the other; those that have nothing to do with each other at once, which is the same.
 *
 * @since 0.1.0
 * @category combinators
 */
export const apply = (agent: Json.Json, changes: ReadonlyArray<AgentChange>): Json.Json =>
  areApart(changes)
    ? applyTogether(agent, changes)
    : changes.reduce((before, change) => applyTogether(before, [change]), agent)

const nameOf = (change: AgentChange): string =>
  change._tag === "Drop" ? "" : change._tag === "Add" ? change.name : change.to.name

/**
 * By the names of the documents, so that an agent names them in one order whichever was uploaded first. Those that have
 * to do with each other stay as they came.
 *
 * @since 0.1.0
 * @category combinators
 */
export const inOrder = (changes: ReadonlyArray<AgentChange>): ReadonlyArray<AgentChange> =>
  areApart(changes)
    ? changes.toSorted((a, b) => nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : 0)
    : changes

/**
 * Whether nothing is left to be done.
 *
 * @since 0.1.0
 * @category predicates
 */
export const holds = (agent: Json.Json, changes: ReadonlyArray<AgentChange>): boolean =>
  Agents.patch(agent, apply(agent, changes)) === undefined

/**
 * What somebody else saved, with everything done in it that was done to the version before: our changes, and what was put
 * back of still others.
 *
 * @param base What was seen.
 * @param wanted What it was to become.
 * @param theirs What somebody made of it meanwhile.
 * @since 0.1.0
 * @category combinators
 */
export const rebase = (
  base: Json.Json,
  wanted: Json.Json,
  theirs: Json.Json,
  changes: ReadonlyArray<AgentChange>
): Json.Json => {
  const before = Agents.documents(base)
  const after = Agents.documents(wanted)
  const added = Agents.places(wanted).flatMap(({ entries, path }) =>
    path[0] === "conversation_config" && path[1] === "agent" ? entries.filter(({ id }) => !before.has(id)) : []
  )
  const there = apply(theirs, changes)
  const given = added.reduce(
    (agent, entry) => Agents.documents(agent).has(entry.id) ? agent : Agents.insert(agent, entry),
    there
  )
  return [...before].filter((id) => !after.has(id)).reduce((agent, id) => Agents.remove(agent, id), given)
}
