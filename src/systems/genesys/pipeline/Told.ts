/**
 * What an export says while it runs: progress for each type, lines in the log, metrics.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as MetricBoundaries from "effect/MetricBoundaries"
import * as Progress from "../../../observe/Progress.ts"
import type { Calls } from "./Calls.ts"
import type { Inventory } from "./Inventory.ts"

/** Milliseconds between two reports of one type. */
const pace = 100

const resources = Metric.counter("holdfast_genesys_resources", {
  description: "Resources of an export that ended, by type and outcome",
  incremental: true
})

const attempts = Metric.counter("holdfast_genesys_attempts", {
  description: "Requests sent for a type, the repeated ones included",
  incremental: true
})

const throttled = Metric.counter("holdfast_genesys_throttle_wait_ms", {
  description: "Milliseconds that requests for a type waited because the API asked for it",
  incremental: true
})

const duration = Metric.histogram(
  "holdfast_genesys_type_duration_ms",
  MetricBoundaries.exponential({ start: 100, factor: 2, count: 14 }),
  "From the first request for a type to its last resource, in milliseconds"
)

const name = (inventory: Inventory): string => inventory.table.type

const left = (millis: number): string => {
  const seconds = Math.ceil(millis / 1000)
  return seconds < 100 ? `${seconds} s` : `${Math.round(seconds / 60)} min`
}

/**
 * @since 0.1.0
 * @category models
 */
export class Told {
  private readonly calls: Calls
  private readonly clock: Clock.Clock
  private readonly reported = new Map<string, { readonly at: number; readonly phase: string }>()
  private readonly ended = new Set<string>()

  constructor(calls: Calls, clock: Clock.Clock) {
    this.calls = calls
    this.clock = clock
  }

  private get now(): number {
    return Number(this.clock.unsafeCurrentTimeNanos()) / 1e6
  }

  /** @since 0.1.0 */
  listing(inventory: Inventory): Effect.Effect<void> {
    return Effect.suspend(() => {
      inventory.startedAt = this.now
      return Progress.report({ item: name(inventory), state: "running", phase: "listing" })
    })
  }

  /**
   * Something of the type came or ended. Says so now and then, when a listing has ended, and the last time in any case.
   *
   * @since 0.1.0
   */
  moved(inventory: Inventory): Effect.Effect<void> {
    const { now } = this
    const isOver = inventory.listed && inventory.count("wanted") === 0
    if (isOver) return this.over(inventory, now)
    const phase = inventory.listed ? "reading" : "listing"
    const last = this.reported.get(name(inventory))
    // Where nothing is answered after the listing, this is the last that is said of the type.
    if (last !== undefined && last.phase === phase && now - last.at < pace) return Effect.void
    this.reported.set(name(inventory), { at: now, phase })
    const done = inventory.wanted - inventory.count("wanted")
    const fraction = inventory.wanted === 0 ? 0 : done / inventory.wanted
    const estimate = inventory.listed && done > 0
      ? `, about ${left((now - inventory.startedAt) * (1 / fraction - 1))} left`
      : ""
    return Progress.report({
      item: name(inventory),
      state: "running",
      phase,
      fraction,
      detail: detail(inventory) + estimate
    })
  }

  /**
   * More of a type is wanted than was at first.
   *
   * @since 0.1.0
   */
  again(inventory: Inventory): void {
    this.ended.delete(name(inventory))
  }

  private over(inventory: Inventory, now: number): Effect.Effect<void> {
    if (this.ended.has(name(inventory))) return Effect.void
    this.ended.add(name(inventory))
    const { problem } = inventory
    if (!inventory.inScope && problem === undefined) return Effect.void
    const bad = problem !== undefined || inventory.count("failed") > 0
    return Effect.all([
      Progress.report({
        item: name(inventory),
        state: bad ? "failed" : "done",
        phase: problem === undefined ? "read" : problem.reason,
        fraction: 1,
        detail: problem === undefined ? detail(inventory) : problem.fault.detail
      }),
      problem === undefined || problem.reason === "incomplete"
        ? Effect.logInfo(
          `Export completed for ${name(inventory)}: ${inventory.count("present")} resources successfully exported`
        )
        : Effect.logWarning(`Export of ${name(inventory)}: ${problem.reason}: ${problem.fault.message}`),
      this.measured(inventory, now)
    ], { discard: true })
  }

  private measured(inventory: Inventory, now: number): Effect.Effect<void> {
    const cost = this.calls.costOf(name(inventory))
    const tagged = (metric: Metric.Metric.Counter<number>) => Metric.tagged(metric, "type", name(inventory))
    const outcomes = (["present", "vanished", "failed"] as const).map((outcome) =>
      Metric.incrementBy(Metric.tagged(tagged(resources), "outcome", outcome), inventory.count(outcome))
    )
    return Effect.all([
      ...outcomes,
      Metric.incrementBy(tagged(attempts), cost.attempts),
      Metric.incrementBy(tagged(throttled), cost.throttled),
      Metric.update(Metric.tagged(duration, "type", name(inventory)), now - inventory.startedAt)
    ], { discard: true })
  }
}

const detail = (inventory: Inventory): string => {
  const parts = [`listed ${inventory.entries.size}`]
  const reused = inventory.from("kept") + inventory.from("trusted")
  if (inventory.from("read") > 0 || inventory.count("wanted") > 0) parts.push(`read ${inventory.from("read")}`)
  if (reused > 0) parts.push(`known from before ${reused}`)
  if (inventory.count("vanished") > 0) parts.push(`vanished ${inventory.count("vanished")}`)
  if (inventory.count("failed") > 0) parts.push(`failed ${inventory.count("failed")}`)
  return parts.join(", ")
}
