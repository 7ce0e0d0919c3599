/**
 * The lock files of git. They carry no name, so one that was left behind by a killed process looks like one in use; it
 * is taken away only when no git process works in this clone any more.
 *
 * On Linux every process is looked at; elsewhere a lock counts as abandoned when no git runs at all and it is a minute
 * old. Processes of other containers and machines that share the folder cannot be seen.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/platform/Command"
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as FileFault from "../../../store/FileFault.ts"
import type { Needs, Repository } from "./Repository.ts"

/** Below that age a lock may belong to a program that is not called git and is done in an instant: an editor, say. */
const youngest = process.platform === "linux" ? 1_500 : 60_000

/** Between two looks, and how many: half a minute in all. */
const pause = "100 millis"
const looks = 300

interface Lock {
  readonly path: string
  readonly inode: number
  readonly modified: number
}

const candidates = (repository: Repository): ReadonlyArray<string> => {
  const { checkedOut, commonFolder, gitFolder, target, tracking } = repository
  const own = [
    "index.lock",
    "HEAD.lock",
    "shallow.lock",
    "refs/worktree/holdfast/from.lock",
    "refs/worktree/holdfast/to.lock"
  ]
  const shared = ["packed-refs.lock", "shallow.lock", ...[checkedOut ?? target, tracking].map((ref) => `${ref}.lock`)]
  return [
    ...new Set([
      ...own.map((name) => Path.join(gitFolder, name)),
      ...shared.map((name) => Path.join(commonFolder, name))
    ])
  ]
}

const lockAt = async (path: string): Promise<Lock | undefined> => {
  try {
    const { ino, mtimeMs } = await Fs.lstat(path)
    return { path, inode: ino, modified: mtimeMs }
  } catch (error) {
    if (FileFault.codeOf(error) === "ENOENT" || FileFault.codeOf(error) === "ENOTDIR") return undefined
    throw error
  }
}

const textOf = async (read: () => Promise<string>): Promise<string | undefined> => {
  try {
    return await read()
  } catch (error) {
    // ENOENT, ESRCH: the process ended while it was looked at.
    return FileFault.codeOf(error) === "EACCES" || FileFault.codeOf(error) === "EPERM" ? undefined : ""
  }
}

const within = (folder: string, path: string): boolean => path === folder || path.startsWith(folder + Path.sep)

/** Whether a process of Linux is a git that works here. Where that cannot be seen, it counts as one. */
const worksHere = async (pid: string, folders: ReadonlyArray<string>): Promise<boolean> => {
  const name = await textOf(() => Fs.readFile(`/proc/${pid}/comm`, "utf8"))
  if (name === undefined || !/^git(?:-|$|\n)/.test(name)) return false
  const state = await textOf(() => Fs.readFile(`/proc/${pid}/stat`, "utf8"))
  // A zombie does nothing any more. Source: proc(5), field 3 of stat.
  if (state !== undefined && /\) [ZX] /.test(state)) return false
  const folder = await textOf(() => Fs.readlink(`/proc/${pid}/cwd`))
  const words = await textOf(() => Fs.readFile(`/proc/${pid}/cmdline`, "utf8"))
  if (folder === undefined || words === undefined) return true
  return folders.some((own) => within(own, folder) || words.includes(own))
}

const someoneOnLinux = async (repository: Repository): Promise<boolean> => {
  const folders = [repository.directory, repository.gitFolder, repository.commonFolder]
  const pids = (await Fs.readdir("/proc")).filter((name) => /^\d+$/.test(name))
  for (const pid of pids) {
    if (await worksHere(pid, folders)) return true
  }
  return false
}

/** Elsewhere there is `ps`, or nothing to go by. */
const someoneElsewhere = Effect.map(
  Effect.option(Command.lines(Command.make("ps", "-A", "-o", "comm="))),
  (names) => names._tag === "None" || names.value.some((name) => /^git(?:-|$)/.test(Path.basename(name.trim())))
)

const attempt = <A>(repository: Repository, path: string, run: () => Promise<A>): Effect.Effect<A, Fault.Fault> =>
  Effect.tryPromise({
    try: run,
    catch: (error) => FileFault.make({ operation: repository.operation, path }, error)
  })

const someone = (repository: Repository): Effect.Effect<boolean, Fault.Fault, Needs> =>
  process.platform === "linux"
    ? attempt(repository, "/proc", () => someoneOnLinux(repository))
    : someoneElsewhere

/** Moved aside first: a lock that somebody took in this instant is put back. */
const remove = async (lock: Lock): Promise<void> => {
  const aside = `${lock.path}.abandoned-${process.pid}`
  await Fs.rename(lock.path, aside)
  const moved = await lockAt(aside)
  if (moved?.inode === lock.inode && moved.modified === lock.modified) return await Fs.rm(aside, { force: true })
  await Fs.rename(aside, lock.path)
}

const held = (repository: Repository): Effect.Effect<ReadonlyArray<Lock>, Fault.Fault> =>
  attempt(repository, repository.gitFolder, async () => {
    const found: Array<Lock> = []
    for (const path of candidates(repository)) {
      const lock = await lockAt(path)
      if (lock !== undefined) found.push(lock)
    }
    return found
  })

/**
 * Waits until nobody holds a lock of git that is needed here, and takes away the abandoned ones.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settle = (repository: Repository): Effect.Effect<ReadonlyArray<string>, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const removed: Array<string> = []
    for (let look = 1;; look += 1) {
      const locks = yield* held(repository)
      if (locks.length === 0) return removed
      // The wall clock: file systems know no other.
      const old = locks.filter(({ modified }) => Date.now() - modified >= youngest)
      if (old.length > 0 && !(yield* someone(repository))) {
        for (const lock of old) {
          yield* Effect.catchIf(
            attempt(repository, lock.path, () => remove(lock)),
            (fault) => FileFault.codeOf(fault.cause) === "ENOENT",
            () => Effect.void
          )
          removed.push(Path.basename(lock.path))
        }
        continue
      }
      if (look >= looks) return yield* busy(repository, locks)
      yield* Effect.sleep(pause)
    }
  })

const busy = (repository: Repository, locks: ReadonlyArray<Lock>): Fault.Fault =>
  Fault.make({
    kind: "locked",
    system: "git",
    operation: repository.operation,
    subject: repository.subject,
    sent: "no",
    code: "git-locked",
    detail: `another git process holds ${locks.map(({ path }) => path).join(", ")}`,
    hint: "Wait for it; if no git runs there any more, remove the file"
  })

/**
 * Runs a local command again when another git process was in its way, up to three times.
 *
 * @since 0.1.0
 * @category combinators
 */
export const around =
  (repository: Repository) =>
  <A, R>(effect: Effect.Effect<A, Fault.Fault, R>): Effect.Effect<A, Fault.Fault, R | Needs> =>
    effect.pipe(
      Effect.tapError((fault) => fault.code === "git-locked" ? settle(repository) : Effect.void),
      Effect.retry({ times: 3, while: (fault) => fault.code === "git-locked" })
    )
