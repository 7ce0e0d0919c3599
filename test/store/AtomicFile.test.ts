import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import { join } from "node:path"
import type * as Fault from "../../src/kernel/Fault.ts"
import * as AtomicFile from "../../src/store/AtomicFile.ts"
import * as Child from "./Child.ts"
import { mayMount, smallDisk } from "./SmallDisk.ts"
import { isWhole, sealed } from "./Sealed.ts"

const shared = Effect.runSync(Scope.make())
let writer = ""
beforeAll(async () => {
  writer = await Effect.runPromise(Scope.extend(Child.program(new URL("./AtomicWriter.ts", import.meta.url)), shared))
})
afterAll(() => Effect.runPromise(Scope.close(shared, Exit.void)))

const Said = Schema.parseJson(Schema.Struct({
  kind: Schema.String,
  code: Schema.String,
  sent: Schema.String,
  message: Schema.String
}))

const temporaries = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(folder).filter((name) => name.endsWith(".tmp"))

/** Nobody, where the tests run as root: root may write everywhere. */
const nobody = process.getuid?.() === 0 ? 65_534 : undefined

const isGood = (content: Uint8Array) => new TextDecoder().decode(content).startsWith("good")

const codeOf = (path: string) => Effect.map(Effect.flip(AtomicFile.write(path, "new")), (fault) => fault.code)

/** The name of a file beside, as a writer with this process id gives it. */
const name = (tag: string, pid: number | undefined) => `.holdfast-${tag}-${pid}-0123456789ab.tmp`

describe("AtomicFile", () => {
  it.scoped("reads what was written, and nothing where there is nothing", () =>
    Effect.gen(function*() {
      const path = join(yield* Child.folder, "state.json")
      assert.deepStrictEqual(yield* AtomicFile.read(path), Option.none())
      assert.deepStrictEqual(yield* AtomicFile.readLastGood(path), Option.none())
      yield* AtomicFile.write(path, "one ✓")
      assert.deepStrictEqual(yield* AtomicFile.read(path), Option.some("one ✓"))
      assert.deepStrictEqual(yield* AtomicFile.readLastGood(path), Option.none())
    }))

  it.scoped("keeps the content before as the last good copy, and shares nothing with it", () =>
    Effect.gen(function*() {
      const path = join(yield* Child.folder, "state.json")
      yield* AtomicFile.write(path, "one")
      yield* AtomicFile.write(path, "two")
      yield* AtomicFile.write(path, "three")
      // An editor that writes in place spoils the file, not the copy.
      Fs.writeFileSync(path, "spoiled")
      assert.deepStrictEqual(yield* AtomicFile.readLastGood(path), Option.some("two"))
      assert.strictEqual(Fs.statSync(AtomicFile.lastGoodOf(path)).nlink, 1)
    }))

  it.scoped("does not make a copy of what the caller knows to be broken", () =>
    Effect.gen(function*() {
      const path = join(yield* Child.folder, "state.json")
      yield* AtomicFile.write(path, "good 1", { isGood })
      yield* AtomicFile.write(path, "good 2", { isGood })
      Fs.writeFileSync(path, "<<<<<<< HEAD")
      yield* AtomicFile.write(path, "good 3", { isGood })
      assert.deepStrictEqual(yield* AtomicFile.readLastGood(path), Option.some("good 1"))
      assert.deepStrictEqual(yield* AtomicFile.read(path), Option.some("good 3"))
    }))

  it.scoped("the same content again replaces nothing", () =>
    Effect.gen(function*() {
      const path = join(yield* Child.folder, "state.json")
      yield* AtomicFile.write(path, "one")
      yield* AtomicFile.write(path, "two")
      const before = Fs.statSync(path)
      yield* AtomicFile.write(path, "two")
      assert.strictEqual(Fs.statSync(path).ino, before.ino)
      assert.strictEqual(Fs.statSync(path).mtimeMs, before.mtimeMs)
      assert.deepStrictEqual(yield* AtomicFile.readLastGood(path), Option.some("one"))
    }))

  it.scoped("keeps the permission bits, and gives a new file the ones asked for", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      const path = join(folder, "secret.json")
      yield* AtomicFile.write(path, "one", { mode: 0o600 })
      assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o600)
      Fs.chmodSync(path, 0o640)
      yield* AtomicFile.write(path, "two", { mode: 0o600 })
      assert.strictEqual(Fs.statSync(path).mode & 0o7777, 0o640)
      assert.strictEqual(Fs.statSync(AtomicFile.lastGoodOf(path)).mode & 0o7777, 0o640)
      const plain = join(folder, "plain.json")
      yield* AtomicFile.write(plain, "one")
      Fs.writeFileSync(join(folder, "reference"), "")
      assert.strictEqual(Fs.statSync(plain).mode, Fs.statSync(join(folder, "reference")).mode)
    }))

  it.scoped.skipIf(nobody === undefined)("keeps the owner where it may", () =>
    Effect.gen(function*() {
      assert(nobody !== undefined)
      const path = join(yield* Child.folder, "state.json")
      Fs.writeFileSync(path, "one")
      Fs.chownSync(path, nobody, nobody)
      yield* AtomicFile.write(path, "two")
      assert.strictEqual(Fs.statSync(path).uid, nobody)
      assert.strictEqual(Fs.statSync(path).gid, nobody)
    }))

  it.scoped("writes through symbolic links, be their target there or not", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      Fs.mkdirSync(join(folder, "far"))
      Fs.symlinkSync("far/state.json", join(folder, "middle"))
      Fs.symlinkSync("middle", join(folder, "near"))
      const near = join(folder, "near")
      yield* AtomicFile.write(near, "one")
      yield* AtomicFile.write(near, "two")
      assert.strictEqual(Fs.readlinkSync(near), "middle")
      assert.strictEqual(Fs.readFileSync(join(folder, "far", "state.json"), "utf8"), "two")
      assert.deepStrictEqual(Fs.readdirSync(join(folder, "far")).toSorted(), ["state.json", "state.json.last-good"])
      assert.deepStrictEqual(yield* AtomicFile.readLastGood(near), Option.some("one"))
    }))

  it.scoped("says clearly what cannot be written, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      Fs.symlinkSync("two", join(folder, "one"))
      Fs.symlinkSync("one", join(folder, "two"))
      assert.strictEqual(yield* codeOf(join(folder, "one")), "link-loop")
      assert.strictEqual(yield* codeOf(folder), "not-a-file")
      assert.strictEqual(yield* codeOf(join(folder, "missing", "state.json")), "file-missing")
      assert.strictEqual(yield* codeOf(join(folder, "x".repeat(300))), "name-too-long")
      execFileSync("/bin/sh", ["-c", "exec mkfifo \"$1\"", "test", join(folder, "pipe")], { stdio: "ignore" })
      assert.strictEqual(yield* codeOf(join(folder, "pipe")), "not-a-file")
      // The copy cannot be made: then the file is not touched.
      Fs.writeFileSync(join(folder, "state.json"), "old")
      Fs.mkdirSync(join(folder, "state.json.last-good"))
      assert.strictEqual(yield* codeOf(join(folder, "state.json")), "not-a-file")
      assert.strictEqual(Fs.readFileSync(join(folder, "state.json"), "utf8"), "old")
      assert.deepStrictEqual(temporaries(folder), [])
    }))

  it.scoped("a text that is not UTF-8 is a fault, not a guess", () =>
    Effect.gen(function*() {
      const path = join(yield* Child.folder, "state.json")
      Fs.writeFileSync(path, Buffer.from([0x7b, 0xff, 0xfe]))
      const fault = yield* Effect.flip(AtomicFile.read(path))
      assert.deepStrictEqual([fault.kind, fault.code], ["invalid", "not-text"])
    }))

  it.scoped.skipIf(!mayMount)(
    "a full disk leaves the old content, and the message says what to do",
    () =>
      Effect.gen(function*() {
        const { folder } = yield* smallDisk("256k")
        const path = join(folder, "state.json")
        yield* AtomicFile.write(path, "old")
        const fault = yield* Effect.flip(AtomicFile.write(path, "x".repeat(1_000_000)))
        assert.deepStrictEqual([fault.kind, fault.code, fault.sent], ["failed", "disk-full", "no"])
        assert.include(fault.message, path)
        assert.include(fault.message, "nothing was changed. Free some space")
        assert.deepStrictEqual(yield* AtomicFile.read(path), Option.some("old"))
        assert.deepStrictEqual(temporaries(folder), [])
        // Once there is room again, the same write succeeds.
        yield* AtomicFile.write(path, "new")
        assert.deepStrictEqual(yield* AtomicFile.read(path), Option.some("new"))
      })
  )

  it.scopedLive("a limit on the size of files is a fault, and the old content stays", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      const path = join(folder, "state.json")
      Fs.writeFileSync(path, "old")
      const child = yield* Child.start([
        "sh",
        "-c",
        "trap '' XFSZ; ulimit -f 16; exec \"$0\" \"$@\"",
        process.execPath,
        writer,
        path,
        "atomic",
        "big"
      ])
      const said = yield* Schema.decode(Said)(yield* child.line)
      assert.deepStrictEqual([said.kind, said.code, said.sent], ["failed", "file-too-big", "no"])
      assert.strictEqual(Fs.readFileSync(path, "utf8"), "old")
      assert.deepStrictEqual(Fs.readdirSync(folder), ["state.json"])
    }))

  it.scopedLive("a folder or a file that may not be written to is a fault, and nothing changes", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      const path = join(folder, "state.json")
      Fs.writeFileSync(path, "old")
      const write = Effect.gen(function*() {
        const child = yield* Child.startProgram(writer, [path, "atomic", "new"], { uid: nobody })
        return yield* Schema.decode(Said)(yield* child.line)
      })
      Fs.chmodSync(path, 0o666)
      Fs.chmodSync(folder, 0o555)
      const closed = yield* write
      assert.deepStrictEqual([closed.kind, closed.code, closed.sent], ["denied", "permission", "no"])
      // The folder is open to all, but the file is marked read-only.
      Fs.chmodSync(folder, 0o777)
      Fs.chmodSync(path, 0o444)
      const marked = yield* write
      assert.deepStrictEqual([marked.kind, marked.code], ["denied", "permission"])
      assert.include(marked.message, `${path}: the permission is missing. nothing was changed`)
      assert.strictEqual(Fs.readFileSync(path, "utf8"), "old")
      assert.deepStrictEqual(Fs.readdirSync(folder), ["state.json"])
    }))

  it.scopedLive("an interrupted write changes nothing or all, and leaves nothing behind", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      const path = join(folder, "state.json")
      yield* AtomicFile.write(path, sealed(1))
      for (let round = 0; round < 60; round += 1) {
        const fiber = yield* Effect.fork(AtomicFile.write(path, sealed(1_000_003 + round)))
        for (let turn = 0; turn < round; turn += 1) yield* Effect.promise(() => new Promise(setImmediate))
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Option.exists(yield* AtomicFile.read(path), isWhole))
        assert.deepStrictEqual(temporaries(folder), [])
      }
    }))

  it.effect.prop(
    "after any writes the file is the last of them, and the copy the last that was different",
    { texts: FastCheck.array(FastCheck.constantFrom("", "a", "b", "c"), { minLength: 1, maxLength: 8 }) },
    ({ texts }) =>
      Effect.scoped(Effect.gen(function*() {
        const folder = yield* Child.folder
        const path = join(folder, "state")
        for (const text of texts) yield* AtomicFile.write(path, text)
        const last = texts.at(-1)
        const different = texts.filter((text, index) => text !== texts[index + 1] && index < texts.length - 1)
        assert.deepStrictEqual(yield* AtomicFile.read(path), Option.fromNullable(last))
        assert.deepStrictEqual(yield* AtomicFile.readLastGood(path), Option.fromNullable(different.at(-1)))
        assert.deepStrictEqual(temporaries(folder), [])
      })),
    { fastCheck: { numRuns: 30 } }
  )

  it.scopedLive("many writers at once: the file and its copy are each one of the contents", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      const path = join(folder, "state")
      yield* Effect.forEach(
        Array.from({ length: 40 }, (_, index) => index),
        (index) => AtomicFile.write(path, sealed(index * 131_071)),
        { concurrency: 8 }
      )
      assert.isTrue(Option.exists(yield* AtomicFile.read(path), isWhole))
      assert.isTrue(Option.exists(yield* AtomicFile.readLastGood(path), isWhole))
      assert.deepStrictEqual(Fs.readdirSync(folder).toSorted(), ["state", "state.last-good"])
    }))

  it.scopedLive("sweeps what dead writers left, and nothing else", () =>
    Effect.gen(function*() {
      const folder = yield* Child.folder
      const dead = yield* Child.start(["true"])
      yield* dead.end
      const alive = join(folder, "state")
      yield* AtomicFile.write(alive, "x")
      const seen = yield* ownTag
      const left = name(seen, dead.process.pid)
      const mine = name(seen, process.pid)
      const foreign = name("00000000", dead.process.pid)
      const ancient = name("00000001", dead.process.pid)
      for (const file of [left, mine, foreign, ancient, "notes.tmp", ".holdfast-x.tmp"]) {
        Fs.writeFileSync(join(folder, file), "")
      }
      Fs.utimesSync(join(folder, ancient), 1, 1)
      assert.deepStrictEqual(
        (yield* AtomicFile.sweep(folder)).toSorted(),
        [left, ancient].map((file) => join(folder, file)).toSorted()
      )
      assert.deepStrictEqual(
        Fs.readdirSync(folder).toSorted(),
        [mine, foreign, ".holdfast-x.tmp", "notes.tmp", "state"].toSorted()
      )
    }))

  it.scopedLive(
    "100 writers are killed at random moments: no reader ever sees a torn file",
    () =>
      Effect.gen(function*() {
        const folder = yield* Child.folder
        const path = join(folder, "state")
        yield* AtomicFile.write(path, sealed(0))
        const looks = { whole: 0, torn: 0, missing: 0, left: 0 }
        const reader = Effect.forever(
          Effect.gen(function*() {
            for (const text of [yield* AtomicFile.read(path), yield* AtomicFile.readLastGood(path)]) {
              if (Option.isSome(text)) looks[isWhole(text.value) ? "whole" : "torn"] += 1
            }
            yield* Effect.sleep("1 millis")
          })
        )
        const crash = (round: number) =>
          Effect.scoped(Effect.gen(function*() {
            const child = yield* Child.startProgram(writer, [path, "atomic"])
            yield* child.line
            yield* Effect.sleep((round * 37) % 41)
            yield* child.kill
            looks.left += temporaries(folder).length
            assert.isTrue(Option.exists(yield* AtomicFile.read(path), isWhole))
          }))
        const reading = yield* Effect.fork(reader)
        yield* Effect.forEach(Array.from({ length: 100 }, (_, round) => round), crash, {
          concurrency: 4,
          discard: true
        })
        yield* Fiber.interrupt(reading)
        assert.strictEqual(looks.torn, 0)
        assert.isAbove(looks.whole, 100)
        // Some were killed in the middle of a write, or this test proves nothing.
        assert.isAbove(looks.left, 0)
        yield* AtomicFile.sweep(folder)
        assert.deepStrictEqual(Fs.readdirSync(folder).toSorted(), ["state", "state.last-good"])
      }),
    120_000
  )

  it.scopedLive("the same reader does see files torn that are written in place", () =>
    Effect.gen(function*() {
      const path = join(yield* Child.folder, "state")
      const child = yield* Child.startProgram(writer, [path, "in-place"])
      yield* child.line
      const torn = Effect.repeat(AtomicFile.read(path), {
        until: (text) => Option.exists(text, (text) => !isWhole(text))
      })
      assert.isTrue(Option.isSome(yield* torn))
    }))
})

/** The part of the names of files beside that stands for this machine. */
const ownTag: Effect.Effect<string, Fault.Fault, Scope.Scope> = Effect.gen(function*() {
  const folder = yield* Child.folder
  const seen = yield* Effect.fork(Effect.async<string>((resume) => {
    const watcher = Fs.watch(folder, (_, name) => {
      const tag = /^\.holdfast-([0-9a-f]{8})-/.exec(name ?? "")?.[1]
      if (tag === undefined) return
      watcher.close()
      resume(Effect.succeed(tag))
    })
  }))
  yield* Effect.yieldNow()
  yield* AtomicFile.write(join(folder, "state"), "y")
  return yield* Fiber.join(seen)
})
