import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Chance from "../../../src/simulation/Chance.ts"
import type * as Fleet from "../../../src/systems/proxmox/Fleet.ts"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

/**
 * Kills a command at its k-th request, for every k until it outlives that, and runs it again. `finish` says what must
 * hold then.
 */
const sweep = (
  moment: Wires.Moment,
  memory: Memory,
  fleet: Fleet.Fleet,
  command: Effect.Effect<unknown, unknown, Operations.Needs>,
  check: (lab: Lab.Lab, k: number) => Effect.Effect<void>,
  prepare: Effect.Effect<unknown, unknown, Operations.Needs> = Effect.void
) =>
  Effect.gen(function*() {
    for (let k = 1, alive = true; alive; k++) {
      alive = yield* Lab.run({ seed: k }, (lab) =>
        Effect.gen(function*() {
          yield* lab.process(prepare).pipe(Effect.orDie)
          // What it wrote outlives a process; what it had claimed does not.
          const entries = new Map<string, Journal.Entry>()
          const died = yield* Wires.killed(lab, k, moment, command, yield* Journal.makeMemory(entries))
          const journal = memory === "journal" ? yield* Journal.makeMemory(entries) : undefined
          if (died) yield* lab.process(command, { journal }).pipe(Effect.orDie)
          yield* check(lab, k)
          return died
        }))
      assert.isBelow(k, 200, `${fleet.name} ends`)
    }
  })

const exactly = (expected: ReadonlyArray<unknown>) => (lab: Lab.Lab, k: number): Effect.Effect<void> =>
  Effect.gen(function*() {
    const snapshot = yield* lab.simulator.drain
    assert.deepStrictEqual(Lab.made(snapshot).map(Lab.shape), expected, `killed at request ${k}`)
    assert.deepStrictEqual(snapshot.orphanedVolumes, [], `killed at request ${k}`)
  })

const finished = [Lab.finished("web", "10.0.20.1")]
const anyId = Lab.fleet(Lab.machine("web", "auto"))
const finishedAnywhere = [Lab.finished("web", "10.0.20.9")]

const destroy = Operations.destroy(Lab.one, { shutdownTimeout: "3 seconds" })

type Memory = "journal" | "none"

const withMemory = (memory: Memory): string => memory === "journal" ? "its journal" : "no memory"

/** A failing seed prints its number; `SEED=n` runs that one alone. */
const first = Number(process.env["SEED"] ?? 1)
const seeds = Number(process.env["SEEDS"] ?? (process.env["SEED"] === undefined ? 12 : 1))

/** A sweep is hundreds of runs. */
const timeout = 240_000

describe("a process that is killed at any request", () => {
  const once: ReadonlyArray<readonly [Wires.Moment, Memory]> = [
    ["before", "none"],
    ["acted", "none"],
    ["replied", "journal"]
  ]
  for (const [moment, memory] of once) {
    it.effect(
      `(${moment}) and an apply again with ${withMemory(memory)} make the machine once`,
      () => sweep(moment, memory, Lab.one, Operations.apply(Lab.one), exactly(finished)),
      timeout
    )
  }

  const automatic: ReadonlyArray<readonly [Wires.Moment, Memory]> = [
    ["before", "journal"],
    ["acted", "none"],
    ["acted", "journal"]
  ]
  for (const [moment, memory] of automatic) {
    it.effect(
      `(${moment}) and an apply again with ${withMemory(memory)} make the machine of an automatic id once`,
      () => sweep(moment, memory, anyId, Operations.apply(anyId), exactly(finishedAnywhere)),
      timeout
    )
  }

  const destroyed: ReadonlyArray<readonly [Wires.Moment, Memory]> = [["acted", "none"]]
  for (const [moment, memory] of destroyed) {
    it.effect(
      `(${moment}) and a destroy again with ${withMemory(memory)} leave nothing`,
      () => sweep(moment, memory, Lab.one, Operations.destroy(Lab.one), exactly([]), Operations.apply(Lab.one)),
      timeout
    )
  }

  it.effect(
    "while it clones, and a destroy, leave nothing",
    () =>
      Effect.forEach(
        Array.from({ length: 25 }, (_, index) => index + 1),
        (k) =>
          Lab.run({ seed: k }, (lab) =>
            Effect.gen(function*() {
              yield* Wires.killed(lab, k, "acted", Operations.apply(Lab.one))
              yield* lab.process(destroy).pipe(Effect.orDie)
              yield* exactly([])(lab, k)
            })),
        { discard: true }
      ),
    timeout
  )

  it.effect(
    "and again while it recovers, on a network that loses requests, makes every machine once",
    () =>
      Effect.forEach(Array.from({ length: seeds }, (_, index) => first + index), (seed) => {
        const chance = (purpose: number) => Chance.unit(seed, purpose)
        let count = 0
        const lossy: Lab.Wire = (endpoint) => (request) =>
          Effect.suspend(() => {
            count += 1
            if (Chance.unit(seed, 1, count) > 0.04) return endpoint(request)
            return Chance.unit(seed, 2, count) < 0.5
              ? Wires.lostReply(endpoint(request), request)
              : Wires.lostRequest(Effect.never, request)
          })
        const three = Lab.fleet(Lab.machine("web", 401), Lab.machine("db", "auto"), Lab.machine("app", "auto"))
        return Lab.run({ seed, wire: lossy }, (lab) =>
          Effect.gen(function*() {
            const moments: ReadonlyArray<Wires.Moment> = ["before", "acted", "replied"]
            for (const life of [3, 4]) {
              const moment = moments[Math.floor(chance(life * 10) * 3)] ?? "acted"
              yield* Wires.killed(lab, 1 + Math.floor(chance(life) * 90), moment, Operations.apply(three))
            }
            const report = yield* lab.process(Operations.apply(three)).pipe(Effect.orDie)
            assert.deepStrictEqual(Lab.tags(report), ["Done", "Done", "Done"], `seed ${seed}: ${lab.logs.join("\n")}`)
            const snapshot = yield* lab.simulator.drain
            assert.deepStrictEqual(
              Lab.made(snapshot).map(({ name, status }) => [name, status]).toSorted(),
              [["app", "running"], ["db", "running"], ["web", "running"]],
              `seed ${seed}`
            )
            assert.deepStrictEqual(snapshot.orphanedVolumes, [], `seed ${seed}`)
          }))
      }, { discard: true }),
    timeout
  )
})
