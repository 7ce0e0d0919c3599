/**
 * An agent's configuration as plain JSON: reading at a path, merging a change, and the places in it that name documents.
 *
 * Sources: the API description: `knowledge_base` of a prompt, and of a workflow node `additional_knowledge_base` and the
 * prompt that overrides the agent's. Saving merges objects and replaces lists.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Fields = { readonly [key: string]: Json.Json }

/**
 * @since 0.1.0
 * @category predicates
 */
export const isFields = (value: Json.Json | undefined): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value)

/**
 * @since 0.1.0
 * @category predicates
 */
export const isList = (value: Json.Json | undefined): value is ReadonlyArray<Json.Json> => Array.isArray(value)

/**
 * What stands at a path of names.
 *
 * @since 0.1.0
 * @category getters
 */
export const at = (value: Json.Json, ...path: ReadonlyArray<string>): Json.Json | undefined => {
  let here: Json.Json | undefined = value
  for (const name of path) here = isFields(here) && Object.hasOwn(here, name) ? here[name] : undefined
  return here
}

/**
 * @since 0.1.0
 * @category combinators
 */
export const merge = (base: Fields, change: Fields): Fields => {
  const merged: Record<string, Json.Json> = { ...base }
  for (const [name, value] of Object.entries(change)) {
    const before = merged[name]
    merged[name] = isFields(before) && isFields(value) ? merge(before, value) : value
  }
  return merged
}

/**
 * A list of documents and where in the configuration it stands: `conversation_config.agent.prompt.knowledge_base`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly path: string
  readonly list: ReadonlyArray<Json.Json>
}

const names = new Set(["knowledge_base", "additional_knowledge_base"])

/**
 * Every list of documents, those of workflow nodes included.
 *
 * @since 0.1.0
 * @category getters
 */
export const places = (value: Json.Json, path: ReadonlyArray<string> = []): ReadonlyArray<Place> =>
  isFields(value)
    ? Object.entries(value).flatMap(([name, inner]) =>
      names.has(name) && isList(inner)
        ? [{ path: [...path, name].join("."), list: inner }]
        : places(inner, [...path, name])
    )
    : []

/**
 * The id that an entry of such a list names.
 *
 * @since 0.1.0
 * @category getters
 */
export const idOf = (entry: Json.Json): string => {
  const id = at(entry, "id")
  return typeof id === "string" ? id : ""
}

/**
 * Every document that is named anywhere.
 *
 * @since 0.1.0
 * @category getters
 */
export const named = (value: Json.Json): ReadonlySet<string> =>
  new Set(places(value).flatMap(({ list }) => list.map(idOf)))

/**
 * The same without some of the documents.
 *
 * @since 0.1.0
 * @category combinators
 */
export const without = (value: Fields, ids: ReadonlySet<string>): Fields =>
  Object.fromEntries(
    Object.entries(value).map(([name, inner]): readonly [string, Json.Json] => {
      if (names.has(name) && isList(inner)) return [name, inner.filter((entry) => !ids.has(idOf(entry)))]
      return [name, isFields(inner) ? without(inner, ids) : inner]
    })
  )
