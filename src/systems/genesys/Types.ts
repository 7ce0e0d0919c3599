/**
 * All resource types that can be exported.
 *
 * @since 0.1.0
 */
import * as Option from "effect/Option"
import * as Suggestion from "../../kernel/Suggestion.ts"
import type { Table, TypeName } from "./Table.ts"
import * as Architect from "./types/architect.ts"
import * as Authorization from "./types/authorization.ts"
import * as EmailRouting from "./types/emailRouting.ts"
import * as Flows from "./types/flows.ts"
import * as Integrations from "./types/integrations.ts"
import * as Outbound from "./types/outbound.ts"
import * as OutboundRules from "./types/outboundRules.ts"
import * as People from "./types/people.ts"
import * as Queue from "./types/queue.ts"
import * as Responses from "./types/responses.ts"
import * as Routing from "./types/routing.ts"
import * as Telephony from "./types/telephony.ts"
import * as User from "./types/user.ts"
import * as WebDeployments from "./types/webdeployments.ts"

const prefix = "genesyscloud_"

/**
 * Every table, by the name of its type.
 *
 * @since 0.1.0
 * @category constants
 */
export const all: ReadonlyArray<Table> = [
  ...Architect.tables,
  ...Authorization.tables,
  ...EmailRouting.tables,
  ...Flows.tables,
  ...Integrations.tables,
  ...Outbound.tables,
  ...OutboundRules.tables,
  ...People.tables,
  ...Queue.tables,
  ...Responses.tables,
  ...Routing.tables,
  ...Telephony.tables,
  ...User.tables,
  ...WebDeployments.tables
].toSorted((left, right) => (left.type < right.type ? -1 : 1))

const byType: ReadonlyMap<string, Table> = new Map(all.map((table) => [table.type, table]))

/**
 * @since 0.1.0
 * @category conversions
 */
export const fullName = (name: string): TypeName =>
  `genesyscloud_${name.startsWith(prefix) ? name.slice(prefix.length) : name}`

/**
 * The table of a type, named with or without `genesyscloud_`.
 *
 * @since 0.1.0
 * @category getters
 */
export const byName = (name: string): Option.Option<Table> => Option.fromNullable(byType.get(fullName(name)))

/** Words as they are compared: `edges_phones` has `edge` and `phone`. */
const words = (name: string): ReadonlyArray<string> =>
  name
    .toLowerCase()
    .slice(0, 100)
    .replace(prefix, "")
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word.length > 3 && word.endsWith("s") ? word.slice(0, -1) : word)

/** From 0, nothing in common, to 1, the same. A word within another one counts for most of it. */
const alike = (wanted: string, known: string): number => {
  if (wanted.length > 2 && (known.includes(wanted) || wanted.includes(known)) && wanted !== known) return 0.9
  return 1 - Suggestion.distance(wanted, known) / Math.max(wanted.length, known.length)
}

const score = (wanted: ReadonlyArray<string>, known: ReadonlyArray<string>): number => {
  const each = wanted.map((word) => Math.max(0, ...known.map((other) => alike(word, other))))
  const found = each.reduce((sum, one) => sum + one, 0) / wanted.length
  return found - 0.02 * Math.max(0, known.length - wanted.length)
}

/**
 * Up to three types that somebody who wrote `name` may have meant, the likeliest first, with their prefix.
 *
 * @example
 * Types.suggest("datatables") // ["genesyscloud_architect_datatable", "genesyscloud_architect_datatable_row"]
 *
 * @since 0.1.0
 * @category getters
 */
export const suggest = (name: string): ReadonlyArray<TypeName> => {
  const wanted = words(name)
  if (wanted.length === 0) return []
  return all
    .map((table) => ({ type: table.type, score: score(wanted, words(table.type)) }))
    .filter((candidate) => candidate.score >= 0.7)
    .toSorted((left, right) => right.score - left.score)
    .slice(0, 3)
    .map((candidate) => candidate.type)
}
