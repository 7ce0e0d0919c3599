/**
 * Who retries. A policy that does names itself here for all that runs below it, and a policy that finds a name
 * leaves the retrying to it.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

export class RetryOwner extends Context.Reference<RetryOwner>()("holdfast/kernel/RetryOwner", {
  defaultValue: (): string | undefined => undefined
}) {}
