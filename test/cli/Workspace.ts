/**
 * A simulated ElevenLabs workspace on a port, a folder with sites, and the command pointed at both.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { mkdirSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import * as Serve from "../../src/simulation/Serve.ts"
import * as Simulator from "../../src/systems/elevenlabs/Simulator.ts"
import { folder, type Result, type Running, start } from "./Command.ts"

export interface Served {
  readonly folder: string
  /** Ids. The second one retrieves. */
  readonly agents: ReadonlyArray<string>
  readonly simulator: Simulator.Simulator
  readonly env: Readonly<Record<string, string>>
  /** No output and no file may ever contain it. */
  readonly secret: string
  readonly write: (path: string, text: string) => void
  /** Where nothing else is said, in the folder. */
  readonly run: (line: string, env?: Readonly<Record<string, string>>, cwd?: string) => Effect.Effect<Result>
  readonly start: (
    line: string,
    env?: Readonly<Record<string, string>>,
    cwd?: string
  ) => Effect.Effect<Running, never, Scope.Scope>
  /** The next save of an agent is not answered. The inner effect waits for it. */
  readonly holdSave: Effect.Effect<Effect.Effect<void>, never, Scope.Scope>
  /** Everything that any of the runs has printed so far. */
  readonly printed: () => string
}

const make = Effect.fnUntraced(function*(options: Simulator.Options) {
  const cwd = yield* folder
  const simulator = yield* Simulator.make({
    agents: [{ name: "Support" }, { name: "Sales", retrieval: true }],
    indexMillis: 20,
    ...options
  })
  const server = yield* Serve.serve(simulator.endpoint)
  const env = {
    HOLDFAST_ELEVENLABS_ORIGIN: server.url,
    HOLDFAST_ELEVENLABS_API_KEY: simulator.credentials.apiKey
  }
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(cwd, path)), { recursive: true })
    writeFileSync(join(cwd, path), text)
  }
  const agents = simulator.world.agents().map(({ id }) => id)
  const sites = [
    { url: "https://www.example.com", agents: agents.slice(0, 1) },
    { url: "https://my-shop.example", agents }
  ]
  write("sites.yaml", JSON.stringify({ sites }))
  write("out/example-com/a.txt", "a")
  write("out/example-com/b.md", "# b")
  write("out/my--shop-example/s.txt", "s")
  const outputs: Array<() => string> = []
  const begin: Served["start"] = (line, extra = {}, place = cwd) =>
    Effect.map(start(line.split(" "), { cwd: place, env: { ...env, ...extra } }), (running) => {
      outputs.push(() => running.stdout() + running.stderr())
      return running
    })
  const holdSave = Effect.gen(function*() {
    const reached = yield* Deferred.make<void>()
    yield* simulator.world.listen(({ call, when }) =>
      Effect.gen(function*() {
        if (when !== "before" || call.method !== "PATCH" || !call.url.includes("/agents/")) return
        if (yield* Deferred.succeed(reached, undefined)) return yield* Effect.never
      })
    )
    return Deferred.await(reached)
  })
  const result: Served = {
    folder: cwd,
    agents,
    simulator,
    env,
    secret: simulator.credentials.apiKey,
    write,
    run: (line, extra, place) => Effect.scoped(Effect.flatMap(begin(line, extra, place), (running) => running.ends)),
    start: begin,
    holdSave,
    printed: () => outputs.map((output) => output()).join("\n")
  }
  return result
})

/** Serves two agents, with `a.txt` and `b.md` of one site and `s.txt` of another, until the scope closes. */
export const serveWith = (options: Simulator.Options): Effect.Effect<Served, never, Scope.Scope> =>
  Effect.orDie(make(options))

export const serve = serveWith({})
