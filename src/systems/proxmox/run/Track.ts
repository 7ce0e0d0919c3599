/**
 * Where the work on one machine stands: for progress, for the report, and for cleaning up when it is interrupted.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Progress from "../../../observe/Progress.ts"
import type { Change } from "../difference/Difference.ts"
import type { Durations } from "../Report.ts"
import type { Upid } from "../Upid.ts"

/**
 * A clone that may be under way on the server.
 *
 * @since 0.1.0
 * @category models
 */
export interface Cloning {
  readonly source: { readonly node: string; readonly vmid: number }
  readonly vmid: number
  /** Known once the server has answered. */
  readonly task?: Upid | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly phase: string
  readonly vmid?: number | undefined
  readonly node?: string | undefined
  readonly cloning?: Cloning | undefined
  /** Something was changed on the server. */
  readonly touched: boolean
  readonly changes: ReadonlyArray<Change>
  readonly warnings: ReadonlyArray<string>
  readonly durations: Readonly<Record<Phase, number | undefined>>
}

/**
 * @since 0.1.0
 * @category models
 */
export type Phase = Exclude<keyof Durations, "total">

/**
 * @since 0.1.0
 * @category models
 */
export interface Track {
  readonly machine: string
  readonly state: Ref.Ref<State>
}

const noDurations: State["durations"] = {
  clone: undefined,
  configure: undefined,
  resize: undefined,
  start: undefined,
  stop: undefined,
  destroy: undefined
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (machine: string): Effect.Effect<Track> =>
  Effect.map(
    Ref.make<State>({ phase: "waiting", touched: false, changes: [], warnings: [], durations: noDurations }),
    (state) => ({ machine, state })
  )

/**
 * @since 0.1.0
 * @category mutations
 */
export const update = (track: Track, more: Partial<State>): Effect.Effect<void> =>
  Ref.update(track.state, (state) => ({ ...state, ...more }))

/**
 * @since 0.1.0
 * @category mutations
 */
export const warn = (track: Track, warnings: ReadonlyArray<string>): Effect.Effect<void> =>
  warnings.length === 0 ? Effect.void : Effect.zipRight(
    Ref.update(track.state, (state) => ({ ...state, warnings: [...state.warnings, ...warnings] })),
    Effect.forEach(warnings, (line) => Effect.logWarning(line), { discard: true })
  )

/**
 * @since 0.1.0
 * @category mutations
 */
export const changed = (track: Track, changes: ReadonlyArray<Change>): Effect.Effect<void> =>
  Ref.update(track.state, (state) => ({ ...state, touched: true, changes: merge(state.changes, changes) }))

/** What was changed twice went from the first value to the last. */
const merge = (before: ReadonlyArray<Change>, after: ReadonlyArray<Change>): ReadonlyArray<Change> => {
  const byKey = new Map(before.map((change) => [change.key, change]))
  for (const change of after) {
    const first = byKey.get(change.key)
    const from = first === undefined || first.from === undefined ? {} : { from: first.from }
    byKey.set(change.key, first === undefined ? change : { key: change.key, to: change.to, ...from })
  }
  return [...byKey.values()]
}

/**
 * Tells what is being done to the machine now.
 *
 * @since 0.1.0
 * @category mutations
 */
export const enter = (
  track: Track,
  phase: string,
  more: { readonly detail?: string | undefined; readonly fraction?: number | undefined } = {}
): Effect.Effect<void> =>
  Effect.zipRight(
    update(track, { phase }),
    Progress.report({
      item: track.machine,
      state: "running",
      phase,
      ...(more.detail === undefined ? {} : { detail: more.detail }),
      ...(more.fraction === undefined ? {} : { fraction: more.fraction })
    })
  )

/**
 * Tells that something holds the work up, and for how long it waits before it tries again.
 *
 * @since 0.1.0
 * @category mutations
 */
export const waitFor = (track: Track, phase: string, fault: Fault.Fault, millis: number): Effect.Effect<void> =>
  Effect.zipRight(
    enter(track, phase, { detail: `${fault.remote ?? fault.detail}; again in ${seconds(millis)}` }),
    Effect.logInfo(`${phase} is held up, again in ${seconds(millis)}: ${fault.message}`)
  )

/**
 * Milliseconds on a scale that only goes forward.
 *
 * @since 0.1.0
 * @category accessors
 */
export const monotonic: Effect.Effect<number> = Effect.map(
  Effect.clock,
  (clock) => Number(clock.unsafeCurrentTimeNanos()) / 1e6
)

/**
 * Adds the time an effect takes to a phase.
 *
 * @since 0.1.0
 * @category combinators
 */
export const timed =
  (track: Track, phase: Phase) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(monotonic, (start) =>
      Effect.ensuring(
        effect,
        Effect.flatMap(monotonic, (end) =>
          Ref.update(track.state, (state) => ({
            ...state,
            durations: { ...state.durations, [phase]: Math.round((state.durations[phase] ?? 0) + end - start) }
          })))
      ))

/**
 * @since 0.1.0
 * @category getters
 */
export const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`
