/**
 * What was asked of the simulator.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
interface Call {
  readonly method: string
  readonly url: string
  readonly status: number
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
  /** By method and path of the API description: `GET /api/v2/routing/queues/{queueId}`. */
  readonly routes: Map<string, number>
  /** Each of them, where the simulator was told to record. */
  readonly log: Array<Call>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (): Calls => ({ total: 0, statuses: new Map(), routes: new Map(), log: [] })

/**
 * @since 0.1.0
 * @category combinators
 */
export const count = <K>(counts: Map<K, number>, key: K): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
