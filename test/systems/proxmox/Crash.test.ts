import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

/**
 * Kills a command at its k-th request, which is done, for every second or third k until it outlives that, since most ask
 * again and again whether a task is done, and runs it again from another machine: nothing of the journal is there, and the world alone tells what was done. With its journal, and at the other
 * moments, the command is killed in the sweep of whole processes.
 */
const sweep = (
  command: Effect.Effect<unknown, unknown, Operations.Needs>,
  expected: ReadonlyArray<Lab.Shape>,
  step: number,
  prepare: Effect.Effect<unknown, unknown, Operations.Needs> = Effect.void
) =>
  Effect.gen(function*() {
    for (let k = 1, alive = true; alive; k += step) {
      alive = yield* Lab.run({ seed: k }, (lab) =>
        Effect.gen(function*() {
          yield* lab.process(prepare).pipe(Effect.orDie)
          const died = yield* Wires.killed(lab, k, "acted", command)
          if (died) yield* lab.process(command).pipe(Effect.orDie)
          const snapshot = yield* lab.simulator.drain
          assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), expected, `killed at request ${k}`)
          assert.deepStrictEqual(snapshot.orphanedVolumes, [], `killed at request ${k}`)
          return died
        }))
      assert.isBelow(k, 200, "it ends")
    }
  })

/** Dozens of runs each, on a machine that may have much else to do. */
const timeout = 1_800_000

describe("a process that is killed at any request, and run again with no memory of that", () => {
  const anyId = Lab.fleet(Lab.machine("web", "auto"))

  it.effect(
    "makes the machine of an automatic id once",
    () => sweep(Operations.apply(anyId), [Lab.finished("web", "10.0.20.9")], 2),
    timeout
  )

  it.effect(
    "leaves nothing of what it was to destroy",
    // Fewer: each has the machine to make first.
    () => sweep(Operations.destroy(Lab.one), [], 3, Operations.apply(Lab.one)),
    timeout
  )
})
