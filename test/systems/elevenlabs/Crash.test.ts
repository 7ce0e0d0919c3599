import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import type * as Report from "../../../src/systems/elevenlabs/Report.ts"
import * as Lab from "./Lab.ts"

const before = { "a.txt": Lab.text("Apples"), "b.txt": Lab.text("Pears"), "c.txt": Lab.text("Plums") }
const updated = { ...before, "a.txt": Lab.text("Green apples") }
const { "c.txt": _, ...removed } = before

interface Scenario {
  readonly name: string
  readonly from?: Readonly<Record<string, string>>
  readonly to: Readonly<Record<string, string>>
  readonly removed?: ReadonlyArray<string>
  readonly options?: Operations.SyncOptions
  readonly retrieval?: boolean
  /** What the next process has of the journal. Defaults to all. */
  readonly journal?: "lost"
}

// Every moment of every call, and what fails meanwhile, is for `npm run sweep` and `npm run simulate`.
const scenarios: ReadonlyArray<Scenario> = [
  { name: "first upload, the journal lost", to: before, journal: "lost" },
  { name: "update with retrieval", from: before, to: updated, retrieval: true },
  { name: "update, the journal lost", from: before, to: updated, journal: "lost" },
  { name: "removal", from: before, to: removed, removed: ["c"] },
  { name: "update in place", from: before, to: updated, options: { strategy: "in-place" } }
]

const failures = (report: Report.Report): ReadonlyArray<string> =>
  report.sites.flatMap(({ documents, outcome }) => [
    ...(outcome._tag === "Done" ? [] : [outcome._tag === "Failed" ? outcome.fault.message : outcome._tag]),
    ...documents.flatMap(({ item, outcome }) => outcome._tag === "Failed" ? [`${item}: ${outcome.fault.message}`] : [])
  ])

/** What is wrong after a run was killed at its k-th call and the same was run again; `undefined` where it lived on. */
const killedAt = (
  { from, journal: kept, options, removed, retrieval, to }: Scenario,
  k: number
): Effect.Effect<ReadonlyArray<string> | undefined> =>
  Lab.run(
    { agents: [{ name: "Support", retrieval: retrieval ?? false }], listingLagMillis: 1500 },
    (lab) =>
      Effect.gen(function*() {
        const target = lab.target()
        const journal: Lab.Entries = new Map()
        if (from !== undefined) {
          lab.files(target, from)
          yield* lab.process(Operations.sync([target]), { journal })
          yield* Effect.sleep("1 minute")
        }
        for (const file of removed ?? []) lab.removed.add(file)
        lab.files(target, to)
        const sync = Operations.sync([target], options)
        if (!(yield* Lab.killed(lab, (_, number) => number === k, "acted", sync, journal))) return undefined
        // Without the journal nothing but listings tells what was begun.
        if (kept === "lost") yield* Effect.sleep("10 seconds")
        const report = yield* lab.process(sync, { journal: kept === "lost" ? new Map() : journal })
        return [...failures(report), ...lab.check(target, to), ...lab.violations]
      })
  )

const sweep = (scenario: Scenario) =>
  Effect.gen(function*() {
    const wrong: Array<string> = []
    let k = 1
    for (;; k += 1) {
      const found = yield* killedAt(scenario, k)
      if (found === undefined) break
      wrong.push(...found.map((one) => `killed at call ${k}: ${one}`))
      if (k > 200) throw new Error("it does not end")
    }
    expect(wrong).toEqual([])
    expect(k).toBeGreaterThan(4)
  })

describe("killed at every call, when the server has acted", () => {
  for (const scenario of scenarios) it.effect(scenario.name, () => sweep(scenario))
})
