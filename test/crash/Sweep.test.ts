import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { availableParallelism } from "node:os"
import { inject } from "vitest"
import * as Operations from "../../src/systems/proxmox/Operations.ts"
import * as Lab from "../systems/proxmox/Lab.ts"
import * as ElevenLabs from "./ElevenLabs.ts"
import * as Genesys from "./Genesys.ts"
import * as Narrative from "./Narrative.ts"
import * as Proxmox from "./Proxmox.ts"
import * as Labels from "./ProxmoxLabels.ts"
import * as Sweep from "./Sweep.ts"
import type { System } from "./System.ts"
import * as Systems from "./Systems.ts"
import * as Trial from "./Trial.ts"

const command = inject("command")

/** More than a hundred processes. */
const timeout = 1_800_000

/** A part of `npm run sweep`. */
const sweep = (system: System, others: number, second: number, names?: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const all = yield* system.scenarios(command, "small")
    const scenarios = all.filter(({ name }) => names?.includes(name) ?? true)
    const outcome = yield* Sweep.run(scenarios, {
      command,
      parallel: availableParallelism() * 4,
      extent: "brief",
      others,
      second,
      seed: 1
    })
    assert.strictEqual(outcome.failed.map(Narrative.of).join("\n\n"), "")
    assert.strictEqual(outcome.missed.map(Narrative.of).join("\n\n"), "")
    return outcome
  }).pipe(Effect.scoped)

describe("the command, killed or interrupted at any call and run again", () => {
  it.live(
    "makes and destroys exactly the machines asked for, each once",
    () =>
      Effect.map(
        sweep(Systems.proxmox, 4, 2, ["apply", "destroy"]),
        ({ trials }) => assert.isAtLeast(trials, 10)
      ),
    timeout
  )

  it.live(
    "writes the bytes of an export that was not disturbed",
    () => Effect.map(sweep(Genesys.system, 2, 1, ["export"]), ({ trials }) => assert.isAtLeast(trials, 15)),
    timeout
  )

  it.live(
    "leaves no agent without a document that it had, and none that nobody knows of",
    () =>
      // Of two sites one is uploaded for the first time, and the other is updated.
      Effect.map(
        sweep(ElevenLabs.system, 0, 1, ["two sites", "in place"]),
        ({ trials }) => assert.isAtLeast(trials, 10)
      ),
    timeout
  )

  it.live("is found out where it writes something else", () =>
    Effect.gen(function*() {
      const [scenario] = yield* Genesys.system.scenarios(command, "small")
      if (scenario === undefined) return assert.fail("there is a scenario")
      const other = { ...scenario, words: scenario.words.map((word) => word === "hcl" ? "json" : word) }
      const { problems } = yield* Trial.run(command, other, { stops: [], gap: "soon" })
      assert.include(problems, "out/genesyscloud.tf is missing")
      assert.include(problems, "out/genesyscloud.tf.json is there too")
    }).pipe(Effect.scoped), timeout)

  it.live("is found out where it does nothing", () =>
    Effect.gen(function*() {
      const idle = { ...Proxmox.prelude, words: ["proxmox", "plan", "fleet.yaml"] }
      const { problems } = yield* Trial.run(command, idle, { stops: [], gap: "soon" })
      assert.include(problems, "web is there 0 times: ")
      assert.include(problems, "the plan is not to Keep: db: Create")
    }), timeout)

  it.live("is found out where it does not get to the call at which it is to die", () =>
    Effect.gen(function*() {
      const stop = { signal: "SIGKILL", moment: "before", call: "GET /nodes#99" } as const
      const trial = yield* Trial.run(command, Proxmox.prelude, { stops: [stop], gap: "soon" })
      assert.deepStrictEqual(trial.unmet, { stop, because: "the call did not come" })
      assert.deepStrictEqual(trial.problems, [])
    }), timeout)
})

describe("the calls of the Proxmox commands", () => {
  const fleet = Lab.fleet(Lab.machine("web", 401, { nodes: ["pve2"] }), Lab.machine("db", "auto"))
  const changed = Lab.fleet(Lab.machine("web", 401, { nodes: ["pve2"], memory: 4096 }), Lab.machine("db", "auto"))

  it.effect("that count as reads leave the world as it was", () => {
    const read = new Set<string>()
    const compared = new Set<string>()
    const wire: Lab.Wire = (endpoint, simulator) => {
      const labels = Labels.make(simulator.world, new Map())
      const state = Effect.map(
        simulator.snapshot,
        (snapshot) => ({ at: snapshot.at, world: JSON.stringify({ ...snapshot, calls: [] }) })
      )
      return (request) => {
        const label = labels.label(request)
        if (!label.read) return endpoint(request)
        read.add(label.route)
        return Effect.gen(function*() {
          const before = yield* state
          const reply = yield* endpoint(request)
          const after = yield* state
          // Where time went by, something else may have happened.
          if (before.at === after.at) {
            compared.add(label.route)
            assert.strictEqual(after.world, before.world, label.name)
          }
          return reply
        })
      }
    }
    return Lab.run({ wire }, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(fleet))
        yield* lab.process(Operations.apply(changed))
        yield* lab.process(Operations.destroy(changed))
        assert.deepStrictEqual(compared, read)
        assert.isAtLeast(read.size, 12)
      }))
  })
})
