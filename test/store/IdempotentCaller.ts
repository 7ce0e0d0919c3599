/**
 * Asks for one operation: `IdempotentCaller <log> <run | hang> [file]`, on the SQLite file or on `HOLDFAST_DATABASE_URL`.
 * Every run of the operation adds a line to the log. `hang` never ends it.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { appendFileSync, writeSync } from "node:fs"
import * as Idempotency from "../../src/store/Idempotency.ts"
import * as Store from "../../src/store/Store.ts"

const [log = "", how = "run", file] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => void writeSync(1, `${line}\n`))

const operation = Effect.gen(function*() {
  yield* Effect.sync(() => appendFileSync(log, `${process.pid}\n`))
  yield* say("running")
  if (how === "hang") yield* Effect.never
  yield* Effect.sleep("200 millis")
  return process.pid
})

const main = Effect.gen(function*() {
  yield* say("ready")
  const pid = yield* Idempotency.run(operation, {
    operation: "Test.once",
    parameters: { of: "all" },
    result: Schema.Number,
    wait: "1 minute"
  })
  yield* say(`result ${pid}`)
}).pipe(
  Effect.catchAll((fault) => say(fault.message)),
  Effect.provide(Store.layer(file === undefined ? {} : { file }))
)

const alive = setInterval(() => {}, 60_000)
await Effect.runPromise(main)
clearInterval(alive)
