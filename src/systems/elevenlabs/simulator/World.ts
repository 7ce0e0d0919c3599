/**
 * The truth about a simulated workspace, and hands to change it with as others do. Nothing of it costs a request.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Finalizer from "../../../kernel/Finalizer.ts"
import * as Agents from "./Agents.ts"
import * as Check from "./Check.ts"
import type * as Library from "./Library.ts"
import type * as Server from "./Server.ts"
import * as Tree from "./Tree.ts"
import type { Workspace } from "./Workspace.ts"

/**
 * A document or folder as it is now.
 *
 * @since 0.1.0
 * @category models
 */
export interface Document {
  readonly id: string
  readonly type: Library.Kind
  readonly name: string
  /** The folder it is in; `null` at the top. */
  readonly folder: string | null
  readonly bytes: Uint8Array
  /** SHA-256 of the bytes, in hex. */
  readonly hash: string
  readonly filename: string
  readonly mediaType: string
  /** Of a file whose text was edited: that text, which agents see instead of the file. */
  readonly edited: string | null
  /** Made by somebody else. */
  readonly foreign: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Foreign {
  readonly name: string
  /** Defaults to `text`. */
  readonly type?: "file" | "text" | "url" | "folder" | undefined
  /** Defaults to the top. */
  readonly folder?: string | undefined
  /** Defaults to a short text. */
  readonly content?: string | Uint8Array | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface World {
  /** All that are no folders, in the order in which they were made. */
  readonly documents: () => ReadonlyArray<Document>
  readonly folders: () => ReadonlyArray<Document>
  readonly document: (id: string) => Document | undefined
  readonly agents: () => ReadonlyArray<Agents.Agent>
  /** An agent with all its branches and versions. Dies where there is none. */
  readonly agent: (id: string) => Agents.Agent
  /** The newest configuration of a branch. Defaults to the main one. Dies where there is none. */
  readonly content: (agent: string, branch?: string) => Tree.Fields
  /** The documents in the prompt's own list of a branch, in order. Defaults to the main branch. */
  readonly attached: (agent: string, branch?: string) => ReadonlyArray<string>
  /** What is not as it must be. To be asked after every call, see {@link listen}. */
  readonly check: (expected?: Check.Expected) => ReadonlyArray<Check.Violation>
  /**
   * Runs before every request is looked at, and after it has taken effect but before its answer is on the way: faults
   * that lose the answer come later. The request waits for it. What it throws is told by {@link check}.
   */
  readonly listen: (listener: Server.Listener) => Effect.Effect<void, never, Scope.Scope>

  /** Gives its id. */
  readonly addAgent: (agent: Agents.NewAgent) => Effect.Effect<string>
  /** A branch of the newest main version. Gives its id. */
  readonly addBranch: (
    agent: string,
    name: string,
    options?: { readonly archived?: boolean | undefined }
  ) => Effect.Effect<string>
  /** Somebody else saves a branch, the main one by default. Gives the id of the version. */
  readonly editAgent: (
    agent: string,
    edit: (content: Tree.Fields) => Tree.Fields,
    branch?: string
  ) => Effect.Effect<string>
  /** Somebody else deletes an agent. */
  readonly deleteAgent: (agent: string) => Effect.Effect<void>
  /** Gives its id. */
  readonly addForeignDocument: (document: Foreign) => Effect.Effect<string>
  readonly renameDocument: (id: string, name: string) => Effect.Effect<void>
  readonly changeDocument: (id: string, content: string | Uint8Array) => Effect.Effect<void>
  /** By force: agents lose it. Of a folder, with all in it. */
  readonly deleteDocument: (id: string) => Effect.Effect<void>
  /** Indexes of it that are begun from now on fail, until it is told otherwise. */
  readonly failIndex: (id: string, fails?: boolean) => void
  /** Requests of others that the service works on, and that count against the limit. */
  readonly setOthers: (requests: number) => void
}

const encoder = new TextEncoder()

const bytesOf = (content: string | Uint8Array): Uint8Array =>
  typeof content === "string" ? encoder.encode(content) : content

const shown = (item: Library.Item): Document => ({
  id: item.id,
  type: item.kind,
  name: item.name,
  folder: item.folder,
  bytes: item.bytes,
  get hash() {
    return Check.hashOf(item.bytes)
  },
  filename: item.filename,
  mediaType: item.mediaType,
  edited: item.edited,
  foreign: item.foreign
})

const withNow = <A>(act: (now: number) => A): Effect.Effect<A> => Effect.map(Clock.currentTimeMillis, act)

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  workspace: Workspace,
  server: Server.Server,
  fileOf: (name: string) => string | undefined
): World => {
  const { agents, indexing, library } = workspace

  const agent = (id: string): Agents.Agent => {
    const found = agents.all.get(id)
    if (found === undefined) throw new Error(`there is no agent ${id}`)
    return found
  }
  const branchOf = (id: string, branch: string | undefined): Agents.Branch => {
    const found = agent(id).branches.get(branch ?? agent(id).main)
    if (found === undefined) throw new Error(`there is no branch ${branch}`)
    return found
  }
  const item = (id: string): Library.Item => {
    const found = library.items.get(id)
    if (found === undefined) throw new Error(`there is no document ${id}`)
    return found
  }
  const content = (id: string, branch?: string) => Agents.tip(branchOf(id, branch)).content

  const folders = (are: boolean) => (): ReadonlyArray<Document> =>
    [...library.items.values()].filter(({ kind }) => (kind === "folder") === are).map(shown)

  return {
    documents: folders(false),
    folders: folders(true),
    document: (id) => {
      const found = library.items.get(id)
      return found === undefined ? undefined : shown(found)
    },
    agents: () => [...agents.all.values()],
    agent,
    content,
    attached: (id, branch) => {
      const list = Tree.at(content(id, branch), "conversation_config", "agent", "prompt", "knowledge_base")
      return Tree.isList(list) ? list.map(Tree.idOf) : []
    },
    check: (expected = {}) => [
      ...Check.check(workspace, fileOf, expected),
      ...server.broken.map((detail) => ({ invariant: "listener" as const, detail: `a listener failed: ${detail}` }))
    ],
    listen: (listener) =>
      Finalizer.acquireRelease(
        Effect.sync(() => server.listeners.add(listener)),
        () => Effect.sync(() => server.listeners.delete(listener))
      ),
    addAgent: (given) => withNow((now) => agents.add(given, now).id),
    addBranch: (id, name, options) =>
      withNow((now) =>
        agents.branch(agent(id), Agents.tip(branchOf(id, undefined)), {
          name,
          description: "",
          archived: options?.archived ?? false,
          now
        }).id
      ),
    editAgent: (id, edit, branch) =>
      withNow((now) =>
        agents.save(agent(id), branchOf(id, branch), edit(content(id, branch)), {
          description: "Edited by hand",
          foreign: true,
          now
        }).id
      ),
    deleteAgent: (id) => Effect.sync(() => agents.remove(agent(id).id)),
    addForeignDocument: ({ content: text, folder, name, type }) =>
      withNow((now) =>
        library.add({
          kind: type ?? "text",
          name,
          folder: folder ?? null,
          bytes: type === "folder" ? undefined : bytesOf(text ?? `This is ${name}.`),
          foreign: true
        }, now).id
      ),
    renameDocument: (id, name) => Effect.sync(() => void (item(id).name = name)),
    changeDocument: (id, text) =>
      withNow((now) => {
        Object.assign(item(id), { bytes: bytesOf(text), updatedAt: now })
        indexing.again(item(id), now)
      }),
    deleteDocument: (id) => withNow((now) => void workspace.remove(item(id), { force: true, foreign: true, now })),
    failIndex: (id, fails = true) => fails ? indexing.fail(id) : indexing.mend(id),
    setOthers: (requests) => void (server.others = requests)
  }
}
