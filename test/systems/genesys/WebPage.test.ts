/**
 * A web page with status 200 where the API should answer: a proxy, a captive portal, a login form. What fails in
 * production: one page in the middle of an export costs the resource that it stood for.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import { isWhole } from "../../../src/systems/genesys/Report.ts"
import * as Lab from "./Lab.ts"

const page = Endpoint.answer({
  status: 200,
  headers: { "content-type": "text/html" },
  body: "<!doctype html><title>Sign in</title>"
})

const policy = /\/userpolicies\/([^/?]+)/

describe("A web page where JSON is expected", () => {
  it.live("is asked past, of a listing and of a resource", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const options = { resourceTypes: ["user"] }
        const undisturbed = yield* Lab.tree((yield* lab.exports(options)).directory)
        const seen = new Set<string>()
        let pages = 0
        const wire = Lab.intercept(({ url }) => {
          const isHit = url.startsWith("/api/v2/users?") || (policy.test(url) && seen.size % 3 === 0)
          if (seen.has(url)) return undefined
          seen.add(url)
          if (!isHit) return undefined
          pages += 1
          return page
        })
        const outcome = yield* lab.exports({ ...options, directory: lab.folder("disturbed") }, { wire })
        assert.isAbove(pages, 5)
        assert.strictEqual(outcome.retries, pages)
        assert.isTrue(isWhole(outcome.report))
        assert.deepStrictEqual(yield* Lab.tree(outcome.directory), undisturbed)
      })))

  it.live("is told of where it stays, with what to look for, and costs no other resource", () =>
    Lab.run({ resources: 100 }, (lab) =>
      Effect.gen(function*() {
        const [victim = ""] = lab.simulator.world.ids("user")
        const wire = Lab.intercept(({ url }) => policy.exec(url)?.[1] === victim ? page : undefined)
        const outcome = yield* lab.exports({ resourceTypes: ["user"] }, { wire })
        assert.strictEqual(outcome.retries, 7)
        const failed = Lab.exceptions(outcome, "failed")
        assert.deepStrictEqual(failed.map(({ id }) => id), [victim])
        assert.include(failed[0]?.detail ?? "", "a web page where JSON was expected")
        assert.include(failed[0]?.hint ?? "", "no proxy or login page is in between")
        assert.strictEqual(Lab.summary(outcome, "user").exported, lab.simulator.world.count("user") - 1)
      })))

  it.live("stands for the whole API where the place is wrong, and is told of soon", () =>
    Lab.run({ resources: 60 }, (lab) =>
      Effect.gen(function*() {
        let asked = 0
        const wire = Lab.intercept(({ url }) => {
          if (!url.startsWith("/api/")) return undefined
          asked += 1
          return page
        })
        const fault = yield* Effect.flip(lab.exports({}, { wire, identified: true }))
        assert.strictEqual(fault.code, "not-json")
        assert.isAtMost(asked, 2)
      })))
})
