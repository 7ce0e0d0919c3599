/**
 * Deletes documents of a site from the workspace, those that come at once by one call. Never by force: what an agent
 * names stays.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Schema from "effect/Schema"
import * as Batch from "../../../kernel/Batch.ts"
import * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import * as Together from "./Together.ts"
import * as Work from "./Work.ts"

/** Source: the API description, `document_ids` of bulk-delete. */
const most = 20

const operation = "ElevenLabs.delete"

/** What became of some documents: those of `null` are gone. */
const Outcomes = Schema.Array(Schema.Struct({ id: Schema.String, kept: Schema.NullOr(Fault.Fault) }))
type Outcomes = typeof Outcomes.Type

const gone = (ids: ReadonlyArray<string>): Outcomes => ids.map((id) => ({ id, kept: null }))

/** What was thrown below is nothing to be written down. */
const outcomeOf = (id: string, found: Either.Either<void, Fault.Fault> | undefined): Outcomes[number] => {
  if (found === undefined || Either.isRight(found) || found.left.kind === "not-found") return { id, kept: null }
  const { cause: _, ...rest } = found.left.options
  return { id, kept: Fault.make(rest) }
}

const send = (
  { client, policies }: Pick<Work.Shared, "client" | "policies">,
  ids: ReadonlyArray<string>
): Effect.Effect<Outcomes, Fault.Fault> => {
  const [id] = ids
  return id !== undefined && ids.length === 1
    ? policies.change(client.delete(id)).pipe(
      Effect.as(gone(ids)),
      Effect.catchIf((fault) => fault.kind === "not-found", () => Effect.succeed(gone(ids)))
    )
    : Effect.map(
      policies.change(client.bulkDelete(ids)),
      (outcomes) => ids.map((id) => outcomeOf(id, outcomes.get(id)))
    )
}

const remove = (
  shared: Pick<Work.Shared, "client" | "policies" | "journal">,
  host: string,
  ids: ReadonlyArray<string>
): Effect.Effect<Outcomes, Fault.Fault> =>
  Mutation.next({
    series: Work.seriesOf({ site: { host } }, "delete"),
    operation,
    system: "elevenlabs",
    subject: ids.length === 1 ? `document ${ids[0]}` : `${ids.length} documents`,
    intent: { ids },
    result: Outcomes,
    send: send(shared, ids),
    settle: Effect.map(
      Effect.forEach(ids, (id) => Work.look(shared, id), { concurrency: 4 }),
      (found) => found.every(({ _tag }) => _tag === "None") ? Mutation.done(gone(ids)) : Mutation.notDone
    ),
    // To delete is no more than once, whoever began it: what is to go now is asked for anew.
    settleEarlier: () => Effect.succeed(Mutation.notDone)
  }).pipe(Effect.provideService(Journal.Journal, shared.journal))

/**
 * A way to delete one document; those that are handed in at once go together. Fails with `has-dependents` where somebody
 * names it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  shared: Pick<Work.Shared, "client" | "policies" | "journal">,
  host: string
): (id: string) => Effect.Effect<void, Fault.Fault> => {
  const all = (ids: ReadonlyArray<string>) =>
    Batch.run(ids, {
      size: most,
      name: "elevenlabs-delete",
      operation,
      system: "elevenlabs",
      send: (chunk) =>
        Effect.map(remove(shared, host, chunk), (outcomes) =>
          new Map(outcomes.map(({ id, kept }) => [id, kept === null ? Exit.void : Exit.fail(kept)])))
    })
  /** One call for many does not say more of what passed than that it failed. */
  const again = (id: string, fault: Fault.Fault): Effect.Effect<Batch.Outcome<void>> =>
    Fault.isRetryable(fault) && fault.kind !== "locked"
      ? Effect.exit(Effect.asVoid(remove(shared, host, [id])))
      : Effect.succeed(Exit.fail(fault))

  return Together.make<string, void, Fault.Fault>({
    size: () => most,
    run: (ids) =>
      Effect.flatMap(all(ids), (outcomes) =>
        Effect.forEach(ids, (id) => {
          const outcome = outcomes.get(id) ?? Exit.void
          const fault = Exit.isFailure(outcome) && outcome.cause._tag === "Fail" ? outcome.cause.error : undefined
          return fault === undefined || ids.length === 1 ? Effect.succeed(outcome) : again(id, fault)
        }))
  })
}
