/**
 * Stops calling a service that fails, and finds out with a few probes when it works again.
 *
 * What counts against the service is what `Fault.trips` says: its own failures and timeouts. A refusal it answered
 * with (no such object, no permission, a conflict) shows that it works. Throttles, cancelled calls, calls that were
 * never sent and errors that are no Faults say nothing either way; so do defects.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as PubSub from "effect/PubSub"
import * as Random from "effect/Random"
import * as Stream from "effect/Stream"
import * as Utils from "effect/Utils"
import { CircuitMachine } from "./CircuitMachine.ts"
import * as Fault from "./Fault.ts"
import type { Thresholds } from "./internal/CircuitSettings.ts"
import { Snapshot } from "./internal/CircuitSnapshot.ts"
import type { Reason, State, Transition } from "./internal/CircuitState.ts"
import { rejectionOf } from "./internal/CircuitRejection.ts"
import { tell } from "./internal/SpanEvent.ts"
import { clockOf, now } from "./internal/Time.ts"
import * as Metrics from "./Metrics.ts"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Counts,
  /**
   * @since 0.1.0
   * @category models
   */
  Reason,
  /**
   * @since 0.1.0
   * @category models
   */
  State,
  /**
   * @since 0.1.0
   * @category models
   */
  Transition
} from "./internal/CircuitState.ts"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Thresholds
} from "./internal/CircuitSettings.ts"

export {
  /**
   * The state of a breaker as another process can take it up; times are what was left of them.
   *
   * @since 0.1.0
   * @category models
   */
  Snapshot
}

/**
 * @since 0.1.0
 * @category type ids
 */
export const TypeId: TypeId = "~holdfast/CircuitBreaker"

/**
 * @since 0.1.0
 * @category type ids
 */
export type TypeId = "~holdfast/CircuitBreaker"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options extends Thresholds {
  /** What messages call it: the service, or the service and a key. */
  readonly name: string
  /** The label of its metrics, which must not be an id. Defaults to `name`. */
  readonly label?: string | undefined
  /** The system that its rejections name. Defaults to `holdfast`. */
  readonly system?: string | undefined
  /** Whether a `Retry-After` of the server opens the circuit for that long. Defaults to `false`. */
  readonly openOnRetryAfter?: boolean | undefined
}

/**
 * The state since the last change.
 *
 * @since 0.1.0
 * @category models
 */
export interface Status {
  readonly state: State
  /** Absent before the first change. */
  readonly reason?: Reason | undefined
  /** How long calls are rejected, in milliseconds from the change on; `Infinity` while isolated. */
  readonly openMillis: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface CircuitBreaker {
  readonly [TypeId]: TypeId
  readonly name: string
  /** The machine below, for a driver that asks and tells synchronously. */
  readonly machine: CircuitMachine
  /** Whether a `Retry-After` of the server opens the circuit. */
  readonly openOnRetryAfter: boolean
  /** The state that the next call will meet. */
  readonly state: Effect.Effect<State>
  /** The status now and after every change. A reader that is 64 changes behind misses the oldest. */
  readonly changes: Stream.Stream<Status>
  /** Rejects every call until {@link CircuitBreaker.reset}. */
  readonly isolate: Effect.Effect<void>
  /** Counts and rejects nothing until {@link CircuitBreaker.reset}. */
  readonly metricsOnly: Effect.Effect<void>
  /** Closes and forgets. */
  readonly reset: Effect.Effect<void>
  /** Opens for a time that the server asked for. */
  readonly trip: (duration: Duration.DurationInput) => Effect.Effect<void>
  /** Changes some thresholds and keeps the others and the state. */
  readonly configure: (thresholds: Thresholds) => Effect.Effect<void>
  readonly export: Effect.Effect<Snapshot>
  readonly restore: (snapshot: Snapshot) => Effect.Effect<void>
  /** The fault for a call that was rejected now. Counts the rejection and tells it on the span. */
  readonly rejection: (now: number, operation?: string | undefined) => Fault.Fault
  /**
   * Runs the effect if the circuit lets it, and learns from how it ends. Fails with a Fault of kind `rejected` and
   * code `circuit-open` or `isolated`. Interruption gives the permit back.
   */
  readonly protect: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Fault.Fault, R>
}

/**
 * @since 0.1.0
 * @category guards
 */
export const isCircuitBreaker = (u: unknown): u is CircuitBreaker => Predicate.hasProperty(u, TypeId)

/**
 * What the end of a call says about the service.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict = "success" | "failure" | "nothing"

/**
 * What a fault says about the service.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const verdict = (fault: Fault.Fault): Verdict => {
  if (Fault.trips(fault)) return "failure"
  return fault.sent === "yes" && fault.kind !== "throttled" ? "success" : "nothing"
}

/**
 * Gives a permit back with what the end of its call says: a success, where there is no error.
 *
 * @since 0.1.0
 * @category verdicts
 */
export const settle = (
  breaker: CircuitBreaker,
  permit: number,
  error: unknown,
  durationMillis: number,
  now: number
): void => {
  const machine = breaker.machine
  const fault = Fault.isFault(error) ? error : undefined
  const says = error === undefined ? "success" : fault === undefined ? "nothing" : verdict(fault)
  if (says === "nothing") machine.drop(permit, now)
  else machine.record(permit, says === "success", durationMillis, now)
  if (fault?.retryAfterMillis !== undefined && fault.kind !== "rejected" && breaker.openOnRetryAfter) {
    machine.trip(now, fault.retryAfterMillis)
  }
}

const at = <A>(f: (now: number) => A): Effect.Effect<A> =>
  Effect.withFiberRuntime((fiber) => Effect.succeed(f(now(clockOf(fiber)))))

/**
 * A closed circuit breaker. Make one for each service and key: see `CircuitRegistry`.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as CircuitBreaker from "holdfast/kernel/CircuitBreaker"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const breaker = yield* CircuitBreaker.make({ name: "ec2", ...CircuitBreaker.ec2 })
 *   return yield* breaker.protect(Effect.succeed("described"))
 * })
 */
export const make = (options: Options): Effect.Effect<CircuitBreaker> =>
  Effect.gen(function*() {
    const seed = yield* Random.nextInt
    const changes = yield* PubSub.sliding<Status>(64)
    return new Breaker(options, changes, new Utils.PCGRandom(seed))
  })

class Breaker implements CircuitBreaker {
  readonly [TypeId]: TypeId = TypeId
  readonly name: string
  readonly machine: CircuitMachine
  readonly openOnRetryAfter: boolean
  private readonly system: string
  private readonly pubsub: PubSub.PubSub<Status>
  private readonly openings: Metrics.Series
  private readonly rejections: Metrics.Series
  private thresholds: Thresholds
  private status: Status = { state: "closed", openMillis: 0 }

  constructor(options: Options, changes: PubSub.PubSub<Status>, random: Utils.PCGRandom) {
    const label = options.label ?? options.name
    this.name = options.name
    this.system = options.system ?? "holdfast"
    this.openOnRetryAfter = options.openOnRetryAfter ?? false
    this.thresholds = options
    this.pubsub = changes
    this.openings = Metrics.counter("holdfast_circuit_openings", "Times that a circuit opened", label)
    this.rejections = Metrics.counter("holdfast_circuit_rejections", "Calls that an open circuit rejected", label)
    this.machine = new CircuitMachine(options, {
      random: () => random.number(),
      onTransition: (transition) => this.changed(transition)
    })
  }

  get state(): Effect.Effect<State> {
    return at((now) => this.machine.state(now))
  }

  get changes(): Stream.Stream<Status> {
    return Stream.unwrapScoped(
      Effect.map(
        PubSub.subscribe(this.pubsub),
        (queue) => Stream.concat(Stream.make(this.status), Stream.fromQueue(queue))
      )
    )
  }

  get isolate(): Effect.Effect<void> {
    return at((now) => this.machine.isolate(now))
  }

  get metricsOnly(): Effect.Effect<void> {
    return at((now) => this.machine.metricsOnly(now))
  }

  get reset(): Effect.Effect<void> {
    return at((now) => this.machine.reset(now))
  }

  trip(duration: Duration.DurationInput): Effect.Effect<void> {
    return at((now) => this.machine.trip(now, Duration.toMillis(duration)))
  }

  configure(thresholds: Thresholds): Effect.Effect<void> {
    return at((now) => {
      const merged = { ...this.thresholds, ...thresholds }
      this.machine.configure(merged, now)
      this.thresholds = merged
    })
  }

  get export(): Effect.Effect<Snapshot> {
    return Effect.flatMap(Clock.currentTimeMillis, (wall) => at((now) => this.machine.export(now, wall)))
  }

  restore(snapshot: Snapshot): Effect.Effect<void> {
    return Effect.flatMap(Clock.currentTimeMillis, (wall) => at((now) => this.machine.restore(snapshot, now, wall)))
  }

  rejection(now: number, operation = "CircuitBreaker.protect"): Fault.Fault {
    this.rejections.add(1)
    const state = this.machine.state(now)
    const wait = this.machine.retryAfter(now)
    tell("circuit.rejected", { "holdfast.circuit": this.name, "holdfast.circuit.state": state })
    return rejectionOf({ system: this.system, operation, name: this.name, state, reason: this.status.reason, wait })
  }

  protect<A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | Fault.Fault, R> {
    return Effect.uninterruptibleMask((restore) =>
      Effect.withFiberRuntime<A, E | Fault.Fault, R>((fiber) => {
        const clock = clockOf(fiber)
        const startedAt = now(clock)
        const permit = this.machine.tryAcquire(startedAt)
        if (permit === 0) return Effect.fail(this.rejection(startedAt))
        return Effect.onExit(restore(effect), (exit) =>
          Effect.sync(() => {
            const endedAt = now(clock)
            this.learn(permit, exit, endedAt - startedAt, endedAt)
          }))
      })
    )
  }

  private learn(permit: number, exit: Exit.Exit<unknown, unknown>, durationMillis: number, now: number): void {
    if (Exit.isSuccess(exit)) settle(this, permit, undefined, durationMillis, now)
    else {
      const failure = Cause.failureOption(exit.cause)
      if (Option.isSome(failure) && failure.value !== undefined) {
        settle(this, permit, failure.value, durationMillis, now)
      } else this.machine.drop(permit, now)
    }
  }

  private changed(transition: Transition): void {
    this.status = { state: transition.to, reason: transition.reason, openMillis: transition.openMillis }
    if (transition.to === "open") this.openings.add(1)
    this.pubsub.unsafeOffer(this.status)
    tell(`circuit.${transition.to}`, {
      "holdfast.circuit": this.name,
      "holdfast.circuit.from": transition.from,
      "holdfast.circuit.reason": transition.reason,
      "holdfast.circuit.open_ms": transition.openMillis
    })
  }
}

/**
 * Thresholds for a service, and how many of its calls should run at once, for the `Bulkhead` beside the breaker.
 *
 * @since 0.1.0
 * @category presets
 */
export interface Preset extends Thresholds {
  readonly concurrency: number
}

/**
 * Amazon EC2: opens after 3 failures for 30 seconds; 5 calls at once.
 *
 * @since 0.1.0
 * @category presets
 */
export const ec2: Preset = { consecutiveFailures: 3, openFor: "30 seconds", concurrency: 5 }

/**
 * Amazon S3: opens after 5 failures for 10 seconds; 10 calls at once.
 *
 * @since 0.1.0
 * @category presets
 */
export const s3: Preset = { consecutiveFailures: 5, openFor: "10 seconds", concurrency: 10 }

/**
 * AWS Systems Manager: opens after 3 failures for 45 seconds; 3 calls at once.
 *
 * @since 0.1.0
 * @category presets
 */
export const ssm: Preset = { consecutiveFailures: 3, openFor: "45 seconds", concurrency: 3 }

/**
 * Amazon DynamoDB: opens after 5 failures for 20 seconds; 8 calls at once.
 *
 * @since 0.1.0
 * @category presets
 */
export const dynamodb: Preset = { consecutiveFailures: 5, openFor: "20 seconds", concurrency: 8 }
