/**
 * What there is of a site in the workspace, and how it stands with what is recorded and what agents name.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Agents from "../Agents.ts"
import * as Name from "../documents/Name.ts"
import type * as Model from "../Model.ts"
import type { DocumentEntry, SiteInventory } from "../Report.ts"
import * as Settle from "../state/Settle.ts"
import type * as State from "../state/State.ts"
import * as Configured from "./Configured.ts"
import * as Remote from "./Remote.ts"
import * as SiteSync from "./SiteSync.ts"
import type * as Work from "./Work.ts"

const standingOf = (state: State.State, { id, name }: Model.Document): DocumentEntry["standing"] => {
  if (Object.values(state.documents).some(({ documentId }) => documentId === id)) return "recorded"
  if (state.pendingDelete.includes(id)) return "to-delete"
  if (state.orphans.includes(id)) return "orphan"
  return Name.parse(name) === undefined ? "foreign" : "unrecorded"
}

/**
 * @since 0.1.0
 * @category accessors
 */
export const look = (
  shared: Work.Shared,
  target: SiteSync.Target
): Effect.Effect<SiteInventory, Fault.Fault> =>
  Effect.gen(function*() {
    const work = yield* SiteSync.open(shared, target)
    const state = work.ledger.now()
    const remote = yield* Remote.observe(work)
    const agents = yield* Effect.forEach(target.agents, (agent) =>
      Effect.map(Configured.agent(shared, agent), (json) => ({ agent, names: Agents.documents(json) })), {
      concurrency: 4
    })
    const files = new Map(Object.entries(state.documents).map(([file, { documentId }]) => [documentId, file]))
    const there = [...remote.inFolder, ...remote.elsewhere].toSorted((left, right) =>
      Settle.compare(left.name, right.name) || Settle.compare(left.id, right.id)
    )
    const seen = new Set(there.map(({ id }) =>
      id
    ))
    return {
      site: target.site.host,
      folderId: remote.folder,
      documents: there.map((document): DocumentEntry => ({
        id: document.id,
        name: document.name,
        file: files.get(document.id) ?? Name.parse(document.name)?.file ?? null,
        sizeBytes: document.metadata.sizeBytes,
        createdAt: document.metadata.createdAt,
        standing: standingOf(state, document),
        agents: agents.flatMap(({ agent, names }) => names.has(document.id) ? [agent] : [])
      })),
      missing: [...files].flatMap(([documentId, file]) => seen.has(documentId) ? [] : [{ file, documentId }]),
      lacking: agents.flatMap(({ agent, names }) =>
        [...files].flatMap(([documentId, file]) => names.has(documentId) ? [] : [{ agent, file }])
      ),
      pendingDelete: state.pendingDelete,
      orphans: state.orphans,
      quarantine: state.quarantine.length
    }
  })
