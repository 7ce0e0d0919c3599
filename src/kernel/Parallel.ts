/**
 * Work over many items, some at a time, in which one bad item never hides the others: every item has its outcome,
 * by its place. A few worker fibers share one cursor over the items, which are taken from their source only when a
 * worker is free, so a long or endless source costs what is at work and not what is to come.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import { constVoid } from "effect/Function"
import * as Predicate from "effect/Predicate"
import { type Cancellable, isStartable } from "./internal/PromiseCall.ts"
import { tellOn } from "./internal/SpanEvent.ts"
import * as Metrics from "./Metrics.ts"

/**
 * The item was not begun, because the work was stopped before its turn.
 *
 * @since 0.1.0
 * @category models
 */
export interface NotStarted {
  readonly _tag: "NotStarted"
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const notStarted: NotStarted = { _tag: "NotStarted" }

/**
 * How it ended for one item: what its effect exited with, or that it was not begun.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome<B, E> = Exit.Exit<B, E> | NotStarted

/**
 * @since 0.1.0
 * @category models
 */
export interface Report<B, E> {
  /**
   * By the place of the item in the source. Where the work was stopped early, what was not begun is told for sources
   * that know their size (arrays, sets, maps); any other source is not read further, and its outcomes end there.
   */
  readonly outcomes: ReadonlyArray<Outcome<B, E>>
  readonly succeeded: number
  readonly failed: number
  readonly notStarted: number
  /** Whether `stopWhen` held. */
  readonly stopped: boolean
}

/**
 * Told after every item.
 *
 * @since 0.1.0
 * @category models
 */
export interface Progress<B, E> {
  /** The item that has just ended. */
  readonly index: number
  readonly exit: Exit.Exit<B, E>
  /** How many have ended. */
  readonly done: number
  /** How many of them failed. */
  readonly failed: number
  /** How many there are, where the source knows. */
  readonly total: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<B, E> {
  /** How many items are at work at once, a whole number of at least 1. */
  readonly concurrency: number
  /** Begins no further item once this held for one; those at work are finished. Defaults to never. */
  readonly stopWhen?: ((exit: Exit.Exit<B, E>, index: number) => boolean) | undefined
  /** Called after every item, synchronously; a mistake in it ends the whole. Defaults to none. */
  readonly onProgress?: ((progress: Progress<B, E>) => void) | undefined
  /** What metrics call the work; not an id. Defaults to `parallel`. */
  readonly name?: string | undefined
}

/** After so many calls without a fiber step a worker lets everything else have its turn. */
const longestRow = 512

/** A string is left out: its length counts other units than its iteration yields. */
const sizeOf = (items: Iterable<unknown>): number | undefined => {
  if (Array.isArray(items)) return items.length
  if (items instanceof Set || items instanceof Map) return items.size
  return undefined
}

class Run<A, B, E> {
  stopped = false
  readonly total: number | undefined
  private readonly options: Options<B, E>
  private readonly iterator: Iterator<A>
  private readonly outcomes: Array<Outcome<B, E>> = []
  private readonly items: Metrics.Series
  private readonly failures: Metrics.Series
  private exhausted = false
  private done = 0
  private failed = 0

  constructor(items: Iterable<A>, options: Options<B, E>) {
    const name = options.name ?? "parallel"
    this.options = options
    this.total = sizeOf(items)
    this.iterator = items[Symbol.iterator]()
    this.items = Metrics.counter("holdfast_parallel_items", "Items that ended, well or badly", name)
    this.failures = Metrics.counter("holdfast_parallel_failures", "Items that failed", name)
  }

  /** One worker: takes the next item until there is none. */
  worker<R>(f: (item: A, index: number) => Effect.Effect<B, E, R>): Effect.Effect<void, never, R> {
    return Effect.withFiberRuntime((fiber) => {
      const worker = new Worker(this, f, fiber)
      return Effect.whileLoop({ while: () => worker.next(), body: () => worker.work(), step: constVoid })
    })
  }

  /** The source may hold resources: it is told when nobody reads on. */
  close(): void {
    if (this.exhausted) return
    this.exhausted = true
    this.iterator.return?.()
  }

  report(): Report<B, E> {
    const begun = this.outcomes.length
    const left = this.stopped && this.total !== undefined ? Math.max(0, this.total - begun) : 0
    for (let index = 0; index < left; index++) this.outcomes.push(notStarted)
    return {
      outcomes: this.outcomes,
      succeeded: this.done - this.failed,
      failed: this.failed,
      notStarted: left,
      stopped: this.stopped
    }
  }

  /** Its place in the outcomes is taken at once, so that they stay in order however the items end. */
  take(): IteratorYieldResult<A> | undefined {
    if (this.stopped || this.exhausted) return undefined
    const next = this.iterator.next()
    if (next.done === true) {
      this.exhausted = true
      return undefined
    }
    this.outcomes.push(notStarted)
    return next
  }

  /** The place of the item that was taken last. */
  get latest(): number {
    return this.outcomes.length - 1
  }

  settle(index: number, exit: Exit.Exit<B, E>, fiber: Fiber.RuntimeFiber<unknown, unknown>): void {
    this.outcomes[index] = exit
    this.done += 1
    this.items.add(1)
    if (exit._tag === "Failure") {
      this.failed += 1
      this.failures.add(1)
    }
    const { onProgress, stopWhen } = this.options
    if (stopWhen !== undefined && !this.stopped && stopWhen(exit, index)) {
      this.stopped = true
      tellOn(fiber, "parallel.stopped", {
        "holdfast.index": index,
        "holdfast.done": this.done,
        "holdfast.total": this.total
      })
    }
    onProgress?.({ index, exit, done: this.done, failed: this.failed, total: this.total })
  }
}

/**
 * One of the fibers that work on the items. Calls of promises under a policy follow each other without waking it: they
 * are started here and end here, until one has to wait, fails, or there is none.
 */
class Worker<A, B, E, R> {
  private readonly run: Run<A, B, E>
  private readonly f: (item: A, index: number) => Effect.Effect<B, E, R>
  private readonly fiber: Fiber.RuntimeFiber<unknown, unknown>
  private effect: Effect.Effect<B, E, R> = Effect.never
  private index = 0

  constructor(
    run: Run<A, B, E>,
    f: (item: A, index: number) => Effect.Effect<B, E, R>,
    fiber: Fiber.RuntimeFiber<unknown, unknown>
  ) {
    this.run = run
    this.f = f
    this.fiber = fiber
  }

  next(): boolean {
    const taken = this.run.take()
    if (taken === undefined) return false
    this.index = this.run.latest
    this.effect = this.effectOf(taken.value)
    return true
  }

  work(): Effect.Effect<void, never, R> {
    return isStartable(this.effect) ? this.calls : this.settling(this.effect)
  }

  /** A mistake in making the effect is the outcome of the item. */
  private effectOf(item: A): Effect.Effect<B, E, R> {
    try {
      return this.f(item, this.index)
    } catch (defect) {
      return Effect.die(defect)
    }
  }

  /** Settled in the continuation and not from an `Effect.exit`: that would allocate the exit twice for every item. */
  private settling(effect: Effect.Effect<B, E, R>): Effect.Effect<void, never, R> {
    return Effect.matchCauseEffect(effect, {
      onFailure: (cause) => this.settle(Exit.failCause(cause)),
      onSuccess: (value) => this.settle(Exit.succeed(value))
    })
  }

  private settle(exit: Exit.Exit<B, E>): Effect.Effect<void> {
    this.run.settle(this.index, exit, this.fiber)
    return Effect.void
  }

  private readonly calls: Effect.Effect<void, never, R> = Effect.async<void, never, R>((resume) => {
    let underWay: Cancellable | undefined
    let starting = false
    let another = false
    let inARow = 0
    const goOn = (): void => {
      // What settles at once must not start the next call from within its own start.
      starting = true
      do {
        another = false
        if (++inARow > longestRow) return resume(Effect.zipRight(Effect.sleep(0), Effect.suspend(() => this.work())))
        underWay = isStartable(this.effect) ? this.effect.start(this.fiber, listener) : undefined
        if (underWay === undefined) return resume(this.settling(this.effect))
      } while (another)
      starting = false
    }
    const listener = {
      succeeded: (exit: Exit.Exit<B, E>): void => {
        try {
          this.run.settle(this.index, exit, this.fiber)
          if (!this.next()) resume(Effect.void)
          else if (starting) another = true
          else goOn()
        } catch (defect) {
          resume(Effect.die(defect))
        }
      },
      goesOn: (effect: Effect.Effect<B, E>): void => resume(this.settling(effect))
    }
    goOn()
    return Effect.sync(() => underWay?.cancel())
  })
}

/**
 * Runs the effect of every item and reports how each ended. Never fails: the failures are in the report. A defect of
 * an item is its outcome as well; one in the source or in a hook ends the whole.
 *
 * Interruption stops every item at work, waits for their finalizers, and begins no other.
 *
 * @since 0.1.0
 * @category combinators
 * @example
 * import * as Parallel from "holdfast/kernel/Parallel"
 * import * as Effect from "effect/Effect"
 * import * as Exit from "effect/Exit"
 *
 * const program = Parallel.forEach([401, 402, 403], (id) => id === 402 ? Effect.fail("busy") : Effect.succeed(id), {
 *   concurrency: 2,
 *   stopWhen: Exit.isFailure
 * })
 */
export const forEach = <A, B, E, R>(
  items: Iterable<A>,
  f: (item: A, index: number) => Effect.Effect<B, E, R>,
  options: Options<B, E>
): Effect.Effect<Report<B, E>, never, R> =>
  Effect.suspend(() => {
    const { concurrency } = options
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      return Effect.die(
        new RangeError(`Parallel: concurrency must be a whole number of at least 1, not ${concurrency}`)
      )
    }
    const run = new Run(items, options)
    const workers = Math.min(concurrency, run.total ?? concurrency)
    const all = workers <= 1
      ? run.worker(f)
      : Effect.forEach(Array.from({ length: workers }), () => run.worker(f), { concurrency: workers, discard: true })
    return Effect.map(Effect.ensuring(all, Effect.sync(() => run.close())), () => run.report())
  })

/**
 * The values of the items that succeeded, with their places.
 *
 * @since 0.1.0
 * @category getters
 */
export const successes = <B, E>(report: Report<B, E>): Array<readonly [index: number, value: B]> => {
  const found: Array<readonly [number, B]> = []
  for (const [index, outcome] of report.outcomes.entries()) {
    if (outcome._tag === "Success") found.push([index, outcome.value])
  }
  return found
}

/**
 * The causes of the items that failed, with their places.
 *
 * @since 0.1.0
 * @category getters
 */
export const failures = <B, E>(report: Report<B, E>): Array<readonly [index: number, cause: Cause.Cause<E>]> => {
  const found: Array<readonly [number, Cause.Cause<E>]> = []
  for (const [index, outcome] of report.outcomes.entries()) {
    if (outcome._tag === "Failure") found.push([index, outcome.cause])
  }
  return found
}

/**
 * @since 0.1.0
 * @category guards
 */
export const isNotStarted = (u: unknown): u is NotStarted => Predicate.isTagged(u, "NotStarted")
