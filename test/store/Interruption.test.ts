import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Schema from "effect/Schema"
import * as Scheduler from "effect/Scheduler"
import type * as Fault from "../../src/kernel/Fault.ts"
import * as Mutation from "../../src/kernel/Mutation.ts"
import { onBothBackends, type Opened } from "./Backends.ts"

/** A run of two changes. What is remote is what `sent` says. */
const program = ({ context, runs }: Opened, name: string, sent: Array<string>) => {
  const change = (key: string): Effect.Effect<string, Fault.Fault> =>
    Mutation.run({
      key: `${name}/${key}`,
      operation: "Test.change",
      intent: { key },
      result: Schema.String,
      send: Effect.sync(() => (sent.push(key), key)),
      settle: Effect.sync(() => sent.includes(key) ? Mutation.done(key) : Mutation.notDone)
    }).pipe(Effect.provide(context))
  return runs.track(
    { command: "test", target: name, input: null },
    Effect.zipRight(change("first"), change("second"))
  )
}

/** Interrupts the first fiber that it runs after `steps` steps, while that waits for what comes next. */
class Interrupting implements Scheduler.Scheduler {
  /** It had not ended before. */
  wasTold = false
  private readonly steps: number
  private fiber: Fiber.RuntimeFiber<unknown, unknown> | undefined
  private count = 0

  constructor(steps: number) {
    this.steps = steps
  }

  shouldYield(fiber: Fiber.RuntimeFiber<unknown, unknown>): number | false {
    return Scheduler.defaultScheduler.shouldYield(fiber)
  }

  scheduleTask(task: Scheduler.Task, priority: number, fiber?: Fiber.RuntimeFiber<unknown, unknown>): void {
    this.fiber ??= fiber
    const step = () => {
      task()
      if (fiber === undefined || fiber !== this.fiber || ++this.count !== this.steps) return
      if (fiber.unsafePoll() !== null) return
      this.wasTold = true
      fiber.unsafeInterruptAsFork(FiberId.none)
    }
    Scheduler.defaultScheduler.scheduleTask(step, priority, fiber)
  }
}

await onBothBackends("A run that is interrupted at any step", (backend) => {
  it.scopedLive("goes no further, and the next one finishes it with nothing done twice", () =>
    Effect.gen(function*() {
      const opened = yield* (yield* backend.place).open
      let steps = 0
      for (let wasTold = true; wasTold;) {
        steps += 1
        const name = `step ${steps}`
        const sent: Array<string> = []
        const run = program(opened, name, sent)
        const scheduler = new Interrupting(steps)
        // As a program of its own: a fiber has the references of the one that forked it.
        const all = Effect.zipRight(run, Effect.sync(() => sent.push("went on")))
        const exit = yield* Fiber.await(Effect.runFork(all, { scheduler }))
        wasTold = scheduler.wasTold
        assert.strictEqual(Exit.isInterrupted(exit), wasTold, name)
        assert.strictEqual(sent.includes("went on"), !wasTold, name)
        yield* Fiber.join(Effect.runFork(run))
        assert.deepStrictEqual(sent.filter((key) => key !== "went on"), ["first", "second"], name)
      }
      assert.isAbove(steps, 5)
    }), 60_000)
})
