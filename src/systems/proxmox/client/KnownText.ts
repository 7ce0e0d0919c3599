/**
 * What a sentence means by which Proxmox VE says why it did not do something, wherever it says it: as the reason of an
 * HTTP error, or as the exit text of a task.
 *
 * @since 0.1.0
 */
import type * as Fault from "../../../kernel/Fault.ts"
import { type Part, rules } from "./Sentences.ts"

/**
 * What a sentence means.
 *
 * @since 0.1.0
 * @category models
 */
export interface Meaning {
  readonly kind: Fault.Kind
  readonly code: string
  readonly remote?: string
  readonly hint?: string
}

/** What the server puts before the sentence of the step that failed. */
const prefix =
  /^(?:(?:clone|resize|start|migration|create|update pools) failed: |failed to update VM \d+: |unable to create VM \d+ - |cfs-lock '[^']+' error: |error with cfs lock '[^']+': )/

const say = (part: Part | undefined, holes: ReadonlyArray<string>): string | undefined =>
  typeof part === "function" ? part(holes) : part

const lookup = (text: string): Meaning | undefined => {
  for (const rule of rules) {
    const match = rule.pattern.exec(text)
    if (match === null) continue
    const holes = match.slice(1).map((hole) => hole ?? "")
    const remote = say(rule.remote, holes)
    const hint = say(rule.hint, holes)
    return {
      kind: rule.kind,
      code: rule.code,
      ...(remote === undefined ? {} : { remote }),
      ...(hint === undefined ? {} : { hint })
    }
  }
  return undefined
}

/**
 * What a sentence means, with the names of the steps that failed (`clone failed: `) before it or not; `undefined` for
 * one that is not known.
 *
 * @since 0.1.0
 * @category getters
 */
export const meaning = (text: string): Meaning | undefined => {
  const found = lookup(text)
  if (found !== undefined) return found
  const match = prefix.exec(text)
  return match === null ? undefined : meaning(text.slice(match[0].length))
}
