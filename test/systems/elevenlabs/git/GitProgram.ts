/**
 * A push, and a pull before it if wanted, as a process of its own, so that it can be killed. Its one argument is JSON.
 */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Git from "../../../../src/systems/elevenlabs/git/Git.ts"
import { merge } from "./Lab.ts"

const Job = Schema.parseJson(Schema.Struct({
  pull: Schema.Boolean,
  directory: Schema.String,
  paths: Schema.Array(Schema.String),
  message: Schema.String,
  environment: Schema.Record({ key: Schema.String, value: Schema.String })
}))

const program = Effect.gen(function*() {
  const { pull, ...job } = yield* Schema.decodeUnknown(Job)(process.argv[2])
  if (pull) yield* Git.pull({ ...job, merge })
  yield* Git.push({ ...job, merge })
})

await Effect.runPromise(Effect.provide(program, NodeContext.layer))
