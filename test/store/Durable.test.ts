import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { vi } from "vitest"
import { open, temporaryFolder } from "./Backends.ts"

/** How often something was put on the disk since it was last asked. */
const flushes = (folder: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const handle = await Fs.open(Path.join(folder, "any"), "w")
      const prototype: Pick<Fs.FileHandle, "datasync"> = Object.getPrototypeOf(handle)
      await handle.close()
      return vi.spyOn(prototype, "datasync")
    }),
    (spy) => Effect.sync(() => spy.mockRestore())
  ).pipe(Effect.map((spy) => () => {
    const count = spy.mock.calls.length
    spy.mockClear()
    return count
  }))

describe("What is on the disk, in SQLite", () => {
  it.scopedLive("an intent at once, an outcome and a lease with the next intent, and all when it is closed", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const flushed = yield* flushes(folder)
      const scope = yield* Scope.make()
      const { journal, leases } = yield* Scope.extend(open({ file: Path.join(folder, "holdfast.db") }), scope)
      flushed()
      yield* Effect.scoped(leases.acquire("a"))
      assert.strictEqual(flushed(), 0)
      yield* journal.begin("a", 1)
      assert.strictEqual(flushed(), 1)
      yield* journal.complete("a", 1)
      assert.strictEqual(flushed(), 0)
      yield* journal.begin("b", 1)
      assert.strictEqual(flushed(), 1)
      yield* journal.complete("b", 1)
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(flushed(), 1)
    }))

  it.scopedLive("a run that has ended, with all that was done in it", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const flushed = yield* flushes(folder)
      const { journal, runs } = yield* open({ file: Path.join(folder, "holdfast.db") })
      yield* runs.track(
        { command: "test", target: "a" },
        Effect.gen(function*() {
          yield* journal.begin("a", 1)
          yield* journal.complete("a", 1)
          assert.isAbove(flushed(), 0)
        })
      )
      assert.strictEqual(flushed(), 1)
    }))

  it.scopedLive("writers wait for one flush together, not one after the other", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const flushed = yield* flushes(folder)
      const { journal } = yield* open({ file: Path.join(folder, "holdfast.db") })
      flushed()
      const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`)
      yield* Effect.forEach(keys, (key) => journal.begin(key, 1), { concurrency: 20, discard: true })
      const together = flushed()
      assert.isAtLeast(together, 1)
      assert.isBelow(together, 6)
    }))
})
