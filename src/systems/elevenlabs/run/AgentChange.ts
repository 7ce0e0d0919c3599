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

const added = (agent: Json.Json, id: string, name: string, usageMode: string): Json.Json =>
  Agents.documents(agent).has(id) ? agent : Agents.insert(agent, { id, name, type: "file", usageMode })

const applyOne = (agent: Json.Json, change: AgentChange): Json.Json => {
  switch (change._tag) {
    case "Swap": {
      const { from, to, usageMode } = change
      const swapped = Agents.replace(agent, from, { ...to, type: "file" })
      return usageMode === null ? swapped : added(swapped, to.id, to.name, usageMode)
    }
    case "Add":
      return added(agent, change.id, change.name, change.usageMode)
    case "Drop":
      return Agents.remove(agent, change.id)
  }
}

/**
 * @since 0.1.0
 * @category combinators
 */
export const apply = (agent: Json.Json, changes: ReadonlyArray<AgentChange>): Json.Json =>
  changes.reduce(applyOne, agent)

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
