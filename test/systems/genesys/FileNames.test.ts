/**
 * Files beside the configuration and their names. What fails in production: an export that is made on Linux has two files whose
 * names differ in case alone, and one of them is lost on a disk that does not tell them apart.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Validate from "../../../src/systems/genesys/validate/Validate.ts"
import * as Lab from "./Lab.ts"

const listed = /^\/api\/v2\/scripts\/published\?/

/** All scripts are called alike, in large letters or small ones. */
const alike: Lab.Wire = (endpoint) => (request) =>
  Effect.map(endpoint(request), (reply) => {
    if (reply._tag !== "Answer" || !listed.test(request.url)) return reply
    let large = false
    const body = reply.body.replaceAll(/"name":"(?!Default)[^"]*"(?=,"division")/g, () => {
      large = !large
      return large ? "\"name\":\"Sales\"" : "\"name\":\"sales\""
    })
    return { ...reply, body }
  })

const scripts = (files: ReadonlyArray<string>) => files.filter((file) => file.startsWith("scripts/"))

describe("Files beside the configuration", () => {
  it.live("have names that differ in more than case, the same whatever is exported", () =>
    Lab.run({ resources: 800 }, (lab) =>
      Effect.gen(function*() {
        const all = yield* lab.exports({ resourceTypes: ["script"] }, { wire: alike })
        const files = scripts(all.files)
        assert.isAbove(files.length, 4)
        assert.includeMembers(files.map((file) => file.slice(0, 13)), ["scripts/Sales", "scripts/sales"])
        assert.strictEqual(new Set(files.map((file) => file.toLowerCase())).size, files.length)
        assert.deepStrictEqual((yield* Validate.folder(all.directory)).problems, [])
        const some = yield* lab.exports(
          { includeFilterResources: ["script::^sales"], directory: lab.folder("some") },
          { wire: alike }
        )
        assert.isBelow(scripts(some.files).length, files.length)
        assert.includeMembers(files, scripts(some.files))
      })))

  it.live("are those that a resource names: none for a data block, and all again where it is one no more", () =>
    Lab.run({ resources: 200 }, (lab) =>
      Effect.gen(function*() {
        const { calls, world } = lab.simulator
        const begun = () => calls.routes.get("POST /api/v2/scripts/{scriptId}/export") ?? 0
        const options = { resourceTypes: ["script"], sinceLast: true }
        const own = world.count("script") - world.owned("script").length
        assert.isAbove(own, 0)
        assert.isAbove(world.owned("script").length, 0)
        const as = { ...options, replaceWithDatasource: ["script"] }
        for (const _ of [1, 2]) assert.deepStrictEqual(scripts((yield* lab.exports(as)).files), [])
        assert.strictEqual(begun(), 0)
        const all = yield* lab.exports(options)
        assert.deepStrictEqual([scripts(all.files).length, begun()], [own, own])
        const text = (yield* Lab.tree(all.directory)).get("genesyscloud.tf.json") ?? ""
        for (const file of scripts(all.files)) assert.include(text, file)
        assert.deepStrictEqual(scripts((yield* lab.exports(as)).files), [])
        const again = yield* lab.exports(options)
        assert.deepStrictEqual([scripts(again.files), begun()], [scripts(all.files), own])
        assert.deepStrictEqual((yield* Validate.folder(again.directory)).problems, [])
      })))
})
