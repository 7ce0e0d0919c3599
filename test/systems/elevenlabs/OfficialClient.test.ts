/** The vendor's own SDK against the simulated workspace, over a real port. */
import { ElevenLabsClient, ElevenLabsError } from "@elevenlabs/elevenlabs-js"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Api from "./simulator/Api.ts"

const served = (options?: Simulator.Options) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({ concurrencyLimit: 20, indexMillis: 0, ...options })
    const server = yield* Serve.serve(simulator.endpoint)
    const client = new ElevenLabsClient({ baseUrl: server.url, apiKey: simulator.credentials.apiKey, maxRetries: 0 })
    const upload = (name: string, data: string | Buffer) =>
      Effect.promise(() =>
        client.conversationalAi.knowledgeBase.documents.createFromFile({
          name,
          file: { data: Buffer.from(data), filename: `${name}.txt`, contentType: "text/plain" }
        })
      )
    return {
      simulator,
      world: simulator.world,
      client,
      documents: client.conversationalAi.knowledgeBase.documents,
      upload
    }
  })

const failure = (call: () => Promise<unknown>) =>
  Effect.promise(() => call().then(() => undefined, (error: unknown) => error))

describe("the official SDK", () => {
  it.scopedLive("makes documents of files and gets the same bytes back", () =>
    Effect.gen(function*() {
      const { documents, upload, world } = yield* served()
      const bytes = Buffer.from(Array.from({ length: 3_000 }, (_, index) => (index * 31) % 256))
      const made = yield* upload("Ünïcode", bytes)
      assert.deepStrictEqual(Buffer.from(world.document(made.id)?.bytes ?? []), bytes)
      assert.strictEqual(world.document(made.id)?.name, "Ünïcode")
      const whole = yield* Effect.promise(() => documents.get(made.id))
      assert.strictEqual(whole.type, "file")
      assert.strictEqual(whole.metadata.sizeBytes, 3_000)
      const { signedUrl } = yield* Effect.promise(() => documents.getSourceFileUrl(made.id))
      const got = yield* Effect.promise(() => fetch(signedUrl).then((response) => response.arrayBuffer()))
      assert.deepStrictEqual(Buffer.from(got), bytes)
    }))

  it.scopedLive("lists pages, by folder and by the beginning of a name", () =>
    Effect.gen(function*() {
      const { client, documents, upload } = yield* served()
      const folder = yield* Effect.promise(() => documents.createFolder({ name: "Site" }))
      yield* Effect.promise(() =>
        documents.createFromText({ name: "In the folder", text: "text", parentFolderId: folder.id })
      )
      for (let index = 0; index < 5; index++) yield* upload(`page ${index}`, `page ${index}`)
      const found: Array<string> = []
      let cursor: string | undefined
      do {
        const page = yield* Effect.promise(() =>
          client.conversationalAi.knowledgeBase.list({
            pageSize: 2,
            search: "page",
            types: ["file"],
            sortBy: "name",
            sortDirection: "asc",
            ...(cursor === undefined ? {} : { cursor })
          })
        )
        found.push(...page.documents.map(({ name }) => name))
        cursor = page.hasMore ? page.nextCursor : undefined
      } while (cursor !== undefined)
      assert.deepStrictEqual(found, ["page 0", "page 1", "page 2", "page 3", "page 4"])
      const inside = yield* Effect.promise(() =>
        client.conversationalAi.knowledgeBase.list({ parentFolderId: folder.id })
      )
      assert.deepStrictEqual(inside.documents.map(({ name }) => name), ["In the folder"])
    }))

  it.scopedLive("attaches a document to an agent, sees who uses it, and deletes it after that", () =>
    Effect.gen(function*() {
      const { client, documents, upload, world } = yield* served({ agents: [{ name: "Support" }] })
      const { agents } = client.conversationalAi
      const listed = yield* Effect.promise(() => agents.list())
      const agent = listed.agents[0]?.agentId ?? ""
      const made = yield* upload("Doc", "content")
      const save = (knowledgeBase: Array<{ type: "file"; name: string; id: string }>) =>
        Effect.promise(() =>
          agents.update(agent, {
            conversationConfig: { agent: { prompt: { knowledgeBase } } },
            versionDescription: "Saved"
          })
        )
      yield* save([{ type: "file", name: made.name, id: made.id }])
      const got = yield* Effect.promise(() => agents.get(agent))
      assert.deepStrictEqual(got.conversationConfig.agent?.prompt?.knowledgeBase?.map(({ id }) => id), [made.id])
      assert.strictEqual(got.conversationConfig.agent?.prompt?.llm, "gemini-2.5-flash")
      assert.strictEqual(got.branchId, world.agent(agent).main)
      const users = yield* Effect.promise(() => documents.getAgents(made.id))
      assert.deepStrictEqual(users.agents.map(({ id }) => id), [agent])
      assert.deepStrictEqual(users.branches?.map(({ isMain }) => isMain), [true])
      const refused = yield* failure(() => documents.delete(made.id))
      assert.instanceOf(refused, ElevenLabsError)
      assert.strictEqual(refused instanceof ElevenLabsError ? refused.statusCode : undefined, 400)
      yield* save([])
      yield* Effect.promise(() => documents.delete(made.id))
      assert.deepStrictEqual(world.documents(), [])
    }))

  it.scopedLive("indexes a document", () =>
    Effect.gen(function*() {
      const { client, upload } = yield* served()
      const made = yield* upload("Doc", "word ".repeat(200))
      const index = yield* Effect.promise(() =>
        client.conversationalAi.knowledgeBase.document.computeRagIndex(made.id, { model: "e5_mistral_7b_instruct" })
      )
      assert.deepStrictEqual([index.status, index.progressPercentage], ["succeeded", 100])
      const overview = yield* Effect.promise(() => client.conversationalAi.ragIndexOverview())
      assert.strictEqual(overview.totalUsedBytes, 1_000)
    }))

  it.scopedLive(
    "makes three documents of one where answers are lost, for it sends again",
    () =>
      Effect.gen(function*() {
        const { client, world } = yield* served({
          faults: {
            rules: [{ match: { method: "POST" }, times: 2, effect: { type: "answer", status: 503, acted: true } }]
          }
        })
        yield* Effect.promise(() =>
          client.conversationalAi.knowledgeBase.documents.createFromText(
            { name: "Once", text: "once" },
            { maxRetries: 2 }
          )
        )
        assert.deepStrictEqual(world.documents().map(({ name }) => name), ["Once", "Once", "Once"])
      }),
    20_000
  )

  it.scopedLive("is told in the vendor's words what is wrong", () =>
    Effect.gen(function*() {
      const { client } = yield* served({ errors: "current" })
      const error = yield* failure(() => client.conversationalAi.knowledgeBase.documents.get("nothing"))
      assert.strictEqual(Api.field(error, "statusCode"), 404)
      assert.strictEqual(Api.field(error, "body", "detail", "code"), "knowledge_base_documentation_not_found")
      const wrong = yield* failure(() => client.conversationalAi.knowledgeBase.list({ pageSize: 1_000 }))
      assert.strictEqual(Api.field(wrong, "statusCode"), 422)
    }))

  it.scopedLive("reads the subscription", () =>
    Effect.gen(function*() {
      const { client } = yield* served({ tier: "pro" })
      const subscription = yield* Effect.promise(() => client.user.subscription.get())
      assert.strictEqual(subscription.tier, "pro")
    }))
})
