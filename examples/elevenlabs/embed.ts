/**
 * Keep a knowledge base in step from your own Effect program, against a simulated workspace. It runs as it is:
 *
 *     npx tsx examples/elevenlabs/embed.ts
 *
 * For a real workspace provide `Client.layerConfig` (reads `ELEVENLABS_API_KEY`) in place of the simulated one,
 * `Store.layer()` in place of the journal in memory, so that a killed run is gone on with, and drop the virtual clock.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"
import * as Client from "../../src/systems/elevenlabs/Client.ts"
import * as ElevenLabs from "../../src/systems/elevenlabs/Operations.ts"
import type { Report } from "../../src/systems/elevenlabs/Report.ts"
import * as Simulator from "../../src/systems/elevenlabs/Simulator.ts"
import * as Sites from "../../src/systems/elevenlabs/site/Sites.ts"

const folder = mkdtempSync(join(tmpdir(), "holdfast-example-"))
const files = join(folder, "out", "example-com")
mkdirSync(files, { recursive: true })
writeFileSync(join(files, "opening-hours.md"), "# Opening hours\n\nEvery day from nine to five.\n")
writeFileSync(join(files, "delivery.txt"), "We deliver within two days.\n")

const tell = ({ sites }: Report) =>
  Effect.forEach(
    sites.flatMap(({ documents }) => documents),
    ({ action, item, outcome }) => Console.log(`${item}: ${action._tag}, ${outcome._tag}`)
  )

const program = Effect.gen(function*() {
  // It loses the answer to the second upload.
  const simulator = yield* Simulator.make({
    agents: [{ name: "Support" }],
    faults: {
      rules: [{ match: { method: "POST", path: "/file$" }, nth: 2, effect: { type: "reset-after" } }]
    }
  })
  const agents = simulator.world.agents().map(({ id }) => id)
  const client = Client.layerWithoutTransport({
    origin: "http://127.0.0.1:8080",
    apiKey: Redacted.make(simulator.credentials.apiKey)
  }).pipe(Layer.provide(Layer.succeed(HttpClient.HttpClient, Endpoint.toHttpClient(simulator.endpoint))))

  const specs = yield* Sites.parse(JSON.stringify({ sites: [{ url: "https://www.example.com", agents }] }))
  const targets = yield* ElevenLabs.targets(specs, {
    root: join(folder, "out"),
    states: join(folder, "config", "elevenlabs")
  })

  yield* Effect.gen(function*() {
    yield* tell(yield* ElevenLabs.sync(targets))
    writeFileSync(join(files, "delivery.txt"), "We deliver within one day.\n")
    rmSync(join(files, "opening-hours.md"))
    yield* tell(yield* ElevenLabs.sync(targets))
    const [inventory] = yield* ElevenLabs.list(targets)
    for (const { file, standing } of inventory?.documents ?? []) {
      yield* Console.log(`in the workspace: ${file}, ${standing}`)
    }
  }).pipe(Effect.provide(client))
})

program.pipe(
  Effect.provide(Layer.merge(Journal.layerMemory, NodeContext.layer)),
  VirtualClock.run,
  Effect.ensuring(Effect.sync(() => rmSync(folder, { recursive: true }))),
  Logger.withMinimumLogLevel(LogLevel.Warning), // Info tells every document
  NodeRuntime.runMain
)
