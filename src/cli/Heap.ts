/**
 * How much garbage the process carries along. V8 lets the heap of a machine with much memory grow to several times of
 * what is in use before it collects: an export of 100,000 resources would take twice the memory that it needs.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { setFlagsFromString } from "node:v8"

/**
 * From now on the old generation is collected when it has grown by three tenths since the last time, which costs some
 * processor time, most of it beside the main thread. A heap of the size that a short command has is not affected.
 *
 * V8 reads the flag at the end of every collection, so it may be set at any time. Source: v8/src/heap/memory-controller.cc,
 * `MemoryController::GrowingFactor`.
 *
 * @since 0.1.0
 * @category operations
 */
export const keepSmall: Effect.Effect<void> = Effect.sync(() => setFlagsFromString("--heap-growing-percent=30"))
