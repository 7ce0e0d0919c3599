/**
 * Signals. The first stops new work and lets the running work clean up; the second ends the process now. Both are
 * safe, because what was begun is found again by reading.
 *
 * @since 0.1.0
 */
import type { ExitCode } from "./ExitCode.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Signal = "SIGINT" | "SIGTERM" | "SIGHUP"

/**
 * 128 and the signal's number, as shells say it.
 *
 * @since 0.1.0
 * @category constants
 */
export const codes: { readonly [S in Signal]: ExitCode } = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** The first signal: begin to end. */
  readonly stop: (signal: Signal) => void
  /** The second signal, or the first one's work taking longer than `patience`: end now. Must not return. */
  readonly quit: (signal: Signal, late: boolean) => void
  /** How long cleaning up may take, in milliseconds. */
  readonly patienceMillis: number
}

/**
 * Signals that arrive this close together are one: run by npm or npx, the command gets a Ctrl-C from the terminal and
 * the same one again from npm, which passes signals on.
 */
const echoMillis = 250

/**
 * Begins to listen. The result ends it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listen = (options: Options): () => void => {
  let first: number | undefined
  let timer: NodeJS.Timeout | undefined
  const onSignal = (signal: Signal) => {
    const now = performance.now()
    if (first !== undefined) return now - first < echoMillis ? undefined : options.quit(signal, false)
    first = now
    timer = setTimeout(() => options.quit(signal, true), options.patienceMillis)
    options.stop(signal)
  }
  const signals: ReadonlyArray<Signal> = ["SIGINT", "SIGTERM", "SIGHUP"]
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    clearTimeout(timer)
    for (const signal of signals) process.off(signal, onSignal)
  }
}
