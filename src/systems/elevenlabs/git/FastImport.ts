/**
 * A commit on top of another one, made in the store of git by one process: no index, no work tree and no branch is
 * touched, and nothing refers to it yet.
 *
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as GitFault from "./GitFault.ts"
import * as GitProcess from "./GitProcess.ts"

/**
 * What becomes of one path: it goes, it becomes what is in the store already, or it gets new content.
 *
 * @since 0.1.0
 * @category models
 */
export type Edit =
  | { readonly _tag: "Remove"; readonly path: string }
  | { readonly _tag: "Put"; readonly path: string; readonly mode: string; readonly id: string }
  | { readonly _tag: "Write"; readonly path: string; readonly mode: string; readonly content: Uint8Array }

/**
 * @since 0.1.0
 * @category models
 */
export interface Commit {
  readonly parent: string
  readonly edits: ReadonlyArray<Edit>
  /** `name <email> seconds zone` */
  readonly author: string
  /** In the same form. */
  readonly committer: string
  readonly message: string
}

/** It wants one for the time that it runs, and takes it away itself. Source: git-fast-import(1), "reset", "from". */
const scratch = "refs/worktree/holdfast/replayed"

/** Source: git-fast-import(1), "filemodify": a path with such characters is quoted as in C. */
const quoted = (path: string): string =>
  /^"|[\n\\]/.test(path) ? `"${path.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n")}"` : path

const data = (content: Uint8Array | string): Buffer => {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from("\n")])
}

const instruction = (edit: Edit): Buffer => {
  const path = quoted(edit.path)
  switch (edit._tag) {
    case "Remove":
      return Buffer.from(`D ${path}\n`)
    case "Put":
      return Buffer.from(`M ${edit.mode} ${edit.id} ${path}\n`)
    case "Write":
      return Buffer.concat([Buffer.from(`M ${edit.mode} inline ${path}\n`), data(edit.content)])
  }
}

const streamOf = ({ author, committer, edits, message, parent }: Commit): Buffer =>
  Buffer.concat([
    Buffer.from(`feature done\ncommit ${scratch}\nmark :1\nauthor ${author}\ncommitter ${committer}\n`),
    data(message),
    Buffer.from(`from ${parent}\n`),
    // What goes makes room first: a folder may take the place of a file.
    ...edits.filter(({ _tag }) => _tag === "Remove").map(instruction),
    ...edits.filter(({ _tag }) => _tag !== "Remove").map(instruction),
    Buffer.from(`\nget-mark :1\nreset ${scratch}\nfrom ${"0".repeat(parent.length)}\n\ndone\n`)
  ])

/**
 * Makes it and gives its id. It is not signed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const commit = (
  place: GitProcess.Place,
  made: Commit
): Effect.Effect<string, Fault.Fault, CommandExecutor.CommandExecutor> =>
  GitProcess.run(place, ["fast-import", "--quiet", "--done", "--date-format=raw"], { input: streamOf(made) }).pipe(
    Effect.map(({ stdout }) => stdout.trim()),
    Effect.filterOrFail(
      (id) => /^[0-9a-f]{40,64}$/.test(id),
      () => GitFault.fromOutput(place, "fast-import", 0, "fatal: it told no commit")
    )
  )
