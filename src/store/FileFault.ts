/**
 * From what the file system refuses to a {@link Fault.Fault}, by the code of the system call.
 *
 * @since 0.1.0
 */
import * as Predicate from "effect/Predicate"
import * as Fault from "../kernel/Fault.ts"

/**
 * Which call it was.
 *
 * @since 0.1.0
 * @category models
 */
export interface Context {
  /** As in the span: `AtomicFile.write`. */
  readonly operation: string
  /** The file or the folder. */
  readonly path: string
  /** What is known of the file now: `the old content is intact`. */
  readonly remote?: string | undefined
}

type Said = Pick<Fault.Options, "kind" | "code" | "detail" | "hint">

const full: Said = {
  kind: "failed",
  code: "disk-full",
  detail: "there is no space left on the disk, or the quota is spent",
  hint: "Free some space and run it again"
}

const permission: Said = {
  kind: "denied",
  code: "permission",
  detail: "the permission is missing",
  hint: "Check who owns the file and its folder, and that they may be written to"
}

const busy: Said = {
  kind: "transient",
  code: "file-busy",
  detail: "the system has no file handle to give, or the file is in use"
}

const missing: Said = {
  kind: "not-found",
  code: "file-missing",
  detail: "there is no such file or folder",
  hint: "Check the path; folders are not made on the way"
}

/** Source: open(2), rename(2), fsync(2), write(2). */
const known: ReadonlyMap<string, Said> = new Map<string, Said>([
  ["ENOSPC", full],
  ["EDQUOT", full],
  ["EACCES", permission],
  ["EPERM", permission],
  ["EROFS", { ...permission, code: "read-only", detail: "the file system is read-only" }],
  ["ENOENT", missing],
  ["ENOTDIR", { ...missing, detail: "a part of the path is not a folder" }],
  ["EISDIR", { kind: "invalid", code: "not-a-file", detail: "it is a folder, not a file" }],
  ["ELOOP", { kind: "invalid", code: "link-loop", detail: "its symbolic links lead in a circle" }],
  ["ENAMETOOLONG", { kind: "invalid", code: "name-too-long", detail: "the name is too long" }],
  ["EFBIG", { kind: "failed", code: "file-too-big", detail: "the file is larger than the system allows" }],
  ["EIO", { kind: "failed", code: "input-output", detail: "the disk reports an error" }],
  ["EMFILE", busy],
  ["ENFILE", busy],
  ["EBUSY", busy],
  ["ETXTBSY", busy],
  ["EAGAIN", busy]
])

/**
 * The code of the system call: `ENOSPC`.
 *
 * @since 0.1.0
 * @category getters
 */
export const codeOf = (error: unknown): string | undefined =>
  Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : undefined

/**
 * Nothing was changed where this is raised, unless `remote` says otherwise.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (context: Context, error: unknown): Fault.Fault => {
  const code = codeOf(error)
  const said = known.get(code ?? "") ?? {
    kind: "failed",
    code: code?.toLowerCase() ?? "file",
    detail: error instanceof Error ? error.message : String(error)
  }
  return Fault.make({
    ...said,
    system: "holdfast",
    operation: context.operation,
    sent: "no",
    subject: context.path,
    ...(context.remote === undefined ? {} : { remote: context.remote }),
    cause: error
  })
}
