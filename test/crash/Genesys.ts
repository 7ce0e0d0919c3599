/**
 * The worlds of the sweep for Genesys Cloud: an organisation of which a part is exported, into no folder and over an
 * older export. What is written must be what an undisturbed export writes, byte by byte.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Simulator from "../../src/systems/genesys/Simulator.ts"
import type { Label, Scenario, System, World } from "./System.ts"
import * as Trial from "./Trial.ts"

type Files = ReadonlyMap<string, string>

const output = "out"

/** Types that are read by several calls, that have files, that are whole in the listing, and that need each other. */
const types = {
  small: ["routing_queue", "architect_user_prompt", "routing_skill", "flow", "group", "script"],
  large: [
    "routing_queue",
    "architect_user_prompt",
    "routing_skill",
    "flow",
    "architect_datatable_row",
    "group",
    "integration_action",
    "outbound_contact_list",
    "script",
    "user"
  ]
}

const words = (size: "small" | "large", more: ReadonlyArray<string>): ReadonlyArray<string> => [
  "genesys",
  "export",
  "--directory",
  output,
  "--export-format",
  "hcl",
  "--include-state-file",
  "--max-concurrent",
  "3",
  ...types[size].flatMap((type) => ["--include-filter-resources", type]),
  ...more
]

const ids = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g

/** Of who asks, nothing is kept; every other answer may go into the store. */
const readOnly = /^(?:POST \/oauth\/token|GET \/api\/v2\/organizations\/me)$/

const label = ({ method, url }: { readonly method: string; readonly url: string }): Label => {
  const name = `${method} ${url}`
  return { name, route: name.replace(/\?.*$/, "").replace(ids, "{}"), read: readOnly.test(name), phase: "" }
}

/** What an export leaves in its folder, and beside it anything that does not belong there. */
const read = (folder: string): Files => {
  const beside = readdirSync(folder).filter((name) => name !== output && name !== ".holdfast")
  const out = join(folder, output)
  const found = existsSync(out) ? readdirSync(out, { recursive: true, withFileTypes: true }) : []
  return new Map([
    ...beside.map((name) => [name, "beside the output"] as const),
    ...found.filter((entry) => entry.isFile()).map((entry) => {
      const path = join(entry.parentPath, entry.name)
      return [path.slice(folder.length + 1), readFileSync(path, "latin1")] as const
    })
  ])
}

const differences = (wanted: Files, found: Files): ReadonlyArray<string> =>
  [...new Set([...wanted.keys(), ...found.keys()])].toSorted().flatMap((name) => {
    const [before, after] = [wanted.get(name), found.get(name)]
    if (before === after) return []
    if (before === undefined) return [`${name} is there too`]
    return [after === undefined ? `${name} is missing` : `${name} is different`]
  })

interface Options {
  readonly size: "small" | "large"
  /** So many per cent of the organisation have changed. */
  readonly changed: number
  readonly folder?: string | undefined
  /** What an undisturbed export has written. */
  readonly wanted: Files | undefined
}

const build = ({ changed, wanted }: Options): Effect.Effect<World> =>
  Effect.gen(function*() {
    const simulator = yield* Effect.orDie(Simulator.make({ resources: 60, rateLimitPerMinute: 1_000_000 }))
    if (changed > 0) simulator.world.mutate(changed)
    return {
      endpoint: simulator.endpoint,
      label: (request) => Effect.succeed(label(request)),
      answered: () => {},
      afterInterruption: Effect.succeed([]),
      problems: (folder) => Effect.sync(() => wanted === undefined ? [] : differences(wanted, read(folder)))
    }
  })

const scenario = (name: string, options: Options): Scenario => ({
  name,
  words: words(options.size, options.changed > 0 ? ["--since-last"] : []),
  resume: "what was read is kept; to go on, run the same command again",
  idleMillis: 0,
  world: () => build(options),
  files: {},
  folder: options.folder,
  environment: (url) => {
    const [client] = Simulator.credentials(1)
    return {
      HOLDFAST_GENESYS_ORIGIN: url,
      HOLDFAST_GENESYS_CLIENT_ID: client.id,
      HOLDFAST_GENESYS_CLIENT_SECRET: client.secret
    }
  }
})

/** The same scenario, which knows what it must come to; and the folder in which it came to that. */
const judged = (
  command: string,
  name: string,
  options: Omit<Options, "wanted">
): Effect.Effect<{ readonly scenario: Scenario; readonly folder: string }, never, Scope.Scope> =>
  Effect.gen(function*() {
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-crash-export-"))),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const plan: Trial.Plan = { stops: [], gap: "soon" }
    const trial = yield* Trial.run(
      command,
      scenario(name, { ...options, wanted: undefined }),
      plan,
      (_, cwd) => Effect.sync(() => cpSync(cwd, folder, { recursive: true }))
    )
    const wanted = read(folder)
    if (trial.problems.length > 0 || !wanted.has(join(output, "genesyscloud.tf"))) {
      return yield* Effect.dieMessage(`${name} cannot be done: ${trial.problems.join("; ")}`)
    }
    return { scenario: scenario(name, { ...options, wanted }), folder }
  })

const scenarios: System["scenarios"] = (command, size) =>
  Effect.gen(function*() {
    const first = yield* judged(command, "export", { size, changed: 0 })
    const later = yield* judged(command, "since-last", { size, changed: 30, folder: first.folder })
    return [first.scenario, later.scenario]
  })

export const system: System = { name: "genesys", scenarios }
