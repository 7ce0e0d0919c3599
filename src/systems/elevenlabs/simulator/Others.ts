/**
 * What other people do to the workspace: they edit agents between a read and a save, rename documents and delete them.
 *
 * @since 0.1.0
 */
import type * as Json from "../../../kernel/Json.ts"
import * as Chance from "../../../simulation/Chance.ts"
import * as Agents from "./Agents.ts"
import * as Tree from "./Tree.ts"
import type { Workspace } from "./Workspace.ts"

/**
 * Shares are from 0 to 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trouble {
  /**
   * Share of the reads and saves of an agent after which somebody else saves that branch: another prompt, another order of the
   * documents, one document more, or one of theirs less. Defaults to 0.
   */
  readonly edits?: number | undefined
  /** Share of the calls that change something after which somebody else renames a document. Defaults to 0. */
  readonly renames?: number | undefined
  /** Share of the calls that change something after which somebody else deletes a document, by force. Defaults to 0. */
  readonly deletions?: number | undefined
  /** The last page of a listing of several says that it goes on, with its own cursor. Defaults to `false`. */
  readonly endless?: boolean | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Others {
  /** Somebody saw the newest version of a branch. */
  readonly afterRead: (agent: Agents.Agent, branch: Agents.Branch, now: number) => void
  readonly afterChange: (now: number) => void
}

const prompt = ["conversation_config", "agent", "prompt"]

/** A change of one key of the prompt. */
const change = (content: Tree.Fields, key: string, value: Json.Json): Tree.Fields =>
  Tree.merge(content, { conversation_config: { agent: { prompt: { [key]: value } } } })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (workspace: Workspace, seed: number, trouble: Trouble): Others => {
  const { agents, library } = workspace
  let draws = 0
  const chance = (): number => Chance.unit(seed, 0x07e5, draws++)
  const happens = (share: number | undefined): boolean => share !== undefined && share > 0 && chance() < share
  const pick = <A>(all: ReadonlyArray<A>): A | undefined => all[Math.floor(chance() * all.length)]

  const documents = () => [...library.items.values()].filter(({ kind }) => kind !== "folder")

  const edited = (content: Tree.Fields, now: number): Tree.Fields => {
    const given = Tree.at(content, ...prompt, "knowledge_base")
    const list = Tree.isList(given) ? given : []
    switch (Math.floor(chance() * 4)) {
      case 0: {
        const text = Tree.at(content, ...prompt, "prompt")
        return change(content, "prompt", `${typeof text === "string" ? text : ""} Be brief.`)
      }
      case 1:
        return change(content, "knowledge_base", list.toReversed())
      case 2: {
        const theirs = list.findLast((entry) => library.items.get(Tree.idOf(entry))?.foreign === true)
        return change(content, "knowledge_base", list.filter((entry) => entry !== theirs))
      }
      default: {
        const { id, kind, name } = library.add(
          { kind: "text", name: `Notes ${draws}`, folder: null, bytes: new Uint8Array(600), foreign: true },
          now
        )
        return change(content, "knowledge_base", [Agents.locator({ id, name, type: kind, usage: "prompt" }), ...list])
      }
    }
  }

  return {
    afterRead: (agent, branch, now) => {
      if (!happens(trouble.edits)) return
      const content = edited(Agents.tip(branch).content, now)
      agents.save(agent, branch, content, { description: "Edited by hand", foreign: true, now })
    },
    afterChange: (now) => {
      if (happens(trouble.renames)) {
        const item = pick(documents())
        if (item !== undefined) item.name = `Renamed ${draws}`
      }
      if (happens(trouble.deletions)) {
        const item = pick(documents())
        if (item !== undefined) workspace.remove(item, { force: true, foreign: true, now })
      }
    }
  }
}
