/**
 * One command that changed something: what was asked for, by whom, and what became of every change it made.
 *
 * @since 0.1.0
 */
import type * as Json from "../kernel/Json.ts"
import type { Holder } from "./Holder.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type State = "running" | "done" | "failed" | "interrupted"

/**
 * All times are milliseconds since 1970 by the store's clock.
 *
 * @since 0.1.0
 * @category models
 */
export interface Run {
  readonly id: string
  /** As the user wrote it: `proxmox apply`. */
  readonly command: string
  /** What it changes, and nobody else meanwhile: `proxmox/lab`. */
  readonly target: string
  readonly state: State
  /** What is needed to run it again. */
  readonly input: Json.Json
  readonly traceId?: string | undefined
  readonly holder: Holder
  readonly startedAt: number
  readonly endedAt?: number | undefined
  /** How it ended, in a sentence. */
  readonly detail?: string | undefined
}

/**
 * One journaled change of a run. `unknown`: it may have been sent, and nobody has looked yet what became of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Step {
  readonly key: string
  readonly state: "unknown" | "done" | "failed"
  readonly begunAt: number
  readonly endedAt?: number | undefined
  /** The later run that found out what became of it. */
  readonly settledBy?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Details extends Run {
  readonly steps: ReadonlyArray<Step>
}
