import { describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type * as Json from "../../../src/kernel/Json.ts"
import * as AgentChange from "../../../src/systems/elevenlabs/run/AgentChange.ts"

const old = ["a", "b", "c", "d"] as const

const list = FastCheck.array(FastCheck.constantFrom(...old, "a2", "x", "y"), { maxLength: 8 }).map((ids) =>
  ids.map((id) => ({ type: "file", id, name: `name of ${id}`, usage_mode: id === "b" ? "prompt" : "auto" }))
)

/** A list of its own and one of a node, with documents of others in between, some named twice. */
const agent = FastCheck.tuple(list, list).map(([own, node]) => ({
  conversation_config: { agent: { prompt: { knowledge_base: own } } },
  workflow: { nodes: { one: { additional_knowledge_base: node } } }
}))

/** Each about documents of its own. */
const changes: FastCheck.Arbitrary<ReadonlyArray<AgentChange.AgentChange>> = FastCheck.tuple(
  ...old.map((id) =>
    FastCheck.constantFrom<AgentChange.AgentChange | undefined>(
      undefined,
      { _tag: "Swap", from: id, to: { id: `${id}2`, name: `new ${id}` }, usageMode: null },
      { _tag: "Swap", from: id, to: { id: `${id}2`, name: `new ${id}` }, usageMode: "auto" },
      { _tag: "Add", id, name: `new ${id}`, usageMode: "prompt" },
      { _tag: "Drop", id }
    )
  )
).map((some) => some.filter((change) => change !== undefined))

describe("AgentChange", () => {
  it("makes of changes at once what they make one after the other, and nothing when done again", () => {
    FastCheck.assert(FastCheck.property(agent, changes, (agent, changes) => {
      const after = AgentChange.apply(agent, changes)
      expect(after).toEqual(changes.reduce<Json.Json>((before, change) => AgentChange.apply(before, [change]), agent))
      expect(AgentChange.holds(after, changes)).toBe(true)
      expect(AgentChange.apply(after, changes)).toEqual(after)
    }))
  })
})
