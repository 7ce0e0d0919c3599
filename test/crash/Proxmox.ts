/**
 * The worlds of the sweep for Proxmox VE: a small fleet that is made, changed or destroyed.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Client from "../../src/systems/proxmox/Client.ts"
import * as FleetFile from "../../src/systems/proxmox/FleetFile.ts"
import * as Identity from "../../src/systems/proxmox/plan/Identity.ts"
import * as Operations from "../../src/systems/proxmox/Operations.ts"
import type * as SimulatedWorld from "../../src/systems/proxmox/simulator/World.ts"
import * as Simulator from "../../src/systems/proxmox/Simulator.ts"
import * as Labels from "./ProxmoxLabels.ts"
import type { Scenario, World } from "./System.ts"
import type { WorldClock } from "./WorldClock.ts"

/** What a machine must be in the end, besides what the plan finds. */
interface Expected {
  readonly vmid?: number
  readonly node: string
  readonly status: "running" | "stopped"
  readonly pool?: string
}

interface Fleet {
  readonly text: string
  readonly machines: Readonly<Record<string, Expected>>
}

const speed = 100

/**
 * Milliseconds of the world. A task of any kind takes a little longer than the clock goes after a call, so that the
 * command sees it running when it looks for the first time, and ended when it looks again.
 */
const taskMillis = 32_000
const timing: Partial<SimulatedWorld.Timing> = {
  cloneOverhead: taskMillis - 10_000,
  linkedClone: 10_000,
  configuration: taskMillis,
  resize: taskMillis,
  start: taskMillis,
  shutdown: taskMillis,
  stop: taskMillis,
  destroy: taskMillis,
  replicationLag: 2_000
}

/** For the clock, by which a call is followed. */
const idleMillis = 0.75 * taskMillis / speed

const defaults = `fleet: sweep
defaults:
  template: ubuntu-24.04
  cores: 4
  memory: 8 GiB
  disks: { scsi0: 20 GiB }
  networks: { net0: { bridge: vmbr0, vlan: 20 } }
  cloudInit: { user: ops, gateway: 10.0.20.1 }
`

const web = "name: web, vmid: 401, node: pve2, storage: ceph, pool: holdfast"
const db = "name: db, node: pve1, clone: linked, start: false"
const cache = "name: cache, vmid: 403, node: pve1, storage: local-lvm"

const machines = {
  web: { vmid: 401, node: "pve2", status: "running", pool: "holdfast" },
  db: { node: "pve1", status: "stopped" },
  cache: { vmid: 403, node: "pve1", status: "running" }
} as const

/** One of a fixed id that goes to another node and is started, one of a free id that stays as it is. */
const two: Fleet = {
  text: `${defaults}machines:
  - { ${web}, cloudInit: { ip: 10.0.20.11/24 } }
  - { ${db}, cloudInit: { ip: 10.0.20.12/24 } }
`,
  machines: { web: machines.web, db: machines.db }
}

/** And one with a second disk, on a storage of its node. */
const three: Fleet = {
  text: `${two.text}  - { ${cache}, disks: { scsi0: 20 GiB, scsi1: 8 GiB }, cloudInit: { ip: 10.0.20.13/24 } }
`,
  machines
}

/** Memory, cores, disk and network of a running machine and of a stopped one, which is also started. */
const changed: Fleet = {
  text: `${defaults}machines:
  - { ${web}, cores: 6, memory: 12 GiB, disks: { scsi0: 30 GiB }, networks: { net0: { bridge: vmbr0, vlan: 30 } },
      cloudInit: { ip: 10.0.30.11/24, gateway: 10.0.30.1 } }
  - { ${db.replace("start: false", "pool: holdfast")}, memory: 16 GiB, disks: { scsi0: 25 GiB, scsi1: 8 GiB },
      networks: { net0: { bridge: vmbr1, vlan: none } }, cloudInit: { ip: 10.0.20.12/24 } }
`,
  machines: { web: machines.web, db: { node: "pve1", status: "running", pool: "holdfast" } }
}

/** What an earlier apply has made, to be put into worlds of later cases. */
export interface Made {
  readonly machines: ReadonlyArray<SimulatedWorld.Machine>
  readonly volumes: ReadonlyArray<readonly [string, SimulatedWorld.Volume]>
  readonly members: ReadonlyArray<number>
  readonly names: ReadonlyMap<number, string>
}

const nothing: Made = { machines: [], volumes: [], members: [], names: new Map() }

const strangers = (snapshot: SimulatedWorld.Snapshot): string =>
  JSON.stringify([
    snapshot.machines.filter(({ stranger }) => stranger),
    snapshot.volumes.filter(({ vmid }) => snapshot.machines.some((one) => one.stranger && one.vmid === vmid))
  ])

const unexpected = (
  snapshot: SimulatedWorld.Snapshot,
  expected: Fleet["machines"]
): ReadonlyArray<string> => {
  const made = snapshot.machines.filter(({ stranger }) => !stranger)
  const problems = made.filter(({ name }) => expected[name] === undefined)
    .map(({ name, vmid }) => `VM ${vmid} (${name}) is there and was not asked for`)
  for (const [name, { node, pool, status, vmid }] of Object.entries(expected)) {
    const found = made.filter((machine) => machine.name === name)
    const [one] = found
    if (one === undefined || found.length > 1) {
      problems.push(`${name} is there ${found.length} times: ${found.map((machine) => machine.vmid).join(", ")}`)
      continue
    }
    const whose = Identity.whose(one.config, { fleet: "sweep", machine: name })
    const seen = [vmid === undefined ? undefined : one.vmid, one.node, one.status, one.pool, whose._tag]
    const wanted = [vmid, node, status, pool, "Ours"]
    if (JSON.stringify(seen) !== JSON.stringify(wanted)) {
      problems.push(`${name} is ${JSON.stringify(seen)}, not ${JSON.stringify(wanted)}`)
    }
  }
  return problems
}

/** What no run may leave behind, however it went. */
const leftOver = (snapshot: SimulatedWorld.Snapshot): ReadonlyArray<string> => [
  ...snapshot.orphanedVolumes.map(({ id }) => `the volume ${id} belongs to no machine`),
  ...snapshot.locks.map((lock) => `the lock ${lock} is held`),
  ...snapshot.machines.flatMap(({ lock, vmid }) => lock === undefined ? [] : [`VM ${vmid} is locked (${lock})`]),
  ...snapshot.tasks.flatMap(({ status, upid }) => status === "running" ? [`the task ${upid} is running`] : [])
]

/** A clone is given up when it is interrupted. Everything else is short, and ends by itself. */
const halfCloned = ({ machines, orphanedVolumes, tasks }: SimulatedWorld.Snapshot): ReadonlyArray<string> => {
  const running = tasks.filter(({ status }) => status === "running")
  return [
    ...machines.flatMap(({ lock, vmid }) => lock === "clone" ? [`VM ${vmid} is half-cloned`] : []),
    ...running.flatMap(({ type, upid }) => type === "qmclone" ? [`the clone ${upid} runs on`] : []),
    ...(running.length > 0 ? [] : orphanedVolumes.map(({ id }) => `the volume ${id} belongs to no machine`))
  ]
}

const planned = (simulator: Simulator.Simulator, endpoint: Endpoint.Endpoint, text: string) =>
  Effect.gen(function*() {
    const fleet = yield* FleetFile.parse(text, { file: "fleet.yaml" })
    return yield* Operations.plan(fleet)
  }).pipe(
    Effect.provide(
      Client.layerWithoutTransport({
        endpoint: "http://127.0.0.1:8006",
        token: Redacted.make(simulator.credentials.token)
      }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint))))
    ),
    Effect.provide(Journal.layerMemory),
    Effect.map((plan) => plan.machines.map(({ action, machine }) => `${machine}: ${action._tag}`)),
    Effect.catchAll((fault) => Effect.succeed([`the plan fails: ${fault.message}`]))
  )

const put = (world: SimulatedWorld.World, made: Made): void => {
  for (const machine of structuredClone(made.machines)) world.machines.set(machine.vmid, machine)
  for (const [key, volume] of made.volumes) world.volumes.set(key, structuredClone(volume))
  for (const member of made.members) world.pools.get("holdfast")?.members.add(member)
}

export interface Proxmox extends World {
  readonly simulator: Simulator.Simulator
  readonly made: () => Made
}

const take = (world: SimulatedWorld.World, names: ReadonlyMap<number, string>): Made => {
  const machines = [...world.machines.values()].filter(({ stranger }) => !stranger)
  const ids = new Set(machines.map(({ vmid }) => vmid))
  return structuredClone({
    machines,
    volumes: [...world.volumes].filter(([, { vmid }]) => ids.has(vmid)),
    members: [...world.pools.get("holdfast")?.members ?? []],
    names
  })
}

const build = (
  clock: WorldClock,
  made: Made,
  fleet: Fleet,
  expected: Fleet["machines"]
): Effect.Effect<Proxmox> =>
  Effect.gen(function*() {
    // Later than anything an earlier world has seen.
    clock.stop()
    clock.resume(made === nothing ? 0 : 3_600_000)
    const simulator = yield* clock.within(Simulator.make({ speed, timing, seed: made === nothing ? 1 : 2 }))
    const { world } = simulator
    put(world, made)
    const names = new Map(made.names)
    const labels = Labels.make(world, names)
    const endpoint: Endpoint.Endpoint = (request) => clock.serving(simulator.endpoint(request))
    const before = strangers(yield* clock.within(simulator.snapshot))
    const problems = () =>
      Effect.gen(function*() {
        const plan = yield* planned(simulator, endpoint, fleet.text)
        const snapshot = yield* clock.within(simulator.snapshot)
        const action = Object.keys(expected).length === 0 ? "Create" : "Keep"
        const clones = snapshot.tasks.filter(({ exitStatus, type }) => type === "qmclone" && exitStatus === "OK").length
        const wanted = made === nothing ? Object.keys(fleet.machines).length : 0
        return [
          ...unexpected(snapshot, expected),
          ...leftOver(snapshot),
          ...(clones > wanted ? [`${clones} clones were made, for ${wanted} machines`] : []),
          ...(strangers(snapshot) === before ? [] : ["a machine of somebody else was touched"]),
          ...plan.filter((line) => !line.endsWith(`: ${action}`)).map((line) => `the plan is not to ${action}: ${line}`)
        ]
      })
    return {
      simulator,
      endpoint,
      label: (request) =>
        Effect.map(clock.within(simulator.time.now), (now) => {
          world.scheduler.advance(now)
          return labels.label(request)
        }),
      answered: labels.answered,
      made: () => take(world, names),
      afterInterruption: Effect.map(clock.within(simulator.snapshot), halfCloned),
      problems
    }
  })

const words = (verb: string) => ["proxmox", verb, "fleet.yaml", ...(verb === "destroy" ? ["--yes"] : [])]

const scenario = (options: {
  readonly name: string
  readonly verb: "apply" | "destroy"
  readonly recovery?: "destroy"
  readonly fleet: Fleet
  readonly made?: { readonly made: Made; readonly folder: string }
}): Scenario => {
  const gone = (options.recovery ?? options.verb) === "destroy"
  return {
    name: options.name,
    words: words(options.verb),
    recovery: options.recovery === undefined ? undefined : words(options.recovery),
    idleMillis,
    resume: `holdfast proxmox ${options.verb} fleet.yaml`,
    world: (clock) => build(clock, options.made?.made ?? nothing, options.fleet, gone ? {} : options.fleet.machines),
    files: { "fleet.yaml": options.fleet.text },
    folder: options.made?.folder,
    environment: (url) => ({ PROXMOX_VE_ENDPOINT: url, PROXMOX_VE_API_TOKEN: Simulator.credentials.token })
  }
}

/** The scenario whose end is where the others begin. */
export const prelude: Scenario = scenario({ name: "apply", verb: "apply", fleet: two })

export const isProxmox = (world: World): world is Proxmox => "simulator" in world && "made" in world

/**
 * @param earlier What the prelude made, and the folder in which it ran.
 */
export const scenarios = (
  earlier: { readonly made: Made; readonly folder: string },
  size: "small" | "large"
): ReadonlyArray<Scenario> => {
  const fleet = size === "small" ? two : three
  return [
    scenario({ name: "apply", verb: "apply", fleet }),
    scenario({ name: "update", verb: "apply", fleet: changed, made: earlier }),
    scenario({ name: "destroy", verb: "destroy", fleet: two, made: earlier }),
    scenario({ name: "apply, then destroy", verb: "apply", recovery: "destroy", fleet })
  ]
}
