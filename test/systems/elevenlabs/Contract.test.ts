/** The simulated workspace against the vendor's API description: every path, every answer. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Api from "./simulator/Api.ts"
import * as Specification from "./Specification.ts"

const root = Api.knowledgeBase
const text = "word ".repeat(200)

/** Everything that can be asked, once at least, in a workspace that has something of everything. */
const tour = Effect.gen(function*() {
  const api = yield* Api.make({ agents: [{ name: "Plain", nodes: { desk: [] } }, { name: "Hidden", hidden: true }] })
  const seen: Array<{ readonly call: string; readonly answer: Api.Answer }> = []
  const note = (call: string, asked: Effect.Effect<Api.Answer>) =>
    Effect.tap(asked, (answer) => Effect.sync(() => seen.push({ call, answer })))
  const agent = api.world.agents()[0]?.id ?? ""
  const main = api.world.agent(agent).main

  const outer = Api.idOf(yield* note(`POST ${root}/folder`, api.post(`${root}/folder`, { name: "Outer" })))
  const folder = Api.idOf(
    yield* note(`POST ${root}/folder`, api.post(`${root}/folder`, { name: "Inner", parent_folder_id: outer }))
  )
  const file = Api.idOf(
    yield* note(
      `POST ${root}/file`,
      api.sendFile("POST", `${root}/file`, { name: "A file", filename: "a.txt", content: text, folder })
    )
  )
  const words = Api.idOf(yield* note(`POST ${root}/text`, api.post(`${root}/text`, { text, name: "Words" })))
  const page = Api.idOf(yield* note(`POST ${root}/url`, api.post(`${root}/url`, { url: "https://example.com/a" })))
  const documents = [{ id: file, name: "A file" }, { id: words, name: "Words" }]

  yield* note(`GET ${root}`, api.get(`${root}?page_size=2&sort_by=name&sort_direction=asc&folders_first=true`))
  yield* note(`GET ${root}`, api.get(`${root}?types=file&types=url&types=text&types=folder`))
  for (const id of [outer, folder, file, words, page]) {
    const one = `${root}/{documentation_id}`
    yield* note(`GET ${one}`, api.get(`${root}/${id}`))
    yield* note(`PATCH ${one}`, api.patch(`${root}/${id}`, { name: `Again ${id}` }))
    yield* note(
      `POST ${one}/rag-index`,
      api.post(`${root}/${id}/rag-index`, { model: "e5_mistral_7b_instruct" })
    )
    yield* note(`GET ${one}/rag-index`, api.get(`${root}/${id}/rag-index`))
  }
  yield* note(`PATCH ${root}/{documentation_id}`, api.patch(`${root}/${words}`, { content: `${text}!` }))
  yield* note(`GET ${root}/{documentation_id}/content`, api.get(`${root}/${words}/content`))
  yield* note(`GET ${root}/{documentation_id}/source-file-url`, api.get(`${root}/${file}/source-file-url`))
  yield* note(
    `PATCH ${root}/{documentation_id}/update-file`,
    api.sendFile("PATCH", `${root}/${file}/update-file`, { filename: "b.txt", content: `${text}.` })
  )
  yield* note(`GET ${root}/summaries`, api.get(`${root}/summaries?document_ids=${file}&document_ids=nothing`))
  yield* note(`POST ${root}/{document_id}/move`, api.post(`${root}/${words}/move`, { move_to: folder }))
  yield* note(`POST ${root}/bulk-move`, api.post(`${root}/bulk-move`, { document_ids: [words], move_to: outer }))
  yield* TestClock.adjust("1 minute")
  const items = [
    { document_id: file, create_if_missing: true, model: "multilingual_e5_large_instruct" },
    { document_id: page, create_if_missing: false, model: "multilingual_e5_large_instruct" }
  ]
  const indexed = yield* note(`POST ${root}/rag-index`, api.post(`${root}/rag-index`, { items }))
  yield* note(`GET ${root}/rag-index`, api.get(`${root}/rag-index`))
  const index = String(Api.field(indexed.body, file, "data", "id"))
  yield* note(
    `DELETE ${root}/{documentation_id}/rag-index/{rag_index_id}`,
    api.remove(`${root}/${file}/rag-index/${index}`)
  )

  const agents = "/v1/convai/agents"
  yield* note(`GET ${agents}`, api.get(`${agents}?page_size=1`))
  yield* note(`GET ${agents}/summaries`, api.get(`${agents}/summaries?agent_ids=${agent}&agent_ids=nobody`))
  const attached = yield* note(
    `PATCH ${agents}/{agent_id}`,
    api.patch(`${agents}/${agent}`, { ...Api.attaching(documents), version_description: "Attached" })
  )
  yield* note(`GET ${agents}/{agent_id}`, api.get(`${agents}/${agent}`))
  const version = String(Api.field(attached.body, "version_id"))
  yield* note(`GET ${agents}/{agent_id}/versions/{version_id}`, api.get(`${agents}/${agent}/versions/${version}`))
  const branch = yield* api.world.addBranch(agent, "Trial")
  yield* note(`GET ${agents}/{agent_id}/branches`, api.get(`${agents}/${agent}/branches`))
  for (const id of [main, branch]) {
    yield* note(`GET ${agents}/{agent_id}/branches/{branch_id}`, api.get(`${agents}/${agent}/branches/${id}`))
  }
  const size = "/v1/convai/agent/{agent_id}/knowledge-base/size"
  yield* note(`GET ${size}`, api.get(size.replace("{agent_id}", agent)))
  const secret = api.world.agents()[1]?.id ?? ""
  yield* api.world.editAgent(secret, (content) => ({
    ...content,
    conversation_config: Api.attaching(documents).conversation_config
  }))
  yield* note(`GET ${root}/{documentation_id}/dependent-agents`, api.get(`${root}/${file}/dependent-agents`))
  yield* note(
    `POST ${root}/dependent-agents`,
    api.post(`${root}/dependent-agents?dependent_type=direct`, { document_ids: [file, words] })
  )
  yield* note(
    `POST ${root}/bulk-delete`,
    api.post(`${root}/bulk-delete`, { document_ids: [file, page, "nothing"] })
  )
  yield* note(`DELETE ${root}/{documentation_id}`, api.remove(`${root}/${outer}?force=true`))
  yield* note("GET /v1/user", api.get("/v1/user"))
  yield* note("GET /v1/user/subscription", api.get("/v1/user/subscription"))
  return seen
})

/** Storage is not the API's. */
const isApi = (call: string): boolean => !call.includes("/storage/")

describe.runIf(Specification.isThere)("the simulated workspace", () => {
  it("serves no path that is not described", () => {
    assert.deepStrictEqual(Simulator.routes.filter((call) => isApi(call) && !Specification.has(call)), [])
  })

  it.effect("answers every call as described", () =>
    Effect.gen(function*() {
      const seen = yield* tour
      const asked = new Set(seen.map(({ call }) => call))
      assert.deepStrictEqual(Simulator.routes.filter((call) => isApi(call) && !asked.has(call)), [])
      assert.deepStrictEqual(seen.filter(({ answer }) => answer.status !== 200), [])
      const problems = seen.flatMap(({ answer, call }) => Specification.problems(call, answer.status, answer.body))
      assert.deepStrictEqual(problems, [])
    }))

  it.effect("says as described what is wrong with a request", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ agents: [{ name: "Plain" }] })
      const agent = api.world.agents()[0]?.id ?? ""
      const wrong: ReadonlyArray<readonly [string, Effect.Effect<Api.Answer>]> = [
        [`GET ${root}`, api.get(`${root}?page_size=101`)],
        [`GET ${root}`, api.get(`${root}?types=book`)],
        [`POST ${root}/text`, api.post(`${root}/text`, { name: "No text" })],
        [`POST ${root}/text`, api.post(`${root}/text`, { text, name: "" })],
        [`POST ${root}/folder`, api.post(`${root}/folder`, {})],
        [`POST ${root}/file`, api.post(`${root}/file`, {})],
        [`POST ${root}/bulk-delete`, api.post(`${root}/bulk-delete`, { document_ids: [] })],
        [`PATCH /v1/convai/agents/{agent_id}`, api.patch(`/v1/convai/agents/${agent}`, [])],
        [
          `PATCH /v1/convai/agents/{agent_id}`,
          api.patch(`/v1/convai/agents/${agent}`, {
            conversation_config: { agent: { prompt: { knowledge_base: [{ type: "file", name: "No id" }] } } }
          })
        ]
      ]
      for (const [call, asked] of wrong) {
        const answer = yield* asked
        assert.strictEqual(answer.status, 422, call)
        assert.deepStrictEqual(Specification.problems(call, 422, answer.body), [])
      }
    }))
})

describe.skipIf(Specification.isThere)(Specification.skipped, () => {
  it("has nothing to check against", () => assert.isFalse(Specification.isThere))
})
