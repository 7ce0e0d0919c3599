/**
 * Finds where the remote is not as it was left.
 *
 * @since 0.1.0
 */
import * as Name from "../documents/Name.ts"
import * as Settle from "../state/Settle.ts"
import * as State from "../state/State.ts"
import type { Action, AgentView, Drift, RemoteDocument } from "./Plan.ts"

interface Input {
  readonly recorded: State.State
  readonly remote: ReadonlyMap<string, RemoteDocument>
  readonly agents: ReadonlyArray<AgentView>
  readonly actions: ReadonlyArray<Action>
  readonly deletions: ReadonlyArray<{ readonly documentId: string }>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const of = ({ actions, agents, deletions, recorded, remote }: Input): ReadonlyArray<Drift> => {
  const drift = [
    ...Object.entries(recorded.documents).flatMap(([file, entry]) => ofFile(file, entry, remote.get(entry.documentId))),
    ...foreign(recorded, remote),
    ...stillNamed(new Set(deletions.map(({ documentId }) => documentId)), agents, actions)
  ]
  return drift.toSorted((left, right) => Settle.compare(rank(left), rank(right)))
}

const rank = ({ detail, documentId, file, kind }: Drift): string =>
  JSON.stringify([kind, file ?? "", documentId, detail])

/** The clocks of two machines differ, and an upload takes its time. In milliseconds. */
const tolerance = 5 * 60_000

const ofFile = (file: string, entry: State.Entry, found: RemoteDocument | undefined): ReadonlyArray<Drift> => {
  const { documentId } = entry
  if (found === undefined) return [{ kind: "gone", documentId, file, detail: "" }]
  const drift: Array<Drift> = []
  const isOther = found.hash !== undefined && entry.hash !== null && !entry.hash.startsWith("md5:") &&
    found.hash !== entry.hash
  if (isOther) drift.push({ kind: "changed", documentId, file, detail: found.name })
  else if (found.hash === undefined && wasTouched(entry, found)) {
    drift.push({ kind: "touched", documentId, file, detail: found.name })
  }
  if (entry.name !== null && entry.name !== found.name) {
    drift.push({ kind: "renamed", documentId, file, detail: found.name })
  }
  return drift
}

const wasTouched = ({ uploadedAt }: State.Entry, { updatedAt }: RemoteDocument): boolean =>
  uploadedAt !== null && updatedAt !== undefined && updatedAt * 1000 > Date.parse(uploadedAt) + tolerance

const foreign = (
  recorded: State.State,
  remote: ReadonlyMap<string, RemoteDocument>
): ReadonlyArray<Drift> => {
  const known = State.idsOf(recorded)
  return [...remote.values()].flatMap(({ id, isInFolder, name, type }): ReadonlyArray<Drift> => {
    const isOurs = known.has(id) || (type === "file" || type === "text") && Name.parse(name) !== undefined
    return isOurs || !isInFolder ? [] : [{ kind: "foreign", documentId: id, file: null, detail: name }]
  })
}

const stillNamed = (
  leaving: ReadonlySet<string>,
  agents: ReadonlyArray<AgentView>,
  actions: ReadonlyArray<Action>
): ReadonlyArray<Drift> => {
  const seenTo = new Set(actions.flatMap((action) => {
    if (action._tag === "Detach") return [key(action, action.documentId)]
    return action._tag === "Attach" && action.replaces !== null ? [key(action, action.replaces)] : []
  }))
  return agents.flatMap((agent) =>
    [...agent.documents].flatMap((documentId): ReadonlyArray<Drift> => {
      if (!leaving.has(documentId) || seenTo.has(key(agent, documentId))) return []
      return [{ kind: "still-named", documentId, file: null, detail: agent.agentId }]
    })
  )
}

const key = ({ agentId, branchId }: Pick<AgentView, "agentId" | "branchId">, documentId: string): string =>
  JSON.stringify([agentId, branchId, documentId])
