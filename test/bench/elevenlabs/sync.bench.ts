/**
 * `sync` of a site with a served workspace in another process, through a real socket, with the journal and the state
 * file on the disk as the command keeps them: wall time against the ideal, and the calls of a sync with nothing to do.
 *
 * The ideal is that of the calls, each as long as the server is told to take, with nothing lost in between: the pages of
 * the listing one after the other, for each names the next, and the others as many at once as the server takes. Of the
 * others no more count than cannot be left out: an upload a document, who names the old ones (20 a call), the saves of the
 * agent (20 documents each, or more), and the deletions (20 a call). A save is three calls: the change, and after it what
 * it followed (the API has nothing to guard a change with) and the agent as it is then. After the last upload a save and a
 * deletion come one after the other.
 *
 * `overBare` is the time against the same ideal, each call as long as a client finds it that makes as many and does
 * nothing else: it shares the machine with the server, too.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { type ChildProcess, fork } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as Store from "../../../src/store/Store.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"
import * as ElevenLabs from "../../../src/systems/elevenlabs/Operations.ts"
import type { Report } from "../../../src/systems/elevenlabs/Report.ts"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Site from "../../../src/systems/elevenlabs/site/Site.ts"
import { bare } from "../Bare.ts"
import type { Bench, Figures } from "../Bench.ts"
import * as Latency from "../Latency.ts"

interface Options {
  readonly documents: number
  readonly latencyMillis: number
  /** Requests that the server works on at once. */
  readonly atOnce: number
}

/** What the server says of itself and of what it was asked since it last said so. */
interface Told {
  readonly url: string
  readonly apiKey: string
  readonly agent: string
  readonly routes: ReadonlyArray<readonly [route: string, calls: number]>
}

const serving = "serve a workspace"

const serve = ({ atOnce, latencyMillis }: Options) =>
  Effect.gen(function*() {
    const simulator = yield* Simulator.make({
      agents: [{ name: "Support" }],
      latencyMillis,
      concurrencyLimit: atOnce
    })
    const { url } = yield* Serve.serve(simulator.endpoint)
    const tell = () => {
      const { calls, credentials, world } = simulator
      const told: Told = {
        url,
        apiKey: credentials.apiKey,
        agent: world.agents()[0]?.id ?? "",
        routes: [...calls.routes]
      }
      calls.routes.clear()
      return process.send?.(told)
    }
    process.on("message", tell)
    tell()
    return yield* Effect.never
  }).pipe(Effect.scoped, Latency.exact)

const [, program = "", word, options = ""] = process.argv
if (word === serving) await Effect.runPromise(serve(JSON.parse(options)))

/** Asks and waits for the answer; with `undefined`, for the first one. */
const ask = (server: ChildProcess, word?: "tell"): Promise<Told> =>
  new Promise((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)))
    server.once("message", (told: Told) => resolve(told))
    if (word !== undefined) server.send(word)
  })

interface Place {
  readonly told: Told
  readonly folder: string
  /** Which calls were made since it was last asked. */
  readonly calls: () => Promise<Told>
}

const withServer = async <A>(options: Options, use: (place: Place) => Promise<A>): Promise<A> => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-elevenlabs-bench-"))
  const server = fork(program, [serving, JSON.stringify(options)])
  try {
    const told = await ask(server)
    return await use({ told, folder, calls: () => ask(server, "tell") })
  } finally {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Some 2 KB each, as a product of a shop has. */
const write = (folder: string, count: number, edition: string): void => {
  mkdirSync(join(folder, "out"), { recursive: true })
  for (let index = 0; index < count; index++) {
    const text = `# Product ${index}, ${edition}\n${"All there is to know about it. ".repeat(64)}\n`
    writeFileSync(join(folder, "out", `product-${String(index).padStart(5, "0")}.txt`), text)
  }
}

interface Synced {
  readonly millis: number
  readonly cpuMillis: number
  readonly actions: ReadonlyMap<string, number>
}

const targetIn = (folder: string, agent: string): ElevenLabs.Target => ({
  site: Either.getOrThrow(Site.parse("https://example.com")),
  folder: join(folder, "out"),
  state: join(folder, "config", "example-com.json"),
  agents: [agent]
})

/** How many of each; throws where one of them was not done. */
const actionsOf = (report: Report): ReadonlyMap<string, number> => {
  const [site] = report.sites
  const actions = new Map<string, number>()
  for (const { action, outcome } of site?.documents ?? []) {
    if (outcome._tag !== "Done") throw new Error(`${action._tag}: ${outcome._tag}`)
    actions.set(action._tag, (actions.get(action._tag) ?? 0) + 1)
  }
  if (site?.outcome._tag !== "Done") throw new Error(`the site is ${site?.outcome._tag}`)
  return actions
}

/** As a process of its own would: with its own connections and its own view of the store. */
const synced = async ({ folder, told }: Place): Promise<Synced> => {
  const cpu = process.cpuUsage()
  const report = await ElevenLabs.sync([targetIn(folder, told.agent)]).pipe(
    Effect.provide(Layer.mergeAll(
      Client.layer({ apiKey: Redacted.make(told.apiKey), origin: told.url }),
      Store.layer({ file: join(folder, ".holdfast", "holdfast.db") }),
      NodeFileSystem.layer,
      NodePath.layer
    )),
    Logger.withMinimumLogLevel(LogLevel.Error),
    Effect.runPromise
  )
  const { system, user } = process.cpuUsage(cpu)
  return { millis: report.durationMillis, cpuMillis: (user + system) / 1000, actions: actionsOf(report) }
}

const total = ({ routes }: Told): number => routes.reduce((sum, [, calls]) => sum + calls, 0)

const perCall = 20
const perPage = 100

const idealOf = ({ atOnce, documents, latencyMillis }: Options, calls: number): number => {
  const listing = Math.ceil(documents / perPage)
  const batches = Math.ceil(documents / perCall)
  const others = documents + batches + 3 * batches + batches
  const last = { calls: 4, inARow: 3 }
  return latencyMillis * (listing + (Math.min(calls - listing, others) - last.calls) / atOnce + last.inARow)
}

const changed = (options: Options) => (): Promise<Figures> =>
  withServer(options, async (place) => {
    write(place.folder, options.documents, "first edition")
    await synced(place)
    await place.calls()
    write(place.folder, options.documents, "second edition")
    const { actions, cpuMillis, millis } = await synced(place)
    if (actions.get("Update") !== options.documents) throw new Error(`${[...actions]}`)
    const calls = total(await place.calls())
    const { agent, apiKey: key, url: origin } = place.told
    const { atOnce } = options
    const path = `/v1/convai/agents/${agent}`
    const bareMillis = await bare({ origin, path, headers: { "xi-api-key": key }, calls, atOnce })
    return {
      seconds: millis / 1000,
      ratio: millis / idealOf(options, calls),
      overBare: millis / idealOf({ ...options, latencyMillis: bareMillis * atOnce / calls }, calls),
      calls,
      cpuMillisPerDocument: cpuMillis / options.documents
    }
  })

/** Nothing changed: the pages of the listing, and what the agent names. */
const unchanged = (options: Options) => (): Promise<Figures> =>
  withServer(options, async (place) => {
    write(place.folder, options.documents, "first edition")
    await synced(place)
    await place.calls()
    const { actions, cpuMillis, millis } = await synced(place)
    if (actions.get("Keep") !== options.documents) throw new Error(`${[...actions]}`)
    const told = await place.calls()
    const listing = told.routes.filter(([route]) => listings.has(route)).reduce((sum, [, calls]) => sum + calls, 0)
    return {
      seconds: millis / 1000,
      calls: total(told),
      beyondListing: total(told) - listing,
      beyondPages: listing - Math.ceil(options.documents / perPage) - 1,
      cpuMillisPerDocument: cpuMillis / options.documents
    }
  })

const listings = new Set(["GET /v1/convai/knowledge-base", "GET /v1/convai/agents/{agent_id}"])

/** The first sync of a site. */
const first = (options: Options) => (): Promise<Figures> =>
  withServer(options, async (place) => {
    write(place.folder, options.documents, "first edition")
    await place.calls()
    const { cpuMillis, millis } = await synced(place)
    return {
      seconds: millis / 1000,
      calls: total(await place.calls()),
      cpuMillisPerDocument: cpuMillis / options.documents
    }
  })

/** The same in process, in virtual time: what the order of the calls costs, and nothing else. */
const scheduled = (options: Options) => (): Promise<Figures> =>
  Effect.gen(function*() {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-elevenlabs-bench-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true, force: true })))
    const simulator = yield* Simulator.make({
      agents: [{ name: "Support" }],
      latencyMillis: options.latencyMillis,
      concurrencyLimit: options.atOnce
    })
    const { calls, credentials, world } = simulator
    const target = targetIn(folder, world.agents()[0]?.id ?? "")
    const client = yield* Client.make({ apiKey: Redacted.make(credentials.apiKey), origin: "http://127.0.0.1:8080" })
      .pipe(
        Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(simulator.endpoint))
      )
    const sync = ElevenLabs.sync([target]).pipe(
      Effect.provideService(Client.Client, client),
      Effect.provide(Layer.mergeAll(Journal.layerMemory, NodeFileSystem.layer, NodePath.layer))
    )
    write(folder, options.documents, "first edition")
    yield* sync
    const before = calls.total
    write(folder, options.documents, "second edition")
    const report = yield* sync
    actionsOf(report)
    const made = calls.total - before
    return {
      seconds: report.durationMillis / 1000,
      ratio: report.durationMillis / idealOf(options, made),
      calls: made
    }
  }).pipe(Effect.scoped, VirtualClock.run, Logger.withMinimumLogLevel(LogLevel.Error), Effect.runPromise)

const five = "500 changed at 50 ms, 5 at once"
const fifteen = "500 changed at 50 ms, 15 at once"
const nothing = "500 unchanged at 50 ms"
const thousand = "1,000 new at once"
const fiveThousand = "5,000 new at once"
const fiveScheduled = `${five}, in virtual time`
const fifteenScheduled = `${fifteen}, in virtual time`

export const bench: Bench = {
  title: "ElevenLabs sync: a served workspace, against the calls that cannot be left out",
  cases: {
    [fiveScheduled]: scheduled({ documents: 500, latencyMillis: 50, atOnce: 5 }),
    [fifteenScheduled]: scheduled({ documents: 500, latencyMillis: 50, atOnce: 15 }),
    [five]: changed({ documents: 500, latencyMillis: 50, atOnce: 5 }),
    [fifteen]: changed({ documents: 500, latencyMillis: 50, atOnce: 15 }),
    [nothing]: unchanged({ documents: 500, latencyMillis: 50, atOnce: 5 }),
    [thousand]: first({ documents: 1000, latencyMillis: 0, atOnce: 15 }),
    [fiveThousand]: first({ documents: 5000, latencyMillis: 0, atOnce: 15 })
  },
  compare: (medians, name) => {
    if (name !== fiveThousand) return {}
    const each = (of: string) => medians.get(of)?.["cpuMillisPerDocument"] ?? Number.NaN
    return { overSmaller: each(fiveThousand) / each(thousand) }
  },
  columns: {
    seconds: { unit: "s", digits: 2 },
    ratio: { unit: "x ideal", digits: 3 },
    overBare: { unit: "x ideal at the latency of a client that only asks", digits: 3 },
    calls: { unit: "calls", digits: 0 },
    beyondListing: { unit: "calls that list nothing", digits: 0 },
    beyondPages: { unit: "calls beyond a page for 100 and one for the agent", digits: 0 },
    cpuMillisPerDocument: { unit: "ms of processor a document", digits: 2 },
    overSmaller: { unit: "x a document of 1,000", digits: 2 }
  },
  goals: [
    ...[fiveScheduled, fifteenScheduled, five, fifteen].map((name) => ({ case: name, figure: "ratio", atMost: 1.1 })),
    { case: nothing, figure: "beyondListing", atMost: 0 },
    { case: nothing, figure: "beyondPages", atMost: 0 },
    { case: fiveThousand, figure: "overSmaller", atMost: 1.3 }
  ]
}
