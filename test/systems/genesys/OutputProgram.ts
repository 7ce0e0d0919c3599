/**
 * Writes an export as a process of its own, and kills itself before a step of it, or is stopped by its limits.
 */
import * as Effect from "effect/Effect"
import * as Output from "../../../src/systems/genesys/output/Output.ts"
import { Steps } from "../../../src/systems/genesys/output/Steps.ts"
import * as World from "./OutputWorld.ts"

const [directory = "", generation = "", killAt = ""] = process.argv.slice(2)

let step = 0

const run = Output.write(World.input(directory, Number(generation))).pipe(
  Effect.provideService(Steps, () =>
    Effect.sync(() => {
      step += 1
      if (step === Number(killAt)) process.kill(process.pid, "SIGKILL")
    })),
  Effect.match({
    onFailure: (fault) => `fault ${fault.code}: ${fault.message}`,
    onSuccess: ({ files }) => `wrote ${files.length}`
  })
)

console.log(await Effect.runPromise(run))
