/**
 * Many at once: what production does on the hour, when every site is synchronised.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { join } from "node:path"
import * as Fault from "../../../../src/kernel/Fault.ts"
import * as RetryPolicy from "../../../../src/kernel/RetryPolicy.ts"
import * as Git from "../../../../src/systems/elevenlabs/git/Git.ts"
import * as Lab from "./Lab.ts"

const crowd = 20
const few = 3

/** As stubborn as the default. */
const retry = RetryPolicy.make({ maxAttempts: 12, base: "500 millis", cap: "5 seconds", jitter: "full" })

/** In milliseconds: some two thousand processes of git, on a machine that may have much else to do. */
const patience = 300_000

/** All clones change one state file that they share and one of their own, and push at once. */
const rush = (many: number, retry: RetryPolicy.RetryPolicy) =>
  Effect.gen(function*() {
    const lab = yield* Lab.make
    const clones = lab.copies(many)
    for (const [at, clone] of clones.entries()) {
      Lab.write(join(clone, "state/a.json"), Lab.stateOf({ first: "1", [`key${at}`]: "new" }))
      Lab.write(join(clone, `state/own${at}.json`), Lab.stateOf({ own: `${at}` }))
    }
    const exits = yield* Effect.forEach(clones, (clone, at) =>
      Effect.exit(Git.push({
        ...Lab.options(lab, clone, ["state/a.json", `state/own${at}.json`]),
        retry,
        message: `Keep the state of ${at}`
      })), { concurrency: many })
    return { lab, clones, exits }
  })

describe.skipIf(!Lab.hasGit)(Lab.title("a crowd of clones"), () => {
  it.scopedLive("twenty push at once: twenty commits, no key lost, every clone clean", () =>
    Effect.gen(function*() {
      const { clones, exits, lab } = yield* rush(crowd, retry)
      const won = exits.flatMap((exit, at) => Exit.isSuccess(exit) ? [at] : [])
      for (const exit of exits) {
        if (Exit.isSuccess(exit)) continue
        const fault = yield* Effect.flip(exit)
        assert.strictEqual(Fault.isFault(fault) && fault.code, "push-exhausted")
      }
      // It may be unlucky on a busy machine, and then it says so; but not for most of them.
      assert.isAtLeast(won.length, crowd / 2)
      const subjects = lab.git(lab.origin, "log", "--format=%s", "main").split("\n")
      assert.sameMembers(subjects, ["Begin", ...won.map((at) => `Keep the state of ${at}`)])
      const state = yield* Lab.parse(Lab.published(lab, "state/a.json"))
      assert.sameMembers(Object.keys(state), ["first", ...won.map((at) => `key${at}`)])
      for (const at of won) assert.strictEqual(Lab.published(lab, `state/own${at}.json`), Lab.stateOf({ own: `${at}` }))
      for (const clone of clones) assert.strictEqual(Lab.dirt(lab, clone), "")
      // Nobody is first twenty times over: the tries are counted.
      const tries = exits.flatMap((exit) => Exit.isSuccess(exit) ? [exit.value.tries] : [])
      assert.isAbove(Math.max(...tries), 1)
      assert.isAtMost(Math.max(...tries), retry.maxAttempts)
    }).pipe(Effect.provide(NodeContext.layer)), patience)

  it.scopedLive("who gives up says so, keeps the commit, and brings it with the next run", () =>
    Effect.gen(function*() {
      const { clones, exits, lab } = yield* rush(few, RetryPolicy.make({ maxAttempts: 1 }))
      const lost = exits.flatMap((exit, at) => Exit.isFailure(exit) ? [at] : [])
      assert.isNotEmpty(lost)
      for (const at of lost) {
        const clone = clones[at] ?? ""
        assert.strictEqual(Lab.dirt(lab, clone), "")
        assert.strictEqual(lab.git(clone, "log", "-1", "--format=%s"), `Keep the state of ${at}`)
      }
      for (const at of lost) {
        const again = yield* Git.push(Lab.options(lab, clones[at] ?? "", ["state/a.json"]))
        assert.deepStrictEqual([again.committed, again.pushed, again.blocked], [false, 1, []])
      }
      const state = yield* Lab.parse(Lab.published(lab, "state/a.json"))
      assert.lengthOf(Object.keys(state), few + 1)
      assert.strictEqual(lab.git(lab.origin, "rev-list", "--count", "main"), `${few + 1}`)
    }).pipe(Effect.provide(NodeContext.layer)))
})
