/**
 * Reading the fiber's clock without a fiber step.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as DefaultServices from "effect/DefaultServices"
import type * as Fiber from "effect/Fiber"

/** The clock the fiber runs on. */
export const clockOf = (fiber: Fiber.RuntimeFiber<unknown, unknown>): Clock.Clock =>
  Context.get(fiber.currentDefaultServices, Clock.Clock)

/** Milliseconds on the clock's monotonic scale. */
export const now = (clock: Clock.Clock): number => Number(clock.unsafeCurrentTimeNanos()) / 1e6

/** The clock of the machine. */
export const live: Clock.Clock = Context.get(DefaultServices.liveServices, Clock.Clock)

/**
 * Whether it is the clock of the machine, on which a plain timer and `Clock.sleep` are the same thing. Everything
 * else (a test's clock, a simulation's, a wrapped live one) has to be asked to sleep, or a timer would ring at
 * another time than the one the program lives in.
 */
export const isLive = (clock: Clock.Clock): boolean =>
  clock === live ||
  (Object.getPrototypeOf(clock) === Object.getPrototypeOf(live) &&
    !Object.hasOwn(clock, "sleep") && !Object.hasOwn(clock, "unsafeCurrentTimeNanos"))

/** The longest wait a JavaScript timer takes; a longer one rings at once. About 24.8 days. */
export const longestTimer = 2 ** 31 - 1
