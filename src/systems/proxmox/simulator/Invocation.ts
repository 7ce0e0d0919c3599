/**
 * One call of an API method, as its handler sees it: checked, permitted, on its node.
 *
 * @since 0.1.0
 */
import type * as Access from "./Access.ts"
import type * as Scheduler from "./Scheduler.ts"
import type * as World from "./World.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Invocation {
  readonly world: World.World
  /** The daemon's process that serves it. */
  readonly process: Scheduler.Process
  readonly caller: Access.Caller
  /** Of path, query and body; booleans as `1` and `0`. */
  readonly parameters: Readonly<Record<string, string>>
  /** The node of the path, or the one the request arrived at. */
  readonly node: string
  /** The machine of the path; NaN without one. */
  readonly vmid: number
  /** Dies with 403 unless the caller has all of the privileges, or with `any` one of them. */
  readonly check: (path: string, privileges: ReadonlyArray<string>, any?: "any") => void
  readonly can: (path: string, privilege: string) => boolean
  /** Counts a call that would start a task of this type; whether the fault plan lets it meet a held lock. */
  readonly meetsLock: (type: string) => boolean
}
