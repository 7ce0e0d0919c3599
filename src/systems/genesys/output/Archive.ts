/**
 * One zip of a folder. The same files give the same bytes: no times, no owners, sorted names.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { pipeline } from "node:stream/promises"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Disk from "./Disk.ts"

/** The first day that the format knows. Its fields have no time zone, so that this is the same everywhere. */
const epoch = new Date(1980, 0, 1)

/**
 * Writes the archive of some files of a folder and flushes it to the disk. Of `instead`, the text goes into it and not
 * what is in the file.
 *
 * @since 0.1.0
 * @category writing
 */
export const write = (
  folder: string,
  names: ReadonlyArray<string>,
  instead: ReadonlyMap<string, string>,
  to: string
): Effect.Effect<void, Fault.Fault> =>
  Effect.gen(function*() {
    // Bundled, a module of the older kind has no named exports.
    const { default: { ZipFile } } = yield* Effect.promise(() => import("yazl"))
    yield* Disk.attempt(to, (signal) => {
      const zip = new ZipFile()
      const done = pipeline(zip.outputStream, Fs.createWriteStream(to, { flags: "w", flush: true }), { signal })
      const failed = new Promise<never>((_, reject) => zip.once("error", reject))
      for (const name of names.toSorted()) {
        const text = instead.get(name)
        const options = { mtime: epoch, mode: 0o100644, forceDosTimestamp: true }
        if (text === undefined) zip.addFile(Path.join(folder, name), name, options)
        else zip.addBuffer(Buffer.from(text), name, options)
      }
      zip.end()
      return Promise.race([done, failed])
    })
  })
