/**
 * Telling the current span what a machine did, from synchronous code.
 *
 * @since 0.1.0
 */
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { clockOf } from "./Time.ts"

/** Adds an event to the span of the fiber that is running, if there is one. */
export const tell = (event: string, attributes: Record<string, unknown>): void => {
  const fiber = Option.getOrUndefined(Fiber.getCurrentFiber())
  if (fiber !== undefined) tellOn(fiber, event, attributes)
}

/** Adds an event to the span of a fiber, if there is one. */
export const tellOn = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  event: string,
  attributes: Record<string, unknown>
): void => {
  const span = fiber.currentSpan
  if (span?._tag !== "Span") return
  span.event(event, clockOf(fiber).unsafeCurrentTimeNanos(), attributes)
}
