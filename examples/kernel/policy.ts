/**
 * One policy around a service that fails now and then, and a fan-out whose failures are results. It runs as it is:
 *
 *     npx tsx examples/kernel/policy.ts
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Bulkhead from "../../src/kernel/Bulkhead.ts"
import * as CircuitBreaker from "../../src/kernel/CircuitBreaker.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Parallel from "../../src/kernel/Parallel.ts"
import * as Policy from "../../src/kernel/Policy.ts"
import * as RetryBudget from "../../src/kernel/RetryBudget.ts"
import * as RetryPolicy from "../../src/kernel/RetryPolicy.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

/** Every third call loses its connection, and machine 13 does not exist. */
const makeInventory = Effect.sync(() => {
  let calls = 0
  return (id: number): Effect.Effect<string, Fault.Fault> =>
    Effect.suspend(() => {
      calls += 1
      const fault = { system: "inventory", operation: "Inventory.read", subject: `machine ${id}` } as const
      if (id === 13) return Fault.make({ ...fault, kind: "not-found", detail: "there is no such machine" })
      if (calls % 3 === 0) return Fault.make({ ...fault, kind: "transient", detail: "the connection was reset" })
      return Effect.delay(Effect.succeed(`machine-${id}`), "20 millis")
    })
})

const program = Effect.gen(function*() {
  const read = yield* makeInventory
  const policy = yield* Policy.make({
    name: "inventory",
    retry: RetryPolicy.withBudget(RetryPolicy.default, yield* RetryBudget.make()),
    breaker: yield* CircuitBreaker.make({ name: "inventory", consecutiveFailures: 5, openFor: "30 seconds" }),
    bulkhead: yield* Bulkhead.make({ permits: 4 }),
    attemptTimeout: "2 seconds",
    deadline: "1 minute"
  })
  const ids = [11, 12, 13, 14, 15, 16]
  const report = yield* Parallel.forEach(ids, (id) => policy.run(read(id)), { concurrency: 4 })
  for (const [index, name] of Parallel.successes(report)) yield* Console.log(`${ids[index]}: ${name}`)
  yield* Console.log(`${report.succeeded} read, ${report.failed} failed`)
})

program.pipe(VirtualClock.run, NodeRuntime.runMain)
