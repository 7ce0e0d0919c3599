/**
 * Gives agents what they lack of a site, without sending any file: an agent that is new among the site's, or one that
 * somebody took a document from.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as SiteSync from "./SiteSync.ts"
import type * as Work from "./Work.ts"

/**
 * Of all that is to be done about a site, what is about agents only.
 *
 * @since 0.1.0
 * @category accessors
 */
export const look = (
  shared: Work.Shared,
  target: SiteSync.Target,
  options: SiteSync.Options
): Effect.Effect<SiteSync.Seen, Fault.Fault, SiteSync.Needs> =>
  Effect.gen(function*() {
    const seen = yield* SiteSync.look(shared, target, options)
    const actions = seen.plan.actions.filter(({ _tag }) => _tag === "Attach")
    return { ...seen, plan: { ...seen.plan, actions, refusals: [] } }
  })
