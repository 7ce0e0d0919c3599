/**
 * Tells whoever watches how far the work on a site is: a bar for the site, and a line in the log for each document.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Progress from "../../../observe/Progress.ts"
import type * as Plan from "../plan/Plan.ts"
import type { DocumentReport } from "../Report.ts"

const words: { readonly [K in Plan.Action["_tag"]]: readonly [doing: string, done: string] } = {
  Create: ["uploading", "created"],
  Update: ["updating", "updated"],
  Adopt: ["taking over", "adopted"],
  Attach: ["attaching", "attached"],
  Detach: ["detaching", "detached"],
  Remove: ["removing", "removed"],
  DeletePending: ["deleting", "deleted"],
  Hold: ["holding", "held"],
  Keep: ["keeping", "kept"]
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Telling {
  readonly begins: (action: Plan.Action, item: string) => Effect.Effect<void>
  readonly ends: (report: DocumentReport) => Effect.Effect<void>
  /** Nothing more is to be done. */
  readonly over: Effect.Effect<void>
}

/** What is there already is told with the details, and what fails by its fault. */
const line = ({ action, item, outcome }: DocumentReport): Effect.Effect<void> => {
  if (outcome._tag === "Failed") return Effect.logError(outcome.fault.message)
  const text = `${item}: ${words[action._tag][1]}`
  return action._tag === "Keep" ? Effect.logDebug(text) : Effect.logInfo(text)
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (site: string, reports: ReadonlyArray<DocumentReport>): Effect.Effect<Telling> => {
  const due = reports.filter(({ outcome }) => outcome._tag === "NotStarted")
  let ended = 0
  let failed = 0
  const report = (phase: string, detail: string) =>
    Progress.report({
      item: site,
      state: "running",
      phase,
      fraction: due.length === 0 ? 1 : ended / due.length,
      detail: `${ended} of ${due.length}, ${detail}`
    })
  const telling: Telling = {
    begins: (action, item) => Effect.suspend(() => report(words[action._tag][0], item)),
    ends: (one) =>
      Effect.suspend(() => {
        ended += 1
        if (one.outcome._tag === "Failed") failed += 1
        return Effect.zipRight(line(one), report(words[one.action._tag][0], one.item))
      }),
    over: Effect.suspend(() =>
      Progress.report({
        item: site,
        state: failed === 0 ? "done" : "failed",
        phase: failed === 0 ? "in step" : "not whole",
        detail: due.length === 0
          ? "nothing to do"
          : failed === 0
          ? `${ended} done`
          : `${ended - failed} done, ${failed} failed`
      })
    )
  }
  const kept = reports.filter(({ outcome }) => outcome._tag === "Done")
  return Effect.as(Effect.forEach(kept, line, { discard: true }), telling)
}
