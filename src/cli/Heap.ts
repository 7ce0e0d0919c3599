/**
 * How much garbage the process carries along. V8 lets the heap of a machine with much memory grow to several times of
 * what is in use before it collects: an export of 100,000 resources would take twice the memory that it needs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { getHeapStatistics, setFlagsFromString } from "node:v8"

/** Below it, collecting more often would cost more processor time than the memory is worth. */
const largeBytes = 64 * 1024 * 1024

const lookMillis = 100

/**
 * While an effect runs, and from when the heap is large: the old generation is collected when it has grown by three
 * tenths since the last time, which costs some processor time, most of it beside the main thread.
 *
 * V8 reads the flag at the end of every collection, so it may be set at any time. Source: v8/src/heap/memory-controller.cc,
 * `MemoryController::GrowingFactor`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const keptSmall = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.acquireUseRelease(
    Effect.sync(() => {
      const timer = setInterval(() => {
        if (getHeapStatistics().used_heap_size < largeBytes) return
        clearInterval(timer)
        setFlagsFromString("--heap-growing-percent=30")
      }, lookMillis)
      return timer
    }),
    () => effect,
    (timer) => Effect.sync(() => clearInterval(timer))
  )
