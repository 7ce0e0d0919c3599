/**
 * The whole sweep, at a leisure that tests do not have.
 *
 *     npm run sweep                              # every call, every moment, and a sample of second crashes
 *     npm run sweep -- --second all              # every second crash: hours
 *     npm run sweep -- --scenario update --brief
 *     npm run sweep -- --only "apply | SIGKILL acted POST clone to web#1 | soon"
 */
import * as Effect from "effect/Effect"
import { availableParallelism } from "node:os"
import { parseArgs } from "node:util"
import * as Bundle from "../Bundle.ts"
import * as Narrative from "./Narrative.ts"
import * as Scenarios from "./Scenarios.ts"
import * as Sweep from "./Sweep.ts"
import * as Trial from "./Trial.ts"

const { values } = parseArgs({
  options: {
    brief: { type: "boolean", default: false },
    scenario: { type: "string" },
    only: { type: "string" },
    second: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    parallel: { type: "string", default: String(availableParallelism() * 6) }
  }
})

const print = (text: string) => process.stdout.write(`${text}\n`)

const program = Effect.gen(function*() {
  const { command } = yield* Bundle.build
  const scenarios = yield* Scenarios.proxmox(command, values.brief ? "small" : "large")
  const chosen = scenarios.filter(({ name }) => values.scenario === undefined || name === values.scenario)
  if (values.only !== undefined) {
    const [name, plan] = Trial.parse(values.only)
    const scenario = scenarios.find((one) => one.name === name)
    if (scenario === undefined) return yield* Effect.dieMessage(`there is no scenario ${name}`)
    const trial = yield* Trial.run(command, scenario, plan)
    print(Narrative.of(trial))
    return trial.problems.length === 0
  }
  const began = performance.now()
  const outcome = yield* Sweep.run(chosen, {
    command,
    parallel: Number(values.parallel),
    extent: values.brief ? "brief" : "complete",
    second: values.second === "all" ? "all" : Number(values.second),
    seed: Number(values.seed),
    onTrial: (trial, done) => {
      if (trial.problems.length > 0) print(Narrative.of(trial))
      if (done % 50 === 0) print(`${done} trials, ${Math.round((performance.now() - began) / 1000)} s`)
    }
  })
  const { calls, failed, processes, slowestInterruption, trials, unmet } = outcome
  for (const trial of unmet) print(`not met: ${Trial.idOf(trial.scenario, trial.plan)}`)
  for (const trial of failed) {
    print(`FAILED: ${Trial.idOf(trial.scenario, trial.plan)}\n  ${trial.problems.join("\n  ")}`)
  }
  for (const [name, count] of Object.entries(calls)) print(`${name}: ${count} calls undisturbed`)
  print(
    `${trials} trials in ${Math.round((performance.now() - began) / 1000)} s, ${processes} processes, ` +
      `${failed.length} failed, ${unmet.length} not met; ` +
      `the slowest interrupted process ended after ${(slowestInterruption / 1000).toFixed(1)} s`
  )
  return failed.length === 0
}).pipe(Effect.scoped)

process.exitCode = await Effect.runPromise(program) ? 0 : 1
