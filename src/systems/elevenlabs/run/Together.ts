/**
 * What comes while something of its kind is under way goes together in the next: one save of an agent for the documents
 * that came meanwhile, one write of the state file for all that was to be written.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberId from "effect/FiberId"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A, B, E> {
  /** How many go together of those that are there. Defaults to all. */
  readonly size?: ((waiting: number) => number) | undefined
  /**
   * What to wait for before a group is made up, being told how many are there. Those who come at the same moment go
   * together in any case. Defaults to nothing.
   */
  readonly ready?: ((waiting: () => number) => Effect.Effect<void>) | undefined
  /** What becomes of each, in their order. Where it fails, it failed for all of them. */
  readonly run: (items: ReadonlyArray<A>) => Effect.Effect<ReadonlyArray<Exit.Exit<B, E>>, E>
}

interface Waiting<A, B, E> {
  readonly item: A
  /** Done when it is to lead, or knows what became of its item. */
  readonly turn: Deferred.Deferred<void>
  leads: boolean
  outcome: Exit.Exit<B, E> | undefined
}

/**
 * Waits while more are expected, being told how many are there, but no longer than for so long. For {@link Options.ready}.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gathered =
  (patience: Duration.DurationInput, expected: (waiting: number) => boolean) =>
  (waiting: () => number): Effect.Effect<void> =>
    Effect.gen(function*() {
      const most = Duration.toMillis(patience)
      const step = Math.max(1, Math.min(5, most / 4))
      for (let waited = 0; waited < most && expected(waiting()); waited += step) yield* Effect.sleep(step)
    })

/**
 * A way to hand in one item and to wait for what becomes of it. Never are two groups under way at once: the first of those
 * who wait leads, until its own item is done, and then the next. Whoever is interrupted before its turn takes its item
 * back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, B, E>(options: Options<A, B, E>): (item: A) => Effect.Effect<B, E> => {
  const queue: Array<Waiting<A, B, E>> = []
  let isLed = false

  // One that ends lets many go on at once, and the first of them must not go alone.
  const ready = Effect.zipRight(options.ready?.(() => queue.length) ?? Effect.void, Effect.yieldNow())

  const group: Effect.Effect<void> = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const taken = queue.splice(0, options.size?.(queue.length) ?? queue.length)
      return Effect.map(Effect.exit(restore(options.run(taken.map(({ item }) => item)))), (exit) => {
        // Only the one at whose turn it was is interrupted; the others come to theirs.
        if (Exit.isInterrupted(exit)) queue.unshift(...taken)
        else {
          for (const [index, waiting] of taken.entries()) {
            waiting.outcome = Exit.isSuccess(exit) ? exit.value[index] ?? missing : Exit.failCause(exit.cause)
            Deferred.unsafeDone(waiting.turn, Exit.void)
          }
        }
      })
    })
  )

  const lead = (own: Waiting<A, B, E>): Effect.Effect<void> =>
    Effect.suspend(() =>
      own.outcome === undefined ? ready.pipe(Effect.zipRight(group), Effect.zipRight(lead(own))) : Effect.void
    )

  const handOver = (): void => {
    const [next] = queue
    isLed = next !== undefined
    if (next === undefined) return
    next.leads = true
    Deferred.unsafeDone(next.turn, Exit.void)
  }

  return (item) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const own: Waiting<A, B, E> = {
          item,
          turn: Deferred.unsafeMake(FiberId.none),
          leads: !isLed,
          outcome: undefined
        }
        queue.push(own)
        isLed = true
        const turn = own.leads ? Effect.void : Deferred.await(own.turn)
        return restore(Effect.zipRight(turn, lead(own))).pipe(
          Effect.ensuring(Effect.sync(() => {
            const place = own.outcome === undefined ? queue.indexOf(own) : -1
            if (place >= 0) queue.splice(place, 1)
            if (own.leads) handOver()
          })),
          Effect.flatMap(() => own.outcome ?? missing)
        )
      })
    )
}

const missing = Exit.die(new Error("an item of a group has no outcome"))
