/**
 * Whose machine it is. An id says nothing, because ids are used again; a name says nothing, because anybody may give it.
 * What we make carries a mark in the last line of its description, and the mark is tied to the machine by the SMBIOS
 * uuid that the server made for it: a clone of our machine copies the text and has another uuid.
 *
 * While the clone is being made that uuid is not known yet. Until the first configuration replaces it, the mark carries
 * a nonce of ours instead.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Description from "../grammar/Description.ts"
import type * as Model from "../Model.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Owner {
  readonly fleet: string
  readonly machine: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Mark extends Owner {
  readonly proof: { readonly _tag: "Nonce"; readonly nonce: string } | { readonly _tag: "Uuid"; readonly uuid: string }
}

/**
 * - `Ours`: finished at least once; its uuid is the one in the mark.
 * - `HalfMade`: ours, cloned, and never configured.
 * - `Hidden`: a clone so young that the server does not show its description yet; it may be anybody's.
 * - `Dying`: what is left of a machine while the server destroys it, without its description; it may be anybody's.
 * - `Stranger`: not ours, whatever it is called.
 *
 * @since 0.1.0
 * @category models
 */
export type Whose =
  | { readonly _tag: "Ours"; readonly uuid: string }
  | { readonly _tag: "HalfMade"; readonly nonce: string }
  | { readonly _tag: "Hidden" }
  | { readonly _tag: "Dying" }
  | { readonly _tag: "Stranger"; readonly because: string }

const grammar = /^managed-by: holdfast (.+)\/([^/\s]+) (?:nonce (\S+)|([0-9a-fA-F-]{36}))$/

/**
 * What a clone's description reads until the server has written its configuration.
 *
 * Source: the behaviour of the clone call of qemu-server 9.2.
 *
 * @since 0.1.0
 * @category constants
 */
const hiddenDescription = "qmclone temporary file"

/**
 * @since 0.1.0
 * @category constructors
 */
export const parse = (line: string): Mark | undefined => {
  const match = grammar.exec(line)
  const [, fleet, machine, nonce, uuid] = match ?? []
  if (fleet === undefined || machine === undefined) return undefined
  if (nonce !== undefined) return { fleet, machine, proof: { _tag: "Nonce", nonce } }
  return uuid === undefined ? undefined : { fleet, machine, proof: { _tag: "Uuid", uuid: uuid.toLowerCase() } }
}

/**
 * The line as it stands in the description.
 *
 * @since 0.1.0
 * @category conversions
 */
export const print = ({ fleet, machine, proof }: Mark): string =>
  `${Description.markerPrefix}${fleet}/${machine} ${proof._tag === "Nonce" ? `nonce ${proof.nonce}` : proof.uuid}`

/**
 * The mark in a machine's configuration.
 *
 * @since 0.1.0
 * @category getters
 */
export const markOf = (config: Model.Config): Mark | undefined => {
  const { marker } = Description.parse(config["description"] ?? "")
  return marker === undefined ? undefined : parse(marker)
}

/**
 * The machine's SMBIOS uuid, in lower case.
 *
 * @since 0.1.0
 * @category getters
 */
export const uuidOf = (config: Model.Config): string | undefined =>
  /(?:^|,)uuid=([0-9a-fA-F-]{36})(?:,|$)/.exec(config["smbios1"] ?? "")?.[1]?.toLowerCase()

/**
 * @since 0.1.0
 * @category predicates
 */
const isHidden = (config: Model.Config): boolean =>
  config["lock"] !== undefined && (config["description"] ?? "").trim() === hiddenDescription

/**
 * Once its disks are freed, a machine that is destroyed is only a lock that keeps the id.
 *
 * Source: the behaviour of the destroy call of qemu-server 9.2.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDying = (config: Model.Config): boolean =>
  config["lock"] === "destroyed" && config["description"] === undefined

/**
 * @since 0.1.0
 * @category constructors
 */
export const whose = (config: Model.Config, owner: Owner): Whose => {
  if (isHidden(config)) return { _tag: "Hidden" }
  if (isDying(config)) return { _tag: "Dying" }
  const mark = markOf(config)
  if (mark === undefined) return { _tag: "Stranger", because: "it does not carry the mark of holdfast" }
  if (mark.fleet !== owner.fleet || mark.machine !== owner.machine) {
    return { _tag: "Stranger", because: `it is marked as machine ${mark.machine} of fleet ${mark.fleet}` }
  }
  if (mark.proof._tag === "Nonce") return { _tag: "HalfMade", nonce: mark.proof.nonce }
  if (mark.proof.uuid === uuidOf(config)) return { _tag: "Ours", uuid: mark.proof.uuid }
  return { _tag: "Stranger", because: "it is a copy of our machine: its uuid is not the one in its mark" }
}

/**
 * The mark that ties a configured machine to its uuid. Without a uuid, which a clone always has, the mark it carries.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settled = (config: Model.Config, owner: Owner): Mark | undefined => {
  const uuid = uuidOf(config)
  return uuid === undefined ? markOf(config) : { ...owner, proof: { _tag: "Uuid", uuid } }
}

/**
 * The description a clone is asked for with.
 *
 * @since 0.1.0
 * @category constructors
 */
export const describe = (text: string | undefined, mark: Mark): string =>
  Description.print({ text: text ?? "", marker: print(mark) })

/**
 * A nonce that no other run has.
 *
 * @since 0.1.0
 * @category constructors
 */
export const nonce: Effect.Effect<string> = Effect.zipWith(
  Clock.currentTimeMillis,
  Random.nextIntBetween(0, 2 ** 48),
  (millis, random) => `${millis.toString(16)}-${random.toString(16).padStart(12, "0")}`
)
