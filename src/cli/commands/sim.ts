/**
 * `holdfast sim proxmox`: the simulated cluster on a port, until interrupted.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as FaultInjector from "../../simulation/FaultInjector.ts"
import * as FaultPlan from "../../simulation/FaultPlan.ts"
import * as Serve from "../../simulation/Serve.ts"
import * as Simulator from "../../systems/proxmox/Simulator.ts"
import * as ServerFaults from "../../systems/proxmox/simulator/Faults.ts"
import type { Handler } from "../CommandTree.ts"
import * as ExitCode from "../ExitCode.ts"
import * as Output from "../Output.ts"
import * as StructuredFile from "../StructuredFile.ts"
import type { simProxmox } from "./verbs.ts"

/** A fault file: what the network does to requests, and what the server does to its work. */
const Faults = Schema.Struct({
  network: Schema.optionalWith(FaultPlan.schema, { exact: true }),
  server: Schema.optionalWith(ServerFaults.Plan, { exact: true })
})

const readFaults = (path: string | undefined) =>
  path === undefined
    ? Effect.succeed<typeof Faults.Type>({})
    : Effect.flatMap(
      StructuredFile.read(path),
      (content) => FaultPlan.decode(Faults, content, { source: path })
    )

/**
 * Lines for a shell to read.
 *
 * @since 0.1.0
 * @category conversions
 */
export const exported = (environment: Readonly<Record<string, string>>): ReadonlyArray<string> =>
  Object.entries(environment).map(([name, value]) => `export ${name}=${Output.quoted(value)}`)

/**
 * @since 0.1.0
 * @category handlers
 */
export const run: Handler<(typeof simProxmox)["flags"], (typeof simProxmox)["args"]> = (input) =>
  Effect.gen(function*() {
    const faults = yield* readFaults(input.faults)
    const simulator = yield* Simulator.make({
      seed: input.seed,
      speed: input.speed,
      ...(faults.server === undefined ? {} : { faults: faults.server })
    })
    const injector = yield* FaultInjector.make(faults.network ?? FaultPlan.none)
    const server = yield* Serve.serve(injector.apply(simulator.endpoint), { port: input.port })
    const environment = {
      PROXMOX_VE_ENDPOINT: server.url,
      PROXMOX_VE_API_TOKEN: simulator.credentials.token
    }
    yield* Output.print({
      json: () => ({ url: server.url, port: server.port, environment }),
      text: () => exported(environment)
    })
    yield* Output.say(`a simulated Proxmox VE is serving at ${server.url}; Ctrl-C ends it`)
    return yield* Effect.never
  }).pipe(Effect.scoped, Effect.as(ExitCode.done))
