/**
 * Writes a file over and over, as fast as it can: `AtomicWriter <file> <atomic | in-place> [text]`.
 * With a text it writes that once and says how it ended.
 */
import * as Effect from "effect/Effect"
import { writeFileSync, writeSync } from "node:fs"
import * as AtomicFile from "../../src/store/AtomicFile.ts"
import { sealed } from "./Sealed.ts"

const [path = "", how = "atomic", text] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => void writeSync(1, `${line}\n`))

const write = (content: string) =>
  how === "atomic" ? AtomicFile.write(path, content) : Effect.sync(() => writeFileSync(path, content))

const forever = Effect.gen(function*() {
  for (let round = 0;; round += 1) {
    yield* write(sealed(process.pid * 1000 + round))
    if (round === 0) yield* say("ready")
  }
})

const once = (text: string) =>
  Effect.matchEffect(write(text), {
    onSuccess: () => say("written"),
    onFailure: (fault) =>
      say(JSON.stringify({ kind: fault.kind, code: fault.code, sent: fault.sent, message: fault.message }))
  })

await Effect.runPromise(text === undefined ? forever : once(text === "big" ? "x".repeat(200_000) : text))
