/**
 * The course of one mutation under its claim: send, doubt, settle, send again.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Random from "effect/Random"
import * as Schema from "effect/Schema"
import * as Fault from "../Fault.ts"
import type * as Journal from "../Journal.ts"
import * as Json from "../Json.ts"
import * as Metrics from "../Metrics.ts"
import type { Options, Settled } from "../Mutation.ts"
import * as Poll from "../Poll.ts"
import * as MutationFault from "./MutationFault.ts"
import { tell } from "./SpanEvent.ts"
import { clockOf, now } from "./Time.ts"

/** Between a `NotDone` and the next send. */
const resendPace = Poll.settings({ first: 500, factor: 2, cap: "30 seconds", jitter: 0.5 })

const time: Effect.Effect<number> = Effect.withFiberRuntime((fiber) => Effect.succeed(now(clockOf(fiber))))

type Verdict<A> = Exclude<Settled<A>, { readonly _tag: "Pending" }>

export class Course<A, I, R, R2> {
  private readonly options: Options<A, I, R, R2>
  private readonly journal: Journal.Service
  private readonly series: ReturnType<typeof seriesOf>

  constructor(options: Options<A, I, R, R2>, journal: Journal.Service) {
    this.options = options
    this.journal = journal
    this.series = seriesOf(options.operation)
  }

  /** Nothing was ever sent under this key, or what was is known to have done nothing. */
  get send(): Effect.Effect<A, Fault.Fault, R | R2> {
    return this.sendUntilKnown(false)
  }

  /** An earlier run left the entry open. */
  get resume(): Effect.Effect<A, Fault.Fault, R | R2> {
    return Effect.gen(this, function*() {
      const verdict = yield* this.settled(undefined, yield* time)
      return verdict._tag === "Done" ? yield* this.adopt(verdict.value) : yield* this.sendUntilKnown(true)
    })
  }

  /** An earlier run left the entry open, and something else is to be done now. */
  get supersede(): Effect.Effect<void, Fault.Fault, R2> {
    return Effect.gen(this, function*() {
      const verdict = yield* this.settled(undefined, yield* time)
      if (verdict._tag === "Done") {
        yield* this.adopt(verdict.value)
        return yield* MutationFault.earlierDone(this.options)
      }
      yield* Effect.uninterruptible(this.journal.fail(this.options.key, MutationFault.superseded(this.options)))
    })
  }

  /** The journal has the result. Where it no longer fits the schema, the world has it too. */
  replay(recorded: Json.Json): Effect.Effect<A, Fault.Fault, R2> {
    return Effect.gen(this, function*() {
      const result = Schema.decodeUnknownEither(this.options.result)(recorded)
      if (Either.isRight(result)) {
        this.tell("replayed")
        return result.right
      }
      const verdict = yield* this.settled(undefined, yield* time)
      return verdict._tag === "Done"
        ? yield* this.adopt(verdict.value)
        : yield* MutationFault.journalDisagrees(this.options)
    })
  }

  /** `earlier`: a request of an earlier run may have been sent. */
  private sendUntilKnown(earlier: boolean): Effect.Effect<A, Fault.Fault, R | R2> {
    return Effect.gen(this, function*() {
      const { resends = 3 } = this.options
      let doubted = earlier
      let pace = Poll.initial(resendPace)
      for (let sends = 1;; sends++) {
        const result = yield* this.sendAndRecord
        if (Either.isRight(result)) return result.right
        const fault = result.left
        doubted ||= leavesDoubt(fault)
        if (!doubted) return yield* this.failed(fault)

        const verdict = yield* this.settled(fault, yield* time)
        if (verdict._tag === "Done") return yield* this.adopt(verdict.value)
        const again = leavesDoubt(fault) || Fault.mayResend(fault)
        if (!again || sends > resends) return yield* this.failed(MutationFault.knownNotDone(fault))

        const step = Poll.next(resendPace, pace, { retryAfter: fault.retryAfterMillis }, yield* Random.next)
        pace = step.state
        this.tell("resend", { "holdfast.wait_ms": step.wait })
        yield* Effect.sleep(step.wait)
      }
    })
  }

  /** Interruptible while it is sent. From the reply to its record it is not. */
  private get sendAndRecord(): Effect.Effect<Either.Either<A, Fault.Fault>, Fault.Fault, R> {
    const { operation, policy, send, subject } = this.options
    const sending = policy === undefined ? send : policy.run(send, { retryWhen: Fault.mayResend, operation, subject })
    return Effect.uninterruptibleMask((restore) =>
      Effect.gen(this, function*() {
        this.series.sends.add(1)
        const result = yield* Effect.either(restore(sending))
        if (Either.isRight(result)) yield* this.record(result.right)
        return result
      })
    )
  }

  private settled(lost: Fault.Fault | undefined, sentAt: number): Effect.Effect<Verdict<A>, Fault.Fault, R2> {
    const { actsWithin = 0, operation, settle, settling = {}, subject, system } = this.options
    const believedFrom = sentAt + Duration.toMillis(actsWithin)
    // The clock is read before the world: what begins to act in between is not missed.
    const read = Effect.flatMap(
      time,
      (readAt) =>
        Effect.map(settle, (settled): Settled<A> =>
          settled._tag === "NotDone" && readAt < believedFrom
            ? { _tag: "Pending", why: "it may still take effect" }
            : settled)
    )
    return Effect.gen(this, function*() {
      this.tell("settling", lost === undefined ? {} : { "holdfast.kind": lost.kind, "holdfast.code": lost.code ?? "" })
      const patience = believedFrom - (yield* time) + Duration.toMillis(settling.deadline ?? "1 minute")
      const verdict = yield* Poll.until(read, isVerdict, {
        ...settling,
        deadline: Math.max(0, patience),
        operation,
        system,
        subject,
        describe: (settled) => settled._tag === "Pending" ? settled.why ?? "still pending" : settled._tag
      }).pipe(Effect.mapError((fault) => {
        this.series.unknown.add(1)
        this.tell("unknown")
        return MutationFault.unknownOutcome(this.options, lost, fault)
      }))
      this.tell("settled", { "holdfast.outcome": verdict._tag })
      return verdict
    })
  }

  private adopt(value: A): Effect.Effect<A, Fault.Fault> {
    this.series.adopted.add(1)
    return Effect.as(Effect.uninterruptible(this.record(value)), value)
  }

  private record(value: A): Effect.Effect<void, Fault.Fault> {
    return Effect.gen(this, function*() {
      const encoded = yield* Schema.encode(this.options.result)(value).pipe(
        Effect.flatMap(Json.fromUnknown),
        Effect.mapError((error) => MutationFault.resultNotJson(this.options, error))
      )
      yield* Effect.mapError(
        this.journal.complete(this.options.key, encoded),
        (fault) => MutationFault.notRecorded(this.options, fault)
      )
    })
  }

  private failed(fault: Fault.Fault): Effect.Effect<never, Fault.Fault> {
    return Effect.uninterruptible(this.journal.fail(this.options.key, fault)).pipe(
      Effect.mapError((journal) => MutationFault.alsoNotRecorded(fault, journal)),
      Effect.zipRight(fault)
    )
  }

  private tell(event: string, attributes: Record<string, unknown> = {}): void {
    tell(`mutation.${event}`, { "holdfast.key": this.options.key, ...attributes })
  }
}

/** A reply that breaks its contract is a reply all the same: a success that cannot be read is no refusal. */
const leavesDoubt = (fault: Fault.Fault): boolean =>
  Fault.isOutcomeUnknown(fault) ||
  (fault.kind === "invalid" && fault.sent !== "no" && fault.status !== undefined && fault.status < 300)

const isVerdict = <A>(settled: Settled<A>): settled is Verdict<A> => settled._tag !== "Pending"

const seriesFor = (operation: string) => ({
  sends: Metrics.counter("holdfast_mutation_sends", "Requests sent that change something", operation),
  adopted: Metrics.counter("holdfast_mutation_adopted", "Changes found done by reading", operation),
  unknown: Metrics.counter("holdfast_mutation_unknown", "Changes whose outcome reading did not settle", operation)
})

/** There are as many as operations in the program, and to make one takes longer than all the rest of a mutation. */
const allSeries = new Map<string, ReturnType<typeof seriesFor>>()

const seriesOf = (operation: string): ReturnType<typeof seriesFor> => {
  const known = allSeries.get(operation) ?? seriesFor(operation)
  allSeries.set(operation, known)
  return known
}
