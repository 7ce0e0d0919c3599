import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Copies from "../../../../src/systems/proxmox/simulator/Copies.ts"
import * as Locks from "../../../../src/systems/proxmox/simulator/Locks.ts"
import * as Scheduler from "../../../../src/systems/proxmox/simulator/Scheduler.ts"

const delays = FastCheck.array(FastCheck.integer({ min: 0, max: 50 }), { maxLength: 40 })

describe("the scheduler", () => {
  it("runs what is due in the order of its time, and of its making where times are equal", () => {
    FastCheck.assert(FastCheck.property(delays, FastCheck.integer({ min: 0, max: 60 }), (times, until) => {
      const scheduler = Scheduler.make(0)
      const ran: Array<readonly [number, number]> = []
      times.forEach((time, index) => scheduler.at(time, () => ran.push([scheduler.now(), index])))
      scheduler.advance(until)
      const expected = times.map((time, index) => [time, index] as const).filter(([time]) => time <= until)
        .toSorted(([a], [b]) => a - b)
      assert.deepStrictEqual(ran, expected)
      assert.strictEqual(scheduler.now(), until)
      assert.strictEqual(scheduler.next(), times.filter((time) => time > until).toSorted((a, b) => a - b)[0])
    }))
  })

  it("runs nothing that was cancelled, and what is made for the past right away", () => {
    const scheduler = Scheduler.make(100)
    const ran: Array<string> = []
    scheduler.at(110, () => ran.push("kept"))
    scheduler.at(105, () => ran.push("cancelled")).cancelled = true
    scheduler.at(50, () => ran.push(`late at ${scheduler.now()}`))
    scheduler.advance(100)
    assert.deepStrictEqual(ran, ["late at 100"])
    assert.strictEqual(scheduler.next(), 110)
    scheduler.advance(90)
    assert.strictEqual(scheduler.now(), 100)
  })

  it("tells its watchers only of what comes before everything else", () => {
    const scheduler = Scheduler.make(0)
    let told = 0
    scheduler.watchers.add(() => {
      told += 1
    })
    scheduler.at(10, () => {})
    scheduler.at(20, () => {})
    scheduler.at(5, () => {})
    assert.strictEqual(told, 2)
  })
})

const sleeper = (scheduler: Scheduler.Scheduler, events: Array<string>, process: Scheduler.Process) => {
  process.trap = function*(death) {
    events.push(`trapped ${death.message}`)
    yield* Scheduler.sleep(scheduler, 5)
    events.push("cleaned up")
    throw new Scheduler.Death(`after ${death.message}`)
  }
  return (function*() {
    yield* Scheduler.sleep(scheduler, 10)
    events.push("worked")
    return "done"
  })()
}

/** How it ended; a call of its own, for the compiler takes an outcome once seen for settled. */
const outcome = (process: Scheduler.Process): Scheduler.Outcome | undefined => process.outcome

describe("a process", () => {
  it("that is left alone returns", () => {
    const scheduler = Scheduler.make(0)
    const events: Array<string> = []
    const process = scheduler.spawn(1, (process) => sleeper(scheduler, events, process))
    scheduler.advance(10)
    assert.deepStrictEqual(process.outcome, { _tag: "Returned", value: "done" })
    process.terminate("too late")
    process.kill()
    assert.deepStrictEqual(events, ["worked"])
  })

  it("that is terminated runs its trap instead, and dies of what the trap says", () => {
    const scheduler = Scheduler.make(0)
    const events: Array<string> = []
    const process = scheduler.spawn(1, (process) => sleeper(scheduler, events, process))
    scheduler.advance(3)
    process.terminate("TERM")
    assert.isUndefined(outcome(process))
    scheduler.advance(100)
    assert.deepStrictEqual(events, ["trapped TERM", "cleaned up"])
    const end = outcome(process)
    assert.strictEqual(end?._tag === "Died" ? end.death.message : "", "after TERM")
  })

  it("that is killed runs nothing more, not even a trap already begun", () => {
    const scheduler = Scheduler.make(0)
    const events: Array<string> = []
    const process = scheduler.spawn(1, (process) => sleeper(scheduler, events, process))
    process.terminate("TERM")
    process.kill()
    scheduler.advance(100)
    assert.deepStrictEqual(events, ["trapped TERM"])
    assert.deepStrictEqual(process.outcome, { _tag: "Killed" })
  })

  it("that breaks for another reason than a death is a defect of ours, and is not hidden", () => {
    assert.throws(() =>
      Scheduler.make(0).spawn(1, function*() {
        throw new TypeError("ours")
      }), "ours")
  })
})

interface Step {
  readonly start: number
  readonly mode: Locks.Mode
  readonly hold: number
  readonly timeout: number
  readonly end: "release" | "kill" | "die"
}

const step = FastCheck.record<Step>({
  start: FastCheck.integer({ min: 0, max: 40 }),
  mode: FastCheck.constantFrom("shared", "exclusive"),
  hold: FastCheck.integer({ min: 0, max: 20 }),
  timeout: FastCheck.integer({ min: 0, max: 30 }),
  end: FastCheck.constantFrom("release", "kill", "die")
})

describe("locks", () => {
  it("are never held by two unless both share, are always given back, and nobody waits beyond his time", () => {
    FastCheck.assert(FastCheck.property(FastCheck.array(step, { maxLength: 20 }), (steps) => {
      const scheduler = Scheduler.make(0)
      const locks = Locks.make(scheduler)
      const holders = new Map<Step, Scheduler.Process>()
      let settled = 0
      const use = function*(process: Scheduler.Process, step: Step): Scheduler.Body<void> {
        const asked = scheduler.now()
        const hold = yield* locks.acquire(process, "file", step)
        assert.isAtMost(scheduler.now() - asked, step.timeout)
        settled += 1
        if (hold === undefined) return
        holders.set(step, process)
        const alive = [...holders].filter(([, holder]) => holder.outcome === undefined)
        assert.isTrue(alive.length === 1 || alive.every(([{ mode }]) => mode === "shared"))
        if (step.end === "kill") scheduler.at(scheduler.now() + step.hold, process.kill)
        yield* Scheduler.sleep(scheduler, step.end === "kill" ? 1000 : step.hold)
        if (step.end === "die") throw new Scheduler.Death("died")
        holders.delete(step)
        hold.release()
        hold.release()
      }
      for (const one of steps) {
        scheduler.at(one.start, () => scheduler.spawn(1, (process) => use(process, one)))
      }
      scheduler.advance(10_000)
      assert.strictEqual(settled, steps.length)
      assert.deepStrictEqual(locks.held(), [])
    }))
  })

  it("pass to a forked process, which keeps them when its parent ends", () => {
    const scheduler = Scheduler.make(0)
    const locks = Locks.make(scheduler)
    scheduler.spawn(1, function*(parent) {
      const hold = yield* locks.acquire(parent, "file", { timeout: 0 })
      const child = scheduler.spawn(2, () => Scheduler.sleep(scheduler, 10))
      hold?.inherit(child)
    })
    assert.deepStrictEqual(locks.held(), ["file"])
    scheduler.advance(10)
    assert.deepStrictEqual(locks.held(), [])
  })

  it("a pool lets in as many as it has workers, in the order they came", () => {
    FastCheck.assert(FastCheck.property(delays, FastCheck.integer({ min: 1, max: 4 }), (times, workers) => {
      const scheduler = Scheduler.make(0)
      const pool = Locks.makePool(workers)
      const order: Array<number> = []
      let inside = 0
      times.forEach((time, index) => {
        scheduler.spawn(index, function*(process) {
          yield* pool.enter(process)
          order.push(index)
          inside += 1
          assert.isAtMost(inside, workers)
          yield* Scheduler.sleep(scheduler, time)
          inside -= 1
        })
      })
      scheduler.advance(10_000)
      assert.deepStrictEqual(order, times.map((_, index) => index))
      assert.strictEqual(pool.busy(), 0)
    }))
  })
})

/** When copies of 10 ms begun at these times end. */
const run = (starts: ReadonlyArray<number>, contention: number) => {
  const scheduler = Scheduler.make(0)
  const copies = Copies.make(scheduler, { bandwidth: 1_000_000, contention })
  const ends: Array<number> = []
  starts.forEach((start, index) =>
    scheduler.at(start, () =>
      scheduler.spawn(index, function*() {
        const copy = copies.start("storage", 10_000, 1)
        yield* copy.run
        assert.strictEqual(copy.done(), 1)
        ends[index] = scheduler.now()
      }))
  )
  scheduler.advance(1_000_000)
  return ends
}

describe("copies", () => {
  it("take their size over the bandwidth alone, and as much longer together as their storage is contended", () => {
    assert.deepStrictEqual(run([0], 1), [10])
    assert.deepStrictEqual(run([0, 0], 1), [20, 20])
    assert.deepStrictEqual(run([0, 0], 0), [10, 10])
    assert.deepStrictEqual(run([0, 5], 1), [15, 20])
  })

  it("never end later than one after the other, nor earlier than alone", () => {
    FastCheck.assert(FastCheck.property(delays.filter((list) => list.length > 0), (starts) => {
      const ends = run(starts, 1)
      starts.forEach((start, index) => assert.isAtLeast((ends[index] ?? 0) + 1e-6, start + 10))
      assert.isAtMost(Math.max(...ends), Math.max(...starts) + 10 * starts.length + 1e-6)
    }))
  })
})
