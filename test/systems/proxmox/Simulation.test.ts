import { assert, describe, it } from "vitest"
import { system } from "../../simulate/proxmox/Simulation.ts"
import * as System from "../../simulate/System.ts"

// A part of what `npm run simulate` runs.
const blocks = 2
const seedsEach = 20

describe("whole operations on a cluster that misbehaves end as asked for, and say the truth", () => {
  for (let block = 0; block < blocks; block++) {
    const first = 1 + block * seedsEach
    const last = first + seedsEach - 1
    it(`from the seeds ${first} to ${last}`, async () => {
      for (let seed = first; seed <= last; seed++) {
        const verdict = await system.run(seed, "none")
        if (verdict.problems.length > 0) assert.fail(await System.tell(system, verdict))
      }
    }, 1_800_000)
  }

  it("and a seed makes the same calls at the same times with the same answers", async () => {
    for (let seed = 1; seed <= 2; seed++) {
      const [first, second] = [await system.run(seed, "none"), await system.run(seed, "short")]
      assert.strictEqual(second.trace, first.trace, `seed ${seed}`)
      assert.isAbove(first.calls, 0)
    }
  }, 1_800_000)
})
