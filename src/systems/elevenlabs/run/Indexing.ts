/**
 * Waits until agents can find something in a document. An agent that looks things up by retrieval knows of a document only
 * what is indexed.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import * as Poll from "../../../kernel/Poll.ts"
import type * as Client from "../Client.ts"
import type * as Model from "../Model.ts"
import type { Policies } from "./Policies.ts"

const working = new Set(["new", "created", "processing"])
/** What is too small is in the prompt instead. */
const fine = new Set(["succeeded", "document_too_small"])

const operation = "ElevenLabs.index"

const refused = (id: string, { model, status }: Model.Index): Fault.Fault =>
  Fault.make({
    kind: "failed",
    system: "elevenlabs",
    operation,
    subject: `document ${id}`,
    code: status === "rag_limit_exceeded" ? "index-limit" : "index-failed",
    detail: status === "rag_limit_exceeded"
      ? "it was not indexed: the workspace's quota for retrieval is used up"
      : `its index for ${model} ended as ${status}`,
    hint: status === "rag_limit_exceeded"
      ? "free some of it, or change the plan, and run the same command again"
      : "run the same command again"
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface Needs {
  readonly client: Client.Service
  readonly policies: Policies
  /** How long an index may take. */
  readonly indexTimeout: Duration.Duration
}

/**
 * @since 0.1.0
 * @category operations
 */
export const index = (
  { client, indexTimeout, policies }: Needs,
  id: string,
  models: Iterable<string>
): Effect.Effect<void, Fault.Fault> => {
  const wanted = [...models]
  return wanted.length === 0 ? Effect.void : Effect.forEach(wanted, (model) =>
    Effect.gen(function*() {
      // Makes it, or tells of the one there is: safe to repeat.
      const begun = yield* policies.read(client.createIndex({ id, model }))
      if (fine.has(begun.status)) return
      const ended = working.has(begun.status)
        ? yield* Poll.until(
          policies.read(client.indexes(id)),
          (indexes) => indexes.some((one) => one.model === model && !working.has(one.status)),
          { operation, system: "elevenlabs", subject: `document ${id}`, first: "500 millis", deadline: indexTimeout }
        )
        : [begun]
      const last = ended.find((one) => one.model === model)
      if (last !== undefined && !fine.has(last.status)) return yield* refused(id, last)
    }), { discard: true }).pipe(Effect.withSpan(operation))
}
