/**
 * One thing that was looked at before work begins, and how it stands.
 *
 * @since 0.1.0
 */
import type * as Fault from "../../../kernel/Fault.ts"

/**
 * `warn`: it works and somebody should know. `skipped`: it could not be looked at, because something before it failed.
 *
 * @since 0.1.0
 * @category models
 */
export type State = "ok" | "warn" | "fail" | "skipped"

/**
 * @since 0.1.0
 * @category models
 */
export interface Check {
  /** What was looked at, stable from run to run: `storage local-lvm on pve1`. */
  readonly name: string
  readonly state: State
  /** What was found, in one sentence. */
  readonly detail: string
  /** What to do about it. Absent where there is nothing to do. */
  readonly hint?: string | undefined
}

const make = (state: State) => (name: string, detail: string, hint?: string): Check =>
  hint === undefined ? { name, state, detail } : { name, state, detail, hint }

/**
 * @since 0.1.0
 * @category constructors
 */
export const ok: (name: string, detail: string, hint?: string) => Check = make("ok")

/**
 * @since 0.1.0
 * @category constructors
 */
export const warn: (name: string, detail: string, hint?: string) => Check = make("warn")

/**
 * @since 0.1.0
 * @category constructors
 */
export const fail: (name: string, detail: string, hint?: string) => Check = make("fail")

/**
 * @since 0.1.0
 * @category constructors
 */
export const skipped: (name: string, detail: string, hint?: string) => Check = make("skipped")

/**
 * A check that met a fault.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFault = (name: string, fault: Fault.Fault): Check => fail(name, fault.detail, fault.hint)
