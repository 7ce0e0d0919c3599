import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Fault from "../../../src/kernel/Fault.ts"
import * as VirtualClock from "../../../src/simulation/VirtualClock.ts"
import type * as Client from "../../../src/systems/proxmox/Client.ts"
import * as Failure from "../../../src/systems/proxmox/Failure.ts"
import * as Policies from "../../../src/systems/proxmox/run/Policies.ts"
import * as Task from "../../../src/systems/proxmox/run/Task.ts"
import * as TaskLog from "../../../src/systems/proxmox/run/TaskLog.ts"
import * as TaskProgress from "../../../src/systems/proxmox/run/TaskProgress.ts"
import * as Upid from "../../../src/systems/proxmox/Upid.ts"
import * as FakeClient from "./FakeClient.ts"

const upid = Upid.make({
  node: "pve1",
  pid: 7,
  pstart: 9,
  starttime: 1000,
  type: "qmclone",
  id: "9000",
  user: "a@pve!b"
})

const running = { upid: upid.text, node: "pve1", type: "qmclone", status: "running" } as const
const stopped = (exitstatus: string) => ({ ...running, status: "stopped", exitstatus }) as const

const logOf = (lines: ReadonlyArray<string>): Client.Service["taskLog"] => (_, options) => {
  const start = options?.start ?? 0
  const end = start + (options?.limit ?? 50)
  return Effect.succeed({
    lines: lines.map((t, index) => ({ n: index + 1, t })).slice(start, end),
    total: lines.length
  })
}

const noLog: Client.Service["taskLog"] = () => Effect.succeed({ lines: [{ n: 1, t: "no content" }], total: 1 })

const tools = (given: Partial<Client.Service>): Effect.Effect<Task.Tools> =>
  Effect.map(Policies.make, (policies) => ({
    client: FakeClient.make({ taskLog: noLog, ...given }),
    policies,
    experience: TaskProgress.experience()
  }))

/** Answers one after the other, the last one for ever. */
const statuses = (
  ...replies: ReadonlyArray<Effect.Effect<Effect.Effect.Success<ReturnType<Client.Service["taskStatus"]>>, Fault.Fault>>
) => {
  let index = 0
  return {
    get asked() {
      return index
    },
    taskStatus: () =>
      Effect.suspend(() => replies[Math.min(index++, replies.length - 1)] ?? Effect.dieMessage("no reply"))
  }
}

const wait = (given: Partial<Client.Service>, options?: Task.Options) =>
  VirtualClock.run(Effect.flatMap(tools(given), (tools) => Task.wait(tools, upid, options)))

const gone = Failure.classify({ status: 400, statusText: "", body: `{"errors":{"upid":"no such task"}}` })
const http = (status: number) => Failure.classify({ status, statusText: "Connection timed out" })

describe("waiting for a task", () => {
  it.effect("goes on when a page of a proxy comes in place of an answer", () =>
    Effect.gen(function*() {
      const page = Failure.unreadable({
        code: "not-json",
        detail: "The server answered with a web page where JSON was expected",
        status: 200,
        mutation: false
      })
      const replies = statuses(Effect.succeed(running), page, page, Effect.succeed(stopped("OK")))
      assert.strictEqual((yield* wait(replies))._tag, "Ok")
      assert.strictEqual(replies.asked, 4)
    }))

  it.effect("ends with OK, with the warnings, or with the reason and the last lines of the log", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* wait(statuses(Effect.succeed(running), Effect.succeed(stopped("OK")))), {
        _tag: "Ok",
        task: upid.text
      })
      const many = Array.from({ length: 300 }, (_, index) => `line ${index + 1}`)
      const warned = yield* wait({
        ...statuses(Effect.succeed(stopped("WARNINGS: 2"))),
        taskLog: logOf([...many, "WARN: thin pool is full", "WARN: no IOMMU", "TASK WARNINGS: 2"])
      })
      assert.deepStrictEqual(warned, {
        _tag: "Warnings",
        task: upid.text,
        lines: ["thin pool is full", "no IOMMU"]
      })
      const failed = yield* wait({
        ...statuses(
          Effect.succeed(stopped("clone failed: can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout"))
        ),
        taskLog: logOf(many)
      })
      assert.strictEqual(failed._tag, "Failed")
      if (failed._tag !== "Failed") return
      assert.deepStrictEqual([failed.fault.kind, failed.fault.code], ["locked", "lock-timeout"])
      assert.deepStrictEqual(failed.log, many.slice(-10))
    }))

  it.effect("tells that nobody knows how it ended", () =>
    Effect.gen(function*() {
      for (const text of ["unexpected status", "unable to get last line from task log - x"]) {
        const end = yield* wait(statuses(Effect.succeed(stopped(text))))
        assert.strictEqual(end._tag, "Unknown")
      }
    }))

  it.effect("goes on through a network that fails, and busy nodes", () =>
    Effect.gen(function*() {
      const replies = statuses(
        ...[500, 595, 596, 599, 502].map((status) => http(status === 500 ? 503 : status)),
        Failure.classify({ status: 429 }),
        Effect.succeed(stopped("OK"))
      )
      assert.strictEqual((yield* wait(replies))._tag, "Ok")
    }))

  it.effect("ends at its deadline, and at once where it may not be asked for", () =>
    Effect.gen(function*() {
      const late = yield* Effect.flip(wait(statuses(Effect.succeed(running)), { timeout: "1 minute" }))
      assert.deepStrictEqual([late.kind, late.code], ["timed-out", "deadline"])
      assert.include(late.message, upid.text)
      const refused = statuses(Failure.classify({ status: 403, statusText: "Permission check failed (/, Sys.Audit)" }))
      assert.strictEqual((yield* Effect.flip(wait(refused))).kind, "denied")
      assert.strictEqual(refused.asked, 1)
    }))

  it.effect("asks the list for a task that the status call does not know, and believes only its exact name", () =>
    Effect.gen(function*() {
      const replies = statuses(gone)
      const rows = [
        { upid: upid.text.replace("00000007", "00000008"), node: "pve1", type: "qmclone", status: "OK" },
        { upid: upid.text, node: "pve1", type: "qmclone", status: "clone failed: out of space" }
      ]
      const filters: Array<Client.TaskFilter> = []
      const end = yield* wait({
        ...replies,
        tasks: (filter) => {
          filters.push(filter)
          return Effect.succeed(rows)
        }
      })
      assert.strictEqual(end._tag, "Failed")
      assert.strictEqual(replies.asked, 5)
      assert.deepStrictEqual(filters, [
        { node: "pve1", typefilter: "qmclone", source: "all", since: 999, limit: 500 }
      ])
      const lost = yield* Effect.flip(wait({ ...statuses(gone), tasks: () => Effect.succeed(rows.slice(0, 1)) }))
      assert.deepStrictEqual([lost.kind, lost.code], ["unknown", "task-lost"])
      const later = yield* wait(statuses(gone, gone, Effect.succeed(stopped("OK"))))
      assert.strictEqual(later._tag, "Ok")
    }))

  it.effect("aims its looks by the progress in the log: seldom in the middle, and there at the end", () =>
    VirtualClock.run(Effect.gen(function*() {
      const begun = yield* Effect.clock
      const start = begun.unsafeCurrentTimeMillis()
      const total = 100_000
      let polls = 0
      let fractions: ReadonlyArray<number> = []
      const elapsed = () => begun.unsafeCurrentTimeMillis() - start
      const waiting = yield* tools({
        taskStatus: () =>
          Effect.sync(() => {
            polls += 1
            return elapsed() >= total ? stopped("OK") : running
          }),
        taskLog: (upid, options) =>
          logOf(
            Array.from({ length: Math.min(101, Math.floor(elapsed() / total * 100) + 1) }, (_, percent) =>
              `drive-scsi0: transferred ${(percent / 10).toFixed(1)} GiB of 10.0 GiB (${percent}.00%) in ${percent}s`)
          )(upid, options)
      })
      yield* Task.wait(waiting, upid, {
        onProgress: (fraction) =>
          Effect.sync(() => {
            fractions = [...fractions, fraction]
          })
      })
      assert.isBelow(elapsed() - total, total * 0.02)
      assert.isAtMost(polls, 45)
      assert.isAbove(fractions.length, 3)
      assert.deepStrictEqual(fractions, fractions.toSorted((a, b) => a - b))
    })).pipe(Effect.withRandom(Random.make("polls"))))
})

describe("the log of a task", () => {
  it.effect("is given whole, page by page", () =>
    Effect.gen(function*() {
      const lines = Array.from({ length: 1234 }, (_, index) => `line ${index + 1}`)
      const made = yield* tools({ taskLog: logOf(lines) })
      assert.deepStrictEqual(
        [...Chunk.toReadonlyArray(yield* Stream.runCollect(TaskLog.stream(made, upid, false)))],
        lines
      )
      const empty = yield* tools({})
      assert.deepStrictEqual(Chunk.toReadonlyArray(yield* Stream.runCollect(TaskLog.stream(empty, upid, false))), [])
    }))

  it.effect("is followed until the task has stopped", () =>
    VirtualClock.run(Effect.gen(function*() {
      let lines: ReadonlyArray<string> = ["one"]
      let asked = 0
      const made = yield* tools({
        taskLog: (upid, options) => logOf(lines)(upid, options),
        taskStatus: () =>
          Effect.sync(() => {
            asked += 1
            lines = [...lines, `after ${asked}`]
            return asked < 3 ? running : stopped("OK")
          })
      })
      const found = yield* Stream.runCollect(TaskLog.stream(made, upid, true))
      assert.deepStrictEqual([...found], ["one", "after 1", "after 2", "after 3"])
    })))
})

describe("aborting a task", () => {
  it.effect("waits until it has stopped, and gives up in time", () =>
    VirtualClock.run(Effect.gen(function*() {
      let aborted = 0
      const abortTask = () =>
        Effect.sync(() => {
          aborted += 1
        })
      const made = yield* tools({
        ...statuses(Effect.succeed(running), Effect.succeed(stopped("clone failed: interrupted by signal"))),
        abortTask
      })
      const end = yield* Task.abort(made, upid)
      assert.strictEqual(end._tag === "Failed" && end.fault.code, "aborted")
      assert.strictEqual(aborted, 1)
      const stubborn = yield* tools({ ...statuses(Effect.succeed(running)), abortTask })
      const late = yield* Effect.flip(Task.abort(stubborn, upid, { timeout: "5 seconds" }))
      assert.strictEqual(late.code, "deadline")
    })))
})

describe("progress in a log", () => {
  it("is read from the lines of a copy, with and without a drive and a time", () => {
    assert.deepStrictEqual(TaskProgress.parse("transferred 1.2 GiB of 10.0 GiB (12.00%)"), {
      done: 10 * 1024 ** 3 * 0.12,
      total: 10 * 1024 ** 3,
      fraction: 0.12
    })
    assert.strictEqual(
      TaskProgress.parse("drive-scsi0: transferred 512.0 MiB of 1.0 GiB (50.00%) in 5s")?.fraction,
      0.5
    )
    assert.isUndefined(TaskProgress.parse("create full clone of drive scsi0 (ceph:base-9000-disk-0)"))
  })
})
