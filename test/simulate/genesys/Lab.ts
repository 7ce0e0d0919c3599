/**
 * The simulated organisation of a seed, with the trouble on the way to it, the store that outlives its processes, the
 * folder they write to, and the record of what happened.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Fs from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
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
import * as Ended from "../End.ts"
import * as MemoryDisk from "../MemoryDisk.ts"
import * as Process from "../Process.ts"
import * as Record from "../Record.ts"
import type { Ending, Scenario } from "./Scenario.ts"

/** Interrupted, it reports nothing: what it has read is in the store. */
export type End = Ended.End<Outcome, never>

export interface Lab {
  readonly simulator: Simulator.Simulator
  /** The output folder of all stages, and another one. */
  readonly folder: string
  readonly otherFolder: string
  readonly record: Record.Record
  /** Nothing goes wrong on the way any more. */
  readonly calm: Effect.Effect<void>
  /** An export by a process of its own, on the lasting store unless another one is given. */
  readonly export: (
    who: string,
    options: ExportOptions,
    ending: Ending,
    store?: Collection.Service
  ) => Effect.Effect<End>
  /** Milliseconds since the world began. */
  readonly millis: () => number
  /** Requests so far, of all processes. */
  readonly sent: () => number
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

const isOrdinary = (_: Endpoint.Request, reply: Endpoint.Reply): boolean =>
  reply._tag === "Answer" && reply.status === 200 && reply.truncateAt === undefined

export const make = (scenario: Scenario, isRecorded: boolean): Effect.Effect<Lab, never, Scope.Scope> =>
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
    const record = Record.make(isRecorded, now, {
      request: ({ method, url }) => `${method} ${url}`,
      reply: replyText,
      isOrdinary
    })
    let isCalm = false
    let processes = 0

    const server: Endpoint.Endpoint = (request) => (isCalm ? simulator.endpoint : rough)(request)

    const recorded = (who: string, late: Deferred.Deferred<void>): Endpoint.Endpoint => {
      const since = now()
      const told = record.calls(who, server)
      return (request) =>
        now() - since > endless ? Effect.zipRight(Deferred.succeed(late, undefined), Process.frozen) : told(request)
    }

    const doomed = (
      process: Process.Process,
      ending: Ending,
      interrupt: Deferred.Deferred<void>,
      endpoint: Endpoint.Endpoint
    ): Endpoint.Endpoint => {
      if (ending._tag === "Runs") return endpoint
      if (ending._tag === "InterruptedAt") {
        return Process.at(ending.call, (request) => {
          record.note(() => `${process.name} is interrupted at ${request.method} ${request.url}`)
          return Effect.zipRight(Deferred.succeed(interrupt, undefined), endpoint(request))
        }, endpoint)
      }
      return Process.doomed(
        ending,
        ({ method, url }) =>
          Effect.zipRight(record.tell(`${process.name} is killed at ${method} ${url}`), process.kill),
        endpoint
      )
    }

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
        Effect.provide(record.logging),
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
        const running = yield* Ended.start(program(process, options, store, wire))
        const first = yield* Effect.raceAll<Effect.Effect<End | undefined>>([
          Ended.of(running),
          Effect.as(process.died, Ended.killed),
          Effect.as(Deferred.await(late), Ended.endless),
          Effect.as(Deferred.await(interrupt), undefined)
        ])
        return first ?? (yield* Ended.interrupt(running, now, () => undefined))
      })

    return {
      simulator,
      folder: join(root, "out"),
      otherFolder: join(root, "other"),
      record,
      calm: Effect.sync(() => {
        isCalm = true
        record.note(() => "nothing goes wrong any more")
      }),
      export: exports,
      millis: now,
      sent: record.sent,
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
