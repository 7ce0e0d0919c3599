/** Agents of the simulated workspace, and the documents they use. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Api from "./Api.ts"

const root = Api.knowledgeBase
const agents = "/v1/convai/agents"

const setting = (options?: Parameters<typeof Api.make>[0]) =>
  Effect.gen(function*() {
    const api = yield* Api.make({ agents: [{ name: "Support" }], errors: "current", ...options })
    const agent = api.world.agents()[0]?.id ?? ""
    const id = yield* api.upload({ name: "Doc", content: "content ".repeat(100) })
    const attach = (...ids: ReadonlyArray<string>) =>
      api.patch(`${agents}/${agent}`, Api.attaching(ids.map((one) => ({ id: one, name: "Doc" }))))
    return { api, agent, id, attach }
  })

const codeOf = ({ body }: Api.Answer): unknown => Api.field(body, "detail", "code")

describe("an agent", () => {
  it.effect("is saved by merging objects and replacing lists, as a new version each time", () =>
    Effect.gen(function*() {
      const { agent, api, attach, id } = yield* setting()
      const before = yield* api.get(`${agents}/${agent}`)
      const saved = yield* attach(id)
      assert.deepStrictEqual(api.world.attached(agent), [id])
      const prompt = ["conversation_config", "agent", "prompt", "prompt"] as const
      assert.strictEqual(Api.field(saved.body, ...prompt), Api.field(before.body, ...prompt))
      assert.notStrictEqual(Api.field(saved.body, "version_id"), Api.field(before.body, "version_id"))
      yield* attach()
      assert.deepStrictEqual(api.world.attached(agent), [])
      yield* attach()
      assert.strictEqual(api.world.agent(agent).branches.get(api.world.agent(agent).main)?.versions.length, 4)
      const version = String(Api.field(saved.body, "version_id"))
      const old = yield* api.get(`${agents}/${agent}?version_id=${version}`)
      assert.deepStrictEqual(old.body, saved.body)
    }))

  it.effect("loses the save of another, for nothing guards it", () =>
    Effect.gen(function*() {
      const { agent, api, attach, id } = yield* setting()
      const theirs = yield* api.world.addForeignDocument({ name: "Theirs" })
      yield* api.get(`${agents}/${agent}`)
      yield* api.world.editAgent(agent, (content) => ({
        ...content,
        conversation_config: Api.attaching([{ id: theirs, name: "Theirs" }]).conversation_config
      }))
      yield* attach(id)
      assert.deepStrictEqual(api.world.attached(agent), [id])
    }))

  it.effect("has branches with versions of their own", () =>
    Effect.gen(function*() {
      const { agent, api, attach, id } = yield* setting()
      yield* attach(id)
      const branch = yield* api.world.addBranch(agent, "Trial")
      yield* api.patch(`${agents}/${agent}?branch_id=${branch}`, Api.attaching([]))
      assert.deepStrictEqual(api.world.attached(agent), [id])
      assert.deepStrictEqual(api.world.attached(agent, branch), [])
      const shown = yield* api.get(`${agents}/${agent}?branch_id=${branch}`)
      assert.strictEqual(Api.field(shown.body, "branch_id"), branch)
      assert.strictEqual(Api.field(shown.body, "main_branch_id"), api.world.agent(agent).main)
      assert.strictEqual((yield* api.get(`${agents}/${agent}?branch_id=none`)).status, 404)
    }))

  it.effect("tells of each version what it followed", () =>
    Effect.gen(function*() {
      const { agent, api, attach, id } = yield* setting()
      const first = String(Api.field((yield* attach(id)).body, "version_id"))
      const second = String(Api.field((yield* attach(id)).body, "version_id"))
      const branch = yield* api.world.addBranch(agent, "Trial")
      const third = api.world.agent(agent).branches.get(branch)?.versions[0]?.id ?? ""
      const parents = (version: string) =>
        Effect.map(api.get(`${agents}/${agent}/versions/${version}`), ({ body }) => Api.field(body, "parents"))
      assert.deepStrictEqual(yield* parents(second), { in_branch_parent_id: first, out_of_branch_parent_id: null })
      assert.deepStrictEqual(yield* parents(third), { in_branch_parent_id: null, out_of_branch_parent_id: second })
    }))

  it.effect("that is not there, or may not be seen, is answered with the code of a document", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ agents: [{ name: "Secret", hidden: true }], errors: "current" })
      const secret = api.world.agents()[0]?.id ?? ""
      for (const id of ["agent_none", secret]) {
        const answer = yield* api.get(`${agents}/${id}`)
        assert.strictEqual(answer.status, 404)
        assert.strictEqual(codeOf(answer), "document_not_found")
      }
      assert.deepStrictEqual(Api.list((yield* api.get(agents)).body, "agents"), [])
    }))

  it.effect("takes no document that is not there, and keeps those that are gone from its past", () =>
    Effect.gen(function*() {
      const { agent, api, attach } = yield* setting()
      const versions = () => api.world.agent(agent).branches.get(api.world.agent(agent).main)?.versions.length
      const before = versions()
      assert.strictEqual((yield* attach("nothing")).status, 404)
      assert.strictEqual(versions(), before)
    }))

  it.effect("that retrieves takes a document only when its index is ready", () =>
    Effect.gen(function*() {
      const { api, attach, id } = yield* setting({ agents: [{ name: "Support", retrieval: true }], indexMillis: 1_000 })
      const early = yield* attach(id)
      assert.deepStrictEqual([early.status, codeOf(early)], [422, "rag_index_not_ready"])
      yield* api.post(`${root}/${id}/rag-index`, { model: "multilingual_e5_large_instruct" })
      yield* TestClock.adjust(1_000)
      assert.strictEqual((yield* attach(id)).status, 422)
      yield* api.post(`${root}/${id}/rag-index`, { model: "e5_mistral_7b_instruct" })
      yield* TestClock.adjust(1_000)
      assert.strictEqual((yield* attach(id)).status, 200)
      const small = yield* api.upload({ content: "small" })
      assert.strictEqual((yield* attach(id, small)).status, 200)
    }))

  it.effect("takes no more documents at once than it is told to", () =>
    Effect.gen(function*() {
      const { agent, api, attach, id } = yield* setting({ attachLimit: 1 })
      const other = yield* api.upload({ content: "other" })
      assert.strictEqual((yield* attach(id, other)).status, 400)
      yield* attach(id)
      yield* attach(id, other)
      assert.deepStrictEqual(api.world.attached(agent), [id, other])
    }))
})

describe("a document that is used", () => {
  it.effect("is not deleted, and for a while not after that either", () =>
    Effect.gen(function*() {
      const { api, attach, id } = yield* setting({ dependencyLagMillis: 5_000 })
      yield* attach(id)
      const refused = yield* api.remove(`${root}/${id}`)
      assert.deepStrictEqual([refused.status, codeOf(refused)], [400, "document_has_dependent_agents"])
      yield* attach()
      yield* TestClock.adjust(4_999)
      assert.strictEqual((yield* api.remove(`${root}/${id}`)).status, 400)
      yield* TestClock.adjust(1)
      assert.strictEqual((yield* api.remove(`${root}/${id}`)).status, 200)
      assert.strictEqual((yield* api.remove(`${root}/${id}`)).status, 404)
    }))

  it.effect("on a branch or in a node of a workflow counts as used", () =>
    Effect.gen(function*() {
      const { agent, api, id } = yield* setting({ agents: [{ name: "Support", nodes: { desk: [] } }] })
      const branch = yield* api.world.addBranch(agent, "Trial")
      const entry = { type: "file", name: "Doc", id, usage_mode: "auto" }
      yield* api.patch(`${agents}/${agent}?branch_id=${branch}`, {
        workflow: { nodes: { desk: { additional_knowledge_base: [entry] } } }
      })
      const dependents = yield* api.get(`${root}/${id}/dependent-agents`)
      assert.deepStrictEqual(Api.list(dependents.body, "agents"), [])
      assert.deepStrictEqual(
        Api.list(dependents.body, "branches").map((one) => [Api.field(one, "branch_id"), Api.field(one, "is_main")]),
        [[branch, false]]
      )
      assert.strictEqual((yield* api.remove(`${root}/${id}`)).status, 400)
    }))

  it.effect("is taken from every branch when it is deleted by force, in a new version", () =>
    Effect.gen(function*() {
      const { agent, api, attach, id } = yield* setting()
      const kept = yield* api.upload({ name: "Kept", content: "kept" })
      yield* attach(kept, id)
      const branch = yield* api.world.addBranch(agent, "Trial")
      assert.strictEqual((yield* api.remove(`${root}/${id}?force=true`)).status, 200)
      assert.deepStrictEqual([api.world.attached(agent), api.world.attached(agent, branch)], [[kept], [kept]])
      assert.strictEqual(api.world.agent(agent).branches.get(branch)?.versions.length, 2)
    }))

  it.effect("by way of its folder is so transitively", () =>
    Effect.gen(function*() {
      const { agent, api } = yield* setting()
      const folder = Api.idOf(yield* api.post(`${root}/folder`, { name: "F" }))
      const inside = yield* api.upload({ content: "inside", folder })
      yield* api.patch(`${agents}/${agent}`, {
        conversation_config: { agent: { prompt: { knowledge_base: [{ type: "folder", name: "F", id: folder }] } } }
      })
      const found = (type: string) =>
        Effect.map(
          api.get(`${root}/${inside}/dependent-agents?dependent_type=${type}`),
          ({ body }) => Api.list(body, "agents").map((one) => Api.field(one, "id"))
        )
      assert.deepStrictEqual(yield* found("direct"), [])
      assert.deepStrictEqual(yield* found("transitive"), [agent])
      assert.deepStrictEqual(yield* found("all"), [agent])
    }))

  it.effect("tells its users by pages, and of those that may not be seen the id only", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const id = yield* api.upload({ name: "Doc", content: "doc" })
      const documents = [{ id, name: "Doc", type: "file" as const }]
      const open = yield* api.world.addAgent({ name: "Open", documents })
      yield* TestClock.adjust(1)
      const secret = yield* api.world.addAgent({ name: "Secret", documents, hidden: true })
      const first = yield* api.get(`${root}/${id}/dependent-agents?page_size=1`)
      const next = yield* api.get(
        `${root}/${id}/dependent-agents?page_size=1&cursor=${String(Api.field(first.body, "next_cursor"))}`
      )
      assert.deepStrictEqual(Api.list(first.body, "agents").map((one) => Api.field(one, "id")), [open])
      assert.deepStrictEqual(Api.list(next.body, "agents"), [
        { type: "unknown", id: secret, referenced_resource_ids: [id] }
      ])
      assert.isFalse(Api.field(next.body, "has_more"))
    }))

  it.effect("among many is the one that is not deleted", () =>
    Effect.gen(function*() {
      const { api, attach, id } = yield* setting()
      const free = yield* api.upload({ content: "free" })
      yield* attach(id)
      const { body } = yield* api.post(`${root}/bulk-delete`, { document_ids: [id, free, "nothing"] })
      assert.deepStrictEqual(
        [id, free, "nothing"].map((one) => [Api.field(body, one, "status"), Api.field(body, one, "error_code")]),
        [["failure", 400], ["success", undefined], ["failure", 404]]
      )
      const many = Array.from({ length: 21 }, (_, index) => `${index}`)
      assert.strictEqual((yield* api.post(`${root}/bulk-delete`, { document_ids: many })).status, 422)
      assert.strictEqual((yield* api.post(`${root}/bulk-delete`, { document_ids: [free, free] })).status, 422)
    }))
})
