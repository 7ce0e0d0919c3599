/**
 * The machine of a circuit breaker: plain, synchronous, the clock and the chance passed in. There is no timer: an
 * open circuit becomes half-open when somebody asks after its time, so a process may end at any moment.
 *
 * Every permit is a number that only grows. A state starts with the number after the last one given out, so a
 * result that carries a smaller number was begun in an earlier state and changes nothing in this one.
 *
 * @since 0.1.0
 */
import { resolve } from "./internal/CircuitSettings.ts"
import type { Settings, Thresholds } from "./internal/CircuitSettings.ts"
import type { Snapshot } from "./internal/CircuitSnapshot.ts"
import type { Counts, Reason, State, Transition } from "./internal/CircuitState.ts"
import { CountWindow, TimeWindow } from "./internal/SlidingWindow.ts"
import type { SlidingWindow } from "./internal/SlidingWindow.ts"

/**
 * @since 0.1.0
 * @category machine
 */
export class CircuitMachine {
  /** @since 0.1.0 */
  readonly counts: Counts = {
    successes: 0,
    failures: 0,
    slow: 0,
    rejected: 0,
    dropped: 0,
    stale: 0,
    reclaimed: 0,
    openings: 0,
    wouldHaveOpened: 0
  }
  private settings: Settings
  private window: SlidingWindow | undefined
  private status: State = "closed"
  private countsOnly = false
  private sequence = 0
  private firstOfState = 1
  private consecutive = 0
  private inARow = 0
  private openedAt = 0
  private openUntil = 0
  private probeSuccesses = 0
  /** When each probe in flight began, the oldest first. */
  private readonly probes = new Map<number, number>()
  private readonly random: () => number
  private readonly onTransition: ((transition: Transition) => void) | undefined

  constructor(
    options: Thresholds,
    environment: {
      /** A number from 0 (inclusive) to 1 (exclusive). */
      readonly random: () => number
      /** Called after every change of state. Must not throw. */
      readonly onTransition?: ((transition: Transition) => void) | undefined
    }
  ) {
    this.settings = resolve(options)
    this.window = makeWindow(this.settings)
    this.random = environment.random
    this.onTransition = environment.onTransition
  }

  /**
   * A permit above 0, or 0 where the call is rejected. Every permit is given back with {@link record} or {@link drop}.
   *
   * @since 0.1.0
   */
  tryAcquire(now: number): number {
    if (this.status === "closed") return ++this.sequence
    if (this.status === "open" && now >= this.openUntil) this.enter("half-open", "due", now)
    if (this.status === "half-open" && this.hasRoom(now)) {
      const permit = ++this.sequence
      this.probes.set(permit, now)
      return permit
    }
    this.counts.rejected += 1
    return 0
  }

  /**
   * How long, in milliseconds, until it is worth trying again; `Infinity` while isolated, 0 where nothing is rejected.
   *
   * @since 0.1.0
   */
  retryAfter(now: number): number {
    if (this.status === "closed") return 0
    if (this.status === "isolated") return Number.POSITIVE_INFINITY
    if (this.status === "open") return Math.max(0, this.openUntil - now)
    if (this.roomLeft() > 0) return 0
    const [oldest] = this.probes.values()
    const reclaimable = oldest === undefined ? 0 : Math.max(0, oldest + this.settings.probeMaxWait - now)
    return Math.min(reclaimable, this.settings.openFor)
  }

  /**
   * The call is over: the service did its work, or it failed.
   *
   * @since 0.1.0
   */
  record(permit: number, ok: boolean, durationMillis: number, now: number): void {
    if (permit < this.firstOfState) {
      this.counts.stale += 1
      return
    }
    const slow = durationMillis >= this.settings.slowCallAfter
    if (this.status === "closed") this.recordCall(ok, slow, now)
    else this.recordProbe(permit, ok, slow, now)
  }

  /**
   * The call is over and says nothing about the service: it was cancelled, throttled, or never sent.
   *
   * @since 0.1.0
   */
  drop(permit: number, _now: number): void {
    this.counts.dropped += 1
    if (permit >= this.firstOfState) this.probes.delete(permit)
  }

  /**
   * Opens for as long as the server asked for, within the cap, and a little longer by chance. A circuit that is open
   * longer already stays so. Not a failure: it does not make later open times grow.
   *
   * @since 0.1.0
   */
  trip(now: number, forMillis: number): void {
    if (!(forMillis > 0) || this.countsOnly || this.status === "isolated") return
    const millis = Math.min(forMillis, this.settings.tripCap) * (1 + this.settings.openJitter * this.random())
    if (this.status === "open") this.openUntil = Math.max(this.openUntil, now + millis)
    else this.open("server", now, millis)
  }

  /**
   * Rejects every call until {@link reset}.
   *
   * @since 0.1.0
   */
  isolate(now: number): void {
    this.countsOnly = false
    this.enter("isolated", "isolated", now)
  }

  /**
   * Counts, and rejects nothing, until {@link reset}.
   *
   * @since 0.1.0
   */
  metricsOnly(now: number): void {
    this.countsOnly = true
    if (this.status !== "closed") this.forget()
    this.enter("closed", "metrics-only", now)
  }

  /**
   * Closes and forgets.
   *
   * @since 0.1.0
   */
  reset(now: number): void {
    this.countsOnly = false
    this.forget()
    this.enter("closed", "reset", now)
  }

  /**
   * Works by other thresholds from now on. State, failures in a row and probes in flight stay; a window of another
   * size or kind takes over what the old one counted. An open time is cut to the new cap.
   *
   * @since 0.1.0
   */
  configure(options: Thresholds, now: number): void {
    const before = this.settings
    this.settings = resolve(options)
    this.openUntil = Math.min(this.openUntil, Math.max(now, this.openedAt + this.longestOpen()))
    const after = this.settings
    const sameWindow = before.window.kind === after.window.kind && before.window.size === after.window.size
    if (sameWindow && this.window !== undefined && usesWindow(after)) return
    const old = this.window
    old?.advance(now)
    this.window = makeWindow(after)
    if (old !== undefined) this.window?.seed(old, now)
  }

  /**
   * The state that the next call will meet.
   *
   * @since 0.1.0
   */
  state(now: number): State {
    return this.status === "open" && now >= this.openUntil ? "half-open" : this.status
  }

  /**
   * The permits in flight of the half-open state.
   *
   * @since 0.1.0
   */
  get probesInFlight(): number {
    return this.probes.size
  }

  /**
   * What to keep for another process. `wallMillis` is the wall clock.
   *
   * @since 0.1.0
   */
  export(now: number, wallMillis: number): Snapshot {
    this.window?.advance(now)
    return {
      version: 1,
      state: this.status,
      metricsOnly: this.countsOnly,
      takenAt: wallMillis,
      remainingMillis: this.status === "open" ? Math.max(0, this.openUntil - now) : 0,
      openings: this.inARow,
      consecutiveFailures: this.consecutive,
      window: {
        calls: this.window?.calls ?? 0,
        failures: this.window?.failures ?? 0,
        slow: this.window?.slow ?? 0
      }
    }
  }

  /**
   * Goes on where another process stopped. What is left of the open time shrinks by the time in between and is cut to
   * the cap; where the wall clock went back that time cannot be known, and the circuit may be probed at once. Probes
   * in flight there are not waited for. Counts older than the longest open time are forgotten.
   *
   * @since 0.1.0
   */
  restore(snapshot: Snapshot, now: number, wallMillis: number): void {
    const away = wallMillis - snapshot.takenAt
    this.forget()
    this.countsOnly = snapshot.metricsOnly
    this.inARow = snapshot.openings
    if (snapshot.state === "closed" && away >= 0 && away <= this.settings.openCap) {
      this.consecutive = snapshot.consecutiveFailures
      if (this.settings.window.kind === "calls" || away < this.settings.window.size) {
        this.window?.seed(snapshot.window, now)
      }
    }
    const left = away < 0 ? 0 : Math.min(Math.max(0, snapshot.remainingMillis - away), this.longestOpen())
    this.openedAt = now
    this.openUntil = now + left
    const state = snapshot.state === "half-open" ? "open" : snapshot.state
    this.enter(this.countsOnly ? "closed" : state, "restored", now)
  }

  private recordCall(ok: boolean, slow: boolean, now: number): void {
    this.tally(ok, slow)
    this.consecutive = ok ? 0 : this.consecutive + 1
    if (this.window !== undefined) this.window.add(!ok, slow, now)
    const reason = this.worry()
    if (reason === undefined) return
    if (this.countsOnly) {
      this.counts.wouldHaveOpened += 1
      this.forget()
    } else this.open(reason, now, this.nextOpenMillis())
  }

  private recordProbe(permit: number, ok: boolean, slow: boolean, now: number): void {
    if (!this.probes.delete(permit)) {
      this.counts.stale += 1
      return
    }
    this.tally(ok, slow)
    if (!ok || (slow && this.settings.slowCallRate <= 1)) {
      this.open("probe-failed", now, this.nextOpenMillis())
      return
    }
    this.probeSuccesses += 1
    if (this.probeSuccesses < this.settings.successesToClose) return
    this.forget()
    this.enter("closed", "probes-succeeded", now)
  }

  private tally(ok: boolean, slow: boolean): void {
    if (ok) this.counts.successes += 1
    else this.counts.failures += 1
    if (slow) this.counts.slow += 1
  }

  private worry(): Reason | undefined {
    if (this.consecutive >= this.settings.consecutiveFailures) return "consecutive-failures"
    const window = this.window
    if (window === undefined || window.calls < this.settings.minimumCalls) return undefined
    if (window.failures >= this.settings.failureRate * window.calls) return "failure-rate"
    return window.slow >= this.settings.slowCallRate * window.calls ? "slow-call-rate" : undefined
  }

  private nextOpenMillis(): number {
    // The power may overflow to Infinity; the open time is above zero, so the minimum is then the cap.
    const grown = Math.min(this.settings.openCap, this.settings.openFor * this.settings.openFactor ** this.inARow)
    this.inARow += 1
    return grown * (1 - this.settings.openJitter * this.random())
  }

  private longestOpen(): number {
    return Math.max(this.settings.openCap, this.settings.tripCap * (1 + this.settings.openJitter))
  }

  private open(reason: Reason, now: number, millis: number): void {
    this.counts.openings += 1
    this.openedAt = now
    this.openUntil = now + millis
    this.enter("open", reason, now)
  }

  private enter(to: State, reason: Reason, now: number): void {
    const from = this.status
    this.status = to
    this.firstOfState = this.sequence + 1
    this.probes.clear()
    this.probeSuccesses = 0
    if (from !== to) this.onTransition?.({ from, to, reason, at: now, openMillis: this.retryAfter(now) })
  }

  private forget(): void {
    this.consecutive = 0
    this.inARow = 0
    this.window?.clear()
  }

  private roomLeft(): number {
    const inAll = Math.max(this.settings.probes, this.settings.successesToClose)
    return Math.min(this.settings.probes, inAll - this.probeSuccesses) - this.probes.size
  }

  /** A probe keeps its place beyond its time as long as nobody else wants it, so its late result still counts. */
  private hasRoom(now: number): boolean {
    if (this.roomLeft() > 0) return true
    for (const [permit, startedAt] of this.probes) {
      if (now - startedAt < this.settings.probeMaxWait) break
      this.probes.delete(permit)
      this.counts.reclaimed += 1
    }
    return this.roomLeft() > 0
  }
}

const usesWindow = (settings: Settings): boolean => settings.failureRate <= 1 || settings.slowCallRate <= 1

const makeWindow = (settings: Settings): SlidingWindow | undefined => {
  if (!usesWindow(settings)) return undefined
  return settings.window.kind === "time" ? new TimeWindow(settings.window.size) : new CountWindow(settings.window.size)
}
