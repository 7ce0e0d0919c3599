/**
 * Lists the files below a folder.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Grammar from "../state/Grammar.ts"
import * as Media from "./Media.ts"
import * as ScanFault from "./ScanFault.ts"

/**
 * A file that may be a document.
 *
 * @since 0.1.0
 * @category models
 */
export interface Found {
  readonly _tag: "File"
  /** Relative to the folder, with `/`. */
  readonly file: string
  readonly path: string
  /** In bytes. */
  readonly size: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Listed =
  | Found
  | { readonly _tag: "Refused"; readonly file: string; readonly fault: Fault.Fault }
  | { readonly _tag: "Skipped"; readonly file: string; readonly reason: string }

interface Place {
  readonly files: FileSystem.FileSystem
  readonly paths: Path.Path
  /** Without links. */
  readonly root: string
}

/**
 * Every file below the folder, sorted. Hidden and temporary ones are left out; links are followed to files inside the
 * folder only, and other links are refused, for what they stand for may be recorded.
 *
 * @since 0.1.0
 * @category constructors
 */
export const list = (
  folder: string
): Effect.Effect<ReadonlyArray<Listed>, Fault.Fault, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const files = yield* FileSystem.FileSystem
    const paths = yield* Path.Path
    const root = yield* Effect.mapError(files.realPath(folder), ScanFault.folder(folder))
    const { type } = yield* Effect.mapError(files.stat(root), ScanFault.folder(folder))
    if (type !== "Directory") return yield* Effect.fail(ScanFault.notAFolder(folder))
    const found = yield* below({ files, paths, root }, [])
    return found.toSorted((left, right) => left.file < right.file ? -1 : 1)
  })

const below = (place: Place, parents: ReadonlyArray<string>): Effect.Effect<ReadonlyArray<Listed>, Fault.Fault> =>
  Effect.gen(function*() {
    const folder = place.paths.join(place.root, ...parents)
    const names = yield* Effect.mapError(place.files.readDirectory(folder), ScanFault.unreadable(folder))
    const found = yield* Effect.forEach(
      names.filter((name) => !Media.isLeftOut(name)),
      (name) => look(place, parents, name),
      { concurrency: 8 }
    )
    return found.flat()
  })

const look = (
  place: Place,
  parents: ReadonlyArray<string>,
  name: string
): Effect.Effect<ReadonlyArray<Listed>, Fault.Fault> =>
  Effect.gen(function*() {
    const file = [...parents, name].join("/")
    const path = place.paths.join(place.root, file)
    const isDocument = Media.of(name) !== undefined
    const both = yield* Effect.all([place.files.realPath(path), place.files.stat(path)]).pipe(
      Effect.catchIf(
        (error) => !isDocument && error._tag === "SystemError" && error.reason === "NotFound",
        (error) => Effect.as(Effect.mapError(place.files.readLink(path), () => error), null)
      ),
      Effect.mapError(ScanFault.unreadable(file))
    )
    if (both === null) return skip(file, "a link that leads nowhere")
    const [real, { size, type }] = both
    const isLink = real !== path
    if (type === "Directory") {
      return isLink ? refuse(file, "folder-link", "it is a link to a folder") : yield* below(place, [...parents, name])
    }
    if (!isDocument) {
      return skip(
        file,
        `no document: those end with ${Media.endings.map((ending) => `.${ending}`).join(", ")}`
      )
    }
    // To open a pipe may wait for ever, and what it holds is no document anyway.
    if (type !== "File") return refuse(file, "not-a-file", "it is a pipe, a socket or a device, not a file")
    if (isLink && !isInside(place, real)) {
      return refuse(file, "link-leads-out", "it is a link that leads out of the folder")
    }
    if (!Grammar.isFile(file)) return refuse(file, "file-name", "its name holds what cannot be recorded")
    return [{ _tag: "File", file, path, size: Number(size) }]
  })

const refuse = (file: string, code: string, detail: string): ReadonlyArray<Listed> => [
  { _tag: "Refused", file, fault: ScanFault.refused(file, code, detail) }
]

const skip = (file: string, reason: string): ReadonlyArray<Listed> => [{ _tag: "Skipped", file, reason }]

const isInside = ({ paths, root }: Place, real: string): boolean => {
  const way = paths.relative(root, real)
  return way !== "" && !way.startsWith("..") && !paths.isAbsolute(way)
}
