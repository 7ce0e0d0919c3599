/**
 * Which documents an agent uses, and which it has ever been given: every list of documents of every branch.
 *
 * The service remembers for a while that a document is used when it is not any more; a delete in that time is refused.
 *
 * @since 0.1.0
 */
import * as Agents from "./Agents.ts"
import type { Item, Library } from "./Library.ts"
import * as Tree from "./Tree.ts"

/** One use of a document: by which branch of which agent. */
interface Use {
  readonly agent: Agents.Agent
  readonly branch: Agents.Branch
}

/** A file that a list of an agent had, and has to have as long as nobody else takes it out. */
interface Owed {
  readonly agent: Agents.Agent
  readonly branch: Agents.Branch
  /** Which list of the configuration. */
  readonly place: string
  readonly file: string
  /** The documents that stood for the file. */
  readonly ids: ReadonlySet<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Ledger {
  /** A version was saved. */
  readonly saved: (agent: Agents.Agent, version: Agents.Version, before: Agents.Version | undefined) => void
  /** Who uses it, or a folder that holds it, as far as the service knows. */
  readonly uses: (item: Item, type: "direct" | "transitive" | "all", now: number) => ReadonlyArray<Use>
  /** What agents had and have not any more, though nobody else took it out. */
  readonly unpaid: () => ReadonlyArray<Owed>
}

const isPaid = (lists: ReadonlyMap<string, Had>, { file, ids, place }: Owed): boolean => {
  const has = lists.get(place)
  return has !== undefined && (has.files.has(file) || [...ids].some((id) => has.ids.has(id)))
}

const none: ReadonlySet<string> = new Set()

const key = (branch: string, document: string) => `${branch} ${document}`

/** What one list has. */
interface Had {
  readonly ids: ReadonlySet<string>
  readonly files: ReadonlySet<string>
}

/**
 * @param options.library Where the documents are.
 * @param options.agents All there are.
 * @param options.lagMillis For how long a use is remembered.
 * @param options.fileOf The file that a document of this name stands for.
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly library: Library
  readonly agents: () => ReadonlyMap<string, Agents.Agent>
  readonly lagMillis: number
  readonly fileOf: (name: string) => string | undefined
}): Ledger => {
  const { library } = options
  /** Branch and document, and until when the use is remembered. */
  const remembered = new Map<string, number>()

  /**
   * By branch, place and document: what others took out of theirs. A save that overwrites them may bring it back for a
   * moment; nobody owes it.
   */
  const taken = new Set<string>()

  /** By branch, place and file. */
  const debts = new Map<string, Owed & { readonly ids: Set<string> }>()

  const fileOf = (id: string): string => {
    const item = library.items.get(id)
    return (item === undefined ? undefined : options.fileOf(item.name)) ?? `document ${id}`
  }

  /** What each list of a configuration has, of what there is. */
  const having = (content: Tree.Fields): ReadonlyMap<string, Had> =>
    new Map(
      Tree.places(content).map(({ list, path }): [string, Had] => {
        const ids = list.map(Tree.idOf).filter((id) => library.items.has(id))
        return [path, { ids: new Set(ids), files: new Set(ids.map(fileOf)) }]
      })
    )

  const owe = (agent: Agents.Agent, branch: Agents.Branch): void => {
    for (const { list, path } of Tree.places(Agents.tip(branch).content)) {
      for (const id of list.map(Tree.idOf)) {
        if (!library.items.has(id) || taken.has(`${branch.id} ${path} ${id}`)) continue
        const file = fileOf(id)
        const name = `${branch.id} ${path} ${file}`
        const debt = debts.get(name)
        if (debt === undefined) debts.set(name, { agent, branch, place: path, file, ids: new Set([id]) })
        else debt.ids.add(id)
      }
    }
  }

  const take = (branch: Agents.Branch, had: ReadonlyMap<string, Had>, has: ReadonlyMap<string, Had>): void => {
    for (const path of new Set([...had.keys(), ...has.keys()])) {
      const [before, after] = [had.get(path)?.ids ?? none, has.get(path)?.ids ?? none]
      for (const id of before) {
        if (!after.has(id) && library.items.get(id)?.foreign === true) taken.add(`${branch.id} ${path} ${id}`)
      }
      for (const id of after) if (!before.has(id)) taken.delete(`${branch.id} ${path} ${id}`)
    }
  }

  const saved: Ledger["saved"] = (agent, version, before) => {
    const branch = agent.branches.get(version.branch)
    if (branch === undefined) return
    if (before !== undefined) {
      const now = Tree.named(version.content)
      for (const id of Tree.named(before.content)) {
        if (!now.has(id)) remembered.set(key(branch.id, id), version.savedAt + options.lagMillis)
      }
    }
    const [had, has] = [having(before?.content ?? {}), having(version.content)]
    if (version.foreign) take(branch, had, has)
    owe(agent, branch)
    // What others take out, nobody else has to put back.
    if (!version.foreign || before === undefined) return
    for (const [name, owed] of debts) {
      if (owed.branch === branch && isPaid(had, owed) && !isPaid(has, owed)) debts.delete(name)
    }
  }

  const uses: Ledger["uses"] = (item, type, now) => {
    const ids = [
      ...(type === "transitive" ? [] : [item.id]),
      ...(type === "direct" ? [] : library.above(item).map(({ id }) => id))
    ]
    return [...options.agents().values()].flatMap((agent) =>
      [...agent.branches.values()].filter((branch) => {
        const named = Tree.named(Agents.tip(branch).content)
        return ids.some((id) => named.has(id) || (remembered.get(key(branch.id, id)) ?? 0) > now)
      }).map((branch) => ({ agent, branch }))
    )
  }

  const unpaid: Ledger["unpaid"] = () => {
    const tips = new Map<Agents.Branch, ReadonlyMap<string, Had>>()
    return [...debts.values()].filter((owed) => {
      if (!options.agents().has(owed.agent.id)) return false
      const has = tips.get(owed.branch) ?? having(Agents.tip(owed.branch).content)
      tips.set(owed.branch, has)
      return !isPaid(has, owed)
    })
  }

  return { saved, uses, unpaid }
}
