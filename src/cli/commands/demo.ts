import * as Effect from "effect/Effect"
import type { Handler } from "../CommandTree.ts"
import * as ExitCode from "../ExitCode.ts"
import type { demo } from "./verbs.ts"
export const run: Handler<(typeof demo)["flags"], (typeof demo)["args"]> = (input) =>
  Effect.as(Effect.log(input), ExitCode.done)
