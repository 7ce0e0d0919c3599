/**
 * `holdfast sim genesys`: a simulated organisation on a port, until interrupted.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FaultInjector from "../../simulation/FaultInjector.ts"
import * as FaultPlan from "../../simulation/FaultPlan.ts"
import * as Serve from "../../simulation/Serve.ts"
import * as Simulator from "../../systems/genesys/Simulator.ts"
import type { Handler } from "../CommandTree.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Output from "../Output.ts"
import * as StructuredFile from "../StructuredFile.ts"
import { exported } from "./sim.ts"
import type { simGenesys } from "./verbs.ts"

const Share = Schema.optional(Schema.Number.pipe(Schema.between(0, 1)))
const Names = Schema.optional(Schema.Array(Schema.String))

/** A fault file: what the network does to requests, what happens to the organisation, and what it may not show. */
const Faults = Schema.Struct({
  network: Schema.optionalWith(FaultPlan.schema, { exact: true }),
  trouble: Schema.optional(Schema.Struct({
    vanishing: Share,
    restless: Share,
    growing: Schema.optional(Schema.Boolean),
    repeating: Schema.optional(Schema.Boolean)
  })),
  denied: Names,
  notEnabled: Names
})

/** Said in the headers of every answer, so that a client knows that it need not hold back. */
const boundless = 1_000_000

const readFaults = (path: string | undefined) =>
  path === undefined
    ? Effect.succeed<typeof Faults.Type>({})
    : Effect.flatMap(StructuredFile.read(path), (content) => FaultPlan.decode(Faults, content, { source: path }))

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof simGenesys)["flags"], (typeof simGenesys)["args"]> = (input) =>
  Effect.gen(function*() {
    const { denied, network, notEnabled, trouble } = yield* readFaults(input.faults)
    const simulator = yield* Simulator.make({
      resources: input.resources,
      seed: input.seed,
      clients: input.clients,
      latencyMillis: input.latency,
      rateLimitPerMinute: input.rateLimit === 0 ? boundless : input.rateLimit,
      denied,
      notEnabled,
      trouble
    })
    const injector = yield* FaultInjector.make(network ?? FaultPlan.none)
    const server = yield* Serve.serve(injector.apply(simulator.endpoint), { port: input.port })
    const environment = {
      HOLDFAST_GENESYS_ORIGIN: server.url,
      HOLDFAST_GENESYS_LOGIN_ORIGIN: server.url,
      HOLDFAST_GENESYS_CLIENT_ID: simulator.credentials.map(({ id }) => id).join(","),
      HOLDFAST_GENESYS_CLIENT_SECRET: simulator.credentials.map(({ secret }) => secret).join(",")
    }
    const { organisation } = simulator.world
    yield* Output.print({
      json: () => ({ url: server.url, port: server.port, organisation, environment }),
      text: () => exported(environment)
    })
    yield* Output.say(`a simulated Genesys Cloud is serving ${organisation.name} at ${server.url}; Ctrl-C ends it`)
    return yield* Effect.never
  }).pipe(Effect.scoped, Effect.as(ExitCode.done))
