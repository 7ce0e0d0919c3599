/**
 * `POST /nodes/{node}/qemu/{vmid}/status/{start, stop, shutdown, reboot, reset, suspend, resume}`.
 *
 * A machine managed for high availability is not started here: the task only asks the manager and ends well before
 * anything happened. Source: qemu-server `API2/Qemu.pm`, `QemuServer.pm`.
 *
 * @since 0.1.0
 */
import * as CloudInit from "./CloudInit.ts"
import * as ConfigApply from "./ConfigApply.ts"
import * as ConfigKeys from "./ConfigKeys.ts"
import type * as Invocation from "./Invocation.ts"
import * as PropertyString from "./PropertyString.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Tasks from "./Tasks.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const lockMillis = 10_000

const run = (world: World.World, machine: World.Machine, bootMillis: number): void =>
  Machine.edit(world, machine, () => {
    const now = world.scheduler.now()
    machine.running = {
      since: now,
      pid: world.random.between(10_000, 4_000_000),
      agentAt: now + bootMillis * world.random.jitter(0.2),
      paused: false,
      addresses: CloudInit.addresses(machine)
    }
  })

const halt = (world: World.World, machine: World.Machine): void =>
  Machine.edit(world, machine, () => {
    machine.running = undefined
  })

const checkBridges = (node: World.Node, config: ReadonlyMap<string, string>): void => {
  for (const [key, text] of config) {
    if (!/^net\d+$/.test(key)) continue
    const bridge = PropertyString.read(ConfigKeys.network, text)["bridge"]
    if (bridge !== undefined && !node.bridges.has(bridge)) {
      throw new Scheduler.Death(`bridge '${bridge}' does not exist\n`)
    }
  }
}

/** Under the lock. */
function* boot(world: World.World, worker: Tasks.Worker, machine: World.Machine): Scheduler.Body<void> {
  yield* ConfigApply.applyPending(world, worker, machine)
  const node = world.nodes.get(machine.node)
  if (node !== undefined) checkBridges(node, machine.config)
  if (CloudInit.drive(machine) !== undefined) {
    worker.print("generating cloud-init ISO")
    CloudInit.generate(world, machine)
  }
  yield* worker.work(world.timing.start)
  run(world, machine, world.timing.boot)
}

function* withMachine(
  world: World.World,
  worker: Tasks.Worker,
  node: string,
  vmid: number,
  body: (machine: World.Machine) => Scheduler.Body<void>
): Scheduler.Body<void> {
  const hold = yield* Machine.locked(world, worker.process, node, vmid, { timeout: lockMillis })
  const machine = Machine.find(world, node, vmid)
  yield* body(machine)
  hold.release()
}

/** The manager does it in its own time, behind the back of the task. */
const ask = (
  call: Invocation.Invocation,
  type: "hastart" | "hastop",
  act: (machine: World.Machine) => void
): string => {
  const { node, vmid, world } = call
  const task = Tasks.fork(world, { node, type, id: String(vmid), owner: call.caller }, function*(worker) {
    worker.print(`Requesting HA ${type === "hastart" ? "start" : "stop"} for VM ${vmid}`)
    yield* worker.work(400)
    world.scheduler.at(world.scheduler.now() + world.timing.highAvailability, () => {
      const machine = world.machines.get(vmid)
      if (machine !== undefined) act(machine)
    })
  })
  return task.upid.text
}

const checkLock = (call: Invocation.Invocation, machine: World.Machine): void => {
  if (call.parameters["skiplock"] !== "1") Machine.checkLock(machine)
}

const forkOn = (
  call: Invocation.Invocation,
  type: string,
  body: (worker: Tasks.Worker, machine: World.Machine) => Scheduler.Body<void>
): string => {
  const { node, vmid, world } = call
  const task = Tasks.fork(
    world,
    { node, type, id: String(vmid), owner: call.caller },
    (worker) => withMachine(world, worker, node, vmid, (machine) => body(worker, machine))
  )
  return task.upid.text
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const start = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  const machine = Machine.find(world, node, vmid)
  World.checkQuorum(world)
  if (machine.managed) {
    return ask(call, "hastart", (found) => {
      if (found.running === undefined) run(world, found, world.timing.boot)
    })
  }
  return forkOn(call, "qmstart", function*(worker, machine) {
    if (machine.config.has("template")) throw new Scheduler.Death("you can't start a vm if it's a template\n")
    if (machine.config.get("lock") === "suspended") {
      Machine.edit(world, machine, () => machine.config.delete("lock"))
    }
    checkLock(call, machine)
    if (machine.running !== undefined) throw new Scheduler.Death(`VM ${vmid} already running\n`)
    yield* boot(world, worker, machine)
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const stop = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  const machine = Machine.find(world, node, vmid)
  if (machine.managed) return ask(call, "hastop", (found) => halt(world, found))
  if (call.parameters["overrule-shutdown"] === "1") {
    for (const task of world.tasks.values()) {
      if (task.upid.type === "qmshutdown" && task.upid.id === String(vmid)) Tasks.abort(world, task)
    }
  }
  return forkOn(call, "qmstop", function*(worker, machine) {
    if (machine.running === undefined) return
    checkLock(call, machine)
    yield* worker.work(world.timing.stop)
    halt(world, machine)
  })
}

/** A guest that has not booted yet does not hear the power button. */
const hears = (world: World.World, machine: World.Machine): boolean =>
  machine.running !== undefined && machine.running.agentAt <= world.scheduler.now()

function* quit(
  call: Invocation.Invocation,
  worker: Tasks.Worker,
  machine: World.Machine
): Scheduler.Body<void> {
  const { world } = call
  if (machine.running === undefined) return
  checkLock(call, machine)
  const timeout = Number(call.parameters["timeout"] ?? 60) * 1000
  const needed = world.timing.shutdown * world.random.jitter(0.2)
  if (hears(world, machine) && needed <= timeout) {
    yield* worker.work(needed)
    return halt(world, machine)
  }
  yield* Scheduler.sleep(world.scheduler, timeout)
  if (call.parameters["forceStop"] !== "1") throw new Scheduler.Death("VM quit/powerdown failed - got timeout\n")
  worker.print("VM still running - terminating now with SIGTERM")
  yield* worker.work(world.timing.stop)
  halt(world, machine)
}

const notRunning = (vmid: number): Scheduler.Death => new Scheduler.Death(`VM ${vmid} not running\n`)

/**
 * @since 0.1.0
 * @category handlers
 */
export const shutdown = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  const machine = Machine.find(world, node, vmid)
  if (machine.running?.paused === true && call.parameters["forceStop"] !== "1") {
    throw new Scheduler.Death("VM is paused - cannot shutdown\n")
  }
  if (machine.running === undefined && world.version < 8) throw notRunning(vmid)
  if (machine.managed) return ask(call, "hastop", (found) => halt(world, found))
  return forkOn(call, "qmshutdown", (worker, machine) => quit(call, worker, machine))
}

/**
 * A guest's own restart; what is pending takes effect.
 *
 * @since 0.1.0
 * @category handlers
 */
export const reboot = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  if (Machine.find(world, node, vmid).running === undefined) throw notRunning(vmid)
  return forkOn(call, "qmreboot", function*(worker, machine) {
    yield* quit(call, worker, machine)
    yield* boot(world, worker, machine)
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const reset = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  if (Machine.find(world, node, vmid).running === undefined) throw notRunning(vmid)
  return forkOn(call, "qmreset", function*(worker, machine) {
    yield* worker.work(200)
    if (machine.running !== undefined) run(world, machine, world.timing.boot)
  })
}

const pause = (world: World.World, machine: World.Machine, paused: boolean): void =>
  Machine.edit(world, machine, () => {
    if (machine.running !== undefined) machine.running = { ...machine.running, paused }
  })

/**
 * @since 0.1.0
 * @category handlers
 */
export const suspend = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  if (Machine.find(world, node, vmid).running === undefined) throw notRunning(vmid)
  const toDisk = call.parameters["todisk"] === "1"
  return forkOn(call, toDisk ? "qmsuspend" : "qmpause", function*(worker, machine) {
    checkLock(call, machine)
    yield* worker.work(500)
    if (!toDisk) return pause(world, machine, true)
    halt(world, machine)
    Machine.edit(world, machine, () => machine.config.set("lock", "suspended"))
  })
}

/**
 * @since 0.1.0
 * @category handlers
 */
export const resume = (call: Invocation.Invocation): string => {
  const { node, vmid, world } = call
  const machine = Machine.find(world, node, vmid)
  const suspended = machine.config.get("lock") === "suspended"
  if (machine.running === undefined && !suspended) throw notRunning(vmid)
  return forkOn(call, "qmresume", function*(worker, machine) {
    yield* worker.work(300)
    if (!suspended) return pause(world, machine, false)
    Machine.edit(world, machine, () => machine.config.delete("lock"))
    run(world, machine, 0)
  })
}
