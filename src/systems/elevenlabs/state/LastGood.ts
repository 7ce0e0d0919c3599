/**
 * What the last good copy of a state file adds to its repair: the ids that stand nowhere else.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Repaired } from "./Repair.ts"
import * as Settle from "./Settle.ts"
import * as State from "./State.ts"

/**
 * Keeps the ids that were lost with what was damaged. They become orphans: the copy is older than the damage, and which
 * file each holds by now is seen in the workspace. Where nothing was mended, nothing is missing.
 *
 * @param copy The text of the last good copy.
 * @since 0.1.0
 * @category combinators
 */
export const recall = ({ repairs, state }: Repaired, copy: string): Repaired => {
  const before = repairs.length === 0 ? undefined : Either.getOrUndefined(State.decode(copy, state.site))
  if (before === undefined) return { repairs, state }
  const known = State.idsOf(state)
  const lost = [...State.idsOf(before)].filter((id) => !known.has(id))
  if (lost.length === 0) return { repairs, state }
  const claims = Object.entries(state.documents).map(([file, entry]) => ({ file, entry }))
  const [ids, orphans] = lost.length === 1 ? ["1 document id", "an orphan"] : [`${lost.length} document ids`, "orphans"]
  return {
    repairs: [
      ...repairs,
      { path: "", problem: `lacks ${ids} of its last good copy`, remedy: `kept as ${orphans}` }
    ],
    state: Settle.settle({ ...state, claims, orphans: [...state.orphans, ...lost] }).state
  }
}
