/**
 * Files that are whole at every moment: a reader, or whoever comes after a crash or a power cut, finds the old content
 * or the new one, never a part of either.
 *
 * A write goes to a file beside, is flushed to the disk, takes the place of the old file by a rename, and the folder is
 * flushed too. The content before it stays in `<file>.last-good`. Two writers at once do no harm, but the later one
 * wins: who reads, changes and writes holds a lock of `FileLock` meanwhile.
 *
 * Source: rename(2) "will be atomically replaced, so that there is no point at which another process attempting to
 * access newpath will find it missing"; fsync(2) "does not necessarily ensure that the entry in the directory containing
 * the file has also reached disk".
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { createHash, randomBytes } from "node:crypto"
import type { Stats } from "node:fs"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Fault from "../kernel/Fault.ts"
import * as Finalizer from "../kernel/Finalizer.ts"
import * as FileFault from "./FileFault.ts"
import * as Holder from "./Holder.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface WriteOptions {
  /** The permission bits of a file that is not there yet. Defaults to `0o666` less the umask. A file keeps its own. */
  readonly mode?: number | undefined
  /**
   * Whether the content that is about to be replaced is fit to be the last good copy. Defaults to always; a caller who
   * knows the format says no to what a hand or a merge has broken, and the older copy stays.
   */
  readonly isGood?: ((content: Uint8Array) => boolean) | undefined
}

/**
 * The last good copy of a file: what stood in it before the last write that changed it.
 *
 * @since 0.1.0
 * @category getters
 */
export const lastGoodOf = (path: string): string => `${path}.last-good`

const attempt = <A>(context: FileFault.Context, run: () => Promise<A>): Effect.Effect<A, Fault.Fault> =>
  Effect.tryPromise({ try: run, catch: (error) => FileFault.make(context, error) })

const whenMissing = <A>(effect: Effect.Effect<A, Fault.Fault>): Effect.Effect<Option.Option<A>, Fault.Fault> =>
  effect.pipe(
    Effect.map(Option.some),
    Effect.catchIf((fault) => FileFault.codeOf(fault.cause) === "ENOENT", () => Effect.succeedNone)
  )

const bytesOf = (operation: string, path: string): Effect.Effect<Option.Option<Uint8Array>, Fault.Fault> =>
  whenMissing(
    Effect.tryPromise({
      try: (signal) => Fs.readFile(path, { signal }),
      catch: (error) => FileFault.make({ operation, path }, error)
    })
  )

const textOf = (operation: string, path: string): Effect.Effect<Option.Option<string>, Fault.Fault> =>
  Effect.flatMap(
    bytesOf(operation, path),
    Option.match({
      onNone: () => Effect.succeedNone,
      onSome: (bytes) =>
        Effect.try({
          try: () => Option.some(new TextDecoder("utf-8", { fatal: true }).decode(bytes)),
          catch: (cause) =>
            Fault.make({
              kind: "invalid",
              system: "holdfast",
              operation,
              sent: "no",
              code: "not-text",
              subject: path,
              detail: "it is not a text in UTF-8",
              cause
            })
        })
    })
  )

/**
 * The text of a file, whole; `None` where there is no file. What the text means is the caller's to check.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (path: string): Effect.Effect<Option.Option<string>, Fault.Fault> => textOf("AtomicFile.read", path)

/**
 * The text of the last good copy; `None` where there is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const readLastGood = (path: string): Effect.Effect<Option.Option<string>, Fault.Fault> =>
  Effect.flatMap(resolve(path), (target) => textOf("AtomicFile.readLastGood", lastGoodOf(target)))

/** Source: path_resolution(7), "maximum number of symbolic links". */
const linkLimit = 40

/**
 * The file that a path means: where it is a symbolic link, what the link leads to, be it there or not.
 *
 * @since 0.1.0
 * @category getters
 */
export const resolve = (path: string): Effect.Effect<string, Fault.Fault> =>
  Effect.gen(function*() {
    const context = { operation: "AtomicFile.resolve", path }
    let target = Path.resolve(path)
    for (let links = 0; links <= linkLimit; links += 1) {
      const link = yield* Effect.tryPromise({
        try: () => Fs.readlink(target),
        catch: (error) => FileFault.make(context, error)
      }).pipe(
        Effect.map((to): string | undefined => to),
        // Source: readlink(2), EINVAL: "The named file is not a symbolic link".
        Effect.catchIf((fault) => notALink.has(FileFault.codeOf(fault.cause) ?? ""), () => Effect.succeed(undefined))
      )
      if (link === undefined) return target
      target = Path.resolve(Path.dirname(target), link)
    }
    return yield* FileFault.make(context, { code: "ELOOP" })
  })

const notALink = new Set(["EINVAL", "ENOENT", "UNKNOWN"])

/**
 * Puts the content in the place of the old one. Permission bits stay, a symbolic link stays a link, and where the
 * content is the same nothing is replaced. Fails with a Fault that leaves the old content as it was: `disk-full`,
 * `read-only`, `permission`, `not-a-file`, `file-missing` for a folder that is not there.
 *
 * @since 0.1.0
 * @category writing
 */
export const write = (
  path: string,
  content: string | Uint8Array,
  options?: WriteOptions
): Effect.Effect<void, Fault.Fault> =>
  Effect.scoped(
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const target = yield* resolve(path)
        const folder = Path.dirname(target)
        const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content
        yield* restore(sweepOnce(folder))
        const old = yield* restore(inspect(target))
        if (Option.isSome(old) && sameBytes(old.value.content, bytes)) {
          return yield* Effect.zipRight(flush(target, target), flush(target, folder))
        }
        const beside = yield* temporary(folder)
        yield* restore(fill(target, beside, bytes, Option.map(old, ({ stats }) => stats), options?.mode))
        if (Option.isSome(old) && (options?.isGood?.(old.value.content) ?? true)) yield* keep(target)
        yield* attempt(intact(target), () => Fs.rename(beside, target))
        yield* Effect.mapError(flush(target, folder), afterRename)
      })
    )
  ).pipe(Effect.withSpan("AtomicFile.write"))

const intact = (path: string): FileFault.Context => ({
  operation: "AtomicFile.write",
  path,
  remote: "nothing was changed"
})

const afterRename = (fault: Fault.Fault): Fault.Fault =>
  fault.with({
    sent: "yes",
    remote: "the new content is in place, but may be lost if the power fails now"
  })

const sameBytes = (left: Uint8Array, right: Uint8Array): boolean => Buffer.compare(left, right) === 0

interface Old {
  readonly stats: Stats
  readonly content: Uint8Array
}

/** What is in the place now, if it may be replaced. */
const inspect = (target: string): Effect.Effect<Option.Option<Old>, Fault.Fault> =>
  Effect.gen(function*() {
    const stats = yield* whenMissing(attempt(intact(target), () => Fs.stat(target)))
    if (Option.isNone(stats)) return Option.none()
    if (stats.value.isDirectory()) return yield* FileFault.make(intact(target), { code: "EISDIR" })
    if (!stats.value.isFile()) {
      return yield* Fault.make({
        kind: "invalid",
        system: "holdfast",
        operation: "AtomicFile.write",
        sent: "no",
        code: "not-a-file",
        subject: target,
        detail: "it is a device, a pipe or a socket, not a file"
      })
    }
    // A rename asks for the permission of the folder only: a file that is marked read-only is not replaced behind its back.
    yield* attempt(intact(target), () => Fs.access(target, Fs.constants.W_OK))
    const content = yield* bytesOf("AtomicFile.write", target)
    return Option.map(content, (content) => ({ stats: stats.value, content }))
  })

/** Fills the file beside, as the old one is: the same permission bits and, where the process may, the same owner. */
const fill = (
  target: string,
  beside: string,
  bytes: Uint8Array,
  old: Option.Option<Stats>,
  mode: number | undefined
): Effect.Effect<void, Fault.Fault> =>
  Effect.acquireUseRelease(
    // Nobody else may look into it before its permission bits are those of the file.
    attempt(intact(target), () => Fs.open(beside, "wx", Option.isSome(old) ? 0o600 : mode ?? 0o666)),
    (handle) =>
      Effect.gen(function*() {
        yield* Effect.tryPromise({
          try: (signal) => handle.writeFile(bytes, { signal }),
          catch: (error) => FileFault.make(intact(target), error)
        })
        if (Option.isSome(old)) {
          const { gid, mode, uid } = old.value
          const own = yield* attempt(intact(target), () => handle.stat())
          if (own.uid !== uid || own.gid !== gid) {
            yield* Effect.ignoreLogged(attempt(intact(target), () => handle.chown(uid, gid)))
          }
          yield* attempt(intact(target), () => handle.chmod(mode & 0o7777))
        }
        yield* attempt(intact(target), () => handle.sync())
      }),
    (handle) => Effect.orDie(attempt(intact(target), () => handle.close()))
  )

/**
 * The old file gets a second name, which takes the place of the copy. Once the new file stands in its place the two
 * share nothing, so nobody who later edits the file in place can spoil the copy.
 */
const keep = (target: string): Effect.Effect<void, Fault.Fault, Scope.Scope> =>
  Effect.gen(function*() {
    const beside = yield* temporary(Path.dirname(target))
    const kept = yield* whenMissing(
      attempt(intact(target), () => Fs.link(target, beside)).pipe(
        // Another writer may put its file there just between the look for the old one and the link to it.
        Effect.retry({ times: 100, while: (fault) => FileFault.codeOf(fault.cause) === "ENOENT" }),
        Effect.catchIf(
          (fault) => linkless.has(FileFault.codeOf(fault.cause) ?? ""),
          () => Effect.zipRight(attempt(intact(target), () => Fs.copyFile(target, beside)), flush(target, beside))
        )
      )
    )
    if (Option.isNone(kept)) return
    yield* attempt(intact(target), () => Fs.rename(beside, lastGoodOf(target)))
  })

/** Source: link(2), EPERM and others: file systems without hard links, and `fs.protected_hardlinks` for the files of others. */
const linkless = new Set(["EPERM", "EACCES", "ENOTSUP", "EOPNOTSUPP", "ENOSYS", "EMLINK", "EXDEV"])

/** Source: fsync(2), EINVAL: bound to something that does not support it; folders on Windows answer EPERM or EISDIR. */
const unflushable = new Set(["EINVAL", "ENOTSUP"])

const flush = (target: string, what: string): Effect.Effect<void, Fault.Fault> =>
  process.platform === "win32" && what !== target
    ? Effect.void
    : Effect.acquireUseRelease(
      attempt(intact(target), () => Fs.open(what, "r")),
      (handle) =>
        attempt(intact(target), () => handle.sync()).pipe(
          Effect.catchIf((fault) => unflushable.has(FileFault.codeOf(fault.cause) ?? ""), () => Effect.void)
        ),
      (handle) => Effect.orDie(attempt(intact(target), () => handle.close()))
    )

/** Where its process id means something. */
const tagOf = (holder: Holder.Holder): string =>
  createHash("sha256").update(`${holder.host} ${holder.machine}`).digest("hex").slice(0, 8)

/** Names of files beside: which machine and process wrote it says whether it is left over. */
const leftover = /^\.holdfast-([0-9a-f]{8})-(\d+)-[0-9a-f]{12}\.tmp$/

/** A name that nobody else uses. What stands under it in the end is removed with the scope. */
const temporary = (folder: string): Effect.Effect<string, never, Scope.Scope> =>
  Finalizer.acquireRelease(
    Effect.map(Holder.current, (me) =>
      Path.join(folder, `.holdfast-${tagOf(me)}-${me.pid}-${randomBytes(6).toString("hex")}.tmp`)),
    (path) =>
      Effect.ignoreLogged(attempt(intact(path), () => Fs.rm(path, { force: true })))
  )

/** Of another machine's processes nothing is known but the time: one day, in milliseconds. */
const foreignLifetime = 86_400_000

/**
 * Removes what crashed writers left in a folder, and says which files it were. A file beside is left over when the
 * process that wrote it is gone, or when it is a day old. `write` does this once a process for each folder it writes to.
 *
 * @since 0.1.0
 * @category writing
 */
export const sweep = (folder: string): Effect.Effect<ReadonlyArray<string>, Fault.Fault> =>
  Effect.gen(function*() {
    const context = { operation: "AtomicFile.sweep", path: folder }
    const names = yield* attempt(context, () => Fs.readdir(folder))
    const me = yield* Holder.current
    const now = yield* Clock.currentTimeMillis
    const removed: Array<string> = []
    for (const name of names) {
      const [, machine, pid] = leftover.exec(name) ?? []
      if (machine === undefined) continue
      const path = Path.join(folder, name)
      const stats = yield* whenMissing(attempt(context, () => Fs.stat(path)))
      if (Option.isNone(stats)) continue
      const old = now - stats.value.mtimeMs > foreignLifetime
      const writer = new Holder.Holder({ ...me, pid: Number(pid), started: "" })
      if (!old && (machine !== tagOf(me) || !(yield* Holder.isGone(writer, me)))) continue
      yield* attempt(context, () => Fs.rm(path, { force: true }))
      removed.push(path)
    }
    return removed
  })

const swept = new Set<string>()

const sweepOnce = (folder: string): Effect.Effect<void, Fault.Fault> =>
  Effect.suspend(() => {
    if (swept.has(folder)) return Effect.void
    swept.add(folder)
    // What cannot be cleaned hinders nobody; if the folder is not to be written to, the write says so.
    return Effect.ignoreLogged(sweep(folder))
  })
