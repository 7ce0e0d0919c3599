/**
 * `holdfast run resume`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type { Run } from "../../../store/Run.ts"
import type { Handler, Resume } from "../../CommandTree.ts"
import { find } from "./show.ts"
import type { resume as verb } from "./verbs.ts"

const commands: Readonly<Record<string, () => Promise<{ readonly resume: Resume }>>> = {
  "proxmox apply": () => import("../proxmox/apply.ts"),
  "proxmox destroy": () => import("../proxmox/destroy.ts"),
  "genesys export": () => import("../genesys/export.ts"),
  "elevenlabs sync": () => import("../elevenlabs/sync.ts"),
  "elevenlabs assign": () => import("../elevenlabs/assign.ts"),
  "elevenlabs remove": () => import("../elevenlabs/remove.ts")
}

const refuse = ({ id }: Run, code: string, detail: string, hint: string): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "holdfast",
    operation: "Runs.resume",
    subject: `run ${id}`,
    code,
    sent: "no",
    detail,
    hint
  })

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof verb)["flags"], (typeof verb)["args"]> = ({ id, wait }) =>
  Effect.gen(function*() {
    const found = yield* find(id)
    if (found.state === "done") {
      return yield* refuse(found, "run-done", "it is done", `to do it once more: holdfast ${found.command}`)
    }
    const load = commands[found.command]
    if (load === undefined) {
      return yield* refuse(
        found,
        "not-resumable",
        `this holdfast does not know "${found.command}"`,
        "use the holdfast that began it"
      )
    }
    const { resume } = yield* Effect.promise(load)
    return yield* resume(found, wait)
  })
