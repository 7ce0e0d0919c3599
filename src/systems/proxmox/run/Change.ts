/**
 * One change of one machine, journaled. Every change of a kind to a machine has a number of its own, so that what was
 * done once can be done again in another life of the machine; the number is the first that is not completed.
 *
 * Before a change is made the world was read. So an open entry of an earlier run that asks for something else is closed
 * as superseded: what it was about to do is part of the world that was read, or lost.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Fault from "../../../kernel/Fault.ts"
import * as Journal from "../../../kernel/Journal.ts"
import * as Json from "../../../kernel/Json.ts"
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
  readonly policy: Policy.Policy
  /** See {@link Mutation.Options}. */
  readonly actsWithin?: Duration.DurationInput | undefined
  /** See {@link Mutation.Settling}. */
  readonly settling?: Mutation.Settling | undefined
}

const prefixOf = (options: { readonly fleet: string; readonly machine: string; readonly step: string }): string =>
  `proxmox/${options.fleet}/${options.machine}/${options.step}`

interface Open {
  readonly key: string
  readonly intent: Option.Option<Json.Json>
}

const open = (prefix: string, number = 1): Effect.Effect<Open, Fault.Fault, Journal.Journal> =>
  Effect.flatMap(Journal.Journal, (journal) => {
    const key = `${prefix}/${number}`
    return Effect.flatMap(journal.read(key), (entry) => {
      const found = Option.getOrUndefined(entry)
      if (found?._tag === "Completed") return open(prefix, number + 1)
      return Effect.succeed({ key, intent: found?._tag === "Begun" ? Option.some(found.intent) : Option.none() })
    })
  })

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
  Effect.map(
    open(prefixOf(options)),
    ({ intent }) => Option.flatMap(intent, Schema.decodeUnknownOption(schema))
  )

/**
 * @since 0.1.0
 * @category combinators
 */
export const run = <A, I, R, R2>(
  options: Options<A, I, R, R2>
): Effect.Effect<A, Fault.Fault, R | R2 | Journal.Journal> =>
  Effect.gen(function*() {
    const { intent, key } = yield* open(prefixOf(options))
    const wanted = Option.getOrElse(Json.fromUnknown(options.intent), () => null)
    if (Option.isSome(intent) && !Json.equals(intent.value, wanted)) {
      const journal = yield* Journal.Journal
      yield* journal.fail(key, superseded(options))
    }
    return yield* Mutation.run({
      key,
      operation: options.operation,
      system: "proxmox",
      subject: options.subject,
      intent: wanted,
      result: options.result,
      send: options.send,
      settle: options.settle,
      policy: options.policy,
      actsWithin: options.actsWithin,
      settling: options.settling
    })
  })

const superseded = (options: { readonly operation: string; readonly subject: string }): Fault.Fault =>
  Fault.make({
    kind: "unknown",
    system: "proxmox",
    operation: options.operation,
    subject: options.subject,
    code: "superseded",
    detail: "an earlier run was interrupted here; the machine was read again and something else is to be done now"
  })

/**
 * The name of the task that does it, where there is one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const TaskName: Schema.Schema<string | null> = Schema.NullOr(Schema.String)
