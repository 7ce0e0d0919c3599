/**
 * Takes the lock of a file: `LockHolder <file> <hold | count> <counter> <rounds>`.
 * `hold` says `held` and keeps it until it is killed. `count` adds one to a number in a file, slowly, that many times.
 */
import * as Effect from "effect/Effect"
import { readFileSync, writeFileSync, writeSync } from "node:fs"
import * as FileLock from "../../src/store/FileLock.ts"

const [path = "", how = "hold", counter = "", rounds = "1"] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => void writeSync(1, `${line}\n`))

const options = { purpose: `test ${how}`, timeout: "2 minutes" } as const

const hold = Effect.zipRight(say("held"), Effect.never).pipe(FileLock.withLock(path, options))

const add = Effect.gen(function*() {
  const number = Number(readFileSync(counter, "utf8"))
  yield* Effect.promise(() => new Promise((resume) => setTimeout(resume, 1)))
  writeFileSync(counter, String(number + 1))
}).pipe(FileLock.withLock(path, options))

const count = Effect.zipRight(Effect.repeatN(add, Number(rounds) - 1), say("done"))

// A process that only waits for a lock, or holds one, must not end for want of work.
const alive = setInterval(() => {}, 60_000)
await Effect.runPromise(
  Effect.zipRight(say("ready"), how === "hold" ? hold : count).pipe(
    Effect.catchAll((fault) => say(fault.code ?? fault.message))
  )
)
clearInterval(alive)
