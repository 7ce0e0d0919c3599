/**
 * Programs of these tests that run as processes of their own, so that they can be killed.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { type ChildProcess, spawn } from "node:child_process"
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../..", import.meta.url))

/** A folder that is gone with the scope, and that every user may look into. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const path = mkdtempSync(join(tmpdir(), "holdfast-store-"))
    chmodSync(path, 0o755)
    return path
  }),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Bundles a program so that it starts fast. It lies where packages outside of the bundle are found. */
export const program = (source: URL): Effect.Effect<string, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cache = join(root, "node_modules", ".cache")
    const outdir = yield* Effect.acquireRelease(
      Effect.sync(() => {
        mkdirSync(cache, { recursive: true })
        const path = mkdtempSync(join(cache, "holdfast-"))
        chmodSync(path, 0o755)
        return path
      }),
      (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
    )
    const outfile = join(outdir, "program.mjs")
    yield* Effect.promise(() =>
      build({
        entryPoints: [fileURLToPath(source)],
        outfile,
        bundle: true,
        platform: "node",
        format: "esm",
        target: "node20.18",
        external: ["better-sqlite3", "pg-native"],
        banner: {
          js:
            "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);"
        },
        logLevel: "silent"
      })
    )
    return outfile
  })

export interface Child {
  readonly process: ChildProcess
  /** The next line that it prints; dies if it ends before. */
  readonly line: Effect.Effect<string>
  /** Its end: the exit code, or the signal. */
  readonly end: Effect.Effect<number | NodeJS.Signals>
  /** SIGKILL, and waits until it is gone. */
  readonly kill: Effect.Effect<void>
  readonly tell: (line: string) => Effect.Effect<void>
}

export interface Options {
  /** Runs as this user. Defaults to the own one. */
  readonly uid?: number | undefined
  readonly env?: Readonly<Record<string, string>> | undefined
}

/** Starts a command; it is killed with the scope. */
export const start = (
  words: readonly [string, ...ReadonlyArray<string>],
  options: Options = {}
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => watch(words, options)),
    (child) => child.kill
  )

export const startProgram = (
  path: string,
  words: ReadonlyArray<string>,
  options: Options = {}
): Effect.Effect<Child, never, Scope.Scope> => start([process.execPath, path, ...words], options)

const watch = ([command, ...words]: readonly [string, ...ReadonlyArray<string>], options: Options): Child => {
  const child = spawn(command, words, {
    stdio: ["pipe", "pipe", "pipe"],
    env: { PATH: process.env["PATH"], HOME: tmpdir(), ...options.env },
    ...(options.uid === undefined ? {} : { uid: options.uid })
  })
  const lines: Array<string> = []
  const waiting: Array<() => void> = []
  let errors = ""
  let ended: number | NodeJS.Signals | undefined
  const wake = () => {
    for (const resume of waiting.splice(0)) resume()
  }
  child.stdin.on("error", () => {})
  child.stderr.on("data", (chunk) => errors += String(chunk))
  const reader = createInterface({ input: child.stdout })
  reader.on("line", (line) => {
    lines.push(line)
    wake()
  })
  child.on("close", (code, signal) => {
    ended = code ?? signal ?? -1
    wake()
  })
  const await_ = <A>(poll: () => A | undefined): Effect.Effect<A> =>
    Effect.async<A>((resume) => {
      const look = () => {
        const value = poll()
        if (value === undefined) waiting.push(look)
        else resume(Effect.succeed(value))
      }
      look()
    })
  const end = await_(() => ended)
  return {
    process: child,
    line: Effect.flatMap(
      await_(() => lines.length > 0 || ended !== undefined ? { line: lines.shift() } : undefined),
      ({ line }) => line === undefined ? Effect.dieMessage(`ended with ${ended}: ${errors}`) : Effect.succeed(line)
    ),
    end,
    kill: Effect.zipRight(Effect.sync(() => child.kill("SIGKILL")), Effect.asVoid(end)),
    tell: (line) => Effect.sync(() => child.stdin.write(`${line}\n`))
  }
}
