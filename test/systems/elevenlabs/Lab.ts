/**
 * A laboratory for the operations: a simulated workspace in process, on a clock that never waits, sites in a folder of
 * their own, and the invariants looked at after every request.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { createHash } from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Journal from "../../../src/kernel/Journal.ts"
import type * as Json from "../../../src/kernel/Json.ts"
import * as Endpoint from "../../../src/simulation/Endpoint.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import * as Client from "../../../src/systems/elevenlabs/Client.ts"
import * as Name from "../../../src/systems/elevenlabs/documents/Name.ts"
import * as Operations from "../../../src/systems/elevenlabs/Operations.ts"
import type { DocumentReport, Report, SiteReport } from "../../../src/systems/elevenlabs/Report.ts"
import { StateFiles } from "../../../src/systems/elevenlabs/run/StateFiles.ts"
import * as Simulator from "../../../src/systems/elevenlabs/Simulator.ts"
import * as Site from "../../../src/systems/elevenlabs/site/Site.ts"
import * as Tree from "../../../src/systems/elevenlabs/simulator/Tree.ts"
import * as State from "../../../src/systems/elevenlabs/state/State.ts"

/** Sees every request of a process on its way to the server, and every reply on its way back. */
export type Wire = (endpoint: Endpoint.Endpoint) => Endpoint.Endpoint

export interface Options extends Simulator.Options {
  /** Simulated agents know nothing yet. Defaults to one. */
  readonly agents?: ReadonlyArray<Simulator.NewAgent> | undefined
}

export type Entries = Map<string, Journal.Entry>

interface Own {
  /** What an earlier process left in its journal. Defaults to nothing. */
  readonly journal?: Entries | undefined
  readonly wire?: Wire | undefined
}

export interface Lab {
  readonly simulator: Simulator.Simulator
  readonly world: Simulator.Simulator["world"]
  /** Of the agents, in their order. */
  readonly agents: ReadonlyArray<string>
  readonly target: (host?: string, more?: Partial<Operations.Target>) => Operations.Target
  /** Makes the files of a site exactly these. */
  readonly files: (target: Operations.Target, files: Readonly<Record<string, string>>) => void
  readonly state: (target: Operations.Target) => State.State
  /** As a process of its own would: with its own connection and its own journal. */
  readonly process: <A, E>(effect: Effect.Effect<A, E, Operations.Needs>, own?: Own) => Effect.Effect<A, E>
  /** What was not as it must be, at any moment so far, but for files that are removed on purpose. */
  readonly violations: ReadonlyArray<string>
  /** Files that are removed on purpose. */
  readonly removed: Set<string>
  /** What is wrong now that a site is in step with these files. */
  readonly check: (target: Operations.Target, files: Readonly<Record<string, string>>) => ReadonlyArray<string>
  readonly calls: () => number
}

const site = (host: string): Site.Site => Either.getOrThrow(Site.parse(`https://${host}`))

export const hashOf = (content: string): string => createHash("sha256").update(content).digest("hex")

export const md5Of = (content: string): string => createHash("md5").update(content).digest("hex")

/** A file of one product; large enough to be indexed. */
export const text = (what: string): string => `# ${what}\n${"All there is to know about it. ".repeat(30)}\n`

const read = (path: string, host: string): State.State =>
  Fs.existsSync(path)
    ? Either.getOrElse(State.decode(Fs.readFileSync(path), host), () => State.empty(host))
    : State.empty(host)

const idOf = (result: unknown): ReadonlyArray<string> =>
  typeof result === "object" && result !== null && "id" in result && typeof result.id === "string" ? [result.id] : []

const nameOf = (intent: unknown): ReadonlyArray<string> =>
  typeof intent === "object" && intent !== null && "name" in intent && typeof intent.name === "string"
    ? [intent.name]
    : []

/** Written without waiting for the disk: that they outlive a power cut is shown elsewhere, and takes most of the time. */
const quickFiles = (): typeof StateFiles.Service => {
  const locks = new Map<string, Effect.Semaphore>()
  const lockOf = (path: string): Effect.Semaphore => {
    const lock = locks.get(path) ?? Effect.unsafeMakeSemaphore(1)
    locks.set(path, lock)
    return lock
  }
  return {
    read: (path) => Effect.sync(() => Fs.existsSync(path) ? Option.some(Fs.readFileSync(path, "utf8")) : Option.none()),
    readLastGood: () => Effect.succeedNone,
    write: (path, text) => Effect.sync(() => Fs.writeFileSync(path, text)),
    withLock: (work, path) => {
      Fs.mkdirSync(Path.dirname(path), { recursive: true })
      return lockOf(path).withPermits(1)(work)
    },
    inspect: () => Effect.succeed({ held: false, holder: Option.none() })
  }
}

/** Runs a test on a clock that never waits. */
export const run = <A, E>(options: Options, test: (lab: Lab) => Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.scoped(Effect.gen(function*() {
    const root = yield* Effect.acquireRelease(
      Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "holdfast-kb-"))),
      (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
    )
    const simulator = yield* Effect.orDie(Simulator.make({ agents: [{ name: "Support" }], record: true, ...options }))
    const { world } = simulator
    const journals = new Set<Entries>()
    const states = quickFiles()
    const targets = new Map<string, Operations.Target>()
    const violations: Array<string> = []
    const removed = new Set<string>()

    const known = ({ site, state }: Operations.Target) => {
      const recorded = read(state, site.host)
      const uploads = [...journals].flatMap((entries) =>
        [...entries].filter(([key]) => key.startsWith(`elevenlabs/${site.host}/upload/`)).map(([, entry]) => entry)
      )
      return {
        removed,
        folder: world.folders().find(({ name }) => name === `holdfast/${site.host}`)?.id,
        recorded: [
          ...State.idsOf(recorded),
          ...uploads.flatMap((entry) => entry._tag === "Completed" ? idOf(entry.result) : [])
        ],
        open: uploads.flatMap((entry) => entry._tag === "Begun" ? nameOf(entry.intent) : []),
        hashes: Object.values(recorded.documents).flatMap(({ documentId, hash }): ReadonlyArray<[string, string]> =>
          hash === null || hash.startsWith("md5:") ? [] : [[documentId, hash]]
        )
      }
    }
    const tell = (expected: ReturnType<typeof known>, when: string) =>
      world.check(expected).map(({ detail, invariant }) => `${invariant} ${when}: ${detail}`)

    yield* world.listen(({ call, when }) =>
      Effect.sync(() => {
        if (when === "before") return
        for (const target of targets.values()) {
          violations.push(...tell(known(target), `after call ${call.number}, ${call.method} ${call.url}`))
        }
      })
    )

    const lab: Lab = {
      simulator,
      world,
      agents: world.agents().map(({ id }) => id),
      target: (host = "example.com", more) => {
        const target = {
          site: site(host),
          folder: Path.join(root, "out", host),
          state: Path.join(root, "config", `${host}.json`),
          agents: world.agents().slice(0, 1).map(({ id }) => id),
          ...more
        }
        targets.set(host, target)
        return target
      },
      files: ({ folder }, files) => {
        Fs.rmSync(folder, { recursive: true, force: true })
        for (const [file, content] of Object.entries(files)) {
          Fs.mkdirSync(Path.dirname(Path.join(folder, file)), { recursive: true })
          Fs.writeFileSync(Path.join(folder, file), content)
        }
      },
      state: ({ site, state }) => read(state, site.host),
      process: (effect, own) =>
        Effect.gen(function*() {
          const entries = own?.journal ?? new Map<string, Journal.Entry>()
          journals.add(entries)
          const client = yield* Effect.orDie(
            Effect.provideService(
              Client.make({ apiKey: Redacted.make(simulator.credentials.apiKey), origin: "http://127.0.0.1:8080" }),
              HttpClient.HttpClient,
              Endpoint.toHttpClient(own?.wire?.(simulator.endpoint) ?? simulator.endpoint)
            )
          )
          return yield* effect.pipe(
            Effect.provideService(Client.Client, client),
            Effect.provideService(StateFiles, states),
            Effect.provideService(Journal.Journal, yield* Journal.makeMemory(entries)),
            Effect.provide(Layer.merge(NodeFileSystem.layer, NodePath.layer)),
            // Nobody looks at the spans.
            Effect.withTracerEnabled(false)
          )
        }),
      violations,
      removed,
      check: (target, files) => {
        const expected = known(target)
        const { documents, pendingDelete } = read(target.state, target.site.host)
        const attached = new Set(target.agents.flatMap((agent) => world.attached(agent)))
        return [
          ...tell(expected, "at the end"),
          ...world.check({
            ...expected,
            files: Object.entries(files).map(([file, content]) => Name.of(file, hashOf(content)).split(" #")[0] ?? "")
          }).map(({ detail, invariant }) => `${invariant} at the end: ${detail}`),
          ...pendingDelete.map((id) => `${id} is still to be deleted`),
          ...Object.entries(files).flatMap(([file, content]) => {
            const entry = documents[file]
            if (entry === undefined) return [`${file} is not recorded`]
            if (entry.hash !== hashOf(content)) return [`${file} is recorded with another content`]
            return target.agents.length > 0 && !attached.has(entry.documentId) ? [`no agent knows ${file}`] : []
          }),
          ...Object.keys(documents).filter((file) => !(file in files)).map((file) => `${file} is recorded`)
        ]
      },
      calls: () => simulator.calls.total
    }
    return yield* test(lab)
  })).pipe(
    Effect.provide(Logger.remove(Logger.defaultLogger)),
    VirtualClock.run,
    (run) => Effect.suspend(() => Effect.withRandom(run, Random.make(options.seed ?? 1)))
  )

/** Where in the life of its request a process dies. */
export type Moment = "before" | "acted" | "replied"

/**
 * Runs a process that dies at the first request that is meant, and tells whether it lived so long. After that nothing of it
 * reaches the server or its journal any more.
 */
export const killed = <A, E>(
  lab: Lab,
  meant: (request: Endpoint.Request, number: number) => boolean,
  moment: Moment,
  effect: Effect.Effect<A, E, Operations.Needs>,
  journal?: Entries,
  between: Wire = (endpoint) => endpoint
): Effect.Effect<boolean> =>
  Effect.gen(function*() {
    const dead = yield* Deferred.make<void>()
    let number = 0
    let isDead = false
    const die = Effect.zipRight(Deferred.succeed(dead, undefined), Effect.never)
    const wire: Wire = (below) => {
      const endpoint = between(below)
      return (request) =>
        Effect.suspend(() => {
          if (isDead) return Effect.never
          number += 1
          if (!meant(request, number)) return endpoint(request)
          isDead = true
          if (moment === "before") return die
          return moment === "acted"
            ? Effect.zipRight(endpoint(request), die)
            // What it does with the reply may still be done, but for what it asks next.
            : Effect.tap(endpoint(request), () => Deferred.succeed(dead, undefined))
        })
    }
    const fiber = yield* Effect.fork(lab.process(effect, { journal, wire }))
    const first = yield* Effect.race(
      Effect.as(Deferred.await(dead), "dead"),
      Effect.flatMap(Fiber.await(fiber), (exit) =>
        Exit.isFailure(exit) ? Effect.die(Cause.squash(exit.cause)) : Effect.succeed("ended"))
    )
    if (moment === "replied") {
      yield* Effect.sleep("50 millis")
    }
    yield* Fiber.interrupt(fiber)
    return first === "dead"
  })

export interface Rule {
  readonly method: string
  readonly path: RegExp
  /** Which of the requests that match, from 1. Defaults to the first. */
  readonly nth?: number | undefined
  readonly reply: (answer: Effect.Effect<Endpoint.Reply>) => Effect.Effect<Endpoint.Reply>
}

/** The first rule whose turn it is decides about a request. */
export const rules = (...list: ReadonlyArray<Rule>): Wire => {
  const counts = list.map(() => 0)
  return (endpoint) => (request) => {
    for (const [index, rule] of list.entries()) {
      if (rule.method !== request.method || !rule.path.test(request.url)) continue
      const count = (counts[index] ?? 0) + 1
      counts[index] = count
      if (count === (rule.nth ?? 1)) return rule.reply(endpoint(request))
    }
    return endpoint(request)
  }
}

/** The server does it, and its answer is lost. */
export const lostReply: Rule["reply"] = (answer) => Effect.as(answer, Endpoint.reset)

export const only = ({ sites }: Report): SiteReport => {
  const [first, ...others] = sites
  if (first === undefined || others.length > 0) throw new Error(`${sites.length} sites`)
  return first
}

/** What was done, in a word a document: `Create a.txt`. What failed says why. */
export const words = (report: SiteReport): ReadonlyArray<string> => {
  const { outcome } = report
  return [
    ...(outcome._tag === "Failed" ? [outcome.fault.message] : outcome._tag === "Done" ? [] : [outcome._tag]),
    ...report.documents.map(wordOf)
  ]
}

/** Somebody saves the list of an agent's documents by hand. */
export const editDocuments = (
  { world }: Lab,
  agent: string,
  edit: (list: ReadonlyArray<Json.Json>) => ReadonlyArray<Json.Json>
): Effect.Effect<string> =>
  world.editAgent(agent, (content) =>
    Tree.merge(content, {
      conversation_config: { agent: { prompt: { knowledge_base: edit(documentsOf(content)) } } }
    }))

const documentsOf = (content: Tree.Fields): ReadonlyArray<Json.Json> => {
  const list = Tree.at(content, "conversation_config", "agent", "prompt", "knowledge_base")
  return Tree.isList(list) ? list : []
}

const wordOf = ({ action, item, outcome }: DocumentReport): string =>
  `${action._tag} ${item}${outcome._tag === "Failed" ? `: ${outcome.fault.message}` : ""}`
