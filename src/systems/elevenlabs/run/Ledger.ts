/**
 * What is recorded of a site, while it is worked on: each change is on the disk before anybody relies on it. Changes that
 * come at once are written at once, and a state so large that to write it takes long is written less often.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Draft from "../state/Draft.ts"
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
  readonly change: (change: Draft.Change) => Effect.Effect<void, Fault.Fault>
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
  put(path, state.site, State.encode(state))

/** @param known The text that was read or written last, which is good. Another one is looked at. */
const put = (path: string, host: string, text: string, known?: string): Effect.Effect<void, Fault.Fault> =>
  Effect.flatMap(StateFiles, (files) =>
    files.write(path, text, {
      isGood: (content) =>
        known !== undefined && Buffer.from(known).equals(content) || Either.isRight(State.decode(content, host))
    }))

/** To make up what is written takes at most one part in so many of the time. */
const share = 25

/** How long after a write the next one waits for changes that are expected. A write takes about a tenth of it. */
const pause = 100_000_000n

/**
 * @param coming How many files are worked on that may have something to record. Defaults to none.
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  path: string,
  recorded: State.State,
  coming: { readonly count: number } = { count: 0 }
): Ledger => {
  let state = recorded
  let text: string | undefined
  let draft = Draft.make(recorded)
  /** When the next one is due, on the fiber's clock, in nanoseconds. */
  let due = 0n
  const ready = (waiting: () => number) =>
    Effect.flatMap(Clock.currentTimeNanos, (now) =>
      now < due
        ? Together.gathered(Duration.nanos(due - now), (there) => coming.count > there)(waiting)
        : Effect.void)

  const writeAll = (changes: ReadonlyArray<Draft.Change>) =>
    Effect.gen(function*() {
      const begun = yield* Clock.currentTimeNanos
      // Each of them: one that changes nothing must not hide another.
      if (changes.filter((change) => draft.apply(change)).length === 0) return
      const next = draft.state()
      const content = State.encode(next)
      const made = yield* Clock.currentTimeNanos
      const rest = (made - begun) * BigInt(share - 1)
      due = made + (rest > pause ? rest : pause)
      yield* put(path, state.site, content, text ?? State.encode(state))
      state = next
      text = content
    }).pipe(Effect.onError(() =>
      Effect.sync(() => {
        draft = Draft.make(state)
      })
    ))

  const submit = Together.make<Draft.Change, void, Fault.Fault>({
    ready,
    run: (changes) => Effect.as(writeAll(changes), changes.map(() => Exit.void))
  })
  // From a reply to its record nothing interrupts.
  return { now: () => state, change: (change) => Effect.uninterruptible(submit(change)) }
}
