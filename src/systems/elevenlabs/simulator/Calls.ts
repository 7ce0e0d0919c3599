/**
 * What was asked of the simulator.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export interface Call {
  /** Counted from 1. */
  readonly number: number
  readonly method: string
  readonly url: string
  /** As in the API description: `POST /v1/convai/knowledge-base/file`. Empty where there is none. */
  readonly route: string
  /** Of the answer; 0 before there is one. */
  readonly status: number
  readonly requestId: string
}

/**
 * Counts of all requests that reached the server, those it refused included.
 *
 * @since 0.1.0
 * @category models
 */
export interface Calls {
  total: number
  /** By status. */
  readonly statuses: Map<number, number>
  /** By method and path of the API description. */
  readonly routes: Map<string, number>
  /** Of the most that were worked on at once. */
  mostAtOnce: number
  /** Downloads by a signed link that had the key with them, which is nobody else's. */
  keysGivenAway: number
  /** Each of them, where the simulator was told to record. */
  readonly log: Array<Call>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (): Calls => ({
  total: 0,
  statuses: new Map(),
  routes: new Map(),
  mostAtOnce: 0,
  keysGivenAway: 0,
  log: []
})

/**
 * @since 0.1.0
 * @category combinators
 */
export const count = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
