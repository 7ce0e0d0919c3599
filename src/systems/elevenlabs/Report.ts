/**
 * What the operations answer: one entry a site, and in it one a document, whatever happened to the others.
 *
 * @since 0.1.0
 */
import type * as Fault from "../../kernel/Fault.ts"
import type * as Plan from "./plan/Plan.ts"

/**
 * How it ended for one document.
 *
 * - `Done`: it is as it should be.
 * - `Failed`: see the fault. Nothing is lost: what was begun is noted, and the next run goes on with it.
 * - `NotStarted`: the work ended before its turn came, or it was only planned.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Failed"; readonly fault: Fault.Fault }
  | { readonly _tag: "NotStarted" }

/**
 * @since 0.1.0
 * @category models
 */
export interface DocumentReport {
  /** The file; of what is of no file, the document's id. */
  readonly item: string
  readonly action: Plan.Action
  readonly outcome: Outcome
}

/**
 * How it ended for a site.
 *
 * - `Done`: see its documents, of which some may have failed.
 * - `Refused`: nothing was changed; every reason is given, at least one.
 * - `Failed`: it could not even be looked at; nothing was changed.
 * - `Interrupted`: in the middle; what was begun is noted, and the next run goes on with it.
 * - `NotStarted`: the work ended before its turn came.
 *
 * @since 0.1.0
 * @category models
 */
export type SiteOutcome =
  | { readonly _tag: "Done" }
  | { readonly _tag: "Refused"; readonly refusals: ReadonlyArray<Plan.Refusal> }
  | { readonly _tag: "Failed"; readonly fault: Fault.Fault }
  | { readonly _tag: "Interrupted" }
  | { readonly _tag: "NotStarted" }

/**
 * @since 0.1.0
 * @category models
 */
export interface SiteReport {
  /** The canonical host. */
  readonly site: string
  readonly outcome: SiteOutcome
  /** In the order of the plan; what is kept as it is, too. */
  readonly documents: ReadonlyArray<DocumentReport>
  /** Files that were not sent, and why. */
  readonly refused: ReadonlyArray<{ readonly file: string; readonly fault: Fault.Fault }>
  readonly drift: ReadonlyArray<Plan.Drift>
  /** Documents that are still to be deleted. */
  readonly pendingDelete: ReadonlyArray<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Report {
  /** In the order in which they were asked for. */
  readonly sites: ReadonlyArray<SiteReport>
  readonly durationMillis: number
}

/**
 * @since 0.1.0
 * @category predicates
 */
export const isWhole = ({ documents, outcome, refused }: SiteReport): boolean =>
  outcome._tag === "Done" && refused.length === 0 && documents.every(({ outcome }) => outcome._tag !== "Failed")
