/**
 * What is said about one machine: its state, its configuration, its guest, its snapshots.
 *
 * Sources: qemu-server `API2/Qemu.pm`, `API2/Qemu/Agent.pm`; pve-guest-common `AbstractConfig.pm`.
 *
 * @since 0.1.0
 */
import * as CloudInit from "./CloudInit.ts"
import * as Cluster from "./Cluster.ts"
import * as ConfigKeys from "./ConfigKeys.ts"
import * as ConfigValues from "./ConfigValues.ts"
import * as Faults from "./Faults.ts"
import type * as Invocation from "./Invocation.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const find = (call: Invocation.Invocation): World.Machine => Machine.find(call.world, call.node, call.vmid)

const row = (world: World.World, machine: World.Machine): Record<string, unknown> => {
  const { running } = machine
  const row: Record<string, unknown> = {
    vmid: machine.vmid,
    name: machine.config.get("name") ?? `VM ${machine.vmid}`,
    status: running === undefined ? "stopped" : "running",
    cpu: running === undefined ? 0 : 0.01,
    cpus: Cluster.processors(machine),
    mem: running === undefined ? 0 : Cluster.memory(machine) / 2,
    maxmem: Cluster.memory(machine),
    disk: 0,
    maxdisk: Cluster.diskBytes(world, machine),
    diskread: 0,
    diskwrite: 0,
    netin: 0,
    netout: 0,
    uptime: running === undefined ? 0 : Math.floor((world.scheduler.now() - running.since) / 1000)
  }
  if (running !== undefined) row["pid"] = running.pid
  if (machine.config.has("template")) row["template"] = 1
  for (const key of ["lock", "tags"]) {
    const text = machine.config.get(key)
    if (text !== undefined) row[key] = text
  }
  return row
}

const hasAgent = (machine: World.Machine): boolean =>
  PropertyString.read(ConfigKeys.agent, machine.config.get("agent") ?? "0")["enabled"] === "1"

/**
 * @since 0.1.0
 * @category handlers
 */
export const list = (call: Invocation.Invocation): unknown =>
  [...call.world.machines.values()].filter((machine) =>
    machine.kind === "qemu" && machine.node === call.node && call.can(`/vms/${machine.vmid}`, "VM.Audit")
  ).map((machine) => row(call.world, machine))

/**
 * Live, unlike the inventory.
 *
 * @since 0.1.0
 * @category handlers
 */
export const current = (call: Invocation.Invocation): unknown => {
  const machine = find(call)
  const view: Record<string, unknown> = {
    ...row(call.world, machine),
    qmpstatus: machine.running === undefined ? "stopped" : machine.running.paused ? "paused" : "running",
    ha: machine.managed
      ? { managed: 1, state: machine.running === undefined ? "stopped" : "started" }
      : { managed: 0 }
  }
  if (hasAgent(machine)) view["agent"] = 1
  return view
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const config = (call: Invocation.Invocation): unknown => {
  const { parameters, world } = call
  const machine = find(call)
  const snapshot = parameters["snapshot"]
  if (snapshot !== undefined) {
    const found = machine.snapshots.find((one) => one.name === snapshot)
    if (found === undefined) throw new Scheduler.Death(`snapshot '${snapshot}' does not exist\n`)
    return { ...Object.fromEntries(found.config), digest: Machine.digest(machine) }
  }
  const view = ConfigValues.view(world, machine, parameters["current"] === "1", Machine.digest(machine))
  const nth = World.count(world, `config ${machine.vmid}`)
  // Who would change what is locked is refused.
  if (Faults.foreignChange(world.faults, machine.vmid, nth) && machine.config.get("lock") === undefined) {
    Machine.edit(
      world,
      machine,
      () =>
        machine.config.set("description", `${machine.config.get("description") ?? ""}\nchanged by somebody else`.trim())
    )
  }
  return view
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const pending = (call: Invocation.Invocation): unknown => ConfigValues.pending(call.world, find(call))

/**
 * @since 0.1.0
 * @category handlers
 */
export const cloudInitPending = (call: Invocation.Invocation): unknown => CloudInit.pending(find(call))

/**
 * @since 0.1.0
 * @category handlers
 */
export const cloudInitDump = (call: Invocation.Invocation): unknown =>
  CloudInit.dump(find(call), call.parameters["type"])

/**
 * @since 0.1.0
 * @category handlers
 */
export function* cloudInitUpdate(call: Invocation.Invocation): Scheduler.Body<null> {
  const { node, vmid, world } = call
  find(call)
  yield* Machine.locked(world, call.process, node, vmid, { timeout: 10_000 })
  CloudInit.regenerate(world, find(call))
  return null
}

/** A guest whose agent answers. */
const guest = (call: Invocation.Invocation): World.Running => {
  const machine = find(call)
  if (!hasAgent(machine)) throw new Scheduler.Death("No QEMU guest agent configured\n")
  if (machine.running === undefined) throw new Scheduler.Death(`VM ${machine.vmid} is not running\n`)
  if (machine.running.agentAt > call.world.scheduler.now() || machine.running.paused) {
    throw new Scheduler.Death("QEMU guest agent is not running\n")
  }
  return machine.running
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const ping = (call: Invocation.Invocation): unknown => {
  guest(call)
  return { result: {} }
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const interfaces = (call: Invocation.Invocation): unknown => ({
  result: guest(call).addresses.map((one) => ({
    name: one.name,
    "hardware-address": one.mac,
    "ip-addresses": one.addresses.map((address) => ({
      "ip-address": address.address,
      "ip-address-type": address.version === 4 ? "ipv4" : "ipv6",
      prefix: address.prefix
    }))
  }))
})
