/**
 * Which agents are to be given a document, and from which one is to be taken.
 *
 * @since 0.1.0
 */
import * as Name from "../documents/Name.ts"
import * as Settle from "../state/Settle.ts"
import type { Action, AgentView, RemoteDocument } from "./Plan.ts"

interface Input {
  readonly agents: ReadonlyArray<AgentView>
  readonly files: ReadonlyArray<Action>
  readonly deletions: ReadonlyArray<Extract<Action, { readonly _tag: "DeletePending" }>>
  readonly remote: ReadonlyMap<string, RemoteDocument>
}

interface Situation {
  /** By file: the documents that agents can be given now. Those that are still to be made are attached by who makes them. */
  readonly settled: ReadonlyMap<string, string>
  /** Files whose document is not there yet. */
  readonly unsettled: ReadonlySet<string>
  /** What is to be deleted, in order, and the file it was made for, where its name tells. */
  readonly leaving: ReadonlyMap<string, string | undefined>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const plan = (input: Input): ReadonlyArray<Action> => {
  const situation = look(input)
  return input.agents.flatMap((agent) => forAgent(situation, agent))
}

const look = ({ deletions, files, remote }: Input): Situation => {
  const settled = new Map<string, string>()
  const unsettled = new Set<string>()
  for (const action of files) {
    const isDone = action._tag === "Keep" || action._tag === "Adopt" && action.supersedes === null
    if (isDone) settled.set(action.file, action.documentId)
    else if ("file" in action) unsettled.add(action.file)
  }
  const ids = deletions.map(({ documentId }) => documentId).toSorted(Settle.compare)
  const leaving = new Map(ids.map((id) => [id, Name.parse(remote.get(id)?.name ?? "")?.file]))
  return { settled, unsettled, leaving }
}

const forAgent = (
  { leaving, settled, unsettled }: Situation,
  { agentId, branchId, documents, isConfigured }: AgentView
): ReadonlyArray<Action> => {
  const actions: Array<Action> = []
  const named = new Set(documents)
  const rest = new Map([...leaving].filter(([id]) => named.has(id)))
  const attach = (file: string, documentId: string, replaces: string | null): void => {
    actions.push({ _tag: "Attach", agentId, branchId, file, documentId, replaces })
    named.add(documentId)
    if (replaces !== null) rest.delete(replaces)
  }
  if (isConfigured) {
    for (const [file, documentId] of settled) {
      if (named.has(documentId)) continue
      const [replaces = null] = [...rest].flatMap(([id, other]) => other === file ? [id] : [])
      attach(file, documentId, replaces)
    }
  }
  for (const [id, file] of rest) {
    const successor = file === undefined ? undefined : settled.get(file)
    if (file !== undefined && successor !== undefined && !named.has(successor)) attach(file, successor, id)
    // Nothing is taken from an agent before it has what takes its place.
    else if (file === undefined ? isConfigured && unsettled.size === 0 : !unsettled.has(file)) {
      actions.push({ _tag: "Detach", agentId, branchId, documentId: id })
    }
  }
  return actions
}
