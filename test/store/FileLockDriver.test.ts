import { afterEach, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fs from "node:fs"
import { join } from "node:path"
import { vi } from "vitest"
import * as FileLock from "../../src/store/FileLock.ts"
import * as Child from "./Child.ts"

/** What the driver does in the place of its statements. */
const driver = vi.hoisted((): { open: () => void; exec: (sql: string) => void; closed: number } => ({
  open: () => {},
  exec: () => {},
  closed: 0
}))

vi.mock("better-sqlite3", () => ({
  default: class {
    constructor() {
      driver.open()
    }
    exec(sql: string) {
      driver.exec(sql)
    }
    close() {
      driver.closed += 1
    }
  }
}))

afterEach(() => Object.assign(driver, { open: () => {}, exec: () => {}, closed: 0 }))

const thrown = (code: string | undefined, message = "no") => () => {
  throw Object.assign(new Error(message), code === undefined ? {} : { code })
}

const lock = Effect.map(Child.folder, (folder) => join(folder, "state.json.lock"))

const outcome = (path: string) =>
  Effect.match(FileLock.withLock(Effect.void, path.slice(0, -".lock".length), { purpose: "test", timeout: 0 }), {
    onSuccess: () => "had it",
    onFailure: ({ code, kind }) => `${kind} ${code}`
  })

describe("FileLock, where the driver fails", () => {
  it.scopedLive("says what is wrong with the native module, and what helps", () =>
    Effect.gen(function*() {
      const path = yield* lock
      const ways: ReadonlyArray<readonly [string | undefined, string]> = [
        [undefined, "Could not locate the bindings file. Tried:"],
        ["ERR_DLOPEN_FAILED", "was compiled against a different Node.js version using NODE_MODULE_VERSION 108"]
      ]
      for (const [code, message] of ways) {
        driver.open = thrown(code, message)
        const fault = yield* Effect.flip(FileLock.withLock(Effect.void, path, { purpose: "test" }))
        assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["failed", "native-module", "no"])
        assert.include(fault.message, "npm rebuild better-sqlite3")
      }
    }))

  it.scopedLive("gives each failure of the file its name", () =>
    Effect.gen(function*() {
      const path = yield* lock
      Fs.writeFileSync(path, "")
      const names = [
        ["SQLITE_READONLY_DIRECTORY", "denied permission"],
        ["SQLITE_FULL", "failed disk-full"],
        ["SQLITE_IOERR_LOCK", "failed input-output"],
        ["SQLITE_CANTOPEN", "denied lock-unavailable"],
        ["SQLITE_NOTADB", "invalid lock-foreign"],
        ["SQLITE_BUSY", "locked lock-held"],
        ["SQLITE_BUSY_RECOVERY", "locked lock-held"]
      ] as const
      for (const [code, name] of names) {
        driver.exec = thrown(code)
        assert.strictEqual(yield* outcome(path), name)
      }
    }))

  it.scopedLive("every connection that did not get the lock is closed", () =>
    Effect.gen(function*() {
      const path = yield* lock
      Fs.writeFileSync(path, "")
      let opened = 0
      driver.open = () => {
        opened += 1
      }
      driver.exec = thrown("SQLITE_BUSY")
      assert.strictEqual(yield* outcome(path), "locked lock-held")
      assert.isAtLeast(opened, 3)
      assert.strictEqual(driver.closed, opened)
    }))

  it.scopedLive("the lock of a file that was replaced meanwhile is worth nothing, and is asked for again", () =>
    Effect.gen(function*() {
      const path = yield* lock
      Fs.writeFileSync(path, "")
      let taken = 0
      driver.exec = (sql) => {
        if (sql !== "BEGIN IMMEDIATE") return
        taken += 1
        if (taken > 1) return
        // Both at once, or the new one might have the number of the old one.
        Fs.writeFileSync(`${path}.new`, "")
        Fs.renameSync(`${path}.new`, path)
      }
      assert.strictEqual(yield* outcome(path), "had it")
      assert.strictEqual(taken, 2)
      assert.strictEqual(driver.closed, 2)
      const seen = yield* FileLock.inspect(path.slice(0, -".lock".length))
      assert.deepStrictEqual(seen, { held: false, holder: Option.none() })
    }))
})
