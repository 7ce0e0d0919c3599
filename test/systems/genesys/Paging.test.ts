import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import type * as Fault from "../../../src/kernel/Fault.ts"
import type * as Json from "../../../src/kernel/Json.ts"
import type { Request } from "../../../src/systems/genesys/Client.ts"
import * as Paging from "../../../src/systems/genesys/client/Paging.ts"
import type { Entity, Listing } from "../../../src/systems/genesys/Table.ts"

const entity = (n: number): Entity => ({ id: `id-${n}` })
const range = (from: number, to: number): ReadonlyArray<Entity> =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => entity(from + index))

/** Lists by `answer`, and what was asked and handed on. */
const run = (
  listing: Parameters<typeof Paging.forEachPage>[1],
  answer: (request: Request, n: number) => Json.Json,
  at?: Readonly<Record<string, string>>
) =>
  Effect.gen(function*() {
    const asked: Array<Request> = []
    const got: Array<Json.Json | undefined> = []
    const result = yield* Effect.either(Paging.forEachPage(
      (request) => Effect.sync(() => answer(request, asked.push(request))),
      listing,
      at,
      (entities) => Effect.sync(() => void got.push(...entities.map(({ id }) => id)))
    ))
    return { asked, got, result }
  })

const pages: Listing = { path: "/api/v2/x", paging: "pages", pageSize: 2 }
const pageOf = (request: Request): number => Number(request.query?.["pageNumber"])
const came = (result: Either.Either<Paging.Listed, Fault.Fault>, fetched: number, promised: number | undefined) =>
  assert.deepStrictEqual(Either.getOrThrow(result), { fetched, promised })
const stuck = (result: { readonly _tag: string; readonly left?: { readonly code?: string } }) =>
  assert.strictEqual(result.left?.code, "paging-stuck")

/** How many come, and how often it is asked, of a listing until an empty page. */
const asks = (there: number, counted: number | undefined) =>
  Effect.map(
    run({ ...pages, paging: "until-empty", counted }, (request) => {
      const from = (pageOf(request) - 1) * 2
      return { entities: range(from, Math.min(there, from + 2)) }
    }),
    ({ asked, got }) => [got.length, asked.length]
  )

describe("Paging: what breaks in production", () => {
  it.effect("the count grows under way, and entities move and repeat: nothing is lost", () =>
    Effect.gen(function*() {
      const { got, result } = yield* run(pages, (request, n) => {
        // Before each page but the first, one entity comes in at the front.
        const world = [...range(100, 100 + n - 1).toReversed(), ...range(0, 5)]
        const from = (pageOf(request) - 1) * 2
        return { entities: world.slice(from, from + 2), pageCount: Math.ceil(world.length / 2), total: world.length }
      })
      for (let n = 0; n < 5; n++) assert.include(got, `id-${n}`)
      assert.strictEqual(result._tag, "Right")
    }))

  it.effect("until an empty page, or one with room left that has the last of those that were counted", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* asks(3, undefined), [3, 3])
      assert.deepStrictEqual(yield* asks(3, 3), [3, 2])
      assert.deepStrictEqual(yield* asks(0, 0), [0, 1])
      // A full page may not be the last, and a count may be of before.
      assert.deepStrictEqual(yield* asks(4, 4), [4, 3])
      assert.deepStrictEqual(yield* asks(5, 2), [5, 3])
      assert.deepStrictEqual(yield* asks(3, 9), [3, 3])
    }))

  it.effect("a server that ignores the page number, or leads in a circle, ends it with a fault", () =>
    Effect.gen(function*() {
      const same = { entities: range(0, 2), pageCount: 1_000_000, total: 5 }
      const ignoring = yield* run(pages, () => same)
      stuck(ignoring.result)
      assert.strictEqual(ignoring.asked.length, 2)
      stuck((yield* run({ ...pages, paging: "until-empty" }, () => same)).result)
      const circle = yield* run({ ...pages, paging: "cursor" }, (_, n) => ({
        entities: range(n, n + 1),
        nextUri: `/api/v2/x?after=c${n % 3}`
      }))
      stuck(circle.result)
      assert.isBelow(circle.asked.length, 6)
      stuck((yield* run(pages, () => ({ entities: [], pageCount: 1e9 }))).result)
      const growing = yield* run(pages, (request) => ({ entities: [entity(pageOf(request))], pageCount: 1e9 }))
      stuck(growing.result)
    }))

  it.effect("an answer that counts what it does not have, or is no listing, is no empty listing", () =>
    Effect.gen(function*() {
      const answers: ReadonlyArray<Json.Json> = [{ total: 3, pageCount: 1 }, "x", null, { entities: {} }, {
        entities: [1]
      }]
      for (const answer of answers) {
        const { result } = yield* run(pages, () => answer)
        assert.strictEqual(result._tag === "Left" ? result.left.code : "", "unexpected-reply")
      }
      came((yield* run(pages, () => ({ total: 0 }))).result, 0, 0)
    }))
})

const two = (request: Request): Json.Json => ({ entities: range(pageOf(request), 3), pageCount: 2, total: 3 })

describe("Paging", () => {
  it.effect("asks for what the API wants, in each manner", () =>
    Effect.gen(function*() {
      const counted = yield* run({ ...pages, query: { expand: "all" } }, two)
      assert.deepStrictEqual(counted.asked.map(({ query }) => query), [
        { expand: "all", pageNumber: 1, pageSize: 2 },
        { expand: "all", pageNumber: 2, pageSize: 2 }
      ])
      const empty = yield* run(
        { ...pages, paging: "until-empty" },
        (_, n) => ({ entities: range(n, n < 3 ? n + 1 : n) })
      )
      came(empty.result, 2, undefined)
      const cursor = yield* run({ path: "/c", paging: "cursor" }, (_, n) => ({
        entities: range(n, n + 1),
        ...(n < 3 ? { nextUri: `https://api.mypurecloud.com/c?pageSize=1&after=a%2B${n}%3D` } : {})
      }))
      assert.deepStrictEqual(cursor.asked.map(({ query }) => query?.["after"]), [undefined, "a+1=", "a+2="])
      const once = yield* run({ path: "/o", paging: "once", entities: "a.b" }, () => ({ a: { b: range(0, 3) } }))
      came(once.result, 3, undefined)
      const bare = yield* run({ path: "/o", paging: "once" }, () => [...range(0, 2)])
      came(bare.result, 2, undefined)
    }))

  it.effect("a POST has its paging in the body", () =>
    Effect.gen(function*() {
      const listing: Listing = { ...pages, method: "POST", body: { query: [] }, entities: "results" }
      const { asked } = yield* run(listing, () => ({ results: range(0, 1), pageCount: 1 }))
      assert.deepStrictEqual(asked[0]?.body, { query: [], pageNumber: 1, pageSize: 2 })
      assert.deepStrictEqual(asked[0]?.query, {})
    }))

  it.effect("fills the holes of path and query; what is no hole becomes a parameter", () =>
    Effect.gen(function*() {
      const listing: Listing = { path: "/t/{id}/rows", paging: "once", query: { of: "{owner}", plain: "x" } }
      const { asked } = yield* run(listing, () => ({ entities: [] }), { id: "7", owner: "me", libraryId: "9" })
      assert.deepStrictEqual(asked[0]?.at, { id: "7", owner: "me", libraryId: "9" })
      assert.deepStrictEqual(asked[0]?.query, { of: "me", plain: "x", libraryId: "9" })
    }))

  it("gets everything of a world that stands still, whatever its size, with hidden entities or not", () =>
    FastCheck.assert(FastCheck.asyncProperty(
      FastCheck.array(FastCheck.boolean(), { maxLength: 60 }),
      FastCheck.integer({ min: 1, max: 7 }),
      async (shown, pageSize) => {
        const all = shown.map((visible, n) => ({ n, visible }))
        const { got, result } = await Effect.runPromise(run({ ...pages, pageSize }, (request) => ({
          entities: all.slice((pageOf(request) - 1) * pageSize, pageOf(request) * pageSize)
            .filter(({ visible }) => visible).map(({ n }) => entity(n)),
          pageCount: Math.ceil(all.length / pageSize),
          total: all.length
        })))
        assert.strictEqual(result._tag, "Right")
        assert.deepStrictEqual(got, all.filter(({ visible }) => visible).map(({ n }) => `id-${n}`))
      }
    )))
})
