import { describe, expect, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as Deadline from "../../src/kernel/Deadline.ts"
import * as Fault from "../../src/kernel/Fault.ts"
import * as Poll from "../../src/kernel/Poll.ts"
import * as VirtualClock from "../../src/simulation/VirtualClock.ts"

interface Task {
  readonly status: "running" | "stopped"
  readonly percent: number
}

const fault = (kind: Fault.Kind, more: Partial<Fault.Options> = {}) =>
  Fault.make({ kind, system: "world", operation: "World.task", detail: kind, ...more })

/** A task that ends after so many milliseconds of the test clock, and the times at which it was read. */
const makeTask = (endsAfter: number, answer?: (count: number) => Effect.Effect<void, Fault.Fault>) => {
  const reads: Array<number> = []
  const read = Effect.flatMap(Clock.currentTimeMillis, (at): Effect.Effect<Task, Fault.Fault> => {
    reads.push(at)
    const task: Task = at >= endsAfter
      ? { status: "stopped", percent: 100 }
      : { status: "running", percent: Math.floor((100 * at) / endsAfter) }
    return answer === undefined ? Effect.succeed(task) : Effect.as(answer(reads.length), task)
  })
  return { reads, read }
}

const isStopped = (task: Task): task is Task & { readonly status: "stopped" } => task.status === "stopped"

/** No jitter, so that the times can be told. */
const exact = { jitter: 0 }

/** Runs from time 0 on a clock that never waits. */
const inTime = <A, E>(program: Effect.Effect<A, E>) => VirtualClock.run(program, { startMillis: 0 })

/** The error of a program, and when it came. */
const failsAt = <A, E>(program: Effect.Effect<A, E>) =>
  inTime(Effect.zip(Effect.flip(program), Clock.currentTimeMillis))

const foreseen = ({ percent }: Task) => 7300 * (1 - percent / 100)

describe("Poll.until, when production goes wrong", () => {
  it.effect("goes on waiting for a task that is not affected by reads that fail", () =>
    Effect.gen(function*() {
      const task = makeTask(4000, (count) => count % 2 === 0 ? fault("transient", { sent: "maybe" }) : Effect.void)
      expect(yield* inTime(Poll.until(task.read, isStopped, exact))).toEqual({ status: "stopped", percent: 100 })
      expect(task.reads.length).toBeGreaterThan(4)
    }))

  it.effect("reads sooner and sooner towards its deadline, and says what it saw last", () =>
    Effect.gen(function*() {
      const task = makeTask(Infinity)
      const [error, at] = yield* failsAt(
        Poll.until(task.read, isStopped, {
          ...exact,
          deadline: "20 seconds",
          operation: "World.waitTask",
          system: "world",
          subject: "task 7",
          describe: ({ percent, status }) => `${status} at ${percent} %`
        })
      )
      expect(error).toMatchObject({
        kind: "timed-out",
        code: "deadline",
        system: "world",
        operation: "World.waitTask",
        subject: "task 7",
        remote: "last seen: running at 0 %"
      })
      expect(Fault.isOutcomeUnknown(error)).toBe(true)
      const last = task.reads.at(-1) ?? 0
      expect(last).toBeGreaterThan(20_000 - 250)
      expect(last).toBeLessThan(20_000)
      expect(at).toBeLessThanOrEqual(20_000)
    }))

  it.effect("does not hang on a read that never answers", () =>
    Effect.gen(function*() {
      let reads = 0
      const read = Effect.suspend(() => ++reads === 1 ? Effect.succeed("running") : Effect.never)
      const [error, at] = yield* failsAt(Poll.until(read, () => false, { deadline: "5 seconds" }))
      expect([error.code, error.operation, error.remote, reads]).toEqual([
        "deadline",
        "Poll.until",
        expect.stringContaining("last seen: \"running\""),
        2
      ])
      expect(at).toBe(5000)
    }))
})

describe("Poll.until", () => {
  it.effect("reads at once, then less and less often up to the cap", () =>
    Effect.gen(function*() {
      const task = makeTask(13_000)
      yield* inTime(Poll.until(task.read, isStopped, { first: 400, factor: 2, cap: 3000, jitter: 0 }))
      expect(task.reads).toEqual([0, 400, 1200, 2800, 5800, 8800, 11_800, 14_800])
    }))

  it.effect("aims at the end that it can foresee", () =>
    Effect.gen(function*() {
      const task = makeTask(7300)
      yield* inTime(Poll.until(task.read, isStopped, { ...exact, remaining: foreseen }))
      expect(task.reads.slice(0, 3)).toEqual([0, 3000, 6000])
      expect((task.reads.at(-1) ?? 0) - 7300).toBeLessThan(250)
      expect(task.reads.length).toBeLessThanOrEqual(5)
    }))

  it.effect("backs off from an end that is always near and never comes", () =>
    Effect.gen(function*() {
      const task = makeTask(60_000)
      yield* inTime(Poll.until(task.read, isStopped, { ...exact, remaining: () => 0 }))
      expect(task.reads.length).toBeLessThan(30)
    }))

  it.effect("waits at least as long as the server asks, even beyond the cap", () =>
    Effect.gen(function*() {
      const task = makeTask(
        500,
        (count) => count === 1 ? fault("throttled", { retryAfterMillis: 10_000 }) : Effect.void
      )
      yield* inTime(Poll.until(task.read, isStopped, exact))
      expect(task.reads).toEqual([0, 10_000])
    }))

  it.effect("does not begin a wait that the server asks for and that would pass the deadline", () =>
    Effect.gen(function*() {
      const read = fault("throttled", { retryAfterMillis: 60_000 })
      const error = yield* Effect.flip(Poll.until(read, () => true, { deadline: "30 seconds" }))
      expect([error.kind, error.code]).toEqual(["timed-out", "deadline"])
      expect(error.remote).toBe("it was never read; the last read failed: throttled")
      expect(yield* Clock.currentTimeMillis).toBe(0)
    }))

  it.effect("fails at once with a fault that it does not tolerate, and with an error that is no fault", () =>
    Effect.gen(function*() {
      expect(yield* Effect.flip(Poll.until(fault("denied"), () => true))).toMatchObject({ kind: "denied" })
      const picky = Poll.until(fault("transient"), () => true, { tolerate: () => false })
      expect(yield* Effect.flip(picky)).toMatchObject({ kind: "transient" })
      expect(yield* Effect.flip(Poll.until(Effect.fail("no fault"), () => true))).toBe("no fault")
      expect(yield* Clock.currentTimeMillis).toBe(0)
    }))

  it.effect("ends in time for a deadline from above, with what it saw", () =>
    Effect.gen(function*() {
      const task = makeTask(Infinity)
      const error = yield* inTime(Effect.flip(
        Deadline.within("7 seconds")(
          Poll.until(task.read, isStopped, { deadline: "1 hour", describe: () => "running" })
        )
      ))
      expect([error.operation, error.code, error.remote]).toEqual(["Poll.until", "deadline", "last seen: running"])
    }))

  it.effect("calls a read that runs into the deadline a deadline, whatever it tolerates", () =>
    Effect.gen(function*() {
      let reads = 0
      const read = Effect.suspend(() => ++reads === 1 ? Effect.succeed("running") : Effect.never)
      const [error] = yield* failsAt(Poll.until(read, () => false, { deadline: "5 seconds", tolerate: () => false }))
      expect([error.code, error.remote]).toEqual(["deadline", expect.stringContaining("last seen: \"running\"")])
    }))

  it.effect("does not speak of a failed read that was followed by a good one", () =>
    Effect.gen(function*() {
      const task = makeTask(Infinity, (count) => count === 1 ? fault("transient") : Effect.void)
      const [error] = yield* failsAt(
        Poll.until(task.read, isStopped, { deadline: "5 seconds", describe: () => "running" })
      )
      expect(error.remote).toBe("last seen: running")
    }))

  it.effect("tells of everything it read, the last included", () =>
    Effect.gen(function*() {
      const task = makeTask(1000)
      const seen: Array<number> = []
      yield* inTime(Poll.until(task.read, isStopped, {
        ...exact,
        onProgress: ({ percent }) => Effect.sync(() => seen.push(percent))
      }))
      expect([seen[0], seen.at(-1), seen.length]).toEqual([0, 100, task.reads.length])
    }))

  it.effect("never reads again after an interruption", () =>
    Effect.gen(function*() {
      const task = makeTask(Infinity)
      const fiber = yield* Effect.fork(Poll.until(task.read, isStopped, exact))
      yield* TestClock.adjust("1 second")
      const before = task.reads.length
      expect(Exit.isInterrupted(yield* Fiber.interrupt(fiber))).toBe(true)
      yield* TestClock.adjust("1 hour")
      expect([before > 0, task.reads.length]).toEqual([true, before])
    }))
})

describe("Poll.next", () => {
  const paces = FastCheck.record({
    first: FastCheck.integer({ min: 1, max: 5000 }),
    more: FastCheck.integer({ min: 0, max: 100_000 }),
    factor: FastCheck.double({ min: 1, max: 1e6, noNaN: true }),
    jitter: FastCheck.double({ min: 0, max: 1, noNaN: true })
  })
  const hints = FastCheck.record({
    remaining: FastCheck.option(FastCheck.oneof(FastCheck.double(), FastCheck.integer()), { nil: undefined }),
    retryAfter: FastCheck.option(FastCheck.integer({ min: 0, max: 1e9 }), { nil: undefined }),
    random: FastCheck.double({ min: 0, max: 1, noNaN: true })
  })

  it("waits within its bounds, whatever it is told, for ever", () => {
    FastCheck.assert(
      FastCheck.property(paces, FastCheck.array(hints, { maxLength: 200 }), ({ more, ...pace }, told) => {
        const settings = Poll.settings({ ...pace, cap: pace.first + more })
        let state = Poll.initial(settings)
        for (const { random, ...seen } of told) {
          const step = Poll.next(settings, state, seen, random)
          state = step.state
          const asked = seen.retryAfter ?? 0
          expect(step.wait).toBeGreaterThanOrEqual(Math.max(asked, settings.first * (1 - settings.jitter)))
          expect(step.wait).toBeLessThanOrEqual(Math.max(settings.cap, asked) * (1 + settings.jitter))
        }
      })
    )
  })

  it("reads often again when the end turns out to be far away and comes near anew", () => {
    const settings = Poll.settings(exact)
    const after = (estimates: ReadonlyArray<number>) =>
      estimates.reduce(
        ({ state }, remaining) => Poll.next(settings, state, { remaining }, 0),
        { state: Poll.initial(settings), wait: 0 }
      ).wait
    expect(after([0, 0, 0])).toBeCloseTo(250 * 1.5 ** 2)
    expect(after([0, 0, 0, 60_000, 0])).toBe(250)
  })

  it("refuses a pace that makes no sense", () => {
    const wrong: ReadonlyArray<Poll.Pace> = [
      { first: 0 },
      { first: 5000, cap: 4000 },
      { factor: 0.5 },
      { factor: Number.NaN },
      { jitter: -0.1 },
      { jitter: 2 }
    ]
    for (const pace of wrong) expect(() => Poll.settings(pace)).toThrow(RangeError)
    expect(Poll.settings({ first: "10 seconds" }).cap).toBe(10_000)
  })
})
