/**
 * `PUT /nodes/{node}/qemu/{vmid}/resize`: a task since Proxmox VE 8, done by the daemon itself on 7.
 *
 * Source: qemu-server `API2/Qemu.pm` (`resize_vm`).
 *
 * @since 0.1.0
 */
import * as Drives from "./Drives.ts"
import type * as Invocation from "./Invocation.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Storages from "./Storages.ts"
import * as Tasks from "./Tasks.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

function* work(call: Invocation.Invocation, worker: Tasks.Worker): Scheduler.Body<void> {
  const { node, parameters, vmid, world } = call
  const hold = yield* Machine.locked(world, worker.process, node, vmid, { timeout: 10_000 })
  const machine = Machine.find(world, node, vmid)
  const { digest, disk = "", size = "" } = parameters
  if (digest !== undefined && digest !== Machine.digest(machine)) {
    throw new Scheduler.Death("checksum mismatch (file change by other user?)\n")
  }
  if (parameters["skiplock"] !== "1") Machine.checkLock(machine)
  World.checkQuorum(world)
  const drive = Drives.parse(disk, machine.config.get(disk) ?? "")
  if (drive === undefined) throw new Scheduler.Death(`disk '${disk}' does not exist\n`)
  if (Drives.isCdRom(drive)) throw new Scheduler.Death(`you can't resize a cdrom\n`)
  const volume = Storages.find(world, drive.file, node)
  if (volume === undefined) throw new Scheduler.Death(`volume '${drive.file}' does not exist\n`)
  const amount = PropertyString.parseSize(size.replace(/^\+/, "")) ?? 0
  const wanted = Math.ceil((size.startsWith("+") ? volume.bytes + amount : amount) / 1024) * 1024
  if (wanted < volume.bytes) throw new Scheduler.Death("shrinking disks is not supported\n")
  if (wanted === volume.bytes) return hold.release()
  const storage = Storages.available(world, volume.storage, node)
  if (Storages.free(world, storage, node) < wanted - volume.bytes) {
    throw new Scheduler.Death("unable to resize image: No space left on device\n")
  }
  yield* worker.work(world.timing.resize)
  Machine.edit(world, machine, () => {
    volume.bytes = wanted
    machine.config.set(disk, Drives.print(disk, { ...drive.properties, size: Storages.size(volume) }))
  })
  worker.print(`resized disk '${disk}' to ${Storages.size(volume)}`)
  hold.release()
}

/**
 * @since 0.1.0
 * @category handlers
 */
export function* resize(call: Invocation.Invocation): Scheduler.Body<string | null> {
  const { node, vmid, world } = call
  Machine.find(world, node, vmid)
  if (call.meetsLock("resize")) {
    yield* Scheduler.sleep(world.scheduler, 10_000)
    throw Machine.lockTimeout(vmid)
  }
  if (world.version < 8) {
    yield* work(call, Tasks.inDaemon(world, call.process))
    return null
  }
  const task = Tasks.fork(
    world,
    { node, type: "resize", id: String(vmid), owner: call.caller },
    (worker) => work(call, worker)
  )
  return task.upid.text
}
