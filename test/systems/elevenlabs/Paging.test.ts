import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Paging from "../../../src/systems/elevenlabs/client/Paging.ts"
import * as Api from "./Api.ts"

const document = (id: string) => ({
  id,
  name: id,
  type: "file",
  metadata: { created_at_unix_secs: 1, last_updated_at_unix_secs: 1, size_bytes: 1 }
})

const queryOf = (url: string) => new URL(url, "http://x").searchParams

const branch = (id: string) => ({ agent_id: "x", agent_name: "X", branch_id: id, branch_name: id, is_main: true })
const agent = (id: string, ...documents: ReadonlyArray<string>) => ({
  type: "unknown",
  id,
  referenced_resource_ids: documents
})

describe("Paging", () => {
  it.effect("reads to the end, each document once, and says on every page what is asked for", () =>
    Effect.gen(function*() {
      const pages = new Map([
        [null, { documents: ["a", "b"].map(document), next_cursor: "1", has_more: true }],
        ["1", { documents: [], next_cursor: "2", has_more: true }],
        ["2", { documents: ["b", "c"].map(document), next_cursor: null, has_more: false }]
      ])
      const { calls, service } = yield* Api.client(({ url }) => Api.json(pages.get(queryOf(url).get("cursor"))))
      let asked = 0
      const ask = <A>(page: Effect.Effect<A, Fault.Fault>) => Effect.suspend(() => (asked++, page))
      const found = yield* Paging.documents(service, { folder: "f", prefix: "p" }, ask)
      assert.deepStrictEqual(found.map(({ id }) => id), ["a", "b", "c"])
      assert.deepStrictEqual(
        calls.map(({ url }) =>
          ["parent_folder_id", "search", "page_size", "cursor"].map((name) => queryOf(url).get(name))
        ),
        [["f", "p", "100", null], ["f", "p", "100", "1"], ["f", "p", "100", "2"]]
      )
      assert.strictEqual(asked, 3)
    }))

  it.effect("a cursor that leads back, or none where there is more, is a fault and not an end", () =>
    Effect.gen(function*() {
      const cursors = ["1", "2", "1", "3"]
      const circle = yield* Api.client((_, number) =>
        Api.json({ agents: [], next_cursor: cursors[number - 1], has_more: true })
      )
      assert.strictEqual((yield* Effect.flip(Paging.agents(circle.service))).code, "paging-stuck")
      assert.strictEqual(circle.calls.length, 3)
      const lost = yield* Api.client(() => Api.json({ agents: [], next_cursor: null, has_more: true }))
      assert.strictEqual((yield* Effect.flip(Paging.agents(lost.service))).code, "paging-stuck")
    }))

  it.effect("dependents of several pages are put together by agent and by branch", () =>
    Effect.gen(function*() {
      const { service } = yield* Api.client((_, number) =>
        number === 1
          ? Api.json({
            agents: [agent("x", "d1"), agent("y")],
            branches: [branch("b1")],
            next_cursor: "2",
            has_more: true
          })
          : Api.json({ agents: [agent("x", "d1", "d2")], branches: [branch("b1"), branch("b2")], has_more: false })
      )
      const { agents, branches } = yield* Paging.dependents(service, ["d1", "d2"])
      assert.deepStrictEqual(agents.map(({ id, resources }) => [id, resources]), [["x", ["d1", "d2"]], ["y", []]])
      assert.deepStrictEqual(branches.map(({ branchId }) => branchId), ["b1", "b2"])
    }))
})
