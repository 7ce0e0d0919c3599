/**
 * What is left when the worker of a task was killed on the server: a machine that stays locked, which only root may take
 * away. The administrator does as the hint of the fault says, and the command is run again.
 */
import type * as World from "../../../src/systems/proxmox/simulator/World.ts"
import type { Simulator } from "../../../src/systems/proxmox/Simulator.ts"

const locks = new Set(["clone", "create", "destroyed"])

export const find = (snapshot: World.Snapshot): ReadonlyArray<World.MachineView> =>
  snapshot.machines.filter((view) => !view.stranger && view.lock !== undefined && locks.has(view.lock))

/** `qm unlock N && qm destroy N --purge --destroy-unreferenced-disks`, as root. */
export const remove = ({ world }: Simulator, views: ReadonlyArray<World.MachineView>): void => {
  for (const { vmid } of views) {
    world.machines.delete(vmid)
    for (const [key, volume] of world.volumes) if (volume.vmid === vmid) world.volumes.delete(key)
    for (const pool of world.pools.values()) pool.members.delete(vmid)
  }
}
