/**
 * A new folder while it is filled: files that are written piece by piece, flushed to the disk all together, and the
 * SHA-256 of each of them.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { createHash, type Hash, hash } from "node:crypto"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Model from "../Model.ts"
import type * as Checking from "../validate/Checking.ts"
import * as Finalizer from "../../../kernel/Finalizer.ts"
import * as Disk from "./Disk.ts"
import * as Steps from "./Steps.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Draft {
  readonly folder: string
  /** SHA-256 in hex by path relative to the folder, of the files that are finished. */
  readonly digests: Map<string, string>
  /** Folders in it that are there for sure. */
  readonly made: Set<string>
  readonly flushing: Disk.Flushing
  /** Sees the text of files while it is written. */
  readonly examination: Checking.Examination | undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (folder: string, examination?: Checking.Examination): Draft => ({
  folder,
  examination,
  digests: new Map(),
  made: new Set(),
  flushing: new Disk.Flushing()
})

/** How much text waits before it is written, in UTF-16 units. */
const enough = 262_144

/**
 * A text file of the folder that grows. What is appended waits in memory until there is enough of it. The file is made
 * when the first of it is written, and must not be there yet; folders on the way are made.
 *
 * @since 0.1.0
 * @category models
 */
export class TextFile {
  /**
   * @since 0.1.0
   */
  readonly name: string
  readonly #draft: Draft
  readonly #hash: Hash = createHash("sha256")
  readonly #watch: Checking.Watch | undefined
  #handle: Fs.FileHandle | undefined = undefined
  #waiting = ""

  constructor(draft: Draft, name: string) {
    this.#draft = draft
    this.name = name
    this.#watch = draft.examination?.watch(name)
  }

  /**
   * Whether anything was appended.
   *
   * @since 0.1.0
   */
  get begun(): boolean {
    return this.#handle !== undefined || this.#waiting !== ""
  }

  /**
   * @since 0.1.0
   */
  append(text: string): void {
    this.#waiting += text
  }

  /**
   * Writes what waits, if it is enough to be worth it.
   *
   * @since 0.1.0
   */
  get drained(): Effect.Effect<void, Fault.Fault, Scope.Scope> {
    return Effect.suspend(() => this.#waiting.length < enough ? Effect.void : this.#written)
  }

  /**
   * Writes what waits and closes the file, to be flushed with the others. Where nothing was appended there is no file.
   *
   * @since 0.1.0
   */
  get finished(): Effect.Effect<void, Fault.Fault, Scope.Scope> {
    return Effect.suspend(() => this.begun ? Effect.zipRight(this.#written, this.#closed) : Effect.void)
  }

  get #path(): string {
    return Path.join(this.#draft.folder, this.name)
  }

  get #opened(): Effect.Effect<Fs.FileHandle, Fault.Fault, Scope.Scope> {
    return Effect.gen(this, function*() {
      if (this.#handle !== undefined) return this.#handle
      yield* Steps.before(`open ${this.name}`)
      if (this.name.includes("/")) yield* Disk.makeFolder(Path.dirname(this.#path))
      const handle = yield* Finalizer.acquireRelease(
        Disk.attempt(this.#path, () => Fs.open(this.#path, "wx+")),
        (handle) => Effect.orDie(Disk.attempt(this.#path, () => handle.close()))
      )
      this.#handle = handle
      return handle
    })
  }

  get #written(): Effect.Effect<void, Fault.Fault, Scope.Scope> {
    return Effect.flatMap(this.#opened, (handle) => {
      const text = this.#waiting
      const bytes = Buffer.from(text)
      this.#waiting = ""
      this.#hash.update(bytes)
      const written = Effect.zipRight(
        Steps.before(`write ${this.name}`),
        Disk.attempt(this.#path, (signal) => handle.writeFile(bytes, { signal }))
      )
      return this.#watch === undefined ? written : Effect.zipRight(written, this.#watch.take(text))
    })
  }

  get #closed(): Effect.Effect<void, Fault.Fault, Scope.Scope> {
    return Effect.gen(this, function*() {
      const handle = yield* this.#opened
      yield* Disk.attempt(this.#path, () => handle.close())
      this.#draft.flushing.add(this.#path)
      const digest = this.#hash.digest("hex")
      this.#draft.digests.set(this.name, digest)
      if (this.#watch !== undefined) yield* this.#watch.end(digest)
    })
  }

  /**
   * Appends what another file of the folder has, and removes that one.
   *
   * @since 0.1.0
   */
  take(other: TextFile): Effect.Effect<void, Fault.Fault, Scope.Scope> {
    return Effect.gen(this, function*() {
      const handle = other.#handle
      if (handle !== undefined) {
        const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
        const piece = new Uint8Array(enough)
        for (let position = 0, read = 1; read > 0; position += read) {
          read = (yield* Disk.attempt(other.#path, () => handle.read(piece, 0, piece.length, position))).bytesRead
          this.append(decoder.decode(piece.subarray(0, read), { stream: read > 0 }))
          yield* this.drained
        }
        yield* Disk.attempt(other.#path, () => handle.close())
        yield* Disk.remove(other.#path)
      }
      this.append(other.#waiting)
      yield* this.drained
    })
  }
}

/**
 * Writes a file of the folder at once.
 *
 * @since 0.1.0
 * @category writing
 */
export const write = (draft: Draft, name: string, text: string): Effect.Effect<void, Fault.Fault> =>
  Effect.scoped(Effect.gen(function*() {
    const file = new TextFile(draft, name)
    file.append(text)
    yield* file.finished
  }))

/**
 * Writes a file of the folder that has more in it than the export has: it is known by the digest of `plain`, and has the
 * permission bits of the file that the rest is from.
 *
 * @since 0.1.0
 * @category writing
 */
export const writeFilled = (
  draft: Draft,
  name: string,
  text: string,
  { mode, plain }: { readonly mode: number | undefined; readonly plain: string }
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    const path = Path.join(draft.folder, name)
    yield* Steps.before(`write ${name}`)
    yield* makeParent(draft, path)
    yield* draft.flushing.create(path, Buffer.from(text), mode)
    if (mode !== undefined) yield* Disk.attempt(path, () => Fs.chmod(path, mode))
    draft.digests.set(name, hash("sha256", plain, "hex"))
  })

/**
 * Writes bytes of this SHA-256 in hex as a file of the folder.
 *
 * @since 0.1.0
 * @category writing
 */
export const writeBytes = (
  draft: Draft,
  name: string,
  bytes: Uint8Array,
  digest: string
): Effect.Effect<void, Fault.Fault> =>
  Effect.zipRight(
    Steps.before(`write ${name}`),
    Effect.suspend(() => {
      const path = Path.join(draft.folder, name)
      draft.digests.set(name, digest)
      return Effect.zipRight(makeParent(draft, path), draft.flushing.create(path, bytes))
    })
  )

/**
 * The files of a resource that are there.
 *
 * @since 0.1.0
 * @category getters
 */
export const filesOf = ({ digests }: Draft, { files }: Pick<Model.Resource, "files">): ReadonlyArray<Model.File> =>
  files.length === 0 ? files : files.filter(({ digest, path }) => digests.get(path) === digest)

const makeParent = (draft: Draft, path: string): Effect.Effect<void, Fault.Fault> => {
  const parent = Path.dirname(path)
  if (draft.made.has(parent)) return Effect.void
  return Effect.map(Disk.makeFolder(parent), () => {
    draft.made.add(parent)
  })
}

/**
 * Flushes what is not flushed yet, the folder and all folders in it.
 *
 * @since 0.1.0
 * @category writing
 */
export const flush = (draft: Draft): Effect.Effect<void, Fault.Fault> => {
  const folders = new Set([...draft.digests.keys()].flatMap((name) => ancestors(name)))
  return Effect.zipRight(
    draft.flushing.done,
    Effect.forEach(
      [...folders].toSorted().toReversed(),
      (folder) => Disk.flushFolder(Path.join(draft.folder, folder)),
      { discard: true }
    )
  )
}

/** The folders that a file is in, as far as they are in the draft. */
const ancestors = (name: string): ReadonlyArray<string> => {
  const parts = name.split("/").slice(0, -1)
  return [".", ...parts.map((_, index) => parts.slice(0, index + 1).join("/"))]
}
