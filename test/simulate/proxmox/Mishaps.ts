/**
 * The faults of the server, which can be switched on and off while it runs. They count from the moment they are switched
 * on: the first clone is the first one after that, and so are the seconds.
 */
import * as Cluster from "../../../src/systems/proxmox/simulator/Cluster.ts"
import type * as Faults from "../../../src/systems/proxmox/simulator/Faults.ts"
import * as Machine from "../../../src/systems/proxmox/simulator/Machine.ts"
import * as World from "../../../src/systems/proxmox/simulator/World.ts"

export interface Mishaps {
  /** For the simulator. Changes as they are switched. */
  readonly plan: ReadonlyArray<Faults.Fault>
  readonly isOn: () => boolean
  readonly on: (world: World.World) => void
  readonly off: () => void
}

const shiftNth = (
  nth: number | ReadonlyArray<number> | "every" | undefined,
  by: number
): number | ReadonlyArray<number> | "every" => {
  if (nth === "every") return nth
  return typeof nth === "object" ? nth.map((one) => one + by) : (nth ?? 1) + by
}

const shifted = (world: World.World, fault: Faults.Fault): Faults.Fault => {
  const count = (name: string): number => world.counters.get(name) ?? 0
  const now = World.elapsed(world)
  switch (fault.fault) {
    case "stranger":
      return { ...fault, nth: shiftNth(fault.nth, count("nextid")) }
    case "foreign-change":
      return { ...fault, nth: shiftNth(fault.nth, count(`config ${fault.vmid}`)) }
    case "expired-tickets":
    case "stranger-at":
      return { ...fault, at: fault.at + now }
    case "no-quorum":
    case "node-down":
    case "storage-full":
    case "storage-busy":
      return { ...fault, from: (fault.from ?? 0) + now }
    case "archive-lag":
      return fault
    case "lock-timeout":
      return { ...fault, nth: shiftNth(fault.nth, count(`${fault.where === "http" ? "call" : "task"} ${fault.type}`)) }
    default:
      return { ...fault, nth: shiftNth(fault.nth, count(`task ${fault.type}`)) }
  }
}

/** The power of a node fails: its tasks and its machines are gone, nothing cleans up. */
const crash = (world: World.World, node: string): void => {
  for (const task of world.tasks.values()) if (task.upid.node === node) task.process.kill()
  for (const machine of world.machines.values()) {
    if (machine.node === node && machine.running !== undefined) {
      Machine.edit(world, machine, () => {
        machine.running = undefined
      })
    }
  }
}

const schedule = (world: World.World, fault: Faults.Fault, isOn: () => boolean): void => {
  const at = (seconds: number, run: () => void): void =>
    void world.scheduler.at(world.began + seconds * 1000, () => isOn() && run())
  if (fault.fault === "node-down") at(fault.from ?? 0, () => crash(world, fault.node))
  if (fault.fault === "stranger-at") at(fault.at, () => Cluster.addStranger(world, fault.vmid, fault.node))
}

export const make = (faults: ReadonlyArray<Faults.Fault>): Mishaps => {
  const plan: Array<Faults.Fault> = []
  let on = false
  return {
    plan,
    isOn: () => on,
    on: (world) => {
      if (on) return
      on = true
      for (const fault of faults) {
        const now = shifted(world, fault)
        plan.push(now)
        schedule(world, now, () => on)
      }
    },
    off: () => {
      on = false
      plan.length = 0
    }
  }
}
