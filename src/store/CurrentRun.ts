/**
 * The run that a fiber works for, so that what it writes can be told apart later.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type { Lease } from "./Lease.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Current {
  readonly id: string
  /** The sole right to change its target. */
  readonly lease: Lease
}

/**
 * Defaults to none.
 *
 * @since 0.1.0
 * @category references
 */
export class CurrentRun extends Context.Reference<CurrentRun>()("holdfast/store/CurrentRun", {
  defaultValue: (): Current | undefined => undefined
}) {}
