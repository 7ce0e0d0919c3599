/**
 * Folders with those on the way to them. What hangs in production: a place below `/proc`, where `mkdir` of Node tries for
 * ever to make what is in the way.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, statSync, symlinkSync, writeFileSync } from "node:fs"
import * as Path from "node:path"
import * as FileFault from "../../src/store/FileFault.ts"
import * as FolderPath from "../../src/store/FolderPath.ts"
import { open, temporaryFolder } from "./Backends.ts"

const made = (path: string, mode?: number) => Effect.promise(() => FolderPath.make(path, mode))

const refusal = (path: string) =>
  Effect.map(Effect.flip(Effect.tryPromise({ try: () => FolderPath.make(path), catch: FileFault.codeOf })), String)

describe("FolderPath", () => {
  it.scopedLive("makes what is missing on the way, and leaves what is there", () =>
    Effect.gen(function*() {
      const root = yield* temporaryFolder
      const deep = Path.join(root, "a/b/c")
      yield* made(deep, 0o700)
      for (const path of ["a", "a/b", "a/b/c"]) {
        assert.strictEqual(statSync(Path.join(root, path)).mode & 0o777, process.platform === "win32" ? 0o666 : 0o700)
      }
      yield* made(deep)
      assert.isTrue(statSync(deep).isDirectory())
      const many = Array.from({ length: 8 }, (_, index) => made(Path.join(root, "d/e/f", String(index))))
      yield* Effect.all(many, { concurrency: 8 })
      assert.isTrue(existsSync(Path.join(root, "d/e/f/7")))
    }))

  it.scopedLive("says what is in the way", () =>
    Effect.gen(function*() {
      const root = yield* temporaryFolder
      writeFileSync(Path.join(root, "file"), "")
      symlinkSync(Path.join(root, "none"), Path.join(root, "link"))
      assert.strictEqual(yield* refusal(Path.join(root, "file")), "EEXIST")
      assert.strictEqual(yield* refusal(Path.join(root, "file/x/y")), "ENOTDIR")
      assert.strictEqual(yield* refusal(Path.join(root, "link/x")), "EEXIST")
    }))

  it.live.skipIf(process.platform !== "linux")(
    "comes to an end where nothing can be made",
    () =>
      Effect.gen(function*() {
        for (const path of ["/proc/none", "/proc/none/deeper"]) {
          assert.strictEqual(yield* refusal(path), "ENOENT")
          const fault = yield* Effect.flip(Effect.scoped(Effect.asVoid(open({ file: Path.join(path, "holdfast.db") }))))
          assert.strictEqual(fault.code, "store-unavailable")
          assert.include(fault.message, `${path} cannot be made`)
          assert.include(fault.message, "Name another place for the store")
        }
      })
  )
})
