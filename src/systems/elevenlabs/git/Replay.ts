/**
 * Puts the commits that the remote does not have yet on top of those it has, without touching the work tree, the index
 * or a branch: what a rebase does, with nothing that could be left half done.
 *
 * A file that both sides changed goes through the merge function that the caller gave, if it is one of his; everything
 * else that both sides changed is a conflict.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type { Identity } from "./Commit.ts"
import * as Blobs from "./Blobs.ts"
import * as FastImport from "./FastImport.ts"
import * as GitProcess from "./GitProcess.ts"
import type { Needs, Repository } from "./Repository.ts"

/**
 * Merges three versions of one file. The path is as the caller named it; the base is `undefined` where both sides added
 * the file.
 *
 * @since 0.1.0
 * @category models
 */
export type Merge<R = never> = (
  path: string,
  base: Uint8Array | undefined,
  ours: Uint8Array,
  theirs: Uint8Array
) => Effect.Effect<Uint8Array, Fault.Fault, R>

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<R> {
  readonly merge: Merge<R>
  /** The files that the function may merge: the names from the top of the work tree, and those of the caller. */
  readonly names: ReadonlyMap<string, string>
  readonly identity: Effect.Effect<Identity, Fault.Fault, Needs>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Replayed {
  /** The new tip. */
  readonly tip: string
  /** How many commits the remote does not have. */
  readonly ahead: number
  /** The files that were merged, as the caller named them. */
  readonly merged: ReadonlyArray<string>
}

interface Entry {
  readonly mode: string
  readonly id: string
}

interface Change {
  readonly path: string
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

const entry = (mode: string, id: string): Entry | undefined => /^0+$/.test(mode) ? undefined : { mode, id }

const same = (left: Entry | undefined, right: Entry | undefined): boolean =>
  left?.id === right?.id && left?.mode === right?.mode

/**
 * What differs between two trees. Source: git-diff-tree(1), "RAW OUTPUT FORMAT", with `-z`.
 *
 * @since 0.1.0
 * @category getters
 */
export const changes = (repository: Repository, from: string, to: string) =>
  Effect.map(
    GitProcess.run(repository, ["diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", from, to]),
    (output): ReadonlyArray<Change> => {
      const found: Array<Change> = []
      const fields = GitProcess.fields(output)
      for (let at = 0; at + 1 < fields.length; at += 2) {
        const [fromMode = "", toMode = "", fromId = "", toId = ""] = (fields[at] ?? "").slice(1).split(" ")
        found.push({ path: fields[at + 1] ?? "", before: entry(fromMode, fromId), after: entry(toMode, toId) })
      }
      return found
    }
  )

const conflict = (repository: Repository, path: string, detail: string): Fault.Fault =>
  Fault.make({
    kind: "conflict",
    system: "git",
    operation: repository.operation,
    subject: repository.subject,
    sent: "no",
    code: "merge-conflict",
    detail: `${path} ${detail}`,
    remote: "nothing was changed here or there",
    hint: "Bring the branches together by hand (`git pull --rebase`), then run it again"
  })

const isFile = (file: Entry | undefined): file is Entry => file !== undefined && file.mode.startsWith("100")

const mergeFile = <R>(
  repository: Repository,
  options: Options<R>,
  base: Entry | undefined,
  path: string,
  ours: Entry | undefined,
  theirs: Entry | undefined
) =>
  Effect.gen(function*() {
    const name = options.names.get(path)
    if (name === undefined) return yield* conflict(repository, path, "was changed here and on the remote")
    if (!isFile(ours) || !isFile(theirs)) {
      return yield* conflict(repository, path, "was removed or replaced on one side and changed on the other")
    }
    const ids = [ours.id, theirs.id, ...(isFile(base) ? [base.id] : [])]
    const [left, right, old] = yield* Blobs.read(repository, ids)
    if (left === undefined || right === undefined) {
      return yield* conflict(repository, path, "is not in the store of git")
    }
    const content = yield* options.merge(name, old, left, right)
    return Buffer.compare(content, right) === 0
      ? undefined
      : { _tag: "Write" as const, path, mode: theirs.mode, content }
  })

const editOf = (path: string, value: Entry | undefined): FastImport.Edit =>
  value === undefined ? { _tag: "Remove", path } : { _tag: "Put", path, ...value }

/** A commit that is to be put elsewhere. */
interface Told {
  readonly id: string
  readonly parent: string
  readonly changes: ReadonlyArray<Change>
  readonly author: Readonly<Record<"GIT_AUTHOR_NAME" | "GIT_AUTHOR_EMAIL" | "GIT_AUTHOR_DATE", string>>
  readonly message: string
}

const tell = (repository: Repository, id: string, parent: string) =>
  Effect.gen(function*() {
    const format = "--format=%an%x00%ae%x00%ad%x00%B"
    const shown = yield* GitProcess.run(repository, ["show", "-s", "--date=raw", "--encoding=UTF-8", format, id])
    const [name = "", email = "", date = "", ...message] = shown.stdout.split("\0")
    return {
      id,
      parent,
      changes: yield* changes(repository, parent, id),
      author: { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date },
      message: message.join("\0").replace(/\n+$/, "\n")
    }
  })

/** The commits after a point of our own history, the oldest first. They stay the same from try to try. */
const since = (repository: Repository, base: string, head: string) =>
  Effect.gen(function*() {
    const range = `${base}..${head}`
    const listed = yield* GitProcess.run(repository, ["rev-list", "--reverse", "--topo-order", "--parents", range])
    const commits = listed.stdout.split("\n").filter((text) => text !== "").map((text) => text.split(" "))
    if (commits.some((words) => words.length !== 2)) {
      return yield* conflict(repository, "the branch", "has merge commits that the remote lacks").with({
        code: "local-merges"
      })
    }
    return yield* Effect.forEach(commits, ([id = "", parent = ""]) => tell(repository, id, parent))
  })

const onto = <R>(repository: Repository, commit: Told, tip: string, options: Options<R>) =>
  Effect.gen(function*() {
    const theirs = new Map((yield* changes(repository, commit.parent, tip)).map((change) => [change.path, change]))
    const merged: Array<string> = []
    const edits: Array<FastImport.Edit> = []
    for (const { after, before, path } of commit.changes) {
      const other = theirs.get(path)
      if (other !== undefined && same(other.after, after)) continue
      const edit = other === undefined
        ? editOf(path, after)
        : yield* mergeFile(repository, options, before, path, after, other.after)
      if (edit === undefined) continue
      if (other !== undefined) merged.push(options.names.get(path) ?? path)
      edits.push(edit)
    }
    // Everything it did is there already.
    if (edits.length === 0) return { tip, merged }
    const { committer, environment, signing } = yield* options.identity
    const { author, message } = commit
    const made = yield* FastImport.commit(repository, {
      parent: tip,
      edits,
      author: `${author.GIT_AUTHOR_NAME} <${author.GIT_AUTHOR_EMAIL}> ${author.GIT_AUTHOR_DATE}`,
      committer,
      message
    })
    if (!signing) return { tip: made, merged }
    // The same once more, with a signature.
    const signed = yield* GitProcess.run(repository, ["commit-tree", "-S", "-p", tip, "-F", "-", `${made}^{tree}`], {
      input: message,
      environment: { ...environment, ...author }
    })
    return { tip: signed.stdout.trim(), merged }
  })

/**
 * Where both histories part. A shallow clone may not reach as far, and is made deeper once.
 *
 * @since 0.1.0
 * @category getters
 */
export const parting = (
  repository: Repository,
  head: string,
  upstream: string
): Effect.Effect<string, Fault.Fault, Needs> =>
  Effect.gen(function*() {
    const ask = GitProcess.run(repository, ["merge-base", head, upstream], { accept: [0, 1] })
    const first = yield* ask
    if (first.exitCode === 0) return first.stdout.trim()
    const shallow = yield* GitProcess.run(repository, ["rev-parse", "--is-shallow-repository"])
    if (shallow.stdout.trim() === "true") {
      yield* GitProcess.run(repository, ["fetch", "--quiet", "--no-tags", "--unshallow", repository.remote])
      const second = yield* ask
      if (second.exitCode === 0) return second.stdout.trim()
    }
    return yield* Fault.make({
      kind: "conflict",
      system: "git",
      operation: repository.operation,
      subject: repository.subject,
      sent: "no",
      code: "unrelated",
      detail: "the branch and its remote have no commit in common",
      hint: "Clone anew, or bring them together by hand"
    })
  })

/**
 * Builds the history that has the commits of the remote first and ours after them. The effect is for one head; what it
 * has learned of its commits it keeps, so that another upstream costs less.
 *
 * Fails with kind `conflict`: `merge-conflict`, `local-merges`, `unrelated`; or as the merge function fails.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <R>(
  repository: Repository,
  head: string,
  options: Options<R>
): Effect.Effect<(upstream: string) => Effect.Effect<Replayed, Fault.Fault, R | Needs>> =>
  Effect.map(
    Effect.cachedFunction((base: string) => since(repository, base, head)),
    (commits) => (upstream) =>
      Effect.gen(function*() {
        const base = yield* parting(repository, head, upstream)
        if (base === head) return { tip: upstream, ahead: 0, merged: [] }
        if (base === upstream) return { tip: head, ahead: yield* count(repository, `${base}..${head}`), merged: [] }
        const merged = new Set<string>()
        let tip = upstream
        let ahead = 0
        for (const commit of yield* commits(base)) {
          const next = yield* onto(repository, commit, tip, options)
          if (next.tip !== tip) ahead += 1
          for (const path of next.merged) merged.add(path)
          tip = next.tip
        }
        return { tip, ahead, merged: [...merged] }
      })
  )

/**
 * How many commits a range has.
 *
 * @since 0.1.0
 * @category getters
 */
export const count = (repository: Repository, range: string): Effect.Effect<number, Fault.Fault, Needs> =>
  Effect.map(
    GitProcess.run(repository, ["rev-list", "--count", range]),
    ({ stdout }) => Number(stdout.trim())
  )
