/**
 * Finds the documents below a folder. What cannot be read fails the whole: a file that was not seen must never look like a
 * file that is not there.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { createHash } from "node:crypto"
import * as Fault from "../../../kernel/Fault.ts"
import * as Content from "./Content.ts"
import * as Folder from "./Folder.ts"
import * as Limits from "./Limits.ts"
import * as Media from "./Media.ts"
import * as Name from "./Name.ts"
import * as ScanFault from "./ScanFault.ts"
import * as Shards from "./Shards.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The folder of the site. */
  readonly folder: string
  /** What the server takes. Defaults to `Limits.standard`. */
  readonly limits?: Partial<Limits.Limits> | undefined
  /** How many files are read at a time. Defaults to 4. */
  readonly concurrency?: number | undefined
  /** For which files the MD5 is wanted too. Defaults to none. */
  readonly md5?: ((file: string) => boolean) | undefined
}

/**
 * A file, or a part of one, as it is to be sent. {@link load} gives its bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Document {
  readonly _tag: "Document"
  /** Relative to the folder, with `/`. A part of a file that was split ends with `#` and its number. */
  readonly file: string
  /** Where the bytes are. */
  readonly path: string
  /** Which of the bytes; `undefined` for all. */
  readonly range: Shards.Range | undefined
  /** In bytes. */
  readonly size: number
  /** SHA-256 in hex. */
  readonly hash: string
  /** In hex; `undefined` where it was not asked for. */
  readonly md5: string | undefined
  readonly mediaType: string
  /** What it is called on the remote: see `Name.of`. */
  readonly name: string
  /** Large enough to be indexed. */
  readonly isIndexed: boolean
}

/**
 * A file that the server would not take. What is recorded of it stays as it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refused {
  readonly _tag: "Refused"
  readonly file: string
  readonly fault: Fault.Fault
}

/**
 * A file that is no document.
 */
interface Skipped {
  readonly _tag: "Skipped"
  readonly file: string
  readonly reason: string
}

type Item = Document | Refused | Skipped

/**
 * @since 0.1.0
 * @category models
 */
export interface Scanned {
  readonly documents: ReadonlyArray<Document>
  readonly refused: ReadonlyArray<Refused>
  readonly skipped: ReadonlyArray<Skipped>
}

/**
 * What is below the folder, in the order of the files. Fails where the folder is missing (`folder-missing`) or holds no
 * document (`folder-empty`), where something cannot be read, and where a file changes meanwhile (`file-changed`).
 *
 * @since 0.1.0
 * @category constructors
 */
export const collect = (options: Options): Effect.Effect<Scanned, Fault.Fault, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function*() {
    const found = yield* Folder.list(options.folder)
    if (!found.some(({ _tag }) => _tag !== "Skipped")) return yield* ScanFault.empty(options.folder)
    const items = yield* Effect.forEach(
      found,
      (item): ReturnType<typeof inspect> => item._tag === "File" ? inspect(item, options) : Effect.succeed([item]),
      { concurrency: options.concurrency ?? 4 }
    )
    const all = items.flat()
    return {
      documents: all.filter((item) => item._tag === "Document"),
      refused: all.filter((item) => item._tag === "Refused"),
      skipped: all.filter((item) => item._tag === "Skipped")
    }
  })

/**
 * The bytes of a document: exactly those whose hash it has. Fails with `file-changed` where the file is another one now.
 *
 * @since 0.1.0
 * @category getters
 */
export const load = (document: Document): Effect.Effect<Uint8Array, Fault.Fault, FileSystem.FileSystem> =>
  Effect.flatMap(
    Content.read(document.path, document.file, document.range ?? { start: 0, end: document.size }, {
      isWhole: document.range === undefined,
      isCompared: true
    }),
    (content) =>
      sha256(content) === document.hash ? Effect.succeed(content) : Effect.fail(ScanFault.changed(document.file))
  )

const sha256 = (content: Uint8Array): string => createHash("sha256").update(content).digest("hex")

const inspect = (
  { file, path, size }: Folder.Found,
  options: Options
): Effect.Effect<ReadonlyArray<Item>, Fault.Fault, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    const limits = { ...Limits.standard, ...options.limits }
    const media = Media.of(file)
    if (media === undefined) return []
    if (size === 0) return [refused(file, "file-empty", "it is empty, and an agent would learn nothing from it")]
    // A character has four bytes at most, so a larger text need not be read to be counted.
    const isLarge = size > limits.bytes || media.isText && size > 4 * limits.characters
    if (isLarge && !media.isText) return [tooLarge(file, `${size} bytes`, limits)]
    if (!isLarge) {
      const content = yield* Content.hash(path, file, {
        md5: options.md5?.(file) === true,
        characters: media.isText && size > limits.characters
      })
      if (content.characters <= limits.characters) {
        return [documentOf({ ...content, file, path, range: undefined, mediaType: media.mediaType })]
      }
    }
    return yield* parts({ file, path, size }, media, limits)
  })

/** A larger file is taken for a mistake: it would have to be in memory as a whole. In bytes. */
const splitLimit = 64 * 1024 * 1024

const parts = (
  { file, path, size }: { readonly file: string; readonly path: string; readonly size: number },
  { mediaType }: Media.Media,
  limits: Limits.Limits
): Effect.Effect<ReadonlyArray<Item>, Fault.Fault, FileSystem.FileSystem> =>
  Effect.gen(function*() {
    if (size > splitLimit) return [tooLarge(file, `${size} bytes`, limits)]
    const content = yield* Content.read(path, file, { start: 0, end: size }, {
      isWhole: true,
      isCompared: false
    })
    const ranges = Shards.split(content, limits)
    if (Either.isLeft(ranges)) {
      return [tooLarge(file, `${Limits.characters(content)} characters, and ${ranges.left}`, limits)]
    }
    return ranges.right.map((range, index) => {
      const part = content.subarray(range.start, range.end)
      const name = `${file}#${index + 1}`
      return documentOf({ file: name, path, range, size: part.length, hash: sha256(part), md5: undefined, mediaType })
    })
  })

const documentOf = (
  { file, hash, md5, mediaType, path, range, size }: Omit<Document, "_tag" | "name" | "isIndexed">
): Document => ({
  _tag: "Document",
  file,
  path,
  range,
  size,
  hash,
  md5,
  mediaType,
  name: Name.of(file, hash),
  isIndexed: size >= Limits.leastIndexed
})

const refused = (file: string, code: string, detail: string): Refused => ({
  _tag: "Refused",
  file,
  fault: ScanFault.refused(file, code, detail)
})

const tooLarge = (file: string, what: string, { bytes, characters }: Limits.Limits): Refused =>
  refused(
    file,
    "too-large",
    `it has ${what}; the server takes ${bytes} bytes, and ${characters} characters of a text`
  )
