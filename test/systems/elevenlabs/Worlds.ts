import * as FastCheck from "effect/FastCheck"
import * as Name from "../../../src/systems/elevenlabs/documents/Name.ts"
import type * as Scan from "../../../src/systems/elevenlabs/documents/Scan.ts"
import type * as Plan from "../../../src/systems/elevenlabs/plan/Plan.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"

export const hashOf = (content: string): string => content.repeat(64).slice(0, 64)

/** A file whose content is a letter. */
export const document = (file: string, content: string): Scan.Document => ({
  _tag: "Document",
  file,
  path: `/out/${file}`,
  range: undefined,
  size: 700,
  hash: hashOf(content),
  md5: content.repeat(32).slice(0, 32),
  mediaType: "text/plain",
  name: Name.of(file, hashOf(content)),
  isIndexed: true
})

export const entry = (documentId: string, file: string, content: string): State.Entry => ({
  documentId,
  name: Name.of(file, hashOf(content)),
  hash: hashOf(content),
  size: 700,
  uploadedAt: "2026-01-01T00:00:00.000Z"
})

export const remote = (
  id: string,
  name: string,
  more: Partial<Plan.RemoteDocument> = {}
): Plan.RemoteDocument => ({ id, name, type: "file", isInFolder: true, createdAt: 1_767_225_600, ...more })

export const agent = (agentId: string, documents: Iterable<string>, isConfigured = true): Plan.AgentView => ({
  agentId,
  branchId: null,
  isConfigured,
  documents: new Set(documents)
})

/** A remote document, and what really is in it. */
interface Stored extends Plan.RemoteDocument {
  readonly content: string
}

/** A small world, in which the actions of a plan are done. */
export interface World {
  readonly disk: ReadonlyMap<string, Scan.Document>
  readonly refused: ReadonlyArray<string>
  state: State.State
  readonly remote: Map<string, Stored>
  readonly agents: ReadonlyArray<{ readonly agentId: string; readonly isConfigured: boolean; documents: Set<string> }>
}

/** What somebody sees who looks: `verify` downloads every document. */
export const input = (world: World, verify: boolean, more: Partial<Plan.Input> = {}): Plan.Input => ({
  site: States.host,
  disk: { documents: [...world.disk.values()], refused: world.refused.map((file) => ({ file })) },
  recorded: world.state,
  remote: {
    documents: [...world.remote.values()].map(({ content, ...document }) =>
      verify ? { ...document, hash: content } : document
    ),
    agents: world.agents.map(({ agentId, documents, isConfigured }) => agent(agentId, documents, isConfigured))
  },
  maxDelete: { percent: 100 },
  ...more
})

let last = 0

const record = (world: World, { file, hash }: Scan.Document, documentId: string, supersedes: string | null): void => {
  const found = world.remote.get(documentId)
  world.state = State.change(world.state, {
    documents: {
      ...world.state.documents,
      [file]: { documentId, name: found?.name ?? null, hash, size: 700, uploadedAt: "2026-02-01T00:00:00.000Z" }
    },
    pendingDelete: [...world.state.pendingDelete, ...supersedes === null ? [] : [supersedes]]
  })
}

const replace = (world: World, from: string | null, to: string): void => {
  for (const agent of world.agents) {
    if (from !== null && agent.documents.delete(from) || agent.isConfigured) agent.documents.add(to)
  }
}

const upload = (world: World, document: Scan.Document): string => {
  const id = `doc_new${last += 1}`
  world.remote.set(id, { ...remote(id, document.name, { createdAt: 1_800_000_000 + last }), content: document.hash })
  return id
}

/** Does one action as an engine would. */
export const apply = (world: World, action: Plan.Action): void => {
  const named = (id: string): boolean => world.agents.some(({ documents }) => documents.has(id))
  const viewOf = (agentId: string) => world.agents.find((agent) => agent.agentId === agentId)?.documents
  switch (action._tag) {
    case "Create": {
      const id = upload(world, action.document)
      replace(world, action.supersedes, id)
      return record(world, action.document, id, action.supersedes)
    }
    case "Update": {
      const { document, documentId } = action
      const found = world.remote.get(documentId)
      if (action.strategy === "in-place" && found !== undefined) {
        world.remote.set(documentId, { ...found, name: document.name, content: document.hash })
        replace(world, null, documentId)
        return record(world, document, documentId, null)
      }
      const id = upload(world, document)
      replace(world, documentId, id)
      return record(world, document, id, documentId)
    }
    case "Adopt":
      if (action.supersedes !== null) replace(world, action.supersedes, action.documentId)
      return record(world, action.document, action.documentId, action.supersedes)
    case "Attach":
      if (action.replaces !== null) viewOf(action.agentId)?.delete(action.replaces)
      viewOf(action.agentId)?.add(action.documentId)
      return
    case "Detach":
      viewOf(action.agentId)?.delete(action.documentId)
      return
    case "Remove": {
      for (const { documents } of world.agents) documents.delete(action.documentId)
      world.remote.delete(action.documentId)
      const { [action.file]: _, ...documents } = world.state.documents
      world.state = State.change(world.state, { documents })
      return
    }
    case "DeletePending": {
      const { documentId } = action
      const without = (ids: ReadonlyArray<string>) => ids.filter((id) => id !== documentId)
      const left = named(documentId) ? [documentId] : []
      if (left.length === 0) world.remote.delete(documentId)
      world.state = State.change(world.state, {
        pendingDelete: [...without(world.state.pendingDelete), ...left],
        orphans: without(world.state.orphans)
      })
      return
    }
    case "Hold":
    case "Keep":
  }
}

const files = ["a.txt", "b.md", "sub/a.txt", "c.pdf"]
const content = FastCheck.constantFrom("1", "2", "3")

const stored = FastCheck.record({
  name: FastCheck.oneof(
    {
      weight: 5,
      arbitrary: FastCheck.tuple(FastCheck.constantFrom(...files, "gone.txt"), content).map(([file, text]) =>
        Name.of(file, hashOf(text))
      )
    },
    FastCheck.constantFrom("price list", "llms-old-1")
  ),
  type: FastCheck.constantFrom("file", "file", "file", "file", "text", "url"),
  isInFolder: FastCheck.constantFrom(true, true, true, false),
  createdAt: FastCheck.integer({ min: 1, max: 3 }),
  content: content.map(hashOf)
})

const ids = "abcdefghijkl".split("").map((letter) => `doc_${letter}`)

const recordedEntry = FastCheck.record({
  documentId: States.id,
  name: FastCheck.constant(null),
  hash: FastCheck.oneof(content.map(hashOf), FastCheck.constant(null), content.map((text) => `md5:${text.repeat(32)}`)),
  size: FastCheck.constant(700),
  uploadedAt: FastCheck.constant("2026-01-01T00:00:00.000Z")
})

/** Files, records and remote documents that may or may not fit together. */
export const world: FastCheck.Arbitrary<World> = FastCheck.record({
  disk: FastCheck.dictionary(FastCheck.constantFrom(...files), content, { minKeys: 1 }),
  refused: FastCheck.subarray(["a.txt", "gone.txt", "sub"]),
  documents: FastCheck.dictionary(FastCheck.constantFrom(...files, "gone.txt"), recordedEntry),
  pendingDelete: FastCheck.array(States.id, { maxLength: 2 }),
  orphans: FastCheck.array(States.id, { maxLength: 2 }),
  remote: FastCheck.dictionary(FastCheck.constantFrom(...ids), stored),
  agents: FastCheck.array(
    FastCheck.record({ isConfigured: FastCheck.boolean(), documents: FastCheck.array(States.id, { maxLength: 4 }) }),
    { maxLength: 3 }
  )
}).map(({ agents, disk, documents, orphans, pendingDelete, refused, remote: found }) => {
  const onDisk = Object.entries(disk).filter(([file]) => !refused.some((other) => file.startsWith(other)))
  return {
    disk: new Map(onDisk.map(([file, text]) => [file, document(file, text)])),
    refused,
    state: State.change(State.empty(States.host), { documents, pendingDelete, orphans }),
    remote: new Map(Object.entries(found).map(([id, value]) => [id, { ...value, id }])),
    agents: agents.map(({ documents, isConfigured }, index) => ({
      agentId: `agent_${index}`,
      isConfigured,
      // An agent names only what is there.
      documents: new Set(documents.filter((id) => Object.hasOwn(found, id)))
    }))
  }
})
