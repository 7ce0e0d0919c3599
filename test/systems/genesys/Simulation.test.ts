import { assert, describe, it } from "vitest"
import { system } from "../../simulate/genesys/Simulation.ts"
import * as System from "../../simulate/System.ts"

// A small part of what `npm run simulate` runs: of each, an organisation of few types.
const [firstSeed, lastSeed] = [4, 11]
const twice = [5, 8, 10]

describe("whole exports of an organisation that misbehaves", () => {
  it(`end with what it has, by the seeds ${firstSeed} to ${lastSeed}`, async () => {
    for (let seed = firstSeed; seed <= lastSeed; seed++) {
      const verdict = await system.run(seed, "none")
      if (verdict.problems.length > 0) assert.fail(await System.tell(system, verdict))
    }
  }, 1_800_000)

  it("make, of one seed, the same calls at the same times with the same answers", async () => {
    for (const seed of twice) {
      const [first, second] = [await system.run(seed, "none"), await system.run(seed, "short")]
      assert.strictEqual(second.trace, first.trace, `seed ${seed}`)
      assert.isAbove(first.calls, 0)
    }
  }, 1_800_000)
})
