/**
 * The agents that the sites file names.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Agents from "../Agents.ts"
import type * as Model from "../Model.ts"
import type * as Plan from "../plan/Plan.ts"
import type * as Work from "./Work.ts"

/** It is asked for before anything is changed, so that it is missing is found by a check, and not by a change. */
const missing = (fault: Fault.Fault): Fault.Fault =>
  fault.kind === "not-found" && fault.code !== "document-not-found"
    ? fault.with({
      kind: "invalid",
      code: "no-such-agent",
      sent: "no",
      hint: "Correct its id in the sites file, or take it out there"
    })
    : fault

/**
 * An agent of a site as it is. Where there is none, fails with kind `invalid` and code `no-such-agent`.
 *
 * @since 0.1.0
 * @category accessors
 */
export const agent = (shared: Pick<Work.Shared, "agent">, id: string): Effect.Effect<Json.Json, Fault.Fault> =>
  Effect.mapError(shared.agent({ agent: id, branch: null }), missing)

/**
 * What the agents of a site name now. To read an agent is the only way to learn that, so it is one call for each: the
 * listing of documents tells of agents only in a field that is deprecated and lags behind.
 *
 * Who names the folder of a document names the document.
 *
 * @since 0.1.0
 * @category accessors
 */
export const views = (
  shared: Pick<Work.Shared, "agent">,
  agents: ReadonlyArray<string>,
  documents: ReadonlyArray<Pick<Model.Document, "id" | "folderId">>
): Effect.Effect<ReadonlyArray<Plan.AgentView>, Fault.Fault> =>
  Effect.forEach(
    agents,
    (agentId) =>
      Effect.map(agent(shared, agentId), (json): Plan.AgentView => {
        const named = Agents.documents(json)
        const below = documents.filter(({ folderId }) => folderId !== null && named.has(folderId))
        return {
          agentId,
          branchId: null,
          isConfigured: true,
          documents: new Set([...named, ...below.map(({ id }) => id)])
        }
      }),
    { concurrency: 4 }
  )
