/**
 * `holdfast proxmox task wait`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import { connected, upid } from "./Connection.ts"
import * as TaskResult from "./TaskResult.ts"
import type { taskWait as verb } from "./verbs.ts"
import * as Work from "./Work.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const task = yield* upid(input.upid)
    const end = yield* Operations.task.wait(task, { timeout: input.timeout }).pipe(
      Work.watched(`holdfast proxmox task wait ${task.text}`),
      connected
    )
    yield* TaskResult.print(end)
    return TaskResult.code(end)
  })
