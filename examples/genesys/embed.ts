/**
 * Export an organisation from your own Effect program, against a simulated one. It runs as it is:
 *
 *     npx tsx examples/genesys/embed.ts
 *
 * For a real organisation provide `Client.layerConfig` (reads `GENESYSCLOUD_REGION`, `GENESYSCLOUD_OAUTHCLIENT_ID` and
 * `GENESYSCLOUD_OAUTHCLIENT_SECRET`) in place of the simulated one, `Store.layer()` in place of the store in memory, so
 * that a killed export is gone on with, and drop the virtual clock.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { mkdtempSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"
import * as Collection from "../../src/store/Collection.ts"
import * as Client from "../../src/systems/genesys/Client.ts"
import * as Genesys from "../../src/systems/genesys/Operations.ts"
import * as Report from "../../src/systems/genesys/Report.ts"
import * as Simulator from "../../src/systems/genesys/Simulator.ts"

const SimulatedClient = Layer.unwrapEffect(
  Effect.map(
    Simulator.make({ resources: 100 }),
    ({ credentials, endpoint }) =>
      Client.layerWithoutTransport({
        origin: "http://127.0.0.1:8080",
        clients: credentials.map(({ id, secret }) => ({ id, secret: Redacted.make(secret) }))
      }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint))))
  )
)

const program = Effect.gen(function*() {
  const { calls, directory, report } = yield* Genesys.exportOrganisation({
    directory: join(mkdtempSync(join(tmpdir(), "holdfast-example-")), "organisation"),
    exportFormat: "hcl",
    includeStateFile: true,
    includeFilterResources: ["routing_queue", "user"],
    enableDependencyResolution: true
  })
  for (const { exported, type } of report.types) yield* Console.log(`${type}: ${exported}`)
  for (const { detail, id, reason, type } of report.exceptions) {
    yield* Console.log(`${reason}: ${type} ${id}: ${detail}`)
  }
  yield* Console.log(`${calls} calls; ${Report.isWhole(report) ? "whole" : "not whole"}, in ${directory}`)
  const { problems, resources } = yield* Genesys.validate(directory)
  yield* Console.log(`checked once more: ${resources} resources, ${problems.length} problems`)
})

program.pipe(
  Effect.provide(Layer.merge(SimulatedClient, Layer.effect(Collection.Collections, Collection.makeMemory))),
  VirtualClock.run,
  Logger.withMinimumLogLevel(LogLevel.Warning), // Info tells every type
  NodeRuntime.runMain
)
