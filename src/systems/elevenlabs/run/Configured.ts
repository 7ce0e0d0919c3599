/**
 * The agents that the sites file names.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Json from "../../../kernel/Json.ts"
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
