/**
 * A difference while it is being found: what every comparison of a kind of key writes to.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Fault from "../../../kernel/Fault.ts"
import type { Change, Resize } from "./Difference.ts"
import type * as Model from "../Model.ts"
import * as PropertyString from "../grammar/PropertyString.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Draft {
  readonly machine: string
  readonly config: Model.Config
  readonly changes: Array<Change>
  readonly set: Record<string, string>
  readonly delete: Array<string>
  readonly resizes: Array<Resize>
  readonly problems: Array<Fault.Fault>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (machine: string, config: Model.Config): Draft => ({
  machine,
  config,
  changes: [],
  set: {},
  delete: [],
  resizes: [],
  problems: []
})

/**
 * What is wanted and cannot be had.
 *
 * @since 0.1.0
 * @category combinators
 */
export const problem = (draft: Draft, object: string, code: string, detail: string, hint: string): void => {
  draft.problems.push(Fault.make({
    kind: "invalid",
    system: "proxmox",
    operation: "Proxmox.plan",
    subject: `${object} of ${draft.machine}`,
    detail,
    hint,
    sent: "no",
    code
  }))
}

/**
 * A key whose text is its meaning; `same` says when another text means it too.
 *
 * @since 0.1.0
 * @category combinators
 */
export const text = (
  draft: Draft,
  key: string,
  to: string,
  same: (from: string) => boolean = (from) => from === to
): void => {
  const from = draft.config[key]
  if (from !== undefined && same(from)) return
  draft.set[key] = to
  draft.changes.push({ key, from, to })
}

/**
 * A key that holds a number; `fallback` is what the server takes an absent one to be.
 *
 * @since 0.1.0
 * @category combinators
 */
export const numeric = (draft: Draft, key: string, to: number, fallback: number): void => {
  if (draft.config[key] === undefined && to === fallback) return
  text(draft, key, String(to), (from) => Number(from) === to)
}

/**
 * A key that holds a boolean; `fallback` is what the server takes an absent one to be.
 *
 * @since 0.1.0
 * @category combinators
 */
export const flag = (draft: Draft, key: string, to: boolean, fallback: boolean): void => {
  if (draft.config[key] === undefined && to === fallback) return
  text(draft, key, PropertyString.printBoolean(to), (from) => PropertyString.parseBoolean(from) === to)
}

const noValues: PropertyString.Values = new Map()

/**
 * A key that holds a property string: what is there is amended, never replaced.
 *
 * @param fresh What a key that is not there yet starts from.
 * @since 0.1.0
 * @category combinators
 */
export const properties = (
  draft: Draft,
  key: string,
  wanted: PropertyString.Wanted,
  grammar: PropertyString.Grammar,
  fresh: PropertyString.Values = noValues
): void => {
  const before = draft.config[key]
  const observed = before === undefined ? Either.right(fresh) : PropertyString.parse(before, grammar)
  if (Either.isLeft(observed)) {
    problem(draft, key, "unreadable", `its value cannot be read: ${observed.left}`, "correct it on the server first")
    return
  }
  const { changes, values } = PropertyString.amend(observed.right, wanted, grammar)
  if (changes.length === 0) return
  const after = PropertyString.print(values, grammar)
  if (values.size === 0) draft.delete.push(key)
  else draft.set[key] = after
  if (before === undefined) draft.changes.push({ key, to: after })
  else for (const change of changes) draft.changes.push({ ...change, key: `${key}.${change.key}` })
}
