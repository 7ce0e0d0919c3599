/**
 * Processes that use a store, to be stopped and killed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { type ChildProcessWithoutNullStreams, spawn, type SpawnOptionsWithoutStdio } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { afterAll } from "vitest"

export interface Child {
  readonly process: ChildProcessWithoutNullStreams
  /** Everything it said so far. */
  readonly said: ReadonlyArray<string>
  /** Waits until it says so. */
  readonly says: (line: string | ((line: string) => boolean)) => Effect.Effect<string>
  readonly tell: Effect.Effect<void>
  readonly kill: Effect.Effect<void>
  /** Waits until it has ended by itself. */
  readonly ended: Effect.Effect<void>
}

const root = fileURLToPath(new URL("../..", import.meta.url))

/** One file starts in a fifth of the time. It lies where the native module is found from. */
const bundle = async (): Promise<string> => {
  const folder = Path.join(root, "node_modules", ".cache", "holdfast-test")
  await Fs.mkdir(folder, { recursive: true })
  const outfile = Path.join(folder, `child-${process.pid}.mjs`)
  await build({
    entryPoints: [Path.join(root, "test/store/StoreProgram.ts")],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20",
    external: ["better-sqlite3", "pg-native"],
    logLevel: "error",
    banner: {
      js: `import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);`
    }
  })
  afterAll(() => Fs.rm(outfile, { force: true }))
  return outfile
}

const script = bundle()

export const start = (
  program: string,
  place: { readonly file?: string; readonly url?: string; readonly now?: number },
  options?: SpawnOptionsWithoutStdio
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.gen(function*() {
    const path = yield* Effect.promise(() => script)
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(process.execPath, [path, program, JSON.stringify(place)], { cwd: "/", ...options })),
      (running) => Effect.sync(() => running.kill("SIGKILL"))
    )
    const exit = once(child, "exit")
    const said: Array<string> = []
    const waiting = new Set<() => void>()
    createInterface({ input: child.stdout }).on("line", (line) => {
      said.push(line)
      for (const look of waiting) look()
    })
    child.stderr.on("data", (chunk: Buffer) => said.push(`stderr ${chunk.toString()}`))
    return {
      process: child,
      said,
      says: (wanted) =>
        Effect.async<string>((resume) => {
          const look = () => {
            const line = said.find((candidate) => typeof wanted === "string" ? candidate === wanted : wanted(candidate))
            if (line === undefined) return
            waiting.delete(look)
            resume(Effect.succeed(line))
          }
          waiting.add(look)
          look()
        }),
      tell: Effect.sync(() => child.stdin.write("go on\n")),
      kill: Effect.zipRight(Effect.sync(() => child.kill("SIGKILL")), Effect.promise(() => exit)),
      ended: Effect.asVoid(Effect.promise(() => exit))
    }
  })
