import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import { secret, token } from "./Cluster.ts"
import { collector } from "./Collector.ts"
import { command, folder, launch, run, start } from "./Command.ts"

/** The simulated cluster as the command serves it, and the environment it prints. */
const simulated = (...words: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const running = yield* start(["sim", "proxmox", "--json", ...words])
    yield* running.says("Ctrl-C ends it")
    const { environment } = JSON.parse(running.stdout()) as { readonly environment: Readonly<Record<string, string>> }
    return environment
  })

const mistakes: ReadonlyArray<readonly [line: string, code: number, message: string]> = [
  ["proxmox apply --parallel 0", 64, "--parallel must be a whole number from 1, and \"0\" was given"],
  ["proxmox apply --parallel two", 64, "--parallel must be a whole number from 1, and \"two\" was given"],
  ["proxmox apply --timeout soon", 64, "--timeout must be a duration such as 90s, 30m or 2h"],
  ["proxmox task wait nonsense", 64, "\"nonsense\" is not a task name"],
  ["proxmox destroy x.yaml", 64, "no terminal to ask on"],
  ["--wizard", 64, "no terminal to ask on"],
  ["proxmox apply nowhere.yaml", 3, "nowhere.yaml: there is no such file"],
  ["proxmox apply", 3, "fleet.yaml: there is no such file"],
  ["proxmox list", 3, "PROXMOX_VE_ENDPOINT is not set"],
  ["proxmox list --config nowhere.json", 3, "there is no such configuration file"],
  ["sim proxmox --faults nowhere.yaml", 3, "nowhere.yaml: cannot be read"]
]

describe("the command", () => {
  it.live("tells its version, the one of the package", () =>
    Effect.gen(function*() {
      const content = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))
      for (const words of [["--version"], ["proxmox", "apply", "--version"]]) {
        expect(yield* run(words)).toMatchObject({ code: 0, stdout: `${content.version}\n`, stderr: "" })
      }
    }))

  it.live("a slip is answered on standard error, with the nearest name and exit status 64", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run(["proxmox", "aplly", "fleet.yaml"])
      expect({ code, stdout }).toEqual({ code: 64, stdout: "" })
      expect(stderr).toBe(
        "error: holdfast proxmox has no command \"aplly\"; did you mean apply?\n  holdfast proxmox --help tells what it takes\n"
      )
    }))

  for (const [line, expected, message] of mistakes) {
    it.live(`"${line}" ends with ${expected} and one message`, () =>
      Effect.gen(function*() {
        const { code, stderr, stdout } = yield* run(line.split(" "))
        expect({ code, stdout }).toEqual({ code: expected, stdout: "" })
        expect(stderr.startsWith("error: ")).toBe(true)
        expect(stderr.split(message).length).toBe(2)
        expect(stderr).not.toMatch(/^\s+at |node:internal|\{"/m)
      }))
  }

  it.live("with --json an error is one document on standard output, and still a message for people", () =>
    Effect.gen(function*() {
      const { code, stderr, stdout } = yield* run(["proxmox", "list", "--json"])
      expect(code).toBe(3)
      expect(JSON.parse(stdout)).toMatchObject({
        error: { kind: "invalid", code: "endpoint", sent: "no", state: "nothing was done" }
      })
      expect(stderr).toContain("PROXMOX_VE_ENDPOINT is not set")
    }))

  it.live("so is a wrong command line", () =>
    Effect.gen(function*() {
      const parsed = yield* run(["proxmox", "aplly", "--json"])
      expect([parsed.code, JSON.parse(parsed.stdout)]).toEqual([64, {
        error: { kind: "usage", message: "holdfast proxmox has no command \"aplly\"", suggestion: "apply" }
      }])
      const typed = yield* run(["proxmox", "apply", "--json", "--parallel", "x"])
      expect([typed.code, JSON.parse(typed.stdout).error.kind]).toEqual([64, "usage"])
    }))

  it.live("--debug adds where it came from, and only then", () =>
    Effect.gen(function*() {
      expect((yield* run(["proxmox", "list"])).stderr).not.toContain("Proxmox.connect")
      expect((yield* run(["proxmox", "list", "--debug"])).stderr).toContain("at:    Proxmox.connect, endpoint")
    }))

  it.live("completion scripts are shell", () =>
    Effect.gen(function*() {
      for (const shell of ["sh", "bash", "zsh", "fish"]) {
        const { code, stderr, stdout } = yield* run(["--completions", shell])
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
        expect(stdout).toContain("on-interrupt")
        // Short for elevenlabs.
        expect(stdout).toMatch(/\bkb\b/)
        expect(stdout).not.toContain("\u001b")
        if (shell === "bash" || shell === "sh") {
          const checked = spawnSync("bash", ["-n"], { input: stdout, encoding: "utf8" })
          expect(checked.error === undefined ? checked.status : 0).toBe(0)
        }
      }
    }))
})

describe("pipes", () => {
  it.live("a reader that goes away ends it quietly", () =>
    Effect.gen(function*() {
      for (const words of ["--help", "demo --print-fleet", "--completions zsh"]) {
        const line = `"${process.execPath}" "${command()}" ${words} | head -n 1; exit \${PIPESTATUS[0]}`
        const { code, stderr, stdout } = yield* Effect.scoped(
          Effect.flatMap(launch("bash", ["-c", line]), (running) => running.ends)
        )
        expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
        expect(stdout.split("\n").length).toBe(2)
      }
    }))

  it.live("closed standard error and output do not make it fail", () =>
    Effect.gen(function*() {
      const line = `"${process.execPath}" "${command()}" demo --print-fleet >&- 2>&-`
      const { code } = yield* Effect.scoped(
        Effect.flatMap(launch("bash", ["-c", line]), (running) => running.ends)
      )
      expect(code).toBe(0)
    }))

  it.live("a result larger than a pipe arrives whole", () =>
    Effect.gen(function*() {
      const { stdout } = yield* run(["--completions", "zsh"])
      expect(stdout.length).toBeGreaterThan(10_000)
      expect(stdout.trimEnd().split("\n").at(-1)?.length).toBeGreaterThan(0)
    }))
})

describe("the simulated cluster", () => {
  it.live("prints the environment as shell, and nothing else on standard output", () =>
    Effect.gen(function*() {
      // Also in a shell that has been pointed at it before.
      const running = yield* start(["sim", "proxmox"], { env: { PROXMOX_VE_API_TOKEN: token } })
      yield* running.says("Ctrl-C ends it")
      const evaluated = spawnSync("sh", ["-c", `${running.stdout()}\nprintf %s "$PROXMOX_VE_API_TOKEN"`], {
        encoding: "utf8"
      })
      expect(evaluated.stdout).toBe(token)
    }).pipe(Effect.scoped))

  it.live("serves until it is interrupted: 130 by SIGINT, 143 by SIGTERM", () =>
    Effect.gen(function*() {
      for (const [signal, expected] of [["SIGINT", 130], ["SIGTERM", 143], ["SIGHUP", 129]] as const) {
        const running = yield* start(["sim", "proxmox"])
        yield* running.says("Ctrl-C ends it")
        running.child.kill(signal)
        const { code, stderr } = yield* running.ends
        expect(code).toBe(expected)
        expect(stderr).toContain("interrupted")
      }
    }).pipe(Effect.scoped))

  it.live("a port in use: the port, and what to do", () =>
    Effect.gen(function*() {
      const taken = yield* Effect.acquireRelease(
        Effect.async<{ readonly port: string; readonly close: () => void }>((resume) => {
          const server = createServer().listen(0, "127.0.0.1", () => {
            const address = server.address()
            const port = typeof address === "object" && address !== null ? String(address.port) : ""
            resume(Effect.succeed({ port, close: () => void server.close() }))
          })
        }),
        (server) => Effect.sync(server.close)
      )
      const { code, stderr } = yield* run(["sim", "proxmox", "--port", taken.port])
      expect([1, 3]).toContain(code)
      expect(stderr).toContain(taken.port)
      expect(stderr).toContain("next:")
    }).pipe(Effect.scoped))

  it.live("a fault file that is wrong is refused, with every place in it", () =>
    Effect.gen(function*() {
      const cwd = yield* folder
      writeFileSync(join(cwd, "faults.yaml"), "network: { rules: [{ efect: {} }] }\nserver: [{ fault: earthquake }]\n")
      const { code, stderr } = yield* run(["sim", "proxmox", "--faults", "faults.yaml"], { cwd })
      expect(code).toBe(3)
      expect(stderr).toContain("efect")
      expect(stderr).toContain("server[0]")
    }).pipe(Effect.scoped))

  it.live("doctor finds a cluster in order, and refuses a token that is not", () =>
    Effect.gen(function*() {
      const env = yield* simulated("--speed", "1000")
      const good = yield* run(["proxmox", "doctor", "--json"], { env })
      expect(good.code).toBe(0)
      expect(JSON.parse(good.stdout)).toMatchObject({ healthy: true })
      const dead = yield* run(["proxmox", "doctor"], { env: { ...env, PROXMOX_VE_ENDPOINT: "http://127.0.0.1:9" } })
      expect(dead.code).toBe(3)
      expect(dead.stdout).toMatch(/FAIL {2}endpoint: .*127\.0\.0\.1:9/)
      const wrong = `${token.slice(0, -4)}beef`
      const bad = yield* run(["proxmox", "doctor", "--debug"], { env: { ...env, PROXMOX_VE_API_TOKEN: wrong } })
      expect(bad.code).toBe(3)
      expect(bad.stdout).toContain("FAIL  credentials")
      expect(bad.stdout + bad.stderr).not.toContain(wrong.slice(-8))
    }).pipe(Effect.scoped))

  it.live("sends traces, logs and metrics where OTEL_EXPORTER_OTLP_ENDPOINT says, without the token", () =>
    Effect.gen(function*() {
      const env = yield* simulated("--speed", "1000")
      const { received, url } = yield* collector()
      const { code } = yield* run(["proxmox", "doctor", "--debug"], {
        env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_SERVICE_NAME: "test-of-the-command" }
      })
      expect(code).toBe(0)
      const text = received.map(({ body }) => body).join("\n")
      expect([...new Set(received.map(({ path }) => path))].toSorted()).toEqual([
        "/v1/logs",
        "/v1/metrics",
        "/v1/traces"
      ])
      expect(text).toContain("holdfast proxmox doctor")
      expect(text).toContain("Proxmox.doctor")
      expect(text).toContain("test-of-the-command")
      expect(text).not.toContain(secret)
    }).pipe(Effect.scoped))
})
