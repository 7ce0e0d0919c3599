import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { names, secret, serve } from "./Cluster.ts"

const json = (stdout: string) => JSON.parse(stdout)

describe.concurrent("holdfast proxmox", () => {
  it.live("plan, apply, apply again, drift and list", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })

      const plan = yield* cluster.run("proxmox plan")
      expect(plan.code).toBe(0)
      expect(plan.stdout).toContain("+ web-1: create VM 401 on pve1 from ubuntu-24.04 (9000)")
      expect(plan.stdout).toContain("fleet test: 3 to create")
      expect((yield* cluster.run("proxmox apply --dry-run")).stdout).toBe(plan.stdout)
      expect(yield* cluster.machines).toEqual([])

      const missing = yield* cluster.run("proxmox drift --json")
      expect(missing.code).toBe(2)
      expect(json(missing.stdout).machines.map(({ state }: { readonly state: string }) => state)).toEqual([
        "missing",
        "missing",
        "missing"
      ])

      const first = yield* cluster.run("proxmox apply --json")
      expect(first.code).toBe(0)
      expect(json(first.stdout).machines).toMatchObject(
        names.map((machine, index) => ({
          machine,
          vmid: 401 + index,
          action: "create",
          outcome: "done",
          changed: true
        }))
      )

      const second = yield* cluster.run("proxmox apply")
      expect(second.code).toBe(0)
      expect(second.stdout).toContain("3 machines: 3 unchanged")
      expect((yield* cluster.run("proxmox drift")).code).toBe(0)

      const list = yield* cluster.run("proxmox list --mine")
      expect(list.stdout).toMatch(/^401 +web-1 +pve1 +running +test\/web-1/m)
      expect(list.stdout.split("\n").length).toBe(5)
      expect(cluster.printed()).not.toContain(secret)
    }).pipe(Effect.scoped), 90_000)

  it.live("destroy: what it would do, some of it, and all of it", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      const dry = yield* cluster.run("proxmox destroy --yes --dry-run --json")
      expect(dry.code).toBe(0)
      expect(json(dry.stdout).machines.map(({ action }: { readonly action: string }) => action)).toEqual([
        "destroy",
        "destroy",
        "destroy"
      ])
      expect((yield* cluster.machines).length).toBe(3)
      const one = yield* cluster.run("proxmox destroy --only web-2 --yes")
      expect(one.code).toBe(0)
      expect((yield* cluster.machines).map(({ name }) => name)).toEqual(["web-1", "web-3"])
      expect((yield* cluster.run("proxmox destroy --yes")).code).toBe(0)
      expect(yield* cluster.machines).toEqual([])
      expect(cluster.printed()).not.toContain(secret)
    }).pipe(Effect.scoped), 90_000)

  it.live(
    "the same plan twice is the same bytes, and reads the environment before the file",
    () =>
      Effect.gen(function*() {
        const cluster = yield* serve({ speed: 100 })
        const plans = [yield* cluster.run("proxmox plan --json"), yield* cluster.run("proxmox plan --json")]
        expect(plans[0]?.stdout).toBe(plans[1]?.stdout)
        writeFileSync(join(cluster.folder, "holdfast.config.yaml"), "proxmox: { endpoint: \"http://127.0.0.1:9\" }\n")
        const unreachable = yield* cluster.run("proxmox doctor")
        expect(unreachable.stdout).toContain("127.0.0.1:9")
      }).pipe(Effect.scoped),
    60_000
  )

  it.live(
    "one machine fails, the others are made: status 2, and the failure told with its object and next step",
    () =>
      Effect.gen(function*() {
        const server = [{ fault: "exit-status", type: "qmclone", nth: 2, text: "clone failed: the disk is on fire" }]
        const cluster = yield* serve({ speed: 100, faults: { server } })
        const { code, stdout } = yield* cluster.run("proxmox apply")
        expect(code).toBe(2)
        expect(stdout).toMatch(/fleet test: 3 machines: 2 created, 1 failed/)
        expect(stdout).toMatch(/error: .*disk is on fire/)
        expect((yield* cluster.machines).length).toBe(2)
        expect((yield* cluster.run("proxmox apply")).code).toBe(0)
      }).pipe(Effect.scoped),
    90_000
  )

  it.live("a stranger at a wanted id is never touched: status 3, with its name", () =>
    Effect.gen(function*() {
      const server = [{ fault: "stranger-at", at: 0, vmid: 401, node: "pve2" }]
      const cluster = yield* serve({ speed: 100, faults: { server } })
      const plan = yield* cluster.run("proxmox plan")
      expect(plan.code).toBe(3)
      expect(plan.stdout).toContain("! web-1: refused, and not touched")
      expect(plan.stdout).toContain("401")
      const apply = yield* cluster.run("proxmox apply --only web-1")
      expect(apply.code).toBe(3)
      expect((yield* cluster.run("proxmox destroy --only web-1 --yes")).code).toBe(3)
      expect((yield* cluster.machines).map(({ madeBy, vmid }) => [vmid, madeBy])).toEqual([[401, undefined]])
    }).pipe(Effect.scoped), 90_000)

  it.live("warnings are success, and are shown", () =>
    Effect.gen(function*() {
      const server = [{ fault: "warnings", type: "qmstart", nth: 1, lines: ["the clock of the guest is behind"] }]
      const cluster = yield* serve({ speed: 100, faults: { server } })
      const { code, stdout } = yield* cluster.run("proxmox apply")
      expect(code).toBe(0)
      expect(stdout).toMatch(/^warning: web-\d: the clock of the guest is behind$/m)
    }).pipe(Effect.scoped), 90_000)

  it.live("the log of a task, as lines and as one document a line", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      const { stderr } = yield* cluster.run("proxmox apply --only web-1")
      const task = /task=(UPID:[^\s"]+:qmclone:[^\s"]+:)/.exec(stderr)?.[1] ?? ""
      const text = yield* cluster.run(`proxmox task log ${task}`)
      const records = yield* cluster.run(`proxmox task log ${task} --json --follow`)
      expect([text.code, records.code]).toEqual([0, 0])
      expect(text.stdout).toContain("TASK OK")
      expect(records.stdout.trimEnd().split("\n").map((line) => json(line).line)).toEqual(
        text.stdout.trimEnd().split("\n")
      )
      const unknown = yield* cluster.run("proxmox task wait UPID:pve1:00001ED0:00035693:66343A23:qmclone:9000:a@pve:")
      expect(unknown.code).toBe(1)
    }).pipe(Effect.scoped), 90_000)

  it.live("aborting a task ends it", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 1 })
      const apply = yield* cluster.start("proxmox apply --only web-1 --on-interrupt detach")
      yield* apply.says("clone of VM 9000")
      apply.child.kill("SIGINT")
      const task = /UPID:[^\s"]+:/.exec((yield* apply.ends).stderr)?.[0] ?? ""
      const dry = yield* cluster.run(`proxmox task abort ${task} --dry-run`)
      expect(dry.stdout).toContain(`would abort ${task}`)
      const { code, stdout } = yield* cluster.run(`proxmox task abort ${task}`)
      expect(code).toBe(0)
      expect(stdout).toContain("failed")
    }).pipe(Effect.scoped), 90_000)

  it.live("PROXMOX_LOG_LEVEL decides how much is told of it", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      for (const [level, machine] of [["error", "web-1"], ["info", "web-2"], ["debug", "web-3"]] as const) {
        writeFileSync(join(cluster.folder, "holdfast.config.json"), JSON.stringify({ proxmox: { logLevel: level } }))
        const { code, stderr } = yield* cluster.run(`proxmox apply --only ${machine}`)
        expect(code).toBe(0)
        expect(stderr.includes("Z info  clone of VM 9000")).toBe(level !== "error")
        expect(stderr.includes("Z debug task qmclone is ")).toBe(level === "debug")
        // A line says it either as a record or as progress, never both.
        expect(stderr.includes(`${machine}: cloning`)).toBe(level === "error")
      }
    }).pipe(Effect.scoped), 60_000)

  it.live("--quiet says nothing but the result", () =>
    Effect.gen(function*() {
      const cluster = yield* serve({ speed: 100 })
      const { code, stderr, stdout } = yield* cluster.run("proxmox apply --only web-1 --quiet")
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" })
      expect(stdout).toContain("1 created")
    }).pipe(Effect.scoped), 60_000)
})
