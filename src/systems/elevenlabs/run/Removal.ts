/**
 * Takes a site's documents, or some of them, from its agents and from the workspace, whatever files there are.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Fault from "../../../kernel/Fault.ts"
import type * as Plan from "../plan/Plan.ts"
import * as Remote from "./Remote.ts"
import * as SiteSync from "./SiteSync.ts"
import type * as Work from "./Work.ts"

/**
 * @param files Which files lose their documents. Defaults to all, and then what is noted as to be deleted goes as well.
 * @since 0.1.0
 * @category accessors
 */
export const look = (
  shared: Work.Shared,
  target: SiteSync.Target,
  files: ReadonlyArray<string> | undefined
): Effect.Effect<SiteSync.Seen, Fault.Fault, SiteSync.Needs> =>
  Effect.gen(function*() {
    const work = yield* SiteSync.open(shared, target)
    const { documents, pendingDelete } = work.ledger.now()
    const unknown = (files ?? []).filter((file) => !Object.hasOwn(documents, file))
    if (unknown.length > 0) return yield* notRecorded(target, unknown)
    const remote = yield* Remote.observe(work)
    const actions: ReadonlyArray<Plan.Action> = [
      ...Object.entries(documents).flatMap(([file, { documentId }]): ReadonlyArray<Plan.Action> =>
        files === undefined || files.includes(file) ? [{ _tag: "Remove", file, documentId }] : []
      ),
      ...(files === undefined ? pendingDelete : []).map((documentId): Plan.Action => ({
        _tag: "DeletePending",
        documentId,
        reason: "pending"
      }))
    ]
    return { work, remote, plan: { actions, refusals: [], drift: [] }, refused: [], skipped: [] }
  })

const notRecorded = ({ site }: SiteSync.Target, files: ReadonlyArray<string>): Fault.Fault =>
  Fault.make({
    kind: "invalid",
    system: "elevenlabs",
    operation: "ElevenLabs.remove",
    subject: `site ${site.host}`,
    code: "unknown-file",
    sent: "no",
    detail: `no document is recorded of ${files.map((file) => JSON.stringify(file)).join(", ")}`,
    hint: "files are named relative to the folder of the site, as the list shows them"
  })
