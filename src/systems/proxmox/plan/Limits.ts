/**
 * How much of what may run at once on a cluster. Copies compete for a storage, for the lock of a running source and for
 * a node; beyond these limits more of them at once only makes each slower, until locks time out.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Bulkhead from "../../../kernel/Bulkhead.ts"
import type * as Fault from "../../../kernel/Fault.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Clones that write to one storage. Defaults to 2. */
  readonly perStorage?: number | undefined
  /** Clones of one running machine, whose lock is exclusive. Templates, being stopped, are not limited. Defaults to 1. */
  readonly perRunningSource?: number | undefined
  /** Clones on one node. Defaults to 4. */
  readonly perNode?: number | undefined
}

/**
 * What one clone takes part in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Clone {
  /** The node that does the work: the one of the source. */
  readonly node: string
  /** The storages it writes to, by {@link storageKey}. */
  readonly storages: ReadonlyArray<string>
  /** The source, where it is running. */
  readonly runningSource?: number | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly clone: (
    clone: Clone
  ) => <A, R>(effect: Effect.Effect<A, Fault.Fault, R>) => Effect.Effect<A, Fault.Fault, R>
}

/**
 * A shared storage is one, a local storage is one a node.
 *
 * @since 0.1.0
 * @category getters
 */
export const storageKey = (storage: string, node: string, shared: boolean): string =>
  shared ? storage : `${node}/${storage}`

/** More machines than that in line is no fleet. */
const queue = 10_000

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: Options = {}): Effect.Effect<Limits> =>
  Effect.gen(function*() {
    const sources = yield* Bulkhead.perKey({ permits: options.perRunningSource ?? 1, queue, name: "proxmox-source" })
    const storages = yield* Bulkhead.perKey({ permits: options.perStorage ?? 2, queue, name: "proxmox-storage" })
    const nodes = yield* Bulkhead.perKey({ permits: options.perNode ?? 4, queue, name: "proxmox-node" })
    return {
      clone: ({ node, runningSource, storages: written }) => (effect) => {
        // From the inside out; everybody takes them in the same order, so nobody waits for another in a circle.
        let limited = nodes.withPermits(node, 1)(effect)
        for (const key of [...new Set(written)].toSorted().toReversed()) {
          limited = storages.withPermits(key, 1)(limited)
        }
        return runningSource === undefined ? limited : sources.withPermits(String(runningSource), 1)(limited)
      }
    }
  })
