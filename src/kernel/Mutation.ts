/**
 * A change to a remote system that happens once. Its intent is written before it is sent and its result after the
 * reply; a lost reply, or a process that died in between, is settled by reading the remote state, never by sending
 * again.
 *
 * What it takes from the caller is a way to recognise its own work: a nonce, a client token, a name that nobody else
 * gives, a version that moved on.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import type * as Fault from "./Fault.ts"
import { Course } from "./internal/Course.ts"
import * as MutationFault from "./internal/MutationFault.ts"
import * as Journal from "./Journal.ts"
import * as Json from "./Json.ts"
import type * as Policy from "./Policy.ts"
import type * as Poll from "./Poll.ts"

/**
 * What reading the remote state says about a change that may have been sent.
 *
 * - `Done`: it took effect, with this result.
 * - `NotDone`: it did not, and is not under way.
 * - `Pending`: it cannot be told yet; read again.
 *
 * @since 0.1.0
 * @category models
 */
export type Settled<A> =
  | { readonly _tag: "Done"; readonly value: A }
  | { readonly _tag: "NotDone" }
  | { readonly _tag: "Pending"; readonly why?: string }

/**
 * @since 0.1.0
 * @category constructors
 */
export const done = <A>(value: A): Settled<A> => ({ _tag: "Done", value })

/**
 * @since 0.1.0
 * @category constructors
 */
export const notDone: Settled<never> = { _tag: "NotDone" }

/**
 * @since 0.1.0
 * @category constructors
 */
export const pending: Settled<never> = { _tag: "Pending" }

/**
 * `Pending`, and why, for the message if it stays so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pendingBecause = (why: string): Settled<never> => ({ _tag: "Pending", why })

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<A, I, R = never, R2 = never> {
  /**
   * Names this one change in the journal, for ever: the same key never happens twice. What shall happen again, after
   * a destroy or next month, needs another key.
   */
  readonly key: string
  /** As in the span name: `Proxmox.clone`. */
  readonly operation: string
  /** The system that the faults name. Defaults to `holdfast`. */
  readonly system?: string | undefined
  /** The object, in the faults: `VM 401 on pve1`. */
  readonly subject?: string | undefined
  /** The whole request, as JSON can write it, without secrets. */
  readonly intent: unknown
  /** How the result is kept in the journal. */
  readonly result: Schema.Schema<A, I>
  /** Sends the request, once. */
  readonly send: Effect.Effect<A, Fault.Fault, R>
  /** Reads what became of it. Only reads. */
  readonly settle: Effect.Effect<Settled<A>, Fault.Fault, R2>
  /** Runs `send`, which it repeats only where a fault says that nothing was done. Defaults to a single attempt. */
  readonly policy?: Policy.Policy | undefined
  /** How often it may be sent again after reading showed that it was not done. Defaults to 3. */
  readonly resends?: number | undefined
  /**
   * How long after it was sent a request may still take effect: queued in a proxy, or behind a lock. A `NotDone` that
   * was read earlier is not believed and read again. Defaults to 0.
   */
  readonly actsWithin?: Duration.DurationInput | undefined
  /** How to go on reading while it is pending or the reads fail. See {@link Settling}. */
  readonly settling?: Settling | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Settling extends Poll.Pace {
  /** When to give up, counted from the end of `actsWithin`. Defaults to 1 minute. */
  readonly deadline?: Duration.DurationInput | undefined
  /** The faults of a read that do not end the settling. Defaults to `Fault.isRetryable`. */
  readonly tolerate?: ((fault: Fault.Fault) => boolean) | undefined
}

/**
 * Makes the change, or finds that it was made.
 *
 * - The key is claimed first. A second caller waits for the first and shares its outcome.
 * - What the journal knows to be completed is returned without sending; what it knows to have failed is begun anew,
 *   with the new intent; what is open is settled before anything is sent.
 * - A fault that leaves a doubt whether the request took effect is settled. After a doubt, no later failure is
 *   believed without reading either: the first request may be what stands in the way of the second.
 * - Interruption while it is sent leaves the entry open. From the reply to its record nothing interrupts.
 *
 * Fails with what `send` failed with where nothing was done, with `conflict` and the code `intent-mismatch` when the
 * journal has another intent under the key, and with `unknown` and the code `outcome-unknown` when reading did not
 * settle it; then the entry stays open for the next run.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import * as Mutation from "holdfast/kernel/Mutation"
 * import * as Effect from "effect/Effect"
 * import * as Schema from "effect/Schema"
 *
 * declare const buckets: {
 *   readonly create: (name: string) => Effect.Effect<string, Fault.Fault>
 *   readonly find: (name: string) => Effect.Effect<string | undefined, Fault.Fault>
 * }
 *
 * const program = Mutation.run({
 *   key: "create bucket backups",
 *   operation: "Buckets.create",
 *   intent: { name: "backups" },
 *   result: Schema.String,
 *   send: buckets.create("backups"),
 *   settle: Effect.map(buckets.find("backups"), (id) => id === undefined ? Mutation.notDone : Mutation.done(id))
 * })
 */
export const run = <A, I, R = never, R2 = never>(
  options: Options<A, I, R, R2>
): Effect.Effect<A, Fault.Fault, R | R2 | Journal.Journal> =>
  Effect.gen(function*() {
    const journal = yield* Journal.Journal
    const intent = yield* intentOf(options)
    return yield* claimed(journal, options, intent, {
      begin: journal.begin(options.key, intent),
      otherwise: (entry) => Effect.fail(MutationFault.intentMismatch(options, entry.intent, intent))
    })
  })

/**
 * @since 0.1.0
 * @category models
 */
export interface NextOptions<A, I, R = never, R2 = never> extends Omit<Options<A, I, R, R2>, "key"> {
  /** Names the changes of this kind to this thing: `lab/web-1/start`. */
  readonly series: string
  /**
   * Reads what became of a change that an earlier run began with another intent and left open. `NotDone` closes it as
   * failed, and this change is made. Only reads.
   */
  readonly settleEarlier: (intent: Json.Json) => Effect.Effect<Settled<A>, Fault.Fault, R2>
}

/**
 * Like {@link run}, for what may be asked for again in another life of the thing: each change has the next number in its
 * series. Two callers who ask for the same at once share one change; of two who ask for different things at once the
 * second waits for the first.
 *
 * Fails with the code `earlier-done` where what an earlier run had begun, with another intent, took effect after all:
 * whatever this change was decided by is no longer so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const next = <A, I, R = never, R2 = never>(
  options: NextOptions<A, I, R, R2>
): Effect.Effect<A, Fault.Fault, R | R2 | Journal.Journal> =>
  Effect.gen(function*() {
    const journal = yield* Journal.Journal
    const { series } = options
    const latest = Option.getOrUndefined(yield* journal.latest(series))
    const number = latest === undefined ? 1 : latest.entry._tag === "Completed" ? latest.number + 1 : latest.number
    const named = { ...options, key: Journal.keyOf({ series, number }) }
    const intent = yield* intentOf(named)
    const begin = journal.begin(named.key, intent, { series, number })
    return yield* claimed(journal, named, intent, {
      begin,
      otherwise: (entry) => {
        // Somebody else has made another change under this number meanwhile.
        if (entry._tag !== "Begun") return next(options)
        const earlier = new Course({ ...named, settle: options.settleEarlier(entry.intent) }, journal)
        return Effect.zipRight(
          earlier.supersede,
          Effect.zipRight(begin, new Course(named, journal).send)
        )
      }
    })
  }).pipe(Effect.catchIf((fault) => fault.code === "journal-behind", () => next(options)))

const intentOf = <A, I, R, R2>(options: Options<A, I, R, R2>): Effect.Effect<Json.Json, Fault.Fault> =>
  Option.match(Json.fromUnknown(options.intent), {
    onNone: () => Effect.fail(MutationFault.intentNotJson(options)),
    onSome: Effect.succeed
  })

interface Turn<A, R> {
  readonly begin: Effect.Effect<void, Fault.Fault>
  /** What to do about an entry that is open or completed, with another intent. */
  readonly otherwise: (entry: Journal.Entry) => Effect.Effect<A, Fault.Fault, R>
}

const claimed = <A, I, R, R2, R3>(
  journal: Journal.Service,
  options: Options<A, I, R, R2>,
  intent: Json.Json,
  { begin, otherwise }: Turn<A, R3>
): Effect.Effect<A, Fault.Fault, R | R2 | R3> =>
  Effect.scopedWith((scope) =>
    Effect.gen(function*() {
      const { key } = options
      const { contended } = yield* Scope.extend(journal.claim(key), scope)
      const entry = Option.getOrUndefined(yield* journal.read(key))
      const course = new Course(options, journal)
      const same = entry !== undefined && Json.equals(entry.intent, intent)

      if (entry?._tag === "Failed" && contended && same) return yield* entry.fault
      if (entry === undefined || entry._tag === "Failed") return yield* Effect.zipRight(begin, course.send)
      if (!same) return yield* otherwise(entry)
      return yield* entry._tag === "Begun" ? course.resume : course.replay(entry.result)
    })
  )

/**
 * The intent that the journal keeps under the key of an open or completed mutation, for what was drawn by chance and
 * must be the same when it is run again. `None` also where it no longer fits the schema.
 *
 * @since 0.1.0
 * @category accessors
 */
export const recordedIntent = <A, I>(
  key: string,
  schema: Schema.Schema<A, I>
): Effect.Effect<Option.Option<A>, Fault.Fault, Journal.Journal> =>
  Effect.gen(function*() {
    const entry = yield* Effect.flatMap(Journal.Journal, (journal) => journal.read(key))
    if (Option.isNone(entry) || entry.value._tag === "Failed") return Option.none()
    return Schema.decodeUnknownOption(schema)(entry.value.intent)
  })
