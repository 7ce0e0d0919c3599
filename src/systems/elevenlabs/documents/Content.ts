/**
 * Reads files piece by piece, so that the memory in use does not grow with them.
 *
 * @since 0.1.0
 */
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

/** Large enough that hashing, and not the calls around it, takes the time. In bytes. */
const pieceSize = 1024 * 1024

/** A disk that does not let a file be opened for so long is not waited for. */
const patience = "30 seconds"

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
  open(path, file, (handle, before) =>
    Effect.gen(function*() {
      const sha256 = createHash("sha256")
      const md5 = wanted.md5 ? createHash("md5") : undefined
      const piece = new Uint8Array(Math.max(1, Math.min(pieceSize, Number(before.size))))
      let size = 0
      let characters = 0
      // No further than what was there at first: a log that somebody appends to would never end.
      while (size <= before.size) {
        const length = Number(yield* handle.read(piece))
        if (length === 0) break
        const bytes = length === piece.length ? piece : piece.subarray(0, length)
        sha256.update(bytes)
        md5?.update(bytes)
        if (wanted.characters) characters += Limits.characters(bytes)
        size += length
      }
      if (isOther(before, yield* handle.stat) || size !== Number(before.size)) {
        return yield* Effect.fail(ScanFault.changed(file))
      }
      return { size, hash: sha256.digest("hex"), md5: md5?.digest("hex"), characters }
    }))

/**
 * Some bytes of a file. Fails with `file-changed` where they are not all there, and where the file has more of them than
 * it should, being read as a whole.
 *
 * @since 0.1.0
 * @category getters
 */
export const read = (
  path: string,
  file: string,
  { end, start }: Shards.Range,
  { isWhole }: { readonly isWhole: boolean }
): Effect.Effect<Uint8Array, Fault.Fault, FileSystem.FileSystem> =>
  open(path, file, (handle, before) =>
    Effect.gen(function*() {
      const content = new Uint8Array(end - start)
      if (start > 0) yield* handle.seek(start, "start")
      let length = 0
      while (length < content.length) {
        const more = Number(yield* handle.read(content.subarray(length, length + pieceSize)))
        if (more === 0) break
        length += more
      }
      const isShort = length < content.length || isWhole && Number(before.size) !== content.length
      if (isShort || isOther(before, yield* handle.stat)) return yield* Effect.fail(ScanFault.changed(file))
      return content
    }))

const open = <A>(
  path: string,
  file: string,
  use: (
    handle: FileSystem.File,
    before: FileSystem.File.Info
  ) => Effect.Effect<A, Fault.Fault | Parameters<ReturnType<typeof ScanFault.unreadable>>[0]>
): Effect.Effect<A, Fault.Fault, FileSystem.FileSystem> =>
  Effect.scoped(
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      // It was a file when it was listed. To open a pipe waits until somebody writes to it.
      if ((yield* files.stat(path)).type !== "File") return yield* ScanFault.changed(file)
      const handle = yield* files.open(path, { flag: "r" }).pipe(
        Effect.disconnect,
        Effect.timeoutFail({ duration: patience, onTimeout: () => ScanFault.stuck(file) })
      )
      return yield* use(handle, yield* handle.stat)
    })
  ).pipe(Effect.mapError((error) => error._tag === "Fault" ? error : ScanFault.unreadable(file)(error)))

const isOther = (before: FileSystem.File.Info, after: FileSystem.File.Info): boolean =>
  before.size !== after.size || modified(before) !== modified(after)

const modified = ({ mtime }: FileSystem.File.Info): number => mtime._tag === "Some" ? mtime.value.getTime() : 0
