/**
 * The simulated cluster of a seed, with everything between it and a process: the trouble on the way, the watch over what
 * belongs to others, and the record of what happened.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as FaultInjector from "../../../src/simulation/FaultInjector.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import type * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Simulator from "../../../src/systems/proxmox/Simulator.ts"
import * as Process from "../Process.ts"
import * as Mishaps from "./Mishaps.ts"
import * as Others from "./Others.ts"
import type { Scenario } from "./Scenario.ts"

/** What happened, for people. */
interface Event {
  readonly at: number
  readonly text: string
  /** It changes something, or is out of the ordinary. */
  readonly matters: boolean
}

/** The moment in the life of one request at which its process dies. */
interface Doom {
  readonly call: number
  readonly acted: boolean
}

export interface Lab {
  readonly scenario: Scenario
  readonly simulator: Simulator.Simulator
  readonly watch: Others.Watch
  readonly mishaps: Mishaps.Mishaps
  /** Empty unless they are recorded. */
  readonly events: ReadonlyArray<Event>
  readonly tell: (text: string) => Effect.Effect<void>
  /** Runs an effect as a process does: with a connection, a journal and a clock of its own. */
  readonly within: <A, E>(
    process: Process.Process,
    journal: Journal.Service,
    effect: Effect.Effect<A, E, Operations.Needs>,
    doom?: Doom
  ) => Effect.Effect<A, E>
  /** Requests so far, of all processes. */
  readonly sent: () => number
  readonly trace: () => string
  readonly fired: Effect.Effect<ReadonlyArray<FaultInjector.Count>>
}

const replyText = (reply: Endpoint.Reply): string => {
  if (reply._tag !== "Answer") return reply._tag
  if (reply.truncateAt !== undefined) return `${reply.status} truncated`
  const [type = ""] = reply.headers["content-type"]?.split(";") ?? []
  if (type === "text/html") return `${reply.status} a web page`
  return reply.status === 200 ? reply.body.slice(0, 200) : `${reply.status} ${reply.statusText}`
}

/** The request as a person tells it: without what is the same for all. */
const requestText = ({ body, method, url }: Endpoint.Request): string =>
  `${method} ${url.replace("/api2/json", "")}${body === "" ? "" : ` ${decodeURIComponent(body)}`}`

const isOrdinary = (request: Endpoint.Request, reply: Endpoint.Reply): boolean =>
  request.method === "GET" && reply._tag === "Answer" && reply.status === 200 && reply.truncateAt === undefined &&
  !reply.body.startsWith("<") && !/"exitstatus":"(?!OK)/.test(reply.body)

const connectionOf = ({ ticket }: Scenario): Client.Options => ({
  endpoint: "http://127.0.0.1:8006",
  ...ticket
    ? { username: Simulator.credentials.username, password: Redacted.make(Simulator.credentials.password) }
    : { token: Redacted.make(Simulator.credentials.token) }
})

export const make = (scenario: Scenario, record: boolean): Effect.Effect<Lab> =>
  Effect.gen(function*() {
    const { ground, seed, trouble } = scenario
    const mishaps = Mishaps.make(trouble.server)
    const simulator = yield* Simulator.make({ seed, ...ground, faults: mishaps.plan })
    const { time, world } = simulator
    Others.settle(world, scenario)
    const watch = Others.watch(world, scenario)
    const [latency, ...rules] = trouble.way
    const ordinary = yield* Effect.orDie(FaultInjector.make(
      { rules: latency === undefined ? [] : [latency] },
      { seed, sleep: time.sleep }
    ))
    const way = yield* Effect.orDie(FaultInjector.make({ rules }, { seed: seed + 1, sleep: time.sleep }))

    const events: Array<Event> = []
    const hash = createHash("sha1")
    let sent = 0
    const tell = (text: string, matters = true): Effect.Effect<void> =>
      record ? Effect.map(time.now, (now) => void events.push({ at: now - world.began, text, matters })) : Effect.void

    const watched: Endpoint.Endpoint = (request) => {
      if (request.method === "GET") return simulator.endpoint(request)
      return Effect.suspend(() => {
        watch.change(request.method, request.url)
        return Effect.tap(simulator.endpoint(request), () => Effect.sync(watch.look))
      })
    }
    const calm = ordinary.apply(watched)
    const rough = ordinary.apply(way.apply(watched))
    const server: Endpoint.Endpoint = (request) => (mishaps.isOn() ? rough : calm)(request)

    const recorded = (process: Process.Process, endpoint: Endpoint.Endpoint): Endpoint.Endpoint => (request) =>
      Effect.suspend(() => {
        sent += 1
        const k = sent
        return Effect.flatMap(endpoint(request), (reply) =>
          Effect.flatMap(time.now, (now) => {
            const status = reply._tag === "Answer" ? `${reply.status} ${reply.body.length}` : reply._tag
            hash.update(`${k} ${process.name} ${request.method} ${request.url} ${request.body} ${status} ${now}\n`)
            return record
              ? Effect.as(
                tell(
                  `${process.name} ${k} ${requestText(request)} -> ${replyText(reply)}`,
                  !isOrdinary(request, reply)
                ),
                reply
              )
              : Effect.succeed(reply)
          }))
      })

    const doomed = (
      process: Process.Process,
      doom: Doom | undefined,
      endpoint: Endpoint.Endpoint
    ): Endpoint.Endpoint => {
      if (doom === undefined) return endpoint
      let count = 0
      return (request) =>
        Effect.suspend(() => {
          count += 1
          if (count !== doom.call) return endpoint(request)
          const die = Effect.zipRight(
            Effect.zipRight(tell(`${process.name} is killed at ${requestText(request)}`), process.kill),
            Process.frozen
          )
          return doom.acted ? Effect.zipRight(endpoint(request), die) : die
        })
    }

    const logger = Logger.make(({ annotations, logLevel, message }) => {
      const machine = [...annotations].find(([key]) => key === "machine")?.[1]
      const text = (Array.isArray(message) ? message : [message]).map(String).join(" ")
      events.push({
        at: world.scheduler.now() - world.began,
        text: `  ${machine === undefined ? "" : `${String(machine)}: `}${text}`,
        matters: LogLevel.greaterThanEqual(logLevel, LogLevel.Info)
      })
    })
    const logging = record
      ? Layer.merge(Logger.replace(Logger.defaultLogger, logger), Logger.minimumLogLevel(LogLevel.Info))
      : Logger.minimumLogLevel(LogLevel.None)

    let processes = 0
    const within: Lab["within"] = (process, journal, effect, doom) =>
      Effect.gen(function*() {
        const wire = process.wire(doomed(process, doom, recorded(process, server)))
        const client = yield* Client.make(connectionOf(scenario)).pipe(
          Effect.provideService(HttpClient.HttpClient, Endpoint.toHttpClient(wire)),
          Effect.orDie
        )
        const services = Context.make(Client.Client, client).pipe(
          Context.add(Journal.Journal, process.journal(journal))
        )
        processes += 1
        return yield* effect.pipe(
          Effect.provide(services),
          Effect.provide(logging),
          // Nobody looks at the spans, and they are a good part of the time.
          Effect.withTracerEnabled(false),
          Effect.withRandom(Random.make(`${seed} ${processes}`)),
          Effect.withClock(process.clock)
        )
      })

    return {
      scenario,
      simulator,
      watch,
      mishaps,
      events,
      tell,
      within,
      sent: () => sent,
      trace: () => hash.copy().digest("hex").slice(0, 16),
      fired: way.counts
    }
  })
