/**
 * Calls that take many ids at once, with an outcome for each id. Where one bad id fails the whole call, the ids that
 * the fault names are dropped and the rest is sent again; where it names none, the call is halved until the bad id is
 * alone. No id is sent again while its outcome is unknown.
 *
 * The number of calls is bounded: n ids in one call take at most 2n - 1 calls, and finding k bad ones by halving takes
 * at most 1 + 2k log2(n), rounded up. Each round of resending what `settle` found undone may take as many again.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Fault from "./Fault.ts"
import { tell } from "./internal/SpanEvent.ts"
import * as Metrics from "./Metrics.ts"
import type { Settled } from "./Mutation.ts"

/**
 * How it ended for one id.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome<B> = Exit.Exit<B, Fault.Fault>

/**
 * @since 0.1.0
 * @category models
 */
export interface Options<Id, B, R = never, R2 = never> {
  /** The most ids in a call, a whole number of at least 1. */
  readonly size: number
  /**
   * One call. Its reply has a value or an outcome of its own for each id. Whoever sends retries: a fault that comes
   * out of here is final for the call.
   */
  readonly send: (ids: ReadonlyArray<Id>) => Effect.Effect<ReadonlyMap<Id, B | Outcome<B>>, Fault.Fault, R>
  /** How many calls at once, a whole number of at least 1. Defaults to `1`. */
  readonly concurrency?: number | undefined
  /** Whether the call changes anything. If so, what may have taken effect is never sent again. Defaults to `true`. */
  readonly mutates?: boolean | undefined
  /** The ids that the fault of a whole call is about. Ids of other calls are ignored. Defaults to none. */
  readonly blame?: ((fault: Fault.Fault, ids: ReadonlyArray<Id>) => ReadonlyArray<Id>) | undefined
  /**
   * What the fault means for an id that it names, or that was alone in its call: an id that was done already may
   * well be a success. Defaults to the failure.
   */
  readonly verdict?: ((id: Id, fault: Fault.Fault) => Outcome<B>) | undefined
  /**
   * Whether one id may be the reason for this fault of a whole call that names none. Defaults to the kinds
   * `not-found`, `conflict`, `invalid`, `denied` and `locked`; and `failed` where nothing is changed.
   */
  readonly bisects?: ((fault: Fault.Fault) => boolean) | undefined
  /**
   * Reads what became of the ids of a call whose outcome is unknown. `Pending`, and ids left out, stay unknown.
   * Defaults to none: all of them are unknown.
   */
  readonly settle?:
    | ((ids: ReadonlyArray<Id>, fault: Fault.Fault) => Effect.Effect<ReadonlyMap<Id, Settled<B>>, Fault.Fault, R2>)
    | undefined
  /** How often an id that `settle` found undone is sent again. Defaults to `3`. */
  readonly resends?: number | undefined
  /**
   * The outcome of an id that a reply does not mention. Defaults to a Fault of kind `not-found`, or `unknown` where
   * something is changed.
   */
  readonly missing?: ((id: Id) => Outcome<B>) | undefined
  /** As in the span name, for the faults made here: `Ec2.terminate`. Defaults to `Batch.run`. */
  readonly operation?: string | undefined
  /** The system that the faults made here name. Defaults to `holdfast`. */
  readonly system?: string | undefined
  /** What metrics call it; not an id. Defaults to `batch`. */
  readonly name?: string | undefined
}

/** Ids that are to be sent in one call. */
interface Part<Id> {
  readonly ids: ReadonlyArray<Id>
  readonly resends: number
}

const bisectedKinds: ReadonlySet<Fault.Kind> = new Set(["not-found", "conflict", "invalid", "denied", "locked"])

class Run<Id, B, R, R2> {
  private readonly options: Options<Id, B, R, R2>
  private readonly mutates: boolean
  private readonly outcomes = new Map<Id, Outcome<B>>()
  private readonly calls: Metrics.Series
  private readonly splits: Metrics.Series

  constructor(options: Options<Id, B, R, R2>) {
    const name = options.name ?? "batch"
    this.options = options
    this.mutates = options.mutates ?? true
    this.calls = Metrics.counter("holdfast_batch_calls", "Calls that were sent", name)
    this.splits = Metrics.counter("holdfast_batch_splits", "Calls that were sent again in parts", name)
  }

  all(ids: Iterable<Id>): Effect.Effect<ReadonlyMap<Id, Outcome<B>>, never, R | R2> {
    const { concurrency = 1, resends = 3, size } = this.options
    demand("size", size)
    demand("concurrency", concurrency)
    const unique = [...new Set(ids)]
    const parts: Array<Part<Id>> = []
    for (let at = 0; at < unique.length; at += size) parts.push({ ids: unique.slice(at, at + size), resends })
    return Effect.map(
      Effect.forEach(parts, (part) => this.work(part), { concurrency, discard: true }),
      () => new Map(unique.map((id) => [id, this.outcomes.get(id) ?? this.unmentioned(id)]))
    )
  }

  /** Sends a part, and what is left of it, until every id has its outcome. */
  private work(part: Part<Id>): Effect.Effect<void, never, R | R2> {
    const waiting = [part]
    let current = part
    return Effect.whileLoop({
      while: () => {
        const next = waiting.pop()
        if (next === undefined) return false
        current = next
        return true
      },
      body: () => {
        this.calls.add(1)
        const { ids } = current
        return Effect.flatMap(Effect.exit(Effect.suspend(() => this.options.send(ids))), (exit) =>
          Exit.isSuccess(exit)
            ? Effect.succeed(this.replied(ids, exit.value))
            : this.failed(current, exit.cause))
      },
      step: (again) => {
        for (const next of again) if (next.ids.length > 0) waiting.push(next)
      }
    })
  }

  private replied(ids: ReadonlyArray<Id>, reply: ReadonlyMap<Id, B | Outcome<B>>): ReadonlyArray<Part<Id>> {
    const missing = new Set(ids)
    for (const [id, said] of reply) {
      if (missing.delete(id)) this.outcomes.set(id, isOutcome(said) ? said : Exit.succeed(said))
    }
    for (const id of missing) this.outcomes.set(id, this.unmentioned(id))
    return none
  }

  /** What is to be sent again, the first to be sent last in the list. */
  private failed(part: Part<Id>, cause: Cause.Cause<Fault.Fault>): Effect.Effect<ReadonlyArray<Part<Id>>, never, R2> {
    const fault = faultOf(cause)
    if (fault === undefined) return Effect.succeed(this.every(part.ids, Exit.failCause(cause)))
    if (this.mutates && Fault.isOutcomeUnknown(fault)) return this.settled(part, fault)
    return Effect.sync(() => this.split(part, fault))
  }

  private split(part: Part<Id>, fault: Fault.Fault): ReadonlyArray<Part<Id>> {
    const { ids, resends } = part
    const { blame, verdict = failure } = this.options
    const inCall = new Set(ids)
    const named = new Set(blame?.(fault, ids).filter((id) => inCall.has(id)))
    if (ids.length === 1 || named.size > 0) {
      const decided = ids.length === 1 ? ids : named
      for (const id of decided) this.outcomes.set(id, verdict(id, fault))
      return this.again("batch.blamed", ids, [{ ids: ids.filter((id) => !this.outcomes.has(id)), resends }])
    }
    if (!(this.options.bisects ?? this.mayBeOneId)(fault)) return this.every(ids, Exit.fail(fault))
    const middle = ids.length >> 1
    return this.again("batch.halved", ids, [
      { ids: ids.slice(middle), resends },
      { ids: ids.slice(0, middle), resends }
    ])
  }

  private settled(part: Part<Id>, fault: Fault.Fault): Effect.Effect<ReadonlyArray<Part<Id>>, never, R2> {
    const { settle } = this.options
    if (settle === undefined) return Effect.sync(() => this.every(part.ids, unknown(fault)))
    return Effect.map(Effect.exit(Effect.suspend(() => settle(part.ids, fault))), (exit) => {
      if (Exit.isSuccess(exit)) return this.read(part, fault, exit.value)
      const why = faultOf(exit.cause)
      return this.every(part.ids, why === undefined ? Exit.failCause(exit.cause) : unknown(fault, why))
    })
  }

  private read(part: Part<Id>, fault: Fault.Fault, world: ReadonlyMap<Id, Settled<B>>): ReadonlyArray<Part<Id>> {
    const undone: Array<Id> = []
    for (const id of part.ids) {
      const found = world.get(id)
      if (found?._tag === "Done") this.outcomes.set(id, Exit.succeed(found.value))
      else if (found?._tag !== "NotDone") this.outcomes.set(id, unknown(fault))
      else if (part.resends > 0) undone.push(id)
      else this.outcomes.set(id, Exit.fail(fault.with({ sent: "no", remote: "it did not take effect" })))
    }
    return this.again("batch.settled", part.ids, [{ ids: undone, resends: part.resends - 1 }])
  }

  /** Counts and tells what became of a call that failed as a whole. */
  private again(
    event: string,
    ids: ReadonlyArray<Id>,
    parts: ReadonlyArray<Part<Id>>
  ): ReadonlyArray<Part<Id>> {
    const left = parts.reduce((sum, part) => sum + part.ids.length, 0)
    if (left > 0) this.splits.add(1)
    tell(event, { "holdfast.batch.ids": ids.length, "holdfast.batch.again": left })
    return parts
  }

  private every(ids: ReadonlyArray<Id>, outcome: Outcome<B>): ReadonlyArray<Part<Id>> {
    for (const id of ids) this.outcomes.set(id, outcome)
    tell("batch.failed", { "holdfast.batch.ids": ids.length })
    return none
  }

  private readonly mayBeOneId = (fault: Fault.Fault): boolean =>
    bisectedKinds.has(fault.kind) || (fault.kind === "failed" && !this.mutates)

  private unmentioned(id: Id): Outcome<B> {
    const { missing, operation = "Batch.run", system = "holdfast" } = this.options
    if (missing !== undefined) return missing(id)
    return Exit.fail(Fault.make({
      kind: this.mutates ? "unknown" : "not-found",
      system,
      operation,
      subject: String(id),
      detail: "the reply does not mention it"
    }))
  }
}

const none: ReadonlyArray<Part<never>> = []

const failure = (_: unknown, fault: Fault.Fault): Outcome<never> => Exit.fail(fault)

const isOutcome = <B>(said: B | Outcome<B>): said is Outcome<B> => Exit.isExit(said)

/** The fault of a call, unless a defect or an interruption stands beside it. */
const faultOf = (cause: Cause.Cause<Fault.Fault>): Fault.Fault | undefined =>
  Cause.isInterrupted(cause) || Option.isSome(Cause.dieOption(cause))
    ? undefined
    : Option.getOrUndefined(Cause.failureOption(cause))

const unknown = (fault: Fault.Fault, why?: Fault.Fault): Outcome<never> =>
  Exit.fail(fault.with({
    kind: "unknown",
    remote: why === undefined
      ? "it may have taken effect"
      : `it may have taken effect, and reading failed: ${why.detail}`,
    hint: fault.hint ?? "read its state before sending it again"
  }))

const demand = (name: string, value: number): void => {
  if (Number.isInteger(value) && value >= 1) return
  throw new RangeError(`Batch: ${name} must be a whole number of at least 1, not ${value}`)
}

/**
 * Sends all ids and tells how it ended for each. Never fails. Equal ids are sent once; the outcomes are in the order
 * in which the ids came first. Interruption stops the calls at work and sends no other.
 *
 * @since 0.1.0
 * @category combinators
 * @example
 * import * as Batch from "holdfast/kernel/Batch"
 * import * as Effect from "effect/Effect"
 *
 * const program = Batch.run(["i-1", "i-2", "i-3"], {
 *   size: 2,
 *   send: (ids) => Effect.succeed(new Map(ids.map((id) => [id, "terminated"]))),
 *   blame: (fault, ids) => ids.filter((id) => fault.detail.includes(id))
 * })
 */
export const run = <Id, B, R = never, R2 = never>(
  ids: Iterable<Id>,
  options: Options<Id, B, R, R2>
): Effect.Effect<ReadonlyMap<Id, Outcome<B>>, never, R | R2> => Effect.suspend(() => new Run(options).all(ids))
