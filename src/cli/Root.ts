/**
 * Which module does what. Each is loaded when its verb runs.
 *
 * @since 0.1.0
 */
import { bind, type Binding } from "./CommandTree.ts"
import * as ElevenLabs from "./commands/elevenlabs/verbs.ts"
import * as Genesys from "./commands/genesys/verbs.ts"
import * as Proxmox from "./commands/proxmox/verbs.ts"
import * as Run from "./commands/run/verbs.ts"
import { demo, simElevenLabs, simGenesys, simProxmox } from "./commands/verbs.ts"

/**
 * @since 0.1.0
 * @category constants
 */
export const bindings: ReadonlyArray<Binding> = [
  bind(Proxmox.plan, () => import("./commands/proxmox/plan.ts")),
  bind(Proxmox.apply, () => import("./commands/proxmox/apply.ts")),
  bind(Proxmox.destroy, () => import("./commands/proxmox/destroy.ts")),
  bind(Proxmox.drift, () => import("./commands/proxmox/drift.ts")),
  bind(Proxmox.list, () => import("./commands/proxmox/list.ts")),
  bind(Proxmox.taskWait, () => import("./commands/proxmox/taskWait.ts")),
  bind(Proxmox.taskLog, () => import("./commands/proxmox/taskLog.ts")),
  bind(Proxmox.taskAbort, () => import("./commands/proxmox/taskAbort.ts")),
  bind(Proxmox.doctor, () => import("./commands/proxmox/doctor.ts")),
  bind(Genesys.exportVerb, () => import("./commands/genesys/export.ts")),
  bind(Genesys.validate, () => import("./commands/genesys/validate.ts")),
  bind(Genesys.diff, () => import("./commands/genesys/diff.ts")),
  bind(Genesys.types, () => import("./commands/genesys/types.ts")),
  bind(ElevenLabs.sync, () => import("./commands/elevenlabs/sync.ts")),
  bind(ElevenLabs.plan, () => import("./commands/elevenlabs/plan.ts")),
  bind(ElevenLabs.list, () => import("./commands/elevenlabs/list.ts")),
  bind(ElevenLabs.status, () => import("./commands/elevenlabs/status.ts")),
  bind(ElevenLabs.assign, () => import("./commands/elevenlabs/assign.ts")),
  bind(ElevenLabs.remove, () => import("./commands/elevenlabs/remove.ts")),
  bind(ElevenLabs.migrate, () => import("./commands/elevenlabs/migrate.ts")),
  bind(ElevenLabs.repair, () => import("./commands/elevenlabs/repair.ts")),
  bind(ElevenLabs.rebuild, () => import("./commands/elevenlabs/rebuild.ts")),
  bind(ElevenLabs.doctor, () => import("./commands/elevenlabs/doctor.ts")),
  bind(Run.list, () => import("./commands/run/list.ts")),
  bind(Run.show, () => import("./commands/run/show.ts")),
  bind(Run.resume, () => import("./commands/run/resume.ts")),
  bind(Run.unlock, () => import("./commands/run/unlock.ts")),
  bind(Run.prune, () => import("./commands/run/prune.ts")),
  bind(simProxmox, () => import("./commands/sim.ts")),
  bind(simGenesys, () => import("./commands/simGenesys.ts")),
  bind(simElevenLabs, () => import("./commands/simElevenLabs.ts")),
  bind(demo, () => import("./commands/demo.ts"))
]
