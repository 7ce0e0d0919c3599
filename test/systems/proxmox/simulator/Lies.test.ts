/**
 * The three hardest ways a simulator can lie about Proxmox VE, each of which would hide a defect of ours.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Api from "./Api.ts"

const rows = (api: Api.Api, parameters: Record<string, string>) =>
  Effect.map(api.call("GET", "/nodes/pve1/tasks", parameters), ({ data }) => data)

describe("a task that says it is done", () => {
  for (const seed of [1, 2, 3, 4, 5]) {
    it.effect(`has let go of every lock and of the configuration's, at every moment looked at (seed ${seed})`, () =>
      Api.run({ seed }, ({ call, simulator }) =>
        Effect.gen(function*() {
          const started = yield* call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
          const status = `/nodes/pve1/tasks/${encodeURIComponent(Api.text(started.data))}/status`
          let looks = 0
          yield* Effect.sleep("5 millis")
          for (;;) {
            const { data } = yield* call("GET", status)
            const { locks, machines } = yield* simulator.snapshot
            const machine = machines.find((one) => one.vmid === 401)
            if (Api.at(data, "status") === "stopped") {
              assert.strictEqual(Api.at(data, "exitstatus"), "OK")
              assert.deepStrictEqual(locks, [])
              assert.strictEqual(machine?.lock, undefined)
              break
            }
            assert.isNull(Api.at(data, "exitstatus"))
            assert.include(locks, "pve1 lock-401.conf")
            assert.strictEqual(machine?.lock, "clone")
            looks += 1
            yield* Effect.sleep("37 millis")
          }
          assert.isAbove(looks, 100)
          const before = (yield* simulator.snapshot).at
          const update = yield* call("POST", "/nodes/pve1/qemu/401/config", { cores: "4" })
          assert.strictEqual(update.status, 200)
          assert.strictEqual((yield* simulator.snapshot).at, before)
        })))
  }

  it.effect("kept its lock until the end: a change meanwhile waits ten seconds and is refused", () =>
    Api.run({}, ({ call, simulator }) =>
      Effect.gen(function*() {
        yield* call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
        yield* Effect.sleep("500 millis")
        const before = (yield* simulator.snapshot).at
        const update = yield* call("POST", "/nodes/pve1/qemu/401/config", { cores: "4" })
        assert.strictEqual(update.status, 500)
        assert.strictEqual(update.reason, "can't lock file '/var/lock/qemu-server/lock-401.conf' - got timeout")
        assert.strictEqual((yield* simulator.snapshot).at, before + 10_000)
      })))

  it.effect("a change that waits gets the lock the moment the clone ends, and is not lost", () =>
    Api.run({ timing: { bandwidth: 2 * 1024 ** 3 } }, ({ call, ended, simulator }) =>
      Effect.gen(function*() {
        const clone = yield* call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
        yield* Effect.sleep("500 millis")
        const update = yield* call("POST", "/nodes/pve1/qemu/401/config", { cores: "4" })
        assert.strictEqual(update.status, 200)
        const { tasks } = yield* simulator.snapshot
        assert.strictEqual(tasks.find((task) => task.upid === clone.data)?.exitStatus, "OK")
        assert.strictEqual(yield* ended(Api.text(update.data)), "OK")
        assert.strictEqual(Api.at((yield* call("GET", "/nodes/pve1/qemu/401/config")).data, "cores"), 4)
      })))
})

describe("the task list", () => {
  it.effect("shows a running task as RUNNING where active ones are asked for, and nowhere else", () =>
    Api.run({}, (api) =>
      Effect.gen(function*() {
        const { data } = yield* api.call("POST", "/nodes/pve1/qemu/9000/clone", { newid: "401", full: "1" })
        assert.deepStrictEqual(yield* rows(api, {}), [])
        assert.deepStrictEqual(yield* rows(api, { source: "archive" }), [])
        for (const source of ["active", "all"]) {
          const found = yield* rows(api, { source })
          assert.strictEqual(Api.at(found, 0, "upid"), Api.text(data))
          assert.strictEqual(Api.at(found, 0, "status"), "RUNNING")
          assert.isNull(Api.at(found, 0, "endtime"))
        }
      })))

  it.effect("lags behind the status: a finished task is RUNNING there until the archive has it", () =>
    Api.run({ faults: [{ fault: "archive-lag", seconds: 10 }] }, (api) =>
      Effect.gen(function*() {
        assert.strictEqual(yield* api.clone(401), "OK")
        assert.deepStrictEqual(yield* rows(api, {}), [])
        assert.strictEqual(Api.at(yield* rows(api, { source: "all" }), 0, "status"), "RUNNING")
        yield* Effect.sleep("10 seconds")
        assert.strictEqual(Api.at(yield* rows(api, {}), 0, "status"), "OK")
        assert.deepStrictEqual(yield* rows(api, { source: "active" }), [])
      })))

  it.effect("cannot tell two clones of one template apart but by UPID, and says the error's text for a failure", () =>
    Api.run(
      {
        faults: [
          { fault: "archive-lag", seconds: 0 },
          { fault: "exit-status", type: "qmclone", nth: 2, text: "clone failed: it broke" }
        ]
      },
      (api) =>
        Effect.gen(function*() {
          const [first, second] = yield* Effect.all([api.clone(401), api.clone(402)], { concurrency: 2 })
          assert.deepStrictEqual([first, second], ["OK", "clone failed: it broke"])
          const found = yield* rows(api, { typefilter: "qmclone", vmid: "9000" })
          assert.deepStrictEqual([Api.at(found, 0, "id"), Api.at(found, 1, "id")], ["9000", "9000"])
          assert.deepStrictEqual([Api.at(found, 0, "status"), Api.at(found, 1, "status")], [
            "OK",
            "clone failed: it broke"
          ])
          assert.notStrictEqual(Api.at(found, 0, "upid"), Api.at(found, 1, "upid"))
          assert.deepStrictEqual(yield* rows(api, { vmid: "401" }), [])
        })
    ))

  it.effect("returns fifty rows unless asked for more, the last to end first", () =>
    Api.run({ faults: [{ fault: "archive-lag", seconds: 0 }] }, (api) =>
      Effect.gen(function*() {
        for (let index = 0; index < 60; index++) {
          yield* api.task("POST", "/nodes/pve1/qemu/100/config", { description: `change ${index}` })
        }
        const first = yield* api.call("GET", "/nodes/pve1/tasks")
        assert.strictEqual(first.total, 60)
        assert.lengthOf(Object.keys(Object(first.data)), 50)
        const all = yield* rows(api, { limit: "500" })
        assert.lengthOf(Object.keys(Object(all)), 60)
        const times = Object.values(Object(all)).map((row) => Number(Object(row).endtime))
        assert.deepStrictEqual(times, times.toSorted((a, b) => b - a))
      })))
})

describe("a change without a digest", () => {
  it.effect("overwrites silently what somebody else wrote since it was read", () =>
    Api.run({}, ({ call, task }) =>
      Effect.gen(function*() {
        yield* call("GET", "/nodes/pve1/qemu/100/config")
        yield* task("POST", "/nodes/pve1/qemu/100/config", { description: "theirs", tags: "theirs" })
        assert.strictEqual(yield* task("POST", "/nodes/pve1/qemu/100/config", { description: "ours" }), "OK")
        const { data } = yield* call("GET", "/nodes/pve1/qemu/100/config")
        assert.strictEqual(Api.at(data, "description"), "ours")
        assert.strictEqual(Api.at(data, "tags"), "theirs")
      })))

  it.effect("with one, the second of two writers is refused, even when both were sent at once", () =>
    Api.run({}, ({ call, ended }) =>
      Effect.gen(function*() {
        const { data } = yield* call("GET", "/nodes/pve1/qemu/100/config")
        const digest = Api.text(data, "digest")
        const write = (description: string) => call("POST", "/nodes/pve1/qemu/100/config", { description, digest })
        const [first, second] = yield* Effect.all([write("first"), write("second")], { concurrency: 2 })
        assert.strictEqual(yield* ended(Api.text(first.data)), "OK")
        assert.strictEqual(second.status, 500)
        assert.strictEqual(second.reason, "checksum mismatch (file change by other user?)")
        const after = yield* call("GET", "/nodes/pve1/qemu/100/config")
        assert.strictEqual(Api.at(after.data, "description"), "first")
        assert.notStrictEqual(Api.text(after.data, "digest"), digest)
      })))

  it.effect("somebody may change a machine between our read and our write, by the fault plan", () =>
    Api.run({ faults: [{ fault: "foreign-change", vmid: 100 }] }, ({ call }) =>
      Effect.gen(function*() {
        const { data } = yield* call("GET", "/nodes/pve1/qemu/100/config")
        const digest = Api.text(data, "digest")
        const update = yield* call("POST", "/nodes/pve1/qemu/100/config", { cores: "3", digest })
        assert.strictEqual(update.reason, "checksum mismatch (file change by other user?)")
      })))
})
