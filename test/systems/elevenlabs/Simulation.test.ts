import { assert, describe, it } from "vitest"
import { system } from "../../simulate/elevenlabs/Simulation.ts"
import type { Verdict } from "../../simulate/System.ts"

// A part of what `npm run simulate` runs.
const seeds = 20

/** What one needs to go after it: the number, and what happened. */
const tell = async (verdict: Verdict): Promise<string> => {
  const { story } = await system.run(verdict.seed, "short")
  const problems = verdict.problems.map(({ detail, invariant }) => `${invariant}: ${detail}`)
  const again = `npm run simulate -- --system elevenlabs --seed ${verdict.seed}`
  return [verdict.drawn, ...story, ...problems, again].join("\n")
}

describe("whole operations on a workspace that misbehaves", () => {
  it(`end in step, at no moment without a document, by the seeds 1 to ${seeds}`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const verdict = await system.run(seed, "none")
      if (verdict.problems.length > 0) assert.fail(await tell(verdict))
    }
  }, 1_800_000)

  it("make, of one seed, the same calls at the same times with the same answers", async () => {
    const [first, second] = [await system.run(3, "none"), await system.run(3, "short")]
    assert.strictEqual(second.trace, first.trace)
    assert.isAbove(first.calls, 0)
  }, 1_800_000)
})
