/**
 * One change of one machine, journaled. The changes of a kind to a machine are a series: what was done once can be done
 * again in another life of the machine.
 *
 * Before a change is made the world was read. So an open entry of an earlier run that asks for something else is closed
 * as superseded: what it was about to do is part of the world that was read, or lost. What may still show later is
 * waited for.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import type * as Json from "../../../kernel/Json.ts"
import * as Mutation from "../../../kernel/Mutation.ts"
import type * as Policy from "../../../kernel/Policy.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A, I, R, R2> {
  readonly fleet: string
  readonly machine: string
  /** `clone`, `configure`, `resize`, `start`, … */
  readonly step: string
  readonly operation: string
  readonly subject: string
  readonly intent: unknown
  readonly result: Schema.Schema<A, I>
  readonly send: Effect.Effect<A, Fault.Fault, R>
  readonly settle: Effect.Effect<Mutation.Settled<A>, Fault.Fault, R2>
  /**
   * Reads what became of a request of an earlier run that asked for something else. Defaults to what is true of all
   * that is absolute or carries a digest: the world was read since, and a late one harms nothing.
   */
  readonly settleEarlier?: ((intent: Json.Json) => Effect.Effect<Mutation.Settled<A>, Fault.Fault, R2>) | undefined
  readonly policy: Policy.Policy
  /** See {@link Mutation.Options}. */
  readonly actsWithin?: Duration.DurationInput | undefined
  /** See {@link Mutation.Settling}. */
  readonly settling?: Mutation.Settling | undefined
}

/**
 * The changes of a kind to a machine.
 *
 * @since 0.1.0
 * @category getters
 */
export const seriesOf = (
  options: { readonly fleet: string; readonly machine: string; readonly step: string }
): string => `proxmox/${options.fleet}/${options.machine}/${options.step}`

/**
 * What an earlier run was about to do and did not finish, where it fits the schema.
 *
 * @since 0.1.0
 * @category accessors
 */
export const unfinished = <A, I>(
  options: { readonly fleet: string; readonly machine: string; readonly step: string },
  schema: Schema.Schema<A, I>
): Effect.Effect<Option.Option<A>, Fault.Fault, Journal.Journal> =>
  Effect.gen(function*() {
    const journal = yield* Journal.Journal
    const latest = Option.getOrUndefined(yield* journal.latest(seriesOf(options)))
    return latest?.entry._tag === "Begun"
      ? Schema.decodeUnknownOption(schema)(latest.entry.intent)
      : Option.none()
  })

/**
 * @since 0.1.0
 * @category combinators
 */
export const run = <A, I, R, R2>(
  options: Options<A, I, R, R2>
): Effect.Effect<A, Fault.Fault, R | R2 | Journal.Journal> =>
  Mutation.next({
    series: seriesOf(options),
    operation: options.operation,
    system: "proxmox",
    subject: options.subject,
    intent: options.intent,
    result: options.result,
    send: options.send,
    settle: options.settle,
    settleEarlier: options.settleEarlier ?? (() => Effect.succeed(Mutation.notDone)),
    policy: options.policy,
    actsWithin: options.actsWithin,
    settling: options.settling
  })

/**
 * The name of the task that does it, where there is one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TaskName: Schema.Schema<string | null> = Schema.NullOr(Schema.String)
