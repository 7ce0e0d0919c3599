/**
 * What is swept, with what must be there before it begins.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { cpSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as ElevenLabs from "./ElevenLabs.ts"
import * as Genesys from "./Genesys.ts"
import * as Proxmox from "./Proxmox.ts"
import type { Scenario, System } from "./System.ts"
import * as Trial from "./Trial.ts"

/** Runs the command once, so that later worlds can begin with what it made, in the folder where it ran. */
const afterPrelude = (
  command: string,
  size: "small" | "large"
): Effect.Effect<ReadonlyArray<Scenario>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-crash-made-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    let made: Proxmox.Made | undefined
    const trial = yield* Trial.run(command, Proxmox.prelude, { stops: [], gap: "soon" }, (world, cwd) =>
      Effect.sync(() => {
        cpSync(cwd, folder, { recursive: true })
        if (Proxmox.isProxmox(world)) {
          made = world.made()
        }
      }))
    if (made === undefined || trial.problems.length > 0) {
      return yield* Effect.dieMessage(`the fleet cannot be made: ${trial.problems.join("; ")}`)
    }
    return Proxmox.scenarios({ made, folder }, size)
  })

export const proxmox: System = { name: "proxmox", scenarios: afterPrelude }

export const all: ReadonlyArray<System> = [proxmox, Genesys.system, ElevenLabs.system]
