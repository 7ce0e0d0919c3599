import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Operations from "../../../src/systems/proxmox/Operations.ts"
import type { Report } from "../../../src/systems/proxmox/Report.ts"
import type * as Faults from "../../../src/systems/proxmox/simulator/Faults.ts"
import type * as World from "../../../src/systems/proxmox/simulator/World.ts"
import * as Lab from "./Lab.ts"
import * as Wires from "./Wires.ts"

const finished = [Lab.finished("web", "10.0.20.1")]

const fault = (report: Report, machine: string) => {
  const outcome = Lab.outcome(report, machine)
  return outcome._tag === "Failed" ? outcome.fault : outcome._tag === "Refused" ? outcome.faults[0] : undefined
}

const done = (report: Report, machine: string) => {
  const outcome = Lab.outcome(report, machine)
  return outcome._tag === "Done"
    ? outcome
    : assert.fail(`${machine} is ${outcome._tag}: ${fault(report, machine)?.message}`)
}

const shapes = (snapshot: World.Snapshot) => Lab.made(snapshot).map(Lab.shape)

/** The longest chain of server time: two clones at once, each followed by its own configuration, resize and start. */
const idealMillis = (tasks: Iterable<World.Task>): number => {
  const lengths = (type: string) =>
    [...tasks].filter((task) => task.upid.type === type).map((task) => (task.ended ?? 0) - task.started)
  const clones = lengths("qmclone").toSorted((a, b) => b - a)
  const lanes = [0, 0]
  for (const clone of clones) {
    const free = (lanes[0] ?? 0) <= (lanes[1] ?? 0) ? 0 : 1
    lanes[free] = (lanes[free] ?? 0) + clone
  }
  const after = Math.min(...lengths("qmconfig")) + Math.min(...lengths("resize")) + Math.min(...lengths("qmstart"))
  return Math.max(...lanes) + after
}

describe("apply", () => {
  it.effect("makes the five machines of the seed, in parallel, and finds nothing to do afterwards", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.five))
        assert.deepStrictEqual(Lab.tags(report), ["Done", "Done", "Done", "Done", "Done"])
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(
          shapes(snapshot),
          Lab.five.machines.map((machine) => Lab.finished(machine.name, `10.0.20.${Number(machine.vmid) % 200}`))
        )
        assert.deepStrictEqual(snapshot.locks, [])

        const tasks = [...lab.simulator.world.tasks.values()]
        assert.isBelow(report.durationMillis / idealMillis(tasks), 1.1)
        const polls = Lab.requests(snapshot, "GET /nodes/{node}/tasks/{upid}/status").length
        const seconds = tasks.reduce((sum, task) => sum + (task.ended ?? 0) - task.started, 0) / 1000
        assert.isAtMost(polls / seconds, 1)

        const again = yield* lab.process(Operations.apply(Lab.five))
        assert.deepStrictEqual(
          again.machines.map((machine) => [machine.action, done(again, machine.machine).changed]),
          [
            ["keep", false],
            ["keep", false],
            ["keep", false],
            ["keep", false],
            ["keep", false]
          ]
        )
        const after = yield* lab.simulator.snapshot
        const changes = after.calls.slice(snapshot.calls.length).filter((call) => call.method !== "GET")
        assert.deepStrictEqual(changes, [])
      })))

  it.effect("does the same things at the same times when everything is the same", () =>
    Effect.gen(function*() {
      const calls = Lab.run({ seed: 7, faults: [{ fault: "lock-timeout", where: "task", type: "qmclone" }] }, (lab) =>
        Effect.map(
          Effect.zipRight(lab.process(Operations.apply(Lab.five)), lab.simulator.snapshot),
          (snapshot) =>
            snapshot.calls.map(({ at, method, status, url }) => `${at} ${method} ${url} ${status}`)
        ))
      const first = yield* calls
      assert.isAbove(first.length, 100)
      assert.deepStrictEqual(yield* calls, first)
    }))

  it.effect("never runs more clones on a storage than it is allowed", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.five, { limits: { perStorage: 1 } }))
        const clones = [...lab.simulator.world.tasks.values()].filter((task) => task.upid.type === "qmclone")
        const overlapping = clones.filter((task, index) =>
          clones.slice(0, index).some((other) => (other.ended ?? 0) > task.started)
        )
        assert.strictEqual(clones.length, 5)
        assert.deepStrictEqual(overlapping, [])
      })))

  const passing: ReadonlyArray<readonly [string, Faults.Plan]> = [
    ["a lock of the clone, as HTTP", [{ fault: "lock-timeout", where: "http", type: "qmclone", nth: [1, 2] }]],
    ["a lock of the clone, as exit status", [{ fault: "lock-timeout", where: "task", type: "qmclone", nth: [1, 2] }]],
    ["a lock of the configuration, as HTTP", [{ fault: "lock-timeout", where: "http", type: "qmconfig", nth: [1, 2] }]],
    ["a lock of the configuration, as exit status", [{ fault: "lock-timeout", where: "task", type: "qmconfig" }]],
    ["a lock of the resize, as exit status", [{ fault: "lock-timeout", where: "task", type: "resize" }]],
    ["a lock of the start, as exit status", [{ fault: "lock-timeout", where: "task", type: "qmstart" }]],
    ["no worker", [
      { fault: "no-worker", type: "qmclone" },
      { fault: "no-worker", type: "qmconfig" },
      { fault: "no-worker", type: "qmstart" }
    ]],
    ["no quorum for a minute", [{ fault: "no-quorum", from: 0, for: 60 }]],
    ["a killed worker of the configuration", [{ fault: "killed", type: "qmconfig", after: 0.1 }]],
    ["a killed worker of the resize", [{ fault: "killed", type: "resize", after: 0.1 }]],
    ["a killed worker of the start", [{ fault: "killed", type: "qmstart", after: 0.1 }]],
    ["forgotten tasks", [
      { fault: "lost-task", type: "qmclone" },
      { fault: "lost-task", type: "qmconfig" },
      { fault: "lost-task", type: "qmstart" }
    ]],
    ["somebody else's change", [{ fault: "foreign-change", vmid: 401, nth: [1, 2] }]],
    ["a slow clone", [{ fault: "slow", type: "qmclone", nth: 1, factor: 20 }]],
    ["a busy storage", [{ fault: "storage-busy", storage: "ceph", from: 0, for: 40 }]]
  ]
  for (const [name, faults] of passing) {
    it.effect(`outlasts ${name}`, () =>
      Lab.run({ faults }, (lab) =>
        Effect.gen(function*() {
          const report = yield* lab.process(Operations.apply(Lab.one))
          done(report, "web")
          const snapshot = yield* lab.simulator.snapshot
          assert.deepStrictEqual(shapes(snapshot), finished)
          assert.deepStrictEqual(snapshot.orphanedVolumes, [])
        })))
  }

  it.effect("outlasts a network that loses every fifth request", () => {
    let count = 0
    return Lab.run({
      wire: (endpoint) => (request) =>
        Effect.suspend(() => {
          count += 1
          if (count % 5 !== 0) return endpoint(request)
          return count % 2 === 0
            ? Wires.lostReply(endpoint(request), request)
            : Wires.lostRequest(Effect.never, request)
        })
    }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.five))
        assert.deepStrictEqual(Lab.tags(report), ["Done", "Done", "Done", "Done", "Done"])
        const snapshot = yield* lab.simulator.drain
        assert.deepStrictEqual(Lab.made(snapshot).map((machine) => machine.vmid), [401, 402, 403, 404, 405])
      }))
  })

  it.effect("takes warnings for success and shows them", () =>
    Lab.run({
      faults: [
        { fault: "warnings", type: "qmclone", lines: ["thin pool is nearly full"] },
        { fault: "warnings", type: "qmstart", lines: ["no IOMMU"] }
      ]
    }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.one))
        assert.deepStrictEqual(done(report, "web").warnings, ["thin pool is nearly full", "no IOMMU"])
        assert.deepStrictEqual(shapes(yield* lab.simulator.snapshot), finished)
      })))

  it.effect("fails at once, and says so, where trying again cannot help", () =>
    Lab.run(
      { faults: [{ fault: "exit-status", type: "qmclone", text: "clone failed: out of space" }] },
      (lab) =>
        Effect.gen(function*() {
          const report = yield* lab.process(Operations.apply(Lab.one))
          assert.strictEqual(fault(report, "web")?.code, "storage-full")
          assert.include(fault(report, "web")?.message, "nothing is left of VM 401")
          assert.strictEqual(
            Lab.requests(yield* lab.simulator.snapshot, "POST /nodes/{node}/qemu/{vmid}/clone").length,
            1
          )
        })
    ))

  it.effect("tells what a killed clone leaves, because only root can remove it, and makes the others", () =>
    Lab.run({ faults: [{ fault: "killed", type: "qmclone", nth: 1, after: 8 }] }, (lab) =>
      Effect.gen(function*() {
        const two = Lab.fleet(Lab.machine("web", 401), Lab.machine("db", 402))
        const report = yield* lab.process(Operations.apply(two))
        assert.sameMembers([...Lab.tags(report)], ["Failed", "Done"])
        const failed = report.machines.find((machine) => machine.outcome._tag === "Failed")
        const found = fault(report, failed?.machine ?? "")
        assert.strictEqual(found?.code, "clone-leftover")
        assert.include(found?.message, `qm unlock ${failed?.vmid} && qm destroy ${failed?.vmid}`)
        // It is not overlooked, nor touched, by the next run.
        const again = yield* lab.process(Operations.apply(two))
        assert.strictEqual(fault(again, failed?.machine ?? "")?.code, "clone-leftover")
      })))

  it.effect("refuses what cannot be had, each for its own reason, and makes the rest", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const fleet = Lab.fleet(
          Lab.machine("stranger", 100),
          Lab.machine("container", 110),
          Lab.machine("nowhere", 411, { nodes: ["pve7"] }),
          Lab.machine("orphan", 412, { template: { _tag: "Name", name: "nixos" } }),
          Lab.machine("dwarf", 413, { disks: { scsi0: { size: 1024 ** 3 } } }),
          Lab.machine("homeless", 414, { storage: "nvme" }),
          Lab.machine("offshore", 415, { storage: "local-lvm", nodes: ["pve2"] }),
          Lab.machine("linked", 416, { clone: "linked", storage: "ceph" }),
          Lab.machine("web", 401)
        )
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(
          report.machines.map((machine) => [machine.machine, fault(report, machine.machine)?.code]),
          [
            ["stranger", "stranger"],
            ["container", "stranger"],
            ["nowhere", "no-such-node"],
            ["orphan", "template-missing"],
            ["dwarf", "disk-shrink"],
            ["homeless", "no-such-storage"],
            ["offshore", "not-shared-storage"],
            ["linked", "param"],
            ["web", undefined]
          ]
        )
        assert.include(fault(report, "stranger")?.message, "\"router\" on node pve1")
        assert.deepStrictEqual(shapes(yield* lab.simulator.snapshot), finished)
      })))

  it.effect("spreads machines over the nodes it may use, and clones to another node", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const both = { nodes: ["pve2", "pve1"] }
        const fleet = Lab.fleet(...[401, 402, 403].map((vmid) => Lab.machine(`m${vmid}`, vmid, both)))
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Done", "Done", "Done"])
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(Lab.made(snapshot).map((machine) => [machine.vmid, machine.node, machine.status]), [
          [401, "pve2", "running"],
          [402, "pve1", "running"],
          [403, "pve2", "running"]
        ])
      })))

  it.effect("gives machines without an id an id each, and knows them again", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const fleet = Lab.fleet(...["a", "b", "c"].map((name) => Lab.machine(name, "auto")))
        const report = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(Lab.tags(report), ["Done", "Done", "Done"])
        const ids = report.machines.map((machine) => machine.vmid)
        assert.strictEqual(new Set(ids).size, 3)
        const again = yield* lab.process(Operations.apply(fleet))
        assert.deepStrictEqual(
          again.machines.map((machine) => [machine.action, machine.vmid]),
          ids.map((id) => ["keep", id])
        )
        assert.strictEqual(Lab.made(yield* lab.simulator.snapshot).length, 3)
      })))

  it.effect("goes to the next id when somebody takes the one it was told", () =>
    Lab.run({ faults: [{ fault: "stranger", nth: 2 }] }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.fleet(Lab.machine("web", "auto"))))
        done(report, "web")
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(shapes(snapshot), [Lab.finished("web", "10.0.20.9")])
      })))

  it.effect("changes a running machine and tells what waits for its reboot", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        yield* lab.process(Operations.apply(Lab.one))
        const larger = Lab.fleet(Lab.machine("web", 401, { memory: 16384, cores: 8 }))
        const report = yield* lab.process(Operations.apply(larger))
        const outcome = done(report, "web")
        assert.strictEqual(Lab.entry(report, "web").action, "update")
        assert.deepStrictEqual(outcome.changes, [
          { key: "cores", from: "4", to: "8" },
          { key: "memory", from: "8192", to: "16384" }
        ])
        assert.includeMembers([...outcome.pendingReboot], ["cores", "memory"])
        // What waits is not asked for again, and is still told.
        const again = yield* lab.process(Operations.apply(larger))
        assert.isFalse(done(again, "web").changed)
        assert.includeMembers([...done(again, "web").pendingReboot], ["cores", "memory"])
      })))

  it.effect("waits for the addresses when it is asked to, and takes their absence for a warning", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        const withAgent = Lab.fleet(Lab.machine("web", 401, { agent: true }))
        const report = yield* lab.process(Operations.apply(withAgent, { addresses: "2 minutes" }))
        assert.deepStrictEqual(done(report, "web").addresses, ["10.0.20.1"])
        const without = Lab.fleet(Lab.machine("db", 402, { agent: false }))
        const second = yield* lab.process(Operations.apply(without, { addresses: "2 minutes" }))
        assert.deepStrictEqual(done(second, "db").addresses, [])
        assert.match(done(second, "db").warnings.join(), /addresses are not known/)
      })))

  it.effect("lets a machine go at its deadline, says what runs on, and picks that up in the next run", () =>
    Lab.run({ faults: [{ fault: "slow", type: "qmclone", nth: 1, factor: 30 }] }, (lab) =>
      Effect.gen(function*() {
        const report = yield* lab.process(Operations.apply(Lab.one, { timeout: "1 minute" }))
        const late = fault(report, "web")
        assert.strictEqual(late?.kind, "timed-out")
        assert.match(late?.message ?? "", /the clone to VM 401 may still be running \(task UPID:pve1:/)
        assert.isAtMost(report.durationMillis, 62_000)
        const again = yield* lab.process(Operations.apply(Lab.one))
        assert.strictEqual(Lab.entry(again, "web").action, "resume")
        assert.deepStrictEqual(shapes(yield* lab.simulator.snapshot), finished)
      })))

  it.effect("reports all machines when it is interrupted", () =>
    Lab.run({}, (lab) =>
      Effect.gen(function*() {
        let reported: Report | undefined
        const fiber = yield* Effect.fork(lab.process(Operations.apply(Lab.five, {
          parallel: 3,
          onInterrupted: (report) =>
            Effect.sync(() => {
              reported = report
            })
        })))
        yield* Effect.sleep("5 seconds")
        yield* Fiber.interrupt(fiber)
        assert.deepStrictEqual(reported?.machines.map((machine) => machine.outcome._tag), [
          "Interrupted",
          "Interrupted",
          "Interrupted",
          "NotStarted",
          "NotStarted"
        ])
        const snapshot = yield* lab.simulator.snapshot
        assert.deepStrictEqual(shapes(snapshot), [])
        assert.deepStrictEqual(snapshot.orphanedVolumes, [])
      })))
})
