/**
 * State files in git: brought up to date before the work, committed and pushed after it, and nothing else with them.
 *
 * Two machines that work on one site at once each find what the other uploaded by its name; what each wrote down is
 * merged by file, and never a line of it is a conflict.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Path from "node:path"
import * as Fault from "../../kernel/Fault.ts"
import * as Git from "./git/Git.ts"
import type { Needs } from "./git/Repository.ts"
import type { Target } from "./Operations.ts"
import * as Merge from "./state/Merge.ts"
import * as State from "./state/State.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<Git.PullOptions, "paths" | "merge" | "directory"> {
  /** The folder of the state files. It need not be there yet. Defaults to `config/elevenlabs`. */
  readonly states?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Kept<A> {
  readonly value: A
  readonly pulled: Git.Pulled
  /** The fault where the remote does not have what was recorded: it is in this clone then, and goes with the next run. */
  readonly pushed: Either.Either<Git.Pushed, Fault.Fault>
}

const decoded = (path: string, content: Uint8Array): Effect.Effect<State.State, Fault.Fault> =>
  Either.mapLeft(State.decode(content), (refusal) => State.toFault(path, refusal))

/** By file. An ancestor that cannot be read is none: then nothing that either side has is forgotten. */
const merge: Git.PullOptions["merge"] = (path, base, ours, theirs) =>
  Effect.gen(function*() {
    const left = yield* decoded(path, ours)
    const right = yield* decoded(path, theirs)
    const ancestor = base === undefined ? Either.left(undefined) : State.decode(base)
    const merged = yield* Either.mapLeft(
      Merge.merge(Either.getOrElse(ancestor, () => null), left, right),
      (detail) =>
        Fault.make({
          kind: "conflict",
          system: "elevenlabs",
          operation: "ElevenLabs.merge",
          subject: path,
          code: "other-site",
          sent: "no",
          detail,
          hint: "Nothing was done: check which file belongs to which site"
        })
    )
    return new TextEncoder().encode(State.encode(merged))
  })

/** The folder, or the nearest one above it that is there. */
const existing = (folder: string): Effect.Effect<string, never, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (files) =>
    Effect.flatMap(
      Effect.orElseSucceed(files.exists(folder), () => false),
      (there) => there || Path.dirname(folder) === folder ? Effect.succeed(folder) : existing(Path.dirname(folder))
    ))

/** Every state file there is: whatever an earlier run of any site has left is merged, should the remote have it too. */
const recorded = (folder: string): Effect.Effect<ReadonlyArray<string>, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const names = yield* Effect.orElseSucceed(files.readDirectory(folder), (): ReadonlyArray<string> => [])
    return names.filter((name) => name.endsWith(".json")).map((name) => Path.join(folder, name))
  })

/** What lies beside a state file and is of this machine alone. */
const ignored = ["*.json.last-good", "*.json.lock", "*.json.lock.holder", ".holdfast-*.tmp", ".gitignore", ""].join(
  "\n"
)

/** A folder that has such a file already has what its owner wants. */
const keepOut = (folder: string): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.flatMap(
    FileSystem.FileSystem,
    (files) => files.writeFileString(Path.join(folder, ".gitignore"), ignored, { flag: "wx" })
  ).pipe(Effect.catchAll((error) => Effect.logDebug(`${folder} gets no .gitignore: ${error.message}`)))

/**
 * Pulls, then looks which sites there are, works on them, and pushes the state files of these sites. Fails where the
 * clone cannot be brought up to date, and nothing was done then. Where the push fails, that is in the result, beside the
 * value of the work.
 *
 * @since 0.1.0
 * @category operations
 */
export const keep = <T extends Pick<Target, "site" | "state">, A, E, R, R2>(
  options: Options,
  work: {
    /** For the message of the commit: `sync`. */
    readonly verb: string
    readonly targets: Effect.Effect<ReadonlyArray<T>, Fault.Fault, R2>
    readonly use: (targets: ReadonlyArray<T>) => Effect.Effect<A, E, R>
  }
): Effect.Effect<Kept<A>, E | Fault.Fault, R | R2 | Needs> =>
  Effect.gen(function*() {
    const { states = "config/elevenlabs", ...rest } = options
    const folder = Path.resolve(states)
    const directory = yield* existing(folder)
    const pulled = yield* Git.pull({ ...rest, directory, merge, paths: yield* recorded(folder) })
    const sites = yield* work.targets
    const value = yield* work.use(sites)
    yield* keepOut(folder)
    const commit = sites.map(({ state }) => Path.resolve(state))
    const pushed = yield* Effect.either(Git.push({
      ...rest,
      directory,
      merge,
      paths: [...new Set([...yield* recorded(folder), ...commit])],
      commit,
      message: messageOf(work.verb, sites.map(({ site }) => site.host))
    }))
    return { value, pulled, pushed }
  })

const messageOf = (verb: string, hosts: ReadonlyArray<string>): string => {
  const sites = hosts.length > 3 ? `${hosts.length} sites` : hosts.join(", ")
  return `Record elevenlabs ${verb} of ${sites}`
}
