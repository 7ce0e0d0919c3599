/**
 * A simulated organisation in a process of its own, and the command pointed at it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { folder, type Result, type Running, start } from "./Command.ts"
import * as Terminal from "./Terminal.ts"

export interface Served {
  readonly folder: string
  readonly organisation: { readonly id: string; readonly name: string }
  /** Its client's secret. No output may ever contain it. */
  readonly secret: string
  readonly env: Readonly<Record<string, string>>
  readonly run: (line: string, env?: Readonly<Record<string, string>>) => Effect.Effect<Result>
  readonly start: (line: string) => Effect.Effect<Running, never, Scope.Scope>
  readonly onTerminal: (line: string) => Effect.Effect<Running, never, Scope.Scope>
  /** Everything that any of the runs has printed so far. */
  readonly printed: () => string
}

/** Serves 60 resources until the scope closes. */
export const serve = (
  options: { readonly faults?: unknown; readonly words?: ReadonlyArray<string> } = {}
): Effect.Effect<Served, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cwd = yield* folder
    writeFileSync(join(cwd, "faults.json"), JSON.stringify(options.faults ?? {}))
    const words = ["sim", "genesys", "--json", "--resources", "60", "--rate-limit", "0", "--faults", "faults.json"]
    const server = yield* start([...words, ...options.words ?? []], { cwd })
    yield* server.says("Ctrl-C ends it")
    const told: {
      readonly environment: Readonly<Record<string, string>>
      readonly organisation: Served["organisation"]
    } = JSON.parse(server.stdout())
    const outputs: Array<() => string> = []
    const kept = (running: Running) => {
      outputs.push(() => running.stdout() + running.stderr())
      return running
    }
    const begin = (line: string, env: Readonly<Record<string, string>> = {}) =>
      Effect.map(start(line.split(" "), { cwd, env: { ...told.environment, ...env } }), kept)
    return {
      folder: cwd,
      organisation: told.organisation,
      secret: told.environment["HOLDFAST_GENESYS_CLIENT_SECRET"] ?? "",
      env: told.environment,
      run: (line, env) => Effect.scoped(Effect.flatMap(begin(line, env), (running) => running.ends)),
      start: begin,
      onTerminal: (line) => Effect.map(Terminal.start(line.split(" "), { cwd, env: told.environment }), kept),
      printed: () => outputs.map((output) => output()).join("\n")
    }
  })

/** Every file below a folder, by its path. */
export const tree = (path: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .toSorted()
      .map((file) => [file.slice(path.length + 1), readFileSync(file, "latin1")])
  )
