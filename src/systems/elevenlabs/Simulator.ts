/**
 * A simulated ElevenLabs workspace: knowledge base, folders, retrieval indexes, agents with their versions and
 * branches, the same limits, error bodies and surprises, as a function from request to reply. It answers in process on
 * the fiber's clock (the test clock included) or, through `Serve`, on a port.
 *
 * It shares no code with the client: it is what the client is judged by.
 *
 * @since 0.1.0
 */
import type * as FaultPlan from "../../simulation/FaultPlan.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options {
  /** Decides every id and everything that is drawn. Defaults to 1. */
  readonly seed?: number | undefined
  /** Milliseconds before a request is looked at. Defaults to 0. */
  readonly latencyMillis?: number | undefined
  /** Requests served at once; more are refused with 429. Defaults to 10. */
  readonly concurrencyLimit?: number | undefined
  /** Milliseconds for which a new document or folder is missing from listings. Defaults to 0. */
  readonly listingLagMillis?: number | undefined
  /** What goes wrong on the way. Defaults to nothing. */
  readonly faults?: FaultPlan.FaultPlan | undefined
}
