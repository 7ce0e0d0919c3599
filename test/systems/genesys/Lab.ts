/**
 * A laboratory for exports: a simulated organisation in process, on a clock that never waits, with the faults, the store
 * and the folder a test gives it.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Fs from "node:fs/promises"
import * as Os from "node:os"
import * as Path from "node:path"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Collection from "../../../src/store/Collection.ts"
import * as Client from "../../../src/systems/genesys/Client.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import * as Operations from "../../../src/systems/genesys/Operations.ts"
import * as Export from "../../../src/systems/genesys/pipeline/Export.ts"
import type { Exception, Outcome, TypeSummary } from "../../../src/systems/genesys/Report.ts"
import type { Table } from "../../../src/systems/genesys/Table.ts"
import * as Simulator from "../../../src/systems/genesys/Simulator.ts"

/** Sees every request on its way to the server, and every reply on its way back. */
export type Wire = (endpoint: Endpoint.Endpoint) => Endpoint.Endpoint

export interface Options extends Simulator.Options {
  readonly wire?: Wire | undefined
}

interface Own {
  /** Defaults to that of the laboratory. */
  readonly collections?: Collection.Service | undefined
  readonly wire?: Wire | undefined
  /** Of another version of the program. */
  readonly tables?: ReadonlyArray<Table> | undefined
  /** As the command does it: asks who it is first. */
  readonly identified?: boolean | undefined
}

export interface Lab {
  readonly simulator: Simulator.Simulator
  readonly collections: Collection.Service
  /** A new folder below the laboratory's. */
  readonly folder: (name: string) => string
  /** As a process of its own would: with its own connection. Into the folder `out` unless the options say otherwise. */
  readonly exports: (options?: ExportOptions, own?: Own) => Effect.Effect<Outcome, Fault.Fault>
  readonly logs: Array<string>
}

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(Path.join(Os.tmpdir(), "holdfast-genesys-"))),
  (folder) => Effect.promise(() => Fs.rm(folder, { recursive: true, force: true }))
)

const connected = (simulator: Simulator.Simulator, endpoint: Endpoint.Endpoint) =>
  Client.make({
    origin: "http://127.0.0.1:1",
    loginOrigin: "http://127.0.0.1:1",
    clients: simulator.credentials.map(({ id, secret }) => ({ id, secret: Redacted.make(secret) }))
  }).pipe(Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(endpoint)))

/** Runs a test on a clock that never waits. */
export const run = <A, E>(options: Options, test: (lab: Lab) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.scoped(Effect.gen(function*() {
    const root = yield* temporaryFolder
    const simulator = yield* Effect.orDie(Simulator.make({ rateLimitPerMinute: Number.POSITIVE_INFINITY, ...options }))
    const endpoint = options.wire?.(simulator.endpoint) ?? simulator.endpoint
    const collections = yield* Collection.makeMemory
    const logs: Array<string> = []
    const logger = Logger.make(({ message }) => {
      logs.push(String(message))
    })
    const lab: Lab = {
      simulator,
      collections,
      logs,
      folder: (name) => Path.join(root, name),
      exports: (options = {}, own = {}) =>
        Effect.scoped(Effect.gen(function*() {
          const client = yield* connected(simulator, own.wire?.(endpoint) ?? endpoint)
          const settings = { directory: Path.join(root, "out"), ...options }
          const identity = own.identified === true ? Operations.identify : Effect.succeed(undefined)
          const exporting = own.tables === undefined
            ? Effect.flatMap(identity, (identity) => Operations.exportOrganisation(settings, identity))
            : Export.run(settings, own.tables)
          return yield* exporting.pipe(
            Effect.provide(
              Context.make(Client.Client, client).pipe(
                Context.add(Collection.Collections, own.collections ?? collections)
              )
            )
          )
        }))
    }
    return yield* VirtualClock.run(test(lab)).pipe(
      Effect.withRandom(Random.make(options.seed ?? 1)),
      Effect.provide(Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Info)))
    )
  }))

/** Every file of a folder with its text, by path. */
export const tree = (folder: string): Effect.Effect<ReadonlyMap<string, string>> =>
  Effect.promise(async () => {
    const found = new Map<string, string>()
    const entries = await Fs.readdir(folder, { recursive: true, withFileTypes: true })
    for (const entry of entries.toSorted((left, right) => (left.name < right.name ? -1 : 1))) {
      if (!entry.isFile()) continue
      const path = Path.join(entry.parentPath, entry.name)
      found.set(Path.relative(folder, path), await Fs.readFile(path, "latin1"))
    }
    return new Map([...found].toSorted(([left], [right]) => (left < right ? -1 : 1)))
  })

/** Resources in the files, wherever they come from. */
export const present = ({ listed, read, reused }: Outcome): number => listed + read + reused

export const exceptions = (outcome: Outcome, reason: Exception["reason"]): ReadonlyArray<Exception> =>
  outcome.report.exceptions.filter((exception) => exception.reason === reason)

export const summary = (outcome: Outcome, type: string): TypeSummary => {
  const found = outcome.report.types.find((summary) => summary.type === `genesyscloud_${type}`)
  if (found === undefined) throw new Error(`no ${type} in the report`)
  return found
}

/** Answers a request in place of the server, or not. */
export const intercept = (
  answer: (request: Endpoint.Request, number: number) => Endpoint.Reply | Effect.Effect<Endpoint.Reply> | undefined
): Wire =>
(endpoint) => {
  let number = 0
  return (request) => {
    const given = answer(request, ++number)
    if (given === undefined) return endpoint(request)
    return Effect.isEffect(given) ? given : Effect.succeed(given)
  }
}
