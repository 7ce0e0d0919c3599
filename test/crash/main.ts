/**
 * The sweep, at a leisure that tests do not have.
 *
 *     npm run sweep                              # every call, and a sample of second crashes: some minutes a system
 *     npm run sweep -- --extent brief            # what the tests do, with another --seed
 *     npm run sweep -- --extent complete --second all   # every moment, and every second crash: hours
 *     npm run sweep -- --system proxmox --scenario update
 *     npm run sweep -- --only "apply | SIGKILL acted POST clone to web#1 | soon"
 *
 * The exit code is 1 when a trial fails, or when a command could not be stopped at a change it makes.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import * as Bundle from "../Bundle.ts"
import * as Narrative from "./Narrative.ts"
import * as Sweep from "./Sweep.ts"
import type { System } from "./System.ts"
import * as Systems from "./Systems.ts"
import * as Trial from "./Trial.ts"

const { values } = parseArgs({
  options: {
    system: { type: "string" },
    extent: { type: "string", default: "every" },
    scenario: { type: "string" },
    only: { type: "string" },
    others: { type: "string", default: "30" },
    second: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    parallel: { type: "string", default: String(availableParallelism() * 5) }
  }
})

const extents: ReadonlyArray<Sweep.Extent> = ["brief", "every", "complete"]
const extent = extents.find((one) => one === values.extent)
if (extent === undefined) throw new Error(`--extent is one of ${extents.join(", ")}, not ${values.extent}`)
const names = Systems.all.map(({ name }) => name)
if (values.system !== undefined && !names.includes(values.system)) {
  throw new Error(`there is no system ${values.system}, only ${names.join(", ")}`)
}

const print = (text: string) => process.stdout.write(`${text}\n`)

const one = (
  command: string,
  system: System,
  id: string
): Effect.Effect<boolean | undefined, never, Scope.Scope> =>
  Effect.gen(function*() {
    const [name, plan] = Trial.parse(id)
    const scenarios = yield* system.scenarios(command, "large")
    const scenario = scenarios.find((one) => one.name === name)
    if (scenario === undefined) return undefined
    const trial = yield* Trial.run(command, scenario, plan)
    print(Narrative.of(trial))
    return trial.problems.length === 0
  })

const sweep = (command: string, system: System): Effect.Effect<boolean, never, Scope.Scope> =>
  Effect.gen(function*() {
    const scenarios = yield* system.scenarios(command, extent === "complete" ? "large" : "small")
    const began = performance.now()
    const seconds = () => Math.round((performance.now() - began) / 1000)
    const chosen = scenarios.filter(({ name }) => values.scenario === undefined || name === values.scenario)
    const { calls, failed, missed, processes, slowestInterruption, trials, unmet } = yield* Sweep.run(chosen, {
      command,
      parallel: Number(values.parallel),
      extent,
      others: Number(values.others),
      second: values.second === "all" ? "all" : Number(values.second),
      seed: Number(values.seed),
      onTrial: (trial, done) => {
        if (trial.problems.length > 0) print(Narrative.of(trial))
        if (done % 100 === 0) print(`${done} trials, ${seconds()} s`)
      }
    })
    for (const { plan, scenario, unmet: why } of unmet) {
      print(`not met, because ${why?.because}: ${Trial.idOf(scenario, plan)}`)
    }
    for (const { plan, problems, scenario } of failed) {
      print(`FAILED: ${Trial.idOf(scenario, plan)}\n  ${problems.join("\n  ")}`)
    }
    for (const { plan, scenario } of missed) print(`NOT MET AT A CHANGE: ${Trial.idOf(scenario, plan)}`)
    for (const [name, count] of Object.entries(calls)) print(`${name}: ${count} calls undisturbed`)
    print(
      `${system.name}: ${trials} trials in ${seconds()} s, ${processes} processes, ` +
        `${failed.length} failed, ${unmet.length} not met; ` +
        `the slowest interrupted process ended after ${(slowestInterruption / 1000).toFixed(1)} s`
    )
    return failed.length === 0 && missed.length === 0
  })

const program = Effect.gen(function*() {
  const { command } = yield* Bundle.build
  const systems = Systems.all.filter(({ name }) => values.system === undefined || name === values.system)
  const { only } = values
  const verdicts = yield* Effect.forEach(
    systems,
    (system) => Effect.scoped(only === undefined ? sweep(command, system) : one(command, system, only))
  )
  if (verdicts.every((verdict) => verdict === undefined)) return yield* Effect.dieMessage(`there is no ${only}`)
  return verdicts.every((verdict) => verdict !== false)
}).pipe(Effect.scoped)

process.exitCode = await Effect.runPromise(program) ? 0 : 1
