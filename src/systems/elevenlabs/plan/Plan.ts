/**
 * What a run would do to make the remote as the files are, and why.
 *
 * @since 0.1.0
 */
import type * as Scan from "../documents/Scan.ts"
import type * as State from "../state/State.ts"

/**
 * How the document of a changed file is replaced.
 *
 * - `swap`: a new one is uploaded, takes the place of the old one with every agent, and the old one is deleted.
 * - `in-place`: the content of the document is replaced.
 *
 * @since 0.1.0
 * @category models
 */
export type Strategy = "swap" | "in-place"

/**
 * A document on the remote.
 *
 * @since 0.1.0
 * @category models
 */
export interface RemoteDocument {
  readonly id: string
  readonly name: string
  /** As the server has it: `file`, `text`, `url` or `folder`. */
  readonly type: string
  /** It is in the site's folder. */
  readonly isInFolder: boolean
  /** Seconds since 1970. */
  readonly createdAt: number
  /** Seconds since 1970; `undefined` where the server does not say. */
  readonly updatedAt?: number | undefined
  /** The SHA-256 of its content in hex, where it was downloaded. */
  readonly hash?: string | undefined
}

/**
 * What an agent, or one branch of it, names.
 *
 * @since 0.1.0
 * @category models
 */
export interface AgentView {
  readonly agentId: string
  /** `null` for the main one. */
  readonly branchId: string | null
  /** It is configured for this site, so it is to have all of its documents. */
  readonly isConfigured: boolean
  /** Their ids, wherever the agent names them. */
  readonly documents: ReadonlySet<string>
}

interface Remote {
  /**
   * All that is in the site's folder, and those of the recorded ids outside of it that were found by their id. A recorded
   * document that is not here is gone.
   */
  readonly documents: ReadonlyArray<RemoteDocument>
  /** The agents that were looked at. Those that were not get nothing attached. */
  readonly agents: ReadonlyArray<AgentView>
}

/**
 * How many files may lose their documents in one run: so many, or so many percent of those that have one, rounded down
 * but to no less than one, unless it is 0 percent.
 *
 * @since 0.1.0
 * @category models
 */
export type MaxDelete = { readonly count: number } | { readonly percent: number }

/**
 * @since 0.1.0
 * @category models
 */
export interface Input {
  /** The canonical host. */
  readonly site: string
  readonly disk: {
    readonly documents: ReadonlyArray<Scan.Document>
    readonly refused: ReadonlyArray<Pick<Scan.Refused, "file">>
  }
  readonly recorded: State.State
  readonly remote: Remote
  /** Defaults to `swap`. */
  readonly strategy?: Strategy | undefined
  /** Sends every file again, changed or not. Defaults to `false`. */
  readonly force?: boolean | undefined
  /** Defaults to 50 percent. */
  readonly maxDelete?: MaxDelete | undefined
}

/**
 * One thing to do.
 *
 * - `Create`: upload. A recorded document that is gone is in `supersedes`; agents may still name it.
 * - `Update`: replace the document `documentId` by the strategy. Where a name is taken already, or the very same bytes are
 *   sent again, that is always `in-place`: the reply to a swap could not be told by the name.
 * - `Adopt`: the document `documentId` has the content already; record it. Where it `supersedes` another one, the rest of
 *   the swap is left to do.
 * - `Keep`: nothing.
 * - `Hold`: the file is refused; its document stays as it is.
 * - `Attach`: name the document to an agent, in the place of `replaces`, if any.
 * - `Detach`: take a document that is about to be deleted from an agent that has what took its place.
 * - `Remove`: the file is gone: detach its document everywhere, delete it, forget it. One that is gone already is removed.
 * - `DeletePending`: delete what nobody needs, unless an agent still names it. One that is gone already is deleted.
 *
 * @since 0.1.0
 * @category models
 */
export type Action =
  | {
    readonly _tag: "Create"
    readonly file: string
    readonly document: Scan.Document
    readonly supersedes: string | null
    readonly reason: "new" | "remote-gone"
  }
  | {
    readonly _tag: "Update"
    readonly file: string
    readonly document: Scan.Document
    readonly documentId: string
    readonly strategy: Strategy
    readonly reason: "content" | "hash-unknown" | "remote-changed" | "forced"
  }
  | {
    readonly _tag: "Adopt"
    readonly file: string
    readonly document: Scan.Document
    readonly documentId: string
    readonly supersedes: string | null
    readonly reason: "uploaded-before" | "taken-over"
  }
  | { readonly _tag: "Keep"; readonly file: string; readonly documentId: string }
  | { readonly _tag: "Hold"; readonly file: string; readonly documentId: string }
  | {
    readonly _tag: "Attach"
    readonly agentId: string
    readonly branchId: string | null
    readonly file: string
    readonly documentId: string
    readonly replaces: string | null
  }
  | {
    readonly _tag: "Detach"
    readonly agentId: string
    readonly branchId: string | null
    readonly documentId: string
  }
  | { readonly _tag: "Remove"; readonly file: string; readonly documentId: string }
  | {
    readonly _tag: "DeletePending"
    readonly documentId: string
    readonly reason: "pending" | "orphan" | "duplicate" | "stray"
  }

/**
 * Why nothing is done.
 *
 * @since 0.1.0
 * @category models
 */
export interface Refusal {
  readonly code: "other-site" | "empty-disk" | "too-many-deletions" | "not-a-document"
  readonly message: string
}

/**
 * Where the remote is not as it was left.
 *
 * - `gone`: the document of a file was deleted by somebody else.
 * - `changed`: its content is not what was sent.
 * - `touched`: it was written to after it was sent; whether its content changed, only a download can tell.
 * - `renamed`: it has another name.
 * - `foreign`: it is in the site's folder, and not ours. It is left alone.
 * - `still-named`: it is to be deleted, and an agent names it that cannot be given anything in its place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Drift {
  readonly kind: "gone" | "changed" | "touched" | "renamed" | "foreign" | "still-named"
  readonly documentId: string
  /** `null` where it holds no file. */
  readonly file: string | null
  /** The name on the remote, or the agent; empty where there is nothing to tell. */
  readonly detail: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Plan {
  /** In the order in which they are to be done. */
  readonly actions: ReadonlyArray<Action>
  /** Where there are any, no action may be done. */
  readonly refusals: ReadonlyArray<Refusal>
  readonly drift: ReadonlyArray<Drift>
}
