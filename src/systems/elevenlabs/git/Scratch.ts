/**
 * An index of our own, beside that of the user: trees are built in it, while what the user has staged stays as it is.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Crypto from "node:crypto"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Finalizer from "../../../kernel/Finalizer.ts"
import * as FolderPath from "../../../store/FolderPath.ts"
import * as GitProcess from "./GitProcess.ts"
import type { Needs, Repository } from "./Repository.ts"

/** Our own folder within the folder of git, which leaves alone what it does not know. */
const folderOf = (repository: Repository): string => Path.join(repository.gitFolder, "holdfast")

/**
 * What two processes on one clone lock against each other.
 *
 * @since 0.1.0
 * @category getters
 */
export const lockName = (repository: Repository): string => Path.join(folderOf(repository), "git")

/**
 * Makes the folder. Whoever calls it holds no lock yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const prepare = (repository: Repository): Effect.Effect<void, Fault.Fault> =>
  FolderPath.ensure(folderOf(repository), { operation: repository.operation, path: folderOf(repository) })

const isIndex = (name: string): boolean => name.startsWith("index-")

/**
 * Removes what killed processes left. Whoever calls it holds the lock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sweep = (repository: Repository): Effect.Effect<void, never, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const names = yield* files.readDirectory(folderOf(repository))
    yield* Effect.forEach(names.filter(isIndex), (name) => files.remove(Path.join(folderOf(repository), name)))
  }).pipe(Effect.ignoreLogged)

/**
 * The environment of commands that work on a new index, which goes with the scope. It begins with a tree, or empty.
 *
 * @since 0.1.0
 * @category constructors
 */
export const index = (
  repository: Repository,
  tree: string | undefined
): Effect.Effect<Readonly<Record<string, string>>, Fault.Fault, Needs | Scope.Scope> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const path = Path.join(folderOf(repository), `index-${Crypto.randomUUID()}`)
    yield* Finalizer.add(() =>
      Effect.forEach([path, `${path}.lock`], (file) => Effect.ignore(files.remove(file, { force: true })))
    )
    const environment = { GIT_INDEX_FILE: path }
    yield* GitProcess.run(repository, ["read-tree", tree ?? "--empty"], { environment })
    return environment
  })
