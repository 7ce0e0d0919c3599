/**
 * `apply` against the ideal: the longest chain of work the server did, at the parallelism that the limits allow, with
 * nothing lost between two steps. In virtual time, so the figures are the same on every machine.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import type { Fleet } from "../../../src/systems/proxmox/Fleet.ts"
import * as Proxmox from "../../../src/systems/proxmox/Operations.ts"
import * as Simulator from "../../../src/systems/proxmox/Simulator.ts"
import type { Bench, Figures } from "../Bench.ts"

const latencyMillis = 5
const clonesPerStorage = 2

const fleetOf = (count: number): Fleet => ({
  name: "bench",
  machines: Array.from({ length: count }, (_, index) => ({
    name: `machine-${index + 1}`,
    vmid: 401 + index,
    nodes: ["pve1", "pve2"],
    template: { _tag: "Name", name: "ubuntu-24.04" },
    clone: "full",
    storage: "local-lvm",
    cores: 4,
    memory: 8192,
    disks: { scsi0: { size: 100 * 1024 ** 3 } },
    networks: { net0: { bridge: "vmbr0", vlan: 20 } },
    start: true
  }))
})

interface Chain {
  readonly node: string
  clone: number
  rest: number
}

/** What the server spent on each machine, in the order the clones began. */
const chainsOf = (world: Simulator.Simulator["world"]): ReadonlyArray<Chain> => {
  const chains = new Map<string, Chain>()
  const newIds = world.calls.filter((call) => call.method === "POST" && call.route.endsWith("/clone"))
    .map((call) => call.parameters["newid"] ?? "")
  for (const task of world.tasks.values()) {
    const spent = (task.ended ?? task.started) - task.started
    if (task.upid.type === "qmclone") {
      chains.set(newIds[task.nth - 1] ?? "", { node: task.upid.node, clone: spent, rest: 0 })
    } else {
      const chain = chains.get(task.upid.id)
      if (chain !== undefined) chain.rest += spent
    }
  }
  return [...chains.values()]
}

/** Every storage clones so many at a time, the next as soon as one ends; what follows a clone waits for nobody. */
const idealOf = (chains: ReadonlyArray<Chain>): number => {
  const free = new Map<string, Array<number>>()
  let end = 0
  for (const { clone, node, rest } of chains) {
    const slots = free.get(node) ?? Array.from({ length: clonesPerStorage }, () => 0)
    free.set(node, slots)
    const slot = slots.indexOf(Math.min(...slots))
    const cloned = (slots[slot] ?? 0) + clone
    slots[slot] = cloned
    end = Math.max(end, cloned + rest)
  }
  return end
}

const measured = (count: number): Promise<Figures> =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({ templates: "local" })
    const slow: Endpoint.Endpoint = (request) => Effect.delay(simulator.endpoint(request), latencyMillis)
    const report = yield* Proxmox.apply(fleetOf(count), {
      parallel: count,
      limits: { perStorage: clonesPerStorage }
    }).pipe(
      Effect.provide(
        Client.layerWithoutTransport({
          endpoint: "http://127.0.0.1:8006",
          token: Redacted.make(simulator.credentials.token)
        }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, Endpoint.toHttpClient(slow))))
      ),
      Effect.provide(Journal.layerMemory)
    )
    const done = report.machines.filter((machine) => machine.outcome._tag === "Done").length
    if (done !== count) return yield* Effect.dieMessage(`${done} of ${count} machines done`)
    const { world } = simulator
    const chains = chainsOf(world)
    const taskSeconds = chains.reduce((sum, chain) => sum + chain.clone + chain.rest, 0) / 1000
    const polls = world.calls.filter((call) => call.route.endsWith("/tasks/{upid}/status")).length
    return {
      seconds: report.durationMillis / 1000,
      ratio: report.durationMillis / idealOf(chains),
      pollsPerTaskSecond: polls / taskSeconds,
      callsPerMachine: world.calls.length / count
    }
  }).pipe(VirtualClock.run, Logger.withMinimumLogLevel(LogLevel.Error), Effect.runPromise)

export const bench: Bench = {
  title: "Proxmox apply: full clones of 10 GiB on two nodes, two at a time per storage, in virtual time",
  cases: { "5 machines": () => measured(5), "100 machines": () => measured(100) },
  columns: {
    seconds: { unit: "s", digits: 1 },
    ratio: { unit: "x ideal", digits: 3 },
    pollsPerTaskSecond: { unit: "polls/s", digits: 2 },
    callsPerMachine: { unit: "calls", digits: 1 }
  },
  goals: ["5 machines", "100 machines"].flatMap((name) => [
    { case: name, figure: "ratio", atMost: 1.1 },
    { case: name, figure: "pollsPerTaskSecond", atMost: 1 }
  ])
}
