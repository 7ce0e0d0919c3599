/**
 * The tags of a machine.
 *
 * The server keeps them as one `;` list, in lower case, sorted, each once (unless the datacenter is set otherwise), so
 * that is how they are compared.
 *
 * Source: `pve-tag-list` of pve-common `PVE::JSONSchema` (9.2.1).
 *
 * @since 0.1.0
 */
import { compareText } from "./PropertyString.ts"

const grammar = /^[a-z0-9_][a-z0-9_\-+.]*$/

/**
 * @since 0.1.0
 * @category predicates
 */
export const isTag = (text: string): boolean => grammar.test(text.toLowerCase())

/**
 * Lower case, sorted, each once.
 *
 * @since 0.1.0
 * @category conversions
 */
export const normalize = (tags: Iterable<string>): ReadonlyArray<string> =>
  [...new Set(Array.from(tags, (tag) => tag.toLowerCase()))].toSorted(compareText)

/**
 * Reads a list in any of the separators the server takes.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): ReadonlyArray<string> =>
  normalize(text.split(/[;,\s\0]+/).filter((tag) => tag !== ""))

/**
 * @since 0.1.0
 * @category conversions
 */
export const print = (tags: Iterable<string>): string => normalize(tags).join(";")
