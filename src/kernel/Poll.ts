/**
 * Waits for something that happens elsewhere by reading it again and again: soon at first, then less and less often,
 * aimed at the end where it can be foreseen.
 *
 * A failed read says nothing about what is waited for, so a read that may succeed later does not end the wait.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Predicate, Refinement } from "effect/Predicate"
import * as Random from "effect/Random"
import * as Deadline from "./Deadline.ts"
import * as Fault from "./Fault.ts"
import { tell } from "./internal/SpanEvent.ts"
import { clockOf, longestTimer, now } from "./internal/Time.ts"
import * as Json from "./Json.ts"
import * as Metrics from "./Metrics.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Pace {
  /** The wait after the first read. Defaults to 250 ms. */
  readonly first?: Duration.DurationInput | undefined
  /** Growth from one wait to the next. Defaults to `1.5`. */
  readonly factor?: number | undefined
  /** The longest wait, unless the server asks for a longer one. Defaults to 3 s. */
  readonly cap?: Duration.DurationInput | undefined
  /** The share by which chance makes a wait shorter or longer, from 0 to 1. Defaults to `0.1`. */
  readonly jitter?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A> extends Pace {
  /** What the fault and the metrics call it. Defaults to `Poll.until`. */
  readonly operation?: string | undefined
  /** The system that the fault names. Defaults to `holdfast`. */
  readonly system?: string | undefined
  /** What is waited for, in the fault: `task UPID:pve1:…`. */
  readonly subject?: string | undefined
  /** For the whole wait, beside the deadline it inherits. Defaults to none. */
  readonly deadline?: Duration.DurationInput | undefined
  /** The faults of a read that do not end the wait. Defaults to `Fault.isRetryable`. */
  readonly tolerate?: ((fault: Fault.Fault) => boolean) | undefined
  /** How long it will still take, in milliseconds, where what was read tells: the next read aims at the end. */
  readonly remaining?: ((seen: A) => number | undefined) | undefined
  /** Told of everything that was read, the last included. */
  readonly onProgress?: ((seen: A) => Effect.Effect<void>) | undefined
  /** What was read, in a few words for the fault. Defaults to its JSON, cut to 200 characters. */
  readonly describe?: ((seen: A) => string) | undefined
}

/**
 * A pace made definite. Times are milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings {
  readonly first: number
  readonly factor: number
  readonly cap: number
  readonly jitter: number
}

/**
 * Settings that make no sense are a mistake of the program and throw a `RangeError`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settings = (pace: Pace = {}): Settings => {
  const first = Duration.toMillis(pace.first ?? 250)
  const cap = Math.min(Duration.toMillis(pace.cap ?? Math.max(3000, first)), longestTimer)
  const { factor = 1.5, jitter = 0.1 } = pace
  if (!(first > 0 && first <= cap)) {
    throw new RangeError(`Poll: first must be above 0 and at most the cap, not ${first}`)
  }
  if (!(factor >= 1 && factor < Infinity)) throw new RangeError(`Poll: factor must be at least 1, not ${factor}`)
  if (!(jitter >= 0 && jitter <= 1)) throw new RangeError(`Poll: jitter must be from 0 to 1, not ${jitter}`)
  return { first, factor, cap, jitter }
}

/**
 * What the machine remembers, in milliseconds: the next wait without an estimate, and the shortest wait with one,
 * which grows while the end is said to be near and does not come.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly backoff: number
  readonly floor: number
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const initial = (settings: Settings): State => ({ backoff: settings.first, floor: settings.first })

/**
 * The wait before the next read, a pure function.
 *
 * @param seen.remaining The estimate of the last read, in milliseconds.
 * @param seen.retryAfter What the server asked to wait, in milliseconds. The wait is never shorter.
 * @param random From 0 to 1.
 * @since 0.1.0
 * @category machine
 */
export const next = (
  { cap, factor, first, jitter }: Settings,
  { backoff, floor }: State,
  seen: { readonly remaining?: number | undefined; readonly retryAfter?: number | undefined },
  random: number
): { readonly wait: number; readonly state: State } => {
  const longer = Math.min(cap, backoff * factor)
  const { remaining, retryAfter = 0 } = seen
  const foreseen = remaining !== undefined && !Number.isNaN(remaining)
  const plain = foreseen ? Math.min(cap, Math.max(floor, remaining)) : backoff
  // Aimed at an end, a little late is one read and a little early is two.
  const spread = foreseen ? random : 2 * random - 1
  const asked = retryAfter * (1 + jitter * random)
  const near = foreseen && remaining <= floor
  return {
    wait: Math.min(longestTimer, Math.max(plain * (1 + jitter * spread), asked)),
    state: {
      backoff: foreseen ? backoff : longer,
      floor: near ? Math.min(cap, floor * factor) : foreseen && remaining > cap ? first : floor
    }
  }
}

/** No read is begun when less than this is left. */
const leastForRead = 100

/**
 * Reads until what was read is done. The first read is at once.
 *
 * Towards a deadline the waits get shorter, so that an end just before it is seen. When there is no time for another
 * read it fails with the kind `timed-out`, the code `deadline` and what was seen last in `remote`; and so does a read
 * that is still running then. A wait that the server asks for and that would pass the deadline is not begun.
 *
 * Errors of a read that are no faults end the wait, as do faults that are not tolerated.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Poll from "holdfast/kernel/Poll"
 * import * as Effect from "effect/Effect"
 *
 * const stopped = (read: Effect.Effect<{ readonly status: "running" | "stopped" }>) =>
 *   Poll.until(read, (task) => task.status === "stopped", { deadline: "5 minutes" })
 */
export function until<A, B extends A, E, R>(
  read: Effect.Effect<A, E, R>,
  done: Refinement<A, B>,
  options?: Options<A>
): Effect.Effect<B, E | Fault.Fault, R>
export function until<A, E, R>(
  read: Effect.Effect<A, E, R>,
  done: Predicate<A>,
  options?: Options<A>
): Effect.Effect<A, E | Fault.Fault, R>
export function until<A, E, R>(
  read: Effect.Effect<A, E, R>,
  done: Predicate<A>,
  options: Options<A> = {}
): Effect.Effect<A, E | Fault.Fault, R> {
  return Effect.gen(function*() {
    const pace = settings(options)
    const watch = new Watch(options, yield* time, yield* Deadline.remaining)
    const { tolerate = Fault.isRetryable } = options
    let state = initial(pace)
    for (;;) {
      const result = yield* Effect.either(withEnd(read, watch.left(yield* time)))
      const current = yield* time
      if (Either.isRight(result)) {
        watch.saw(result.right)
        if (options.onProgress !== undefined) yield* options.onProgress(result.right)
        if (done(result.right)) {
          watch.end("done")
          return result.right
        }
      } else {
        const error = result.left
        if (!Fault.isFault(error)) return yield* Effect.fail(error)
        watch.missed(error)
        if (error.code === "deadline" && watch.left(current) <= leastForRead) return yield* watch.expired(current)
        if (!tolerate(error)) return yield* error
      }
      const step = next(pace, state, watch.hints(result), yield* Random.next)
      state = step.state
      const wait = watch.fit(step.wait, pace.first, yield* time)
      if (wait === undefined) return yield* watch.expired(yield* time)
      yield* Effect.sleep(wait)
    }
  })
}

const time: Effect.Effect<number> = Effect.withFiberRuntime((fiber) => Effect.succeed(now(clockOf(fiber))))

const withEnd = <A, E, R>(read: Effect.Effect<A, E, R>, left: number): Effect.Effect<A, E | Fault.Fault, R> =>
  left === Infinity ? read : Deadline.within(left, { operation: "Poll.until" })(read)

/** One wait: when it must be over, and what was seen so far. */
class Watch<A> {
  private readonly options: Options<A>
  private readonly startedAt: number
  private readonly endsAt: number
  private readonly reads: Metrics.Series
  private count = 0
  private seen: { readonly value: A } | undefined = undefined
  private fault: Fault.Fault | undefined = undefined

  constructor(options: Options<A>, startedAt: number, inherited: number) {
    const own = options.deadline === undefined ? Infinity : Duration.toMillis(options.deadline)
    this.options = options
    this.startedAt = startedAt
    this.endsAt = startedAt + Math.min(own, inherited)
    this.reads = Metrics.counter("holdfast_poll_reads", "Reads of what is waited for", this.operation)
  }

  private get operation(): string {
    return this.options.operation ?? "Poll.until"
  }

  left(current: number): number {
    return Math.max(0, this.endsAt - current)
  }

  saw(value: A): void {
    this.count++
    this.reads.add(1)
    this.seen = { value }
    this.fault = undefined
  }

  missed(fault: Fault.Fault): void {
    this.count++
    this.reads.add(1)
    this.fault = fault
    tell("poll.fault", { "holdfast.kind": fault.kind, "holdfast.code": fault.code ?? "" })
  }

  hints(result: Either.Either<A, unknown>): { readonly remaining?: number | undefined; readonly retryAfter?: number } {
    if (Either.isRight(result)) return { remaining: this.options.remaining?.(result.right) }
    const retryAfter = this.fault?.retryAfterMillis
    return retryAfter === undefined ? {} : { retryAfter }
  }

  /** The wait that leaves time for a read, or none. */
  fit(wait: number, first: number, current: number): number | undefined {
    const left = this.left(current)
    if (wait < left) return wait
    const asked = this.fault?.retryAfterMillis ?? 0
    return left <= Math.min(first, leastForRead) || asked >= left ? undefined : Math.max(asked, left / 2)
  }

  end(outcome: "done" | "deadline"): void {
    tell("poll.end", { "holdfast.outcome": outcome, "holdfast.reads": this.count })
  }

  expired(current: number): Fault.Fault {
    this.end("deadline")
    const { subject } = this.options
    const waited = Duration.format(Duration.millis(Math.round(current - this.startedAt)))
    return Fault.make({
      kind: "timed-out",
      system: this.options.system ?? "holdfast",
      operation: this.operation,
      code: "deadline",
      detail: `not done when its deadline came, after ${waited} and ${this.count} reads`,
      remote: this.remote(),
      ...(subject === undefined ? {} : { subject }),
      ...(this.fault === undefined ? {} : { cause: this.fault })
    })
  }

  private remote(): string {
    const seen = this.seen === undefined ? "it was never read" : `last seen: ${this.describe(this.seen.value)}`
    return this.fault === undefined ? seen : `${seen}; the last read failed: ${this.fault.detail}`
  }

  private describe(value: A): string {
    if (this.options.describe !== undefined) return this.options.describe(value)
    const text = Json.fromUnknown(value)
    return text._tag === "None" ? String(value) : Json.canonical(text.value).slice(0, 200)
  }
}
