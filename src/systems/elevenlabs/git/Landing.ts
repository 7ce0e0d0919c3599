/**
 * Moves what is checked out from one commit to another: work tree, index and branch. The changes of the user stay, and
 * where one is in the way nothing moves at all.
 *
 * What is about to happen stands in two references first. A process that dies in between leaves a work tree that is
 * partly new and a branch that is old; the next one sees the references and brings it to its end, so that nobody takes
 * the half for a change of the user.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Blobs from "./Blobs.ts"
import * as GitFault from "./GitFault.ts"
import * as GitProcess from "./GitProcess.ts"
import * as Locks from "./Locks.ts"
import { changes } from "./Replay.ts"
import * as Repository from "./Repository.ts"

const from = "refs/worktree/holdfast/from"
const to = "refs/worktree/holdfast/to"

/** The name of the tree without files, in the hash of the repository. */
const emptyTree = (repository: Repository.Repository) =>
  Effect.map(GitProcess.run(repository, ["hash-object", "-w", "-t", "tree", "--stdin"]), ({ stdout }) => stdout.trim())

const updateRefs = (repository: Repository.Repository, lines: ReadonlyArray<string>) =>
  GitProcess.run(repository, ["update-ref", "-m", "holdfast: move", "--stdin"], { input: `${lines.join("\n")}\n` })

const forget = (repository: Repository.Repository) => updateRefs(repository, [`delete ${from}`, `delete ${to}`])

/** Source: unpack-trees.c, `unpack_plumbing_errors`. */
const inTheWay = (stderr: string): ReadonlyArray<string> =>
  [...stderr.matchAll(
    /^error: (?:Entry|Updating|Untracked working tree file) '(.+?)' (?:not uptodate|would )/gm
  )].flatMap((match) => match[1] ?? [])

/**
 * Where it ended. What is in the way is the first file of the user that git stumbled over, or several.
 *
 * @since 0.1.0
 * @category models
 */
export type Landed =
  | { readonly _tag: "Moved" }
  | { readonly _tag: "Blocked"; readonly paths: ReadonlyArray<string> }

const move = (repository: Repository.Repository, head: string | undefined, tip: string) =>
  Effect.gen(function*() {
    const tree = head ?? (yield* emptyTree(repository))
    yield* GitProcess.run(repository, ["update-index", "-q", "--refresh"], { accept: [0, 1] })
    const result = yield* GitProcess.outcome(repository, ["read-tree", "-m", "-u", tree, tip])
    if (result.exitCode === 0) return undefined
    const paths = inTheWay(result.stderr)
    return paths.length > 0
      ? paths
      : yield* GitFault.fromOutput(repository, "read-tree", result.exitCode, result.stderr)
  })

const finish = (repository: Repository.Repository, head: string | undefined, tip: string) =>
  Effect.gen(function*() {
    const paths = yield* move(repository, head, tip)
    if (paths !== undefined) {
      yield* forget(repository)
      return { _tag: "Blocked" as const, paths }
    }
    const option = repository.checkedOut === undefined ? ["option no-deref"] : []
    const change = head === undefined ? `create HEAD ${tip}` : `update HEAD ${tip} ${head}`
    yield* updateRefs(repository, [...option, change, `delete ${from}`, `delete ${to}`])
    return { _tag: "Moved" as const }
  })

/**
 * Moves from one commit to another, or not at all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const land = (
  repository: Repository.Repository,
  head: string | undefined,
  tip: string
): Effect.Effect<Landed, Fault.Fault, Repository.Needs> =>
  Effect.gen(function*() {
    if (head === tip) return { _tag: "Moved" as const }
    yield* Locks.settle(repository)
    yield* updateRefs(repository, [`update ${from} ${head ?? tip}`, `update ${to} ${tip}`])
    return yield* finish(repository, head, tip)
  }).pipe(Locks.around(repository), Effect.uninterruptible)

const startsWith = (whole: Uint8Array, part: Uint8Array): boolean =>
  part.length <= whole.length && Buffer.compare(whole.subarray(0, part.length), part) === 0

/**
 * Files that a killed git has begun to write: the new content or a beginning of it, while the index still has the old
 * one. They get the old content back, or go, so that the move can begin again.
 */
const takeBack = (repository: Repository.Repository, head: string, tip: string) =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    for (const { after, before, path } of yield* changes(repository, head, tip)) {
      if (after === undefined || !after.mode.startsWith("100")) continue
      const listed = yield* GitProcess.run(repository, ["--literal-pathspecs", "ls-files", "-s", "-z", "--", path])
      const indexed = /^\d+ ([0-9a-f]+) /.exec(listed.stdout)?.[1]
      if (indexed !== before?.id) continue
      const place = Path.join(repository.directory, path)
      const content = yield* Effect.option(files.readFile(place))
      if (content._tag === "None") continue
      const [whole] = yield* Blobs.read(repository, [after.id])
      if (whole === undefined || !startsWith(whole, content.value)) continue
      yield* before === undefined
        ? Effect.ignoreLogged(files.remove(place))
        : GitProcess.run(repository, ["checkout-index", "-q", "-f", "--", path])
    }
  })

/**
 * Brings to its end what a killed process began. Whoever calls it holds the lock.
 *
 * @since 0.1.0
 * @category constructors
 */
export const recover = (
  repository: Repository.Repository
): Effect.Effect<boolean, Fault.Fault, Repository.Needs> =>
  Effect.gen(function*() {
    const format = "--format=%(refname) %(objectname)"
    const marks = (yield* GitProcess.run(repository, ["for-each-ref", format, from, to])).stdout.split("\n")
    const [begun, tip] = [from, to].map((ref) =>
      marks.find((mark) => mark.startsWith(`${ref} `))?.slice(ref.length + 1)
    )
    if (begun === undefined && tip === undefined) return false
    const head = yield* Repository.resolve(repository, "HEAD")
    // One of both: it died before anything moved. Another HEAD: it is over, or the user has gone elsewhere since.
    if (begun === undefined || tip === undefined || (head ?? tip) !== begun) {
      yield* updateRefs(
        repository,
        [begun, tip].flatMap((id, at) => id === undefined ? [] : `delete ${at === 0 ? from : to}`)
      )
      return false
    }
    if (head !== undefined) yield* takeBack(repository, head, tip)
    return (yield* finish(repository, head, tip))._tag === "Moved"
  }).pipe(Locks.around(repository), Effect.uninterruptible)
