import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const shapes = (lab: Lab.Lab) => Effect.map(lab.simulator.drain, (snapshot) => Lab.made(snapshot).map(Lab.shape))

/** A destroy that dies with its k-th request done, and an apply right after it. */
const destroyedUpTo = (path: string, shutdownTimeout: `${number} seconds`) =>
  Lab.run({}, (lab) =>
    Effect.gen(function*() {
      yield* lab.process(Operations.apply(Lab.one))
      const from = (yield* lab.simulator.snapshot).calls.length
      yield* lab.process(Operations.destroy(Lab.one, { shutdownTimeout }))
      const calls = (yield* lab.simulator.snapshot).calls.slice(from)
      return calls.findIndex((call) => call.route === path) + 1
    })).pipe(Effect.flatMap((k) =>
      Lab.run({}, (lab) =>
        Effect.gen(function*() {
          assert.isAbove(k, 0, `the destroy sends ${path}`)
          yield* lab.process(Operations.apply(Lab.one))
          assert.isTrue(yield* Wires.killed(lab, k, "acted", Operations.destroy(Lab.one, { shutdownTimeout })))
          const report = yield* lab.process(Operations.apply(Lab.one))
          assert.deepStrictEqual(Lab.tags(report), ["Done"])
          assert.deepStrictEqual(yield* shapes(lab), [Lab.finished("web", "10.0.20.1")])
        }))
    ))

describe("an apply right after a destroy that was killed", () => {
  it.effect("has the machine running although it was being shut down", () =>
    destroyedUpTo("POST /nodes/{node}/qemu/{vmid}/status/shutdown", "60 seconds"))

  it.effect("has the machine running although it was being stopped", () =>
    destroyedUpTo("POST /nodes/{node}/qemu/{vmid}/status/stop", "0 seconds"))

  it.effect("has the machine although it was being destroyed", () =>
    destroyedUpTo("DELETE /nodes/{node}/qemu/{vmid}", "0 seconds"))
})

describe("an apply that finishes what an earlier one began", () => {
  it.effect("has the machine in the pool that is wanted now", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* Wires.killed(lab, 20, "acted", Operations.apply(Lab.one))
        assert.lengthOf(Lab.made(yield* lab.simulator.drain), 1)
        const fleet = Lab.fleet(Lab.machine("web", 401, { pool: "holdfast" }))
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Done"])
        assert.strictEqual(Lab.entry(report, "web").action, "resume")
        assert.strictEqual(Lab.view(yield* lab.simulator.drain, 401)?.pool, "holdfast")
      })))
})
