/**
 * What other people do in the workspace, and what must have become of it in the end: what they put into an agent is there
 * as they put it, in their order, and what they took out is not.
 */
import * as Effect from "effect/Effect"
import type * as Json from "../../../src/kernel/Json.ts"
import type * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Tree from "../../../src/systems/elevenlabs/simulator/Tree.ts"
import type { Dice } from "../Dice.ts"
import type { Problem } from "../System.ts"

type World = Simulator.Simulator["world"]

const prompt = ["conversation_config", "agent", "prompt"]

export const listOf = (content: Tree.Fields): ReadonlyArray<Json.Json> => {
  const list = Tree.at(content, ...prompt, "knowledge_base")
  return Tree.isList(list) ? list : []
}

export const withList = (content: Tree.Fields, list: ReadonlyArray<Json.Json>): Tree.Fields =>
  Tree.merge(content, { conversation_config: { agent: { prompt: { knowledge_base: list } } } })

const entry = (id: string, name: string, usage: "auto" | "prompt"): Json.Json => ({
  type: "text",
  name,
  id,
  usage_mode: usage
})

export interface Others {
  /** Somebody saves a branch of an agent, in one of the ways in which people do. */
  readonly edit: (agent: string, branch: string) => Effect.Effect<void>
  readonly addDocument: (folder?: string) => Effect.Effect<{ readonly id: string; readonly name: string }>
}

export const make = (world: World, dice: Dice, isTheirs: (id: string) => boolean): Others => {
  let made = 0
  const isForeign = (item: Json.Json): boolean => isTheirs(Tree.idOf(item))

  const addDocument = (folder?: string) => {
    const name = `Notes ${++made}`
    return Effect.map(
      world.addForeignDocument({ name, folder, content: "What others know. ".repeat(40) }),
      (id) => ({ id, name })
    )
  }

  const save = (agent: string, branch: string, change: (content: Tree.Fields) => Tree.Fields): Effect.Effect<void> =>
    Effect.asVoid(world.editAgent(agent, change, branch))

  const edit = (agent: string, branch: string): Effect.Effect<void> => {
    switch (dice.between(0, 6)) {
      case 0:
        return save(agent, branch, (content) => {
          const text = Tree.at(content, ...prompt, "prompt")
          return Tree.merge(content, {
            conversation_config: { agent: { prompt: { prompt: `${String(text).slice(0, 40)} Be brief ${made}.` } } }
          })
        })
      case 1:
        return save(agent, branch, (content) => withList(content, listOf(content).toReversed()))
      case 2:
        return save(agent, branch, (content) => {
          const theirs = listOf(content).filter(isForeign)
          const gone = theirs[dice.between(0, Math.max(0, theirs.length - 1))]
          return withList(content, listOf(content).filter((item) => item !== gone))
        })
      case 3:
        return save(agent, branch, (content) =>
          Tree.merge(content, {
            workflow: {
              nodes: { start_node: { type: "start", position: { x: dice.between(0, 1000), y: 0 }, edge_order: [] } }
            }
          }))
      case 4:
        return save(agent, branch, (content) =>
          withList(
            content,
            listOf(content).map((item) =>
              isForeign(item) && Tree.isFields(item)
                ? { ...item, usage_mode: item["usage_mode"] === "auto" ? "prompt" : "auto" }
                : item
            )
          ))
      case 5:
        return Effect.flatMap(
          addDocument(),
          ({ id, name }) =>
            save(agent, branch, (content) => withList(content, [entry(id, name, "prompt"), ...listOf(content)]))
        )
      default:
        return Effect.flatMap(
          addDocument(),
          ({ id, name }) =>
            save(agent, branch, (content) => withList(content, [...listOf(content), entry(id, name, "prompt")]))
        )
    }
  }

  return { edit, addDocument }
}

/** Everything in a configuration but the lists of documents. */
const around = (content: Tree.Fields): string =>
  JSON.stringify(
    content,
    (name, value: unknown) => name === "knowledge_base" || name === "additional_knowledge_base" ? undefined : value
  )

/** What is not as others left it. */
export const problems = (world: World, isTheirs: (id: string) => boolean): ReadonlyArray<Problem> => {
  const found: Array<Problem> = []
  const foreignOf = (content: Tree.Fields): ReadonlyArray<Json.Json> =>
    listOf(content).filter((item) => isTheirs(Tree.idOf(item)))
  for (const agent of world.agents()) {
    for (const branch of agent.branches.values()) {
      const expected = new Set<string>()
      const entries = new Map<string, string>()
      let before: ReadonlySet<string> = new Set()
      let last: Tree.Fields | undefined
      for (const { content, foreign } of branch.versions) {
        const theirs = foreignOf(content)
        const now = new Set(theirs.map(Tree.idOf))
        if (foreign) {
          for (const id of now) if (!before.has(id)) expected.add(id)
          for (const id of before) if (!now.has(id)) expected.delete(id)
          for (const item of theirs) entries.set(Tree.idOf(item), JSON.stringify(item))
          last = content
        }
        before = now
      }
      const tip = branch.versions.at(-1)?.content
      if (tip === undefined || last === undefined) continue
      const where = `agent ${agent.id}, branch ${branch.name}`
      const end = foreignOf(tip)
      const there = new Set(end.map(Tree.idOf))
      for (const id of expected) {
        if (!there.has(id)) found.push({ invariant: "what others put there is gone", detail: `${id} from ${where}` })
      }
      for (const id of there) {
        if (!expected.has(id)) found.push({ invariant: "what others took out is back", detail: `${id} in ${where}` })
      }
      for (const item of end) {
        const put = entries.get(Tree.idOf(item))
        if (put !== undefined && put !== JSON.stringify(item)) {
          found.push({
            invariant: "an entry of others is changed",
            detail: `${put} in ${where} is ${JSON.stringify(item)}`
          })
        }
      }
      const order = foreignOf(last).map(Tree.idOf).filter((id) => there.has(id))
      const inOrder = end.map(Tree.idOf).filter((id) => order.includes(id))
      if (order.join() !== inOrder.join()) {
        found.push({
          invariant: "the order of others is changed",
          detail: `${order.join()} in ${where} is ${inOrder.join()}`
        })
      }
      if (around(tip) !== around(last)) {
        found.push({ invariant: "what is not ours is changed", detail: `${where}: ${around(last)} is ${around(tip)}` })
      }
    }
  }
  return found
}
