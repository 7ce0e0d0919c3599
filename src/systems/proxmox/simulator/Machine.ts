/**
 * Machines as their nodes know them: finding, changing and locking one.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import type * as Locks from "./Locks.ts"
import * as Scheduler from "./Scheduler.ts"
import type * as World from "./World.ts"

/**
 * The machine as its node knows it. Dies as the real server does when there is none.
 *
 * @since 0.1.0
 * @category getters
 */
export const find = (world: World.World, node: string, vmid: number): World.Machine => {
  const found = world.machines.get(vmid)
  if (found === undefined || found.kind !== "qemu" || found.node !== node || found.visibleAt > world.scheduler.now()) {
    throw new Scheduler.Death(`Configuration file 'nodes/${node}/qemu-server/${vmid}.conf' does not exist\n`)
  }
  return found
}

/**
 * Where the machine stands according to `pvestatd`, which looks every ten seconds.
 *
 * @since 0.1.0
 * @category getters
 */
export const published = (world: World.World, machine: World.Machine): Readonly<World.Published> => {
  const age = world.timing.inventoryAge
  const now = world.scheduler.now()
  const boundary = age <= 0 ? now : now - ((now - world.began) % age)
  if (boundary >= machine.published.changedAt) {
    machine.published.name = machine.config.get("name")
    machine.published.status = machine.running === undefined ? "stopped" : "running"
  }
  return machine.published
}

/**
 * Every change of a machine goes through here: what others still see of it is kept, its digest is forgotten.
 *
 * @since 0.1.0
 * @category mutations
 */
export const edit = (world: World.World, machine: World.Machine, change: (machine: World.Machine) => void): void => {
  published(world, machine)
  change(machine)
  machine.digest = undefined
  machine.published.changedAt = world.scheduler.now()
}

const lines = (config: ReadonlyMap<string, string | undefined>): string => {
  let text = ""
  for (const key of [...config.keys()].toSorted()) text += `${key}: ${config.get(key) ?? "(deleted)"}\n`
  return text
}

/**
 * SHA-1 of the configuration, pending values included, as the real one is of the file.
 *
 * @since 0.1.0
 * @category getters
 */
export const digest = (machine: World.Machine): string => {
  machine.digest ??= createHash("sha1").update(`${lines(machine.config)}[PENDING]\n${lines(machine.pending)}`).digest(
    "hex"
  )
  return machine.digest
}

/**
 * A machine that does not run and has nothing pending.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  world: Pick<World.World, "scheduler">,
  fields: Pick<World.Machine, "vmid" | "node"> & {
    readonly kind?: "qemu" | "lxc"
    readonly config: ReadonlyMap<string, string> | Readonly<Record<string, string>>
    readonly managed?: boolean
    readonly stranger?: boolean
  }
): World.Machine => ({
  vmid: fields.vmid,
  kind: fields.kind ?? "qemu",
  node: fields.node,
  config: new Map(fields.config instanceof Map ? fields.config : Object.entries(fields.config)),
  pending: new Map(),
  snapshots: [],
  running: undefined,
  managed: fields.managed ?? false,
  cloudInit: new Map(),
  digest: undefined,
  visibleAt: 0,
  stranger: fields.stranger ?? false,
  published: { name: undefined, status: "unknown", changedAt: world.scheduler.now() }
})

/**
 * Dies with `VM is locked (x)` when the configuration carries a lock.
 *
 * @since 0.1.0
 * @category checks
 */
export const checkLock = (machine: World.Machine): void => {
  const lock = machine.config.get("lock")
  if (lock !== undefined) throw new Scheduler.Death(`VM is locked (${lock})\n`)
}

/**
 * Runs a body under the machine's file lock, which every node keeps for itself. Dies when it cannot be had in time.
 *
 * @since 0.1.0
 * @category combinators
 */
export function* locked(
  world: World.World,
  process: Scheduler.Process,
  node: string,
  vmid: number,
  options: { readonly mode?: Locks.Mode; readonly timeout: number }
): Scheduler.Body<Locks.Hold> {
  const hold = yield* world.locks.acquire(process, `${node} lock-${vmid}.conf`, options)
  if (hold === undefined) throw lockTimeout(vmid)
  return hold
}

/**
 * @since 0.1.0
 * @category errors
 */
export const lockTimeout = (vmid: number | string): Scheduler.Death =>
  new Scheduler.Death(`can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout\n`)
