/** Indexes for retrieval in the simulated workspace. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Api from "./Api.ts"

const root = Api.knowledgeBase
const model = "e5_mistral_7b_instruct"
const long = "word ".repeat(200)

const start = (api: Api.Api, id: string) => api.post(`${root}/${id}/rag-index`, { model })
const statusOf = ({ body }: Api.Answer): unknown => Api.field(body, "status")

describe("an index", () => {
  it.effect("is created, processed with progress, and done", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ indexMillis: 1_000 })
      const id = yield* api.upload({ content: long })
      const created = yield* start(api, id)
      assert.strictEqual(statusOf(created), "created")
      yield* TestClock.adjust(500)
      const half = yield* start(api, id)
      assert.deepStrictEqual([statusOf(half), Api.field(half.body, "progress_percentage")], ["processing", 50])
      assert.strictEqual(Api.idOf(half), Api.idOf(created))
      yield* TestClock.adjust(500)
      const [done] = Api.list((yield* api.get(`${root}/${id}/rag-index`)).body, "indexes")
      assert.strictEqual(Api.field(done, "status"), "succeeded")
      assert.strictEqual(Api.field(done, "document_model_index_usage", "used_bytes"), long.length)
    }))

  it.effect("is made again when the content is another", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ indexMillis: 1_000 })
      const id = yield* api.upload({ content: long })
      yield* start(api, id)
      yield* TestClock.adjust(1_000)
      yield* api.sendFile("PATCH", `${root}/${id}/update-file`, { content: `${long}more` })
      const [index] = Api.list((yield* api.get(`${root}/${id}/rag-index`)).body, "indexes")
      assert.strictEqual(Api.field(index, "status"), "created")
    }))

  it.effect("of little text, or of a folder, is none", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      assert.strictEqual(
        statusOf(yield* start(api, yield* api.upload({ content: "x".repeat(499) }))),
        "document_too_small"
      )
      assert.strictEqual(statusOf(yield* start(api, yield* api.upload({ content: "x".repeat(500) }))), "created")
      const folder = Api.idOf(yield* api.post(`${root}/folder`, { name: "F" }))
      assert.strictEqual(statusOf(yield* start(api, folder)), "cannot_index_folder")
    }))

  it.effect("over the quota is refused until there is room", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ indexBytes: 1_500 })
      const first = yield* api.upload({ content: long })
      const second = yield* api.upload({ content: long })
      yield* start(api, first)
      assert.strictEqual(statusOf(yield* start(api, second)), "rag_limit_exceeded")
      const { body } = yield* api.get(`${root}/rag-index`)
      assert.deepStrictEqual(
        [Api.field(body, "total_used_bytes"), Api.field(body, "total_max_bytes")],
        [long.length, 1_500]
      )
      yield* api.remove(`${root}/${first}`)
      assert.strictEqual(statusOf(yield* start(api, second)), "created")
    }))

  it.effect("fails where it is told to, and is begun again when asked for", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ indexMillis: 1_000 })
      const id = yield* api.upload({ content: long })
      api.world.failIndex(id)
      const first = yield* start(api, id)
      yield* TestClock.adjust(1_000)
      const [failed] = Api.list((yield* api.get(`${root}/${id}/rag-index`)).body, "indexes")
      assert.strictEqual(Api.field(failed, "status"), "failed")
      api.world.failIndex(id, false)
      const again = yield* start(api, id)
      assert.notStrictEqual(Api.idOf(again), Api.idOf(first))
      yield* TestClock.adjust(1_000)
      assert.strictEqual(statusOf(yield* start(api, id)), "succeeded")
    }))
})
