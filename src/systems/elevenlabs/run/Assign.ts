/**
 * Gives agents what they lack of a site, without sending any file: an agent that is new among the site's, or one that
 * somebody took a document from.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Agents from "../Agents.ts"
import type * as Plan from "../plan/Plan.ts"
import * as Configured from "./Configured.ts"
import * as SiteSync from "./SiteSync.ts"
import type * as Work from "./Work.ts"

/** What the agents of a site name now. */
const views = (
  shared: Work.Shared,
  agents: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Plan.AgentView>, Fault.Fault> =>
  Effect.forEach(
    agents,
    (agentId) =>
      Effect.map(Configured.agent(shared, agentId), (agent): Plan.AgentView => ({
        agentId,
        branchId: null,
        isConfigured: true,
        documents: Agents.documents(agent)
      })),
    { concurrency: 4 }
  )

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
    const seen = yield* SiteSync.look(shared, target, options, yield* views(shared, target.agents))
    const actions = seen.plan.actions.filter(({ _tag }) => _tag === "Attach")
    return { ...seen, plan: { ...seen.plan, actions, refusals: [] } }
  })
