/**
 * Spans for the requests that somebody will ask about. A hundred thousand requests that went well need none; one that
 * failed or was slow gets its span afterwards, with the times it had.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type * as Fault from "../../../kernel/Fault.ts"
import { clockOf } from "./Moment.ts"

/**
 * A request that takes longer gets a span.
 *
 * @since 0.1.0
 * @category constants
 */
export const slowMillis = 5_000

/**
 * Writes the span of a request that is over.
 *
 * @since 0.1.0
 * @category combinators
 */
export const record = (
  fiber: Fiber.RuntimeFiber<unknown, unknown>,
  startNanos: bigint,
  attributes: Readonly<Record<string, string | number | undefined>>,
  exit: Exit.Exit<unknown, Fault.Fault>
): void => {
  if (!fiber.getFiberRef(FiberRef.currentTracerEnabled)) return
  const parent = Option.fromNullable(fiber.currentSpan)
  const tracer = Context.get(fiber.currentDefaultServices, Tracer.Tracer)
  const span = tracer.span("Genesys.request", parent, Context.empty(), [], startNanos, "client")
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) span.attribute(name, value)
  span.end(clockOf(fiber).unsafeCurrentTimeNanos(), exit)
}
