/**
 * A laboratory for the operations: a simulated cluster in process, on a clock that never waits, with the faults and the
 * journal a test gives it.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import type * as Fleet from "../../../src/systems/proxmox/Fleet.ts"
import type * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { MachineReport, Outcome, Report } from "../../../src/systems/proxmox/Report.ts"
import type * as World from "../../../src/systems/proxmox/simulator/World.ts"
import * as Simulator from "../../../src/systems/proxmox/Simulator.ts"

/** Sees every request on its way to the server, and every reply on its way back. */
export type Wire = (endpoint: Endpoint.Endpoint, simulator: Simulator.Simulator) => Endpoint.Endpoint

export interface Options extends Simulator.Options {
  readonly wire?: Wire | undefined
}

interface Own {
  /** Defaults to an empty one. */
  readonly journal?: Journal.Service | undefined
  readonly wire?: Wire | undefined
}

export interface Lab {
  readonly simulator: Simulator.Simulator
  /** As a process of its own would: with its own connection and its own journal. */
  readonly process: <A, E>(effect: Effect.Effect<A, E, Operations.Needs>, own?: Own) => Effect.Effect<A, E>
  readonly logs: ReadonlyArray<string>
}

export const machine = (
  name: string,
  vmid: number | "auto",
  more: Partial<Fleet.MachineSpec> = {}
): Fleet.MachineSpec => ({
  name,
  vmid,
  nodes: [],
  template: { _tag: "Id", id: 9000 },
  clone: "full",
  cores: 4,
  memory: 8192,
  disks: { scsi0: { size: 100 * 1024 ** 3 } },
  networks: { net0: { bridge: "vmbr0", vlan: 20 } },
  cloudInit: {
    user: "ops",
    addresses: { net0: { ip: `10.0.20.${vmid === "auto" ? 9 : vmid % 200}/24`, gateway: "10.0.20.1" } },
    nameservers: ["10.0.20.1"]
  },
  start: true,
  ...more
})

export const fleet = (...machines: ReadonlyArray<Fleet.MachineSpec>): Fleet.Fleet => ({ name: "lab", machines })

/** The five machines of the seed. */
export const five = fleet(
  machine("rancher-manager-1", 401),
  machine("rancher-manager-2", 402),
  machine("rancher-manager-3", 403),
  machine("nprd-apps-1", 404),
  machine("nprd-apps-2", 405)
)

export const one = fleet(machine("web", 401))

/** Runs a test on a clock that never waits. */
export const run = <A, E>(options: Options, test: (lab: Lab) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  VirtualClock.run(Effect.gen(function*() {
    const simulator = yield* Simulator.make(options)
    const endpoint = options.wire?.(simulator.endpoint, simulator) ?? simulator.endpoint
    const logs: Array<string> = []
    const logger = Logger.make(({ annotations, message }) => {
      const machine = [...annotations].find(([key]) => key === "machine")?.[1]
      logs.push(`${machine === undefined ? "" : `${String(machine)}: `}${String(message)}`)
    })
    const process: Lab["process"] = (effect, own) =>
      Effect.gen(function*() {
        const connected = own?.wire?.(endpoint, simulator) ?? endpoint
        const client = yield* Client.make({
          endpoint: "http://127.0.0.1:8006",
          token: Redacted.make(simulator.credentials.token)
        }).pipe(
          Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(connected)),
          Effect.orDie
        )
        const services = Context.make(Client.Client, client).pipe(
          Context.add(Journal.Journal, own?.journal ?? (yield* Journal.makeMemory()))
        )
        return yield* Effect.provide(effect, services)
      })
    return yield* test({ simulator, process, logs }).pipe(
      Effect.provide(Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Info)))
    )
  })).pipe((run) => Effect.suspend(() => Effect.withRandom(run, Random.make(options.seed ?? 1))))

export const view = (snapshot: World.Snapshot, vmid: number): World.MachineView | undefined =>
  snapshot.machines.find((machine) => machine.vmid === vmid)

/** Everything a fleet or a fault made. */
export const made = (snapshot: World.Snapshot): ReadonlyArray<World.MachineView> =>
  snapshot.machines.filter((machine) => !machine.stranger)

export const outcome = (report: Report, machine: string): Outcome => entry(report, machine).outcome

export const entry = (report: Report, machine: string): MachineReport => {
  const found = report.machines.find((one) => one.machine === machine)
  if (found === undefined) throw new Error(`no ${machine} in the report`)
  return found
}

export const tags = (report: Report): ReadonlyArray<string> => report.machines.map((one) => one.outcome._tag)

/** What matters of a finished machine. */
export interface Shape {
  readonly name: string
  readonly status: string
  readonly lock: string | undefined
  readonly cores: string | undefined
  readonly memory: string | undefined
  readonly disk: string | undefined
  readonly vlan: string | undefined
  readonly address: string | undefined
}

export const shape = (machine: World.MachineView): Shape => ({
  name: machine.name,
  status: machine.status,
  lock: machine.lock,
  cores: machine.config["cores"],
  memory: machine.config["memory"],
  disk: /size=(\w+)/.exec(machine.config["scsi0"] ?? "")?.[1],
  vlan: /tag=(\d+)/.exec(machine.config["net0"] ?? "")?.[1],
  address: machine.config["ipconfig0"]
})

export const finished = (name: string, address: string): Shape => ({
  name,
  status: "running",
  lock: undefined,
  cores: "4",
  memory: "8192",
  disk: "100G",
  vlan: "20",
  address: `gw=10.0.20.1,ip=${address}/24`
})

export const requests = (snapshot: World.Snapshot, route: string): ReadonlyArray<World.Call> =>
  snapshot.calls.filter((call) => call.route === route)
