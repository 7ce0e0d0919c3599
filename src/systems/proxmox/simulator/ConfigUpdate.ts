/**
 * `POST` and `PUT /nodes/{node}/qemu/{vmid}/config`.
 *
 * The call itself waits up to ten seconds for the machine's lock, reads the configuration, compares the digest and
 * refuses a locked machine; only then a worker is forked, which inherits the lock. `PUT` does the same work in the
 * daemon. Source: qemu-server `API2/Qemu.pm` (`update_vm_api`).
 *
 * @since 0.1.0
 */
import * as ConfigApply from "./ConfigApply.ts"
import * as ConfigKeys from "./ConfigKeys.ts"
import * as ConfigValues from "./ConfigValues.ts"
import * as Drives from "./Drives.ts"
import type * as Invocation from "./Invocation.ts"
import type * as Locks from "./Locks.ts"
import * as Scheduler from "./Scheduler.ts"
import * as Tasks from "./Tasks.ts"
import * as Wire from "./Wire.ts"
import * as Machine from "./Machine.ts"
import * as World from "./World.ts"

const lockMillis = 10_000

/** Parameters that are no configuration. */
const control = new Set([
  "node",
  "vmid",
  "delete",
  "revert",
  "digest",
  "force",
  "skiplock",
  "background_delay",
  "import-working-storage"
])

const list = (text: string | undefined): ReadonlyArray<string> =>
  (text ?? "").split(/[,;\s]+/).filter((item) => item !== "")

const checkLists = (set: ReadonlyMap<string, string>, remove: ReadonlyArray<string>, name: string): void => {
  for (const key of remove) {
    if (set.has(key)) {
      throw Wire.invalid({ [name]: `you can't use '-${key}' and -${name} ${key}' at the same time` })
    }
    if (ConfigKeys.find(key) === undefined) throw Wire.invalid({ [name]: `unknown option '${key}'` })
  }
}

const checkPrivileges = (call: Invocation.Invocation, keys: ReadonlyArray<string>): void => {
  for (const key of keys) {
    const found = ConfigKeys.find(key)
    if (found === undefined) continue
    const cdrom = Drives.parse(key, call.parameters[key] ?? "")
    const privilege = cdrom !== undefined && Drives.isCdRom(cdrom) && !Drives.isCloudInit(cdrom)
      ? "CDROM"
      : cdrom !== undefined && Drives.isCloudInit(cdrom)
      ? "Cloudinit"
      : found.privilege
    call.check(`/vms/${call.vmid}`, [`VM.Config.${privilege}`])
  }
}

const checkNetworks = (call: Invocation.Invocation, set: ReadonlyMap<string, string>): void => {
  for (const [key, text] of set) {
    const bridge = /^net\d+$/.test(key) ? ConfigValues.bridge(text) : undefined
    if (bridge !== undefined) call.check(`/sdn/zones/localnetwork/${bridge}`, ["SDN.Use"])
  }
}

interface Request {
  readonly change: ConfigApply.Change
  readonly digest: string | undefined
  readonly delay: number
}

const read = (call: Invocation.Invocation): Request => {
  const { parameters, world } = call
  const set = new Map<string, string>()
  for (const [key, text] of Object.entries(parameters)) {
    if (!control.has(key)) set.set(key, ConfigValues.normalise(world, key, text))
  }
  const remove = list(parameters["delete"])
  const revert = list(parameters["revert"])
  if (set.size === 0 && remove.length === 0 && revert.length === 0) throw new Scheduler.Death("no options specified\n")
  checkLists(set, remove, "delete")
  checkLists(set, revert, "revert")
  checkPrivileges(call, [...set.keys(), ...remove, ...revert])
  checkNetworks(call, set)
  const shown = Object.keys(parameters).filter((key) => !control.has(key)).map((key) =>
    `-${key} ${key === "cipassword" ? "<hidden>" : parameters[key]}`
  )
  if (remove.length > 0) shown.push(`-delete ${remove.join(",")}`)
  return {
    change: {
      set,
      remove,
      revert,
      force: parameters["force"] === "1",
      shown: shown.join(" ")
    },
    digest: parameters["digest"],
    delay: Number(parameters["background_delay"] ?? 0)
  }
}

const checkDigest = (machine: World.Machine, digest: string | undefined): void => {
  if (digest !== undefined && digest !== "" && digest !== Machine.digest(machine)) {
    throw new Scheduler.Death("checksum mismatch (file change by other user?)\n")
  }
}

/** Under the lock. */
function* begin(
  call: Invocation.Invocation,
  request: Request
): Scheduler.Body<{ readonly machine: World.Machine; readonly hold: Locks.Hold }> {
  const { node, vmid, world } = call
  Machine.find(world, node, vmid)
  World.checkQuorum(world)
  if (call.meetsLock("qmconfig")) {
    yield* Scheduler.sleep(world.scheduler, lockMillis)
    throw Machine.lockTimeout(vmid)
  }
  const hold = yield* Machine.locked(world, call.process, node, vmid, { timeout: lockMillis })
  const machine = Machine.find(world, node, vmid)
  checkDigest(machine, request.digest)
  if (call.parameters["skiplock"] !== "1") Machine.checkLock(machine)
  ConfigApply.check(machine, request.change)
  return { machine, hold }
}

/**
 * The asynchronous form.
 *
 * @since 0.1.0
 * @category handlers
 */
export function* post(call: Invocation.Invocation): Scheduler.Body<string | null> {
  const { node, vmid, world } = call
  const request = read(call)
  const { hold, machine } = yield* begin(call, request)
  const task = Tasks.fork(
    world,
    { node, type: "qmconfig", id: String(vmid), owner: call.caller },
    (worker) => ConfigApply.apply(world, worker, machine, request.change)
  )
  hold.inherit(task.process)
  if (request.delay === 0) return task.upid.text
  const ended = yield* Scheduler.join(world.scheduler, task.process, request.delay * 1000)
  if (!ended) return task.upid.text
  const status = task.exitStatus ?? "unexpected status"
  if (status !== "OK" && !status.startsWith("WARNINGS: ")) {
    throw new Scheduler.Death(`failed to update VM ${vmid}: ${status}\n`)
  }
  return null
}

/**
 * The synchronous form: it blocks a worker of the daemon.
 *
 * @since 0.1.0
 * @category handlers
 */
export function* put(call: Invocation.Invocation): Scheduler.Body<null> {
  const { world } = call
  const request = read(call)
  const { machine } = yield* begin(call, request)
  const worker = Tasks.inDaemon(world, call.process)
  yield* ConfigApply.apply(world, worker, machine, request.change)
  return null
}
