/**
 * Timeouts without fibers. All alarms of one duration share a list and one timer: they ring in the order in which
 * they were set, so setting and clearing one is linking and unlinking a node. A timer with no alarm behind it does
 * not keep the process alive.
 *
 * On any clock but the machine's own there is no timer to set, so a fiber sleeps on that clock instead.
 *
 * @since 0.1.0
 */
import type * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import { isLive, live, longestTimer, now } from "./Time.ts"

/** Something that wants to be told when its time is over. */
export abstract class Alarm {
  dueAt = 0
  list: AlarmList | undefined = undefined
  before: Alarm | undefined = undefined
  after: Alarm | undefined = undefined
  sleeper: Fiber.RuntimeFiber<void> | undefined = undefined

  /** Called once, from a timer or from the sleeping fiber, unless the alarm was cleared before. Must not throw. */
  abstract ring(): void
}

/** The alarms of one duration, the earliest first. */
export class AlarmList {
  readonly millis: number
  private readonly reused: boolean
  private head: Alarm | undefined = undefined
  private tail: Alarm | undefined = undefined
  private timer: ReturnType<typeof setTimeout> | undefined = undefined

  constructor(millis: number, reused: boolean) {
    this.millis = millis
    this.reused = reused
  }

  set(alarm: Alarm, now: number): void {
    alarm.dueAt = now + this.millis
    alarm.list = this
    alarm.before = this.tail
    alarm.after = undefined
    if (this.tail !== undefined) this.tail.after = alarm
    this.tail = alarm
    if (this.head !== undefined) return
    this.head = alarm
    if (this.timer === undefined) this.start(this.millis)
    else this.timer.ref()
  }

  remove(alarm: Alarm): void {
    if (alarm.list !== this) return
    if (alarm.before === undefined) this.head = alarm.after
    else alarm.before.after = alarm.after
    if (alarm.after === undefined) this.tail = alarm.before
    else alarm.after.before = alarm.before
    alarm.list = undefined
    alarm.before = undefined
    alarm.after = undefined
    if (this.head === undefined) this.rest()
  }

  /** A list that will be used again keeps its timer, which is cheaper than a new one for every call. */
  private rest(): void {
    if (this.reused) {
      this.timer?.unref()
    } else {
      clearTimeout(this.timer)
      this.timer = undefined
    }
  }

  private start(millis: number): void {
    this.timer = setTimeout(this.tick, Math.min(Math.max(1, Math.ceil(millis)), longestTimer))
  }

  /** The timer may be early: it was started for an alarm that has been cleared, or rounded down. */
  private readonly tick = (): void => {
    this.timer = undefined
    const current = now(live)
    while (this.head !== undefined && this.head.dueAt <= current) {
      const due = this.head
      this.remove(due)
      due.ring()
    }
    if (this.head !== undefined && this.timer === undefined) this.start(this.head.dueAt - current)
  }
}

const lists = new Map<number, AlarmList>()

/** The list of a duration that many calls share, such as the timeout of a policy. It is kept for good. */
export const listFor = (millis: number): AlarmList => {
  const known = lists.get(millis)
  if (known !== undefined) return known
  const list = new AlarmList(millis, true)
  lists.set(millis, list)
  return list
}

/** Sets the alarm on the machine's own clock. */
export const setAlarm = (alarm: Alarm, current: number, millis: number, list: AlarmList | undefined): void => {
  if (millis === Number.POSITIVE_INFINITY) return
  const shared = list ?? new AlarmList(millis, false)
  shared.set(alarm, current)
}

/**
 * Sets the alarm and goes on with the body. To be used where interruption is masked, and with {@link clear} on every
 * way out of the body. The list serves durations that come again; without one the alarm has a timer of its own.
 */
export const withAlarm = <A, E, R>(
  alarm: Alarm,
  clock: Clock.Clock,
  current: number,
  millis: number,
  list: AlarmList | undefined,
  body: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> => {
  if (millis === Number.POSITIVE_INFINITY) return body
  if (isLive(clock)) {
    setAlarm(alarm, current, millis, list)
    return body
  }
  const sleeping = Effect.map(clock.sleep(Duration.millis(millis)), () => alarm.ring())
  return Effect.flatMap(Effect.forkDaemon(Effect.interruptible(sleeping)), (sleeper) => {
    alarm.sleeper = sleeper
    return body
  })
}

/** Clears the alarm; one that has rung or was never set is left alone. */
export const clear = (alarm: Alarm): void => {
  if (alarm.list !== undefined) alarm.list.remove(alarm)
  if (alarm.sleeper !== undefined) {
    alarm.sleeper.unsafeInterruptAsFork(FiberId.none)
    alarm.sleeper = undefined
  }
}
