/**
 * `holdfast sim elevenlabs`: a simulated workspace on a port, until interrupted.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FaultPlan from "../../simulation/FaultPlan.ts"
import * as Serve from "../../simulation/Serve.ts"
import * as Simulator from "../../systems/elevenlabs/Simulator.ts"
import type { Handler } from "../CommandTree.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Output from "../Output.ts"
import * as StructuredFile from "../StructuredFile.ts"
import { exported } from "./sim.ts"
import type { simElevenLabs } from "./verbs.ts"

const Share = Schema.optional(Schema.Number.pipe(Schema.between(0, 1)))

/** A fault file: what the network does to requests, and what other people do to the workspace. */
const Faults = Schema.Struct({
  network: Schema.optionalWith(FaultPlan.schema, { exact: true }),
  trouble: Schema.optional(Schema.Struct({
    edits: Share,
    renames: Share,
    deletions: Share,
    endless: Schema.optional(Schema.Boolean)
  }))
})

const readFaults = (path: string | undefined) =>
  path === undefined
    ? Effect.succeed<typeof Faults.Type>({})
    : Effect.flatMap(StructuredFile.read(path), (content) => FaultPlan.decode(Faults, content, { source: path }))

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof simElevenLabs)["flags"], (typeof simElevenLabs)["args"]> = (input) =>
  Effect.gen(function*() {
    const { network, trouble } = yield* readFaults(input.faults)
    const simulator = yield* Simulator.make({
      seed: input.seed,
      agents: Array.from({ length: input.agents ?? 2 }, (_, index) => ({
        name: `Agent ${index + 1}`,
        retrieval: index % 2 === 1
      })),
      tier: input.tier,
      latencyMillis: input.latency,
      listingLagMillis: input.listingLag,
      indexMillis: input.indexing,
      faults: network,
      trouble
    })
    const server = yield* Serve.serve(simulator.endpoint, { port: input.port })
    const environment = {
      HOLDFAST_ELEVENLABS_ORIGIN: server.url,
      HOLDFAST_ELEVENLABS_API_KEY: simulator.credentials.apiKey
    }
    const agents = simulator.world.agents().map(({ id }, index) => ({ id, name: `Agent ${index + 1}` }))
    yield* Output.print({
      json: () => ({ url: server.url, port: server.port, agents, environment }),
      text: () => [...agents.map(({ id, name }) => `# ${name}: ${id}`), ...exported(environment)]
    })
    yield* Output.say(`a simulated ElevenLabs workspace is serving at ${server.url}; Ctrl-C ends it`)
    return yield* Effect.never
  }).pipe(Effect.scoped, Effect.as(ExitCode.done))
