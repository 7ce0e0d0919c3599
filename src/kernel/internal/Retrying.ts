/**
 * What happens after an attempt has failed: another one after a wait, or the end.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type * as Schedule from "effect/Schedule"
import * as Intervals from "effect/ScheduleIntervals"
import * as Fault from "../Fault.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import { type Attempt, faultOf, format } from "./Attempt.ts"
import type { Call, Memory } from "./Call.ts"

type Verdict =
  | { readonly _tag: "Retry"; readonly delay: number; readonly memory: Memory }
  | { readonly _tag: "Stop"; readonly reason: RetryPolicy.StopReason }

/** Goes on after a failed attempt. Defects, interruptions and errors that are no faults end the call as they are. */
export const retryOrFail = <A, E, R>(
  attempt: Attempt<A, E, R>,
  cause: Cause.Cause<E | Fault.Fault>
): Effect.Effect<A, E | Fault.Fault, R> => {
  const call = attempt.call
  const fault = call.retries ? faultOf(cause) : undefined
  if (fault === undefined) return Effect.failCause(cause)
  return Effect.flatMap(judge(attempt, fault), (verdict): Effect.Effect<A, E | Fault.Fault, R> => {
    if (verdict._tag === "Retry") return retry(attempt, fault, verdict)
    if (verdict.reason === "not-retryable") return Effect.failCause(cause)
    if (verdict.reason === "budget") return Effect.fail(budgetExhausted(call, fault))
    return Effect.fail(exhausted(attempt, fault, verdict.reason))
  })
}

const judge = <A, E, R>(attempt: Attempt<A, E, R>, fault: Fault.Fault): Effect.Effect<Verdict> => {
  const policy = attempt.call.setup.retry
  if (policy === undefined) return Effect.succeed({ _tag: "Stop", reason: "not-retryable" })
  if (!RetryPolicy.isRetryPolicy(policy)) return judgeBySchedule(attempt, fault, policy)
  const { deadlineAt, options, startedAt } = attempt.call
  return Effect.map(Random.next, (random): Verdict => {
    const state = attempt.memory.state ?? RetryPolicy.begin(startedAt)
    const bounds = { deadlineAt, retryWhen: options.retryWhen }
    const verdict = RetryPolicy.next(policy, state, fault, attempt.call.now(), random, bounds)
    if (verdict._tag === "Stop") return verdict
    return { _tag: "Retry", delay: verdict.delay, memory: { state: verdict.state } }
  })
}

/** A caller's own schedule says when; what the server asks for is still a floor, and the deadline still holds. */
const judgeBySchedule = <A, E, R>(
  attempt: Attempt<A, E, R>,
  fault: Fault.Fault,
  schedule: Schedule.Schedule<unknown, Fault.Fault>
): Effect.Effect<Verdict> => {
  const { clock, deadlineAt, options } = attempt.call
  if (!(options.retryWhen ?? Fault.isRetryable)(fault)) {
    return Effect.succeed({ _tag: "Stop", reason: "not-retryable" })
  }
  const wall = clock.unsafeCurrentTimeMillis()
  const remembered = attempt.memory.step === undefined ? schedule.initial : attempt.memory.step
  return Effect.map(schedule.step(wall, fault, remembered), ([step, , decision]): Verdict => {
    if (decision._tag === "Done") return { _tag: "Stop", reason: "attempts" }
    const delay = Math.max(0, Intervals.start(decision.intervals) - wall, fault.retryAfterMillis ?? 0)
    if (attempt.call.now() + delay >= deadlineAt) return { _tag: "Stop", reason: "deadline" }
    return { _tag: "Retry", delay, memory: { step } }
  })
}

const retry = <A, E, R>(
  attempt: Attempt<A, E, R>,
  fault: Fault.Fault,
  verdict: { readonly delay: number; readonly memory: Memory }
): Effect.Effect<A, E | Fault.Fault, R> => {
  const call = attempt.call
  call.setup.series.retries.add(1)
  call.event("policy.wait", {
    "holdfast.wait_for": "retry",
    "holdfast.attempt": attempt.number,
    "holdfast.wait_ms": verdict.delay
  })
  const told = call.options.onRetry?.({ attempt: attempt.number, fault, delayMillis: verdict.delay }) ?? Effect.void
  const logged = Effect.logInfo(
    `${call.operation}: attempt ${attempt.number} failed (${fault.message}), again in ${format(verdict.delay)}`
  )
  const waited = Effect.zipRight(logged, Effect.zipRight(told, Effect.sleep(verdict.delay)))
  return Effect.flatMap(call.restore(waited), () => attempt.again(verdict.memory).run())
}

/**
 * The budget's refusal has a code of its own, so that a shared outage is not mistaken for the failure of one call.
 * A failure that leaves in doubt whether the request took effect stays what it is: the doubt matters more.
 */
const budgetExhausted = (call: Call, fault: Fault.Fault): Fault.Fault => {
  call.setup.series.refusedRetries.add(1)
  call.event("policy.rejected", { "holdfast.code": "budget-exhausted" })
  const hint = `Not retried: too many retries to ${call.setup.name} in a short time`
  if (Fault.isOutcomeUnknown(fault)) return fault.with({ hint })
  return Fault.make({ ...fault.options, kind: "rejected", code: "budget-exhausted", hint, cause: fault })
}

const exhausted = <A, E, R>(
  attempt: Attempt<A, E, R>,
  fault: Fault.Fault,
  reason: RetryPolicy.StopReason
): Fault.Fault => {
  if (fault.code === "deadline" || (attempt.number === 1 && reason === "attempts")) return fault
  const tries = attempt.number === 1 ? "tried once" : `tried ${attempt.number} times`
  const spent = format(attempt.call.now() - attempt.call.startedAt)
  const why = reason === "deadline" ? "; the next try would come after the deadline" : ""
  return Fault.make({
    ...fault.options,
    detail: `${fault.detail.replace(/[.\s]+$/, "")} (${tries} in ${spent}${why})`
  })
}
