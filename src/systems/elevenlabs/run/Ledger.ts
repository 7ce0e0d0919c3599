/**
 * What is recorded of a site, while it is worked on: each change is on the disk before anybody relies on it. Changes that
 * come at once are written at once.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Path from "node:path"
import * as Fault from "../../../kernel/Fault.ts"
import * as FileFault from "../../../store/FileFault.ts"
import * as State from "../state/State.ts"
import { StateFiles } from "./StateFiles.ts"
import * as Together from "./Together.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Ledger {
  /** What is on the disk. */
  readonly now: () => State.State
  /** Is done when it is on the disk. */
  readonly change: (change: (state: State.State) => State.State) => Effect.Effect<void, Fault.Fault>
}

/**
 * The state of a site as its file has it; empty where there is no file. Fails with `state-corrupt`, `state-newer` or
 * `state-other-site`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (path: string, host: string): Effect.Effect<State.State, Fault.Fault> =>
  Effect.flatMap(Effect.flatMap(StateFiles, (files) => files.read(path)), (text) =>
    Option.isNone(text)
      ? Effect.succeed(State.empty(host))
      : Either.match(State.decode(text.value, host), {
        onLeft: (refusal) => Effect.fail(State.toFault(path, refusal)),
        onRight: Effect.succeed
      }))

/**
 * Writes the state of a site. A last good copy is never one that cannot be read.
 *
 * @since 0.1.0
 * @category operations
 */
export const write = (path: string, state: State.State): Effect.Effect<void, Fault.Fault> =>
  Effect.flatMap(StateFiles, (files) =>
    files.write(path, State.encode(state), {
      isGood: (content) => Either.isRight(State.decode(content, state.site))
    }))

/**
 * The folder of a state file, which may not be there yet.
 *
 * @since 0.1.0
 * @category operations
 */
export const prepare = (path: string): Effect.Effect<void, Fault.Fault, FileSystem.FileSystem> =>
  Effect.flatMap(FileSystem.FileSystem, (files) =>
    Effect.mapError(
      files.makeDirectory(Path.dirname(path), { recursive: true }),
      (error) => FileFault.make({ operation: "ElevenLabs.state", path }, error.cause ?? error)
    ))

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (path: string, recorded: State.State): Ledger => {
  let state = recorded
  const submit = Together.make<(state: State.State) => State.State, void, Fault.Fault>({
    run: (changes) =>
      Effect.gen(function*() {
        const next = changes.reduce((before, change) => change(before), state)
        yield* write(path, next)
        state = next
        return changes.map(() => Exit.void)
      })
  })
  // From a reply to its record nothing interrupts.
  return { now: () => state, change: (change) => Effect.uninterruptible(submit(change)) }
}
