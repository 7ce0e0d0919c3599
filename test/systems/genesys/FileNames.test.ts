/**
 * Names of files beside the configuration. What fails in production: an export that is made on Linux has two files whose
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
    const body = reply.body.replaceAll(/"name":"(?!Default)[^"]*"/g, () => {
      large = !large
      return large ? "\"name\":\"Sales\"" : "\"name\":\"sales\""
    })
    return { ...reply, body }
  })

describe("Files beside the configuration", () => {
  it.live("have names that differ in more than case, the same whatever is exported", () =>
    Lab.run({ resources: 800 }, (lab) =>
      Effect.gen(function*() {
        const all = yield* lab.exports({ resourceTypes: ["script"] }, { wire: alike })
        const scripts = (files: ReadonlyArray<string>) => files.filter((file) => file.startsWith("scripts/"))
        const files = scripts(all.files)
        assert.isAbove(files.length, 2)
        assert.strictEqual(new Set(files.map((file) => file.toLowerCase())).size, files.length)
        assert.deepStrictEqual((yield* Validate.folder(all.directory)).problems, [])
        const some = yield* lab.exports(
          { includeFilterResources: ["script::^sales"], directory: lab.folder("some") },
          { wire: alike }
        )
        assert.isBelow(scripts(some.files).length, files.length)
        assert.includeMembers(files, scripts(some.files))
      })))
})
