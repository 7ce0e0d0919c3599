/**
 * A clock that a test moves by hand. Unlike the test clock it has no semaphore inside, so it also works for fibers
 * that may take only a few steps at a time: at such budgets a semaphore of this version of Effect loses its permits.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

interface Sleep {
  readonly until: number
  readonly wake: () => void
}

export class ManualClock implements Clock.Clock {
  readonly [Clock.ClockTypeId]: Clock.ClockTypeId = Clock.ClockTypeId
  readonly currentTimeMillis = Effect.sync(() => this.unsafeCurrentTimeMillis())
  readonly currentTimeNanos = Effect.sync(() => this.unsafeCurrentTimeNanos())
  private millis = 0
  private readonly sleeps = new Set<Sleep>()

  unsafeCurrentTimeMillis(): number {
    return this.millis
  }

  unsafeCurrentTimeNanos(): bigint {
    return BigInt(this.millis * 1e6)
  }

  sleep(duration: Duration.Duration): Effect.Effect<void> {
    return Effect.async<void>((resume) => {
      const sleep = { until: this.millis + Duration.toMillis(duration), wake: () => resume(Effect.void) }
      this.sleeps.add(sleep)
      return Effect.sync(() => this.sleeps.delete(sleep))
    })
  }

  /** How many fibers sleep. */
  get sleeping(): number {
    return this.sleeps.size
  }

  /** Wakes, in the order of their times, those whose time comes. */
  pass(millis: number): void {
    const end = this.millis + millis
    const due = Array.from(this.sleeps).filter((sleep) => sleep.until <= end).toSorted((a, b) => a.until - b.until)
    for (const sleep of due) {
      this.millis = sleep.until
      this.sleeps.delete(sleep)
      sleep.wake()
    }
    this.millis = end
  }
}
