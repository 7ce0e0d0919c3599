import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Api from "./Api.ts"

const ids = (answer: Api.Answer): ReadonlyArray<string> =>
  Api.list(answer.body, "entities").map((entity) => String(Api.field(entity, "id")))

/** All ids of a listing by pages. */
const listed = (api: Api.Api, url: string, pageSize = 100) =>
  Effect.gen(function*() {
    const found: Array<string> = []
    for (let page = 1, count = 1; page <= count; page++) {
      const answer = yield* api.get(`${url}${url.includes("?") ? "&" : "?"}pageSize=${pageSize}&pageNumber=${page}`)
      assert.strictEqual(answer.status, 200)
      count = Number(Api.field(answer.body, "pageCount"))
      found.push(...ids(answer))
    }
    return found
  })

describe("an organisation", () => {
  it.effect("has exactly as many resources as asked for, of all 48 types", () =>
    Effect.gen(function*() {
      for (const resources of [48, 200, 10_000, 100_000]) {
        const { simulator: { world } } = yield* Api.make({ resources })
        assert.strictEqual(world.types.length, 48)
        assert.strictEqual(world.count(), resources)
        assert.isTrue(world.types.every((type) => world.count(type) > 0), `${resources}`)
      }
    }))

  it.effect("is the same for the same seed, and another for another", () =>
    Effect.gen(function*() {
      const [one, two, other] = yield* Effect.all([1, 1, 2].map((seed) => Api.make({ seed })))
      const url = "/api/v2/routing/queues?pageSize=100"
      assert.strictEqual(
        (yield* one?.get(url) ?? Effect.die("none")).text,
        (yield* two?.get(url) ?? Effect.die("none")).text
      )
      assert.notStrictEqual(
        (yield* one?.get(url) ?? Effect.die("none")).text,
        (yield* other?.get(url) ?? Effect.die("none")).text
      )
    }))

  it.effect("lists by pages what the truth says, and what is to be skipped", () =>
    Effect.gen(function*() {
      const api = yield* Api.make({ resources: 5_000 })
      const { world } = api.simulator
      const found = yield* listed(api, "/api/v2/routing/skills")
      assert.strictEqual(new Set(found).size, found.length)
      assert.deepStrictEqual(
        found.toSorted(),
        [...world.ids("routing_skill"), ...world.skipped("genesyscloud_routing_skill")].toSorted()
      )
      assert.isTrue(world.skipped("routing_skill").length > 0)
    }))

  it.effect("reads each as the truth has it", () =>
    Effect.gen(function*() {
      const api = yield* Api.make()
      const { world } = api.simulator
      for (const id of world.ids("flow")) {
        const answer = yield* api.get(`/api/v2/flows/${id}`)
        assert.strictEqual(answer.text, JSON.stringify(world.entity("flow", id)))
      }
      assert.strictEqual((yield* api.get("/api/v2/flows/11111111-1111-4111-8111-111111111111")).status, 404)
    }))
})
