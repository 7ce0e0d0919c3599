/**
 * The operation calls its options by the names that the provider has for them; who types a command knows flags.
 *
 * @since 0.1.0
 */
import * as Fault from "../../../kernel/Fault.ts"
import { exportVerb } from "./verbs.ts"

/** By the option's name: `fail_on_denied` is `--fail-on-denied`. */
const flags: ReadonlyMap<string, string> = new Map(
  Object.values(exportVerb.flags).map(({ name }) => [name.replaceAll("-", "_"), `--${name}`])
)

/** Longer names first: one begins with another. Of one word, a name is also a word of the language. */
const names = [...flags.keys()].filter((name) => name.includes("_")).toSorted((a, b) => b.length - a.length)

const named = new RegExp(`(?<![\\w.-])(?:${names.join("|")})(?![\\w.-])`, "g")

/**
 * A text with flags in place of options.
 *
 * @since 0.1.0
 * @category conversions
 */
export const spelled = (text: string): string => text.replace(named, (name) => flags.get(name) ?? name)

/**
 * A fault that speaks of flags.
 *
 * @since 0.1.0
 * @category conversions
 */
export const ofFault = (fault: Fault.Fault): Fault.Fault =>
  Fault.make({
    ...fault.options,
    detail: spelled(fault.detail),
    ...(fault.hint === undefined ? {} : { hint: spelled(fault.hint) })
  })
