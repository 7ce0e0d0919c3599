/**
 * The built command as a child process, in a folder and an environment of its own.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { spawn } from "node:child_process"
import { tmpdir } from "node:os"
import * as Starvation from "./Starvation.ts"

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** From the first signal to the end. */
  readonly stoppingMillis: number
  /** Of that, what it or the server waited for a processor. */
  readonly starvedMillis: number
}

export interface Child {
  readonly send: (signal: NodeJS.Signals) => void
  readonly ended: Effect.Effect<Ended>
}

export interface Options {
  readonly command: string
  readonly words: ReadonlyArray<string>
  readonly cwd: string
  readonly environment: Readonly<Record<string, string>>
}

/** How often a process that is stopping is asked how long it has waited, in milliseconds; in the end it cannot be. */
const lookEvery = 200

/** Killed with the scope. Nothing of the machine's own configuration gets in. */
export const start = ({ command, cwd, environment, words }: Options): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const env = { PATH: process.env["PATH"], HOME: tmpdir(), LANG: "C.UTF-8", ...environment }
      const child = spawn(process.execPath, [command, ...words], { cwd, env, stdio: ["ignore", "pipe", "pipe"] })
      let stdout = ""
      let stderr = ""
      let signalled: number | undefined
      let ended: Ended | undefined
      let starvedMillis = 0
      let looks: NodeJS.Timeout | undefined
      const watch = (): void => {
        const { pid } = child
        if (pid === undefined) return
        const [own, its] = [Starvation.waited("self"), Starvation.waited(pid)]
        looks = setInterval(() => {
          starvedMillis = Math.max(
            starvedMillis,
            Starvation.waited("self") - own + Math.max(0, Starvation.waited(pid) - its)
          )
        }, lookEvery)
      }
      child.stdout.on("data", (chunk) => {
        stdout += String(chunk)
      })
      child.stderr.on("data", (chunk) => {
        stderr += String(chunk)
      })
      child.once("close", (code, signal) => {
        clearInterval(looks)
        const now = performance.now()
        ended = { code, signal, stdout, stderr, stoppingMillis: now - (signalled ?? now), starvedMillis }
      })
      return {
        send: (signal: NodeJS.Signals) => {
          if (signalled === undefined) {
            signalled = performance.now()
            if (signal === "SIGINT") watch()
          }
          child.kill(signal)
        },
        ended: Effect.async<Ended>((resume) => {
          const tell = () => {
            if (ended !== undefined) resume(Effect.succeed(ended))
          }
          child.once("close", tell)
          tell()
          return Effect.sync(() => child.off("close", tell))
        })
      }
    }),
    (child) => Effect.sync(() => child.send("SIGKILL"))
  )
