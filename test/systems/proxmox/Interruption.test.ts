import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { Outcome, Report } from "../../../src/systems/proxmox/Report.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const route = "POST /nodes/{node}/qemu/{vmid}/clone"
const finished = [Lab.finished("web", "10.0.20.1")]

interface Stopped {
  readonly outcome: Outcome | undefined
  /** How long cleaning up took, in milliseconds. */
  readonly took: number
}

/** Applies, interrupts after so many milliseconds, and waits until everything is cleaned up. */
const interrupted = (lab: Lab.Lab, millis: number, options: Operations.ApplyOptions): Effect.Effect<Stopped> =>
  Effect.gen(function*() {
    let report: Report | undefined
    const fiber = yield* Effect.fork(lab.process(Operations.apply(Lab.one, {
      ...options,
      onInterrupted: (found) =>
        Effect.sync(() => {
          report = found
        })
    })))
    yield* Effect.sleep(millis)
    const before = (yield* lab.simulator.snapshot).at
    yield* Fiber.interrupt(fiber)
    const took = (yield* lab.simulator.snapshot).at - before
    return { outcome: report?.machines[0]?.outcome, took }
  })

describe("an apply that is interrupted while it clones", () => {
  it.effect("aborts the clone, verifies that nothing is left, and can be run again", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const { outcome, took } = yield* interrupted(lab, 7000, {})
        assert.deepStrictEqual(outcome, { _tag: "Interrupted" })
        assert.isAtMost(took, 8000)
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual([Lab.made(snapshot), snapshot.orphanedVolumes, snapshot.locks], [[], [], []])
        assert.include(snapshot.tasks.find((task) => task.type === "qmclone")?.exitStatus, "interrupted by signal")
        yield* lab.process(Operations.apply(Lab.one))
        assert.deepStrictEqual(Lab.made(yield* lab.simulator.snapshot).map(Lab.shape), finished)
      })))

  it.effect("aborts the clone once where the answer to that is lost, for a second signal would cut off its clean-up", () =>
    Lab.run(
      { wire: Wires.rules({ method: "DELETE", path: /\/tasks\//, reply: Wires.lostReply }) },
      (lab) =>
        Effect.gen(function*() {
          const { outcome } = yield* interrupted(lab, 7000, {})
          assert.deepStrictEqual(outcome, { _tag: "Interrupted" })
          const snapshot = yield* lab.simulator.drain
          assert.deepStrictEqual([Lab.made(snapshot), snapshot.orphanedVolumes], [[], []])
          assert.lengthOf(Lab.requests(snapshot, "DELETE /nodes/{node}/tasks/{upid}"), 1)
        })
    ))

  it.effect("aborts the clone again where the server never got that", () =>
    Lab.run(
      { wire: Wires.rules({ method: "DELETE", path: /\/tasks\//, reply: Wires.lostRequest }) },
      (lab) =>
        Effect.gen(function*() {
          const { outcome, took } = yield* interrupted(lab, 7000, {})
          assert.deepStrictEqual(outcome, { _tag: "Interrupted" })
          assert.isAtMost(took, 8000)
          const snapshot = yield* lab.simulator.drain
          assert.deepStrictEqual([Lab.made(snapshot), snapshot.orphanedVolumes], [[], []])
          assert.lengthOf(Lab.requests(snapshot, "DELETE /nodes/{node}/tasks/{upid}"), 1)
        })
    ))

  it.effect("leaves the clone running when told to, names its task, and the next run picks it up", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const { outcome, took } = yield* interrupted(lab, 7000, { onInterrupt: "detach" })
        assert.strictEqual(outcome?._tag, "Interrupted")
        if (outcome?._tag !== "Interrupted") return
        assert.match(outcome.task ?? "", /^UPID:pve1:.*:qmclone:9000:/)
        assert.match(outcome.left ?? "", /runs on; the next apply finishes it/)
        assert.isAtMost(took, 1000)
        assert.deepStrictEqual((yield* lab.simulator.snapshot).tasks.map((task) => task.status), ["running"])
        const report = yield* lab.process(Operations.apply(Lab.one))
        assert.strictEqual(Lab.entry(report, "web").action, "resume")
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), finished)
        assert.strictEqual(Lab.requests(snapshot, route).length, 1)
      })))

  it.effect("finds the clone although the reply to its request was not there yet", () =>
    Lab.run({
      wire: Wires.rules({
        method: "POST",
        path: /\/clone$/,
        reply: (answer) => Effect.zipLeft(answer, Effect.sleep("20 seconds"))
      })
    }, (lab) =>
      Effect.gen(function*() {
        const { outcome } = yield* interrupted(lab, 3000, {})
        assert.deepStrictEqual(outcome, { _tag: "Interrupted" })
        const snapshot = yield* lab.simulator.drain
        assert.deepStrictEqual([Lab.made(snapshot), snapshot.orphanedVolumes], [[], []])
      })))

  it.effect("says what it could not verify when the server does not answer, and is over in seconds", () =>
    Lab.run({
      wire: Wires.rules({ method: "DELETE", path: /\/tasks\//, reply: () => Effect.never })
    }, (lab) =>
      Effect.gen(function*() {
        const { outcome, took } = yield* interrupted(lab, 7000, {})
        assert.strictEqual(outcome?._tag, "Interrupted")
        if (outcome?._tag !== "Interrupted") return
        assert.match(outcome.left ?? "", /whether VM 401 is gone could not be verified/)
        assert.match(outcome.task ?? "", /^UPID:/)
        assert.isAtMost(took, 9000)
      })))

  it.effect(
    "can be run again after an interruption at any time",
    () =>
      Effect.forEach(
        Array.from({ length: 40 }, (_, index) => index * 500),
        (millis) =>
          Lab.run({ seed: millis + 1 }, (lab) =>
            Effect.gen(function*() {
              yield* interrupted(lab, millis, { onInterrupt: millis % 1000 === 0 ? "abort" : "detach" })
              yield* lab.process(Operations.apply(Lab.one)).pipe(Effect.orDie)
              const snapshot = yield* lab.simulator.drain
              assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), finished, `after ${millis} ms`)
              assert.deepStrictEqual(snapshot.orphanedVolumes, [])
            })),
        { discard: true }
      ),
    120_000
  )
})
