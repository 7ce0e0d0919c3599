/**
 * The worlds of the sweep for ElevenLabs: sites whose files are uploaded, changed or removed, with agents that know their
 * documents, and documents of others among them. After every call no agent is without a document that it had, every
 * document is known to the state file or the journal, and what is recorded of its content is so; and in the end all is as
 * after an undisturbed run.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import * as Journal from "../../src/kernel/Journal.ts"
import * as Endpoint from "../../src/simulation/Endpoint.ts"
import * as Client from "../../src/systems/elevenlabs/Client.ts"
import * as Name from "../../src/systems/elevenlabs/documents/Name.ts"
import * as Operations from "../../src/systems/elevenlabs/Operations.ts"
import { StateFiles } from "../../src/systems/elevenlabs/run/StateFiles.ts"
import * as Simulator from "../../src/systems/elevenlabs/Simulator.ts"
import * as Site from "../../src/systems/elevenlabs/site/Site.ts"
import * as State from "../../src/systems/elevenlabs/state/State.ts"
import * as Tree from "../../src/systems/elevenlabs/simulator/Tree.ts"
import * as Disk from "../simulate/elevenlabs/Disk.ts"
import * as Process from "../simulate/Process.ts"
import * as Known from "./ElevenLabsKnown.ts"
import * as Labels from "./ElevenLabsLabels.ts"
import type { Scenario, System, World } from "./System.ts"

type Files = Readonly<Record<string, string>>

interface SiteFiles {
  readonly host: string
  /** What it was brought in step with before; nothing for a first upload. */
  readonly before?: Files | undefined
  readonly now: Files
}

interface Options {
  readonly sites: ReadonlyArray<SiteFiles>
  /** Defaults to `swap`. */
  readonly strategy?: "in-place" | undefined
  /** Others name a document of the first file, too: a branch of its agent, and a node in the workflow of another. */
  readonly isBorrowed?: boolean | undefined
  readonly retrieval?: boolean | undefined
}

const text = (what: string): string => `# ${what}\n${"All there is to know about it. ".repeat(30)}\n`

const before = { "a.txt": text("Apples"), "sub/b.md": text("Pears") }
const changed = { ...before, "a.txt": text("Green apples") }

const slugOf = (host: string): string => host.replaceAll(".", "-")

const stateOf = (host: string): string => `config/elevenlabs/${slugOf(host)}.json`

const folderOf = (host: string): string => `out/${slugOf(host)}`

const target = (host: string, agent: string, root = ""): Operations.Target => ({
  site: Either.getOrThrow(Site.parse(`https://${host}`)),
  folder: join(root, folderOf(host)),
  state: join(root, stateOf(host)),
  agents: [agent]
})

const withClient = <A, E, R>(
  { credentials, endpoint }: Simulator.Simulator,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, Exclude<Exclude<R, Client.Client>, Journal.Journal>> =>
  Effect.gen(function*() {
    const client = yield* Effect.orDie(Effect.provideService(
      Client.make({ apiKey: Redacted.make(credentials.apiKey), origin: "http://127.0.0.1:1" }),
      HttpClient.HttpClient,
      Endpoint.toHttpClient(endpoint)
    ))
    return yield* effect.pipe(
      Effect.provideService(Client.Client, client),
      Effect.provide(Journal.layerMemory),
      Logger.withMinimumLogLevel(LogLevel.None)
    )
  })

interface Prepared {
  readonly simulator: Simulator.Simulator
  readonly disk: Disk.Disk
  /** Brings sites in step, in process. */
  readonly sync: (hosts: ReadonlyArray<string>) => Effect.Effect<unknown>
  /** Of the agent that the sites have. */
  readonly agent: string
  /** What is recorded, by the path of the file. */
  readonly states: Files
}

const listOf = (content: Tree.Fields): ReadonlyArray<Tree.Fields> => {
  const list = Tree.at(content, "conversation_config", "agent", "prompt", "knowledge_base")
  return Tree.isList(list) ? list.filter(Tree.isFields) : []
}

/** The workspace as it is before. It is the same each time, with the same ids. */
const prepare = ({ isBorrowed, retrieval, sites, strategy }: Options): Effect.Effect<Prepared> =>
  Effect.gen(function*() {
    const simulator = yield* Effect.orDie(Simulator.make({
      indexMillis: 20,
      fileOf: (name) => Name.parse(name)?.file ?? name
    }))
    const { world } = simulator
    const notes = yield* world.addForeignDocument({ name: "Notes" })
    const hours = yield* world.addForeignDocument({ name: "Opening hours" })
    const agent = yield* world.addAgent({
      name: "Support",
      retrieval: retrieval ?? false,
      documents: [{ id: notes, name: "Notes", type: "text", usage: "prompt" }]
    })
    const disk = Disk.make()
    const process = yield* Process.make("before")
    const sync = (hosts: ReadonlyArray<string>) =>
      withClient(
        simulator,
        Operations.sync(hosts.map((host) => target(host, agent)), { parallel: 1, strategy })
      ).pipe(
        Effect.provideService(FileSystem.FileSystem, disk.system),
        Effect.provideService(StateFiles, disk.states(process, () => {})),
        Effect.provide(NodePath.layer)
      )
    for (const site of sites) disk.files(folderOf(site.host), site.before ?? {})
    const known = sites.flatMap((site) => site.before === undefined ? [] : [site.host])
    yield* sync(known)
    const states = Object.fromEntries(known.map((host) => [stateOf(host), disk.text(stateOf(host)) ?? ""]))
    // Somebody put one of theirs behind ours.
    const entry = { type: "text", name: "Opening hours", id: hours, usage_mode: "auto" }
    yield* world.editAgent(agent, (content) => Labels.withList(content, [...listOf(content), entry]))
    const [first] = world.documents().filter(({ foreign, name }) => !foreign && Name.parse(name)?.file === "a.txt")
    if (isBorrowed === true && first !== undefined) {
      const named = { id: first.id, name: first.name, type: "file" } as const
      yield* world.addAgent({ name: "Flow", nodes: { node: [named] } })
      const branch = yield* world.addBranch(agent, "Trial")
      yield* world.editAgent(agent, (content) => Labels.withList(content, listOf(content).slice(1, 2)), branch)
    }
    return { simulator, disk, sync, agent, states }
  })

/** What there is, without what differs from run to run. */
const shown = (
  { world }: Simulator.Simulator,
  { sites }: Options,
  text: (path: string) => string | undefined
): string => {
  const nameOf = (id: string): string => world.document(id)?.name ?? `${id}, which is gone`
  const ordered = (names: ReadonlyArray<string>): ReadonlyArray<string> =>
    // What comes at once comes in any order.
    sites.every((site) => site.before !== undefined) ? names : names.toSorted()
  const lines = [
    ...world.documents().map(({ folder, foreign, hash, name }) =>
      `document ${name} ${folder === null ? "" : world.folders().find(({ id }) => id === folder)?.name} ${hash} ${
        foreign ? "of others" : ""
      }`
    ).toSorted(),
    ...world.folders().map(({ name }) => `folder ${name}`).toSorted(),
    ...world.agents().flatMap(({ branches }) =>
      [...branches.values()].flatMap(({ name, versions }) => {
        const content = versions.at(-1)?.content ?? {}
        return Tree.places(content).map(({ list, path }) =>
          `${String(Tree.at(content, "name"))} ${name} ${path}: ${
            ordered(list.map((entry) => `${nameOf(Tree.idOf(entry))} (${String(Tree.at(entry, "usage_mode"))})`)).join(
              ", "
            )
          }`
        )
      })
    ),
    ...sites.flatMap(({ host }) => {
      const state = Either.getOrUndefined(State.decode(text(stateOf(host)) ?? "", host))
      return [
        `state of ${host}: ${
          Object.entries(state?.documents ?? {}).map(([file, { documentId, hash, name, size }]) =>
            `${file} ${nameOf(documentId)} ${name} ${hash} ${size}`
          ).join(", ")
        }`,
        `to delete: ${[...state?.pendingDelete ?? ["?"], ...state?.orphans ?? []].map(nameOf).join(", ")}`
      ]
    })
  ]
  return lines.join("\n")
}

const differences = (wanted: string, found: string): ReadonlyArray<string> => {
  const [before, after] = [wanted.split("\n"), found.split("\n")]
  return [
    ...after.filter((line) => !before.includes(line)).map((line) => `there is: ${line}`),
    ...before.filter((line) => !after.includes(line)).map((line) => `missing: ${line}`)
  ]
}

/** What is left to be done. */
const planned = ({ agent, simulator }: Prepared, folder: string, { sites }: Options) =>
  withClient(
    simulator,
    Operations.plan(sites.map(({ host }) => target(host, agent, folder))).pipe(
      Effect.provide(NodeFileSystem.layer),
      Effect.provide(NodePath.layer)
    )
  ).pipe(
    Effect.map((report) =>
      report.sites.flatMap(({ documents, outcome, site }) => [
        ...(outcome._tag === "NotStarted" ? [] : [`the plan for ${site} is ${JSON.stringify(outcome)}`]),
        ...documents.filter(({ action }) => action._tag !== "Keep").map(({ action, item }) =>
          `the plan is not at rest: ${action._tag} ${item}`
        )
      ])
    )
  )

/** Files that agents need not have any more. */
const removedOf = ({ sites }: Options): ReadonlyArray<string> =>
  sites.flatMap(({ before = {}, now }) => Object.keys(before).filter((file) => !(file in now)))

/** Files beside those that were written, of processes that were killed. */
const leftOver = (folder: string): ReadonlyArray<string> =>
  readdirSync(join(folder, "config"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".tmp")).map((path) => `${path} is left over`)

const build = (
  options: Options,
  wanted: string,
  folder: string
): Effect.Effect<World, never, Scope.Scope> =>
  Effect.gen(function*() {
    const prepared = yield* prepare(options)
    const { simulator } = prepared
    const { world } = simulator
    const problems = new Set<string>()
    const hosts = options.sites.map(({ host }) => host)
    const expected = () => ({ removed: removedOf(options), ...Known.read(folder, hosts, stateOf) })
    yield* world.listen(({ call, when }) =>
      Effect.sync(() => {
        if (when === "before") return
        for (const problem of Known.problems(world, expected())) {
          problems.add(`${problem}, after ${call.method} ${call.url}`)
        }
      })
    )
    const labels = Labels.make(world)
    return {
      endpoint: simulator.endpoint,
      label: (request) => Effect.sync(() => labels(request)),
      answered: () => {},
      afterInterruption: Effect.sync(() => [...problems]),
      problems: (folder) =>
        Effect.map(planned(prepared, folder, options), (plan) => [
          ...problems,
          ...plan,
          ...leftOver(folder),
          ...differences(wanted, shown(simulator, options, (path) => readFileSync(join(folder, path), "utf8")))
        ])
    }
  })

const scenarioOf = (name: string, options: Options): Effect.Effect<Scenario> =>
  Effect.gen(function*() {
    const { agent, disk, simulator, states, sync } = yield* prepare(options)
    const { sites, strategy } = options
    // What it must come to: the same in process, undisturbed.
    for (const { host, now } of sites) disk.files(folderOf(host), now)
    yield* sync(sites.map(({ host }) => host))
    const wanted = shown(simulator, options, disk.text)
    return {
      name,
      words: ["elevenlabs", "sync", "sites.yaml", ...(strategy === undefined ? [] : ["--strategy", strategy])],
      resume: "what was begun is noted; to go on, run the same command again",
      idleMillis: 0,
      world: (_, folder) => build(options, wanted, folder),
      files: {
        "sites.yaml": JSON.stringify({ sites: sites.map(({ host }) => ({ url: `https://${host}`, agents: [agent] })) }),
        ...states,
        ...Object.fromEntries(sites.flatMap(({ host, now }) =>
          Object.entries(now).map(([file, content]) => [`${folderOf(host)}/${file}`, content])
        ))
      },
      environment: (url) => ({
        HOLDFAST_ELEVENLABS_ORIGIN: url,
        HOLDFAST_ELEVENLABS_API_KEY: simulator.credentials.apiKey
      })
    }
  })

const { "sub/b.md": _, ...removed } = before

const all = (size: "small" | "large"): Readonly<Record<string, Options>> => ({
  "first upload": { sites: [{ host: "example.com", now: before }], retrieval: size === "large" },
  update: { sites: [{ host: "example.com", before, now: changed }], isBorrowed: true, retrieval: true },
  removal: { sites: [{ host: "example.com", before, now: removed }] },
  "two sites": {
    sites: [
      { host: "example.com", before: { "a.txt": before["a.txt"] }, now: { "a.txt": changed["a.txt"] } },
      { host: "example.org", now: { "c.txt": text("Plums") } }
    ]
  },
  "in place": { sites: [{ host: "example.com", before, now: changed }], strategy: "in-place" }
})

export const system: System = {
  name: "elevenlabs",
  scenarios: (_, size) => Effect.forEach(Object.entries(all(size)), ([name, options]) => scenarioOf(name, options))
}
