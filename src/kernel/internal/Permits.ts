/**
 * The bulkhead's machine: weighted permits and a queue, plain and synchronous. Nothing here depends on how many wait:
 * the queue is a linked list, leaving it from the middle costs the same as from its head, and a release grants what
 * it can from the head on.
 *
 * @since 0.1.0
 */

/** Something in line. The machine owns the fields; only `grant` is the caller's. */
export interface Waiter {
  readonly weight: number
  state: "new" | "queued" | "granted" | "left"
  previous: Waiter | undefined
  next: Waiter | undefined
  /** The permits are yours. Called in the order of asking, while a release runs: it must not throw. */
  grant(): void
}

export interface AdaptiveOptions {
  /** The limit never falls below this. Defaults to `1`. */
  readonly min?: number | undefined
  /** The limit never rises above this. Defaults to ten times `permits`. */
  readonly max?: number | undefined
  /** What is left of the limit after an overload. Defaults to `0.75`. */
  readonly backoff?: number | undefined
}

export interface PermitsOptions {
  readonly permits: number
  readonly queue: number
  readonly maxAbandoned: number
  readonly adaptive: AdaptiveOptions | undefined
}

export type Refusal = "queue-full" | "work-abandoned"

export class Permits {
  private total: number
  private held = 0
  private line = 0
  private orphaned = 0
  private refused = 0
  private head: Waiter | undefined = undefined
  private tail: Waiter | undefined = undefined
  private capacity: number
  private readonly maxAbandoned: number
  private readonly adaptive: { readonly min: number; readonly max: number; readonly backoff: number } | undefined
  private loweredAt = Number.NEGATIVE_INFINITY

  constructor(options: PermitsOptions) {
    demand(Number.isInteger(options.permits) && options.permits >= 0, "permits", "a whole number", options.permits)
    demand(options.queue >= 0, "queue", "at least 0", options.queue)
    demand(options.maxAbandoned >= 1, "maxAbandoned", "at least 1", options.maxAbandoned)
    this.total = options.permits
    this.capacity = options.queue
    this.maxAbandoned = options.maxAbandoned
    this.adaptive = options.adaptive === undefined ? undefined : checked(options.adaptive, options.permits)
  }

  /** How much may run at once. */
  get limit(): number {
    return Math.floor(this.total)
  }

  /** How much runs, abandoned work included. */
  get inUse(): number {
    return this.held
  }

  /** How many callers are in line. */
  get waiting(): number {
    return this.line
  }

  /** How much of what runs has no caller any more. */
  get abandoned(): number {
    return this.orphaned
  }

  /** How many callers were turned away so far. */
  get rejections(): number {
    return this.refused
  }

  /** Takes permits if they are free and nobody is in line. */
  tryAcquire(weight: number): boolean {
    if (this.line > 0 || this.orphaned >= this.maxAbandoned || !this.fits(weight)) return false
    this.held += weight
    return true
  }

  /** Gets in line, or says why not. Whoever is in line is granted the permits or leaves by itself. */
  enqueue(waiter: Waiter): Refusal | undefined {
    const refusal = this.orphaned >= this.maxAbandoned
      ? "work-abandoned"
      : this.line >= this.capacity
      ? "queue-full"
      : undefined
    if (refusal !== undefined) {
      this.refused += 1
      return refusal
    }
    waiter.state = "queued"
    waiter.previous = this.tail
    waiter.next = undefined
    if (this.tail === undefined) this.head = waiter
    else this.tail.next = waiter
    this.tail = waiter
    this.line += 1
    return undefined
  }

  /** Gives up waiting, whatever has come of it: leaves the line, or gives back what was just granted. */
  leave(waiter: Waiter): void {
    if (waiter.state === "queued") {
      this.unlink(waiter)
      waiter.state = "left"
      this.grantAll()
    } else if (waiter.state === "granted") {
      waiter.state = "left"
      this.release(waiter.weight)
    }
  }

  /** The work has ended. */
  release(weight: number): void {
    this.held -= weight
    this.grantAll()
  }

  /** The caller is gone, the work runs on: it keeps its permits until {@link reclaim}. */
  abandon(weight: number): void {
    this.orphaned += weight
  }

  /** Abandoned work has ended. */
  reclaim(weight: number): void {
    this.orphaned -= weight
    this.release(weight)
  }

  /** Changes the limit. What runs beyond a lower one runs on; 0 lets nothing start. */
  resize(permits: number): void {
    demand(Number.isInteger(permits) && permits >= 0, "permits", "a whole number", permits)
    this.total = permits
    this.grantAll()
  }

  /** Changes how many may be in line. Whoever is in line stays. */
  resizeQueue(queue: number): void {
    demand(queue >= 0, "queue", "at least 0", queue)
    this.capacity = queue
  }

  /** A run ended well: a little more, if the limit is in use at all. To be told before its release. */
  fine(): void {
    if (this.adaptive === undefined || this.held * 2 < this.total) return
    this.total = Math.min(this.adaptive.max, this.total + 1 / Math.max(1, this.total))
    this.grantAll()
  }

  /**
   * A run met an overload: a share less. Runs that began before the last cut say nothing about the limit after it,
   * so that one burst of timeouts cuts once.
   */
  overloaded(startedAt: number, now: number): void {
    if (this.adaptive === undefined || startedAt < this.loweredAt) return
    this.loweredAt = now
    this.total = Math.max(this.adaptive.min, this.limit * this.adaptive.backoff)
  }

  /** What is heavier than the limit runs alone; it would wait for ever otherwise, also after a cut of the limit. */
  private fits(weight: number): boolean {
    const limit = this.limit
    return limit > 0 && (this.held === 0 || this.held + weight <= limit)
  }

  private grantAll(): void {
    while (this.head !== undefined && this.fits(this.head.weight)) {
      const first = this.head
      this.unlink(first)
      this.held += first.weight
      first.state = "granted"
      first.grant()
    }
  }

  private unlink(waiter: Waiter): void {
    if (waiter.previous === undefined) this.head = waiter.next
    else waiter.previous.next = waiter.next
    if (waiter.next === undefined) this.tail = waiter.previous
    else waiter.next.previous = waiter.previous
    waiter.previous = undefined
    waiter.next = undefined
    this.line -= 1
  }
}

const checked = (options: AdaptiveOptions, permits: number) => {
  const adaptive = {
    min: options.min ?? 1,
    max: options.max ?? permits * 10,
    backoff: options.backoff ?? 0.75
  }
  demand(adaptive.min >= 1 && adaptive.min <= permits, "adaptive.min", "from 1 to the permits", adaptive.min)
  demand(adaptive.max >= permits, "adaptive.max", "at least the permits", adaptive.max)
  demand(adaptive.backoff > 0 && adaptive.backoff < 1, "adaptive.backoff", "between 0 and 1", adaptive.backoff)
  return adaptive
}

const demand = (holds: boolean, name: string, wanted: string, value: number): void => {
  if (!holds) throw new RangeError(`Bulkhead: ${name} must be ${wanted}, not ${value}`)
}

/** The weight of a call: a mistake here would corrupt the count, so it is refused. */
export const checkedWeight = (weight: number): number => {
  demand(Number.isInteger(weight) && weight >= 1, "weight", "a whole number of at least 1", weight)
  return weight
}
