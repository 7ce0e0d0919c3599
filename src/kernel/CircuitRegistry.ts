/**
 * One circuit breaker for each service and key, so that one bad account, region or node does not close the door to
 * the others. The number of breakers is bounded: what nobody has asked for in a while goes first, and a circuit that
 * is not closed is kept as long as there is another one to let go.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as CircuitBreaker from "./CircuitBreaker.ts"
import type * as Fault from "./Fault.ts"
import { clockOf, now } from "./internal/Time.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Omit<CircuitBreaker.Options, "name" | "label"> {
  /** The service. A breaker is called `name/key`; the metrics of all of them are labelled with the name alone. */
  readonly name: string
  /** Thresholds that differ for a key. Defaults to none. */
  readonly forKey?: ((key: string) => CircuitBreaker.Thresholds) | undefined
  /** The most breakers that are kept, a whole number of at least 1. Defaults to `1000`. */
  readonly capacity?: number | undefined
  /** A closed breaker that nobody has asked for in this time is let go. Defaults to 1 hour. */
  readonly idleTimeToLive?: Duration.DurationInput | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface CircuitRegistry {
  /** The breaker of the key; made if there is none. */
  readonly get: (key: string) => Effect.Effect<CircuitBreaker.CircuitBreaker>
  /** The breakers that are kept, by key, the least recently used first. */
  readonly all: Effect.Effect<ReadonlyMap<string, CircuitBreaker.CircuitBreaker>>
  /** Runs the effect under the breaker of the key. */
  readonly protect: <A, E, R>(key: string, effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Fault.Fault, R>
}

interface Entry {
  readonly breaker: CircuitBreaker.CircuitBreaker
  usedAt: number
}

/** How many of the least recently used are looked at to find a closed one, so that a full registry stays cheap. */
const searchDepth = 32

class Registry implements CircuitRegistry {
  private readonly options: Options
  private readonly capacity: number
  private readonly idleMillis: number
  /** In the order of use, because a used entry is put in again. */
  private readonly entries = new Map<string, Entry>()

  constructor(options: Options) {
    this.options = options
    this.capacity = options.capacity ?? 1000
    this.idleMillis = Duration.toMillis(options.idleTimeToLive ?? "1 hour")
    if (!Number.isInteger(this.capacity) || this.capacity < 1) {
      throw new RangeError(`CircuitRegistry: capacity must be a whole number of at least 1, not ${this.capacity}`)
    }
  }

  get(key: string): Effect.Effect<CircuitBreaker.CircuitBreaker> {
    return Effect.withFiberRuntime((fiber) => {
      const current = now(clockOf(fiber))
      const known = this.use(key, current)
      if (known !== undefined) return Effect.succeed(known)
      const { capacity: _, forKey, idleTimeToLive: __, ...shared } = this.options
      const name = `${shared.name}/${key}`
      const making = CircuitBreaker.make({ ...shared, ...forKey?.(key), name, label: shared.name })
      // Whoever asked for the same key while this one was being made has put theirs in.
      return Effect.map(making, (breaker) => this.use(key, current) ?? this.add(key, breaker, current))
    })
  }

  get all(): Effect.Effect<ReadonlyMap<string, CircuitBreaker.CircuitBreaker>> {
    return Effect.sync(() => new Map(Array.from(this.entries, ([key, entry]) => [key, entry.breaker])))
  }

  protect<A, E, R>(key: string, effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Fault.Fault, R> {
    return Effect.flatMap(this.get(key), (breaker) => breaker.protect(effect))
  }

  private use(key: string, now: number): CircuitBreaker.CircuitBreaker | undefined {
    const entry = this.entries.get(key)
    if (entry === undefined) return undefined
    entry.usedAt = now
    this.entries.delete(key)
    this.entries.set(key, entry)
    return entry.breaker
  }

  private add(key: string, breaker: CircuitBreaker.CircuitBreaker, now: number): CircuitBreaker.CircuitBreaker {
    this.expire(now)
    if (this.entries.size >= this.capacity) this.evict(now)
    this.entries.set(key, { breaker, usedAt: now })
    return breaker
  }

  private expire(now: number): void {
    let looked = 0
    for (const [key, entry] of this.entries) {
      if (now - entry.usedAt < this.idleMillis || looked++ >= searchDepth) return
      if (entry.breaker.machine.state(now) === "closed") this.entries.delete(key)
    }
  }

  private evict(now: number): void {
    let victim: string | undefined
    let looked = 0
    for (const [key, entry] of this.entries) {
      victim ??= key
      if (looked++ >= searchDepth) break
      if (entry.breaker.machine.state(now) !== "closed") continue
      victim = key
      break
    }
    if (victim !== undefined) this.entries.delete(victim)
  }
}

/**
 * An empty registry.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as CircuitBreaker from "holdfast/kernel/CircuitBreaker"
 * import * as CircuitRegistry from "holdfast/kernel/CircuitRegistry"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const breakers = yield* CircuitRegistry.make({ name: "ec2", ...CircuitBreaker.ec2 })
 *   return yield* breakers.protect("us-east-1", Effect.succeed("described"))
 * })
 */
export const make = (options: Options): Effect.Effect<CircuitRegistry> => Effect.sync(() => new Registry(options))
