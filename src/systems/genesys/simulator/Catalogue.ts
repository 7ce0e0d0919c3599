/**
 * All resource types, in a fixed order: their numbers are part of every id.
 *
 * @since 0.1.0
 */
import type { Kind, Name } from "./Kind.ts"
import * as Architect from "./kinds/Architect.ts"
import * as Content from "./kinds/Content.ts"
import * as Directory from "./kinds/Directory.ts"
import * as Email from "./kinds/Email.ts"
import * as Integrations from "./kinds/Integrations.ts"
import * as Outbound from "./kinds/Outbound.ts"
import * as OutboundRules from "./kinds/OutboundRules.ts"
import * as Queues from "./kinds/Queues.ts"
import * as Routing from "./kinds/Routing.ts"
import * as Telephony from "./kinds/Telephony.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const kinds: ReadonlyArray<Kind> = [
  ...Queues.kinds,
  ...Routing.kinds,
  ...Email.kinds,
  ...Directory.kinds,
  ...Architect.kinds,
  ...Telephony.kinds,
  ...Integrations.kinds,
  ...Outbound.kinds,
  OutboundRules.ruleSets,
  ...Content.kinds
]

const byName: ReadonlyMap<string, Kind> = new Map(kinds.map((kind) => [kind.name, kind]))

/**
 * @since 0.1.0
 * @category constants
 */
export const names: ReadonlyArray<Name> = kinds.map(({ name }) => name).toSorted()

/**
 * A type by its name, with `genesyscloud_` or without.
 *
 * @since 0.1.0
 * @category accessors
 */
export const find = (name: string): Kind | undefined => byName.get(name.replace(/^genesyscloud_/, ""))
