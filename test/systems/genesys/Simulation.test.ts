import { assert, describe, it } from "vitest"
import { system } from "../../simulate/genesys/Simulation.ts"
import type { Verdict } from "../../simulate/System.ts"

// A small part of what `npm run simulate` runs: of each, an organisation of few types.
const [firstSeed, lastSeed] = [4, 11]
const twice = [5, 8, 10]

/** What one needs to go after it: the number, and what happened. */
const tell = async (verdict: Verdict): Promise<string> => {
  const { story } = await system.run(verdict.seed, "short")
  const problems = verdict.problems.map(({ detail, invariant }) => `${invariant}: ${detail}`)
  const again = `npm run simulate -- --system genesys --seed ${verdict.seed}`
  return [verdict.drawn, ...story, ...problems, again].join("\n")
}

describe("whole exports of an organisation that misbehaves", () => {
  it(`end with what it has, by the seeds ${firstSeed} to ${lastSeed}`, async () => {
    for (let seed = firstSeed; seed <= lastSeed; seed++) {
      const verdict = await system.run(seed, "none")
      if (verdict.problems.length > 0) assert.fail(await tell(verdict))
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
