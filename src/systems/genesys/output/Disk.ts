/**
 * The few calls of the file system that the output is made with; what they refuse is a fault that says that the output
 * of before is intact.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as FileFault from "../../../store/FileFault.ts"
import type { Dirent, Stats } from "node:fs"
import * as FsSync from "node:fs"
import * as Fs from "node:fs/promises"

/**
 * @since 0.1.0
 * @category constructors
 */
export const attempt = <A>(path: string, run: (signal: AbortSignal) => Promise<A>): Effect.Effect<A, Fault.Fault> =>
  Effect.tryPromise({ try: run, catch: (error) => refused(path, error) })

/**
 * @since 0.1.0
 * @category constructors
 */
export const refused = (path: string, error: unknown): Fault.Fault =>
  FileFault.make({ operation: "Genesys.write", path, remote: "the output of before is intact" }, error)

const unlessMissing = <A>(effect: Effect.Effect<A, Fault.Fault>): Effect.Effect<A | undefined, Fault.Fault> =>
  Effect.catchIf(
    effect,
    (fault) => ["ENOENT", "ENOTDIR"].includes(FileFault.codeOf(fault.cause) ?? ""),
    () => Effect.succeed(undefined)
  )

/**
 * @since 0.1.0
 * @category reading
 */
export const stats = (path: string): Effect.Effect<Stats | undefined, Fault.Fault> =>
  unlessMissing(attempt(path, () => Fs.lstat(path)))

/**
 * @since 0.1.0
 * @category reading
 */
export const exists = (path: string): Effect.Effect<boolean, Fault.Fault> =>
  Effect.map(stats(path), (stats) => stats !== undefined)

/**
 * The bytes of a file, `undefined` where there is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const bytes = (path: string): Effect.Effect<Uint8Array | undefined, Fault.Fault> =>
  unlessMissing(attempt(path, (signal) => Fs.readFile(path, { signal })))

/**
 * What is in a folder, sorted by name; nothing where there is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const entries = (path: string): Effect.Effect<ReadonlyArray<Dirent>, Fault.Fault> =>
  Effect.map(
    unlessMissing(attempt(path, () => Fs.readdir(path, { withFileTypes: true }))),
    (entries) => (entries ?? []).toSorted((left, right) => (left.name < right.name ? -1 : 1))
  )

/**
 * @since 0.1.0
 * @category writing
 */
export const makeFolder = (path: string): Effect.Effect<void, Fault.Fault> =>
  Effect.asVoid(attempt(path, () => Fs.mkdir(path, { recursive: true })))

/** Bytes that are written while everything else waits: less than it takes to have it done beside. */
const few = 262_144

/**
 * Writes a file that is not there yet and flushes it to the disk. Not to be interrupted: one file is soon written.
 *
 * @since 0.1.0
 * @category writing
 */
export const create = (path: string, bytes: Uint8Array, mode?: number): Effect.Effect<void, Fault.Fault> =>
  Effect.uninterruptible(bytes.length > few ? createLarge(path, bytes, mode) : createSmall(path, bytes, mode))

const createLarge = (path: string, bytes: Uint8Array, mode: number | undefined): Effect.Effect<void, Fault.Fault> =>
  Effect.acquireUseRelease(
    attempt(path, () => Fs.open(path, "wx", mode)),
    (handle) => attempt(path, () => handle.writeFile(bytes).then(() => handle.sync())),
    (handle) => Effect.orDie(attempt(path, () => handle.close()))
  )

/** An export has thousands of them, and only flushing one takes long. */
const createSmall = (path: string, bytes: Uint8Array, mode: number | undefined): Effect.Effect<void, Fault.Fault> =>
  Effect.async<void, Fault.Fault>((resume) => {
    const settle = (run: () => void): boolean => {
      try {
        run()
        return true
      } catch (error) {
        resume(refused(path, error))
        return false
      }
    }
    settle(() => {
      const file = FsSync.openSync(path, "wx", mode)
      const close = (): void => FsSync.closeSync(file)
      if (!settle(() => FsSync.writeFileSync(file, bytes))) return close()
      FsSync.fsync(file, (error) => {
        if (settle(close)) resume(error === null ? Effect.void : refused(path, error))
      })
    })
  })

/**
 * @since 0.1.0
 * @category writing
 */
export const rename = (from: string, to: string): Effect.Effect<void, Fault.Fault> =>
  attempt(to, () => Fs.rename(from, to))

/**
 * @since 0.1.0
 * @category writing
 */
export const remove = (path: string): Effect.Effect<void, Fault.Fault> =>
  attempt(path, () => Fs.rm(path, { recursive: true, force: true, maxRetries: 3 }))

/** Source: fsync(2), EINVAL: bound to something that does not support it. */
const unflushable = new Set(["EINVAL", "ENOTSUP", "EPERM", "EISDIR"])

/**
 * Flushes a folder to the disk, so that what was put into it is found there after a power cut.
 *
 * @since 0.1.0
 * @category writing
 */
export const flushFolder = (path: string): Effect.Effect<void, Fault.Fault> =>
  process.platform === "win32" ? Effect.void : Effect.acquireUseRelease(
    attempt(path, () => Fs.open(path, "r")),
    (handle) =>
      Effect.catchIf(
        attempt(path, () => handle.sync()),
        (fault) => unflushable.has(FileFault.codeOf(fault.cause) ?? ""),
        () => Effect.void
      ),
    (handle) => Effect.orDie(attempt(path, () => handle.close()))
  )
