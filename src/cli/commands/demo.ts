/**
 * `holdfast demo`: a simulated, misbehaving cluster and an apply against it, in one process. Writes no file.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Journal from "../../kernel/Journal.ts"
import * as Logging from "../../observe/Logging.ts"
import * as FaultInjector from "../../simulation/FaultInjector.ts"
import type * as FaultPlan from "../../simulation/FaultPlan.ts"
import * as Serve from "../../simulation/Serve.ts"
import * as Client from "../../systems/proxmox/Client.ts"
import * as FleetFile from "../../systems/proxmox/FleetFile.ts"
import * as Operations from "../../systems/proxmox/Operations.ts"
import * as Simulator from "../../systems/proxmox/Simulator.ts"
import type * as ServerFaults from "../../systems/proxmox/simulator/Faults.ts"
import type { Handler } from "../CommandTree.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Output from "../Output.ts"
import type { Paint } from "../Paint.ts"
import * as Describe from "./proxmox/Describe.ts"
import * as Work from "./proxmox/Work.ts"
import type { demo } from "./verbs.ts"

/** Five machines of 4 cores, 8 GiB and 100 GiB, on two nodes, with fixed addresses on VLAN 20. */
const fleetText = `fleet: demo
defaults:
  template: ubuntu-24.04
  storage: ceph
  cores: 4
  memory: 8 GiB
  disks:
    scsi0: 100 GiB
  networks:
    net0: { bridge: vmbr0, vlan: 20 }
  cloudInit: { user: ops, gateway: 10.0.20.1, nameservers: [10.0.20.1], searchDomain: example.internal }
  tags: [demo]
  start: true
machines:
  - { name: rancher-manager-1, vmid: 401, node: pve1, cloudInit: { ip: 10.0.20.11/24 } }
  - { name: rancher-manager-2, vmid: 402, node: pve2, cloudInit: { ip: 10.0.20.12/24 } }
  - { name: rancher-manager-3, vmid: 403, node: pve1, cloudInit: { ip: 10.0.20.13/24 } }
  - { name: nprd-apps-1, vmid: 404, node: pve2, cloudInit: { ip: 10.0.20.21/24 } }
  - { name: nprd-apps-2, vmid: 405, node: pve1, cloudInit: { ip: 10.0.20.22/24 } }
`

/** What the network does to requests. */
const network: FaultPlan.FaultPlan["rules"] = [
  {
    name: "a clone began, and the connection broke before the reply",
    match: { method: "POST", path: "/clone$" },
    nth: 2,
    effect: { type: "reset-after" }
  },
  {
    name: "the gateway gave up on a call that the server had carried out (596)",
    match: { method: "POST", path: "/config$" },
    nth: 1,
    effect: { type: "answer", status: 596, statusText: "Connection timed out", acted: true }
  },
  {
    name: "a status poll was answered with 502",
    match: { method: "GET", path: "/tasks/.*/status$" },
    every: 9,
    times: 3,
    effect: { type: "answer", status: 502, statusText: "Bad Gateway" }
  }
]

/** What the server does to its work. */
const server: ReadonlyArray<{ readonly says: string; readonly fault: ServerFaults.Fault }> = [
  {
    says: "a machine's lock was held when it was to be configured",
    fault: { fault: "lock-timeout", where: "http", type: "qmconfig", nth: 3 }
  },
  {
    says: "a clone task died of a lock timeout, after it had been accepted",
    fault: { fault: "lock-timeout", where: "task", type: "qmclone", nth: 3 }
  },
  { says: "a start ended with warnings", fault: { fault: "warnings", type: "qmstart", nth: 2 } }
]

const heading = (paint: Paint, counts: ReadonlyArray<FaultInjector.Count>): ReadonlyArray<string> => [
  "",
  paint.bold("What the simulated host did meanwhile"),
  ...counts.filter(({ fired }) => fired > 0).map(({ fired, rule }) => `  ${fired} x ${rule}`),
  ...server.map(({ says }) => `  1 x ${says}`),
  "",
  paint.bold("The same on a real host"),
  "  holdfast demo --print-fleet > fleet.yaml          # then edit it",
  "  export PROXMOX_VE_ENDPOINT=https://your-host:8006",
  "  export PROXMOX_VE_API_TOKEN='user@realm!name=secret'",
  "  holdfast proxmox doctor fleet.yaml",
  "  holdfast proxmox apply fleet.yaml"
]

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof demo)["flags"], (typeof demo)["args"]> = (input) =>
  Effect.gen(function*() {
    if (input.printFleet) {
      yield* Output.print({ json: () => ({ fleet: fleetText }), text: () => [fleetText.trimEnd()] })
      return ExitCode.done
    }
    const fleet = yield* FleetFile.parse(fleetText, { file: "the demo's fleet" })
    const seed = input.seed ?? 1
    const simulator = yield* Simulator.make({
      seed,
      speed: input.speed ?? 10,
      faults: server.map(({ fault }) => fault)
    })
    const injector = yield* FaultInjector.make({ seed, rules: network })
    const { url } = yield* Serve.serve(injector.apply(simulator.endpoint))
    yield* Output.say(`a simulated Proxmox VE with two nodes listens at ${url}, and will misbehave`)
    const client = Client.layer({ endpoint: url, token: Redacted.make(simulator.credentials.token) })
    const options = yield* Work.options({ only: undefined, parallel: undefined, timeout: undefined })
    const report = yield* Operations.apply(fleet, options).pipe(
      Work.watched("holdfast demo"),
      Effect.provide(Layer.merge(client, Journal.layerMemory)),
      Logging.forSystem("proxmox")
    )
    const counts = yield* injector.counts
    yield* Output.print({
      json: () => Describe.reportJson(report),
      text: (paint) => [...Describe.reportText(report)(paint), ...heading(paint, counts)]
    })
    return Describe.reportCode(report)
  }).pipe(Effect.scoped)
