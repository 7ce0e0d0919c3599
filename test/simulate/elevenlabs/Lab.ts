/**
 * The simulated workspace of a seed, with the disk and the journal that outlive its processes, the trouble on the way to
 * it, other people, the watch over all of it, and the record of what happened.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Journal from "../../../src/kernel/Journal.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as FaultInjector from "../../../src/simulation/FaultInjector.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"
import * as Name from "../../../src/systems/elevenlabs/documents/Name.ts"
import type * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import { StateFiles } from "../../../src/systems/elevenlabs/run/StateFiles.ts"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Site from "../../../src/systems/elevenlabs/site/Site.ts"
import * as Dice from "../Dice.ts"
import * as Process from "../Process.ts"
import * as Record from "../Record.ts"
import * as Disk from "./Disk.ts"
import type * as Files from "./Files.ts"
import * as Others from "./Others.ts"
import type { Scenario } from "./Scenario.ts"
import * as Watch from "./Watch.ts"

export type Entries = Map<string, Journal.Entry>

export interface Lab {
  readonly scenario: Scenario
  readonly simulator: Simulator.Simulator
  readonly disk: Disk.Disk
  readonly watch: Watch.Watch
  readonly others: Others.Others
  /** Of the agents that were there from the start, in their order. */
  readonly agents: ReadonlyArray<string>
  readonly targets: ReadonlyArray<Operations.Target>
  /** What the files of each site are now. */
  readonly files: Array<Files.Files>
  /** The journal of the machine on which the stages are done. */
  readonly entries: Entries
  /** Documents that an older tool made, which others see as theirs. */
  readonly older: Set<string>
  readonly isTheirs: (id: string) => boolean
  /** Whether anything goes wrong. */
  readonly rough: { is: boolean }
  readonly record: Record.Record
  /** Runs an effect as a process does: with a connection, a journal, a disk and a clock of its own. */
  readonly within: <A, E>(
    process: Process.Process,
    entries: Entries,
    effect: Effect.Effect<A, E, Operations.Needs>,
    doom?: Process.Doom
  ) => Effect.Effect<A, E>
  readonly kill: (process: Process.Process) => Effect.Effect<void>
  /** Milliseconds since the world began. */
  readonly millis: () => number
  /** Requests so far, of all processes. */
  readonly sent: () => number
  /** Of them, those that may have changed something. */
  readonly changes: () => number
  readonly fired: Effect.Effect<ReadonlyArray<FaultInjector.Count>>
}

/** What a body says, without what nobody looks for: of agents only which documents they name. */
const bodyText = (body: string): string => {
  const names = [...body.matchAll(/"name":"([^"]*)","id":"([^"]{0,6})/g)].map(([, name, id]) => `${name}=${id}`)
  return body.includes("conversation_config") ? `[${names.join(", ")}]` : body.slice(0, 250)
}

const replyText = (reply: Endpoint.Reply): string => {
  if (reply._tag !== "Answer") return reply._tag
  return `${reply.status}${reply.truncateAt === undefined ? "" : " truncated"} ${bodyText(reply.body)}`
}

const requestText = ({ body, headers, method, url }: Endpoint.Request): string =>
  `${method} ${url.replace("/v1/convai", "")} ${
    headers["content-type"]?.startsWith("multipart") === true
      ? /name="name"\r\n\r\n([^\r]*)/.exec(body)?.[1] ?? ""
      : bodyText(body)
  }`

/** Dependents and indexes are asked for by POST, and nothing changes. */
const isRead = ({ method, url }: Endpoint.Request): boolean => method === "GET" || url.endsWith("/dependent-agents")

const isOrdinary = (request: Endpoint.Request, reply: Endpoint.Reply): boolean =>
  isRead(request) && reply._tag === "Answer" && reply.status === 200 && reply.truncateAt === undefined

/** Files of ours are told by their names, however they got to the service. */
const ours = /^(?:sub\/)?[abc]\d+\b/

const fileOf = (name: string): string | undefined => Name.parse(name)?.file ?? (ours.test(name) ? name : undefined)

export const make = (scenario: Scenario, isRecorded: boolean): Effect.Effect<Lab, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { seed, trouble } = scenario
    const clock = yield* Effect.clock
    const began = clock.unsafeCurrentTimeMillis()
    const millis = (): number => clock.unsafeCurrentTimeMillis() - began
    const rough = { is: false }
    const dice = Dice.make(seed).of("others")
    const simulator = yield* Effect.orDie(Simulator.make({ seed, ...scenario.world, fileOf }))
    const { world } = simulator
    const older = new Set<string>()
    const isTheirs = (id: string): boolean => world.document(id)?.foreign === true && !older.has(id)
    const others = Others.make(world, dice.of("edits"), isTheirs)
    const agents: Array<string> = []
    for (const { foreign, node, retrieval } of scenario.agents) {
      const documents = []
      for (let count = 0; count < foreign; count++) {
        documents.push({ ...(yield* others.addDocument()), type: "text", usage: "prompt" } as const)
      }
      const name = `Agent ${agents.length + 1}`
      agents.push(yield* world.addAgent({ name, documents, retrieval, ...(node ? { nodes: { node: [] } } : {}) }))
    }
    const targets = scenario.sites.map((site): Operations.Target => ({
      site: Either.getOrThrow(Site.parse(`https://${site.host}`)),
      folder: `/out/${site.host}`,
      state: `/config/${site.host}.json`,
      agents: site.agents.flatMap((index) => agents[index] ?? []),
      strategy: site.strategy,
      usageMode: site.usageMode
    }))
    const disk = Disk.make()
    const watch = Watch.make(
      world,
      disk,
      targets.map(({ site, state }) => ({ host: site.host, state })),
      millis
    )
    const way = yield* Effect.orDie(FaultInjector.make({ rules: trouble.rules }, { seed }))
    const unreliable = way.apply(simulator.endpoint)

    const record = Record.make(isRecorded, millis, { request: requestText, reply: replyText, isOrdinary })
    let changes = 0

    yield* world.listen(({ call, when }) =>
      Effect.gen(function*() {
        if (when === "before") return
        watch.look(`after ${call.method} ${call.url}, the call ${call.number}`)
        if (!rough.is) return
        if (
          call.status === 200 && call.route === "POST /v1/convai/knowledge-base/file" && dice.chance(trouble.unindexed)
        ) {
          const last = world.documents().at(-1)
          if (last !== undefined) world.failIndex(last.id)
        }
        const [, agent] = /^\/v1\/convai\/agents\/([^/?]+)/.exec(call.url) ?? []
        if (agent === undefined || !dice.chance(trouble.edits)) return
        const branch = new URL(call.url, "http://simulated").searchParams.get("branch_id") ?? world.agent(agent).main
        record.note(() => `somebody saves ${agent} ${branch}`)
        yield* others.edit(agent, branch)
        watch.look("after somebody saved an agent")
      })
    )

    const server: Endpoint.Endpoint = (request) =>
      Effect.suspend(() => {
        if (!isRead(request)) changes++
        // What is on its way gets there, whatever becomes of who sent it.
        return Effect.flatMap(
          Effect.forkDaemon((rough.is ? unreliable : simulator.endpoint)(request)),
          Fiber.join
        )
      })

    const kill = (process: Process.Process): Effect.Effect<void> =>
      Effect.zipRight(process.kill, Effect.sync(() => disk.died(process)))

    let processes = 0
    const within: Lab["within"] = (process, entries, effect, doom) =>
      Effect.gen(function*() {
        watch.journals.add(entries)
        const killed = (request: Endpoint.Request): Effect.Effect<void> =>
          Effect.zipRight(record.tell(`${process.name} is killed at ${requestText(request)}`), kill(process))
        const wire = process.wire(Process.doomed(doom, killed, record.calls(process.name, server)))
        const client = yield* Effect.orDie(Effect.provideService(
          Client.make({ apiKey: Redacted.make(simulator.credentials.apiKey), origin: "http://127.0.0.1:8080" }),
          HttpClient.HttpClient,
          Endpoint.toHttpClient(wire)
        ))
        const services = Context.make(Client.Client, client).pipe(
          Context.add(Journal.Journal, process.journal(yield* Journal.makeMemory(entries))),
          Context.add(FileSystem.FileSystem, disk.system),
          Context.add(
            StateFiles,
            disk.states(process, () => watch.look(`after ${process.name} wrote a state file`))
          )
        )
        processes += 1
        return yield* effect.pipe(
          Effect.provide(services),
          Effect.provide(Path.layer),
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
      disk,
      watch,
      others,
      agents,
      targets,
      files: [],
      entries: new Map(),
      older,
      isTheirs,
      rough,
      record,
      within,
      kill,
      millis,
      sent: record.sent,
      changes: () => changes,
      fired: way.counts
    }
  })
