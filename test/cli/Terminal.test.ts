/* oxlint-disable no-control-regex */
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { readdirSync } from "node:fs"
import { names, serve } from "./Cluster.ts"
import { folder, type Result } from "./Command.ts"
import { stripAnsi } from "../../src/cli/Screen.ts"
import * as Terminal from "./Terminal.ts"

const ctrlC = "\u0003"

/** The cursor is visible again: shown after it was last hidden. */
const cursorIsShown = ({ stdout }: Result) => {
  expect(stdout.lastIndexOf("\u001b[?25h")).toBeGreaterThan(stdout.lastIndexOf("\u001b[?25l"))
}

const lines = ({ stdout }: Result) => stripAnsi(stdout).split(/\r*\n/)

describe.skipIf(Terminal.missing !== undefined)(
  `on a terminal${Terminal.missing === undefined ? "" : ` (skipped: ${Terminal.missing})`}`,
  { concurrent: true },
  () => {
    it.live("the demo draws bars, makes five machines and ends with 0, the cursor shown", () =>
      Effect.gen(function*() {
        const cwd = yield* folder
        const running = yield* Terminal.start(["demo", "--speed", "100"], { cwd })
        const result = yield* running.ends
        expect(result.code).toBe(0)
        cursorIsShown(result)
        expect(result.stdout).toContain("\u001b[?25l")
        expect(result.stdout).toContain("\u001b[32m✔")
        for (const name of ["rancher-manager-1", "nprd-apps-2"]) expect(result.stdout).toContain(name)
        expect(lines(result).some((line) => line.startsWith("fleet demo: 5 machines: 5 created in "))).toBe(true)
        expect(readdirSync(cwd)).toEqual([])
        // Where bars are drawn, no record pushes them about.
        expect(result.stdout).not.toMatch(/Z info /)
      }).pipe(Effect.scoped), 60_000)

    it.live("Ctrl-C in the middle of the bars: 130, the machines told, the cursor shown", () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 3 })
        const running = yield* cluster.onTerminal("proxmox apply")
        yield* running.says("cloning")
        yield* Terminal.type(running, ctrlC)
        const result = yield* running.ends
        expect(result.code).toBe(130)
        cursorIsShown(result)
        expect(lines(result)).toContain("interrupted")
      }).pipe(Effect.scoped), 60_000)

    it.live("a second Ctrl-C restores the terminal too", () =>
      Effect.gen(function*() {
        const rules = [{ match: { method: "DELETE" }, effect: { type: "latency", millis: 20_000 } }]
        const cluster = yield* serve({ speed: 3, faults: { network: { rules } } })
        const running = yield* cluster.onTerminal("proxmox apply")
        // The clone is under way once there is a percentage.
        yield* running.says("%")
        const again = Effect.repeat(Terminal.type(running, ctrlC), Schedule.spaced("100 millis"))
        const result = yield* Effect.race(running.ends, Effect.zipRight(again, Effect.never))
        expect(result.stdout).toContain("left at once")
        expect(result.code).toBe(130)
        cursorIsShown(result)
      }).pipe(Effect.scoped), 60_000)

    it.live("records appear above the bars when they are asked for", () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 100 })
        const running = yield* cluster.onTerminal("proxmox apply --only web-1 --log-level info")
        const result = yield* running.ends
        expect(result.code).toBe(0)
        expect(result.stdout).toMatch(/Z info {2}clone of VM 9000/)
        cursorIsShown(result)
      }).pipe(Effect.scoped), 60_000)

    it.live("--no-color and NO_COLOR: not one escape sequence, and plain lines", () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 100 })
        const plain = [
          cluster.onTerminal("proxmox apply --only web-1 --no-color"),
          Terminal.start(["proxmox", "apply", "--only", "web-2"], {
            env: { ...cluster.env, NO_COLOR: "1" },
            cwd: cluster.folder
          })
        ]
        for (const start of plain) {
          const running = yield* start
          const { code, stdout } = yield* running.ends
          expect(code).toBe(0)
          expect(stdout).not.toContain("\u001b")
          expect(stdout).toContain("clone of VM 9000")
        }
      }).pipe(Effect.scoped), 60_000)

    it.live("destroy asks: no leaves everything, Ctrl-C too, yes destroys", () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 100 })
        expect((yield* cluster.run("proxmox apply")).code).toBe(0)
        for (const [key, code, says] of [["n", 3, "nothing was destroyed"], [ctrlC, 130, "cancelled"]] as const) {
          const asked = yield* cluster.onTerminal("proxmox destroy")
          yield* asked.says("Destroy these 3 machines and their disks?")
          yield* Terminal.type(asked, key)
          const result = yield* asked.ends
          expect(result.code).toBe(code)
          expect(result.stdout).toContain(says)
          cursorIsShown(result)
          expect((yield* cluster.machines).map(({ name }) => name)).toEqual(names)
        }
        const agreed = yield* cluster.onTerminal("proxmox destroy")
        yield* agreed.says("Destroy these 3 machines and their disks?")
        yield* Terminal.type(agreed, "y")
        expect((yield* agreed.ends).code).toBe(0)
        expect(yield* cluster.machines).toEqual([])
      }).pipe(Effect.scoped), 60_000)

    it.live("the wizard asks, and lets go of the terminal on Ctrl-C", () =>
      Effect.gen(function*() {
        const running = yield* Terminal.start(["--wizard"])
        yield* running.says("Select which command")
        yield* Terminal.type(running, ctrlC)
        const result = yield* running.ends
        expect([0, 130]).toContain(result.code)
        cursorIsShown(result)
      }).pipe(Effect.scoped))
  }
)
