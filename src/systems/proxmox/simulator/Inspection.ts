/**
 * Looking at the world from outside, for tests and invariants.
 *
 * @since 0.1.0
 */
import * as Cluster from "./Cluster.ts"
import * as Drives from "./Drives.ts"
import type * as World from "./World.ts"

/** So many events without an end are a defect of the world, not a long task. */
const maxEvents = 1_000_000

const view = (world: World.World, machine: World.Machine): World.MachineView => ({
  vmid: machine.vmid,
  node: machine.node,
  name: machine.config.get("name") ?? "",
  template: machine.config.has("template"),
  status: machine.running === undefined ? "stopped" : "running",
  lock: machine.config.get("lock"),
  pool: Cluster.poolOf(world, machine.vmid),
  config: Object.fromEntries([...machine.config].toSorted(([a], [b]) => a < b ? -1 : 1)),
  pending: Object.fromEntries([...machine.pending].toSorted(([a], [b]) => a < b ? -1 : 1)),
  stranger: machine.stranger
})

/** Volumes that no configuration mentions. While a task runs it may own some. */
const orphanedVolumes = (world: World.World): ReadonlyArray<World.Volume> => {
  const mentioned = new Set<World.Volume>()
  for (const machine of world.machines.values()) {
    for (const volume of Drives.volumes(world, machine)) mentioned.add(volume)
  }
  return [...world.volumes.values()].filter((volume) => !mentioned.has(volume))
}

/**
 * @since 0.1.0
 * @category getters
 */
export const snapshot = (world: World.World): World.Snapshot => ({
  at: world.scheduler.now(),
  machines: [...world.machines.values()].toSorted((a, b) => a.vmid - b.vmid).map((machine) => view(world, machine)),
  volumes: [...world.volumes.values()].map((volume) => ({ ...volume })).toSorted((a, b) => a.id < b.id ? -1 : 1),
  orphanedVolumes: orphanedVolumes(world).map((volume) => ({ ...volume })),
  locks: world.locks.held(),
  tasks: [...world.tasks.values()].map((task) => ({
    upid: task.upid.text,
    type: task.upid.type,
    id: task.upid.id,
    node: task.upid.node,
    status: task.ended === undefined ? "running" as const : "stopped" as const,
    exitStatus: task.exitStatus
  })),
  calls: world.calls.map((call) => ({ ...call }))
})

/**
 * Lets everything happen that is due at any time.
 *
 * @since 0.1.0
 * @category mutations
 */
export const drain = (world: World.World): void => {
  let left = maxEvents
  for (let next = world.scheduler.next(); next !== undefined && left > 0; next = world.scheduler.next()) {
    world.scheduler.advance(next)
    left -= 1
  }
}
