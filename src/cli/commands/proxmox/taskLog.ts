/**
 * `holdfast proxmox task log`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import * as Operations from "../../../systems/proxmox/Operations.ts"
import type { Handler } from "../../CommandTree.ts"
import * as ExitCode from "../../ExitCode.ts"
import * as Output from "../../Output.ts"
import { connected, upid } from "./Connection.ts"
import type { taskLog as verb } from "./verbs.ts"

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = (input) =>
  Effect.gen(function*() {
    const task = yield* upid(input.upid)
    const lines = Operations.task.log(task, { follow: input.follow }).pipe(Stream.map((line) => ({ line })))
    yield* connected(Output.stream(lines, ({ line }) => line))
    return ExitCode.done
  })
