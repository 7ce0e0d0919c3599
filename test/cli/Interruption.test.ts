import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { names, secret, serve } from "./Cluster.ts"
import { command, launch } from "./Command.ts"

/** Slow enough that a clone can be met in the middle. */
const slow = { speed: 12 }

/** Aborting takes a second or two, so that there is time for another Ctrl-C. */
const slowToAbort = {
  network: { rules: [{ match: { method: "DELETE" }, effect: { type: "latency", millis: 20_000 } }] }
}

const isComplete = (machines: ReadonlyArray<{ readonly status: string; readonly name: string }>) => {
  expect(machines.map(({ name, status }) => [name, status])).toEqual(names.map((name) => [name, "running"]))
}

describe.concurrent("an interrupted apply", () => {
  it.live(
    "Ctrl-C in the middle of a clone leaves nothing half-made, says how to go on, and the same command does",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve(slow)
        const running = yield* cluster.start("proxmox apply --debug")
        yield* running.says("clone of VM 9000")
        running.child.kill("SIGINT")
        const { code, stderr } = yield* running.ends
        expect(code).toBe(130)
        expect(stderr).toContain("stopping: no new work begins")
        expect(stderr).toContain("interrupted\n  to continue from what is there: holdfast proxmox apply fleet.yaml\n")
        expect((yield* cluster.machines).filter(({ lock }) => lock !== undefined)).toEqual([])
        const again = yield* cluster.run("proxmox apply --debug")
        expect(again.code).toBe(0)
        isComplete(yield* cluster.machines)
        expect(cluster.printed()).not.toContain(secret)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live("with --json the interruption is one document that tells of every machine", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(slow)
      const running = yield* cluster.start("proxmox apply --json")
      yield* running.says("clone of VM 9000")
      running.child.kill("SIGTERM")
      const { code, stdout } = yield* running.ends
      expect(code).toBe(143)
      const { interrupted, machines, next } = JSON.parse(stdout)
      expect(interrupted).toBe(true)
      expect(next).toMatch(/holdfast proxmox apply fleet\.yaml\n {2}or: holdfast run resume \w+-\w+$/)
      expect(machines.map(({ machine }: { readonly machine: string }) => machine)).toEqual(names)
    }).pipe(Effect.scoped), 60_000)

  it.live(
    "detached, the tasks run on; they can be waited for by name, and the next apply picks them up",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve(slow)
        writeFileSync(join(cluster.folder, "holdfast.config.yaml"), "proxmox: { onInterrupt: detach }\n")
        const running = yield* cluster.start("proxmox apply")
        yield* running.says("clone of VM 9000")
        running.child.kill("SIGINT")
        const { code, stderr } = yield* running.ends
        expect(code).toBe(130)
        const task = /UPID:[^\s"]+:/.exec(stderr.slice(stderr.indexOf("stopping")))?.[0] ?? ""
        const waited = yield* cluster.run(`proxmox task wait ${task}`)
        expect({ code: waited.code, stdout: waited.stdout }).toEqual({ code: 0, stdout: `${task}: OK\n` })
        expect((yield* cluster.run("proxmox apply")).code).toBe(0)
        isComplete(yield* cluster.machines)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live(
    "a second Ctrl-C leaves at once, and the same command still ends with each machine once",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ ...slow, faults: slowToAbort })
        const running = yield* cluster.start("proxmox apply")
        yield* running.says("clone of VM 9000")
        const again = Effect.repeat(Effect.sync(() => running.child.kill("SIGINT")), Schedule.spaced("100 millis"))
        const { code, stderr } = yield* Effect.race(running.ends, Effect.zipRight(again, Effect.never))
        expect(code).toBe(130)
        expect(stderr).toContain("left at once")
        expect((yield* cluster.run("proxmox apply")).code).toBe(0)
        isComplete(yield* cluster.machines)
      }).pipe(Effect.scoped),
    60_000
  )

  it.live("a Ctrl-C that npm passes on as well is one Ctrl-C", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ ...slow, faults: slowToAbort })
      const running = yield* cluster.start("proxmox apply --only web-1")
      yield* running.says("clone of VM 9000")
      // From a process that does nothing else: this one may be held up between the two.
      yield* launch("bash", ["-c", `kill -INT ${running.child.pid}; sleep 0.05; kill -INT ${running.child.pid}`])
      const { code, stderr } = yield* running.ends
      expect(code).toBe(130)
      expect(stderr).not.toContain("left at once")
      expect(stderr).toContain("web-1 was interrupted")
    }).pipe(Effect.scoped), 60_000)

  it.live("killed without a word, the same command finishes what is there", () =>
    Effect.gen(function*() {
      const cluster = yield* serve(slow)
      const running = yield* cluster.start("proxmox apply")
      yield* running.says("clone of VM 9000")
      running.child.kill("SIGKILL")
      yield* running.ends
      expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      isComplete(yield* cluster.machines)
    }).pipe(Effect.scoped), 60_000)

  it.live("a reader that goes away does not stop an apply in the middle", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      const line = `"${process.execPath}" "${command()}" proxmox apply fleet.yaml | true; exit \${PIPESTATUS[0]}`
      const piped = yield* launch("bash", ["-c", `cd "${cluster.folder}" && ${line}`], { env: cluster.env })
      expect((yield* piped.ends).code).toBe(0)
      isComplete(yield* cluster.machines)
    }).pipe(Effect.scoped), 60_000)
})
