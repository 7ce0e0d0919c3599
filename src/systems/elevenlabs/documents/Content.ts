/**
 * Reads files: small ones at once, which takes the fewest calls, others piece by piece, so that the memory in use does not
 * grow with them.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Limits from "./Limits.ts"
import * as ScanFault from "./ScanFault.ts"
import type * as Shards from "./Shards.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Hashed {
  readonly size: number
  readonly hash: string
  readonly md5: string | undefined
  /** `0` where they were not asked for. */
  readonly characters: number
}

/** Large enough that hashing, and not the calls around it, takes the time. What is no larger is small. In bytes. */
const pieceSize = 1024 * 1024

/** A disk that does not let a file be opened, or a small one be read, for so long is not waited for. */
const patience = "30 seconds"

type Failure = Fault.Fault | PlatformError

/**
 * The hash of a file, and what else is asked for, in one pass. Fails with `file-changed` where the file changes meanwhile.
 *
 * @since 0.1.0
 * @category getters
 */
export const hash = (
  path: string,
  file: string,
  wanted: { readonly md5: boolean; readonly characters: boolean }
): Effect.Effect<Hashed, Fault.Fault, FileSystem.FileSystem> =>
  use(path, file, (files, before) =>
    Effect.gen(function*() {
      const sha256 = createHash("sha256")
      const md5 = wanted.md5 ? createHash("md5") : undefined
      let size = 0
      let characters = 0
      const take = (bytes: Uint8Array): void => {
        sha256.update(bytes)
        md5?.update(bytes)
        if (wanted.characters) characters += Limits.characters(bytes)
        size += bytes.length
      }
      if (before.size <= pieceSize) take(yield* patiently(file, files.readFile(path)))
      else yield* eachPiece(files, path, before, { file, take })
      if (size !== Number(before.size)) return yield* ScanFault.changed(file)
      return { size, hash: sha256.digest("hex"), md5: md5?.digest("hex"), characters }
    }))

/** No further than what was there at first: a log that somebody appends to would never end. */
const eachPiece = (
  files: FileSystem.FileSystem,
  path: string,
  { size }: FileSystem.File.Info,
  { file, take }: { readonly file: string; readonly take: (bytes: Uint8Array) => void }
): Effect.Effect<void, Failure> =>
  Effect.scoped(
    Effect.gen(function*() {
      const handle = yield* opened(files, path, file)
      const piece = new Uint8Array(pieceSize)
      for (let done = 0; done <= size;) {
        const length = Number(yield* handle.read(piece))
        if (length === 0) return
        take(length === piece.length ? piece : piece.subarray(0, length))
        done += length
      }
    })
  )

/**
 * Some bytes of a file. Fails with `file-changed` where they are not all there, and where the file has more of them than
 * it should, being read as a whole. Whoever compares their hash need not know whether the file changed meanwhile.
 *
 * @since 0.1.0
 * @category getters
 */
export const read = (
  path: string,
  file: string,
  { end, start }: Shards.Range,
  { isCompared, isWhole }: { readonly isWhole: boolean; readonly isCompared: boolean }
): Effect.Effect<Uint8Array, Fault.Fault, FileSystem.FileSystem> =>
  use(path, file, (files, before) =>
    Effect.gen(function*() {
      if (isWhole && Number(before.size) !== end) return yield* ScanFault.changed(file)
      const content = yield* isWhole && end <= pieceSize
        ? patiently(file, files.readFile(path))
        : part(files, path, { end, file, start })
      return content.length === end - start ? content : yield* ScanFault.changed(file)
    }), isCompared)

/** As far as it is there. */
const part = (
  files: FileSystem.FileSystem,
  path: string,
  { end, file, start }: Shards.Range & { readonly file: string }
): Effect.Effect<Uint8Array, Failure> =>
  Effect.scoped(
    Effect.gen(function*() {
      const handle = yield* opened(files, path, file)
      const content = new Uint8Array(end - start)
      if (start > 0) yield* handle.seek(start, "start")
      let length = 0
      while (length < content.length) {
        const more = Number(yield* handle.read(content.subarray(length, length + pieceSize)))
        if (more === 0) break
        length += more
      }
      return content.subarray(0, length)
    })
  )

const patiently = <A, R>(file: string, effect: Effect.Effect<A, PlatformError, R>): Effect.Effect<A, Failure, R> =>
  Effect.timeoutFail(effect, { duration: patience, onTimeout: () => ScanFault.stuck(file) })

/** To open is not interruptible, so that no handle is lost; who waits no longer goes on all the same. */
const opened = (files: FileSystem.FileSystem, path: string, file: string) =>
  patiently(file, Effect.disconnect(files.open(path, { flag: "r" })))

/** Fails where the file is another one afterwards, unless that is found by what was read. */
const use = <A>(
  path: string,
  file: string,
  read: (files: FileSystem.FileSystem, before: FileSystem.File.Info) => Effect.Effect<A, Failure>,
  isCompared = false
): Effect.Effect<A, Fault.Fault, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const before = yield* files.stat(path)
    // It was a file when it was listed. To open a pipe waits until somebody writes to it.
    if (before.type !== "File") return yield* ScanFault.changed(file)
    const result = yield* read(files, before)
    return !isCompared && isOther(before, yield* files.stat(path)) ? yield* ScanFault.changed(file) : result
  }).pipe(Effect.mapError((error) => error._tag === "Fault" ? error : ScanFault.unreadable(file)(error)))

const isOther = (before: FileSystem.File.Info, after: FileSystem.File.Info): boolean =>
  before.size !== after.size || modified(before) !== modified(after)

const modified = ({ mtime }: FileSystem.File.Info): number => mtime._tag === "Some" ? mtime.value.getTime() : 0
