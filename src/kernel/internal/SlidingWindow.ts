/**
 * How the last calls went: the last n of them, or those of the last n milliseconds. Adding a call writes to typed
 * arrays that exist already, so it allocates nothing.
 *
 * @since 0.1.0
 */

/** What a window knows. */
export interface Tally {
  readonly calls: number
  readonly failures: number
  readonly slow: number
}

/** The last calls. */
export interface SlidingWindow extends Tally {
  readonly add: (failed: boolean, slow: boolean, now: number) => void
  /** Forgets what is too old at `now`. */
  readonly advance: (now: number) => void
  /** Puts a tally of another window into this empty one. */
  readonly seed: (tally: Tally, now: number) => void
  readonly clear: () => void
}

const failedBit = 1
const slowBit = 2

/** The last `size` calls, however long ago. */
export class CountWindow implements SlidingWindow {
  calls = 0
  failures = 0
  slow = 0
  private readonly ring: Uint8Array
  private next = 0

  constructor(size: number) {
    this.ring = new Uint8Array(size)
  }

  add(failed: boolean, slow: boolean): void {
    if (this.calls === this.ring.length) this.forget(this.ring[this.next] ?? 0)
    this.ring[this.next] = (failed ? failedBit : 0) | (slow ? slowBit : 0)
    this.next = this.next + 1 === this.ring.length ? 0 : this.next + 1
    this.calls += 1
    if (failed) this.failures += 1
    if (slow) this.slow += 1
  }

  advance(): void {}

  /** Keeps the shares where the tally is larger than the window. */
  seed(tally: Tally): void {
    const kept = Math.min(tally.calls, this.ring.length)
    const scale = tally.calls === 0 ? 0 : kept / tally.calls
    const failures = Math.round(tally.failures * scale)
    const slow = Math.round(tally.slow * scale)
    for (let index = 0; index < kept; index++) this.add(index < failures, index < slow)
  }

  clear(): void {
    this.calls = 0
    this.failures = 0
    this.slow = 0
    this.next = 0
  }

  private forget(bits: number): void {
    this.calls -= 1
    if ((bits & failedBit) !== 0) this.failures -= 1
    if ((bits & slowBit) !== 0) this.slow -= 1
  }
}

/** Ten of them: a call is forgotten at most a tenth of the window too early. */
const buckets = 10

/** The calls of the last `millis` milliseconds, in ten buckets. */
export class TimeWindow implements SlidingWindow {
  calls = 0
  failures = 0
  slow = 0
  private readonly bucketMillis: number
  private readonly callsOf = new Float64Array(buckets)
  private readonly failuresOf = new Float64Array(buckets)
  private readonly slowOf = new Float64Array(buckets)
  /** Where the newest bucket lies, and when it ends. */
  private slot = 0
  private slotEnd = Number.NEGATIVE_INFINITY

  constructor(millis: number) {
    this.bucketMillis = millis / buckets
  }

  add(failed: boolean, slow: boolean, now: number): void {
    this.advance(now)
    const slot = this.slot
    this.callsOf[slot] = (this.callsOf[slot] ?? 0) + 1
    this.calls += 1
    if (failed) {
      this.failuresOf[slot] = (this.failuresOf[slot] ?? 0) + 1
      this.failures += 1
    }
    if (slow) {
      this.slowOf[slot] = (this.slowOf[slot] ?? 0) + 1
      this.slow += 1
    }
  }

  /** A clock that went back leaves the newest bucket in use. */
  advance(now: number): void {
    if (now < this.slotEnd) return
    const passed = Math.floor((now - this.slotEnd) / this.bucketMillis) + 1
    const emptied = Math.min(buckets, passed)
    for (let step = 0; step < emptied; step++) {
      this.slot = this.slot + 1 === buckets ? 0 : this.slot + 1
      this.empty(this.slot)
    }
    this.slotEnd = passed > buckets ? now + this.bucketMillis : this.slotEnd + passed * this.bucketMillis
  }

  seed(tally: Tally, now: number): void {
    this.advance(now)
    const slot = this.slot
    this.callsOf[slot] = this.calls = tally.calls
    this.failuresOf[slot] = this.failures = tally.failures
    this.slowOf[slot] = this.slow = tally.slow
  }

  clear(): void {
    this.calls = 0
    this.failures = 0
    this.slow = 0
    this.callsOf.fill(0)
    this.failuresOf.fill(0)
    this.slowOf.fill(0)
  }

  private empty(slot: number): void {
    this.calls -= this.callsOf[slot] ?? 0
    this.failures -= this.failuresOf[slot] ?? 0
    this.slow -= this.slowOf[slot] ?? 0
    this.callsOf[slot] = 0
    this.failuresOf[slot] = 0
    this.slowOf[slot] = 0
  }
}
