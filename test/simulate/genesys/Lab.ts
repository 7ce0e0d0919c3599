/**
 * The simulated organisation of a seed, with the trouble on the way to it, the store that outlives its processes, the
 * folder they write to, and the record of what happened.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as FaultInjector from "../../../src/simulation/FaultInjector.ts"
import * as Collection from "../../../src/store/Collection.ts"
import * as FileLock from "../../../src/store/FileLock.ts"
import * as Client from "../../../src/systems/genesys/Client.ts"
import * as Operations from "../../../src/systems/genesys/Operations.ts"
import type { ExportOptions } from "../../../src/systems/genesys/Options.ts"
import type { Outcome } from "../../../src/systems/genesys/Report.ts"
import * as Simulator from "../../../src/systems/genesys/Simulator.ts"
import * as Parser from "../../../src/systems/genesys/validate/Parser.ts"
import * as MemoryDisk from "../MemoryDisk.ts"
import * as Process from "../Process.ts"
import type { Ending, Scenario } from "./Scenario.ts"

/** What happened, for people. */
interface Event {
  readonly at: number
  readonly text: string
  /** It is out of the ordinary. */
  readonly matters: boolean
}

/** How a process ended. */
export type End =
  | { readonly _tag: "Reported"; readonly outcome: Outcome }
  | { readonly _tag: "Faulted"; readonly fault: Fault.Fault }
  /** `millis`: how long it took to clean up. */
  | { readonly _tag: "Interrupted"; readonly millis: number }
  | { readonly _tag: "Killed" }
  | { readonly _tag: "Endless" }
  | { readonly _tag: "Crashed"; readonly message: string }

export interface Lab {
  readonly simulator: Simulator.Simulator
  /** The output folder of all stages, and another one. */
  readonly folder: string
  readonly otherFolder: string
  readonly events: ReadonlyArray<Event>
  readonly tell: (text: string) => Effect.Effect<void>
  /** Nothing goes wrong on the way any more. */
  readonly calm: Effect.Effect<void>
  /** An export by a process of its own, on the lasting store unless another one is given. */
  readonly export: (
    who: string,
    options: ExportOptions,
    ending: Ending,
    store?: Collection.Service
  ) => Effect.Effect<End>
  readonly millis: Effect.Effect<number>
  /** Requests so far, of all processes. */
  readonly sent: () => number
  readonly trace: () => string
  readonly fired: Effect.Effect<ReadonlyArray<FaultInjector.Count>>
}

const origin = "http://127.0.0.1:1"

/**
 * Nothing takes so long, at the lowest rate and with every call tried to the end; in milliseconds. It is looked at when a
 * call is made: a fiber that slept so long would have its alarm while files are written, for which the clock of the
 * simulation does not wait.
 */
const endless = 43_200_000

/** Nothing of it is written any more once the process is dead. */
const mortal = (process: Process.Process, store: Collection.Service): Collection.Service => ({
  now: process.alive(store.now),
  put: (collection, items) => process.alive(store.put(collection, items)),
  get: (collection, key) => process.alive(store.get(collection, key)),
  getMany: (collection, keys) => process.alive(store.getMany(collection, keys)),
  scan: (collection, options) =>
    Stream.flatMap(Stream.fromEffect(process.alive(Effect.void)), () => store.scan(collection, options)),
  stamps: (collection) => process.alive(store.stamps(collection)),
  delete: (collection, keys) => process.alive(store.delete(collection, keys)),
  clear: (collection) => process.alive(store.clear(collection)),
  write: (changes) => process.alive(store.write(changes))
})

const temporaryFolder = Effect.acquireRelease(
  Effect.promise(() => Fs.mkdtemp(join(MemoryDisk.root, "seed-"))),
  (folder) => Effect.promise(() => Fs.rm(folder, { recursive: true, force: true }))
)

/** Has the folders of exports in memory, and loads what they load where they need it: the lock, the parser of HCL. */
export const prepare: Effect.Effect<void> = Effect.acquireUseRelease(
  Effect.promise(() => {
    MemoryDisk.mount()
    return Fs.mkdtemp(join(tmpdir(), "holdfast-simulate-"))
  }),
  (folder) => FileLock.withLock(Parser.hcl("prepare.tf", ""), join(folder, "prepare"), { purpose: "prepare" }),
  (folder) => Effect.promise(() => Fs.rm(folder, { recursive: true, force: true }))
).pipe(Effect.orDie)

const replyText = (reply: Endpoint.Reply): string => {
  if (reply._tag !== "Answer") return reply._tag
  return `${reply.status}${reply.truncateAt === undefined ? "" : " truncated"} ${reply.body.length}`
}

const isOrdinary = (reply: Endpoint.Reply): boolean =>
  reply._tag === "Answer" && reply.status === 200 && reply.truncateAt === undefined

export const make = (scenario: Scenario, record: boolean): Effect.Effect<Lab, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { ground, rules, seed } = scenario
    const root = yield* temporaryFolder
    const simulator = yield* Effect.orDie(Simulator.make(ground))
    const way = yield* Effect.orDie(FaultInjector.make({ rules }, { seed }))
    const rough = way.apply(simulator.endpoint)
    const lasting = yield* Collection.makeMemory
    const clock = yield* Effect.clock
    const began = clock.unsafeCurrentTimeMillis()
    const now = (): number => clock.unsafeCurrentTimeMillis() - began
    const events: Array<Event> = []
    const hash = createHash("sha1")
    let isCalm = false
    let sent = 0
    let processes = 0

    const note = (text: string, matters: boolean): void => {
      if (record) events.push({ at: now(), text, matters })
    }
    const server: Endpoint.Endpoint = (request) => (isCalm ? simulator.endpoint : rough)(request)

    const recorded = (who: string, late: Deferred.Deferred<void>): Endpoint.Endpoint => {
      const since = now()
      return (request) =>
        now() - since > endless
          ? Effect.zipRight(Deferred.succeed(late, undefined), Process.frozen)
          : told(who, request)
    }

    const told = (who: string, request: Endpoint.Request): Effect.Effect<Endpoint.Reply> =>
      Effect.suspend(() => {
        const number = ++sent
        return Effect.map(server(request), (reply) => {
          const text = `${who} ${number} ${request.method} ${request.url} -> ${replyText(reply)}`
          hash.update(`${text} ${now()}\n`)
          note(text, !isOrdinary(reply))
          return reply
        })
      })

    const doomed = (
      process: Process.Process,
      ending: Ending,
      interrupt: Deferred.Deferred<void>,
      endpoint: Endpoint.Endpoint
    ): Endpoint.Endpoint => {
      if (ending._tag === "Runs") return endpoint
      let count = 0
      return (request) =>
        Effect.suspend(() => {
          count += 1
          if (count !== ending.call) return endpoint(request)
          if (ending._tag === "InterruptedAt") {
            note(`${process.name} is interrupted at ${request.method} ${request.url}`, true)
            return Effect.zipRight(Deferred.succeed(interrupt, undefined), endpoint(request))
          }
          note(`${process.name} is killed at ${request.method} ${request.url}`, true)
          const die = Effect.zipRight(process.kill, Process.frozen)
          return ending.acted ? Effect.zipRight(endpoint(request), die) : die
        })
    }

    // Also where nobody listens: a fiber yields after so many steps, and it must be the same ones.
    const logger = Logger.make(({ message }) => note(record ? `  ${String(message)}` : "", true))
    const logging = Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Info))

    const program = (
      process: Process.Process,
      options: ExportOptions,
      store: Collection.Service,
      wire: Endpoint.Endpoint
    ) =>
      Effect.gen(function*() {
        const client = yield* Client.make({
          origin,
          clients: simulator.credentials.map(({ id, secret }) => ({ id, secret: Redacted.make(secret) }))
        }).pipe(Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(wire)))
        return yield* Operations.exportOrganisation(options).pipe(
          Effect.provide(
            Context.make(Client.Client, client).pipe(Context.add(Collection.Collections, mortal(process, store)))
          )
        )
      }).pipe(
        Effect.scoped,
        Effect.provide(logging),
        Effect.withTracerEnabled(false),
        Effect.withRandom(Random.make(`${seed} ${++processes}`)),
        Effect.withClock(process.clock)
      )

    const exports: Lab["export"] = (who, options, ending, store = lasting) =>
      Effect.gen(function*() {
        const process = yield* Process.make(who)
        const interrupt = yield* Deferred.make<void>()
        const late = yield* Deferred.make<void>()
        const wire = process.wire(doomed(process, ending, interrupt, recorded(who, late)))
        const fiber = yield* program(process, options, store, wire).pipe(Effect.either, Effect.forkDaemon)
        const ended = Effect.map(Fiber.await(fiber), (exit): End => {
          if (exit._tag === "Failure") return { _tag: "Crashed", message: String(exit.cause) }
          return Either.isLeft(exit.value)
            ? { _tag: "Faulted", fault: exit.value.left }
            : { _tag: "Reported", outcome: exit.value.right }
        })
        const first = yield* Effect.raceAll<Effect.Effect<End | undefined>>([
          ended,
          Effect.as(process.died, { _tag: "Killed" } as const),
          Effect.as(Deferred.await(late), { _tag: "Endless" } as const),
          Effect.as(Deferred.await(interrupt), undefined)
        ])
        if (first !== undefined) return first
        const from = now()
        const exit = yield* Fiber.interrupt(fiber)
        // It may have ended at that very moment.
        return exit._tag === "Success" ? yield* ended : { _tag: "Interrupted", millis: now() - from } as const
      })

    return {
      simulator,
      folder: join(root, "out"),
      otherFolder: join(root, "other"),
      events,
      tell: (text) => Effect.sync(() => note(text, true)),
      calm: Effect.sync(() => {
        isCalm = true
        note("nothing goes wrong any more", true)
      }),
      export: exports,
      millis: Effect.sync(now),
      sent: () => sent,
      trace: () => hash.copy().digest("hex").slice(0, 16),
      fired: way.counts
    }
  })

/** Every file of a folder with its text, by path; of a folder that is not there, none. */
export const tree = (folder: string): Effect.Effect<ReadonlyMap<string, string>> =>
  Effect.promise(async () => {
    const found = new Map<string, string>()
    const entries = await Fs.readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
    for (const entry of entries) {
      if (!entry.isFile()) continue
      const path = join(entry.parentPath, entry.name)
      found.set(path.slice(folder.length + 1), await Fs.readFile(path, "latin1"))
    }
    return found
  })
