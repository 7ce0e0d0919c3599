/**
 * No more than so many calls in a time, evenly spread, and less where the server says so. Callers are served in the
 * order of asking, at a cost that does not depend on how many wait; only the first of them keeps a timer.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Predicate from "effect/Predicate"
import * as Fault from "./Fault.ts"
import { tell } from "./internal/SpanEvent.ts"
import { clockOf, longestTimer, now } from "./internal/Time.ts"
import { TokenBucket } from "./internal/TokenBucket.ts"
import * as Metrics from "./Metrics.ts"
import type { RateHints } from "./RateHints.ts"

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~holdfast/RateLimit"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~holdfast/RateLimit"

/**
 * The machine under a rate limit: `tryAcquire`, `take`, `delay`, `observe`.
 *
 * @since 0.1.0
 * @category models
 */
export type Machine = TokenBucket

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How many calls in each interval. */
  readonly permits: number
  /** Defaults to 1 second. */
  readonly interval?: Duration.DurationInput | undefined
  /** How many calls may go at once after a quiet time. Defaults to `1`: no window ever sees more than the rate. */
  readonly burst?: number | undefined
  /** How many callers may be in line. Defaults to `10000`. */
  readonly queue?: number | undefined
  /** Turns a caller away who would have to wait longer than this. Defaults to `Infinity`. */
  readonly maxWait?: Duration.DurationInput | undefined
  /** What messages and metrics call it; not an id. Defaults to `rate limit`. */
  readonly name?: string | undefined
  /** The system that its rejections name. Defaults to `holdfast`. */
  readonly system?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface RateLimit {
  readonly [TypeId]: TypeId
  readonly name: string
  /** The machine below, for a driver that asks synchronously before it waits. */
  readonly machine: Machine
  /**
   * Succeeds when it is the caller's turn. Fails with a Fault of kind `rejected` and code `queue-full` or
   * `rate-wait-too-long`. Interruption leaves the line.
   */
  readonly wait: Effect.Effect<void, Fault.Fault>
  /** As `wait`, for a call that counts as several. One that counts more than the burst goes on credit. */
  readonly waitFor: (weight: number) => Effect.Effect<void, Fault.Fault>
  /** Runs the effect when it is its turn. */
  readonly limit: <A, E, R>(
    effect: Effect.Effect<A, E, R>,
    weight?: number | undefined
  ) => Effect.Effect<A, E | Fault.Fault, R>
  /** Takes in what a reply said, see `RateHints.parse`. */
  readonly observe: (hints: RateHints) => Effect.Effect<void>
  /** Callers in line now. */
  readonly waiting: Effect.Effect<number>
}

type Restore = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/** A caller in line. */
class Caller {
  readonly weight: number
  previous: Caller | undefined = undefined
  next: Caller | undefined = undefined
  /** Set while it sleeps behind others. */
  wake: (() => void) | undefined = undefined

  constructor(weight: number) {
    this.weight = weight
  }
}

const demand = (holds: boolean, name: string, wanted: string, value: number): void => {
  if (!holds) throw new RangeError(`RateLimit: ${name} must be ${wanted}, not ${value}`)
}

class Line implements RateLimit {
  readonly [TypeId]: TypeId = TypeId
  readonly name: string
  readonly machine: TokenBucket
  readonly wait: Effect.Effect<void, Fault.Fault>
  private readonly system: string
  private readonly queue: number
  private readonly maxWait: number
  private readonly waits: Metrics.Series
  private readonly rejections: Metrics.Series
  private first: Caller | undefined = undefined
  private last: Caller | undefined = undefined
  private weightInLine = 0

  constructor(options: Options) {
    const interval = Duration.toMillis(options.interval ?? "1 second")
    const burst = options.burst ?? 1
    this.queue = options.queue ?? 10_000
    this.maxWait = Duration.toMillis(options.maxWait ?? Duration.infinity)
    demand(options.permits > 0 && Number.isFinite(options.permits), "permits", "above 0", options.permits)
    demand(interval > 0 && Number.isFinite(interval), "interval", "above 0", interval)
    demand(burst >= 1 && Number.isFinite(burst), "burst", "at least 1", burst)
    demand(this.queue >= 0, "queue", "at least 0", this.queue)
    this.name = options.name ?? "rate limit"
    this.system = options.system ?? "holdfast"
    this.machine = new TokenBucket(options.permits / interval, burst)
    this.waits = Metrics.counter("holdfast_rate_waits", "Calls that had to wait for their turn", this.name)
    this.rejections = Metrics.counter("holdfast_rate_rejections", "Calls that a rate limit turned away", this.name)
    this.wait = this.waitFor(1)
  }

  waitFor(weight: number): Effect.Effect<void, Fault.Fault> {
    demand(weight > 0 && Number.isFinite(weight), "weight", "above 0", weight)
    return Effect.withFiberRuntime((fiber) => {
      const clock = clockOf(fiber)
      return this.machine.tryAcquire(now(clock), weight) ? Effect.void : this.inLine(weight, clock)
    })
  }

  limit<A, E, R>(effect: Effect.Effect<A, E, R>, weight = 1): Effect.Effect<A, E | Fault.Fault, R> {
    return Effect.zipRight(weight === 1 ? this.wait : this.waitFor(weight), effect)
  }

  observe(hints: RateHints): Effect.Effect<void> {
    return Effect.withFiberRuntime((fiber) => {
      const pauses = this.machine.observe(hints, now(clockOf(fiber)))
      if (pauses) tell("rate.paused", { "holdfast.rate": this.name, ...told(hints) })
      return Effect.void
    })
  }

  get waiting(): Effect.Effect<number> {
    return Effect.sync(() => this.machine.waiting)
  }

  private inLine(weight: number, clock: Clock.Clock): Effect.Effect<void, Fault.Fault> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.suspend(() => {
        const since = now(clock)
        const rejection = this.refuse(weight, since)
        if (rejection !== undefined) return Effect.fail(rejection)
        const caller = new Caller(weight)
        this.enter(caller)
        return Effect.onExit(this.turn(caller, clock, restore), (exit) =>
          Effect.sync(() => {
            this.leave(caller)
            if (Exit.isSuccess(exit)) {
              tell("rate.waited", { "holdfast.rate": this.name, "holdfast.wait_ms": now(clock) - since })
            }
          }))
      })
    )
  }

  /**
   * Only the first in line looks at the bucket and sleeps; the others are woken when they become the first. Nothing
   * but the waits can be interrupted, so whoever is interrupted in line has taken nothing.
   */
  private turn(caller: Caller, clock: Clock.Clock, restore: Restore): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.first !== caller) {
        return restore(Effect.async<void>((resume) => {
          // It may have become the first since it looked.
          if (this.first === caller) resume(Effect.void)
          else caller.wake = () => resume(Effect.void)
        })).pipe(Effect.zipRight(this.turn(caller, clock, restore)))
      }
      const current = now(clock)
      if (this.machine.take(current, caller.weight)) return Effect.void
      const millis = Math.min(this.machine.delay(current, caller.weight), longestTimer)
      return Effect.zipRight(restore(clock.sleep(Duration.millis(millis))), this.turn(caller, clock, restore))
    })
  }

  private enter(caller: Caller): void {
    this.waits.add(1)
    this.machine.waiting += 1
    this.weightInLine += caller.weight
    caller.previous = this.last
    if (this.last === undefined) this.first = caller
    else this.last.next = caller
    this.last = caller
  }

  private leave(caller: Caller): void {
    this.machine.waiting -= 1
    this.weightInLine -= caller.weight
    if (caller.next === undefined) this.last = caller.previous
    else caller.next.previous = caller.previous
    if (caller.previous !== undefined) {
      caller.previous.next = caller.next
      return
    }
    this.first = caller.next
    this.first?.wake?.()
  }

  private refuse(weight: number, now: number): Fault.Fault | undefined {
    const wait = this.machine.estimate(now, this.weightInLine, weight)
    const full = this.machine.waiting >= this.queue
    if (!full && wait <= this.maxWait) return undefined
    this.rejections.add(1)
    const code = full ? "queue-full" : "rate-wait-too-long"
    const time = Duration.format(Duration.millis(wait))
    tell("rate.rejected", { "holdfast.rate": this.name, "holdfast.code": code })
    return Fault.rejected({
      system: this.system,
      operation: "RateLimit.wait",
      code,
      detail: full
        ? `the line of "${this.name}" is full with ${this.machine.waiting} callers`
        : `the turn at "${this.name}" would come in ${time}, which is too long`,
      hint: `try again in ${time}`,
      retryAfterMillis: wait
    })
  }
}

const told = (hints: RateHints): Record<string, unknown> => ({
  "holdfast.retry_after_ms": hints.retryAfterMillis,
  "holdfast.rate.remaining": hints.remaining,
  "holdfast.rate.reset_ms": hints.resetMillis
})

/**
 * @since 0.1.0
 * @category guards
 */
export const isRateLimit = (u: unknown): u is RateLimit => Predicate.hasProperty(u, TypeId)

/**
 * A rate limit, its bucket full.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as RateLimit from "holdfast/kernel/RateLimit"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const limit = yield* RateLimit.make({ permits: 300, interval: "1 minute", name: "genesys" })
 *   return yield* limit.limit(Effect.succeed("asked"))
 * })
 */
export const make = (options: Options): Effect.Effect<RateLimit> => Effect.sync(() => new Line(options))
