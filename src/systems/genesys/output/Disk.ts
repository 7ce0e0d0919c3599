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

/** Files that may be open at once because they are not flushed yet. */
const mostOpen = 64

/**
 * Files that are written and are being flushed to the disk, which is what takes long, while others are written.
 *
 * @since 0.1.0
 * @category models
 */
export class Flushing {
  private open = 0
  private fault: Fault.Fault | undefined = undefined
  private readonly waiting = new Set<() => void>()

  /**
   * Writes a file that is not there yet. Not to be interrupted: one file is soon written.
   *
   * @since 0.1.0
   */
  create(path: string, bytes: Uint8Array, mode?: number): Effect.Effect<void, Fault.Fault> {
    if (bytes.length > few) return Effect.uninterruptible(createLarge(path, bytes, mode))
    return Effect.flatMap(this.until(mostOpen - 1), () => {
      try {
        const file = FsSync.openSync(path, "wx", mode)
        this.open += 1
        try {
          FsSync.writeFileSync(file, bytes)
        } catch (error) {
          this.close(path, file, error)
          return refused(path, error)
        }
        FsSync.fsync(file, (error) => this.close(path, file, error))
        return Effect.void
      } catch (error) {
        return refused(path, error)
      }
    })
  }

  /**
   * Waits for all that are being flushed, and fails where one could not be.
   *
   * @since 0.1.0
   */
  readonly done: Effect.Effect<void, Fault.Fault> = Effect.suspend(() => this.until(0))

  /**
   * Waits until none is open, whatever has become of them.
   *
   * @since 0.1.0
   */
  readonly closed: Effect.Effect<void> = Effect.suspend(() => this.fewer(0))

  private until(most: number): Effect.Effect<void, Fault.Fault> {
    return Effect.flatMap(this.fewer(most), () => this.fault ?? Effect.void)
  }

  private fewer(most: number): Effect.Effect<void> {
    if (this.open <= most) return Effect.void
    return Effect.async<void>((resume) => {
      const look = (): void => {
        if (this.open > most) return
        this.waiting.delete(look)
        resume(Effect.void)
      }
      this.waiting.add(look)
      return Effect.sync(() => this.waiting.delete(look))
    })
  }

  private close(path: string, file: number, error: unknown): void {
    try {
      FsSync.closeSync(file)
      if (error !== null) this.fault ??= refused(path, error)
    } catch (thrown) {
      this.fault ??= refused(path, error ?? thrown)
    }
    this.open -= 1
    for (const look of this.waiting) look()
  }
}

const createLarge = (path: string, bytes: Uint8Array, mode: number | undefined): Effect.Effect<void, Fault.Fault> =>
  Effect.acquireUseRelease(
    attempt(path, () => Fs.open(path, "wx", mode)),
    (handle) => attempt(path, () => handle.writeFile(bytes).then(() => handle.sync())),
    (handle) => Effect.orDie(attempt(path, () => handle.close()))
  )

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
