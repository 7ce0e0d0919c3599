/**
 * A disk without a disk: the files of sites and their state files, in memory, so that no time of this machine gets into
 * the simulation. It outlives the processes that write to it, and their locks go with them.
 */
import * as Error from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Fault from "../../../src/kernel/Fault.ts"
import type * as StateFiles from "../../../src/systems/elevenlabs/run/StateFiles.ts"
import type * as Process from "../Process.ts"

interface Stored {
  readonly content: Uint8Array
  /** Counts the changes, as the time of a file does. */
  readonly version: number
}

export interface Disk {
  /** Makes the files of a folder exactly these. */
  readonly files: (folder: string, files: Readonly<Record<string, string>>) => void
  readonly text: (path: string) => string | undefined
  readonly put: (path: string, text: string) => void
  readonly remove: (path: string) => void
  readonly system: FileSystem.FileSystem
  /**
   * The state files as a process has them.
   *
   * @param written Told after each write.
   */
  readonly states: (process: Process.Process, written: () => void) => StateFiles.Service
  /** Its locks are free. */
  readonly died: (process: Process.Process) => void
}

const missing = (path: string): Effect.Effect<never, Error.PlatformError> =>
  Effect.fail(
    new Error.SystemError({ module: "FileSystem", method: "open", reason: "NotFound", pathOrDescriptor: path })
  )

/** How often one who waits for a lock looks whether it is free, in milliseconds. */
const lookEvery = 50

export const make = (): Disk => {
  const stored = new Map<string, Stored>()
  const locks = new Map<string, Process.Process>()
  const encoder = new TextEncoder()
  const decoder = new TextDecoder()
  let versions = 0

  const put = (path: string, text: string): void =>
    void stored.set(path, { content: encoder.encode(text), version: ++versions })
  const text = (path: string): string | undefined => {
    const found = stored.get(path)
    return found === undefined ? undefined : decoder.decode(found.content)
  }
  const below = (folder: string): ReadonlyArray<string> =>
    [...stored.keys()].filter((path) => path.startsWith(`${folder}/`))

  const infoOf = (path: string): Effect.Effect<FileSystem.File.Info, Error.PlatformError> =>
    Effect.suspend(() => {
      const file = stored.get(path)
      if (file === undefined && below(path).length === 0) return missing(path)
      return Effect.succeed<FileSystem.File.Info>({
        type: file === undefined ? "Directory" : "File",
        mtime: Option.some(new Date(file?.version ?? 0)),
        atime: Option.none(),
        birthtime: Option.none(),
        dev: 0,
        ino: Option.none(),
        mode: 0,
        nlink: Option.none(),
        uid: Option.none(),
        gid: Option.none(),
        rdev: Option.none(),
        size: FileSystem.Size(file?.content.length ?? 0),
        blksize: Option.none(),
        blocks: Option.none()
      })
    })

  const open = (path: string): Effect.Effect<FileSystem.File, Error.PlatformError> =>
    Effect.suspend(() => {
      const file = stored.get(path)
      if (file === undefined) return missing(path)
      let at = 0
      const refused = Effect.die("files are only read")
      return Effect.succeed<FileSystem.File>({
        [FileSystem.FileTypeId]: FileSystem.FileTypeId,
        fd: FileSystem.FileDescriptor(0),
        stat: infoOf(path),
        seek: (offset) =>
          Effect.sync(() => {
            at = Number(offset)
          }),
        sync: Effect.void,
        read: (buffer) =>
          Effect.sync(() => {
            const piece = file.content.subarray(at, at + buffer.length)
            buffer.set(piece)
            at += piece.length
            return FileSystem.Size(piece.length)
          }),
        readAlloc: () => refused,
        truncate: () => refused,
        write: () => refused,
        writeAll: () => refused
      })
    })

  const system = FileSystem.makeNoop({
    realPath: (path) => Effect.as(infoOf(path), path),
    stat: infoOf,
    readDirectory: (folder) =>
      Effect.sync(() => [
        ...new Set(below(folder).map((path) => path.slice(folder.length + 1).split("/", 1)[0] ?? ""))
      ]),
    makeDirectory: () => Effect.void,
    open: (path) => open(path),
    readFile: (path) =>
      Effect.suspend(() => {
        const file = stored.get(path)
        return file === undefined ? missing(path) : Effect.succeed(file.content)
      })
  })

  const free = (path: string, process: Process.Process): void => {
    if (locks.get(path) === process) locks.delete(path)
  }
  const take = (path: string, process: Process.Process, left: number): Effect.Effect<void, Fault.Fault> =>
    Effect.suspend(() => {
      if (!locks.has(path)) {
        locks.set(path, process)
        return Effect.void
      }
      return left <= 0 ? busy(path) : Effect.delay(take(path, process, left - lookEvery), lookEvery)
    })

  return {
    files: (folder, files) => {
      for (const path of below(folder)) if (!(path.slice(folder.length + 1) in files)) stored.delete(path)
      for (const [file, content] of Object.entries(files)) {
        if (text(`${folder}/${file}`) !== content) put(`${folder}/${file}`, content)
      }
    },
    text,
    put,
    remove: (path) => void stored.delete(path),
    died: (process) => {
      for (const path of locks.keys()) free(path, process)
    },
    system,
    states: (process, written) => ({
      read: (path) => process.alive(Effect.sync(() => Option.fromNullable(text(path)))),
      readLastGood: () => process.alive(Effect.succeedNone),
      write: (path, content) =>
        process.alive(Effect.sync(() => {
          put(path, content)
          written()
        })),
      withLock: (work, path) =>
        Effect.acquireUseRelease(
          Effect.interruptible(take(path, process, 30_000)),
          () => work,
          () => Effect.sync(() => free(path, process))
        ),
      inspect: (path) => Effect.sync(() => ({ held: locks.has(path), holder: Option.none() }))
    })
  }
}

const busy = (path: string): Fault.Fault =>
  Fault.make({
    kind: "locked",
    system: "holdfast",
    operation: "FileLock.acquire",
    sent: "no",
    code: "lock-held",
    subject: path,
    detail: "is locked by another process"
  })
