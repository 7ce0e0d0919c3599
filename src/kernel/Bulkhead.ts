/**
 * A limit on how much runs at once, with a queue in front of it. Permits are handed over in the order of asking, the
 * cost of a release does not depend on how many wait, the queue is bounded and what it accepted it never rejects.
 *
 * Effect's own semaphore wakes every waiter at every release, which is right for a handful of waiters and quadratic
 * for a queue; this one hands the permit to the next in line.
 *
 * A permit comes back when the *work* ends. Where a policy gives up on an attempt that ignores its signal, the work
 * keeps its permit, is counted as abandoned, and the limit holds.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "./Fault.ts"
import {
  type AdaptiveOptions as PermitsAdaptiveOptions,
  checkedWeight,
  Permits,
  type Refusal
} from "./internal/Permits.ts"
import { clockOf, now } from "./internal/Time.ts"
import { wait, WaitingFiber } from "./internal/Waiting.ts"

/**
 * The machine under a bulkhead: `tryAcquire`, `enqueue`, `leave`, `release`, `abandon`, `reclaim`, `resize`. Plain
 * and synchronous.
 *
 * @since 0.1.0
 * @category models
 */
export type Machine = Permits

/**
 * Lets the limit find itself: additive increase while runs end well and the limit is in use, multiplicative decrease
 * when one times out or is throttled. Timeouts that never end lower it to `min`.
 *
 * @since 0.1.0
 * @category models
 */
export type AdaptiveOptions = PermitsAdaptiveOptions

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** How much may run at once, a whole number. 0 lets nothing start until it is resized. */
  readonly permits: number
  /** How many callers may be in line. Defaults to `1000`. */
  readonly queue?: number | undefined
  /** What the messages call it. Defaults to `bulkhead`. */
  readonly name?: string | undefined
  /**
   * Turns newcomers away while abandoned work holds this many permits, for a service that no longer answers.
   * Defaults to never: they wait in line, and the abandoned work can never hold more than all permits.
   */
  readonly maxAbandoned?: number | undefined
  /** Defaults to a fixed limit. */
  readonly adaptive?: AdaptiveOptions | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Snapshot {
  readonly limit: number
  /** Permits held, those of abandoned work included. */
  readonly inUse: number
  /** Callers in line. */
  readonly waiting: number
  /** Permits held by work whose caller is gone. */
  readonly abandoned: number
  /** Callers turned away since the start. */
  readonly rejections: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Bulkhead {
  readonly name: string
  readonly machine: Machine
  /**
   * Runs an effect while holding permits, waiting in line for them first. The weight is a whole number; what is
   * heavier than the limit runs alone. Fails with a fault of kind `rejected` and code `queue-full` or
   * `work-abandoned` when it is turned away, before anything has run.
   */
  readonly withPermits: (
    weight: number
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Fault.Fault, R>
  /**
   * As `withPermits`, for work that needs them only for its first part: they come back when it says so, at the latest
   * when it ends, and once however often it says so.
   */
  readonly withPermitsUntil: (
    weight: number
  ) => <A, E, R>(work: (giveBack: () => void) => Effect.Effect<A, E, R>) => Effect.Effect<A, E | Fault.Fault, R>
  /** Changes the limit while in use. A lower one lets what runs end first. */
  readonly resize: (permits: number) => Effect.Effect<void>
  readonly snapshot: Effect.Effect<Snapshot>
}

/**
 * One bulkhead per key, such as one per node or per source machine. A key that is idle costs nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface KeyedBulkhead {
  /** As `Bulkhead.withPermits`, for the bulkhead of this key. */
  readonly withPermits: (
    key: string,
    weight: number
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Fault.Fault, R>
  /** Changes the limit of every key, now and later. */
  readonly resize: (permits: number) => Effect.Effect<void>
  /** The keys in use. */
  readonly snapshot: Effect.Effect<ReadonlyMap<string, Snapshot>>
}

const unsafeMachine = (options: Options): Machine =>
  new Permits({
    permits: options.permits,
    queue: options.queue ?? 1000,
    maxAbandoned: options.maxAbandoned ?? Number.POSITIVE_INFINITY,
    adaptive: options.adaptive
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options): Effect.Effect<Bulkhead> =>
  Effect.sync(() => {
    const name = options.name ?? "bulkhead"
    const machine = unsafeMachine(options)
    return {
      name,
      machine,
      withPermits: (weight) => {
        const checked = checkedWeight(weight)
        return (effect) => holding(() => machine, name, checked, () => effect)
      },
      withPermitsUntil: (weight) => {
        const checked = checkedWeight(weight)
        return (work) => holding(() => machine, name, checked, work)
      },
      resize: (permits) => Effect.sync(() => machine.resize(permits)),
      snapshot: Effect.sync(() => snapshotOf(machine))
    }
  })

/**
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Bulkhead from "holdfast/kernel/Bulkhead"
 * import * as Effect from "effect/Effect"
 *
 * const program = Effect.gen(function*() {
 *   const perNode = yield* Bulkhead.perKey({ permits: 2 })
 *   return yield* perNode.withPermits("pve1", 1)(Effect.succeed("cloned"))
 * })
 */
export const perKey = (options: Omit<Options, "adaptive">): Effect.Effect<KeyedBulkhead> =>
  Effect.sync(() => {
    const name = options.name ?? "bulkhead"
    const machines = new Map<string, Machine>()
    let permits = unsafeMachine(options).limit
    const machineOf = (key: string): Machine => {
      const known = machines.get(key)
      if (known !== undefined) return known
      const machine = unsafeMachine({ ...options, permits })
      machines.set(key, machine)
      return machine
    }
    const forget = (key: string, machine: Machine): void => {
      if (machine.inUse === 0 && machine.waiting === 0 && machines.get(key) === machine) machines.delete(key)
    }
    return {
      withPermits: (key, weight) => {
        const checked = checkedWeight(weight)
        return (effect) =>
          holding(() => machineOf(key), `${name} ${key}`, checked, () => effect, forget.bind(undefined, key))
      },
      resize: (wanted) =>
        Effect.sync(() => {
          permits = wanted
          for (const machine of machines.values()) machine.resize(wanted)
        }),
      snapshot: Effect.sync(() => new Map(Array.from(machines, ([key, machine]) => [key, snapshotOf(machine)])))
    }
  })

const snapshotOf = (machine: Machine): Snapshot => ({
  limit: machine.limit,
  inUse: machine.inUse,
  waiting: machine.waiting,
  abandoned: machine.abandoned,
  rejections: machine.rejections
})

/**
 * The fault for a caller that was turned away.
 *
 * @since 0.1.0
 * @category errors
 */
export const rejection = (
  machine: Machine,
  refusal: Refusal,
  where: { readonly name: string; readonly system: string; readonly operation: string }
): Fault.Fault =>
  Fault.rejected({
    system: where.system,
    operation: where.operation,
    code: refusal,
    detail: refusal === "queue-full"
      ? `the queue of ${where.name} is full: ${machine.inUse} of ${machine.limit} run, ${machine.waiting} wait`
      : `${machine.abandoned} abandoned calls still run behind ${where.name}`,
    hint: refusal === "queue-full"
      ? "Start fewer at once, or allow a longer queue"
      : "The service does not answer; try again when it does"
  })

/**
 * Interruption is masked from before the permits are taken until the handler that gives them back is in place:
 * between any two steps of a fiber it may yield and be interrupted.
 */
const holding = <A, E, R>(
  machineOf: () => Machine,
  name: string,
  weight: number,
  work: (giveBack: () => void) => Effect.Effect<A, E, R>,
  afterwards?: (machine: Machine) => void
): Effect.Effect<A, E | Fault.Fault, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.withFiberRuntime<A, E | Fault.Fault, R>((fiber) => {
      const machine = machineOf()
      const clock = clockOf(fiber)
      const run = (): Effect.Effect<A, E, R> => {
        const startedAt = now(clock)
        let isHeld = true
        const giveBack = (): void => {
          if (!isHeld) return
          isHeld = false
          machine.release(weight)
          afterwards?.(machine)
        }
        return Effect.matchCauseEffect(restore(Effect.suspend(() => work(giveBack))), {
          onFailure: (cause) => {
            if (cause._tag === "Fail" && isOverload(cause.error)) machine.overloaded(startedAt, now(clock))
            giveBack()
            return Effect.failCause(cause)
          },
          onSuccess: (value) => {
            machine.fine()
            giveBack()
            return Effect.succeed(value)
          }
        })
      }
      if (machine.tryAcquire(weight)) return run()
      const waiter = new WaitingFiber<never>(machine, weight, neverTimesOut)
      const refusal = machine.enqueue(waiter)
      if (refusal !== undefined) {
        afterwards?.(machine)
        return Effect.fail(rejection(machine, refusal, { name, system: "holdfast", operation: "Bulkhead.withPermits" }))
      }
      const where = { restore, clock, since: 0, millis: Number.POSITIVE_INFINITY }
      return wait(machine, waiter, where, () => afterwards?.(machine), run)
    })
  )

const neverTimesOut = (): never => {
  throw new Error("a wait without a limit has timed out")
}

/**
 * A timeout or a throttle says that there was too much at once; no other failure says anything about the load.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOverload = (error: unknown): boolean =>
  Fault.isFault(error) && (error.kind === "timed-out" || error.kind === "throttled")
