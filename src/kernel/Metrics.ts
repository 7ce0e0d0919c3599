/**
 * The counters of the kernel. Every series has one label, the name of the policy, and never an id, so that their
 * number stays that of the policies in the program. Updating one costs a few nanoseconds: the label is bound when
 * the series is made and not at every update.
 *
 * @since 0.1.0
 */
import * as Metric from "effect/Metric"
import * as MetricKey from "effect/MetricKey"
import type * as MetricLabel from "effect/MetricLabel"

const noTags: ReadonlyArray<MetricLabel.MetricLabel> = []

/**
 * One series of a counter or gauge, its label bound.
 *
 * @since 0.1.0
 * @category models
 */
export interface Series {
  /** Adds to the value; a gauge also takes negative numbers. */
  readonly add: (amount: number) => void
}

/**
 * A counter labelled `policy`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const counter = (name: string, description: string, policy: string): Series => {
  const key = MetricKey.tagged(MetricKey.counter(name, { description, incremental: true }), "policy", policy)
  const metric = Metric.fromMetricKey(key)
  return { add: (amount) => metric.unsafeUpdate(amount, noTags) }
}

/**
 * A gauge labelled `policy`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gauge = (name: string, description: string, policy: string): Series => {
  const key = MetricKey.tagged(MetricKey.gauge(name, { description }), "policy", policy)
  const metric = Metric.fromMetricKey(key)
  return { add: (amount) => metric.unsafeModify(amount, noTags) }
}

/**
 * What a policy counts.
 *
 * @since 0.1.0
 * @category models
 */
export interface PolicySeries {
  /** `holdfast_policy_attempts`: runs of the work, the first ones included. */
  readonly attempts: Series
  /** `holdfast_policy_retries`: retries scheduled. */
  readonly retries: Series
  /** `holdfast_policy_retries_refused`: retries that the budget of the service refused. */
  readonly refusedRetries: Series
  /** `holdfast_policy_rejections`: calls that were shed: open circuit, full queue. */
  readonly rejections: Series
  /** `holdfast_policy_timeouts`: attempts that ran out of time, and calls that met their deadline. */
  readonly timeouts: Series
  /** `holdfast_policy_waiting`: calls that wait for a permit now. */
  readonly waiting: Series
  /** `holdfast_policy_abandoned`: runs whose caller is gone and which still hold their permit now. */
  readonly abandoned: Series
}

/**
 * The series of the policy of this name; policies that share a name share them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forPolicy = (policy: string): PolicySeries => ({
  attempts: counter("holdfast_policy_attempts", "Runs of the work, the first ones included", policy),
  retries: counter("holdfast_policy_retries", "Retries scheduled", policy),
  refusedRetries: counter("holdfast_policy_retries_refused", "Retries refused by the budget of the service", policy),
  rejections: counter("holdfast_policy_rejections", "Calls shed before they were sent", policy),
  timeouts: counter("holdfast_policy_timeouts", "Attempts and calls that ran out of time", policy),
  waiting: gauge("holdfast_policy_waiting", "Calls waiting for a permit", policy),
  abandoned: gauge("holdfast_policy_abandoned", "Abandoned runs that still hold a permit", policy)
})
