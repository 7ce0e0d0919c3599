/**
 * A composed policy (retry, circuit breaker, bulkhead, timeout) around an operation that succeeds at once: pure
 * overhead, against the same composition of the peers and against Effect's own operators put one around the other.
 */
import {
  bulkhead as cockatielBulkhead,
  circuitBreaker,
  ConsecutiveBreaker,
  ExponentialBackoff,
  handleAll,
  retry as cockatielRetry,
  timeout as cockatielTimeout,
  TimeoutStrategy,
  wrap
} from "cockatiel"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import CircuitBreakerOpossum from "opossum"
import pRetry from "p-retry"
import * as Bulkhead from "../../../src/kernel/Bulkhead.ts"
import * as CircuitBreaker from "../../../src/kernel/CircuitBreaker.ts"
import * as Policy from "../../../src/kernel/Policy.ts"
import * as RetryPolicy from "../../../src/kernel/RetryPolicy.ts"
import { type Bench, perOperation, uncollected } from "../Bench.ts"

const work = async (): Promise<number> => 1

const composed = Effect.gen(function*() {
  return yield* Policy.make({
    name: "bench",
    retry: RetryPolicy.default,
    breaker: yield* CircuitBreaker.make({ name: "bench" }),
    bulkhead: yield* Bulkhead.make({ permits: 10 }),
    attemptTimeout: "1 second"
  })
})

/** The operation so often within one running program. */
const inOneRun = <A, E>(operation: Effect.Effect<A, E>) => (times: number): Promise<void> =>
  Effect.runPromise(Effect.gen(function*() {
    for (let index = 0; index < times; index++) yield* operation
  }))

/** The operation so often, entering the runtime for each. */
const runEach = <A, E>(operation: Effect.Effect<A, E>) => async (times: number): Promise<void> => {
  for (let index = 0; index < times; index++) await Effect.runPromise(operation)
}

const repeated = (operation: () => Promise<unknown>) => async (times: number): Promise<void> => {
  for (let index = 0; index < times; index++) await operation()
}

const cockatiel = () => {
  const policy = wrap(
    cockatielRetry(handleAll, { maxAttempts: 3, backoff: new ExponentialBackoff() }),
    circuitBreaker(handleAll, { halfOpenAfter: 30_000, breaker: new ConsecutiveBreaker(5) }),
    cockatielBulkhead(10, 1000),
    cockatielTimeout(1000, TimeoutStrategy.Aggressive)
  )
  return () => policy.execute(work)
}

const opossum = () => {
  const breaker = new CircuitBreakerOpossum(work, { timeout: 1000, capacity: 10 })
  return () => pRetry(() => breaker.fire(), { retries: 3 })
}

/** What one writes with Effect's operators alone; the breaker is a counter that is looked at and set. */
const naive = Effect.gen(function*() {
  const failures = yield* Ref.make(0)
  const semaphore = yield* Effect.makeSemaphore(10)
  return Ref.get(failures).pipe(
    Effect.filterOrFail((count) => count < 5, () => "open" as const),
    Effect.zipRight(semaphore.withPermits(1)(Effect.timeout(Effect.tryPromise(work), "1 second"))),
    Effect.tapBoth({
      onFailure: () => Ref.update(failures, (count) => count + 1),
      onSuccess: () => Ref.set(failures, 0)
    }),
    Effect.retry(Schedule.exponential("1 second").pipe(Schedule.jittered, Schedule.intersect(Schedule.recurs(3))))
  )
})

const policy = Effect.runSync(composed)

export const bench: Bench = {
  title: "Retry, breaker, bulkhead and timeout around a call that succeeds at once",
  nodeOptions: uncollected,
  cases: {
    "holdfast, in one run": () => perOperation(inOneRun(policy.call(() => work()))),
    "holdfast, one run a call": () => perOperation(runEach(policy.call(() => work()))),
    "holdfast, work reads its signal": () =>
      perOperation(inOneRun(policy.call((signal) => signal.aborted ? work() : work()))),
    "holdfast, work is an effect": () => perOperation(inOneRun(policy.run(Effect.promise(work)))),
    "opossum and p-retry": () => perOperation(repeated(opossum())),
    "cockatiel": () => perOperation(repeated(cockatiel())),
    "Effect's own operators": () => perOperation(inOneRun(Effect.runSync(naive)))
  },
  columns: {
    ratio: { unit: "x bare", digits: 1 },
    nanos: { unit: "ns", digits: 0 },
    bytes: { unit: "B", digits: 0 }
  },
  goals: [
    { case: "holdfast, in one run", figure: "ratio", atMost: 75 },
    { case: "holdfast, in one run", figure: "bytes", atMost: 8192 },
    { case: "holdfast, one run a call", figure: "ratio", atMost: 200 }
  ]
}
