/**
 * A folder with those on the way to it.
 *
 * `mkdir` of Node with `recursive` tries for ever where the system says that there is no such file or folder although
 * what it would be made in is there, as `/proc` does, and holds one of the few threads for file systems meanwhile.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fs from "node:fs/promises"
import * as Path from "node:path"
import type * as Fault from "../kernel/Fault.ts"
import * as FileFault from "./FileFault.ts"

const isFolder = (path: string): Promise<boolean> => Fs.stat(path).then((stats) => stats.isDirectory(), () => false)

const makeOne = async (path: string, mode: number): Promise<void> => {
  try {
    await Fs.mkdir(path, { mode })
  } catch (error) {
    // It is there, or somebody else was faster: systems differ in what they say then.
    if (!(await isFolder(path))) throw error
  }
}

/**
 * Makes the folder, and those on the way to it, where they are not there yet. Rejects with what the system says.
 *
 * @param mode Permission bits of folders that are made. Defaults to what the process makes folders with.
 * @since 0.1.0
 * @category writing
 */
export const make = async (path: string, mode = 0o777): Promise<void> => {
  try {
    await makeOne(path, mode)
  } catch (error) {
    const parent = Path.dirname(path)
    if (FileFault.codeOf(error) !== "ENOENT" || parent === path) throw error
    await make(parent, mode)
    await makeOne(path, mode)
  }
}

/**
 * The same as an effect, whose Fault says what was to be done there.
 *
 * @since 0.1.0
 * @category writing
 */
export const ensure = (path: string, context: FileFault.Context): Effect.Effect<void, Fault.Fault> =>
  Effect.tryPromise({ try: () => make(path), catch: (error) => FileFault.make(context, error) })
