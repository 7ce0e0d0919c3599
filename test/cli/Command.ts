/**
 * Runs the built command as a user does: a child process with its own environment and folder.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { inject } from "vitest"

export interface Options {
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
  readonly input?: string | undefined
  /** Keeps standard input open. Defaults to closing it behind the input. */
  readonly open?: boolean | undefined
}

export interface Result {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Running {
  readonly child: ChildProcess
  /** The text so far. */
  readonly stdout: () => string
  readonly stderr: () => string
  /** Waits until either stream contains the text; dies with both if the process ends before. */
  readonly says: (text: string) => Effect.Effect<void>
  readonly ends: Effect.Effect<Result>
}

/** Nothing of the machine's own configuration gets in. */
const environment = (extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  PATH: process.env["PATH"],
  HOME: tmpdir(),
  LANG: "C.UTF-8",
  ...extra
})

export const command = (): string => inject("command")

/** A folder that is gone with the scope. */
export const folder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "holdfast-test-"))),
  (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
)

/** Starts a program; it is killed with the scope. */
export const launch = (
  program: string,
  words: ReadonlyArray<string>,
  options: Options = {}
): Effect.Effect<Running, never, Scope.Scope> =>
  Effect.gen(function*() {
    const cwd = options.cwd ?? (yield* folder)
    const child = yield* Effect.acquireRelease(
      Effect.sync(() => spawn(program, words, { cwd, env: environment(options.env), stdio: "pipe" })),
      (child) =>
        Effect.sync(() => {
          child.kill("SIGKILL")
        })
    )
    child.stdin.on("error", () => {})
    if (options.open !== true) child.stdin.end(options.input ?? "")
    return watch(child)
  })

const watch = (child: ChildProcess): Running => {
  let stdout = ""
  let stderr = ""
  let result: Result | undefined
  const listeners = new Set<() => void>()
  const changed = () => {
    for (const listener of listeners) listener()
  }
  child.stdout?.on("data", (chunk) => {
    stdout += String(chunk)
    changed()
  })
  child.stderr?.on("data", (chunk) => {
    stderr += String(chunk)
    changed()
  })
  child.once("close", (code, signal) => {
    result = { code, signal, stdout, stderr }
    changed()
  })
  const when = <A>(poll: () => A | undefined): Effect.Effect<A> =>
    Effect.async((resume) => {
      const listener = () => {
        const value = poll()
        if (value === undefined) return
        listeners.delete(listener)
        resume(Effect.succeed(value))
      }
      listeners.add(listener)
      listener()
      return Effect.sync(() => listeners.delete(listener))
    })
  return {
    child,
    stdout: () => stdout,
    stderr: () => stderr,
    says: (text) =>
      when(() => (stdout.includes(text) || stderr.includes(text) ? "said" : result === undefined ? undefined : "ended"))
        .pipe(Effect.flatMap((how) =>
          how === "said"
            ? Effect.void
            : Effect.dieMessage(`ended without saying "${text}":\n${JSON.stringify(result, undefined, 2)}`)
        )),
    ends: when(() => result)
  }
}

/** Starts the command. */
export const start = (words: ReadonlyArray<string>, options?: Options) =>
  launch(process.execPath, [command(), ...words], options)

/** Runs the command to its end. */
export const run = (words: ReadonlyArray<string>, options?: Options): Effect.Effect<Result> =>
  Effect.scoped(Effect.flatMap(start(words, options), (running) => running.ends))
