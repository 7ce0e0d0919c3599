/**
 * Apply a fleet from your own Effect program, against a simulated cluster. It runs as it is:
 *
 *     npx tsx examples/proxmox/embed.ts
 *
 * For a real cluster provide `Client.layerConfig()` (reads `PROXMOX_VE_ENDPOINT` and `PROXMOX_VE_API_TOKEN`) in place
 * of the simulated one, and drop the virtual clock, which makes the minutes of the simulation pass at once.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { fileURLToPath } from "node:url"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"
import * as Client from "../../src/systems/proxmox/Client.ts"
import * as FleetFile from "../../src/systems/proxmox/FleetFile.ts"
import * as Proxmox from "../../src/systems/proxmox/Operations.ts"
import * as Simulator from "../../src/systems/proxmox/Simulator.ts"

const SimulatedClient = Layer.unwrapEffect(
  Effect.map(
    Simulator.make(),
    ({ credentials, endpoint }) =>
      Client.layerWithoutTransport({ endpoint: "http://127.0.0.1:8006", token: Redacted.make(credentials.token) }).pipe(
        Layer.provide(Layer.succeed(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint)))
      )
  )
)

const program = Effect.gen(function*() {
  const fleet = yield* FleetFile.load(fileURLToPath(new URL("fleet.yaml", import.meta.url)))
  const report = yield* Proxmox.apply(fleet, { parallel: 5 })
  for (const { action, machine, node, outcome, vmid } of report.machines) {
    yield* Console.log(`${machine}: ${action} ${vmid} on ${node}: ${outcome._tag}`)
  }
  const again = yield* Proxmox.plan(fleet)
  yield* Console.log(`planned once more: ${again.machines.map((machine) => machine.action._tag).join(", ")}`)
})

program.pipe(
  Effect.provide(Layer.mergeAll(SimulatedClient, Journal.layerMemory, NodeFileSystem.layer)),
  VirtualClock.run,
  Logger.withMinimumLogLevel(LogLevel.Warning), // Info tells every step
  NodeRuntime.runMain
)
