import * as Effect from "effect/Effect"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import type { doctor } from "./verbs.ts"
export const run: Handler<(typeof doctor)["flags"], (typeof doctor)["args"]> = (input) =>
  Effect.as(Effect.log(input), ExitCode.done)
