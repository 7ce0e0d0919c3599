/**
 * All that a workspace holds, and what concerns documents and agents at once.
 *
 * @since 0.1.0
 */
import * as Agents from "./Agents.ts"
import * as Answer from "./Answer.ts"
import * as Ids from "./Ids.ts"
import * as Indexing from "./Indexing.ts"
import * as Ledger from "./Ledger.ts"
import * as Library from "./Library.ts"
import * as Tree from "./Tree.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly tier: string
  readonly fileBytes: number
  readonly characters: number
  readonly documents: number
  /** New entries in one save of an agent. */
  readonly attached: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly seed: number
  readonly listingLagMillis: number
  readonly deletionLagMillis: number
  readonly dependencyLagMillis: number
  readonly indexMillis: number
  readonly indexBytes: number
  /** Agents take documents whose index is not ready. */
  readonly attachUnindexed: boolean
  /** The last page of a listing names itself as the next. */
  readonly endless: boolean
  readonly limits: Limits
  readonly fileOf: (name: string) => string | undefined
}

interface Removal {
  readonly force: boolean
  readonly foreign: boolean
  readonly now: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Workspace {
  readonly ids: Ids.Ids
  readonly library: Library.Library
  readonly indexing: Indexing.Indexing
  readonly agents: Agents.Agents
  readonly ledger: Ledger.Ledger
  readonly limits: Limits
  readonly attachUnindexed: boolean
  readonly endless: boolean
  /** Links that were given out, and until when they are good. */
  readonly links: Map<string, { readonly document: string; readonly until: number }>
  /** Deletes a document or a folder with all in it; a failure where that is refused. */
  readonly remove: (item: Library.Item, removal: Removal) => Answer.Failure | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Workspace => {
  const ids = Ids.make(options.seed)
  const library = Library.make(ids, { lagMillis: options.listingLagMillis, ghostMillis: options.deletionLagMillis })
  const indexing = Indexing.make(library, ids, { millis: options.indexMillis, limitBytes: options.indexBytes })
  const ledger = Ledger.make({
    library,
    agents: () => agents.all,
    lagMillis: options.dependencyLagMillis,
    fileOf: options.fileOf
  })
  const agents: Agents.Agents = Agents.make(ids, ledger.saved)

  const detach = (gone: ReadonlySet<string>, { foreign, now }: Removal): void => {
    for (const agent of agents.all.values()) {
      for (const branch of agent.branches.values()) {
        const { content } = Agents.tip(branch)
        if (![...Tree.named(content)].some((id) => gone.has(id))) continue
        agents.save(agent, branch, Tree.without(content, gone), { description: "A document was deleted", foreign, now })
      }
    }
  }

  const remove: Workspace["remove"] = (item, removal) => {
    const all = [item, ...(item.kind === "folder" ? library.below(item.id) : [])]
    if (!removal.force) {
      if (all.length > 1) {
        return Answer.failure(400, "validation_error", "folder_not_empty", `Folder ${item.id} is not empty.`)
      }
      if (ledger.uses(item, "all", removal.now).length > 0) return Answer.hasDependents(item.id)
    }
    detach(new Set(all.map(({ id }) => id)), removal)
    for (const { id } of all) library.remove(id, removal.now)
    return undefined
  }

  return {
    ids,
    library,
    indexing,
    agents,
    ledger,
    limits: options.limits,
    attachUnindexed: options.attachUnindexed,
    endless: options.endless,
    links: new Map(),
    remove
  }
}
