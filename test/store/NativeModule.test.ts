import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import { vi } from "vitest"
import { open, temporaryFolder } from "./Backends.ts"

/** What the loader of native modules says: not found, built for another Node, for another platform. */
const errors = {
  "was never built": new Error("Could not locate the bindings file. Tried:\n → /a/build/better_sqlite3.node"),
  "was built for another Node": Object.assign(
    new Error("The module was compiled against a different Node.js version using NODE_MODULE_VERSION 108"),
    { code: "ERR_DLOPEN_FAILED" }
  ),
  "was built for another platform": Object.assign(new Error("/a/better_sqlite3.node: invalid ELF header"), {
    code: "ERR_DLOPEN_FAILED"
  })
}

let thrown: Error = new Error("not set")

vi.mock("better-sqlite3", () => ({
  default: function() {
    throw thrown
  }
}))

/** What is opened is nothing to print. */
const opening = Effect.flatMap(
  temporaryFolder,
  (folder) => Effect.asVoid(open({ file: Path.join(folder, "holdfast.db") }))
)

describe("Without its native module", () => {
  for (const [name, error] of Object.entries(errors)) {
    it.scoped(`a store whose driver ${name} says how to get it`, () =>
      Effect.gen(function*() {
        thrown = error
        const fault = yield* Effect.flip(opening)
        assert.strictEqual(fault.code, "store-unavailable")
        assert.strictEqual(fault.kind, "failed")
        assert.include(fault.message, "better-sqlite3 is missing or was built for another Node")
        assert.include(fault.message, "npm rebuild better-sqlite3")
        assert.include(fault.message, "HOLDFAST_DATABASE_URL")
      }))
  }

  it.scoped("what is not known stays a defect", () =>
    Effect.gen(function*() {
      thrown = new Error("a bug")
      const exit = yield* Effect.exit(opening)
      assert(exit._tag === "Failure")
      assert.strictEqual(exit.cause._tag, "Die")
    }))
})
