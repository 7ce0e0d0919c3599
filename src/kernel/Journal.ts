/**
 * What a mutation was about to do, and what became of it. It is written before the call and after its reply, so that
 * whoever comes next, another fiber or another process, knows what to settle.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Fault from "./Fault.ts"
import * as Finalizer from "./Finalizer.ts"
import type { Json } from "./Json.ts"

/**
 * What is known of one mutation.
 *
 * - `Begun`: it may have been sent. Only reading the remote state can tell what became of it.
 * - `Completed`: it took effect, once, with this result.
 * - `Failed`: it is known to have had no effect, or to have ended badly; it may be run again.
 *
 * @since 0.1.0
 * @category models
 */
export type Entry =
  | { readonly _tag: "Begun"; readonly intent: Json }
  | { readonly _tag: "Completed"; readonly intent: Json; readonly result: Json }
  | { readonly _tag: "Failed"; readonly intent: Json; readonly fault: Fault.Fault }

/**
 * @since 0.1.0
 * @category models
 */
export interface Claim {
  /** Somebody else held the key when it was asked for, and what they did is what one waited for. */
  readonly contended: boolean
}

/**
 * The place of a change in a series: changes of one kind to one thing, one after the other. What was done once may be
 * done again there, under the next number.
 *
 * @since 0.1.0
 * @category models
 */
export interface Place {
  readonly series: string
  /** Counts from 1. */
  readonly number: number
}

/**
 * The key of a change in a series.
 *
 * @since 0.1.0
 * @category getters
 */
export const keyOf = ({ number, series }: Place): string => `${series}/${number}`

/**
 * @since 0.1.0
 * @category models
 */
export interface Latest {
  readonly number: number
  readonly entry: Entry
}

/**
 * The failures are those of the place where the journal is kept.
 *
 * @since 0.1.0
 * @category models
 */
export interface Service {
  /**
   * The sole right to the key until the scope closes. Waits, interruptibly and in order of arrival, while somebody else
   * has it; a journal that cannot wait fails with the kind `locked` and says who holds it. The right is given up
   * however its holder ends, and what it wrote stays.
   */
  readonly claim: (key: string) => Effect.Effect<Claim, Fault.Fault, Scope.Scope>
  readonly read: (key: string) => Effect.Effect<Option.Option<Entry>, Fault.Fault>
  /** The change of a series with the highest number. */
  readonly latest: (series: string) => Effect.Effect<Option.Option<Latest>, Fault.Fault>
  /**
   * Replaces a `Begun` or `Failed` entry, and is kept when it returns, whatever happens then. Fails with the code
   * `journal-completed` over a completed one.
   *
   * An entry with a place in a series is history as soon as it has ended, and may then be forgotten. Any other is kept
   * for ever. Fails with the code `journal-behind` where its series has gone on or begun anew meanwhile.
   */
  readonly begin: (key: string, intent: Json, place?: Place) => Effect.Effect<void, Fault.Fault>
  /**
   * Outlives the process. A power cut may take it until the next intent is kept; what has taken effect is then found by
   * reading. Fails with the code `journal-not-begun` where there is no entry.
   */
  readonly complete: (key: string, result: Json) => Effect.Effect<void, Fault.Fault>
  /** Kept like {@link complete}. Fails with the code `journal-not-begun` where there is no entry. */
  readonly fail: (key: string, fault: Fault.Fault) => Effect.Effect<void, Fault.Fault>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Journal extends Context.Tag("holdfast/kernel/Journal")<Journal, Service>() {}

/**
 * A journal that lives as long as the process.
 *
 * @param kept Where the entries are kept: to look at, or to begin with. Defaults to an empty map.
 * @since 0.1.0
 * @category constructors
 */
export const makeMemory = (kept?: Map<string, Entry>): Effect.Effect<Service> =>
  Effect.sync(() => {
    const entries = kept ?? new Map<string, Entry>()
    /** How far each series was seen to go. */
    const seen = new Map<string, number>()
    const begun = (operation: string, key: string, next: (entry: Entry) => Entry): Effect.Effect<void, Fault.Fault> =>
      Effect.suspend(() => {
        const entry = entries.get(key)
        if (entry === undefined) {
          return refuse(operation, key, "journal-not-begun", "there is no intent to record an outcome for")
        }
        entries.set(key, next(entry))
        return Effect.void
      })

    return Journal.of({
      claim: makeClaims(),
      read: (key) => Effect.sync(() => Option.fromNullable(entries.get(key))),
      latest: (series) =>
        Effect.sync(() => {
          let number = seen.get(series) ?? 0
          while (entries.has(keyOf({ series, number: number + 1 }))) number += 1
          seen.set(series, number)
          return Option.map(Option.fromNullable(entries.get(keyOf({ series, number }))), (entry) => ({ number, entry }))
        }),
      begin: (key, intent) =>
        Effect.suspend(() => {
          if (entries.get(key)?._tag === "Completed") {
            return refuse("Journal.begin", key, "journal-completed", "it has been done already")
          }
          entries.set(key, { _tag: "Begun", intent })
          return Effect.void
        }),
      complete: (key, result) =>
        begun("Journal.complete", key, ({ intent }) => ({ _tag: "Completed", intent, result })),
      fail: (key, fault) => begun("Journal.fail", key, ({ intent }) => ({ _tag: "Failed", intent, fault }))
    })
  })

/**
 * The same journal, seen by those who share it with others: their keys are kept apart by a prefix, which they do not
 * see themselves.
 *
 * @since 0.1.0
 * @category combinators
 */
export const prefixed = (journal: Service, prefix: string): Service =>
  Journal.of({
    claim: (key) => journal.claim(prefix + key),
    read: (key) => journal.read(prefix + key),
    latest: (series) => journal.latest(prefix + series),
    begin: (key, intent, place) =>
      journal.begin(prefix + key, intent, place && { ...place, series: prefix + place.series }),
    complete: (key, result) => journal.complete(prefix + key, result),
    fail: (key, fault) => journal.fail(prefix + key, fault)
  })

/**
 * @since 0.1.0
 * @category layers
 */
export const layerMemory: Layer.Layer<Journal> = Layer.effect(Journal, makeMemory())

const refuse = (operation: string, key: string, code: string, detail: string): Fault.Fault =>
  Fault.make({ kind: "conflict", system: "holdfast", operation, sent: "no", code, subject: key, detail })

/** One place in the line for a key: the first has the key, the others wait. */
interface Waiting {
  readonly turn: Deferred.Deferred<void>
}

const makeClaims = (): Service["claim"] => {
  const lines = new Map<string, Array<Waiting>>()

  const leave = (key: string, place: Waiting): Effect.Effect<void> =>
    Effect.suspend(() => {
      const line = lines.get(key)
      const index = line?.indexOf(place) ?? -1
      if (line === undefined || index < 0) return Effect.void
      line.splice(index, 1)
      const next = line[0]
      if (next === undefined) lines.delete(key)
      return index === 0 && next !== undefined ? Effect.asVoid(Deferred.succeed(next.turn, undefined)) : Effect.void
    })

  return (key) =>
    Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const place: Waiting = { turn: yield* Deferred.make<void>() }
        const line = lines.get(key)
        if (line === undefined) {
          lines.set(key, [place])
        } else {
          line.push(place)
          // A place is left when its wait ends badly, be it at the very moment its turn came.
          yield* Effect.onExit(
            restore(Deferred.await(place.turn)),
            (exit) => exit._tag === "Failure" ? leave(key, place) : Effect.void
          )
        }
        yield* Finalizer.add(() => leave(key, place))
        return { contended: line !== undefined }
      })
    )
}
