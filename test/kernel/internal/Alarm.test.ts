import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"
import { Alarm, AlarmList, clear, listFor, withAlarm } from "../../../src/kernel/internal/Alarm.ts"
import { isLive, live, now } from "../../../src/kernel/internal/Time.ts"

class Bell extends Alarm {
  readonly onRing: () => void

  constructor(onRing: () => void = () => {}) {
    super()
    this.onRing = onRing
  }

  ring(): void {
    this.onRing()
  }
}

/** Timers that keep the process alive, those of the test runner included. */
const timers = (): number => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length

describe("the live clock", () => {
  it("is recognised, and nothing else is taken for it", () => {
    const other = Clock.make()
    const wrapped: Clock.Clock = { ...live, sleep: () => Effect.void }
    const faster = Object.assign(Clock.make(), { unsafeCurrentTimeNanos: () => 0n })
    expect([live, other, wrapped, faster].map(isLive)).toEqual([true, true, false, false])
  })

  it.effect("is not the one of a test", () =>
    Effect.map(TestClock.testClock(), (clock) => expect(isLive(clock)).toBe(false)))
})

describe("a list of alarms", () => {
  it("has one timer for all of them, and none that keeps the process alive once they are cleared", () => {
    for (const reused of [true, false]) {
      const list = new AlarmList(3_600_000, reused)
      const before = timers()
      const bells = Array.from({ length: 100 }, () => new Bell())
      for (const bell of bells) list.set(bell, now(live))
      expect(timers()).toBe(before + 1)
      for (const bell of bells) clear(bell)
      expect(timers()).toBe(before)
      const again = new Bell()
      list.set(again, now(live))
      expect(timers()).toBe(before + 1)
      clear(again)
      clear(again)
      expect(timers()).toBe(before)
    }
  })

  it("is shared by all that wait as long", () => {
    expect(listFor(1234)).toBe(listFor(1234))
    expect(listFor(1234)).not.toBe(listFor(1235))
  })

  it.live("rings in the order of setting, each once, and not what was cleared from anywhere in it", () =>
    Effect.gen(function*() {
      const list = new AlarmList(2, true)
      const rung: Array<number> = []
      const done = yield* Deferred.make<void>()
      const bells = Array.from({ length: 6 }, (_, index) =>
        new Bell(() => {
          rung.push(index)
          if (index === 4) Deferred.unsafeDone(done, Effect.void)
        }))
      for (const bell of bells) list.set(bell, now(live))
      for (const index of [0, 2, 5]) {
        const bell = bells[index]
        if (bell !== undefined) clear(bell)
      }
      yield* Deferred.await(done)
      expect(rung).toEqual([1, 3, 4])
    }))

  it.prop(
    "stays whole whatever is set and cleared in whatever order",
    { steps: FastCheck.array(FastCheck.tuple(FastCheck.boolean(), FastCheck.nat(30)), { maxLength: 100 }) },
    ({ steps }) => {
      const list = new AlarmList(3_600_000, false)
      const before = timers()
      const set: Array<Bell> = []
      for (const [add, at] of steps) {
        if (add) {
          const bell = new Bell()
          set.push(bell)
          list.set(bell, 0)
        } else {
          const [bell] = set.splice(at % Math.max(1, set.length), 1)
          if (bell !== undefined) clear(bell)
        }
        expect(timers()).toBe(before + (set.length > 0 ? 1 : 0))
        for (const [index, bell] of set.entries()) {
          expect([bell.before, bell.after]).toEqual([set[index - 1], set[index + 1]])
        }
      }
      for (const bell of set) clear(bell)
      expect(timers()).toBe(before)
    }
  )
})

describe("an alarm on another clock", () => {
  it.effect("rings by that clock, and not once it is cleared", () =>
    Effect.gen(function*() {
      const clock = yield* TestClock.testClock()
      let rung = 0
      const [first, second] = [new Bell(() => rung++), new Bell(() => rung++)]
      for (const bell of [first, second]) yield* withAlarm(bell, clock, 0, 1000, undefined, Effect.void)
      yield* TestClock.adjust(999)
      clear(second)
      expect(rung).toBe(0)
      yield* TestClock.adjust(1)
      expect(rung).toBe(1)
      yield* TestClock.adjust(5000)
      expect(rung).toBe(1)
    }))
})
