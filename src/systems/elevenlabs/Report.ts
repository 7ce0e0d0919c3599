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
  | {
    readonly _tag: "Done"
    /** The document that holds the file now, where one does. */
    readonly documentId?: string | undefined
  }
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
  /** What lies in the folder and is no document, and why. It is left alone. */
  readonly skipped: ReadonlyArray<{ readonly file: string; readonly reason: string }>
  readonly drift: ReadonlyArray<Plan.Drift>
  /** Documents that are still to be deleted. */
  readonly pendingDelete: ReadonlyArray<string>
}

/**
 * Of a site of which nothing was looked at.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unseen = (site: string, outcome: SiteOutcome): SiteReport => ({
  site,
  outcome,
  documents: [],
  refused: [],
  skipped: [],
  drift: [],
  pendingDelete: []
})

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

/**
 * A document of a site as it is in the workspace.
 *
 * @since 0.1.0
 * @category models
 */
export interface DocumentEntry {
  readonly id: string
  readonly name: string
  /** What it is, or was, the document of; `null` where its name does not tell. */
  readonly file: string | null
  readonly sizeBytes: number
  /** Seconds since 1970. */
  readonly createdAt: number
  /**
   * - `recorded`: it is the document of its file.
   * - `to-delete`, `orphan`: it is noted, and the next sync sees to it.
   * - `unrecorded`: made by holdfast and not written down: by a run that died, or by another machine.
   * - `foreign`: somebody put it there. It is left alone.
   */
  readonly standing: "recorded" | "to-delete" | "orphan" | "unrecorded" | "foreign"
  /** Those of the site's agents that name it. */
  readonly agents: ReadonlyArray<string>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface SiteInventory {
  /** The canonical host. */
  readonly site: string
  readonly folderId: string | null
  /** By name. */
  readonly documents: ReadonlyArray<DocumentEntry>
  /** Recorded, and gone. */
  readonly missing: ReadonlyArray<{ readonly file: string; readonly documentId: string }>
  /** What an agent of the site does not name and should. */
  readonly lacking: ReadonlyArray<{ readonly agent: string; readonly file: string }>
  readonly pendingDelete: ReadonlyArray<string>
  readonly orphans: ReadonlyArray<string>
  /** How many pieces of the record could not be read and were put away. */
  readonly quarantine: number
}

/**
 * How a site stands: what sync would do, and what there is.
 *
 * @since 0.1.0
 * @category models
 */
export interface SiteStatus {
  readonly site: string
  readonly plan: SiteReport
  /** The fault where it could not be looked at. */
  readonly inventory: SiteInventory | { readonly fault: Fault.Fault }
  /** Who works on it now, in words; `undefined` where nobody does. */
  readonly lockedBy: string | undefined
}

/**
 * One thing that was looked at.
 *
 * `warn`: it works and somebody should know.
 *
 * @since 0.1.0
 * @category models
 */
export interface Check {
  /** What was looked at, stable from run to run: `site example.com: documents`. */
  readonly name: string
  readonly state: "ok" | "warn" | "fail"
  /** What was found, in one sentence. */
  readonly detail: string
  /** What to do about it. Absent where there is nothing to do. */
  readonly hint?: string | undefined
}
