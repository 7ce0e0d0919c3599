import { assert, describe, it } from "vitest"
import * as Effect from "effect/Effect"
import type * as Scenario from "../../simulate/elevenlabs/Scenario.ts"
import { system, verdictOf } from "../../simulate/elevenlabs/Simulation.ts"
import * as System from "../../simulate/System.ts"

// A part of what `npm run simulate` runs.
const seeds = 20

describe("whole operations on a workspace that misbehaves", () => {
  it(`end in step, at no moment without a document, by the seeds 1 to ${seeds}`, async () => {
    for (let seed = 1; seed <= seeds; seed++) {
      const verdict = await system.run(seed, "none")
      if (verdict.problems.length > 0) assert.fail(await System.tell(system, verdict))
    }
  }, 1_800_000)

  it("make, of one seed, the same calls at the same times with the same answers", async () => {
    const [first, second] = [await system.run(3, "none"), await system.run(3, "short")]
    assert.strictEqual(second.trace, first.trace)
    assert.isAbove(first.calls, 0)
  }, 1_800_000)
})

const command: Scenario.Command = {
  name: "sync",
  sites: [0],
  ending: { _tag: "Runs" },
  strategy: undefined,
  force: false,
  parallel: 4,
  attachBatch: 20,
  one: false
}

interface Stage extends Partial<Scenario.Command> {
  readonly pauseMillis: number
  /** Of the file. */
  readonly version: number
  readonly before?: ReadonlyArray<Scenario.Change>
}

/** A site of one file. */
const scenario = (
  more: Pick<Scenario.Scenario, "kind" | "trouble"> & Pick<Scenario.Site, "strategy">,
  ...stages: ReadonlyArray<Stage>
): Scenario.Scenario => ({
  seed: 1,
  kind: more.kind,
  sites: [{ host: "example.com", agents: [0], strategy: more.strategy, usageMode: "auto" }],
  agents: [{ retrieval: false, foreign: 1, node: false }],
  world: {
    latencyMillis: 20,
    concurrencyLimit: 5,
    listingLagMillis: 0,
    deletionLagMillis: 0,
    dependencyLagMillis: 0,
    indexMillis: 0,
    attachLimit: undefined
  },
  trouble: more.trouble,
  stages: stages.map(({ before = [], pauseMillis, version, ...changed }, index): Scenario.Stage => ({
    before: [{ _tag: "Files", site: 0, files: { "a1.txt": version } }, ...before],
    commands: [{ ...command, ...changed }],
    secondAfterMillis: 0,
    quiet: index === 0,
    pauseMillis
  }))
})

describe("an update in place", () => {
  it("waits until nothing that a process sent which was killed can overwrite it any more", async () => {
    const { problems } = await Effect.runPromise(verdictOf(scenario(
      {
        kind: "late update",
        strategy: "in-place",
        trouble: {
          rules: [{ match: { path: "/update-file$" }, times: 1, effect: { type: "latency", millis: 3000 } }],
          edits: 0,
          unindexed: 0
        }
      },
      { version: 1, pauseMillis: 0 },
      { version: 2, pauseMillis: 1000, ending: { _tag: "Killed", afterMillis: 500 } },
      { version: 3, pauseMillis: 100 }
    )))
    assert.deepStrictEqual(problems, [])
  })
})

describe("what was uploaded by a process that was killed, and whose journal is lost", () => {
  it("is written down before anything else is done about it", async () => {
    const { problems } = await Effect.runPromise(verdictOf(scenario(
      { kind: "lost journal", strategy: "swap", trouble: { rules: [], edits: 0, unindexed: 0 } },
      // The fourth request is the upload.
      { version: 1, pauseMillis: 0, ending: { _tag: "KilledAt", call: 4, acted: true } },
      { version: 1, pauseMillis: 30_000, before: [{ _tag: "Moved" }] }
    )))
    assert.deepStrictEqual(problems, [])
  })
})
