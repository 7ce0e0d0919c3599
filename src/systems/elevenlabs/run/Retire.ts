/**
 * Takes documents away that nobody shall know any more: first from every agent that names them, then from the workspace.
 * A document that an agent names is never deleted by force; it stays noted as to be deleted.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import type * as Fault from "../../../kernel/Fault.ts"
import type * as Dependents from "./Dependents.ts"
import type * as Work from "./Work.ts"

/**
 * Takes it from those that name it now, or puts another in its place.
 *
 * @since 0.1.0
 * @category operations
 */
export const release = (
  work: Work.Work,
  id: string,
  by: { readonly id: string; readonly name: string } | undefined,
  ask: Dependents.Ask = work.dependents
): Effect.Effect<void, Fault.Fault> =>
  Effect.flatMap(ask(id), ({ targets }) =>
    Effect.forEach(
      targets,
      (target) =>
        work.attach(
          target,
          by === undefined ? { _tag: "Drop", id } : { _tag: "Swap", from: id, to: by, usageMode: null }
        ).pipe(
          // An agent that is gone names nothing.
          Effect.catchIf((fault) => fault.kind === "not-found", () => Effect.void)
        ),
      { concurrency: 8, discard: true }
    ))

const forget = (work: Work.Work, id: string): Effect.Effect<void, Fault.Fault> => work.ledger.change({ deleted: [id] })

const isUsed = (fault: Fault.Fault): boolean => fault.code === "has-dependents"

/**
 * What becomes of the places where an agent names a document that is to go.
 *
 * - `Replace`: another one stands there.
 * - `Drop`: they go as well.
 * - `Leave`: nobody is known to name it, and if somebody does, it stays.
 *
 * @since 0.1.0
 * @category models
 */
export type Places =
  | { readonly _tag: "Replace"; readonly by: { readonly id: string; readonly name: string } }
  | { readonly _tag: "Drop" }
  | { readonly _tag: "Leave" }

/**
 * Deletes a document that is noted as to be deleted. Fails with `has-dependents` where somebody names it still; then it
 * stays noted.
 *
 * @since 0.1.0
 * @category operations
 */
export const retire = (work: Work.Work, id: string, places: Places): Effect.Effect<void, Fault.Fault> => {
  const again = places._tag === "Leave"
    ? work.delete(id)
    : Effect.zipRight(release(work, id, places._tag === "Replace" ? places.by : undefined), work.delete(id))
  return work.delete(id).pipe(
    Effect.catchIf(isUsed, () =>
      // Somebody has begun to name it, or the API has not noticed that nobody does any more.
      Effect.retry(again, {
        while: isUsed,
        schedule: Schedule.exponential("1 second").pipe(
          Schedule.union(Schedule.spaced("15 seconds")),
          Schedule.intersect(Schedule.elapsed),
          Schedule.whileOutput(([, elapsed]) => Duration.lessThanOrEqualTo(elapsed, work.dependencyLag))
        )
      })),
    Effect.zipRight(forget(work, id)),
    Effect.withSpan("ElevenLabs.retire", { captureStackTrace: false })
  )
}
