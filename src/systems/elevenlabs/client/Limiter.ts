/**
 * How many requests may be under way at once. The API says with each answer how many it works on for the workspace and
 * how many it works on at most; what others have under way, another run or somebody's telephone calls, is theirs.
 *
 * Source: the headers `current-concurrent-requests` and `maximum-concurrent-requests` of the API reference.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Bulkhead from "../../../kernel/Bulkhead.ts"
import type { RateHints } from "../../../kernel/RateHints.ts"
import type { Gate } from "../../../transport/Exchange.ts"

/** Answers without a refusal after which one more is tried, where the API does not say how many there may be. */
const patience = 20

/**
 * One of so many places is not for files, while anything else is asked for: one request after another waits for an agent
 * that is saved, and with few places files are what takes the time.
 */
const share = 7

/**
 * @since 0.1.0
 * @category models
 */
export interface Limiter {
  /** Waits in line, first come first served. */
  readonly within: Gate
  /** Waits in a line of its own first, so that many who wait there hold up nobody else for long. */
  readonly behind: Gate
  /** How many are under way. */
  readonly own: () => number
  /** Takes in an answer. `own` is how many of ours were under way when the request was sent, or when its reply came. */
  readonly observe: (hints: RateHints, refused: boolean, own: number) => void
}

const line = (name: string, permits: number): Effect.Effect<Bulkhead.Bulkhead> =>
  Bulkhead.make({ permits, queue: Number.POSITIVE_INFINITY, name })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: { readonly concurrency: number; readonly maxConcurrency: number }
): Effect.Effect<Limiter> =>
  Effect.map(
    Effect.all([line("elevenlabs", options.concurrency), line("elevenlabs-files", options.concurrency)]),
    ([{ machine, withPermitsUntil }, files]): Limiter => {
      let accepted = 0
      /** Files that were sent since something else was. */
      let filesAlone = 0
      const makeRoom = (): void => {
        const { limit } = machine
        const room = filesAlone > 4 * limit ? limit : limit - Math.floor(limit / share)
        if (room !== files.machine.limit) files.machine.resize(room)
      }
      const resize = (limit: number): void => {
        const next = Math.max(1, Math.min(options.maxConcurrency, Math.floor(limit)))
        if (next === machine.limit) return
        machine.resize(next)
        makeRoom()
      }
      const guess = (refused: boolean): void => {
        accepted = refused ? 0 : accepted + 1
        if (refused) resize(machine.limit / 2)
        else if (accepted >= patience && machine.limit < options.concurrency) {
          accepted = 0
          resize(machine.limit + 1)
        }
      }
      return {
        within: (send) =>
          Effect.suspend(() => {
            filesAlone = 0
            makeRoom()
            return withPermitsUntil(1)(send)
          }),
        behind: (send) =>
          files.withPermitsUntil(1)((next) =>
            withPermitsUntil(1)((replied) => {
              filesAlone += 1
              makeRoom()
              return send(() => {
                replied()
                next()
              })
            })
          ),
        own: () => machine.inUse,
        observe: ({ concurrent, maximumConcurrent }, refused, own) => {
          if (maximumConcurrent === undefined || maximumConcurrent < 1) return guess(refused)
          // Answers overtake each other, so that a count may be of a moment when more of ours were under way.
          const others = Math.max(0, (concurrent ?? 0) - Math.max(own, machine.inUse))
          resize(maximumConcurrent - others)
        }
      }
    }
  )
