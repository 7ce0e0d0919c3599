/**
 * The simulated cluster of a seed, with everything between it and a process: the trouble on the way, the watch over what
 * belongs to others, and the record of what happened.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as FaultInjector from "../../../src/simulation/FaultInjector.ts"
import * as Client from "../../../src/systems/proxmox/Client.ts"
import type * as Operations from "../../../src/systems/proxmox/Operations.ts"
import * as Simulator from "../../../src/systems/proxmox/Simulator.ts"
import * as Process from "../Process.ts"
import * as Record from "../Record.ts"
import * as Mishaps from "./Mishaps.ts"
import * as Others from "./Others.ts"
import type { Scenario } from "./Scenario.ts"

export interface Lab {
  readonly scenario: Scenario
  readonly simulator: Simulator.Simulator
  readonly watch: Others.Watch
  readonly mishaps: Mishaps.Mishaps
  readonly record: Record.Record
  /** Milliseconds since the world began. */
  readonly millis: () => number
  /** Runs an effect as a process does: with a connection, a journal and a clock of its own. */
  readonly within: <A, E>(
    process: Process.Process,
    journal: Journal.Service,
    effect: Effect.Effect<A, E, Operations.Needs>,
    doom?: Process.Doom
  ) => Effect.Effect<A, E>
  /** Requests so far, of all processes. */
  readonly sent: () => number
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

export const make = (scenario: Scenario, isRecorded: boolean): Effect.Effect<Lab> =>
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

    const millis = (): number => world.scheduler.now() - world.began
    const record = Record.make(isRecorded, millis, { request: requestText, reply: replyText, isOrdinary })

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

    let processes = 0
    const within: Lab["within"] = (process, journal, effect, doom) =>
      Effect.gen(function*() {
        const kill = (request: Endpoint.Request): Effect.Effect<void> =>
          Effect.zipRight(record.tell(`${process.name} is killed at ${requestText(request)}`), process.kill)
        const wire = process.wire(Process.doomed(doom, kill, record.calls(process.name, server)))
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
          Effect.provide(record.logging),
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
      record,
      millis,
      within,
      sent: record.sent,
      fired: way.counts
    }
  })
