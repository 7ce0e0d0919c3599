/**
 * Where the state files of sites are: on the disk, whole at every moment and under a lock that the kernel frees. A
 * simulation puts them where it can watch them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Path from "node:path"
import type * as Fault from "../../../kernel/Fault.ts"
import * as AtomicFile from "../../../store/AtomicFile.ts"
import * as FileLock from "../../../store/FileLock.ts"
import * as FolderPath from "../../../store/FolderPath.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /** `None` where there is no such file. */
  readonly read: (path: string) => Effect.Effect<Option.Option<string>, Fault.Fault>
  /** What stood in it before it was written last, as far as that was good; `None` where it was written once at most. */
  readonly readLastGood: (path: string) => Effect.Effect<Option.Option<string>, Fault.Fault>
  /** Is done when it would outlive the process. */
  readonly write: (path: string, text: string, options?: AtomicFile.WriteOptions) => Effect.Effect<void, Fault.Fault>
  /** Does something while nobody else has the file. Makes its folder, where there is none yet. */
  readonly withLock: <A, E, R>(
    work: Effect.Effect<A, E, R>,
    path: string,
    options: FileLock.Options
  ) => Effect.Effect<A, E | Fault.Fault, R>
  readonly inspect: (path: string) => Effect.Effect<FileLock.Inspection, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category references
 */
export class StateFiles extends Context.Reference<StateFiles>()("holdfast/systems/elevenlabs/StateFiles", {
  defaultValue: (): Service => ({
    read: AtomicFile.read,
    readLastGood: AtomicFile.readLastGood,
    write: AtomicFile.write,
    withLock: (work, path, options) =>
      Effect.zipRight(
        FolderPath.ensure(Path.dirname(path), { operation: "ElevenLabs.state", path }),
        FileLock.withLock(work, path, options)
      ),
    inspect: FileLock.inspect
  })
}) {}
