/**
 * Listings that the API cuts off: inactive users past the ten thousandth are refused, prompts past it are not counted.
 * Here the API cuts off sooner.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import { isWhole } from "../../../src/systems/genesys/Report.ts"
import type { Table } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import * as Lab from "./Lab.ts"

const cap = 20

/** With small pages and an early end. */
const early = (type: string): ReadonlyArray<Table> =>
  Types.all.filter((table) => table.type === `genesyscloud_${type}`).map((table) => ({
    ...table,
    list: table.list.map((listing) => ({
      ...listing,
      pageSize: 10,
      ...(listing.beyond === undefined ? {} : { beyond: { ...listing.beyond, cap } })
    }))
  }))

const uncut = (type: string): ReadonlyArray<Table> => Types.all.filter((table) => table.type === `genesyscloud_${type}`)

const refusal = Endpoint.answer({
  status: 400,
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ message: "pageNumber * pageSize must not exceed 20", code: "bad.request", status: 400 })
})

const pageOf = ({ url }: Endpoint.Request): number => Number(/[?&]pageNumber=(\d+)/.exec(url)?.[1] ?? 0)

/** Inactive users end with a refusal. */
const refusing = (searches: boolean) =>
  Lab.intercept((request) => {
    if (!searches && request.url.startsWith("/api/v2/users/search")) return refusal
    return /^\/api\/v2\/users\?.*state=inactive/.test(request.url) && pageOf(request) * 10 > cap ? refusal : undefined
  })

/** Prompts end as if there were no more. */
const silent: Lab.Wire = (endpoint) => (request) =>
  Effect.map(endpoint(request), (reply) => {
    if (!request.url.startsWith("/api/v2/architect/prompts?") || reply._tag !== "Answer") return reply
    const page: Record<string, unknown> = JSON.parse(reply.body)
    const total = Math.min(cap, Number(page["total"]))
    return { ...reply, body: JSON.stringify({ ...page, total, pageCount: Math.ceil(total / 10) }) }
  })

const users = (resources: number, searches: boolean, test: (found: number, all: number, lab: Lab.Lab) => void) =>
  Lab.run({ resources, inactiveUsers: 1 }, (lab) =>
    Effect.gen(function*() {
      const outcome = yield* lab.exports({}, { tables: early("user"), wire: refusing(searches) })
      const all = lab.simulator.world.count("user")
      const { exported } = Lab.summary(outcome, "user")
      test(exported, all, lab)
      // However they were found, they are as they would have been listed.
      const plain = yield* lab.exports({ directory: lab.folder("plain") }, { tables: uncut("user") })
      const users = JSON.parse((yield* Lab.tree(outcome.directory)).get("genesyscloud.tf.json") ?? "").resource
      const known = JSON.parse((yield* Lab.tree(plain.directory)).get("genesyscloud.tf.json") ?? "").resource
      for (const [label, user] of Object.entries(users["genesyscloud_user"])) {
        const { manager: _, ...rest } = Object(known["genesyscloud_user"][label])
        const { manager: __, ...found } = Object(user)
        assert.deepStrictEqual(found, rest)
      }
      assert.strictEqual(isWhole(outcome.report), exported === all)
      const [incomplete] = Lab.exceptions(outcome, "incomplete")
      if (exported === all) return assert.strictEqual(incomplete, undefined)
      assert.include(incomplete?.detail ?? "", `it listed ${exported}, and ${all - exported} are missing`)
      assert.isNotNull(incomplete?.hint)
    }))

const prompts = (resources: number) =>
  Lab.run({ resources }, (lab) =>
    Effect.gen(function*() {
      const outcome = yield* lab.exports({}, { tables: early("architect_user_prompt"), wire: silent })
      const names = lab.simulator.world.ids("architect_user_prompt")
        .map((id) => lab.simulator.world.name("architect_user_prompt", id) ?? "")
      return { names, outcome, exported: Lab.summary(outcome, "architect_user_prompt").exported }
    }))

describe("beyond what the API lists", () => {
  it.live("inactive users are had from both ends", () =>
    users(140, false, (found, all) => {
      assert.isAbove(all, cap)
      assert.isAtMost(all, 2 * cap)
      assert.strictEqual(found, all)
    }))

  it.live("inactive users that are between both ends are found by a search", () =>
    users(300, true, (found, all) => {
      assert.isAbove(all, 2 * cap)
      assert.strictEqual(found, all)
    }))

  it.live("what cannot be listed at all is told, and the rest of the type is exported", () =>
    users(300, false, (found, all, { simulator }) => {
      assert.isAbove(all, 2 * cap)
      assert.strictEqual(found, 2 * cap)
      assert.isAbove(simulator.world.count("user"), found)
    }))

  it.live("prompts are all there where both ends meet, whatever they are called", () =>
    Effect.gen(function*() {
      const { exported, names, outcome } = yield* prompts(800)
      assert.isAbove(names.length, cap)
      assert.isBelow(names.length, 2 * cap)
      assert.strictEqual(exported, names.length)
      assert.isTrue(isWhole(outcome.report))
    }))

  it.live("prompts beyond are looked for by how they begin, and what is not certain is told", () =>
    Effect.gen(function*() {
      const { exported, names, outcome } = yield* prompts(1_500)
      const underlined = names.filter((name) => name.startsWith("_")).length
      assert.isAbove(names.length, 2 * cap)
      assert.isAbove(underlined, 0)
      assert.isAbove(exported, 2 * cap)
      assert.include(Lab.exceptions(outcome, "incomplete")[0]?.detail ?? "", "does not say how many there are")
      assert.isFalse(isWhole(outcome.report))
    }))
})
