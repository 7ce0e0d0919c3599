/**
 * `DELETE /nodes/{node}/qemu/{vmid}`, and making a template of a machine.
 *
 * Source: qemu-server `API2/Qemu.pm` (`destroy_vm`, `template`).
 *
 * @since 0.1.0
 */
import * as Drives from "./Drives.ts"
import type * as Invocation from "./Invocation.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Storages from "./Storages.ts"
import * as Tasks from "./Tasks.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

/** Checked by the call and again under the lock. */
const check = (call: Invocation.Invocation): World.Machine => {
  const { node, parameters, vmid, world } = call
  const machine = Machine.find(world, node, vmid)
  if (machine.config.get("protection") === "1") {
    throw new Scheduler.Death(`can't remove VM ${vmid} - protection mode enabled\n`)
  }
  if (machine.managed && parameters["purge"] !== "1") {
    throw new Scheduler.Death(`unable to remove VM ${vmid} - used in HA resources and purge parameter not set.\n`)
  }
  if (machine.running !== undefined) throw new Scheduler.Death(`VM ${vmid} is running - destroy failed\n`)
  return machine
}

const owned = (call: Invocation.Invocation, machine: World.Machine): ReadonlyArray<World.Volume> => {
  const { world } = call
  const named = Drives.volumes(world, machine).filter((volume) => volume.vmid === machine.vmid)
  if (call.parameters["destroy-unreferenced-disks"] !== "1") return named
  const known = new Set(named.map((volume) => volume.id))
  const stray = [...world.volumes.values()].filter((volume) =>
    volume.vmid === machine.vmid && !known.has(volume.id) && (volume.node === undefined || volume.node === machine.node)
  )
  return [...named, ...stray]
}

function* work(call: Invocation.Invocation, worker: Tasks.Worker): Scheduler.Body<void> {
  const { node, vmid, world } = call
  const hold = yield* Machine.locked(world, worker.process, node, vmid, { timeout: 10_000 })
  const machine = check(call)
  World.checkQuorum(world)
  if (call.parameters["skiplock"] !== "1") Machine.checkLock(machine)
  const volumes = owned(call, machine)
  for (const volume of volumes) {
    // A base that others are linked to stops it before anything is lost.
    const child = [...world.volumes.values()].find((other) => other.base === volume.id && other.node === volume.node)
    if (child !== undefined) {
      throw new Scheduler.Death(`base volume '${volume.id}' is still in use by linked cloned '${child.id}'\n`)
    }
  }
  for (const volume of volumes) {
    // What cannot be freed is only warned about, and outlives its machine.
    const problem = yield* Storages.tryRelease(world, worker, volume, node)
    worker.print(
      problem === undefined
        ? `Logical volume "${volume.id.slice(volume.id.indexOf(":") + 1)}" successfully removed.`
        : `Could not remove disk '${volume.id}', check manually: ${problem.trimEnd()}`
    )
  }
  // What is left of it keeps the id until everything else that knows of it is cleaned up.
  Machine.edit(world, machine, () => {
    machine.config = new Map([["lock", "destroyed"]])
    machine.pending = new Map()
    machine.snapshots = []
  })
  yield* worker.work(world.timing.destroy)
  for (const pool of world.pools.values()) pool.members.delete(vmid)
  if (call.parameters["purge"] === "1") worker.print(`purging VM ${vmid} from related configurations..`)
  world.machines.delete(vmid)
  hold.release()
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const destroy = (call: Invocation.Invocation): string => {
  check(call)
  const task = Tasks.fork(
    call.world,
    { node: call.node, type: "qmdestroy", id: String(call.vmid), owner: call.caller },
    (worker) => work(call, worker)
  )
  return task.upid.text
}

const base = (id: string): string => id.replace(/(^|[:/])vm-(\d+-disk-)/, "$1base-$2")

/**
 * `POST …/template`: its disks become base volumes.
 *
 * @since 0.1.0
 * @category handlers
 */
export const template = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  const machine = Machine.find(world, node, vmid)
  if (machine.snapshots.length > 0) {
    throw new Scheduler.Death(`unable to create template, because VM contains snapshots\n`)
  }
  if (machine.running !== undefined) {
    throw new Scheduler.Death(`you can't convert a VM to template if VM is running\n`)
  }
  if (machine.config.has("template")) {
    throw new Scheduler.Death(`you can't convert a template to a template\n`)
  }
  const task = Tasks.fork(world, { node, type: "qmtemplate", id: String(vmid), owner: call.caller }, function*(worker) {
    const hold = yield* Machine.locked(world, worker.process, node, vmid, { timeout: 10_000 })
    Machine.checkLock(machine)
    yield* worker.work(800)
    for (const drive of Drives.of(machine.config)) {
      const volume = Storages.find(world, drive.file, node)
      if (volume === undefined || Drives.isCdRom(drive)) continue
      const renamed: World.Volume = { ...volume, id: base(volume.id) }
      world.volumes.delete(World.volumeKey(volume))
      world.volumes.set(World.volumeKey(renamed), renamed)
      const text = Drives.print(drive.key, { ...drive.properties, file: renamed.id })
      Machine.edit(world, machine, () => machine.config.set(drive.key, text))
    }
    Machine.edit(world, machine, () => machine.config.set("template", "1"))
    hold.release()
  })
  return task.upid.text
}
