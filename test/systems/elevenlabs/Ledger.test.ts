import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as Ledger from "../../../src/systems/elevenlabs/run/Ledger.ts"
import { StateFiles } from "../../../src/systems/elevenlabs/run/StateFiles.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"
import * as States from "./States.ts"

const full = Fault.make({
  kind: "failed",
  system: "holdfast",
  operation: "AtomicFile.write",
  sent: "no",
  code: "disk-full",
  detail: "there is no space left"
})

/** A disk in memory, whose first writes fail. */
const disk = (failures = 0) => {
  const written: Array<string> = []
  let left = failures
  return {
    written,
    files: StateFiles.of({
      read: () => Effect.succeed(Option.fromNullable(written.at(-1))),
      write: (_, text) =>
        Effect.zipRight(
          Effect.yieldNow(),
          Effect.suspend(() => left-- > 0 ? Effect.fail(full) : Effect.sync(() => void written.push(text)))
        ),
      readLastGood: () => Effect.die("nobody asks"),
      withLock: (work) => work,
      inspect: () => Effect.die("nobody asks")
    })
  }
}

const ids = (count: number): ReadonlyArray<string> =>
  Array.from({ length: count }, (_, index) => `doc_${String(index).padStart(3, "0")}`)

describe("Ledger", () => {
  it.effect("writes what comes at once at once, and is done when it is written", () => {
    const { files, written } = disk()
    return Effect.gen(function*() {
      const ledger = Ledger.make("state.json", State.empty(States.host))
      yield* Effect.forEach(ids(50), (id) =>
        Effect.tap(ledger.change({ toDelete: [id] }), () => {
          assert.include(written.at(-1), id)
          assert.isTrue(State.idsOf(ledger.now()).has(id))
        }), { concurrency: 50 })
      assert.isAtMost(written.length, 2)
      assert.deepStrictEqual(ledger.now().pendingDelete, ids(50))
      assert.strictEqual(written.at(-1), State.encode(ledger.now()))
      const before = written.length
      yield* ledger.change({ toDelete: ids(3) })
      assert.strictEqual(written.length, before)
    }).pipe(Effect.provideService(StateFiles, files))
  })

  it.effect("knows nothing of what could not be written", () => {
    const { files, written } = disk(1)
    return Effect.gen(function*() {
      const ledger = Ledger.make("state.json", State.empty(States.host))
      assert.strictEqual((yield* Effect.flip(ledger.change({ toDelete: ["doc_a"] }))).code, "disk-full")
      assert.deepStrictEqual(ledger.now(), State.empty(States.host))
      yield* ledger.change({ toDelete: ["doc_b"] })
      assert.deepStrictEqual(ledger.now().pendingDelete, ["doc_b"])
      assert.deepStrictEqual(written, [State.encode(ledger.now())])
    }).pipe(Effect.provideService(StateFiles, files))
  })
})
