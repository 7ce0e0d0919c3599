/**
 * `holdfast genesys export` of an organisation that another process serves, as a user runs it: wall time against the
 * ideal (the calls it took, so many at once, each as long as the server is told to take), memory, and what an export
 * costs that reads only what changed. Start-up of the command is not counted.
 *
 * Also in process, on a clock that never waits: what the order of the calls costs, and nothing else.
 *
 * The server shares the machine: `overServed` is the time against the same calls, each as long as the server had it, its
 * own work included, and `overBare` against a client that makes as many calls and does nothing else.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import { type ChildProcess, execFile, fork } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as Serve from "../../../src/simulation/Serve.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Collection from "../../../src/store/Collection.ts"
import * as Client from "../../../src/systems/genesys/Client.ts"
import * as Operations from "../../../src/systems/genesys/Operations.ts"
import * as Simulator from "../../../src/systems/genesys/Simulator.ts"
import type { Listing } from "../../../src/systems/genesys/Table.ts"
import * as Types from "../../../src/systems/genesys/Types.ts"
import { bare } from "../Bare.ts"
import type { Bench, Figures } from "../Bench.ts"
import * as Latency from "../Latency.ts"

const command = join(process.cwd(), "dist", "bin", "main.js")
const run = promisify(execFile)

interface Options {
  readonly resources: number
  readonly latencyMillis: number
}

/** What the server says of itself and of what it was asked. */
interface Told {
  readonly url: string
  readonly routes: ReadonlyArray<readonly [route: string, calls: number]>
  /** How long it had the calls, all together. */
  readonly servedMillis: number
}

const serving = "serve an organisation"

/** Serves until it is killed: `mutate` changes one per cent, `tell` tells what it was asked since the last time. */
const serve = ({ latencyMillis, resources }: Options) =>
  Effect.gen(function*() {
    // So many that a client need not hold back, and says so in every answer.
    const simulator = yield* Simulator.make({ resources, latencyMillis, rateLimitPerMinute: 1_000_000 })
    let servedMillis = 0
    const { url } = yield* Serve.serve((request) =>
      Effect.suspend(() => {
        const since = performance.now()
        return Effect.map(simulator.endpoint(request), (reply) => {
          servedMillis += performance.now() - since
          return reply
        })
      })
    )
    const tell = () => {
      const told: Told = { url, routes: [...simulator.calls.routes], servedMillis }
      simulator.calls.routes.clear()
      servedMillis = 0
      return process.send?.(told)
    }
    process.on("message", (word) => {
      if (word === "mutate") simulator.world.mutate(1)
      tell()
    })
    tell()
    return yield* Effect.never
  }).pipe(Effect.scoped, Latency.exact)

const [, program = "", word, options = ""] = process.argv
if (word === serving) await Effect.runPromise(serve(JSON.parse(options)))

/** Asks and waits for the answer; without a word, for the first one. */
const ask = (server: ChildProcess, word?: "mutate" | "tell"): Promise<Told> =>
  new Promise((resolve, reject) => {
    server.once("exit", (code) => reject(new Error(`the server ended with ${code}`)))
    server.once("message", (told: Told) => resolve(told))
    if (word !== undefined) server.send(word)
  })

/** Written when the process ends: what no other process can tell of it on every system. */
const usage = "import{writeFileSync}from'node:fs';process.on('exit',()=>writeFileSync(process.env.BENCH_USAGE,"
  + "JSON.stringify(process.resourceUsage())))"

interface Exported {
  readonly millis: number
  readonly calls: number
  readonly cpuMillis: number
  readonly peakMegabytes: number
}

/** One export by a process of its own, into the same folder and store as those before it. */
const exported = async (folder: string, url: string, words: ReadonlyArray<string>): Promise<Exported> => {
  const [client] = Simulator.credentials(1)
  const usageFile = join(folder, "usage.json")
  const { stdout } = await run(
    process.execPath,
    [`--import=data:text/javascript,${usage}`, command, "genesys", "export", "--quiet", "--json", ...words],
    {
      cwd: folder,
      maxBuffer: 2 ** 30,
      env: {
        PATH: process.env["PATH"],
        HOLDFAST_GENESYS_ORIGIN: url,
        HOLDFAST_GENESYS_CLIENT_ID: client.id,
        HOLDFAST_GENESYS_CLIENT_SECRET: client.secret,
        BENCH_USAGE: usageFile
      }
    }
  )
  const { calls, durationMillis, whole } = JSON.parse(stdout)
  if (whole !== true) throw new Error("the export is not whole")
  const { maxRSS, systemCPUTime, userCPUTime } = JSON.parse(readFileSync(usageFile, "utf8"))
  return {
    calls,
    millis: durationMillis,
    cpuMillis: (systemCPUTime + userCPUTime) / 1000,
    peakMegabytes: maxRSS / 1024
  }
}

const withServer = async <A>(
  options: Options,
  use: (server: ChildProcess, url: string, folder: string) => Promise<A>
): Promise<A> => {
  if (!existsSync(command)) throw new Error(`${command} is missing: npm run build`)
  const folder = mkdtempSync(join(tmpdir(), "holdfast-genesys-bench-"))
  const server = fork(program, [serving, JSON.stringify(options)])
  try {
    const { url } = await ask(server)
    return await use(server, url, folder)
  } finally {
    server.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

const figures = ({ calls, cpuMillis, millis, peakMegabytes }: Exported, resources: number): Figures => ({
  seconds: millis / 1000,
  calls,
  cpuMillisPerCall: cpuMillis / calls,
  microsPerResource: millis * 1000 / resources,
  peakMegabytes
})

/** See `Bare.ts`. */
const onlyAsking = async (origin: string, calls: number, atOnce: number): Promise<number> => {
  const [client] = Simulator.credentials(1)
  const granted = await fetch(`${origin}/oauth/token`, {
    method: "POST",
    headers: { authorization: `Basic ${Buffer.from(`${client.id}:${client.secret}`).toString("base64")}` },
    body: new URLSearchParams({ grant_type: "client_credentials" })
  })
  const { access_token: token } = Object(await granted.json())
  const headers = { authorization: `Bearer ${String(token)}` }
  return bare({ origin, path: "/api/v2/organizations/me", headers, calls, atOnce })
}

const whole = (options: Options, concurrency: number) => (): Promise<Figures> =>
  withServer(options, async (server, url, folder) => {
    const result = await exported(folder, url, ["--max-concurrent", String(concurrency)])
    const { servedMillis } = await ask(server, "tell")
    const ideal = result.calls * options.latencyMillis / concurrency
    if (ideal === 0) return figures(result, options.resources)
    return {
      ...figures(result, options.resources),
      ratio: result.millis / ideal,
      overServed: result.millis * concurrency / servedMillis,
      overBare: result.millis / (await onlyAsking(url, result.calls, concurrency))
    }
  })

/** In process, in virtual time, with a store in memory. */
const scheduled = ({ latencyMillis, resources }: Options, maxConcurrent: number) => (): Promise<Figures> =>
  Effect.gen(function*() {
    const folder = mkdtempSync(join(tmpdir(), "holdfast-genesys-bench-"))
    yield* Effect.addFinalizer(() => Effect.sync(() => rmSync(folder, { recursive: true, force: true })))
    const simulator = yield* Simulator.make({ resources, latencyMillis, rateLimitPerMinute: 1_000_000 })
    const client = yield* Client.make({
      origin: "http://127.0.0.1:8080",
      clients: simulator.credentials.map(({ id, secret }) => ({ id, secret: Redacted.make(secret) }))
    }).pipe(Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(simulator.endpoint)))
    const services = Context.make(Client.Client, client).pipe(
      Context.add(Collection.Collections, yield* Collection.makeMemory)
    )
    const { calls, durationMillis } = yield* Operations.exportOrganisation({
      directory: join(folder, "out"),
      maxConcurrent
    }).pipe(Effect.provide(services))
    return { seconds: durationMillis / 1000, calls, ratio: durationMillis * maxConcurrent / (calls * latencyMillis) }
  }).pipe(Effect.scoped, VirtualClock.run, Logger.withMinimumLogLevel(LogLevel.Error), Effect.runPromise)

const holes = /\{[^}]*\}/g

const listings = (listing: Listing): ReadonlyArray<Listing> =>
  listing.each === undefined ? [listing] : [listing, ...listings(listing.each.listing)]

/** Routes that are asked to list, with holes of no name. */
const listingRoutes: ReadonlySet<string> = new Set(
  Types.all.flatMap(({ list }) => list.flatMap(listings)).map(({ method, path }) =>
    `${method ?? "GET"} ${path.replace(holes, "{}")}`
  )
)

const listingCalls = ({ routes }: Told): number =>
  routes.filter(([route]) => listingRoutes.has(route.replace(holes, "{}"))).reduce((sum, [, calls]) => sum + calls, 0)

/** Types of which something changes without a trace in the listing: that is read each time. */
const eachTime = Operations.types.filter(({ incremental }) => incremental === "each time")
  .flatMap(({ type }) => ["--exclude-filter-resources", type])

/** After one per cent has changed, over the calls that listing alone takes, and over an export with no change at all. */
const incremental = (options: Options, more: ReadonlyArray<string>) => (): Promise<Figures> =>
  withServer(options, async (server, url, folder) => {
    const words = ["--max-concurrent", "50", "--since-last", ...more]
    await exported(folder, url, words)
    const unchanged = await exported(folder, url, words)
    // What was asked until now counts no more.
    await ask(server, "mutate")
    const result = await exported(folder, url, words)
    const listed = listingCalls(await ask(server, "tell"))
    return {
      ...figures(result, options.resources),
      overListing: result.calls / listed,
      overUnchanged: result.millis / unchanged.millis
    }
  })

const ten = "10,000 resources at 20 ms, 10 at once"
const fifty = "10,000 resources at 20 ms, 50 at once"
const tenScheduled = `${ten}, in virtual time`
const fiftyScheduled = `${fifty}, in virtual time`
const tenThousand = "10,000 resources at once"
const hundredThousand = "100,000 resources at once"
const stamped = "1% of 10,000 changed, types whose listing tells all changes"
const trusting = "1% of 10,000 changed, all types, trusting the listing"
const changed = "1% of 10,000 changed, all types"

export const bench: Bench = {
  title: "Genesys Cloud export: a served organisation, against calls x latency / concurrency",
  cases: {
    [tenScheduled]: scheduled({ resources: 10_000, latencyMillis: 20 }, 10),
    [fiftyScheduled]: scheduled({ resources: 10_000, latencyMillis: 20 }, 50),
    [ten]: whole({ resources: 10_000, latencyMillis: 20 }, 10),
    [fifty]: whole({ resources: 10_000, latencyMillis: 20 }, 50),
    [tenThousand]: whole({ resources: 10_000, latencyMillis: 0 }, 50),
    [hundredThousand]: whole({ resources: 100_000, latencyMillis: 0 }, 50),
    [stamped]: incremental({ resources: 10_000, latencyMillis: 20 }, eachTime),
    [trusting]: incremental({ resources: 10_000, latencyMillis: 20 }, ["--trust-listing"]),
    [changed]: incremental({ resources: 10_000, latencyMillis: 20 }, [])
  },
  compare: (medians, name) => {
    if (name !== hundredThousand) return {}
    const each = (of: string) => medians.get(of)?.["microsPerResource"] ?? Number.NaN
    return { overSmaller: each(hundredThousand) / each(tenThousand) }
  },
  columns: {
    seconds: { unit: "s", digits: 1 },
    ratio: { unit: "x ideal", digits: 3 },
    overServed: { unit: "x served", digits: 3 },
    overBare: { unit: "x a client that only asks", digits: 3 },
    calls: { unit: "calls", digits: 0 },
    cpuMillisPerCall: { unit: "ms of processor a call", digits: 2 },
    peakMegabytes: { unit: "MB", digits: 0 },
    overSmaller: { unit: "x a resource of 10,000", digits: 2 },
    overListing: { unit: "x calls of listing", digits: 2 },
    overUnchanged: { unit: "x nothing changed", digits: 2 }
  },
  goals: [
    { case: tenScheduled, figure: "ratio", atMost: 1.03 },
    { case: fiftyScheduled, figure: "ratio", atMost: 1.03 },
    { case: ten, figure: "ratio", atMost: 1.1 },
    { case: fifty, figure: "ratio", atMost: 1.1 },
    { case: hundredThousand, figure: "peakMegabytes", atMost: 400 },
    { case: hundredThousand, figure: "overSmaller", atMost: 1.2 },
    { case: stamped, figure: "overListing", atMost: 1.2 },
    { case: trusting, figure: "overListing", atMost: 1.2 }
  ]
}
