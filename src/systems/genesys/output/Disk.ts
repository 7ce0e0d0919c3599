/**
 * The few calls of the file system that the output is made with; what they refuse is a fault that says that the output
 * of before is intact.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as FileFault from "../../../store/FileFault.ts"
import * as FolderPath from "../../../store/FolderPath.ts"
import { Beside } from "./Beside.ts"
import { createHash } from "node:crypto"
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
 * The first bytes of a file, as many as there are.
 *
 * @since 0.1.0
 * @category reading
 */
export const head = (path: string, length: number): Effect.Effect<Buffer, Fault.Fault> =>
  Effect.acquireUseRelease(
    attempt(path, () => Fs.open(path, "r")),
    (handle) =>
      attempt(path, async () => {
        const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, 0)
        return buffer.subarray(0, bytesRead)
      }),
    (handle) => Effect.orDie(attempt(path, () => handle.close()))
  )

/** How much of a file is read at once, in bytes. */
const piece = 262_144

/**
 * The SHA-256 of a file in hex.
 *
 * @since 0.1.0
 * @category reading
 */
export const digest = (path: string): Effect.Effect<string, Fault.Fault> =>
  Effect.acquireUseRelease(
    attempt(path, () => Fs.open(path, "r")),
    (handle) =>
      attempt(path, async (signal) => {
        const hash = createHash("sha256")
        const bytes = new Uint8Array(piece)
        for (;;) {
          const { bytesRead } = await handle.read(bytes, 0, piece, null)
          if (bytesRead === 0 || signal.aborted) return hash.digest("hex")
          hash.update(bytes.subarray(0, bytesRead))
        }
      }),
    (handle) => Effect.orDie(attempt(path, () => handle.close()))
  )

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
  Effect.mapError(
    attempt(path, () => FolderPath.make(path)),
    (fault) => fault.code === "file-missing" ? fault.with({ hint: "No folder can be made there: name another" }) : fault
  )

/** Bytes that are written while everything else waits: less than it takes to have it done beside. */
const few = 262_144

/** Files for which no thread is worth its while. */
const fewFiles = 64

/** Files that are flushed at once: as many as the process has threads for it, and as many again that wait for one. */
const flushedAtOnce = 8

/** Windows flushes nothing that is only read. */
const flushable = process.platform === "win32" ? "r+" : "r"

/**
 * Files that are written first and flushed to the disk all together: that is what takes long, it can be done while
 * something else is, and to make a file while others are flushed takes long as well.
 *
 * @since 0.1.0
 * @category models
 */
export class Flushing {
  private readonly paths: Array<string> = []
  private readonly beside = new Beside()
  private created = 0
  private lanes = 0
  private fault: Fault.Fault | undefined = undefined
  private waiting: () => void = () => undefined

  /**
   * A file that is written and not flushed.
   *
   * @since 0.1.0
   */
  add(path: string): void {
    this.paths.push(path)
  }

  /**
   * Writes a file that is not there yet. Not to be interrupted: one file is soon written. What became of many small ones
   * is known when all are `done`.
   *
   * @since 0.1.0
   */
  create(path: string, bytes: Uint8Array, mode?: number): Effect.Effect<void, Fault.Fault> {
    if (bytes.length > few) return Effect.uninterruptible(createLarge(path, bytes, mode))
    return Effect.suspend(() => {
      this.created += 1
      if (this.created > fewFiles && mode === undefined) return this.beside.create(path, bytes)
      try {
        FsSync.writeFileSync(path, bytes, { flag: "wx", mode })
        this.paths.push(path)
        return Effect.void
      } catch (error) {
        return refused(path, error)
      }
    })
  }

  /**
   * Begins to flush what is there so far.
   *
   * @since 0.1.0
   */
  readonly begin: Effect.Effect<void> = Effect.sync(() => {
    this.beside.flush()
    while (this.lanes < Math.min(flushedAtOnce, this.paths.length)) {
      this.lanes += 1
      this.next()
    }
  })

  /**
   * Waits until every file is there, and fails where one could not be written.
   *
   * @since 0.1.0
   */
  readonly written: Effect.Effect<void, Fault.Fault> = Effect.suspend(() =>
    Effect.zipRight(this.beside.done, Effect.suspend(() => this.failure ?? Effect.void))
  )

  /**
   * Waits until all is flushed that was written, and fails where something could not be.
   *
   * @since 0.1.0
   */
  readonly done: Effect.Effect<void, Fault.Fault> = Effect.suspend(() =>
    Effect.zipRight(Effect.zipRight(this.begin, this.all), Effect.suspend(() => this.failure ?? Effect.void))
  )

  /**
   * Waits until none is open any more, and begins no other.
   *
   * @since 0.1.0
   */
  readonly stopped: Effect.Effect<void> = Effect.suspend(() => {
    this.paths.length = 0
    return this.all
  })

  private get all(): Effect.Effect<void> {
    return Effect.zipRight(this.ended, this.beside.ended)
  }

  private get failure(): Fault.Fault | undefined {
    const { failure } = this.beside
    return this.fault ?? (failure === undefined ? undefined : refused(failure.path, failure.error))
  }

  private readonly ended: Effect.Effect<void> = Effect.async<void>((resume) => {
    this.waiting = () => {
      if (this.lanes === 0) resume(Effect.void)
    }
    this.waiting()
  })

  private next(): void {
    const path = this.paths.pop()
    if (path === undefined || this.fault !== undefined) {
      this.lanes -= 1
      return this.waiting()
    }
    FsSync.open(path, flushable, (unopened, file) => {
      if (unopened !== null) return this.over(path, unopened)
      FsSync.fsync(
        file,
        (unflushed) => FsSync.close(file, (unclosed) => this.over(path, unflushed ?? unclosed ?? null))
      )
    })
  }

  private over(path: string, error: Error | null): void {
    if (error !== null) this.fault ??= refused(path, error)
    this.next()
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
