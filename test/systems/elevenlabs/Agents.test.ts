import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import type * as Json from "../../../src/kernel/Json.ts"
import * as Agents from "../../../src/systems/elevenlabs/Agents.ts"
import * as Specification from "./Specification.ts"

const entry = (id: string, more?: Record<string, Json.Json>): Json.Json => ({
  type: "file",
  name: `name of ${id}`,
  id,
  usage_mode: "auto",
  ...more
})

const prompt = (...ids: ReadonlyArray<string>) => ({
  agent: { prompt: { knowledge_base: ids.map((id) => entry(id)) } }
})

/** Documents in every place, and much else. */
const agent: Json.Json = {
  agent_id: "a",
  conversation_config: {
    agent: {
      prompt: {
        prompt: "Hello",
        knowledge_base: [entry("x"), entry("old", { usage_mode: "prompt", future: [1] }), "odd", entry("y")],
        rag: { enabled: true, embedding_model: "multilingual_e5_large_instruct" }
      },
      language: "en"
    },
    language_presets: {
      de: { overrides: { ...prompt("old", "z") }, first_message: "Hallo" },
      fr: { overrides: { agent: { prompt: { knowledge_base: null } } } }
    }
  },
  workflow: {
    edges: {},
    nodes: {
      start: { type: "start" },
      one: {
        type: "override_agent",
        additional_knowledge_base: [entry("old")],
        conversation_config: {
          ...prompt("q", "old"),
          language_presets: { es: { overrides: prompt("old") } }
        }
      },
      two: {
        type: "override_agent",
        additional_knowledge_base: [],
        conversation_config: { agent: { prompt: { rag: { embedding_model: "e5_mistral_7b_instruct" } } } }
      }
    }
  },
  procedures: {
    p1: { procedure_id: "p1", name: "Refund", referenced_kb_ids: ["old"] },
    p2: { referenced_kb_ids: null }
  }
}

const ids = (json: Json.Json): Record<string, ReadonlyArray<string>> =>
  Object.fromEntries(Agents.places(json).map(({ entries, path }) => [path.join("."), entries.map(({ id }) => id)]))

const inAll = (id: string) => ({
  "conversation_config.agent.prompt.knowledge_base": ["x", id, "y"],
  "conversation_config.language_presets.de.overrides.agent.prompt.knowledge_base": [id, "z"],
  "workflow.nodes.one.additional_knowledge_base": [id],
  "workflow.nodes.two.additional_knowledge_base": [],
  "workflow.nodes.one.conversation_config.agent.prompt.knowledge_base": ["q", id],
  "workflow.nodes.one.conversation_config.language_presets.es.overrides.agent.prompt.knowledge_base": [id]
})

/** Merged as the API does it: objects into objects, everything else in its place. */
const merged = (before: Json.Json | undefined, patch: Json.Json): Json.Json => {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch
  const base = typeof before === "object" && before !== null && !Array.isArray(before) ? before : {}
  const result: Record<string, Json.Json> = { ...base as Record<string, Json.Json> }
  for (const [key, value] of Object.entries(patch)) result[key] = merged(result[key], value)
  return result
}

describe("Agents", () => {
  it("finds every list", () => {
    assert.deepStrictEqual(ids(agent), inAll("old"))
    assert.deepStrictEqual([...Agents.documents(agent)].toSorted(), ["old", "q", "x", "y", "z"])
    assert.deepStrictEqual(Agents.places(agent)[0]?.entries[1], {
      id: "old",
      name: "name of old",
      type: "file",
      usageMode: "prompt"
    })
    assert.deepStrictEqual(Agents.procedures(agent, "old"), ["Refund"])
    assert.deepStrictEqual(Agents.procedures(agent, "x"), [])
  })

  it.skipIf(!Specification.isThere)(
    Specification.isThere ? "there are no other lists in the API description" : Specification.skipped,
    () => {
      const described = [
        "conversation_config.agent.prompt.knowledge_base[]",
        "conversation_config.language_presets.*.overrides.agent.prompt.knowledge_base[]",
        "workflow.nodes.*.additional_knowledge_base[]",
        "workflow.nodes.*.conversation_config.agent.prompt.knowledge_base[]",
        "workflow.nodes.*.conversation_config.language_presets.*.overrides.agent.prompt.knowledge_base[]"
      ]
      assert.deepStrictEqual(Specification.pathsTo("GetAgentResponseModel", "KnowledgeBaseLocator"), described)
      const found = ids(agent)
      for (const path of described) {
        const pattern = new RegExp(`^${path.slice(0, -2).replaceAll(".", "\\.").replaceAll("*", "\\w+")}$`)
        assert.isTrue(Object.keys(found).some((key) => pattern.test(key)), path)
      }
    }
  )

  it("replaces everywhere, in place, and keeps how it is used and what is not known here", () => {
    const after = Agents.replace(agent, "old", { id: "new", name: "N" })
    assert.deepStrictEqual(ids(after), inAll("new"))
    const expected = JSON.stringify(agent).replaceAll(
      /"name":"name of old","id":"old"/g,
      "\"name\":\"N\",\"id\":\"new\""
    )
    assert.strictEqual(JSON.stringify(after), expected)
    assert.strictEqual(Agents.replace(after, "old", { id: "other", name: "O" }), after)
    const typed = Agents.replace(agent, "y", { id: "y2", name: "Y", type: "text" })
    assert.strictEqual(Agents.places(typed)[0]?.entries[2]?.type, "text")
  })

  it("where both are named already, the old one goes; twice named becomes once", () => {
    const both = { conversation_config: prompt("a", "new", "old", "b", "old") }
    const after = Agents.replace(both, "old", { id: "new", name: "N" })
    assert.deepStrictEqual(Object.values(ids(after)), [["a", "new", "b"]])
    const twice = Agents.replace({ conversation_config: prompt("old", "a", "old") }, "old", { id: "new", name: "N" })
    assert.deepStrictEqual(Object.values(ids(twice)), [["new", "a"]])
    const renamed = Agents.replace({ conversation_config: prompt("old", "a") }, "old", { id: "old", name: "N" })
    assert.deepStrictEqual(Object.values(ids(renamed)), [["old", "a"]])
  })

  it("inserts once at the end of its own prompt, also where there is no list yet", () => {
    const added = { id: "n", name: "N", type: "file", usageMode: "prompt" }
    const after = Agents.insert(agent, added)
    assert.deepStrictEqual(Agents.places(after)[0]?.entries.at(-1), added)
    assert.strictEqual(Agents.insert(after, { ...added, usageMode: "auto" }), after)
    assert.deepStrictEqual(Agents.places(Agents.insert({ agent_id: "a" }, added))[0]?.entries, [added])
  })

  it("removes everywhere and nothing else", () => {
    const after = Agents.remove(agent, "old")
    assert.isFalse(Agents.documents(after).has("old"))
    assert.strictEqual(Agents.places(after)[0]?.entries.length, 2)
    assert.include(JSON.stringify(after), "\"odd\"")
    assert.strictEqual(Agents.remove(after, "old"), after)
  })

  it("needs an index for each model that it looks things up by", () => {
    const both = ["e5_mistral_7b_instruct", "multilingual_e5_large_instruct"]
    assert.deepStrictEqual([...Agents.embeddingModels(agent)].toSorted(), both)
    assert.deepStrictEqual([...Agents.embeddingModels({ conversation_config: prompt("x") })], [])
    const node = { conversation_config: { agent: { prompt: { rag: { enabled: true } } } } }
    assert.deepStrictEqual([...Agents.embeddingModels({ workflow: { nodes: { node } } })], ["e5_mistral_7b_instruct"])
  })

  it("the patch of a change gives the change and nothing else", () => {
    const changes = [
      Agents.replace(agent, "old", { id: "new", name: "N" }),
      Agents.remove(agent, "z"),
      Agents.remove(agent, "x"),
      Agents.insert(agent, { id: "n", name: "N", type: "file", usageMode: "auto" })
    ]
    for (const after of changes) {
      const patch = Agents.patch(agent, after)
      assert.isDefined(patch)
      assert.deepStrictEqual(merged(agent, patch ?? {}), after)
    }
    assert.deepStrictEqual(Agents.patch(agent, Agents.remove(agent, "x")), {
      conversation_config: {
        agent: { prompt: { knowledge_base: [entry("old", { usage_mode: "prompt", future: [1] }), "odd", entry("y")] } }
      }
    })
    assert.isUndefined(Agents.patch(agent, agent))
  })

  it("of any lists: order and other people's entries stay, replacing back gives the same", () => {
    const list = FastCheck.uniqueArray(FastCheck.stringMatching(/^[a-f]$/), { maxLength: 6 })
    FastCheck.assert(
      FastCheck.property(list, list, FastCheck.constantFrom("a", "b", "c"), (own, additional, id) => {
        const before = {
          conversation_config: prompt(...own),
          workflow: { nodes: { n: { additional_knowledge_base: additional.map((one) => entry(one)) } } }
        }
        const there = Agents.replace(before, id, { id: "new", name: "N" })
        assert.deepStrictEqual(
          Object.values(ids(there)),
          [own, additional].map((list) => list.map((one) => one === id ? "new" : one))
        )
        assert.deepStrictEqual(Agents.replace(there, "new", { id, name: `name of ${id}` }), before)
        assert.deepStrictEqual(
          Object.values(ids(Agents.remove(before, id))),
          [own, additional].map((list) => list.filter((one) => one !== id))
        )
      })
    )
  })

  it("any JSON is an agent with some lists or none", () => {
    FastCheck.assert(
      FastCheck.property(FastCheck.jsonValue(), (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json.Json
        for (const odd of [json, { conversation_config: json }, { workflow: { nodes: json } }]) {
          assert.deepStrictEqual(Agents.replace(odd, "a", { id: "b", name: "B" }), odd)
          Agents.insert(odd, { id: "n", name: "N", type: "file", usageMode: "auto" })
          Agents.embeddingModels(odd)
        }
      })
    )
    const hostile = JSON.parse(
      "{\"workflow\":{\"nodes\":{\"__proto__\":{\"additional_knowledge_base\":[{\"id\":\"old\"}]}}}}"
    ) as Json.Json
    const after = Agents.replace(hostile, "old", { id: "new", name: "N" })
    assert.strictEqual(
      JSON.stringify(after).replace(",\"name\":\"N\"", ""),
      JSON.stringify(hostile).replace("old", "new")
    )
  })
})
