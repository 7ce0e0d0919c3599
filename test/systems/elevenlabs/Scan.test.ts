import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import { createHash } from "node:crypto"
import { execFileSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import type * as Fault from "../../../src/kernel/Fault.ts"
import * as Scan from "../../../src/systems/elevenlabs/documents/Scan.ts"

const Disk = Layer.merge(NodeFileSystem.layer, NodePath.layer)

const folderWith = (files: Readonly<Record<string, string | Uint8Array>>) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const folder = Fs.realpathSync(Fs.mkdtempSync(Path.join(Os.tmpdir(), "scan-")))
      for (const [file, content] of Object.entries(files)) {
        Fs.mkdirSync(Path.dirname(Path.join(folder, file)), { recursive: true })
        Fs.writeFileSync(Path.join(folder, file), content)
      }
      return folder
    }),
    (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true }))
  )

const sha256 = (content: string | Uint8Array) => createHash("sha256").update(content).digest("hex")

const grow = (path: string): Effect.Effect<void> => Effect.sync(() => Fs.appendFileSync(path, "x".repeat(9)))

/** The file system of node, whose calls may fail for some paths. */
const failing = (
  method: "readDirectory" | "stat" | "realPath" | "readFile",
  ending: string,
  reason: SystemError["reason"]
) =>
  Layer.effect(
    FileSystem.FileSystem,
    Effect.map(FileSystem.FileSystem, (files) => {
      const fault = (path: string) => new SystemError({ module: "FileSystem", method, reason, pathOrDescriptor: path })
      const spoil = <A, More extends ReadonlyArray<unknown>, R>(
        call: (path: string, ...more: More) => Effect.Effect<A, unknown, R>
      ) =>
      (path: string, ...more: More): Effect.Effect<A, SystemError, R> =>
        path.endsWith(ending) ? Effect.fail(fault(path)) : Effect.orDie(call(path, ...more))
      return {
        ...files,
        ...method === "readDirectory" ? { readDirectory: spoil(files.readDirectory) } : {},
        ...method === "stat" ? { stat: spoil(files.stat) } : {},
        ...method === "realPath" ? { realPath: spoil(files.realPath) } : {},
        ...method === "readFile" ? { readFile: spoil(files.readFile) } : {}
      }
    })
  ).pipe(Layer.provide(NodeFileSystem.layer), Layer.merge(NodePath.layer))

const codeOf = <A, R>(effect: Effect.Effect<A, Fault.Fault, R>) => Effect.map(Effect.flip(effect), ({ code }) => code)

const record = (name: string) => `<|https://example.com/${name}|>\n## ${name}\n${"ü".repeat(30)}\n`

describe("Scan, what must never look like an empty folder", () => {
  it.scoped("a folder that is missing, empty, or holds no document", () =>
    Effect.gen(function*() {
      const empty = yield* folderWith({})
      const foreign = yield* folderWith({ "index.json": "{}", ".a.txt": "x", "b.txt.tmp": "x" })
      const file = yield* folderWith({ "a.txt": "x" })
      const codes = yield* Effect.forEach(
        [Path.join(empty, "gone"), empty, foreign, Path.join(file, "a.txt")],
        (folder) => codeOf(Scan.collect({ folder }))
      )
      expect(codes).toStrictEqual(["folder-missing", "folder-empty", "folder-empty", "not-a-folder"])
    }).pipe(Effect.provide(Disk)))

  for (
    const [method, ending] of [
      ["readDirectory", "/sub"],
      ["stat", "/sub"],
      ["realPath", "/sub"],
      ["stat", "b.txt"],
      ["readFile", "b.txt"]
    ] as const
  ) {
    it.scoped(`a folder where ${method} of ${ending} is refused`, () =>
      Effect.gen(function*() {
        const folder = yield* folderWith({ "a.txt": "a", "sub/b.txt": "b" })
        const scan = Effect.flip(Scan.collect({ folder }))
        const denied = yield* Effect.provide(scan, failing(method, ending, "PermissionDenied"))
        expect(denied).toMatchObject({ kind: "denied", code: "permission", sent: "no" })
        const broken = yield* Effect.provide(scan, failing(method, ending, "Unknown"))
        expect(broken).toMatchObject({ kind: "failed", code: "unreadable" })
        const vanished = yield* Effect.provide(scan, failing(method, ending, "NotFound"))
        expect(vanished).toMatchObject({ kind: "conflict", code: "file-changed" })
      }))
  }

  it.scoped("a document whose file is another one when it is to be sent", () =>
    Effect.gen(function*() {
      const folder = yield* folderWith({ "a.txt": "one", "b.txt": "longer", "c.txt": "c" })
      const { documents } = yield* Scan.collect({ folder })
      Fs.writeFileSync(Path.join(folder, "a.txt"), "two")
      Fs.appendFileSync(Path.join(folder, "b.txt"), "!")
      Fs.rmSync(Path.join(folder, "c.txt"))
      const codes = yield* Effect.forEach(documents, (document) => codeOf(Scan.load(document)))
      expect(codes).toStrictEqual(["file-changed", "file-changed", "file-changed"])
    }).pipe(Effect.provide(Disk)))

  it.scoped.each([{ size: 3 }, { size: 2 * 1024 * 1024 }])(
    "a file of $size bytes that grows while it is read",
    ({ size }) =>
      Effect.gen(function*() {
        const folder = yield* folderWith({ "a.pdf": "x".repeat(size) })
        const growing = Layer.effect(
          FileSystem.FileSystem,
          Effect.map(FileSystem.FileSystem, (files): FileSystem.FileSystem => ({
            ...files,
            readFile: (path) => Effect.tap(files.readFile(path), () => grow(path)),
            open: (path, options) =>
              Effect.map(files.open(path, options), (handle) => ({
                ...handle,
                stat: handle.stat,
                seek: (offset, from) => handle.seek(offset, from),
                read: (buffer) => Effect.tap(handle.read(buffer), () => grow(path))
              }))
          }))
        ).pipe(Layer.provide(NodeFileSystem.layer), Layer.merge(NodePath.layer))
        expect(yield* codeOf(Effect.provide(Scan.collect({ folder }), growing))).toBe("file-changed")
      })
  )
})

describe("Scan", () => {
  it.scoped("gives the documents in order, with the hash of their bytes", () =>
    Effect.gen(function*() {
      const large = new Uint8Array(3 * 1024 * 1024 + 17).map((_, index) => index % 251)
      const contents = {
        "a-b.txt": "1",
        "a.md": "# 2\r\n",
        "a.txt": "x".repeat(500),
        "a/b.HTML": "<p>ü</p>",
        "big.pdf": large,
        "z.docx": "PK"
      }
      const folder = yield* folderWith({ ...contents, "a/.git/x.txt": "hidden", "~$z.docx": "lock", "c.json": "{}" })
      const scanned = yield* Scan.collect({ folder, md5: (file) => file === "a.txt" })
      expect(scanned.documents.map(({ file }) => file)).toStrictEqual(Object.keys(contents))
      expect(scanned.documents.map(({ hash }) => hash)).toStrictEqual(Object.values(contents).map(sha256))
      expect(scanned.documents.map(({ size }) => size)).toStrictEqual([1, 5, 500, 9, large.length, 2])
      expect(scanned.documents.map(({ isIndexed }) => isIndexed)).toStrictEqual([
        false,
        false,
        true,
        false,
        true,
        false
      ])
      expect(scanned.documents.map(({ md5 }) => md5)).toStrictEqual([
        undefined,
        undefined,
        createHash("md5").update("x".repeat(500)).digest("hex"),
        undefined,
        undefined,
        undefined
      ])
      expect(scanned.documents.map(({ mediaType }) => mediaType.split("/")[1])).toStrictEqual([
        "plain",
        "markdown",
        "plain",
        "html",
        "pdf",
        "vnd.openxmlformats-officedocument.wordprocessingml.document"
      ])
      expect(scanned.documents[3]?.name).toBe(`a/b.HTML #${sha256("<p>ü</p>").slice(0, 12)}`)
      expect(scanned.skipped.map(({ file }) => file)).toStrictEqual(["c.json"])
      const loaded = yield* Effect.forEach(scanned.documents, Scan.load)
      expect(loaded.map(sha256)).toStrictEqual(scanned.documents.map(({ hash }) => hash))
    }).pipe(Effect.provide(Disk)))

  it.scoped("refuses what the server would not take, and goes on with the rest", () =>
    Effect.gen(function*() {
      const folder = yield* folderWith({
        "empty.txt": "",
        "fits.txt": "ü".repeat(20),
        "large.pdf": "x".repeat(101),
        "letters.txt": "x".repeat(21),
        "vast.txt": "x".repeat(1000),
        "bad\nname.txt": "x"
      })
      const { documents, refused } = yield* Scan.collect({ folder, limits: { bytes: 100, characters: 20 } })
      expect(documents.map(({ file }) => file)).toStrictEqual(["fits.txt"])
      expect(refused.map(({ fault, file }) => [file, fault.code])).toStrictEqual([
        ["bad\nname.txt", "file-name"],
        ["empty.txt", "file-empty"],
        ["large.pdf", "too-large"],
        ["letters.txt", "too-large"],
        ["vast.txt", "too-large"]
      ])
      expect(refused[3]?.fault.message).toContain("21 characters")
    }).pipe(Effect.provide(Disk)))

  it.scoped("splits a text between its records, and loads each part alone", () =>
    Effect.gen(function*() {
      const text = `${record("a")}${record("b")}${record("c")}`
      const folder = yield* folderWith({ "llms-example-com-1.txt": text })
      const { documents } = yield* Scan.collect({ folder, limits: { characters: 140 } })
      expect(documents.map(({ file }) => file)).toStrictEqual(["llms-example-com-1.txt#1", "llms-example-com-1.txt#2"])
      const parts = yield* Effect.forEach(documents, Scan.load)
      expect(parts.map((part) => new TextDecoder().decode(part))).toStrictEqual([
        record("a") + record("b"),
        record("c")
      ])
      expect(parts.map(sha256)).toStrictEqual(documents.map(({ hash }) => hash))
      expect(documents[1]?.name).toBe(`llms-example-com-1.txt#2 #${sha256(record("c")).slice(0, 12)}`)
    }).pipe(Effect.provide(Disk)))

  it.scoped("follows links to files inside, and no others", () =>
    Effect.gen(function*() {
      const outside = yield* folderWith({ "secret.txt": "x" })
      const folder = yield* folderWith({ "a.txt": "a", "sub/b.txt": "b" })
      const link = (target: string, name: string) => Fs.symlinkSync(target, Path.join(folder, name))
      link("a.txt", "inside.txt")
      link(Path.join(outside, "secret.txt"), "out.txt")
      link("..", "sub/loop")
      link("nowhere", "broken")
      execFileSync("mkfifo", [Path.join(folder, "pipe.txt")])
      const { documents, refused, skipped } = yield* Scan.collect({ folder })
      expect(documents.map(({ file }) => file)).toStrictEqual(["a.txt", "inside.txt", "sub/b.txt"])
      expect(refused.map(({ fault, file }) => [file, fault.code])).toStrictEqual([
        ["out.txt", "link-leads-out"],
        ["pipe.txt", "not-a-file"],
        ["sub/loop", "folder-link"]
      ])
      expect(skipped.map(({ file }) => file)).toStrictEqual(["broken"])
      link("nowhere", "broken.txt")
      expect(yield* codeOf(Scan.collect({ folder }))).toBe("file-changed")
    }).pipe(Effect.provide(Disk)))

  it.scopedLive("what waits for ever to be opened, or leads to itself, is an error and not a wait", () =>
    Effect.gen(function*() {
      const folder = yield* folderWith({ "a.txt": "a", "b.txt": "b" })
      const pipe = Path.join(folder, "a.txt")
      const { documents } = yield* Scan.collect({ folder })
      const [a] = documents
      if (a === undefined) throw new Error("there is no document")
      // Nobody ever writes to it.
      Fs.rmSync(pipe)
      execFileSync("mkfifo", [pipe])
      expect(yield* codeOf(Scan.load(a))).toBe("file-changed")
      Fs.rmSync(pipe)
      Fs.symlinkSync("/dev/zero", pipe)
      const { refused } = yield* Scan.collect({ folder })
      expect(refused.map(({ fault, file }) => [file, fault.code])).toStrictEqual([["a.txt", "not-a-file"]])
      Fs.rmSync(pipe)
      Fs.symlinkSync("a.txt", pipe)
      expect(yield* codeOf(Scan.collect({ folder }))).toBe("unreadable")
    }).pipe(Effect.provide(Disk), Effect.timeout("10 seconds")))

  it.scoped.each([{ size: 1 }, { size: 2 * 1024 * 1024 }])(
    "gives up a file of $size bytes that is stuck",
    ({ size }) =>
      Effect.gen(function*() {
        const folder = yield* folderWith({ "a.pdf": "a".repeat(size) })
        const never = Layer.effect(
          FileSystem.FileSystem,
          Effect.map(FileSystem.FileSystem, (files) => ({
            ...files,
            open: () => Effect.never,
            readFile: () => Effect.never
          }))
        ).pipe(Layer.provide(NodeFileSystem.layer), Layer.merge(NodePath.layer))
        const fiber = yield* Effect.fork(Effect.provide(codeOf(Scan.collect({ folder })), never))
        yield* TestClock.adjust("29 seconds")
        expect(fiber.unsafePoll()).toBeNull()
        // The look at the file is made by the disk, in its own time.
        const ticking = yield* Effect.fork(
          Effect.forever(Effect.zipRight(TestClock.adjust("1 second"), Effect.yieldNow()))
        )
        expect(yield* Fiber.join(fiber)).toBe("unreadable")
        yield* Fiber.interrupt(ticking)
      })
  )
})
