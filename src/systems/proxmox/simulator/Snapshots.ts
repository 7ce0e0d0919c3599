/**
 * Snapshots of a machine.
 *
 * Source: pve-guest-common `AbstractConfig.pm`, qemu-server `API2/Qemu.pm`.
 *
 * @since 0.1.0
 */
import type * as Invocation from "./Invocation.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Tasks from "./Tasks.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const find = (machine: World.Machine, name: string): World.MachineSnapshot => {
  const found = machine.snapshots.find((one) => one.name === name)
  if (found === undefined) throw new Scheduler.Death(`snapshot '${name}' does not exist\n`)
  return found
}

const fork = (
  call: Invocation.Invocation,
  type: string,
  body: (worker: Tasks.Worker, machine: World.Machine) => Scheduler.Body<void>
): string => {
  const { node, vmid, world } = call
  const task = Tasks.fork(world, { node, type, id: String(vmid), owner: call.caller }, function*(worker) {
    const hold = yield* Machine.locked(world, worker.process, node, vmid, { timeout: 10_000 })
    const machine = Machine.find(world, node, vmid)
    Machine.checkLock(machine)
    yield* body(worker, machine)
    hold.release()
  })
  return task.upid.text
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const list = (call: Invocation.Invocation): unknown => {
  const machine = Machine.find(call.world, call.node, call.vmid)
  const parent = machine.config.get("parent")
  return [
    ...machine.snapshots.map((one) => ({
      name: one.name,
      description: one.description,
      snaptime: one.time,
      vmstate: 0,
      ...(one.parent === undefined ? {} : { parent: one.parent })
    })),
    {
      name: "current",
      description: "You are here!",
      running: machine.running === undefined ? 0 : 1,
      digest: Machine.digest(machine),
      ...(parent === undefined ? {} : { parent })
    }
  ]
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const create = (call: Invocation.Invocation): string => {
  const { parameters, world } = call
  const name = parameters["snapname"] ?? ""
  if (name === "current" || name === "pending") {
    throw new Scheduler.Death(`unable to use snapshot name '${name}' (reserved name)\n`)
  }
  const machine = Machine.find(world, call.node, call.vmid)
  if (machine.config.has("template")) throw new Scheduler.Death("you can't take a snapshot if it's a template\n")
  return fork(call, "qmsnapshot", function*(worker, machine) {
    if (machine.snapshots.some((one) => one.name === name)) {
      throw new Scheduler.Death(`snapshot name '${name}' already used\n`)
    }
    Machine.edit(world, machine, () => machine.config.set("lock", "snapshot"))
    yield* worker.work(900)
    Machine.edit(world, machine, () => {
      machine.config.delete("lock")
      const snapshot: World.MachineSnapshot = {
        name,
        description: parameters["description"] ?? "",
        parent: machine.config.get("parent"),
        time: Math.floor(world.scheduler.now() / 1000),
        config: new Map(machine.config)
      }
      machine.snapshots = [...machine.snapshots, snapshot]
      machine.config.set("parent", name)
    })
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const remove = (call: Invocation.Invocation): string => {
  const { parameters, world } = call
  const name = parameters["snapname"] ?? ""
  find(Machine.find(world, call.node, call.vmid), name)
  return fork(call, "qmdelsnapshot", function*(worker, machine) {
    const found = find(machine, name)
    Machine.edit(world, machine, () => machine.config.set("lock", "snapshot-delete"))
    yield* worker.work(700)
    Machine.edit(world, machine, () => {
      machine.config.delete("lock")
      if (machine.config.get("parent") === name) {
        if (found.parent === undefined) machine.config.delete("parent")
        else machine.config.set("parent", found.parent)
      }
      machine.snapshots = machine.snapshots.filter((one) => one.name !== name)
        .map((one) => one.parent === name ? { ...one, parent: found.parent } : one)
    })
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const rollback = (call: Invocation.Invocation): string => {
  const { parameters, world } = call
  const name = parameters["snapname"] ?? ""
  find(Machine.find(world, call.node, call.vmid), name)
  return fork(call, "qmrollback", function*(worker, machine) {
    const found = find(machine, name)
    Machine.edit(world, machine, () => machine.config.set("lock", "rollback"))
    yield* worker.work(1200)
    Machine.edit(world, machine, () => {
      machine.config = new Map(found.config)
      machine.config.set("parent", name)
      machine.pending = new Map()
      machine.running = undefined
    })
  })
}
