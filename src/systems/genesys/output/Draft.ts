/**
 * A new folder while it is filled: files that are written piece by piece, each flushed to the disk at its end, and the
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
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (folder: string): Draft => ({
  folder,
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
  #handle: Fs.FileHandle | undefined = undefined
  #waiting = ""

  constructor(draft: Draft, name: string) {
    this.#draft = draft
    this.name = name
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
   * Writes what waits, flushes the file to the disk and closes it. Where nothing was appended there is no file.
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
      const bytes = Buffer.from(this.#waiting)
      this.#waiting = ""
      this.#hash.update(bytes)
      return Effect.zipRight(
        Steps.before(`write ${this.name}`),
        Disk.attempt(this.#path, (signal) => handle.writeFile(bytes, { signal }))
      )
    })
  }

  get #closed(): Effect.Effect<void, Fault.Fault, Scope.Scope> {
    return Effect.flatMap(this.#opened, (handle) =>
      Effect.zipRight(
        Disk.attempt(this.#path, () => handle.sync().then(() => handle.close())),
        Effect.sync(() => this.#draft.digests.set(this.name, this.#hash.digest("hex")))
      ))
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
    yield* writeBytes(draft, name, Buffer.from(text), mode)
    if (mode !== undefined) yield* Disk.attempt(path, () => Fs.chmod(path, mode))
    draft.digests.set(name, createHash("sha256").update(plain).digest("hex"))
  })

/**
 * Writes bytes as a file of the folder.
 *
 * @since 0.1.0
 * @category writing
 */
export const writeBytes = (
  draft: Draft,
  name: string,
  bytes: Uint8Array,
  mode?: number
): Effect.Effect<void, Fault.Fault> =>
  Effect.zipRight(
    Steps.before(`write ${name}`),
    Effect.suspend(() => {
      const path = Path.join(draft.folder, name)
      const parent = Path.dirname(path)
      const created = Effect.map(draft.flushing.create(path, bytes, mode), () => {
        draft.digests.set(name, hash("sha256", bytes, "hex"))
      })
      if (draft.made.has(parent)) return created
      return Effect.flatMap(Disk.makeFolder(parent), () => {
        draft.made.add(parent)
        return created
      })
    })
  )

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
