/**
 * A folder that is replaced whole. The new one is made beside, flushed to the disk and checked; then the old one steps
 * aside and the new one takes its name. Between these two renames a crash leaves no folder of that name for a moment
 * of no work at all; whoever looks next, through `recover`, finishes the step first.
 *
 * Beside `exports/acme` stand meanwhile, and never after the next run:
 *
 * - `exports/.acme.holdfast-new`: being written; worthless
 * - `exports/.acme.holdfast-ready`: whole and checked
 * - `exports/.acme.holdfast-old`: the old one, once it stepped aside
 * - `exports/.acme.zip.holdfast-new`: the archive of the new one
 *
 * Source: rename(2): a folder can take the place of an empty one only, so that two renames are needed.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import * as Fs from "node:fs/promises"
import { homedir, tmpdir } from "node:os"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as FileLock from "../../../store/FileLock.ts"
import * as FolderPath from "../../../store/FolderPath.ts"
import * as Disk from "./Disk.ts"
import * as Residents from "./Residents.ts"
import * as Steps from "./Steps.ts"

/**
 * The names that belong to an output folder.
 *
 * @since 0.1.0
 * @category models
 */
export interface Places {
  /** Absolute; a symbolic link is followed. */
  readonly folder: string
  readonly parent: string
  readonly fresh: string
  readonly ready: string
  readonly old: string
  readonly archive: string
  readonly freshArchive: string
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const places = (directory: string): Effect.Effect<Places, Fault.Fault> =>
  Effect.gen(function*() {
    const home = directory === "~" || /^~[/\\]/.test(directory) ? homedir() + directory.slice(1) : directory
    const absolute = Path.resolve(home)
    const folder = (yield* Disk.exists(absolute))
      ? yield* Effect.mapError(Disk.attempt(absolute, () => Fs.realpath(absolute)), Residents.astray)
      : absolute
    const parent = Path.dirname(folder)
    const name = Path.basename(folder)
    return {
      folder,
      parent,
      fresh: Path.join(parent, `.${name}.holdfast-new`),
      ready: Path.join(parent, `.${name}.holdfast-ready`),
      old: Path.join(parent, `.${name}.holdfast-old`),
      archive: Path.join(parent, `${name}.zip`),
      freshArchive: Path.join(parent, `.${name}.zip.holdfast-new`)
    }
  })

/**
 * Whoever writes or mends a folder is alone with it, on this machine. The locks of a user lie together where nobody
 * counts them as litter.
 */
const alone = (places: Places, purpose: string, timeout: Duration.DurationInput) => {
  const locks = Path.join(tmpdir(), `holdfast-locks-${process.getuid?.() ?? "user"}`)
  const name = createHash("sha256").update(places.folder).digest("hex").slice(0, 20)
  return <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Fault.Fault, R> =>
    Effect.zipRight(
      Disk.attempt(locks, () => FolderPath.make(locks, 0o700)),
      FileLock.withLock(effect, Path.join(locks, name), { purpose, timeout })
    )
}

/**
 * Finishes what a crash interrupted, and removes what it left over. Does nothing where nothing was interrupted.
 *
 * @since 0.1.0
 * @category writing
 */
export const recover = (places: Places): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const old = yield* Disk.exists(places.old)
    if (!old && ((yield* Disk.exists(places.folder)) || !(yield* Disk.exists(places.ready)))) return
    yield* alone(places, "mend the output", Duration.seconds(30))(mend(places))
  })

/**
 * The folder of an export that is to be read, where it is; what a crash interrupted is finished first. Fails with the
 * code `file-missing` where there is none.
 *
 * @since 0.1.0
 * @category reading
 */
export const existing = (directory: string, operation: string): Effect.Effect<string, Fault.Fault> =>
  Effect.gen(function*() {
    const own = yield* places(directory)
    yield* recover(own)
    const stats = yield* Disk.stats(own.folder)
    if (stats?.isDirectory() === true) return own.folder
    const detail = stats === undefined ? "there is no such folder" : "it is no folder"
    return yield* noExport(own.folder, operation, "file-missing", detail)
  })

/**
 * A folder has no file of Terraform.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutConfiguration = (folder: string, operation: string): Fault.Fault =>
  noExport(folder, operation, "no-configuration", "it has no configuration of Terraform in it")

const noExport = (subject: string, operation: string, code: string, detail: string): Fault.Fault =>
  Fault.make({
    kind: "not-found",
    system: "genesys",
    operation,
    sent: "no",
    code,
    subject,
    detail,
    hint: "Name the folder of an export"
  })

const mend = (places: Places): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    if (!(yield* Disk.exists(places.folder))) {
      const whole = (yield* Disk.exists(places.ready)) ? places.ready : places.old
      if (yield* Disk.exists(whole)) yield* Disk.rename(whole, places.folder)
    }
    if (yield* Disk.exists(places.old)) yield* settle(places)
    yield* Disk.remove(places.ready)
    yield* Disk.remove(places.fresh)
    yield* Disk.remove(places.freshArchive)
    yield* Disk.flushFolder(places.parent)
  }).pipe(Effect.uninterruptible)

/** The new folder stands in its place: what is carried over follows, and the old folder goes. */
const settle = (places: Places): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const { carried } = yield* Residents.of(places.old)
    for (const name of carried) {
      const to = Path.join(places.folder, name)
      if (yield* Disk.exists(to)) continue
      yield* Steps.before(`carry ${name}`)
      yield* Disk.rename(Path.join(places.old, name), to)
    }
    if (yield* Disk.exists(places.freshArchive)) {
      yield* Steps.before("name the archive")
      yield* Disk.rename(places.freshArchive, places.archive)
    }
    yield* Disk.flushFolder(places.folder)
    yield* Disk.flushFolder(places.parent)
    yield* Steps.before("remove the old folder")
    yield* Disk.remove(places.old)
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface ReplaceOptions {
  readonly writes: Residents.Besides
  /** What is being done, for whoever waits. */
  readonly purpose: string
}

/**
 * Replaces a folder by what `fill` writes. On any failure, interruption or crash the folder is what it was, or, past the
 * last step, what was written.
 *
 * Fails with the codes of {@link Residents.check} before `fill` runs, with `lock-held` while another export writes there,
 * and as `fill` does.
 *
 * @since 0.1.0
 * @category writing
 */
export const replace = <A, E, R>(
  places: Places,
  options: ReplaceOptions,
  fill: (fresh: string, archive: string) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | Fault.Fault, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function*() {
      yield* Disk.makeFolder(places.parent)
      return yield* Effect.gen(function*() {
        yield* mend(places)
        yield* restore(Residents.check(places.folder, options.writes))
        const filled = yield* restore(Effect.gen(function*() {
          yield* Steps.before("make the new folder")
          yield* Disk.makeFolder(places.fresh)
          return yield* fill(places.fresh, places.freshArchive)
        })).pipe(
          Effect.onExit((exit) => exit._tag === "Success" ? Effect.void : discard(places))
        )
        yield* swap(places)
        return filled
      }).pipe(alone(places, options.purpose, Duration.zero))
    })
  )

/** What was begun is worth nothing; if it cannot be removed now, the next run does it. */
const discard = (places: Places): Effect.Effect<void> =>
  Effect.zipRight(Disk.remove(places.fresh), Disk.remove(places.freshArchive)).pipe(Effect.ignoreLogged)

const swap = (places: Places): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const stats = yield* Disk.stats(places.folder)
    yield* Effect.gen(function*() {
      if (stats !== undefined) yield* Disk.attempt(places.fresh, () => Fs.chmod(places.fresh, stats.mode & 0o7777))
      yield* Steps.before("call it ready")
      yield* Disk.rename(places.fresh, places.ready)
      yield* Disk.flushFolder(places.parent)
      if (stats !== undefined) {
        yield* Steps.before("step aside")
        yield* Effect.mapError(Disk.rename(places.folder, places.old), Residents.stuck)
      }
    }).pipe(Effect.onError(() => Effect.zipRight(Effect.ignoreLogged(Disk.remove(places.ready)), discard(places))))
    yield* Steps.before("take the place")
    yield* Disk.rename(places.ready, places.folder).pipe(
      Effect.onError(() => stats === undefined ? Effect.void : Effect.ignoreLogged(stepBack(places)))
    )
    yield* Effect.mapError(
      Effect.zipRight(Disk.flushFolder(places.parent), settle(places)),
      (fault) =>
        fault.with({ sent: "yes", remote: "the new output is in place; what is left to do, the next run does" })
    )
  })

const stepBack = (places: Places): Effect.Effect<void, Fault.Fault> =>
  Effect.zipRight(Disk.rename(places.old, places.folder), Disk.remove(places.ready))
