import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import * as Path from "node:path"
import * as Disk from "../../../src/systems/genesys/output/Disk.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(tmpdir(), "holdfast-disk-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(65)

describe("Files that are flushed together", () => {
  it.scopedLive("are there whole, small and large, and only where none was before", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const flushing = new Disk.Flushing()
      const sizes = [0, 1, 300_000, ...Array.from({ length: 20 }, (_, index) => index + 2)]
      for (const size of sizes) yield* flushing.create(Path.join(path, String(size)), bytes(size), 0o600)
      const fault = yield* Effect.flip(flushing.create(Path.join(path, "1"), bytes(9)))
      assert.strictEqual(fault.remote, "the output of before is intact")
      yield* flushing.done
      for (const size of sizes) {
        const { mode, size: found } = Fs.statSync(Path.join(path, String(size)))
        assert.deepStrictEqual([found, mode & 0o777], [size, 0o600])
      }
      yield* flushing.create(Path.join(path, "later"), bytes(3))
      yield* flushing.done
    }))

  it.scopedLive("are written beside everything else where there are many", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const flushing = new Disk.Flushing()
      const sizes = Array.from({ length: 300 }, (_, index) => index * 400)
      for (const size of sizes) yield* flushing.create(Path.join(path, String(size)), bytes(size))
      yield* flushing.begin
      yield* flushing.written
      assert.deepStrictEqual(sizes.map((size) => Fs.readFileSync(Path.join(path, String(size))).length), sizes)
      yield* flushing.done
      yield* flushing.create(Path.join(path, "400"), bytes(9))
      const fault = yield* Effect.flip(flushing.done)
      assert.deepStrictEqual(
        [fault.subject, fault.remote, fault.detail.includes("exist")],
        [Path.join(path, "400"), "the output of before is intact", true]
      )
      assert.strictEqual(Fs.statSync(Path.join(path, "400")).size, 400)
      yield* flushing.stopped
    }))

  it.scopedLive("fail where one of them cannot be flushed", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const flushing = new Disk.Flushing()
      for (let file = 0; file < 20; file++) yield* flushing.create(Path.join(path, String(file)), bytes(10))
      Fs.rmSync(Path.join(path, "7"))
      yield* flushing.begin
      assert.strictEqual((yield* Effect.flip(flushing.done)).subject, Path.join(path, "7"))
    }))

  it.scopedLive("are left alone once it is stopped", () =>
    Effect.gen(function*() {
      const path = yield* folder
      const flushing = new Disk.Flushing()
      for (let file = 0; file < 20; file++) yield* flushing.create(Path.join(path, String(file)), bytes(10))
      yield* flushing.begin
      yield* flushing.stopped
      Fs.rmSync(path, { recursive: true })
      yield* flushing.done
    }))
})

describe("A folder", () => {
  it.live.skipIf(process.platform !== "linux")(
    "that cannot be made is told of, and not waited for",
    () =>
      Effect.gen(function*() {
        const fault = yield* Effect.flip(Disk.makeFolder("/proc/none/deeper"))
        assert.deepStrictEqual([fault.code, fault.subject, fault.hint], [
          "file-missing",
          "/proc/none/deeper",
          "No folder can be made there: name another"
        ])
      })
  )
})
