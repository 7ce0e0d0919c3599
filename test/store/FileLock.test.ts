import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as Fs from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import * as FileLock from "../../src/store/FileLock.ts"
import * as Child from "./Child.ts"

const shared = Effect.runSync(Scope.make())
let holder = ""
beforeAll(async () => {
  holder = await Effect.runPromise(
    Scope.extend(Child.program(new URL("./LockHolder.ts", import.meta.url)), shared)
  )
})
afterAll(() => Effect.runPromise(Scope.close(shared, Exit.void)))

const file = Effect.map(Child.folder, (folder) => join(folder, "state.json"))
const nobody = process.getuid?.() === 0 ? 65_534 : undefined
const once = { purpose: "test", timeout: 0 } as const

/** A child process that has the lock. */
const held = (path: string) =>
  Effect.gen(function*() {
    const child = yield* Child.startProgram(holder, [path, "hold"])
    assert.strictEqual(yield* child.line, "ready")
    assert.strictEqual(yield* child.line, "held")
    return child
  })

const codeOf = (path: string) =>
  Effect.map(Effect.flip(FileLock.withLock(Effect.void, path, once)), ({ code, kind }) => `${kind} ${code}`)

describe("FileLock", () => {
  it.scopedLive("is free, is held, is free again, and makes no file but its own", () =>
    Effect.gen(function*() {
      const path = yield* file
      assert.deepStrictEqual(yield* FileLock.inspect(path), { held: false, holder: Option.none() })
      assert.isFalse(Fs.existsSync(FileLock.lockOf(path)))
      const inside = yield* FileLock.inspect(path).pipe(FileLock.withLock(path, { purpose: "apply lab" }))
      assert.isTrue(inside.held)
      const who = Option.getOrThrow(inside.holder)
      assert.deepStrictEqual([who.pid, who.host, who.purpose], [process.pid, hostname(), "apply lab"])
      assert.strictEqual(new Date(who.since).toISOString(), who.since)
      assert.deepStrictEqual(yield* FileLock.inspect(path), { held: false, holder: Option.none() })
      assert.deepStrictEqual(Fs.readdirSync(join(path, "..")), ["state.json.lock"])
      assert.strictEqual(Fs.statSync(FileLock.lockOf(path)).size, 0)
    }))

  it.scopedLive("is held until the scope closes", () =>
    Effect.gen(function*() {
      const path = yield* file
      const scope = yield* Scope.make()
      yield* Scope.extend(FileLock.acquire(path, once), scope)
      assert.strictEqual((yield* Effect.flip(FileLock.withLock(Effect.void, path, once))).code, "lock-held")
      yield* Scope.close(scope, Exit.void)
      yield* FileLock.withLock(Effect.void, path, once)
    }))

  it.scopedLive("is freed however the work ends", () =>
    Effect.gen(function*() {
      const path = yield* file
      for (const work of [Effect.fail("no"), Effect.die("bug"), Effect.interrupt]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(FileLock.withLock(work, path, once))))
        assert.isFalse((yield* FileLock.inspect(path)).held)
      }
    }))

  it.scopedLive("names the holder when the time is up, and waits no longer than asked", () =>
    Effect.gen(function*() {
      const path = yield* file
      const child = yield* held(path)
      const fault = yield* Effect.flip(
        FileLock.withLock(Effect.void, path, { purpose: "test", timeout: "50 millis" })
      )
      assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["locked", "lock-held", "no"])
      assert.include(fault.message, `${path}: is locked by process ${child.process.pid} on ${hostname()} since 2`)
      assert.include(fault.message, `(test hold). Wait for it, or end process ${child.process.pid}`)
      const seen = yield* FileLock.inspect(path)
      assert.deepStrictEqual(Option.map(seen.holder, ({ pid }) => pid), Option.fromNullable(child.process.pid))
    }))

  it.scopedLive("is freed by the kernel when the holder is killed, and a stale name fools nobody", () =>
    Effect.gen(function*() {
      const path = yield* file
      const child = yield* held(path)
      yield* child.kill
      assert.isTrue(Fs.existsSync(`${FileLock.lockOf(path)}.holder`))
      assert.deepStrictEqual(yield* FileLock.inspect(path), { held: false, holder: Option.none() })
      yield* FileLock.withLock(Effect.void, path, once)
    }))

  it.scopedLive("is not passed on to processes that the holder starts", () =>
    Effect.gen(function*() {
      const path = yield* file
      const scope = yield* Scope.make()
      yield* Scope.extend(FileLock.acquire(path, once), scope)
      yield* Child.start(["sleep", "60"])
      yield* Scope.close(scope, Exit.void)
      yield* FileLock.withLock(Effect.void, path, once)
    }))

  it.scopedLive("waits interruptibly, and a wait that was given up leaves nothing", () =>
    Effect.gen(function*() {
      const path = yield* file
      const scope = yield* Scope.make()
      yield* Scope.extend(FileLock.acquire(path, once), scope)
      const waiting = yield* Effect.fork(FileLock.withLock(Effect.void, path, { purpose: "wait", timeout: "1 hour" }))
      yield* Effect.sleep("30 millis")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(waiting)))
      yield* Scope.close(scope, Exit.void)
      assert.isFalse((yield* FileLock.inspect(path)).held)
    }))

  it.scopedLive("other fibers go on while one waits", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* held(path)
      const waiting = yield* Effect.fork(FileLock.withLock(Effect.void, path, { purpose: "wait", timeout: "1 hour" }))
      // A wait inside SQLite would stop these turns of the event loop, and this test with them.
      for (let turn = 0; turn < 200; turn += 1) yield* Effect.sleep("1 millis")
      yield* Fiber.interrupt(waiting)
    }))

  it.scopedLive("fibers of one process exclude each other, whatever name they use for the file", () =>
    Effect.gen(function*() {
      const path = yield* file
      const link = `${path}.link`
      Fs.symlinkSync("state.json", link)
      const inside = yield* Ref.make(0)
      const most = yield* Ref.make(0)
      const done = yield* Ref.make(0)
      const work = Effect.gen(function*() {
        const now = yield* Ref.updateAndGet(inside, (count) => count + 1)
        yield* Ref.update(most, (count) => Math.max(count, now))
        yield* Effect.sleep("1 millis")
        yield* Ref.update(inside, (count) => count - 1)
        yield* Ref.update(done, (count) => count + 1)
      })
      yield* Effect.forEach(
        Array.from({ length: 24 }, (_, index) => index),
        (index) => FileLock.withLock(work, index % 2 === 0 ? path : link, { purpose: `fiber ${index}` }),
        { concurrency: 24, discard: true }
      )
      assert.strictEqual(yield* Ref.get(most), 1)
      assert.strictEqual(yield* Ref.get(done), 24)
    }))

  it.scopedLive("looking at a lock, or failing to get it, does not lose it for its holder", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* FileLock.acquire(path, once)
      // Each of these opens and closes the lock file in this process: a plain lock of fcntl(2) would be gone.
      yield* FileLock.inspect(path)
      yield* Effect.flip(FileLock.withLock(Effect.void, path, once))
      const other = yield* Child.startProgram(holder, [path, "hold"])
      assert.strictEqual(yield* other.line, "ready")
      const got = yield* Effect.timeoutOption(other.line, "300 millis")
      assert.deepStrictEqual(got, Option.none())
    }))

  it.scopedLive("the same lock inside itself is refused at once; after it, it is not", () =>
    Effect.gen(function*() {
      const path = yield* file
      const again = FileLock.withLock(Effect.void, path, { purpose: "inner", timeout: "1 hour" })
      const fault = yield* Effect.flip(FileLock.withLock(again, path, once))
      assert.deepStrictEqual([fault.kind, fault.code], ["rejected", "lock-reentry"])
      // A fiber that outlives the lock it was started under may have it.
      const gate = yield* Deferred.make<void>()
      const later = yield* FileLock.withLock(
        Effect.forkScoped(Effect.zipRight(Deferred.await(gate), again)),
        path,
        once
      )
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(later)
      yield* FileLock.withLock(FileLock.withLock(Effect.void, `${path}.other`, once), path, once)
    }))

  it.scopedLive("waits for the lock that is seen now, not for one whose file was taken away", () =>
    Effect.gen(function*() {
      const path = yield* file
      yield* FileLock.withLock(
        Effect.gen(function*() {
          Fs.rmSync(FileLock.lockOf(path))
          Fs.writeFileSync(FileLock.lockOf(path), "")
          assert.isFalse((yield* FileLock.inspect(path)).held)
        }),
        path,
        once
      )
    }))

  it.scopedLive("says clearly why a lock cannot be used", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      assert.strictEqual(yield* codeOf(join(folder, "missing", "state.json")), "denied lock-unavailable")
      Fs.writeFileSync(join(folder, "a.lock"), "somebody's notes")
      assert.strictEqual(yield* codeOf(join(folder, "a")), "invalid lock-foreign")
      assert.strictEqual(Fs.readFileSync(join(folder, "a.lock"), "utf8"), "somebody's notes")
      Fs.mkdirSync(join(folder, "b.lock"))
      assert.strictEqual(yield* codeOf(join(folder, "b")), "invalid lock-foreign")
    }))

  it.scopedLive("a folder that may not be written to is a fault", () =>
    Effect.gen(function*() {
      const path = yield* file
      Fs.chmodSync(join(path, ".."), 0o555)
      const child = yield* Child.startProgram(holder, [path, "hold"], { uid: nobody })
      assert.strictEqual(yield* child.line, "ready")
      assert.strictEqual(yield* child.line, "lock-unavailable")
    }))

  it.scopedLive("16 processes add to one number: nothing is lost", () =>
    Effect.gen(function*() {
      const path = yield* file
      const counter = `${path}.count`
      Fs.writeFileSync(counter, "0")
      const children = yield* Effect.forEach(
        Array.from({ length: 16 }),
        () => Child.startProgram(holder, [path, "count", counter, "25"])
      )
      for (const child of children) {
        assert.strictEqual(yield* child.line, "ready")
        assert.strictEqual(yield* child.line, "done")
      }
      assert.strictEqual(Fs.readFileSync(counter, "utf8"), "400")
    }), 120_000)

  it.scopedLive(
    "16 waiters and 100 crashes of the holder: never two, and never none for ever",
    () =>
      Effect.gen(function*() {
        const path = yield* file
        const everybody = yield* Deferred.make<void>()
        let ready = 0
        let holding = false
        let crashes = 0
        let twice = 0
        // Nobody gives the lock up: whoever has it is killed. So nobody may have it before the one before was killed.
        const waiter = Effect.scoped(Effect.gen(function*() {
          const child = yield* Child.startProgram(holder, [path, "hold"])
          assert.strictEqual(yield* child.line, "ready")
          ready += 1
          if (ready === 16) yield* Deferred.succeed(everybody, undefined)
          assert.strictEqual(yield* child.line, "held")
          if (holding) twice += 1
          holding = true
          yield* Deferred.await(everybody)
          const fault = yield* Effect.flip(FileLock.withLock(Effect.void, path, once))
          if (fault.code !== "lock-held") twice += 1
          crashes += 1
          holding = false
          yield* child.kill
        }))
        const lane = Effect.repeat(waiter, { while: () => crashes < 100 })
        yield* Effect.all(Array.from({ length: 16 }, () => lane), { concurrency: 16, discard: true })
        assert.isAtLeast(crashes, 100)
        assert.strictEqual(twice, 0)
        assert.isFalse((yield* FileLock.inspect(path)).held)
      }),
    120_000
  )
})
