/**
 * `holdfast proxmox task abort`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import { connected, upid } from "./Connection.ts"
import * as TaskResult from "./TaskResult.ts"
import type { taskAbort as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const task = yield* upid(input.upid)
    if (input.dryRun) {
      yield* Output.print({
        json: () => ({ task: task.text, action: "abort" }),
        text: () => [`would abort ${task.text} (${task.type} on ${task.node})`]
      })
      return ExitCode.done
    }
    const end = yield* connected(Operations.task.abort(task))
    yield* TaskResult.print(end)
    // It was asked to end, and it has: how it calls that does not matter.
    return ExitCode.done
  })
