/**
 * What can go wrong while the files of a site are read.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as Fault from "../../../kernel/Fault.ts"

const make = (options: Pick<Fault.Options, "kind" | "code" | "subject" | "detail" | "hint" | "cause">): Fault.Fault =>
  Fault.make({ ...options, system: "elevenlabs", operation: "ElevenLabs.scan", sent: "no" })

/**
 * A file that the server would not take.
 *
 * @since 0.1.0
 * @category errors
 */
export const refused = (file: string, code: string, detail: string): Fault.Fault =>
  make({
    kind: "invalid",
    code,
    subject: file,
    detail,
    hint: "The document that holds it now stays as it is; correct the file, or take it away"
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const changed = (file: string): Fault.Fault =>
  make({
    kind: "conflict",
    code: "file-changed",
    subject: file,
    detail: "it changed while it was read",
    hint: "Let whatever writes it finish, and run the command again"
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const stuck = (file: string): Fault.Fault =>
  make({
    kind: "timed-out",
    code: "unreadable",
    subject: file,
    detail: "it could not be opened for 30 seconds",
    hint: "Nothing was changed: see to it that the disk answers, and that it is a file"
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const empty = (folder: string): Fault.Fault =>
  make({
    kind: "invalid",
    code: "folder-empty",
    subject: folder,
    detail: "there is no document in it",
    hint: "Nothing is removed for that: check the folder, or remove the site with `holdfast elevenlabs remove`"
  })

/**
 * @since 0.1.0
 * @category errors
 */
export const notAFolder = (folder: string): Fault.Fault =>
  make({ kind: "invalid", code: "not-a-folder", subject: folder, detail: "it is no folder", hint: "Check the path" })

/**
 * The folder itself cannot be opened.
 *
 * @since 0.1.0
 * @category errors
 */
export const folder = (path: string) => (cause: PlatformError): Fault.Fault =>
  cause._tag === "SystemError" && cause.reason === "NotFound"
    ? make({
      kind: "not-found",
      code: "folder-missing",
      subject: path,
      detail: "there is no such folder",
      hint: "Nothing is removed for that: check the path",
      cause
    })
    : unreadable(path)(cause)

/**
 * @since 0.1.0
 * @category errors
 */
export const unreadable = (file: string) => (cause: PlatformError): Fault.Fault => {
  if (cause._tag === "SystemError" && cause.reason === "NotFound") return changed(file)
  const isDenied = cause._tag === "SystemError" && cause.reason === "PermissionDenied"
  return make({
    kind: isDenied ? "denied" : "failed",
    code: isDenied ? "permission" : "unreadable",
    subject: file,
    detail: isDenied ? "it may not be read" : `it cannot be read: ${cause.message}`,
    hint: "Nothing was changed: see to it that every file of the site can be read",
    cause
  })
}
